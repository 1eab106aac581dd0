// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/trained_head.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <utility>

#include "engine/ops/torch_support.h"
#include "engine/projector/batch_norm.h"

namespace engine {
namespace {

at::Tensor viewOf(const std::vector<float>& values) {
    return hostView(values.data(), 1, static_cast<std::int64_t>(values.size())).reshape(-1);
}

at::Tensor upload(const std::vector<float>& values, const at::Device& device) {
    return viewOf(values).to(device).clone();
}

void download(const at::Tensor& tensor, std::vector<float>& values) {
    viewOf(values).copy_(tensor.detach().reshape(-1));
}

}  // namespace

TrainedHead::TrainedHead(ProjectorWeights weights, const Parameters& first, const Parameters& second,
                         const at::Device& device)
    : weights_(std::move(weights)), head1_(weights_.head1.has_value()) {
    const c10::NoGradGuard no_gradients;
    const auto values = trainedOf(std::as_const(weights_));
    ENGINE_CHECK(first.size() == values.size() && second.size() == values.size(), "moments of every parameter");
    const auto add = [&](std::vector<std::int64_t> shape) {
        const std::size_t k = parameters_.size();
        Parameter p;
        p.value = upload(*values[k], device).reshape(shape).clone();
        p.first = upload(first[k], device).reshape(shape).clone();
        p.second = upload(second[k], device).reshape(shape).clone();
        p.gradient = at::zeros_like(p.value);
        parameters_.push_back(std::move(p));
        return k;
    };
    const auto addLayer = [&](const ProjectorLayer& from) {
        Layer layer;
        const auto in = static_cast<std::int64_t>(from.in), out = static_cast<std::int64_t>(from.out);
        layer.weight = add({out, in});
        layer.bias = add({out});
        layer.norm = from.norm;
        layer.relu = from.relu;
        if (from.norm) {
            parameters_[layer.bias].frozen = true;
            layer.gamma = add({out});
            layer.beta = add({out});
            layer.mean = upload(from.mean, device);
            layer.variance = upload(from.variance, device);
            layer.batches = from.batches;
        }
        return layer;
    };
    if (weights_.head1) addLayer(*weights_.head1);
    for (const auto& layer : weights_.layers) layers_.push_back(addLayer(layer));
    for (std::size_t k = 0; k + 1 < layers_.size(); ++k) {
        if (layers_[k].norm && !layers_[k].relu && layers_[k + 1].norm) parameters_[layers_[k].beta].frozen = true;
    }
    for (auto& p : parameters_) p.value.requires_grad_(!p.frozen);
}

void TrainedHead::beginStep() {
    const c10::NoGradGuard no_gradients;
    for (auto& layer : layers_) {
        if (!layer.norm) continue;
        layer.next_mean = layer.mean.clone();
        layer.next_variance = layer.variance.clone();
        layer.next_batches = layer.batches;
    }
}

at::Tensor TrainedHead::linear(const at::Tensor& x, at::Tensor* passed) const {
    ENGINE_CHECK(head1_, "a head without Head1");
    const at::Tensor &weight = parameters_[0].value, &bias = parameters_[1].value;
    const at::Tensor product = at::matmul(x, weight.t());
    if (passed) *passed = product + bias.detach();
    return product + bias;
}

at::Tensor TrainedHead::layer(std::size_t index, const at::Tensor& x) {
    Layer& l = layers_.at(index);
    at::Tensor y = at::linear(x, parameters_[l.weight].value, parameters_[l.bias].value);
    if (l.norm) {
        y = at::batch_norm(y, parameters_[l.gamma].value, parameters_[l.beta].value, l.next_mean, l.next_variance, true,
                           kBatchNormMomentum, kBatchNormEps, false);
        ++l.next_batches;
    }
    return l.relu ? at::relu(y) : y;
}

at::Tensor TrainedHead::forward(at::Tensor x) {
    for (std::size_t k = 0; k < layers_.size(); ++k) x = layer(k, x);
    return x / at::linalg_vector_norm(x, 2, {1}, true).clamp_min(1e-12);
}

std::vector<at::Tensor> TrainedHead::leaves() const {
    std::vector<at::Tensor> out;
    for (const auto& p : parameters_) {
        if (!p.frozen) out.push_back(p.value);
    }
    return out;
}

void TrainedHead::keepGradients(const std::vector<at::Tensor>& gradients) {
    std::size_t next = 0;
    for (auto& p : parameters_) {
        if (p.frozen) continue;
        const at::Tensor& g = gradients.at(next++);
        if (g.defined()) p.gradient.copy_(g);
        else p.gradient.zero_();
    }
}

void TrainedHead::update(const StepOptions& o, std::int64_t step, double rate) {
    const c10::NoGradGuard no_gradients;
    const double t = static_cast<double>(step);
    const double correction = 1 - std::pow(o.beta1, t), root = std::sqrt(1 - std::pow(o.beta2, t));
    for (auto& p : parameters_) {
        if (o.decoupled_decay && o.weight_decay != 0) p.value.mul_(1 - rate * o.weight_decay);
        const at::Tensor g =
            o.decoupled_decay || o.weight_decay == 0 ? p.gradient : p.gradient + p.value * o.weight_decay;
        p.first.lerp_(g, 1 - o.beta1);
        p.second.mul_(o.beta2).addcmul_(g, g, 1 - o.beta2);
        p.value.addcdiv_(p.first, (p.second.sqrt() / root).add_(o.epsilon), -rate / correction);
    }
    for (auto& layer : layers_) {
        if (!layer.norm) continue;
        layer.mean = layer.next_mean;
        layer.variance = layer.next_variance;
        layer.batches = layer.next_batches;
    }
}

ProjectorWeights TrainedHead::weights() const {
    const c10::NoGradGuard no_gradients;
    ProjectorWeights out = weights_;
    const auto values = trainedOf(out);
    for (std::size_t k = 0; k < values.size(); ++k) download(parameters_[k].value, *values[k]);
    for (std::size_t k = 0; k < layers_.size(); ++k) {
        if (!layers_[k].norm) continue;
        download(layers_[k].mean, out.layers[k].mean);
        download(layers_[k].variance, out.layers[k].variance);
        out.layers[k].batches = layers_[k].batches;
    }
    return out;
}

void TrainedHead::appendMoments(Parameters& first, Parameters& second) const {
    for (const auto& p : parameters_) {
        first.emplace_back(static_cast<std::size_t>(p.value.numel()));
        download(p.first, first.back());
        second.emplace_back(static_cast<std::size_t>(p.value.numel()));
        download(p.second, second.back());
    }
}

void TrainedHead::appendGradients(Parameters& out) const {
    for (const auto& p : parameters_) {
        out.emplace_back(static_cast<std::size_t>(p.value.numel()));
        download(p.gradient, out.back());
    }
}

}  // namespace engine
