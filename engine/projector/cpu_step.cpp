// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/matrix.h"
#include "engine/base/rng.h"
#include "engine/projector/projector_step.h"
#include "engine/projector/tiles.h"

namespace engine {
namespace {

constexpr double kBatchNormEps = 1e-5;
constexpr double kMomentum = 0.1;
constexpr std::size_t kRows = 256;  // rows of a tile of the passes below

// One tile alone is not worth waking the threads.
template <typename Tile>
void eachTile(std::size_t tiles, const JobContext& job, const Tile& tile) {
    if (tiles > 1) return parallelTiles(tiles, job, tile);
    job.checkStop();
    tile(0);
}

struct ColumnSums {
    std::vector<double> first, second;
};

// Sums over rows of two functions of a row's elements, tile by tile in float32, then in float64 over the tiles:
// row(i, a, b) adds row i to the partial sums a and b.
template <typename AddRow>
ColumnSums columnSums(std::size_t rows, std::size_t cols, const JobContext& job, const AddRow& add_row) {
    const std::size_t tiles = (rows + kRows - 1) / kRows;
    Matrix a(tiles, cols), b(tiles, cols);
    eachTile(tiles, job, [&](std::size_t t) {
        std::fill(a.row(t), a.row(t) + cols, 0.0f);
        std::fill(b.row(t), b.row(t) + cols, 0.0f);
        for (std::size_t i = t * kRows; i < std::min(rows, (t + 1) * kRows); ++i) add_row(i, a.row(t), b.row(t));
    });
    ColumnSums sums{std::vector<double>(cols), std::vector<double>(cols)};
    for (std::size_t t = 0; t < tiles; ++t) {
        for (std::size_t j = 0; j < cols; ++j) {
            sums.first[j] += static_cast<double>(a.row(t)[j]);
            sums.second[j] += static_cast<double>(b.row(t)[j]);
        }
    }
    return sums;
}

template <typename Row>
void eachRow(std::size_t rows, const JobContext& job, const Row& row) {
    eachTile((rows + kRows - 1) / kRows, job, [&](std::size_t t) {
        for (std::size_t i = t * kRows; i < std::min(rows, (t + 1) * kRows); ++i) row(i);
    });
}

// BatchNorm of one layer over groups of rows: each group has its own statistics.
class BatchNorm {
public:
    BatchNorm(std::size_t cols, std::size_t groups, std::size_t group_rows)
        : cols_(cols), group_rows_(group_rows), mean_(groups), variance_(groups), inverse_(groups) {}

    std::size_t groups() const { return mean_.size(); }

    // Batch statistics of x [groups · group_rows, cols]; the mean first, then squares about it.
    void measure(const float* x, const JobContext& job) {
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

    // y = gamma (x - mean) / sqrt(variance + eps) + beta, then ReLU if asked; may be in place.
    void apply(const float* x, const float* gamma, const float* beta, bool relu, float* y,
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

    // d (gradient of y) becomes the gradient of x, in place; elements where `active` (the ReLU's output) is 0 count as
    // 0. Adds to the gradients of gamma and beta.
    void backward(const float* x, const float* active, const float* gamma, float* d, std::vector<float>& d_gamma,
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

    // The bias before a BatchNorm moves nothing but the running mean.
    void updateRunning(const std::vector<float>& bias, std::vector<float>& mean, std::vector<float>& variance,
                       std::int64_t& batches) const {
        const double n = static_cast<double>(group_rows_);
        for (std::size_t g = 0; g < groups(); ++g) {
            for (std::size_t j = 0; j < cols_; ++j) {
                const double batch_mean = static_cast<double>(mean_[g][j]) + static_cast<double>(bias[j]);
                mean[j] = static_cast<float>((1 - kMomentum) * static_cast<double>(mean[j]) + kMomentum * batch_mean);
                variance[j] = static_cast<float>((1 - kMomentum) * static_cast<double>(variance[j]) +
                                                 kMomentum * variance_[g][j] * n / (n - 1));
            }
            ++batches;
        }
    }

private:
    std::size_t cols_, group_rows_;
    std::vector<std::vector<float>> mean_;
    std::vector<std::vector<double>> variance_;
    std::vector<std::vector<float>> inverse_;
};

class CpuStep : public ProjectorStep {
public:
    CpuStep(const StepOptions& options, TrainState state)
        : options_(options),
          state_(std::move(state)),
          rows_(options.sources * options.batch),
          norm1_(options.hidden, options.joint_batch_norm ? 1 : options.sources,
                 options.joint_batch_norm ? rows_ : options.batch),
          norm2_(options.out, options.joint_batch_norm ? 1 : options.sources,
                 options.joint_batch_norm ? rows_ : options.batch),
          x_(rows_, options.in),
          h_(rows_, options.hidden),
          a_(rows_, options.hidden),
          d_a_(rows_, options.hidden),
          z_(rows_, options.out),
          p_(rows_, options.out),
          d_p_(rows_, options.out),
          length_(rows_),
          info_(options.batch, options.out, options.temperature, options.direction, options.keep_logits) {
        gradients_ = zeroParameters(state_.weights);
    }

    double gradients(const std::vector<const float*>& x, const std::vector<const float*>& y,
                     const JobContext& job) override {
        ENGINE_CHECK(x.size() == options_.sources && y.size() == options_.targets, "as many as there are modalities");
        for (std::size_t s = 0; s < x.size(); ++s) {
            std::memcpy(x_.row(s * options_.batch), x[s], options_.batch * options_.in * sizeof(float));
        }
        forward(job);
        std::fill(d_p_.data(), d_p_.data() + d_p_.size(), 0.0f);
        double loss = 0;
        for (std::size_t s = 0; s < x.size(); ++s) {
            for (const float* target : y) {
                loss += info_.run(p_.row(s * options_.batch), target, d_p_.row(s * options_.batch), job);
            }
        }
        backward(job);
        return loss;
    }

    void update(double rate) override {
        auto &first = state_.weights.layers[0], &second = state_.weights.layers[1];
        norm1_.updateRunning(first.bias, first.mean, first.variance, first.batches);
        norm2_.updateRunning(second.bias, second.mean, second.variance, second.batches);
        const double t = static_cast<double>(++state_.step);
        const double correction = 1 - std::pow(options_.beta1, t);
        const float root = static_cast<float>(std::sqrt(1 - std::pow(options_.beta2, t)));
        const float size = static_cast<float>(rate / correction);
        const float decay = options_.decoupled_decay ? 0.0f : static_cast<float>(options_.weight_decay);
        const float keep = options_.decoupled_decay ? static_cast<float>(1 - rate * options_.weight_decay) : 1.0f;
        const float b1 = static_cast<float>(1 - options_.beta1), b2 = static_cast<float>(options_.beta2),
                    c2 = static_cast<float>(1 - options_.beta2), eps = static_cast<float>(options_.epsilon);
        const auto values = trainedOf(state_.weights);
        for (std::size_t k = 0; k < values.size(); ++k) {
            float* value = values[k]->data();
            const float* gradient = gradients_[k].data();
            float *m = state_.first[k].data(), *v = state_.second[k].data();
            const std::size_t n = gradients_[k].size();
#pragma omp parallel for schedule(static) if (n > 65536)
            for (std::size_t i = 0; i < n; ++i) {
                const float g = gradient[i] + decay * value[i];
                m[i] += b1 * (g - m[i]);
                v[i] = b2 * v[i] + c2 * g * g;
                value[i] = keep * value[i] - size * (m[i] / (std::sqrt(v[i]) / root + eps));
            }
        }
    }

    TrainState state() const override {
        return state_;
    }
    Parameters lastGradients() const override {
        return gradients_;
    }
    std::vector<float> lastOutputs() const override {
        return {p_.data(), p_.data() + p_.size()};
    }

private:
    void forward(const JobContext& job) {
        const auto &first = state_.weights.layers[0], &second = state_.weights.layers[1];
        const std::size_t in = options_.in, hidden = options_.hidden, out = options_.out;
        tiledGemm(Form::ABt, rows_, hidden, in, x_.data(), in, first.weight.data(), in, h_.data(), hidden, job);
        norm1_.measure(h_.data(), job);
        norm1_.apply(h_.data(), first.gamma.data(), first.beta.data(), true, a_.data(), job);
        tiledGemm(Form::ABt, rows_, out, hidden, a_.data(), hidden, second.weight.data(), hidden, z_.data(), out, job);
        norm2_.measure(z_.data(), job);
        norm2_.apply(z_.data(), second.gamma.data(), second.beta.data(), false, p_.data(), job);
        eachRow(rows_, job, [&](std::size_t i) {
            float* row = p_.row(i);
            double sum = 0;
            for (std::size_t j = 0; j < out; ++j) sum += static_cast<double>(row[j]) * static_cast<double>(row[j]);
            const double inverse = 1 / std::max(std::sqrt(sum), 1e-12);
            length_[i] = static_cast<float>(inverse);
            for (std::size_t j = 0; j < out; ++j) row[j] *= length_[i];
        });
    }

    // From d_p_, the gradient of the unit outputs, to those of the parameters.
    void backward(const JobContext& job) {
        const auto &first = state_.weights.layers[0], &second = state_.weights.layers[1];
        const std::size_t in = options_.in, hidden = options_.hidden, out = options_.out;
        for (auto& g : gradients_) std::fill(g.begin(), g.end(), 0.0f);
        eachRow(rows_, job, [&](std::size_t i) {
            const float* p = p_.row(i);
            float* d = d_p_.row(i);
            double along = 0;
            for (std::size_t j = 0; j < out; ++j) along += static_cast<double>(p[j]) * static_cast<double>(d[j]);
            const float dot = static_cast<float>(along);
            for (std::size_t j = 0; j < out; ++j) d[j] = (d[j] - p[j] * dot) * length_[i];
        });
        norm2_.backward(z_.data(), nullptr, second.gamma.data(), d_p_.data(), gradients_[6], gradients_[7], job);
        tiledGemm(Form::AtB, out, hidden, rows_, d_p_.data(), out, a_.data(), hidden, gradients_[4].data(), hidden,
                  job);
        tiledGemm(Form::AB, rows_, hidden, out, d_p_.data(), out, second.weight.data(), hidden, d_a_.data(), hidden,
                  job);
        norm1_.backward(h_.data(), a_.data(), first.gamma.data(), d_a_.data(), gradients_[2], gradients_[3], job);
        tiledGemm(Form::AtB, hidden, in, rows_, d_a_.data(), hidden, x_.data(), in, gradients_[0].data(), in, job);
    }

    StepOptions options_;
    TrainState state_;
    std::size_t rows_;
    BatchNorm norm1_, norm2_;
    Matrix x_, h_, a_, d_a_, z_, p_, d_p_;
    std::vector<float> length_;  // 1 / |output before normalising|
    InfoLoss info_;
    Parameters gradients_;
};

}  // namespace

std::unique_ptr<ProjectorStep> makeCpuStep(const StepOptions& options, TrainState state) {
    return std::make_unique<CpuStep>(options, std::move(state));
}

std::uint64_t stepBytes(const StepOptions& o) {
    const std::uint64_t rows = o.sources * o.batch;
    const std::uint64_t parameters = o.hidden * (o.in + o.out);
    return sizeof(float) * (rows * (o.in + 3 * o.hidden + 3 * o.out) + 4 * parameters) +
           InfoLoss::scratchBytes(o.batch, o.keep_logits);
}

Parameters zeroParameters(const ProjectorWeights& weights) {
    Parameters out;
    for (const auto* values : trainedOf(weights)) out.emplace_back(values->size(), 0.0f);
    return out;
}

}  // namespace engine
