// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// InfoNCE with in-batch negatives and its gradient, tile by tile, on CPU (paper: Section 3.2.2; method: Section 4.3):
//   info(P, Q) = -1/B Σ_i [ a log softmax_j(p_i·q_j/τ)[i] + b log softmax_j(q_i·p_j/τ)[i] ]
// with a = b = 1/2 for Symmetric; a = 1, b = 0 for SourceToTarget (every source looks for its target among the batch's
// targets); a = 0, b = 1 for TargetToSource. P are sources, Q frozen targets. The same bits with any number of threads.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/matrix.h"

namespace engine {

enum class InfoDirection { Symmetric, SourceToTarget, TargetToSource };
// "symmetric", "source_to_target", "target_to_source"; throws Error{InvalidInput} for another word.
InfoDirection infoDirection(const std::string& name);
// The direction of info(Q, P) that makes it info(P, Q).
InfoDirection reversed(InfoDirection direction);

// Keeps one B×B matrix of float32 where `keep_logits` is set; else the logits are computed a second time for the
// gradient and only tiles are kept. One exp per logit serves both directions and the gradient where 1/τ <= 75, since
// logits of unit rows lie in [-1/τ, 1/τ]; a smaller τ takes row and column maxima and more exps.
class InfoLoss {
public:
    InfoLoss(std::size_t batch, std::size_t width, double temperature, InfoDirection direction, bool keep_logits);

    // p, q [batch, width] float32, unit rows. Adds weight · d info / dP to grad [batch, width]; returns info(P, Q). A
    // stop ends it within a tile (Cancelled).
    double run(const float* p, const float* q, float* grad, const JobContext& job, double weight = 1);

    static std::size_t scratchBytes(std::size_t batch, bool keep_logits);

private:
    void logits(std::size_t first, std::size_t count, const float* p, const float* q, float* out,
                const JobContext& job) const;
    void sums(std::size_t first, std::size_t count, float* tile, std::size_t index);
    double closeSums();
    void gradientWeights(std::size_t first, std::size_t count, double weight, float* tile) const;

    std::size_t batch_, width_, tile_rows_;
    float scale_;
    double row_share_, column_share_;
    bool one_exp_;
    Matrix kept_;                                 // [batch, batch]: exp(s/τ), or s where one exp does not do
    Matrix tile_sums_, tile_maxima_;              // [tiles, batch], of columns
    std::vector<float> diagonal_, row_, column_;  // s_ii; log-sum-exp, or 1/sum where one exp does
};

}  // namespace engine
