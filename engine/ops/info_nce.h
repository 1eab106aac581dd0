// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The InfoNCE term of method §4.3 and its gradient, without autograd:
//   info(X, Y) = -1/B Σ_i [ a log softmax_j(x_i·y_j/τ)[i] + b log softmax_j(y_i·x_j/τ)[i] ],  a + b = 1
// Each logit is exponentiated once and serves both directions and the gradient. No shift is needed: |x·y| <= 1 and
// τ >= 1/80 keep exp(x·y/τ) within float32. On CPU the result does not depend on the number of threads.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "engine/base/job.h"

namespace engine {

inline constexpr double kLowestInfoTemperature = 0.0125;

struct InfoNceOptions {
    double temperature = 0.02;
    double source_weight = 0.5, target_weight = 0.5;   // a: sources as queries, b: targets as queries
    std::uint64_t memory_bytes = std::uint64_t{1} << 30;
    bool tensor_ops = false;                            // on CPU: the path of tensor operations that GPUs take
};

// "symmetric", "source_to_target", "target_to_source" into the two weights.
void setDirection(InfoNceOptions& options, const std::string& direction);

// x (the projected) and y (frozen) [B, d] float32, unit rows, contiguous, on one device. Adds d info / d x to `dx`
// [B, d] and returns info. Memory: B x B floats where they fit a quarter of the budget (one term at a time), else
// 256 x B with the logits computed twice. A stop ends it within a tile (Cancelled).
double infoNce(const at::Tensor& x, const at::Tensor& y, const InfoNceOptions& options, at::Tensor& dx, const JobContext& job);

}  // namespace engine
