// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A landscape of some of a set's queries against all candidates, for sets whose landscape is too large. Whole units
// (engine/factors/unit_hits.h) are drawn, so captions of one clip stay together and every query drawn keeps all its
// positives. A pure function of set, size and seed; a larger sample of one seed holds the smaller one. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/factors/factor_evaluator.h"
#include "engine/factors/landscape_request.h"
#include "engine/factors/unit_hits.h"

namespace engine {

std::size_t unitsIn(const LandscapeRequest& request);
// As many units as have so many queries on the mean; at least one.
std::size_t unitsOfQueries(const LandscapeRequest& request, std::size_t queries);

// The request for a sample of so many units (1 to all). Classes of a classification set are no queries then: a sample
// of its items does not hold all positives of a class.
LandscapeRequest sampledRequest(LandscapeRequest request, std::size_t units, std::uint64_t seed);

// Every rate with its interval, by metric as SetMetrics::values() names them. `set`: with the sample's pairs.
//
// The variance of a rate is that of a ratio over drawn units, without replacement:
//     v = (1 − n/N) · n/(n − 1) · Σ_u e_u²,   e_u = mean over directions of (h_u − r · n_u) / Σ_u n_u
// with h_u hits of n_u queries in unit u, r the direction's rate, n of N units drawn. The interval is Wilson's with
// r(1 − r)/v for the number of draws (n / (1 − n/N) where v is 0), so a rate of 0 or 100 has one too. No bootstrap: it
// takes as long as a figure.
IntervalMap sampleIntervals(const SetDescription& set, const QueryHits& hits, const QuerySample& sample);
// Of a landscape of a sample, at a point; empty for one of all queries.
IntervalMap sampleIntervals(const SetLandscape& landscape, const double* point, TieRule ties);

}  // namespace engine
