// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <utility>

#include "engine/ops/torch_support.h"
#include "engine/projector/batch_norm.h"
#include "engine/projector/projector_step.h"
#include "engine/projector/torch_info.h"

namespace engine {
namespace {

at::Tensor hostView(const std::vector<float>& values) {
    return at::from_blob(const_cast<float*>(values.data()), {static_cast<std::int64_t>(values.size())},
                         at::TensorOptions().dtype(at::kFloat));
}

void copyToHost(const at::Tensor& tensor, std::vector<float>& values) {
    hostView(values).copy_(tensor.reshape(-1));
}

class TorchStep : public ProjectorStep {
public:
    TorchStep(const StepOptions& options, TrainState state, const std::string& device)
        : options_(options),
          device_(device),
          split_(options.tile_kernels && haveSplitProducts(device)),
          state_(std::move(state)) {
        torchCall([&] {
            const c10::InferenceMode no_gradients;
            const auto in = size(options_.in), hidden = size(options_.hidden), out = size(options_.out);
            const auto &first = state_.weights.layers[0], &second = state_.weights.layers[1];
            const auto values = trainedOf(std::as_const(state_.weights));
            const std::vector<std::vector<std::int64_t>> shapes = {{hidden, in},  {hidden}, {hidden}, {hidden},
                                                                   {out, hidden}, {out},    {out},    {out}};
            for (std::size_t k = 0; k < values.size(); ++k) {
                value_.push_back(upload(*values[k]).reshape(shapes[k]));
                first_.push_back(upload(state_.first[k]).reshape(shapes[k]));
                second_.push_back(upload(state_.second[k]).reshape(shapes[k]));
                gradient_.push_back(at::zeros_like(value_.back()));
            }
            mean1_ = upload(first.mean);
            variance1_ = upload(first.variance);
            mean2_ = upload(second.mean);
            variance2_ = upload(second.variance);
        });
    }

    double gradients(const std::vector<const float*>& x, const std::vector<const float*>& y,
                     const JobContext& job) override {
        return torchCall([&] {
            const c10::InferenceMode no_gradients;
            const c10::DeviceGuard current(device_);
            const std::int64_t batch = size(options_.batch),
                               groups = options_.joint_batch_norm ? 1 : size(options_.sources);
            std::vector<at::Tensor> parts;
            for (const float* rows : x) parts.push_back(upload(rows, options_.in));
            const Operand input = operand(at::cat(parts, 0), split_);
            std::vector<Operand> targets;
            for (const float* rows : y) targets.push_back(operand(upload(rows, options_.out), split_));

            const Normal n1 = normalise(product(input, operand(value_[0], split_).t()), groups);
            const Operand active =
                operand(at::relu(n1.normal * value_[2] + value_[3]).reshape({-1, size(options_.hidden)}), split_);
            const Operand second = operand(value_[4], split_);
            const Normal n2 = normalise(product(active, second.t()), groups);
            const at::Tensor raw = (n2.normal * value_[6] + value_[7]).reshape({-1, size(options_.out)});
            const at::Tensor length = at::linalg_vector_norm(raw, 2, {1}, true).clamp_min_(1e-12);
            output_ = raw / length;
            job.checkStop();

            at::Tensor d = at::zeros_like(output_);
            at::Tensor loss = at::zeros({}, output_.options().dtype(at::kDouble));
            const TorchInfoOptions info{options_.temperature, options_.direction, options_.keep_logits,
                                        options_.tile_kernels};
            const Operand projected = operand(output_, split_);
            for (std::size_t s = 0; s < x.size(); ++s) {
                const std::int64_t first = size(s) * batch;
                at::Tensor part = d.narrow(0, first, batch);
                for (const auto& target : targets)
                    loss += torchInfo(projected.narrow(0, first, batch), target, part, info, job);
            }
            d = (d - output_ * (output_ * d).sum(1, true)) / length;
            const Operand back = operand(backward(d, n2, value_[6], gradient_[6], gradient_[7]), split_);
            gradient_[4] = product(back.t(), active);
            d = product(back, second).mul_(active.whole > 0);
            d = backward(d, n1, value_[2], gradient_[2], gradient_[3]);
            gradient_[0] = product(operand(d, split_).t(), input);
            job.checkStop();
            norm1_ = n1;
            norm2_ = n2;
            norm1_.normal.reset();
            norm2_.normal.reset();
            return loss.item<double>();
        });
    }

    void update(double rate) override {
        torchCall([&] {
            const c10::InferenceMode no_gradients;
            running(norm1_, value_[1], mean1_, variance1_, state_.weights.layers[0].batches);
            running(norm2_, value_[5], mean2_, variance2_, state_.weights.layers[1].batches);
            const double t = static_cast<double>(++state_.step);
            const double correction = 1 - std::pow(options_.beta1, t),
                         root = std::sqrt(1 - std::pow(options_.beta2, t));
            for (std::size_t k = 0; k < value_.size(); ++k) {
                const bool decays = options_.weight_decay != 0;
                if (decays && options_.decoupled_decay) value_[k].mul_(1 - rate * options_.weight_decay);
                const at::Tensor g = !decays || options_.decoupled_decay
                                         ? gradient_[k]
                                         : gradient_[k] + value_[k] * options_.weight_decay;
                first_[k].lerp_(g, 1 - options_.beta1);
                second_[k].mul_(options_.beta2).addcmul_(g, g, 1 - options_.beta2);
                value_[k].addcdiv_(first_[k], (second_[k].sqrt() / root).add_(options_.epsilon), -rate / correction);
            }
        });
    }

    TrainState state() const override {
        return torchCall([&] {
            TrainState out = state_;
            const auto values = trainedOf(out.weights);
            for (std::size_t k = 0; k < values.size(); ++k) {
                copyToHost(value_[k], *values[k]);
                copyToHost(first_[k], out.first[k]);
                copyToHost(second_[k], out.second[k]);
            }
            copyToHost(mean1_, out.weights.layers[0].mean);
            copyToHost(variance1_, out.weights.layers[0].variance);
            copyToHost(mean2_, out.weights.layers[1].mean);
            copyToHost(variance2_, out.weights.layers[1].variance);
            return out;
        });
    }

    Parameters lastGradients() const override {
        Parameters out = state_.first;
        for (std::size_t k = 0; k < out.size(); ++k) copyToHost(gradient_[k], out[k]);
        return out;
    }

    std::vector<float> lastOutputs() const override {
        std::vector<float> out(static_cast<std::size_t>(output_.numel()));
        copyToHost(output_, out);
        return out;
    }

private:
    struct Normal {
        at::Tensor mean, variance, inverse;  // [groups, 1, C]
        at::Tensor normal;                   // [groups, n, C], the normalised rows
        std::int64_t rows = 0;
    };

    static std::int64_t size(std::size_t n) { return static_cast<std::int64_t>(n); }
    // Reading the loss waits for these copies, so the rows may change after gradients().
    at::Tensor upload(const float* rows, std::size_t width) const {
        return engine::hostView(rows, size(options_.batch), size(width)).to(device_, /*non_blocking=*/true);
    }
    at::Tensor upload(const std::vector<float>& values) const { return hostView(values).to(device_).clone(); }

    static Normal normalise(const at::Tensor& x, std::int64_t groups) {
        Normal n;
        const at::Tensor grouped = x.reshape({groups, -1, x.size(1)});
        n.rows = grouped.size(1);
        n.mean = grouped.mean(1, true);
        n.normal = grouped - n.mean;
        n.variance = n.normal.square().mean(1, true);
        n.inverse = (n.variance + kBatchNormEps).rsqrt();
        n.normal.mul_(n.inverse);
        return n;
    }

    static at::Tensor backward(const at::Tensor& d, const Normal& n, const at::Tensor& gamma, at::Tensor& d_gamma,
                               at::Tensor& d_beta) {
        const at::Tensor grouped = d.reshape(n.normal.sizes());
        const at::Tensor along = grouped * n.normal;
        d_beta.copy_(grouped.sum(at::IntArrayRef({0, 1})));
        d_gamma.copy_(along.sum(at::IntArrayRef({0, 1})));
        return ((grouped - grouped.mean(1, true) - n.normal * along.mean(1, true)) * (n.inverse * gamma))
            .reshape(d.sizes());
    }

    void running(const Normal& n, const at::Tensor& bias, at::Tensor& mean, at::Tensor& variance,
                 std::int64_t& batches) const {
        for (std::int64_t g = 0; g < n.mean.size(0); ++g) {
            mean.mul_(1 - kBatchNormMomentum).add_((n.mean[g][0] + bias) * kBatchNormMomentum);
            const double unbiased = static_cast<double>(n.rows) / static_cast<double>(n.rows - 1);
            variance.mul_(1 - kBatchNormMomentum).add_(n.variance[g][0] * (kBatchNormMomentum * unbiased));
            ++batches;
        }
    }

    StepOptions options_;
    at::Device device_;
    bool split_;        // products by tensor cores
    TrainState state_;  // step and counters; weights and moments as they were at the start
    std::vector<at::Tensor> value_, first_, second_, gradient_;
    at::Tensor mean1_, variance1_, mean2_, variance2_, output_;
    Normal norm1_, norm2_;
};

}  // namespace

std::unique_ptr<ProjectorStep> makeTorchStep(const StepOptions& options, TrainState state, const std::string& device) {
    return std::make_unique<TorchStep>(options, std::move(state), device);
}

}  // namespace engine
