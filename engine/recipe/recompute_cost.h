// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What another value of a factor that is not live costs, before it is set: everything up to the last step that moves
// the product goes through its projectors again, on every row of the factor's modality. Thread-safe.
#pragma once

#include <cstddef>

#include "engine/recipe/route_plan.h"

namespace engine {

// FLOP for one row of `modality` through all active projectors of the steps that Components::base has folded in; 0
// where no step moves the product. From the recipe's widths: a head of four layers counts as FreeBind's two.
double foldedRowFlop(const Recipe& recipe, const RoutePlan& plan, const Modality& modality);

// FLOP a second of projectors on this machine: measured at the first call, in some milliseconds, then remembered.
double projectorSpeed();

}  // namespace engine
