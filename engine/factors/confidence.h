// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// How sure a figure is. Everything draws, exchanges or splits *units* (engine/factors/unit_hits.h) with all their
// queries, each set of a group on its own, while the pool of candidates stays what it is: the answers hold for other
// queries of the same kind against this pool, and say nothing of another pool, of another training run or of another
// seed.
//
// Blocking jobs on all threads; thread-safe. The same hits, options and seed give the same bits, whatever the number of
// threads. A set draws the same units in every figure, so figures of one seed can be compared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/option_table.h"
#include "engine/factors/unit_hits.h"

namespace engine {

struct ConfidenceOptions {
    double level = 0.95;                // coverage of intervals and of the tied region; 0.5..0.999
    std::uint32_t resamples = 2000;     // of the bootstrap
    std::uint32_t permutations = 9999;  // where not all exchanges are tried
    std::uint32_t splits = 100;         // held-out halves
    std::uint64_t seed = 1;
};
const OptionTable<ConfidenceOptions>& confidenceOptionTable();

// False where some set has one unit only, which says nothing about others: what draws units refuses it.
bool canBeDrawn(const GroupHits& group);

// Percent, or percentage points where the figure is a change.
struct Interval {
    double estimate = 0;        // the figure itself
    double low = 0, high = 0;   // percentiles of the resamples
    double standard_error = 0;  // their standard deviation
};

// Percentile bootstrap of the group's figure at a setting. A set of n units draws n of them with replacement; a rate is
// taken over the queries drawn. Meant for some 50 units and more. A rate of exactly 0 or 100 has an interval without
// width: the bootstrap cannot see what no unit shows. Throws Error{InvalidInput} where a set has one unit only, or the
// options are out of range.
Interval bootstrap(const GroupHits& group, std::size_t setting, const ConfidenceOptions& options,
                   const JobContext& job);

// The same of the difference v(a) - v(b) between two settings, paired (kBaseline allowed).
Interval bootstrapDifference(const GroupHits& group, std::size_t a, std::size_t b, const ConfidenceOptions& options,
                             const JobContext& job);

struct PermutationTest {
    double difference = 0;      // v(a) - v(b)
    double p_value = 1;         // two-sided
    bool exact = false;         // every exchange was tried
    std::size_t differing = 0;  // units whose part of the figure differs
};

// Paired test of two settings (kBaseline allowed). If they do not differ, each unit's two results could as well be
// exchanged: D = Σ_u d_u becomes Σ_u ±d_u, with d_u what unit u adds to v(a) - v(b). Units with d_u = 0 change nothing.
// With at most 20 others all 2^m exchanges are tried and p = count / 2^m; with more, n random ones and
// p = (1 + count) / (1 + n); `count` are those with |Σ ±d_u| >= |D|.
PermutationTest permutationTest(const GroupHits& group, std::size_t a, std::size_t b, const ConfidenceOptions& options,
                                const JobContext& job);

// Which settings may be the best, by setting.
struct TiedRegion {
    std::size_t best = 0;         // of the figures as they are; the first of equals
    std::vector<double> behind;   // v(best) - v(q) >= 0
    std::vector<double> lead;     // T_q: how far, in standard errors, some other setting is ahead of it
    std::vector<double> p_value;  // of "no setting is better than q"
    std::vector<char> tied;       // p_value > 1 - level
};

// The settings tied with the best. The best was chosen because it came out best, so its lead is judged by the largest
// lead that chance gives: with s_pq the bootstrap's standard error of v(p) - v(q) and * a resample,
//     T_q  = max_p (v(p) - v(q)) / s_pq
//     T_q* = max_p ((v*(p) - v*(q)) - (v(p) - v(q))) / s_pq
// and q is tied unless T_q is beyond the `level` quantile of T_q*: a band for all differences to q at once. Each
// setting is its own reference ("multiple comparisons with the best"), because which one is truly the best is not
// known. Differences are studentised because they are of two sizes: neighbours on a grid differ in a handful of
// queries, distant settings in hundreds; a band of one width for all would be the distant ones' and call every
// neighbour tied.
//
// Coverage: the region holds the setting whose expected figure is truly the largest with probability of at least
// `level`, if units are many; more where few settings are near the best. It is not meant to hold only such settings.
// Memory: 12 bytes for each setting and resample; time grows with settings² · resamples.
TiedRegion tiedRegion(const GroupHits& group, const ConfidenceOptions& options, const JobContext& job);

// One split of the units into two halves.
struct HeldOutSplit {
    std::size_t chosen = 0;  // the best setting on the first half; the first of equals
    double tuned = 0;        // its figure on that half
    double held_out = 0;     // its figure on the other half
    double possible = 0;     // the best figure of any setting on the other half
};

// Means over all splits.
struct HeldOut {
    std::vector<HeldOutSplit> splits;
    double tuned = 0, held_out = 0, possible = 0;
    double flattery() const { return tuned - held_out; }
};

// What it flatters to choose a setting on the units that it is then reported on. Each set's units are split at random
// (the second half has one more of an odd number), `options.splits` times. Halves are noisier than the whole, so that
// choosing on all units flatters less, by about 1/√2. Throws Error{InvalidInput} where a set has one unit only.
HeldOut heldOut(const GroupHits& group, const ConfidenceOptions& options, const JobContext& job);

}  // namespace engine
