// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/router_step.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "engine/ops/torch_support.h"
#include "engine/projector/torch_info.h"
#include "engine/projector/trained_head.h"

namespace engine {
namespace {

std::int64_t size(std::size_t n) {
    return static_cast<std::int64_t>(n);
}

std::vector<float> toHost(const at::Tensor& tensor) {
    const at::Tensor host = tensor.to(at::kCPU).contiguous();
    const float* data = host.const_data_ptr<float>();
    return {data, data + host.numel()};
}

class TorchRouterStep : public RouterStep {
public:
    TorchRouterStep(const RouterStepOptions& options, const std::vector<RouterSide>& sides, const std::string& device)
        : options_(options),
          device_(device),
          info_({options.temperature, InfoDirection::Symmetric, options.keep_logits, true}) {
        adam_.beta1 = options.beta1;
        adam_.beta2 = options.beta2;
        adam_.epsilon = options.epsilon;
        for (const auto& from : sides) {
            Side side;
            side.spaces = from.spaces;
            side.sharpness = from.sharpness;
            ENGINE_CHECK(from.network.has_value() == (from.spaces > 1), "a network where there is a choice");
            if (from.network) {
                const Parameters zeros = zeroParameters(*from.network);
                side.head = std::make_unique<TrainedHead>(*from.network, zeros, zeros, device_);
            }
            sides_.push_back(std::move(side));
        }
    }

    double gradients(const std::vector<const float*>& x, const JobContext& job) override {
        ENGINE_CHECK(x.size() == sides_.size(), "rows of every modality");
        return torchCall([&] {
            const c10::DeviceGuard current(device_);
            for (std::size_t s = 0; s < sides_.size(); ++s) {
                forward(sides_[s], x[s]);
                job.checkStop();
            }
            const double loss = losses(job);
            backward();
            return loss;
        });
    }

    void update(double rate) override {
        torchCall([&] {
            ++step_;
            for (auto& side : sides_) {
                if (side.head) side.head->update(adam_, step_, rate);
            }
        });
    }

    ProjectorWeights network(std::size_t side) const override {
        return torchCall([&] { return headOf(side).weights(); });
    }
    Parameters lastGradients(std::size_t side) const override {
        return torchCall([&] {
            Parameters out;
            headOf(side).appendGradients(out);
            return out;
        });
    }
    std::vector<float> lastWeights(std::size_t side) const override {
        return torchCall([&] { return toHost(sides_.at(side).weights); });
    }
    std::vector<float> lastVectors(std::size_t side) const override {
        return torchCall([&] { return toHost(sides_.at(side).rows); });
    }

private:
    struct Side {
        std::size_t spaces = 1;
        double sharpness = 1;
        std::unique_ptr<TrainedHead> head;
        at::Tensor graph, rows, gradient, weights;  // z in autograd's sight, the same numbers, dL/dz, w
    };

    const TrainedHead& headOf(std::size_t side) const {
        ENGINE_CHECK(sides_.at(side).head, "a modality of one space");
        return *sides_[side].head;
    }

    void forward(Side& side, const float* from) const {
        const c10::AutoGradMode gradients(side.head != nullptr);
        const at::Tensor x = hostView(from, size(options_.batch), size(side.spaces * options_.width)).to(device_);
        at::Tensor mix = x, w;
        if (side.head) {
            side.head->beginStep();
            const at::Tensor hidden = at::tanh(side.head->layer(1, side.head->layer(0, x)));
            w = at::softmax(at::sigmoid(side.head->layer(2, hidden)) * side.sharpness, 1);
            mix = at::bmm(w.unsqueeze(1), x.reshape({x.size(0), size(side.spaces), size(options_.width)})).squeeze(1);
        } else {
            w = at::ones({x.size(0), 1}, x.options());
        }
        side.graph = mix / at::linalg_vector_norm(mix, 2, {1}, true).clamp_min(1e-12);
        side.rows = side.graph.detach().contiguous();
        side.weights = w.detach();
        side.gradient = at::zeros_like(side.rows);
    }

    double losses(const JobContext& job) {
        const c10::NoGradGuard no_gradients;
        double loss = 0;
        for (std::size_t a = 0; a < sides_.size(); ++a) {
            for (std::size_t b = a + 1; b < sides_.size(); ++b) {
                Side &p = sides_[a], &q = sides_[b];
                if (!p.head && !q.head) continue;
                loss += info_.towardsSource(p.rows, q.rows, 1, p.gradient, job);
                if (q.head) info_.towardsTarget(p.rows, q.rows, 1, q.gradient, job);
            }
        }
        return loss;
    }

    void backward() {
        std::vector<at::Tensor> outputs, gradients, leaves;
        for (auto& side : sides_) {
            if (!side.head) continue;
            outputs.push_back(std::move(side.graph));
            gradients.push_back(side.gradient);
            for (const auto& leaf : side.head->leaves()) leaves.push_back(leaf);
        }
        if (outputs.empty()) return;
        const c10::AutoGradMode on(true);
        const auto found = torch::autograd::grad(outputs, leaves, gradients, false, false, true);
        const c10::NoGradGuard no_gradients;
        auto next = found.begin();
        for (auto& side : sides_) {
            if (!side.head) continue;
            const auto count = static_cast<std::ptrdiff_t>(side.head->leaves().size());
            side.head->keepGradients({next, next + count});
            next += count;
        }
    }

    RouterStepOptions options_;
    StepOptions adam_;
    at::Device device_;
    TensorInfo info_;
    std::vector<Side> sides_;
    std::int64_t step_ = 0;
};

}  // namespace

ProjectorWeights emptyRouter(std::size_t spaces, std::size_t width, std::size_t hidden, std::size_t second) {
    ProjectorWeights w;
    w.layers = {emptyLayer(spaces * width, hidden, true, true), emptyLayer(hidden, second, true, false),
                emptyLayer(second, spaces, false, false)};
    return w;
}

std::unique_ptr<RouterStep> makeTorchRouterStep(const RouterStepOptions& options, const std::vector<RouterSide>& sides,
                                                const std::string& device) {
    return torchCall([&] { return std::make_unique<TorchRouterStep>(options, sides, device); });
}

}  // namespace engine
