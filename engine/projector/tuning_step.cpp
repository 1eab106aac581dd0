// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/tuning_step.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <utility>

#include "engine/base/rng.h"
#include "engine/ops/torch_support.h"
#include "engine/projector/route_heads.h"
#include "engine/projector/torch_info.h"
#include "engine/projector/trained_head.h"
#include "engine/recipe/residual_adapter.h"

namespace engine {
namespace {

std::int64_t size(std::size_t n) {
    return static_cast<std::int64_t>(n);
}

class TuningStep : public ProjectorStep {
public:
    TuningStep(const StepOptions& options, const FrozenRoute& route, const Modality& modality, const TrainState& state,
               const std::string& device)
        : options_(options),
          device_(device),
          step_(state.step),
          adapter_(state.weights, state.first, state.second, device_),
          info_({options.temperature, options.direction, options.keep_logits, options.tile_kernels}),
          route_(route, modality, false, device_) {}

    double gradients(const std::vector<const float*>& x, const std::vector<const float*>& y,
                     const JobContext& job) override {
        ENGINE_CHECK(x.size() == 1 && y.size() == 1, "one source and one target");
        return torchCall([&] {
            const c10::DeviceGuard current(device_);
            const at::Tensor in = hostView(x[0], size(options_.batch), size(options_.in)).to(device_),
                             target = hostView(y[0], size(options_.batch), size(options_.out)).to(device_);
            const c10::AutoGradMode on(true);
            adapter_.beginStep();
            const at::Tensor z = route_.forward(unitRowsOf(in + adapter_.layer(1, adapter_.layer(0, in))), job);
            output_ = z.detach().contiguous();
            at::Tensor d = at::zeros_like(output_);
            const double loss = info_.towardsSource(output_, target, 1, d, job);
            const auto found = torch::autograd::grad({z}, adapter_.leaves(), {d}, false, false, true);
            const c10::NoGradGuard no_gradients;
            adapter_.keepGradients(found);
            return loss;
        });
    }

    void update(double rate) override {
        torchCall([&] { adapter_.update(options_, ++step_, rate); });
    }

    TrainState state() const override {
        return torchCall([&] {
            TrainState out;
            out.weights = adapter_.weights();
            adapter_.appendMoments(out.first, out.second);
            out.step = step_;
            return out;
        });
    }

    Parameters lastGradients() const override {
        return torchCall([&] {
            Parameters out;
            adapter_.appendGradients(out);
            return out;
        });
    }

    std::vector<float> lastOutputs() const override {
        return torchCall([&] {
            const at::Tensor host = output_.to(at::kCPU).contiguous();
            const float* data = host.const_data_ptr<float>();
            return std::vector<float>(data, data + host.numel());
        });
    }

private:
    StepOptions options_;
    at::Device device_;
    std::int64_t step_;
    TrainedHead adapter_;
    TensorInfo info_;
    RouteHeads route_;
    at::Tensor output_;
};

}  // namespace

std::unique_ptr<ProjectorStep> makeTorchTuningStep(const StepOptions& options, const FrozenRoute& route,
                                                   const Modality& modality, TrainState state,
                                                   const std::string& device) {
    return torchCall([&] { return std::make_unique<TuningStep>(options, route, modality, state, device); });
}

TrainState initialAdapter(std::size_t width, std::size_t hidden, std::uint64_t seed, const std::string& name) {
    TrainState state;
    state.weights = emptyAdapter(width, hidden);
    Rng rng(seed, name + "/init");
    const double bound = std::sqrt(6.0 / static_cast<double>(width + hidden));
    for (float& v : state.weights.layers[0].weight) v = static_cast<float>((2 * rng.uniform() - 1) * bound);
    state.first = state.second = zeroParameters(state.weights);
    return state;
}

std::uint64_t tuningStepBytes(const StepOptions& o, const std::vector<std::vector<std::size_t>>& frozen) {
    std::uint64_t floats = o.batch * (4 * o.in + 2 * o.hidden + 4 * o.out) + 8 * o.in * o.hidden;
    for (const auto& widths : frozen) {
        for (std::size_t k = 1; k < widths.size(); ++k) floats += widths[k - 1] * widths[k] + 2 * o.batch * widths[k];
    }
    return floats * sizeof(float) + InfoLoss::scratchBytes(o.batch, o.keep_logits);
}

}  // namespace engine
