// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One direction of an evaluation set, cut into cells of its factors: for each leaf how many queries surely hit, and the
// queries that are open there with the few entries that decide them. A point costs its leaf's entries, whatever the
// size of the set. Immutable once made; counting is thread-safe. Internal to engine/factors.
#pragma once

#include <immintrin.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/eval/product_evaluation.h"
#include "engine/factors/array.h"
#include "engine/factors/blend_side.h"
#include "engine/factors/factor_grid.h"
#include "engine/factors/query_cut.h"

namespace engine {

struct OpenQuery {
    std::uint32_t query = 0;
    std::uint32_t first_entry = 0;  // within the leaf; they end where the next query's begin
    std::uint32_t positives = 0;    // the first entries
    std::uint32_t beaten = 0;       // by candidates that surely beat every positive there
};

// Open queries with their entries, wherever these lie.
struct OpenView {
    const OpenQuery* open = nullptr;
    std::size_t queries = 0, entries = 0, products = 0;
    const std::uint32_t* index = nullptr;  // of each entry's pair; null: in order
    const float* pairs = nullptr;          // [.][1 + products]: the candidate (its bits), then the inner products
    const std::uint32_t* items = nullptr;  // rows that candidates are numbers of; null: they are rows
    std::size_t item_count = 0;

    const float* pair(std::size_t entry) const { return pairs + (index ? index[entry] : entry) * (1 + products); }
    std::uint32_t candidate(std::size_t entry) const { return std::bit_cast<std::uint32_t>(*pair(entry)); }
    std::uint32_t row(std::uint32_t candidate) const { return items ? items[candidate] : candidate; }
    // Memory answers later than the arithmetic is done: ask for what comes some entries ahead.
    void fetch(std::size_t entry) const {
        const char* next = reinterpret_cast<const char*>(pair(entry));
        _mm_prefetch(next, _MM_HINT_T0);
        _mm_prefetch(next + (1 + products) * sizeof(float) - 1, _MM_HINT_T0);
    }
};
inline constexpr std::size_t kAhead = 24;

struct DirectionCells {
    std::uint32_t queries = 0, left_out = 0, candidates = 0;  // left out: without a positive
    double positives_per_query = 0;
    std::size_t products = 0;         // of one entry: query atoms * candidate atoms
    Array<std::uint32_t> sure;        // [leaves][kHitPlaces]: number of sure hits
    Array<std::uint8_t> sure_of;      // [leaves][rows of the queries' side]: bit k for a sure hit at kHitPlaces[k]
    Array<std::uint64_t> open_at;     // [leaves + 1], into `open`
    Array<std::uint64_t> entries_at;  // [leaves + 1], into `entries`
    Array<OpenQuery> open;
    Array<std::uint32_t> entries;  // indices of pairs; a pair is open in many leaves
    // [pairs][1 + products], by query: the row of the candidates' side (its bits), then the inner products of atoms,
    // float64 rounded to float32. Side by side, because a point meets pairs here and there in memory.
    Array<float> pairs;

    const float* pair(std::uint64_t entry) const { return pairs.data() + entries[entry] * (1 + products); }
    std::uint32_t item(std::uint64_t entry) const { return std::bit_cast<std::uint32_t>(*pair(entry)); }
    const float* innerOf(std::uint64_t entry) const { return pair(entry) + 1; }
    OpenView view(std::size_t leaf) const;
    std::uint64_t bytes() const;
};

// Rows of both sides at one point in float64, exactly as the reference blends them: for the few scores that are nearer
// than float32 can tell. Thread-safe.
class ExactRows {
public:
    ExactRows(const SetComponents& set, const BlendWeights& first, const BlendWeights& second)
        : set_(set), first_(first), second_(second) {}
    void row(bool second, std::size_t item, double* out) const {
        second ? blendRow(set_.second, second_, item, out) : blendRow(set_.first, first_, item, out);
    }
    std::size_t width() const { return set_.first.width(); }

private:
    const SetComponents& set_;
    const BlendWeights& first_;
    const BlendWeights& second_;
};

struct HitCount {
    std::array<double, kHitPlaces.size()> hits{};  // ties count what the rule says
    std::uint32_t tied = 0;                        // queries whose hits a tie decides; others may tie besides
    std::uint32_t evaluated = 0, resolved = 0;     // entries scored; queries decided in float64

    void operator+=(const HitCount& other);
};

// Stored products are float64 rounded to float32, of atoms that are rounded once where experts are summed: 3 roundings
// of 2^-24 for each product, times the weights. What is nearer than this is decided in float64.
inline constexpr double kProductError = 2e-7;

struct ScoredEntry {
    double score = 0, doubt = 0;  // |score − exact| <= doubt
    std::uint32_t item = 0;
};

// Where the best positive stands among `entries` (positives first) and `beaten` others that surely beat it. Where only
// the hits at kHitPlaces are asked for (not `whole`), a near score that cannot change them is left as it is.
// `in_doubt`: float64 rows were needed.
QueryRank rankEntries(const std::vector<ScoredEntry>& entries, std::size_t positives, std::uint32_t query,
                      std::uint32_t beaten, bool whole, const BlendSide& candidates, const ExactRows& exact,
                      bool query_is_second, bool& in_doubt);

// Every item's weights at a point and their sum (infinite where the vector vanishes): [item][atoms + 1]. Worth its cost
// where items are met more than once. `items`: of these `count` rows alone.
std::vector<double> weightTable(const BlendSide& side, const double* point, const std::uint32_t* items = nullptr,
                                std::size_t count = 0);

// The open queries first..last-1 of `view` at `point`; sure hits are not counted. `query_is_second`: which side of
// `exact` the queries are. `table`: weightTable() of the candidates (of the view's items, if it has its own), or null.
// `hits`, if given, gets each open query's own at its row.
HitCount countOpen(const OpenView& view, std::size_t first, std::size_t last, const BlendSide& queries,
                   const BlendSide& candidates, const double* point, const double* table, const ExactRows& exact,
                   bool query_is_second, TieRule ties,
                   std::vector<std::array<float, kHitPlaces.size()>>* hits = nullptr);

}  // namespace engine
