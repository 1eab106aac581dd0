// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A training step of any objective and head, by LibTorch's autograd on any device. The losses and their gradients by
// the outputs are computed as in the other steps (memory stays that of one B×B matrix or less); autograd takes them
// through the layers. For GPUs: on CPU makeCpuStep() (engine/projector/cpu_step.h) does the same, and gives the same
// bits with any number of threads, which LibTorch does not.
#pragma once

#include <memory>
#include <string>

#include "engine/projector/projector_step.h"
#include "engine/recipe/objective.h"

namespace engine {

// `options.in`, `hidden`, `out` are not used: the state's weights say. `passes_head1`: of each source.
std::unique_ptr<ProjectorStep> makeTorchObjectiveStep(const StepOptions& options, const Objective& objective,
                                                      const std::vector<bool>& passes_head1, TrainState state,
                                                      const std::string& device);

// Memory of such a step in bytes; the one on CPU takes less.
std::uint64_t objectiveStepBytes(const StepOptions& options, const std::vector<std::size_t>& widths);

}  // namespace engine
