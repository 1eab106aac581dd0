// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A training step of a residual adapter (engine/recipe/residual_adapter.h), the stand-in for a tuned encoder (method
// §5):
//   x' = N( x + W2 relu(W1 x + b1) + b2 ),   z = Ψ_D(... Ψ_1(x')),   L = info(z, y)
// of a row x of the base and the row y of its partner in the product, which is frozen, as are the projectors
// Ψ_k(z) = N( mean_j ψ_kj(z) ) of the displacements before: gradients pass through them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/projector/projector_step.h"
#include "engine/space/modality.h"

namespace engine {

// Of each displacement its active projectors, in the route's order.
using FrozenRoute = std::vector<std::vector<ProjectorWeights>>;

// One source and one target; `state` holds the adapter. `modality` decides whether its rows pass a projector's Head1.
// In plain C++ on CPU, the same bits with any number of threads.
std::unique_ptr<ProjectorStep> makeCpuTuningStep(const StepOptions& options, const FrozenRoute& route,
                                                 const Modality& modality, const TrainState& state);
// By LibTorch's autograd on any device.
std::unique_ptr<ProjectorStep> makeTorchTuningStep(const StepOptions& options, const FrozenRoute& route,
                                                   const Modality& modality, TrainState state,
                                                   const std::string& device);

// W1 as xavier_uniform_, the rest zeros: it begins with x' = x. From the stream (seed, name).
TrainState initialAdapter(std::size_t width, std::size_t hidden, std::uint64_t seed, const std::string& name);

// Memory of either in bytes. `frozen`: of every projector that is passed the widths of its layers, in before the first.
std::uint64_t tuningStepBytes(const StepOptions& options, const std::vector<std::vector<std::size_t>>& frozen);

}  // namespace engine
