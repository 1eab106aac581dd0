// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A head of any layers on a device while it is trained: forward in autograd's sight, Adam or AdamW as in PyTorch
// (plain_head.h does the same on CPU without autograd). The
// bias before a BatchNorm has no gradient but rounding, so it counts as 0 there; so does the beta of a BatchNorm that
// another Linear and BatchNorm follow at once. Not thread-safe. Includes LibTorch.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "engine/projector/projector_step.h"

namespace engine {

class TrainedHead {
public:
    // `first`, `second`: Adam's moments, beside trainedOf(weights).
    TrainedHead(ProjectorWeights weights, const Parameters& first, const Parameters& second, const at::Device& device);

    // Batch statistics of the forward calls from here on are put into copies of the running ones; update() keeps them.
    void beginStep();
    // x [n, in] through Head1. `passed`, if asked for, has the same numbers, but no gradient of the bias passes it: for
    // layers whose BatchNorm takes a batch of these rows alone, where the bias has none but rounding.
    at::Tensor linear(const at::Tensor& x, at::Tensor* passed = nullptr) const;
    // One of the layers: Linear, BatchNorm of this batch, ReLU where it has one.
    at::Tensor layer(std::size_t index, const at::Tensor& x);
    // x [n, in], after Head1 where it has to pass it, through the layers -> [n, out], unit rows. One call is one batch
    // of BatchNorm.
    at::Tensor forward(at::Tensor x);

    // Leaves of the graph: what autograd differentiates by. Their order is that of keepGradients().
    std::vector<at::Tensor> leaves() const;
    // Of leaves(), undefined where nothing depends on one.
    void keepGradients(const std::vector<at::Tensor>& gradients);

    void update(const StepOptions& options, std::int64_t step, double rate);

    const ProjectorWeights& shape() const { return weights_; }
    ProjectorWeights weights() const;
    // The moments, and the gradients last kept, beside trainedOf(weights).
    void appendMoments(Parameters& first, Parameters& second) const;
    void appendGradients(Parameters& out) const;

private:
    struct Parameter {
        at::Tensor value, first, second, gradient;
        bool frozen = false;  // without a gradient but rounding
    };
    struct Layer {
        std::size_t weight = 0, bias = 0, gamma = 0, beta = 0;  // of parameters_
        bool norm = false, relu = false;
        at::Tensor mean, variance, next_mean, next_variance;
        std::int64_t batches = 0, next_batches = 0;
    };

    ProjectorWeights weights_;  // shapes; numbers as they were at the start
    std::vector<Parameter> parameters_;
    std::vector<Layer> layers_;
    bool head1_ = false;  // its weight and bias are the first two parameters
};

}  // namespace engine
