// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One projector ψ in training (method §1.1-1.2, §4.3): forward and backward written out, so that nothing is kept that the
// gradient does not need. The rows of all source modalities go through the linear layers as one matrix; BatchNorm takes
// each modality on its own (or, by option, all together). On one device; not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <vector>

#include "engine/base/rng.h"
#include "engine/ops/info_nce.h"
#include "engine/recipe/projector_weights.h"

namespace engine {

// Learned tensors, in the order of ProjectorWeights: W1 b1 γ1 β1 W2 b2 γ2 β2.
inline constexpr std::size_t kLearned = 8;
using Learned = std::array<at::Tensor, kLearned>;

class ProjectorNet {
public:
    // Linear weights U(±sqrt(6/(in+out))), biases U(±1/sqrt(in)), γ 1, β 0 (method §1.1).
    ProjectorNet(std::size_t in, std::size_t hidden, std::size_t out, Rng& rng, const at::Device& device);
    ProjectorNet(const ProjectorWeights& weights, const at::Device& device);

    // x [k·B, in] of k modalities, B rows each, one after the other -> z [k·B, out], unit rows. In training mode: batch
    // statistics (per modality or joint), running statistics updated (momentum 0.1, unbiased variance).
    at::Tensor forward(const at::Tensor& x, std::int64_t modalities, bool joint);
    // dz: gradient at the unit rows of the last forward. Overwrites gradients().
    void backward(const at::Tensor& dz);

    Learned& learned() { return learned_; }
    const Learned& learned() const { return learned_; }
    const Learned& gradients() const { return gradients_; }
    ProjectorWeights weights() const;
    // Running statistics and counts only: what a forward changes.
    ProjectorWeights statistics() const;
    void restoreStatistics(const ProjectorWeights& statistics);

private:
    struct Norm {                              // one BatchNorm layer
        at::Tensor mean, variance;             // running
        std::int64_t batches = 0;
        std::vector<at::Tensor> input, saved_mean, saved_inverse;  // of the last forward, by modality
    };
    at::Tensor normForward(Norm& norm, const at::Tensor& gamma, const at::Tensor& beta, const at::Tensor& x, std::int64_t groups);
    at::Tensor normBackward(Norm& norm, std::size_t gamma, const at::Tensor& dy);

    Learned learned_, gradients_;
    Norm norm1_, norm2_;
    at::Tensor x_, h_, y_, z_, length_;        // of the last forward
};

// Adam as PyTorch has it: bias-corrected moments, epsilon outside the root, weight decay added to the gradient.
class Adam {
public:
    Adam(const Learned& like, double beta1, double beta2, double epsilon, double weight_decay);
    void step(Learned& parameters, const Learned& gradients, double learning_rate);

    std::int64_t steps = 0;
    Learned first, second;                     // moments

private:
    double beta1_, beta2_, epsilon_, weight_decay_;
};

}  // namespace engine
