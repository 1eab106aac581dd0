// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A training step of the routers of a product (engine/recipe/space_router.h), the projectors being frozen: what goes in
// are rows that they gave. Of tuples with an item of each modality,
//   L = Σ_{m<m'} info(z_m, z_m')                                             (method §6: overall alignment; §4.3: info)
// over the pairs of modalities of which at least one is routed. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/projector/projector_step.h"

namespace engine {

// One modality: K spaces, and the network of its weights where K > 1.
struct RouterSide {
    std::size_t spaces = 1;
    double sharpness = 1;
    std::optional<ProjectorWeights> network;  // K · width -> ... -> K
};

struct RouterStepOptions {
    std::size_t batch = 0, width = 0;
    double temperature = 0.02;
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // Adam's
    bool keep_logits = true;                            // one B×B matrix kept, else logits computed twice
};

class RouterStep {
public:
    virtual ~RouterStep() = default;
    // `x` [sides][batch, spaces · width] float32: the rows of an item's spaces one after the other. Throws Cancelled
    // after a stop; nothing is changed then.
    virtual double gradients(const std::vector<const float*>& x, const JobContext& job) = 0;
    virtual void update(double rate) = 0;
    virtual ProjectorWeights network(std::size_t side) const = 0;
    virtual Parameters lastGradients(std::size_t side) const = 0;        // for tests, beside trainedOf(network)
    virtual std::vector<float> lastWeights(std::size_t side) const = 0;  // [batch, spaces]; for tests
    virtual std::vector<float> lastVectors(std::size_t side) const = 0;  // [batch, width]; for tests
};

// In plain C++ on CPU, the same bits with any number of threads.
std::unique_ptr<RouterStep> makeCpuRouterStep(const RouterStepOptions& options, const std::vector<RouterSide>& sides);
// By LibTorch's autograd on any device.
std::unique_ptr<RouterStep> makeTorchRouterStep(const RouterStepOptions& options, const std::vector<RouterSide>& sides,
                                                const std::string& device);

// Memory of either in bytes.
std::uint64_t routerStepBytes(const RouterStepOptions& options, const std::vector<RouterSide>& sides);

// A router's layers, filled with zeros: K · width -> hidden BN ReLU -> second BN (tanh) -> K.
ProjectorWeights emptyRouter(std::size_t spaces, std::size_t width, std::size_t hidden, std::size_t second);

}  // namespace engine
