// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a change between two settings did to one evaluation set: the queries gained and lost at K, where each stood,
// what came before its positives, and which factor or switch moved it. The change of a query's margin (score of its
// best positive minus that of the best of the others) is shared out by Shapley values: exact for few players, else
// sampled with a standard error; they add up to the change of the margin. Blocking job on all threads of the caller;
// the result does not depend on their number. Memory: the blended rows of both sides at both settings (4 bytes a
// value), the Gram matrices of the candidates' parts, and 8 bytes times the products of parts for 32 queries and every
// candidate.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/option_table.h"
#include "engine/factors/landscape_evaluator.h"

namespace engine {

struct WhyOptions {
    std::string ties = "expected";
    std::int64_t place = 1;          // K of the hits
    std::int64_t explained = 20;     // queries of each direction that are explained in full, those that moved furthest
    std::int64_t exact_players = 8;  // beyond it orders are sampled
    std::int64_t orders = 400;
    std::int64_t seed = 0;
};

const OptionTable<WhyOptions>& whyOptionTable();

// A factor, an expert's weight, or an expert's choice of projectors, that two settings differ in.
struct Mover {
    std::string name;              // "sigma_a", "CLAP_g", "CLAP_g:*" for all its projectors together
    bool expert = false;           // a weight
    double before = 0, after = 0;  // of projectors: how many are active
    // Of projectors: whose, which are trained, and the active ones; else empty.
    std::string projectors_of = {};
    std::vector<std::string> trained = {}, active_before = {}, active_after = {};
};
// Factors by name, then experts' weights by name, then their projectors by name.
std::vector<Mover> moversBetween(const ProductModel& model, const Setting& before, const Setting& after);
// `before` with the movers of a coalition (bit m: mover m) moved, and the others as they were.
Setting withMoved(const Setting& before, const std::vector<Mover>& movers, std::uint64_t coalition);

struct QueryChange {
    std::uint32_t query = 0;  // row of the queries' side
    double hit_before = 0, hit_after = 0;
    double rank_before = 0, rank_after = 0;  // of the best positive, from 1, by the tie rule
    // Rows of the candidates' side, and margins of inner products of unit vectors: float64 where explained, else
    // float32 (error about 1e-6). Of equal scores the lower row.
    std::uint32_t positive_before = 0, positive_after = 0, wrong_before = 0, wrong_after = 0;
    double margin_before = 0, margin_after = 0;
    // Empty if not explained. In the order of SetChange::movers; the sum is margin_after − margin_before.
    std::vector<double> shares, errors;  // errors: standard errors, 0 where exact

    bool explained() const { return !shares.empty(); }
};

struct DirectionChange {
    std::string name;                       // "audio→text"
    std::vector<QueryChange> gained, lost;  // those explained first, the furthest moved first; then the others likewise
};

struct SetChange {
    std::vector<Mover> movers;
    bool exact = true;  // shares are not sampled
    DirectionChange forward, backward;
};

// Ranks of every query of a side at a setting, or nothing where they are not known more cheaply than by blending.
using RankSource = std::function<std::vector<QueryRank>(const Setting&, bool forward)>;
// From an evaluator's landscapes, where they are ready. The evaluator must outlive it.
RankSource landscapeRanks(const LandscapeEvaluator& evaluator, std::size_t set);

// Throws Error{InvalidInput} listing what is wrong with either setting, for sets of several labels, and where the set's
// items were not computed with the projectors of both.
SetChange explainChange(const ProductModel& model, const SetComponents& set, const Setting& before,
                        const Setting& after, const WhyOptions& options, const JobContext& job,
                        const RankSource& ranks = {});

// A product at a setting, measured on a set.
struct ProductAt {
    const ProductModel& model;
    const SetComponents& set;
    const Setting& setting;
    RankSource ranks;  // may be empty
};

// The same between two products, measured on one set: the same items and pairs in the same order (not looked at here).
// Margins are each product's own, in float32; nothing is shared out, so there are no movers. Throws as above.
SetChange compareProducts(const ProductAt& before, const ProductAt& after, const WhyOptions& options,
                          const JobContext& job);

}  // namespace engine
