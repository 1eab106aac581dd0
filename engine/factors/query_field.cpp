// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/query_field.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/first_error.h"
#include "engine/eval/score_kernel.h"

namespace engine {

namespace {

constexpr double kShortest = 1e-6;  // as blend()
constexpr std::size_t kBlockItems = 512;

// sqrt(xᵀ G x)
double lengthOf(const double* gram, const double* x, std::size_t n) {
    double sum = 0;
    for (std::size_t p = 0; p < n; ++p) {
        if (x[p] == 0) continue;
        for (std::size_t q = 0; q < n; ++q) sum += x[p] * gram[p * n + q] * x[q];
    }
    return std::sqrt(std::max(sum, 0.0));
}

}  // namespace

PartGrams::PartGrams(const Components& components, std::vector<std::uint32_t> items, const JobContext& job)
    : components_(components), items_(std::move(items)) {
    parts_.push_back(components.base);
    for (const auto& layer : components.layers) {
        for (const auto& part : layer.parts) parts_.push_back(part.rows);
    }
    const std::size_t n = parts_.size(), width = components.width();
    grams_.resize(items_.size() * n * n);
    for (std::size_t first = 0; first < items_.size(); first += kBlockItems) {
        job.checkStop();
        const std::size_t last = std::min(first + kBlockItems, items_.size());
#pragma omp parallel for schedule(static)
        for (std::size_t i = first; i < last; ++i) {
            double* gram = grams_.data() + i * n * n;
            for (std::size_t p = 0; p < n; ++p) {
                for (std::size_t q = 0; q <= p; ++q) {
                    gram[p * n + q] = gram[q * n + p] =
                        score::dot(parts_[p].row(items_[i]), parts_[q].row(items_[i]), width);
                }
            }
        }
    }
}

void PartGrams::coefficients(std::size_t i, const BlendWeights& weights, double* out) const {
    const std::size_t n = parts_.size();
    const double* gram = grams_.data() + i * n * n;
    // Where a vector vanishes blendRow() says which and why.
    const auto refuse = [&] {
        std::vector<double> row(components_.width());
        blendRow(components_, weights, items_[i], row.data());
        throw Error(ErrorCode::InvalidInput, components_.modality + " row " + std::to_string(items_[i]),
                    "the product vector has length 0, so it has no direction",
                    "choose factors and experts that do not cancel each other");
    };
    std::fill_n(out, n, 0.0);
    const double base = std::sqrt(gram[0]);
    out[0] = base < kShortest ? 1 : 1 / base;
    std::vector<double> mean(n);
    std::size_t at = 1;
    for (std::size_t k = 0; k < components_.layers.size(); ++k) {
        const auto& use = weights.layers[k];
        const std::size_t first = at;
        at += use.weights.size();
        if (use.share == 0) continue;
        std::fill(mean.begin(), mean.end(), 0.0);
        const double sum = std::accumulate(use.weights.begin(), use.weights.end(), 0.0);
        for (std::size_t p = 0; p < use.weights.size(); ++p) mean[first + p] = use.weights[p] / sum;
        const double norm = lengthOf(gram, mean.data(), n);
        if (!(norm >= kShortest)) refuse();  // not a number without weights
        for (std::size_t p = 0; p < n; ++p) out[p] = (1 - use.share) * out[p] + use.share / norm * mean[p];
        const double length = lengthOf(gram, out, n);
        if (length < kShortest) refuse();
        for (std::size_t p = 0; p < n; ++p) out[p] /= length;
    }
    if (lengthOf(gram, out, n) < kShortest) refuse();
}

std::vector<double> coefficientsOf(const PartGrams& grams, const BlendWeights& weights) {
    std::vector<double> out(grams.items() * grams.parts());
    FirstError failure;
#pragma omp parallel for schedule(static)
    for (std::size_t i = 0; i < grams.items(); ++i) {
        failure.guard([&] { grams.coefficients(i, weights, out.data() + i * grams.parts()); });
    }
    failure.rethrow();
    return out;
}

QueryField::QueryField(const PartGrams& queries, const PartGrams& candidates, const JobContext& job)
    : query_parts_(queries.parts()), candidate_parts_(candidates.parts()), candidates_(candidates.items()) {
    const std::size_t width = queries.components().width(), products = query_parts_ * candidate_parts_;
    inner_.resize(queries.items() * candidates_ * products);
    for (std::size_t first = 0; first < candidates_; first += kBlockItems) {
        job.checkStop();
        const std::size_t last = std::min(first + kBlockItems, candidates_);
#pragma omp parallel for schedule(static)
        for (std::size_t c = first; c < last; ++c) {
            for (std::size_t i = 0; i < queries.items(); ++i) {
                double* inner = inner_.data() + (i * candidates_ + c) * products;
                for (std::size_t p = 0; p < query_parts_; ++p) {
                    for (std::size_t q = 0; q < candidate_parts_; ++q) {
                        inner[p * candidate_parts_ + q] =
                            score::dot(queries.part(p).row(queries.row(i)), candidates.part(q).row(c), width);
                    }
                }
            }
        }
    }
}

BestAnswers QueryField::best(std::size_t i, const double* query, const std::vector<double>& candidates,
                             const std::vector<std::uint32_t>& positives) const {
    BestAnswers out;
    out.positive = out.wrong = -std::numeric_limits<double>::infinity();
    auto positive = positives.begin();
    for (std::size_t c = 0; c < candidates_; ++c) {
        const double* inner = inner_.data() + (i * candidates_ + c) * query_parts_ * candidate_parts_;
        const double* b = candidates.data() + c * candidate_parts_;
        double score = 0;
        for (std::size_t p = 0; p < query_parts_; ++p) {
            double v = 0;
            for (std::size_t q = 0; q < candidate_parts_; ++q) v += b[q] * inner[p * candidate_parts_ + q];
            score += query[p] * v;
        }
        const bool right = positive != positives.end() && *positive == c;
        positive += right;
        double& best = right ? out.positive : out.wrong;
        if (score <= best) continue;
        best = score;
        (right ? out.positive_row : out.wrong_row) = static_cast<std::uint32_t>(c);
    }
    return out;
}

}  // namespace engine
