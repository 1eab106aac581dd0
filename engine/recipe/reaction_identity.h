// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which trained reactions of two recipes are one and the same. Projectors follow from the expert, from what they are
// trained against, the options, the workspace and the seed; not from the place of the step in its route, the other
// experts beside it, or how the result is blended. Pure functions.
#pragma once

#include <string>

#include "engine/recipe/route_plan.h"

namespace engine {

// True if the reaction is trained against the base space, whatever steps come before it.
bool againstBase(const Recipe& recipe, const PlannedReaction& reaction);

// Name of the reaction's random streams: the same for reactions that are trained against the base wherever they stand,
// else the reaction's key.
std::string reactionStream(const Recipe& recipe, const PlannedReaction& reaction);

// Equal where the same workspace and seed train the same projectors, to the bit on CPU: all that they follow from, as
// JSON. The workspace's fingerprint and the seed are not in it.
Json reactionIdentity(const Recipe& recipe, const RoutePlan& plan, const PlannedReaction& reaction);
// The same of a tuning's adapter: it follows from all steps before it.
Json tuningIdentity(const Recipe& recipe, const RoutePlan& plan, const PlannedTuning& tuning);

}  // namespace engine
