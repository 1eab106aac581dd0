// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Hits of a figure at many settings, summed over its *units*: what engine/factors/confidence.h draws, exchanges and
// splits. Queries that share an item are not independent (captions of one clip, and the clip that looks for them), so a
// unit holds all of them: a connected component of the set's pairs. Where the items of a classification set are the
// queries, every item is a unit of its own; its class is no unit.
//
// Hits may come from anywhere: landscapes, another product, a space. Memory: 4 bytes for each setting, unit and
// direction. Distinct settings may be put from several threads; thread-safe once all are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "engine/base/matrix.h"
#include "engine/factors/landscape_evaluator.h"
#include "engine/recipe/recipe.h"

namespace engine {

inline constexpr std::uint32_t kNoUnit = std::numeric_limits<std::uint32_t>::max();

// The unit of every row of both sides, or kNoUnit: rows without a positive, and classes.
struct SetUnits {
    std::size_t count = 0;
    std::vector<std::uint32_t> first, second;
};
// Units are numbered in the order of their lowest row of the first side. Throws Error{InvalidInput} for a pair that is
// out of range.
SetUnits unitsOf(const SetDescription& set, std::size_t first_items, std::size_t second_items);

// Hits of every query of a set at kHitPlaces, 0..1 (a part where ties count one); rows without a positive are ignored.
struct QueryHits {
    std::vector<std::array<float, kHitPlaces.size()>> forward, backward;  // [rows of first], [rows of second]
};
QueryHits queryHits(const PairRanks& ranks, TieRule ties);
QueryHits queryHits(const SetLandscape& landscape, const double* point, TieRule ties);

// A figure, percent: the weighted mean of a metric over one set or the sets of a Δ group,
//     v = Σ_s w_s v_s / Σ_s w_s,   v_s = mean over the metric's directions of 100 · Σ_u h_u / Σ_u n_u,
// h_u the hits and n_u the queries of unit u in the direction. "R@1", "R@5" and "R@10" have both directions, "R@1
// audio→text" has one, "top-1" and "top-5" those of the items. With a baseline the figure is the change, v minus the
// baseline's v.
class GroupHits {
public:
    struct SetSize {
        SetDescription set;
        std::size_t first_items = 0, second_items = 0;
    };
    static constexpr std::size_t kBaseline = std::numeric_limits<std::size_t>::max();  // a place for put() and value()

    // `sets` in the order of group.sets. Throws Error{InvalidInput} listing every problem: no set, no setting, a metric
    // that is not a mean over queries, a set without pairs, weights that do not fit.
    GroupHits(const DeltaGroup& group, const std::vector<SetSize>& sets, std::size_t settings, bool baseline);

    // Throws Error{InvalidInput} if there is not one row of hits for each item.
    void put(std::size_t set, std::size_t setting, const QueryHits& hits);

    struct Direction {
        bool forward = true;
        Matrix sums;  // [settings, then the baseline if there is one, then the number of queries][units]
    };
    struct Set {
        std::string name;
        double share = 0;       // w_s / Σ w
        std::size_t place = 0;  // in kHitPlaces
        SetUnits units;
        std::vector<Direction> directions;  // one or two
    };
    const std::string& name() const { return name_; }  // "AT R@1"
    const std::vector<Set>& sets() const { return sets_; }
    std::size_t settings() const { return settings_; }
    bool hasBaseline() const { return baseline_; }
    std::size_t rows() const { return settings_ + (baseline_ ? 1 : 0); }
    std::size_t rowOf(std::size_t setting) const;  // of `sums`; kBaseline allowed
    void requireComplete() const;                  // throws Error{Internal} where a setting was not put

    double value(std::size_t setting) const;  // v, without the baseline taken off
    double figure(std::size_t setting) const { return value(setting) - (baseline_ ? value(kBaseline) : 0); }

private:
    std::string name_;
    std::size_t settings_;
    bool baseline_;
    std::vector<Set> sets_;
    std::vector<char> there_;  // [set][row]
};

// Queries that hit after a change and did not before, and the other way, in the directions of a set's figure: each
// query for itself, also where two of one unit move opposite ways. Ties count parts.
struct HitsMoved {
    double gained = 0, lost = 0;
};
HitsMoved hitsMoved(const GroupHits::Set& set, const QueryHits& before, const QueryHits& after);

// The hits of each of the group's sets at one setting, by set: a baseline for groupHits. Throws Error{NotFound} for an
// unknown set, Error{InvalidInput} where a set has no landscape at the setting (LandscapeEvaluator::prepare).
std::map<std::string, QueryHits> queryHits(const LandscapeEvaluator& evaluator, const DeltaGroup& group,
                                           const Setting& setting);

// The group's hits at each of `settings`, against `baseline` by set (empty: none). A set's own figure is a group of
// that set. Throws as above. Blocking job on all threads.
GroupHits groupHits(const LandscapeEvaluator& evaluator, const DeltaGroup& group, const std::vector<Setting>& settings,
                    const std::map<std::string, QueryHits>& baseline, const JobContext& job);

}  // namespace engine
