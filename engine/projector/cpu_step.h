// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A training step of any objective and head in plain C++ on CPU: the same bits with any number of threads.
#pragma once

#include <memory>
#include <vector>

#include "engine/projector/projector_step.h"
#include "engine/recipe/objective.h"

namespace engine {

// `options.in`, `hidden`, `out` are not used: the state's weights say. `passes_head1`: of each source.
std::unique_ptr<ProjectorStep> makeCpuStep(const StepOptions& options, const Objective& objective,
                                           const std::vector<bool>& passes_head1, const TrainState& state);
// FreeBind's objective (Eq. 7, 8): every pair of a source and a target.
std::unique_ptr<ProjectorStep> makeCpuStep(const StepOptions& options, const TrainState& state);

}  // namespace engine
