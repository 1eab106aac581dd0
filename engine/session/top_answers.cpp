// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/top_answers.h"

#include <algorithm>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/first_error.h"
#include "engine/eval/score_kernel.h"

namespace engine {
namespace {

constexpr std::size_t kBlockRows = 1024;  // between two looks for a stop

}  // namespace

TopAnswers topAnswers(const SetComponents& set, const BlendWeights& first, const BlendWeights& second, bool forward,
                      std::uint32_t query, std::size_t count, TieRule ties, const JobContext& job) {
    const Components& asking = forward ? set.first : set.second;
    const Components& asked = forward ? set.second : set.first;
    const BlendWeights& asked_weights = forward ? second : first;
    const std::size_t n = asked.rows(), width = asked.width();
    if (query >= asking.rows()) {
        throw Error(ErrorCode::InvalidInput, set.set.name,
                    "there is no query " + std::to_string(query) + " among " + std::to_string(asking.rows()));
    }
    std::vector<double> z(width);
    blendRow(asking, forward ? first : second, query, z.data());
    std::vector<double> scores(n);
    for (std::size_t begin = 0; begin < n; begin += kBlockRows) {
        job.checkStop();
        FirstError failure;
#pragma omp parallel for schedule(static)
        for (std::size_t i = begin; i < std::min(n, begin + kBlockRows); ++i) {
            failure.guard([&] {
                std::vector<double> x(width);
                blendRow(asked, asked_weights, i, x.data());
                scores[i] = score::dot(x.data(), z.data(), width);
            });
        }
        failure.rethrow();
    }
    std::vector<char> positive(n, 0);
    for (const auto& [a, b] : set.set.pairs) {
        if ((forward ? a : b) == query) positive[forward ? b : a] = 1;
    }
    std::vector<std::uint32_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; });
    TopAnswers out;
    // Within the tolerance of its neighbour: the lower row first.
    for (std::size_t i = 0; i < n;) {
        std::size_t end = i + 1;
        while (end < n && scores[order[i]] - scores[order[end]] <= kTieTolerance) ++end;
        std::sort(order.begin() + static_cast<std::ptrdiff_t>(i), order.begin() + static_cast<std::ptrdiff_t>(end));
        for (std::size_t j = i; j < end; ++j) {
            const TopAnswer answer{order[j], scores[order[j]], positive[order[j]] != 0, end - i > 1};
            if (j < count) out.best.push_back(answer);
            if (answer.positive) out.positives.push_back(answer);
        }
        i = end;
    }
    if (out.positives.empty()) return out;
    QueryRank rank;
    rank.tied_positives = 0;
    double best = scores[out.positives.front().row];
    for (const auto& p : out.positives) best = std::max(best, p.score);
    std::uint32_t own = 0;
    bool found = false;
    for (std::uint32_t i = 0; i < n; ++i) {
        if (positive[i] == 0) continue;
        ++rank.positives;
        if (best - scores[i] > kTieTolerance) continue;
        ++rank.tied_positives;
        if (!found) own = i;
        found = true;
    }
    for (std::uint32_t i = 0; i < n; ++i) {
        if (positive[i] != 0) continue;
        const double ahead = scores[i] - best;
        if (ahead > kTieTolerance) ++rank.beaten_by;
        else if (ahead >= -kTieTolerance) {
            ++rank.tied;
            rank.tied_before += i < own;
        }
    }
    out.rank = rankOf(rank, ties);
    return out;
}

}  // namespace engine
