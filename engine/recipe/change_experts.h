// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A recipe with one expert or step more, or one fewer. Named settings keep what they say of the others, under the names
// that factors and experts have then. Pure functions; what of a product then stays as it is says
// engine/recipe/reuse.h.
#pragma once

#include <string>
#include <vector>

#include "engine/recipe/route_plan.h"

namespace engine {

// `space` beside the experts of the last combination (weight 1), or as a combination of its own where there is none.
// Named "<name> with <space>". Throws Error{InvalidInput} if that step has it already, or what planRoute() says of it.
Recipe withExpert(const Recipe& recipe, const std::vector<SpaceInfo>& spaces, const std::string& space);

// Without the expert of that key (expertKey()); a step that it leaves empty goes too. Named "<name> without <key>".
// Throws Error{NotFound} with the nearest key.
Recipe withoutExpert(const Recipe& recipe, const std::vector<SpaceInfo>& spaces, const std::string& key);

// With `step` before the step `at`, 0-based.
Recipe withStep(const Recipe& recipe, const std::vector<SpaceInfo>& spaces, std::size_t at, const ReactionStep& step);

}  // namespace engine
