// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// BatchNorm1d of one layer while it is trained, in plain C++ (method §1.1, §1.2). Rows come in groups of equal size,
// one after the other; each group is a batch with statistics of its own. The same bits with any number of threads. Not
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/job.h"

namespace engine {

inline constexpr double kBatchNormEps = 1e-5, kBatchNormMomentum = 0.1;  // PyTorch's

class BatchNorm {
public:
    BatchNorm(std::size_t cols, std::size_t groups, std::size_t group_rows);

    // Batch statistics of x [groups · group_rows, cols]; the mean first, then squares about it.
    void measure(const float* x, const JobContext& job);
    // y = gamma (x − mean) / sqrt(variance + eps) + beta, then ReLU if asked; may be in place.
    void apply(const float* x, const float* gamma, const float* beta, bool relu, float* y, const JobContext& job) const;
    // d, the gradient of y, becomes that of x, in place; where `active` (the ReLU's output, if there is one) is 0 it
    // counts as 0. Adds to the gradients of gamma and beta [cols].
    void backward(const float* x, const float* active, const float* gamma, float* d, std::vector<float>& d_gamma,
                  std::vector<float>& d_beta, const JobContext& job) const;
    // The running statistics [cols] with those of the batches, group after group. `bias` is that of the Linear before,
    // which was left out of x: it moves nothing but the running mean.
    void updateRunning(const std::vector<float>& bias, std::vector<float>& mean, std::vector<float>& variance,
                       std::int64_t& batches) const;

private:
    std::size_t groups() const { return mean_.size(); }

    std::size_t cols_, group_rows_;
    std::vector<std::vector<float>> mean_;
    std::vector<std::vector<double>> variance_;
    std::vector<std::vector<float>> inverse_;  // 1 / sqrt(variance + eps)
};

}  // namespace engine
