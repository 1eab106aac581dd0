// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Options that change nothing in a step, so that no form offers a dead knob.
#pragma once

#include <string>

#include "engine/recipe/recipe.h"

namespace engine {

// Why an option of reactionOptionTable() has no effect in a step as it is; empty where it has one.
std::string whyIdle(const ReactionStep& step, const std::string& option);

}  // namespace engine
