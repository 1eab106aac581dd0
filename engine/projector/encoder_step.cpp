// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/encoder_step.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "engine/ops/torch_support.h"
#include "engine/store/safetensors.h"

namespace engine {

EncoderStep::EncoderStep(const EncoderStepOptions& options, ScriptEncoder& encoder, const FrozenRoute& route,
                         const Modality& modality, const at::Device& device)
    : options_(options),
      encoder_(encoder),
      heads_(route, modality, options.train_heads, device),
      info_({options.temperature, options.direction, true, !device.is_cpu()}) {
    const auto add = [&](const at::Tensor& value) {
        parameters_.push_back({value, at::zeros_like(value, value.options().requires_grad(false)),
                               at::zeros_like(value, value.options().requires_grad(false))});
    };
    for (const auto& [name, value] : encoder.trained()) add(value);
    for (const auto& value : heads_.leaves()) add(value);
}

double EncoderStep::step(const at::Tensor& x, const at::Tensor& y, double rate, const JobContext& job) {
    std::vector<at::Tensor> gradients, leaves;
    double loss = 0;
    {
        const c10::AutoGradMode on(true);
        const at::Tensor z = heads_.forward(unitRowsOf(encoder_.forward(x)), job);
        const at::Tensor output = z.detach().contiguous();
        at::Tensor d = at::zeros_like(output);
        loss = info_.towardsSource(output, y, 1, d, job);
        for (const auto& p : parameters_) leaves.push_back(p.value);
        gradients = torch::autograd::grad({z}, leaves, {d}, false, false, true);
    }
    if (!std::isfinite(loss)) return loss;
    job.checkStop();
    const c10::NoGradGuard no_gradients;
    const double t = static_cast<double>(++steps_);
    const double correction = 1 - std::pow(options_.beta1, t), root = std::sqrt(1 - std::pow(options_.beta2, t));
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
        auto& p = parameters_[k];
        if (!gradients[k].defined()) continue;
        const at::Tensor g = options_.weight_decay == 0 ? gradients[k] : gradients[k] + p.value * options_.weight_decay;
        p.first.lerp_(g, 1 - options_.beta1);
        p.second.mul_(options_.beta2).addcmul_(g, g, 1 - options_.beta2);
        p.value.addcdiv_(p.first, (p.second.sqrt() / root).add_(options_.epsilon), -rate / correction);
    }
    return loss;
}

at::Tensor EncoderStep::embed(const at::Tensor& x, const JobContext& job) const {
    const c10::NoGradGuard no_gradients;
    return heads_.forward(unitRowsOf(encoder_.forward(x)), job);
}

void EncoderStep::save(const std::filesystem::path& path, std::map<std::string, std::string> about) const {
    SafetensorsWriter writer;
    std::vector<at::Tensor> kept;  // until it is written
    const auto add = [&](const std::string& name, const at::Tensor& tensor) {
        const at::Tensor host = kept.emplace_back(tensor.detach().to(at::kCPU).contiguous());
        writer.add(name, TensorType::F32, {static_cast<std::uint64_t>(host.numel())}, host.const_data_ptr<float>());
    };
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
        add("value." + std::to_string(k), parameters_[k].value);
        add("first." + std::to_string(k), parameters_[k].first);
        add("second." + std::to_string(k), parameters_[k].second);
    }
    about["steps"] = std::to_string(steps_);
    writer.write(path, about);
}

bool EncoderStep::load(const std::filesystem::path& path, const std::string& identity) {
    const SafetensorsFile file(path);
    const auto& about = file.metadata();
    const auto its = about.find("identity"), steps = about.find("steps");
    if (its == about.end() || steps == about.end() || its->second != identity ||
        file.tensors().size() != 3 * parameters_.size()) {
        return false;
    }
    const c10::NoGradGuard no_gradients;
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
        auto& p = parameters_[k];
        for (const auto& [name, tensor] :
             {std::pair{"value.", &p.value}, std::pair{"first.", &p.first}, std::pair{"second.", &p.second}}) {
            const auto values = file.at(name + std::to_string(k)).f32();
            if (static_cast<std::int64_t>(values.size()) != tensor->numel()) return false;
            tensor->copy_(
                hostView(values.data(), 1, static_cast<std::int64_t>(values.size())).reshape(tensor->sizes()));
        }
    }
    steps_ = std::stoll(steps->second);
    return true;
}

}  // namespace engine
