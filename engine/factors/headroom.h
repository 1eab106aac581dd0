// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What one setting for all queries leaves on the table. The candidates are an index: they stand at one setting. A query
// may be blended at any setting of its *own* factors, those that act on its side and not on the candidates'. So, for
// each direction of a set:
//   - the oracle of own factors: a query hits if any setting of its own factors makes it hit, the candidates staying at
//     `best`. With one own factor every setting is seen (engine/factors/flips.h), with more a grid and `best`;
//   - the oracle of all factors: the candidates may move with the query as well; over a grid and all of the above. An
//     upper limit that no index has;
//   - a router (router.h) that chooses among a few settings of the own factors by the query's own embedding, on halves
//     of the items that it was not fitted on, beside the one setting that the other half chooses.
// Oracles look at the answers: they are upper bounds, no figures that can be had. `best` may have been chosen on all
// items; that serves the router and the one setting alike.
//
// Blocking jobs on all threads; the same bits whatever their number. Cost: some hundred points and one line search for
// each direction, and splits · 2 fits. Memory: 4 bytes for each query and setting of the router, 8 for each query and
// feature.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/option_table.h"
#include "engine/factors/confidence.h"
#include "engine/factors/landscape_evaluator.h"
#include "engine/factors/router.h"

namespace engine {

struct HeadroomOptions {
    std::uint32_t router_splits = 10;
    std::uint32_t router_folds = 4;
    std::uint32_t router_directions = 32;  // of the router's features; all parts together
    std::uint32_t router_examples = 4000;
};
const OptionTable<HeadroomOptions>& headroomOptionTable();

// The best that a query gets at kHitPlaces over many settings, 0..1 (ties count parts).
struct OracleHits {
    std::vector<std::size_t> own;  // dims of the landscape's grid
    bool exact = false;            // every setting of the own factors was seen
    std::size_t own_points = 0, all_points = 0;
    std::vector<std::array<float, kHitPlaces.size()>> by_own, by_all;  // [rows of the queries' side]
};
// `point`: where the candidates, and what is not free, stand.
OracleHits oracleHits(const SetLandscape& landscape, const std::vector<double>& point, bool forward, TieRule ties,
                      const JobContext& job);

// Settings for a router: a grid of the own factors, the others as `point`, which is the first. 12 settings for one own
// factor, 26 for two, 28 for three; just `point` without any or with more.
std::vector<std::vector<double>> routerSettings(const SetLandscape& landscape, const std::vector<double>& point,
                                                bool forward);

// Percent at kHitPlaces of a direction, a set or the group, at `current`, at `best`, and by the oracles.
struct HeadroomRates {
    std::array<double, kHitPlaces.size()> current{}, best{}, by_own{}, by_all{};
};

struct DirectionHeadroom {
    std::string name;                      // "audio→text"
    std::vector<std::string> own_factors;  // empty: nothing of the query's own can move, so no router
    bool exact = false;
    std::size_t queries = 0, own_points = 0, all_points = 0;
    HeadroomRates rates;
    // At the place of the group's metric, percent of the queries; equal to `best` without own factors.
    std::size_t settings = 1, differing = 0;
    double one = 0, router = 0, router_fitted = 0, of_settings = 0;
    double believed = 0;                      // share of the fits in which cross-validation preferred a router
    std::vector<std::vector<double>> values;  // [settings][own factors]
    std::vector<double> share;                // [settings]: how often routers chose it
};

struct SetHeadroom {
    std::string name;
    double weight = 0;  // in the group's figure
    std::vector<DirectionHeadroom> directions;
};

// The group's figure, percent.
struct HeadroomResult {
    std::string figure;                                  // "AT R@1"
    std::array<std::string, kHitPlaces.size()> metrics;  // of `rates`: "R@1", "R@5", "R@10"; empty: there is none
    bool synthetic = false;
    HeadroomRates rates;  // by place
    double one = 0, router = 0, router_fitted = 0, of_settings = 0;
    Interval gain;         // router − one, over units; given the fits that were made
    PermutationTest test;  // of the same
    std::uint32_t splits = 0;
    bool routed = false;  // some direction has settings to choose from
    std::vector<SetHeadroom> sets;

    bool helps() const { return routed && gain.low > 0; }
    bool harms() const { return routed && gain.high < 0; }
};

// One set with a landscape of both directions that it is asked for.
struct HeadroomSet {
    std::shared_ptr<const SetLandscape> landscape;
    std::vector<double> current, best;  // in the order of its grid
};

// `sets` in the order of group.sets. Seed and level are those of `confidence`. Throws Error{InvalidInput} as GroupHits.
HeadroomResult headroom(const DeltaGroup& group, const std::vector<HeadroomSet>& sets, TieRule ties,
                        const HeadroomOptions& options, const ConfidenceOptions& confidence, const JobContext& job);
// From an evaluator's landscapes; throws as groupHits() where a set has none at the settings.
HeadroomResult headroom(const LandscapeEvaluator& evaluator, const DeltaGroup& group, const Setting& current,
                        const Setting& best, const HeadroomOptions& options, const ConfidenceOptions& confidence,
                        const JobContext& job);

std::string toText(const HeadroomResult& result);
Json toJson(const HeadroomResult& result);

}  // namespace engine
