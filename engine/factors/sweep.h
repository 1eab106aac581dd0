// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Surfaces over one or two factors, and grids over up to four: for each Δ group the weighted mean change of its metric
// over its sets against a baseline (Figures 3-6), and every metric of every set. Coarse grid first, refined behind; a
// stop ends it at once and what was delivered stays valid. Points come from any FactorEvaluator.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/factors/factor_evaluator.h"

namespace engine {

// `steps` values from first to last, both included (steps >= 2, or 1: first alone).
struct FactorAxis {
    std::string factor;  // "sigma_a"
    double first = 0, last = 1;
    std::size_t steps = 21;

    double value(std::size_t i) const;
};

// "sigma_a", "sigma_a=0:1" or "sigma_a=0:1:0.05" (the step must divide the range).
FactorAxis parseAxis(const std::string& text);

// Of a sweep; every figure of every set is kept for each.
inline constexpr std::size_t kMostSweepPoints = 1'000'000;

struct SweepRequest {
    std::vector<FactorAxis> axes;    // one to four, of kMostSweepPoints together; the last runs fastest in all results
    Setting fixed;                   // everything else that differs from the recipe
    std::vector<DeltaGroup> groups;  // empty: defaultGroups of the sets that the baseline has too
    MetricsTable baseline;           // of another product, of a space, or of the same product at a setting
};

// How sure the best point of a group is (engine/factors/sureness.h).
struct BestSureness {
    std::size_t tied = 0;  // points that may as well be the best, it among them
    // The metric of the point that is best on half of the items: there, and on the other half. Means over many halves.
    double tuned = 0, held_out = 0;
    std::string not_told;  // why that is not known; empty: it is
};

// Values are row-major [steps of axis 0][steps of axis 1]...; NaN: not computed yet.
struct GroupSurface {
    DeltaGroup group;
    std::vector<double> change;  // Δ: percentage points of the metric against the baseline
    double baseline = 0;         // the baseline's weighted mean of the metric
    // Of the change at bestPoint(), where some set was asked a sample of its queries; of a complete surface only.
    std::optional<RateInterval> best_interval;
    std::optional<BestSureness> sureness;  // nothing where nobody asked
};

struct SetSurface {
    Protocol protocol;
    std::map<std::string, std::vector<double>> values;  // by metric
    MetricMap baseline;                                 // empty: the baseline lacks this set
};

struct SweepSurface {
    std::string subject, baseline;  // product; what it is compared with
    bool synthetic = false;         // measured on a synthetic world
    std::vector<FactorAxis> axes;
    std::vector<FactorInfo> factors;  // of each axis
    Setting fixed;
    std::vector<GroupSurface> groups;
    std::vector<SetSurface> sets;
    std::size_t done = 0, total = 0;  // points

    bool complete() const { return done == total; }
    std::size_t columns() const;  // points for each value of the first axis
    // The factors of point `index`.
    std::vector<double> at(std::size_t index) const;
    Setting settingAt(std::size_t index) const;  // `fixed` with these
};

// Called on the sweeping thread after each level, and in between every 100 ms, or more rarely where that takes long;
// copy what is kept.
using SweepSink = std::function<void(const SweepSurface&)>;

// Throws Error{InvalidInput} listing every problem of the request before anything is computed; Cancelled on a stop.
SweepSurface sweep(FactorEvaluator& evaluator, const SweepRequest& request, const JobContext& job,
                   const SweepSink& sink = {});

// One group for each pair of modalities that has retrieval sets, named by the paper's letters in alphabetical order:
// "AT", "AV", "TV"; with other modalities by their names: "A-depth". Metric "R@1", equal weights.
std::vector<DeltaGroup> defaultGroups(const std::vector<SetOutline>& sets);

// The one metric of which less is better, and that FactorEvaluator::figures() may leave out.
bool isMedianRank(const std::string& metric);

// Weighted mean of the group's metric over its sets.
double groupValue(const DeltaGroup& group, const MetricsTable& table);

// The same of figures by set (FactorEvaluator::figures); throws Error{NotFound} naming set and metric.
double groupValue(const DeltaGroup& group, const std::vector<SetOutline>& sets, const std::vector<MetricMap>& figures);

// The interval of the group's change against a baseline value, from its sets' estimates (FactorEvaluator::intervals;
// the others' figures are known): sets are drawn independently, so half widths add up as squares. The baseline's value
// is that of all queries. Nothing where no set of the group is sampled.
std::optional<RateInterval> groupInterval(const DeltaGroup& group, const std::vector<SetOutline>& sets,
                                          const std::vector<IntervalMap>& intervals, double change);

// Every problem of the groups with respect to what is measured and to the baseline.
std::vector<std::string> groupProblems(const std::vector<DeltaGroup>& groups, const FactorEvaluator& evaluator,
                                       const MetricsTable& baseline);

// Indices of a grid of so many steps along each axis in levels, coarse to fine; the first has the corners, each level
// halves the step, and no index comes twice.
std::vector<std::vector<std::size_t>> progressiveOrder(const std::vector<std::size_t>& steps);

// The computed point where the group's change is largest, of a median rank smallest (the first of equals); throws Error
// if none is computed.
std::size_t bestPoint(const GroupSurface& group);

}  // namespace engine
