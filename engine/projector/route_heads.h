// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The displacements that rows of a base pass on their way into a product, as tensors in autograd's sight (method §1.4):
//   z = Ψ_D(... Ψ_1(x)),   Ψ_k(z) = N( mean_j ψ_kj(z) )
// with BatchNorm at its running statistics, as at inference. Frozen, they are folded and gradients only pass through;
// trained, weights, biases, gammas and betas are leaves. Not thread-safe. Includes LibTorch.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "engine/base/job.h"
#include "engine/projector/tuning_step.h"

namespace engine {

class RouteHeads {
public:
    RouteHeads(const FrozenRoute& route, const Modality& modality, bool trained, const at::Device& device);

    // x [n, in], unit rows -> [n, out], unit rows; x itself where there is no displacement.
    at::Tensor forward(at::Tensor x, const JobContext& job) const;

    // Empty where they are frozen.
    std::vector<at::Tensor> leaves() const;
    FrozenRoute weights() const;

private:
    struct Layer {
        at::Tensor weight, bias, gamma, beta, mean, deviation;  // the last four only where they are trained
        bool norm = false, relu = false;
    };
    using Head = std::vector<Layer>;
    Layer layerOf(const ProjectorLayer& from, const at::Device& device) const;

    FrozenRoute route_;
    bool trained_;
    std::vector<std::vector<bool>> passes_head1_;
    std::vector<std::vector<Head>> heads_;
};

// x / max(|x|, 1e-12), row by row.
at::Tensor unitRowsOf(const at::Tensor& x);

}  // namespace engine
