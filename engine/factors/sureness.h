// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// How sure the best setting of a search is (engine/factors/tune.h), for one Δ group: against where the search began,
// against the other settings of the Pareto front, and on halves of the items that it was not chosen on; and the best
// point of a sweep. Figures as of engine/factors/confidence.h, whose units and options hold here.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/json.h"
#include "engine/factors/confidence.h"
#include "engine/factors/tune.h"

namespace engine {

struct Sureness {
    std::string group;  // "AT R@1"
    ConfidenceOptions options;
    // v(best) - v(start), percentage points, and its test: as of two settings that were named beforehand. The best was
    // chosen on the same items, which flatters it; neither is corrected for that.
    Interval gain;
    PermutationTest test;
    std::vector<std::pair<std::string, HitsMoved>> moved;  // queries, by set, from the start to the best
    std::size_t front = 0, tied = 0;  // settings of the front that were looked at, and those tied with its highest
    HeldOut held_out;                 // choosing among best, start and front by the group's figure alone
};

// Blocking job on all threads; thread-safe. `fixed`: of the request. Throws as groupHits() where a set of the group has
// no landscape at the best setting's experts, or its metric is no mean over queries.
Sureness sureness(const LandscapeEvaluator& evaluator, const DeltaGroup& group, const TuneResult& result,
                  const Setting& fixed, const ConfidenceOptions& options, const JobContext& job);

// Into `surface`, which is complete: how sure the best point of each group is, or why that is not told. Blocking job on
// all threads. `evaluator`: that of the surface; null where it has no landscapes.
void tellSureness(SweepSurface& surface, const LandscapeEvaluator* evaluator, const JobContext& job);

std::string toText(const Sureness& sure);
// {"group", "level", "seed", "against_start": {difference, low, high, p_value, corrected_for_search: false,
// items_that_differ, queries: [{set, gained, lost}]}, "front": {settings, tied_with_its_highest}, "held_out": {splits,
// chosen_on_one_half, on_the_other_half, best_there}}.
Json toJson(const Sureness& sure);

}  // namespace engine
