// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/top_answers.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/first_error.h"
#include "engine/eval/score_kernel.h"
#include "engine/factors/shapley.h"
#include "engine/session/atom_blend.h"

namespace engine {
namespace {

constexpr std::size_t kBlockRows = 1024;  // between two looks for a stop

// As blend() says it.
[[noreturn]] void refuse(const Components& components, const BlendWeights& weights, std::size_t row) {
    std::vector<double> z(components.width());
    blendRow(components, weights, row, z.data());
    throw Error(ErrorCode::InvalidInput, components.modality + " row " + std::to_string(row),
                "the product vector has length 0, so it has no direction");
}

}  // namespace

QueryAnswers::QueryAnswers(const SetComponents& set, bool forward, std::uint32_t query, const JobContext& job)
    : set_(set),
      forward_(forward),
      query_(query),
      asking_(forward ? set.first : set.second),
      asked_(forward ? set.second : set.first),
      asking_atoms_(atomCount(asking_)),
      asked_atoms_(atomCount(asked_)) {
    if (query >= asking_.rows()) {
        throw Error(ErrorCode::InvalidInput, set.set.name,
                    "there is no query " + std::to_string(query) + " among " + std::to_string(asking_.rows()));
    }
    const std::size_t n = asked_.rows(), na = asking_atoms_, nb = asked_atoms_, width = asked_.width();
    own_.resize(na * na);
    atomGram(asking_, query, na, own_.data());
    gram_.resize(n * nb * nb);
    cross_.resize(n * na * nb);
    for (std::size_t begin = 0; begin < n; begin += kBlockRows) {
        job.checkStop();
#pragma omp parallel for schedule(static)
        for (std::size_t i = begin; i < std::min(n, begin + kBlockRows); ++i) {
            atomGram(asked_, i, nb, gram_.data() + i * nb * nb);
            for (std::size_t j = 0; j < na; ++j) {
                for (std::size_t k = 0; k < nb; ++k)
                    cross_[(i * na + j) * nb + k] =
                        score::dot(atomRow(asking_, query, j), atomRow(asked_, i, k), width);
            }
        }
    }
    positive_.assign(n, 0);
    for (const auto& [a, b] : set.set.pairs) {
        if ((forward ? a : b) == query) positive_[forward ? b : a] = 1;
    }
}

std::vector<double> QueryAnswers::scores(const BlendWeights& first, const BlendWeights& second) const {
    const BlendWeights& asking = forward_ ? first : second;
    const BlendWeights& asked = forward_ ? second : first;
    checkWeights(asking_, asking);
    checkWeights(asked_, asked);
    const std::size_t na = asking_atoms_, nb = asked_atoms_;
    double a[kMostParts], b[kMostParts];
    if (!atomWeights(own_.data(), na, asking, a)) refuse(asking_, asking, query_);
    std::vector<double> out(positive_.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (!atomWeights(gram_.data() + i * nb * nb, nb, asked, b)) refuse(asked_, asked, i);
        const double* g = cross_.data() + i * na * nb;
        double sum = 0;
        for (std::size_t j = 0; j < na; ++j) {
            double with = 0;
            for (std::size_t k = 0; k < nb; ++k) with += b[k] * g[j * nb + k];
            sum += a[j] * with;
        }
        out[i] = sum;
    }
    return out;
}

std::optional<double> QueryAnswers::margin(const BlendWeights& first, const BlendWeights& second) const {
    constexpr double kNone = -std::numeric_limits<double>::infinity();
    const auto score = scores(first, second);
    double best[2] = {kNone, kNone};
    for (std::size_t i = 0; i < score.size(); ++i) {
        double& of = best[positive_[i] != 0 ? 1 : 0];
        of = std::max(of, score[i]);
    }
    if (best[0] == kNone || best[1] == kNone) return std::nullopt;
    return best[1] - best[0];
}

TopAnswers QueryAnswers::at(const BlendWeights& first, const BlendWeights& second, std::size_t count,
                            TieRule ties) const {
    const auto score = scores(first, second);
    const std::size_t n = score.size();
    std::vector<std::uint32_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return score[a] != score[b] ? score[a] > score[b] : a < b; });
    TopAnswers out;
    // Within the tolerance of its neighbour: the lower row first.
    for (std::size_t i = 0; i < n;) {
        std::size_t end = i + 1;
        while (end < n && score[order[i]] - score[order[end]] <= kTieTolerance) ++end;
        std::sort(order.begin() + static_cast<std::ptrdiff_t>(i), order.begin() + static_cast<std::ptrdiff_t>(end));
        for (std::size_t j = i; j < end; ++j) {
            const TopAnswer answer{order[j], score[order[j]], positive_[order[j]] != 0, end - i > 1};
            if (j < count) out.best.push_back(answer);
            if (answer.positive) out.positives.push_back(answer);
        }
        i = end;
    }
    if (out.positives.empty()) return out;
    QueryRank rank;
    rank.tied_positives = 0;
    double best = score[out.positives.front().row];
    for (const auto& p : out.positives) best = std::max(best, p.score);
    std::uint32_t own = 0;
    for (std::uint32_t i = 0; i < n; ++i) {
        if (positive_[i] == 0) continue;
        ++rank.positives;
        if (best - score[i] > kTieTolerance) continue;
        if (rank.tied_positives == 0) own = i;
        ++rank.tied_positives;
    }
    for (std::uint32_t i = 0; i < n; ++i) {
        if (positive_[i] != 0) continue;
        const double ahead = score[i] - best;
        if (ahead > kTieTolerance) {
            ++rank.beaten_by;
        } else if (ahead >= -kTieTolerance) {
            ++rank.tied;
            rank.tied_before += i < own;
        }
    }
    out.rank = rankOf(rank, ties);
    return out;
}

QueryShares explainQuery(const ProductModel& model, const QueryAnswers& query, const Setting& before,
                         const Setting& after, const JobContext& job) {
    QueryShares out;
    out.movers = moversBetween(model, before, after);
    const auto marginAt = [&](const Setting& setting) {
        job.checkStop();
        const SetComponents& set = query.set();
        return query.margin(model.weights(set.first.modality, set.first, setting),
                            model.weights(set.second.modality, set.second, setting));
    };
    const auto start = marginAt(before), end = marginAt(after);
    if (!start || !end) return out;
    out.margin_before = *start;
    out.margin_after = *end;
    if (out.movers.empty()) return out;
    const WhyOptions defaults;
    const ShapleyPlan plan(out.movers.size(), static_cast<std::size_t>(defaults.exact_players),
                           static_cast<std::size_t>(defaults.orders), static_cast<std::uint64_t>(defaults.seed));
    std::vector<double> values;
    for (const std::uint64_t coalition : plan.coalitions())
        values.push_back(*marginAt(withMoved(before, out.movers, coalition)));
    ShapleyValues shares = plan.values(values);
    out.shares = std::move(shares.shares);
    out.errors = std::move(shares.errors);
    return out;
}

}  // namespace engine
