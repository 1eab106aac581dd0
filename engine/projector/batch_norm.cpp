// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/batch_norm.h"

#include <cmath>

#include "engine/projector/tiles.h"

namespace engine {

BatchNorm::BatchNorm(std::size_t cols, std::size_t groups, std::size_t group_rows)
    : cols_(cols), group_rows_(group_rows), mean_(groups), variance_(groups), inverse_(groups) {}

void BatchNorm::measure(const float* x, const JobContext& job) {
    const double n = static_cast<double>(group_rows_);
    for (std::size_t g = 0; g < groups(); ++g) {
        const float* group = x + g * group_rows_ * cols_;
        const ColumnSums sums = columnSums(group_rows_, cols_, job, [&](std::size_t i, float* a, float*) {
            const float* row = group + i * cols_;
            for (std::size_t j = 0; j < cols_; ++j) a[j] += row[j];
        });
        mean_[g].resize(cols_);
        for (std::size_t j = 0; j < cols_; ++j) mean_[g][j] = static_cast<float>(sums.first[j] / n);
        const float* mean = mean_[g].data();
        const ColumnSums squares = columnSums(group_rows_, cols_, job, [&](std::size_t i, float* a, float*) {
            const float* row = group + i * cols_;
            for (std::size_t j = 0; j < cols_; ++j) a[j] += (row[j] - mean[j]) * (row[j] - mean[j]);
        });
        variance_[g].resize(cols_);
        inverse_[g].resize(cols_);
        for (std::size_t j = 0; j < cols_; ++j) {
            const double variance = squares.first[j] / n;
            variance_[g][j] = variance;
            inverse_[g][j] = static_cast<float>(1 / std::sqrt(variance + kBatchNormEps));
        }
    }
}

void BatchNorm::apply(const float* x, const float* gamma, const float* beta, bool relu, float* y,
                      const JobContext& job) const {
    for (std::size_t g = 0; g < groups(); ++g) {
        const std::size_t offset = g * group_rows_ * cols_;
        const float *mean = mean_[g].data(), *inverse = inverse_[g].data();
        const float floor = relu ? 0.0f : -__builtin_huge_valf();
        eachRow(group_rows_, job, [&](std::size_t i) {
            const float* from = x + offset + i * cols_;
            float* to = y + offset + i * cols_;
            for (std::size_t j = 0; j < cols_; ++j) {
                const float v = (from[j] - mean[j]) * inverse[j] * gamma[j] + beta[j];
                to[j] = v > floor ? v : floor;
            }
        });
    }
}

void BatchNorm::backward(const float* x, const float* active, const float* gamma, float* d, std::vector<float>& d_gamma,
                         std::vector<float>& d_beta, const JobContext& job) const {
    const double n = static_cast<double>(group_rows_);
    for (std::size_t g = 0; g < groups(); ++g) {
        const std::size_t offset = g * group_rows_ * cols_;
        const float *mean = mean_[g].data(), *inverse = inverse_[g].data();
        const ColumnSums sums = columnSums(group_rows_, cols_, job, [&](std::size_t i, float* a, float* b) {
            const float* from = x + offset + i * cols_;
            float* gradient = d + offset + i * cols_;
            if (active) {
                const float* mask = active + offset + i * cols_;
                for (std::size_t j = 0; j < cols_; ++j) gradient[j] = mask[j] > 0 ? gradient[j] : 0.0f;
            }
            for (std::size_t j = 0; j < cols_; ++j) {
                a[j] += gradient[j];
                b[j] += gradient[j] * ((from[j] - mean[j]) * inverse[j]);
            }
        });
        std::vector<float> mean_d(cols_), mean_dx(cols_);
        for (std::size_t j = 0; j < cols_; ++j) {
            mean_d[j] = static_cast<float>(sums.first[j] / n);
            mean_dx[j] = static_cast<float>(sums.second[j] / n);
            d_beta[j] += static_cast<float>(sums.first[j]);
            d_gamma[j] += static_cast<float>(sums.second[j]);
        }
        eachRow(group_rows_, job, [&](std::size_t i) {
            const float* from = x + offset + i * cols_;
            float* gradient = d + offset + i * cols_;
            for (std::size_t j = 0; j < cols_; ++j) {
                const float normal = (from[j] - mean[j]) * inverse[j];
                gradient[j] = gamma[j] * inverse[j] * (gradient[j] - mean_d[j] - normal * mean_dx[j]);
            }
        });
    }
}

void BatchNorm::updateRunning(const std::vector<float>& bias, std::vector<float>& mean, std::vector<float>& variance,
                              std::int64_t& batches) const {
    const double n = static_cast<double>(group_rows_);
    for (std::size_t g = 0; g < groups(); ++g) {
        for (std::size_t j = 0; j < cols_; ++j) {
            const double batch_mean = static_cast<double>(mean_[g][j]) + static_cast<double>(bias[j]);
            mean[j] = static_cast<float>((1 - kBatchNormMomentum) * static_cast<double>(mean[j]) +
                                         kBatchNormMomentum * batch_mean);
            variance[j] = static_cast<float>((1 - kBatchNormMomentum) * static_cast<double>(variance[j]) +
                                             kBatchNormMomentum * variance_[g][j] * n / (n - 1));
        }
        ++batches;
    }
}

}  // namespace engine
