// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/route_heads.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "engine/ops/torch_support.h"
#include "engine/projector/batch_norm.h"

namespace engine {
namespace {

std::int64_t size(std::size_t n) {
    return static_cast<std::int64_t>(n);
}

at::Tensor upload(const std::vector<float>& values, const at::Device& device) {
    return hostView(values.data(), 1, size(values.size())).reshape(-1).to(device).clone();
}

void download(const at::Tensor& tensor, std::vector<float>& values) {
    hostView(values.data(), 1, size(values.size())).reshape(-1).copy_(tensor.detach().reshape(-1));
}

bool passesHead1(const ProjectorWeights& weights, const Modality& modality) {
    const auto& passes = weights.head1_modalities;
    return weights.head1 && std::find(passes.begin(), passes.end(), modality) != passes.end();
}

}  // namespace

at::Tensor unitRowsOf(const at::Tensor& x) {
    return x / at::linalg_vector_norm(x, 2, {1}, true).clamp_min(1e-12);
}

RouteHeads::RouteHeads(const FrozenRoute& route, const Modality& modality, bool trained, const at::Device& device)
    : route_(route), trained_(trained) {
    const c10::NoGradGuard no_gradients;
    for (const auto& displacement : route) {
        auto& heads = heads_.emplace_back();
        auto& passes = passes_head1_.emplace_back();
        for (const auto& weights : displacement) {
            passes.push_back(passesHead1(weights, modality));
            Head head;
            if (passes.back()) head.push_back(layerOf(*weights.head1, device));
            for (const auto& layer : weights.layers) head.push_back(layerOf(layer, device));
            heads.push_back(std::move(head));
        }
    }
}

RouteHeads::Layer RouteHeads::layerOf(const ProjectorLayer& from, const at::Device& device) const {
    Layer layer;
    layer.weight = upload(from.weight, device).reshape({size(from.out), size(from.in)});
    layer.bias = upload(from.bias, device);
    layer.relu = from.relu;
    layer.norm = from.norm && trained_;
    if (from.norm) {
        const at::Tensor deviation = (upload(from.variance, device) + kBatchNormEps).sqrt(),
                         gamma = upload(from.gamma, device), beta = upload(from.beta, device),
                         mean = upload(from.mean, device);
        if (trained_) {
            layer.gamma = gamma;
            layer.beta = beta;
            layer.mean = mean;
            layer.deviation = deviation;
        } else {
            const at::Tensor scale = gamma / deviation;
            layer.weight = layer.weight * scale.unsqueeze(1);
            layer.bias = (layer.bias - mean) * scale + beta;
        }
    }
    if (trained_) {
        for (auto* leaf : {&layer.weight, &layer.bias, &layer.gamma, &layer.beta}) {
            if (leaf->defined()) leaf->requires_grad_(true);
        }
    }
    return layer;
}

at::Tensor RouteHeads::forward(at::Tensor z, const JobContext& job) const {
    for (const auto& heads : heads_) {
        at::Tensor sum;
        for (const auto& head : heads) {
            at::Tensor x = z;
            for (const auto& layer : head) {
                x = at::linear(x, layer.weight, layer.bias);
                if (layer.norm) x = (x - layer.mean) / layer.deviation * layer.gamma + layer.beta;
                if (layer.relu) x = at::relu(x);
            }
            x = unitRowsOf(x);
            sum = sum.defined() ? sum + x : x;
            job.checkStop();
        }
        z = unitRowsOf(sum / static_cast<double>(heads.size()));
    }
    return z;
}

std::vector<at::Tensor> RouteHeads::leaves() const {
    std::vector<at::Tensor> out;
    if (!trained_) return out;
    for (const auto& heads : heads_) {
        for (const auto& head : heads) {
            for (const auto& layer : head) {
                for (const auto* leaf : {&layer.weight, &layer.bias, &layer.gamma, &layer.beta}) {
                    if (leaf->defined()) out.push_back(*leaf);
                }
            }
        }
    }
    return out;
}

FrozenRoute RouteHeads::weights() const {
    FrozenRoute out = route_;
    if (!trained_) return out;
    for (std::size_t d = 0; d < out.size(); ++d) {
        for (std::size_t p = 0; p < out[d].size(); ++p) {
            std::vector<ProjectorLayer*> layers;
            if (passes_head1_[d][p]) layers.push_back(&*out[d][p].head1);
            for (auto& layer : out[d][p].layers) layers.push_back(&layer);
            for (std::size_t k = 0; k < layers.size(); ++k) {
                const Layer& from = heads_[d][p][k];
                download(from.weight, layers[k]->weight);
                download(from.bias, layers[k]->bias);
                if (!from.norm) continue;
                download(from.gamma, layers[k]->gamma);
                download(from.beta, layers[k]->beta);
            }
        }
    }
    return out;
}

}  // namespace engine
