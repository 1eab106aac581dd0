// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The settings along one factor's line at which queries' hits change, and the curves of R@K that follow from them:
// exact and without a grid (line search over a piecewise constant metric, carried to retrieval). All other factors are
// fixed. With s the scores along the line, a query's hits change only where
//   D_cp(t) = s_c(t) − s_p(t)
// of a non-positive c and a positive p passes through 0. Intervals are halved until every D_cp that matters has a
// proven sign or is proven monotone there (interpolation between the ends, with BlendSide::bound for what lies
// between); then its root is located within 1e-12 in float64, from the components themselves.
//
// Scores within the tie tolerance of eval/ranks.h count what the tie rule says. Two that cross are within it for
// 2e-12 / |D'|: where that is less than 1e-9 the crossing is one flip, placed where they are equal; where it is more
// (copies that differ in their last digits) the tie has a flip at each end, placed as well as float64 can tell it:
// 1e-15 / |D'|. Scores that tie along the line (equal rows) do not flip. Thread-safe functions, on all threads of the
// caller.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/base/job.h"
#include "engine/factors/set_landscape.h"

namespace engine {

// The point with the factor `dim` (in the grid's order) running from low to high, within the landscape's box.
struct FactorLine {
    std::vector<double> point;
    std::size_t dim = 0;
    double low = 0, high = 1;
};

struct Flip {
    std::uint32_t query = 0;       // row of the queries' side
    std::uint8_t place = 0;        // index of kHitPlaces
    double at = 0;                 // the factor, within 1e-12
    double before = 0, after = 0;  // hits below and above it: 0 or 1; a part where other scores tie all along

    bool enters() const { return after > before; }
};

// One direction along a line.
struct LineHits {
    double low = 0, high = 1;
    std::uint32_t queries = 0;                                 // with at least one positive
    std::vector<std::array<double, kHitPlaces.size()>> start;  // for each row of the queries' side, right above low
    std::vector<Flip> flips;                                   // by `at`, then query, then place
};

// Throws Error{InvalidInput} if the line leaves the landscape's box or the direction was not asked for when it was
// built; Cancelled on a stop.
LineHits flipsAlong(const SetLandscape& landscape, const FactorLine& line, bool forward, TieRule ties,
                    const JobContext& job);

// A piecewise constant metric in percent: values[i] between breaks[i - 1] and breaks[i] (the line's ends outside).
struct HitCurve {
    double low = 0, high = 1;
    std::vector<double> breaks;  // ascending, no two equal
    std::vector<double> values;  // breaks + 1

    double at(double factor) const;  // at a break: the value above it
};

HitCurve hitCurve(const LineHits& hits, std::size_t place);
// The mean of two curves of one line: R@K of both directions.
HitCurve meanCurve(const HitCurve& a, const HitCurve& b);

}  // namespace engine
