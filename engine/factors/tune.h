// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The best setting of any number of live factors (shares, and one expert's weight of a step) under constraints on the Δ
// groups, and what the groups can have at each other's cost. Deterministic: a lattice of the factors is searched coarse
// to fine, and equals are decided by the distance to where the search begins, then by the factors in order. Where it
// begins is looked at as it is, also between places of the lattice.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/job.h"
#include "engine/factors/factor_evaluator.h"
#include "engine/factors/sweep.h"

namespace engine {

struct TuneConstraint {
    std::string group;
    double at_least = 0;  // Δ, percentage points
};

struct TuneRequest {
    std::vector<std::string> factors;  // shares or weights; empty: all shares that are live
    Setting fixed;                     // all else that differs from the recipe; where the factors begin
    // Empty: defaultGroups of the sets that the baseline has too. Groups of median ranks are left out; asked for,
    // refused.
    std::vector<DeltaGroup> groups;
    MetricsTable baseline;
    // The weighted sum of these groups' Δ is made as large as the constraints allow: one group for "as high as
    // possible"; the others, with the target as a constraint, for "reach a target at least cost".
    std::vector<std::pair<std::string, double>> maximize;
    std::vector<TuneConstraint> constraints;
    double step = 0.01;               // of the finest lattice; divides 1
    std::size_t most_points = 20000;  // evaluations at most; the lattice starts the coarser for it
};

struct TunePoint {
    std::vector<double> factors;  // in the order of TuneResult::factors
    std::vector<double> change;   // Δ of each group
    double objective = 0;
    double violation = 0;  // the constraints' missing points, added up; 0: all are met
};

struct TuneResult {
    std::string subject, baseline;
    bool synthetic = false;
    std::vector<FactorInfo> factors;
    std::vector<DeltaGroup> groups;
    std::vector<double> baseline_values;  // of each group
    TunePoint best;                       // of least violation where no point meets the constraints
    TunePoint start;                      // where the search began
    std::vector<TunePoint> front;         // no other evaluated point is as good in every group and better in one
    std::size_t evaluated = 0;
    // Where sets were asked a sample of their queries: which, and the intervals of the best point's changes by group.
    std::map<std::string, std::string> samples;
    std::vector<std::optional<RateInterval>> best_intervals;

    bool feasible() const { return best.violation == 0; }
};

// `fixed` with a point's factors over it.
Setting settingOf(const TuneResult& result, const TunePoint& point, const Setting& fixed);

// Throws Error{InvalidInput} listing every problem of the request before anything is computed; Cancelled on a stop.
TuneResult tune(FactorEvaluator& evaluator, const TuneRequest& request, const JobContext& job);

std::string toText(const TuneResult& result);
// {"subject", "baseline", "synthetic", "factors", "groups": [{name, sets, metric, baseline}], "best", "start":
// {factors: {name: value}, change: {group: Δ}, "objective", "violation"}, "front": [...], "evaluated", "feasible"};
// with samples also "samples": {set: text} and "best_intervals": {group: [low, high]}.
Json toJson(const TuneResult& result);

}  // namespace engine
