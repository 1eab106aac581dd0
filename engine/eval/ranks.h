// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Exact ranks of positives among all candidates, both ways, from float32 unit rows.
//
// The reference takes each row in float64 (RowSource::exact) and scores as float64 inner products; |difference| <=
// kTieTolerance is a tie. Rows are taken as they are: one that is stored a little off unit length (1e-3 at most, as
// float16 encoders give them) is not scaled again. What is done instead, with the same result to the last rank:
//   1. approximate scores of whole tiles from 16-bit integers (engine/eval/score_kernel.h), error <= B, B proven from
//   the
//      measured rounding of every row; a candidate further than B from its query's best positive is decided;
//   2. the few within B: a float64 product of the float32 rows, error <= e (from RowSource::error, about 1e-7);
//   3. the fewer still within 2e: the reference itself.
// Memory: 2 bytes a value of one side (in blocks of at most 128 MiB) and about 1 MiB a thread; never the score matrix.
// Ranks are whole numbers and do not depend on the number of threads. Stop is looked at every few milliseconds.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/matrix.h"

namespace engine {

inline constexpr double kTieTolerance = 1e-12;

// One side of a set. Views and functions must stay valid while they are used; `exact` must be thread-safe.
struct RowSource {
    MatrixView rows;                                  // [n, width] float32, rows unit length within 1e-3
    std::function<void(std::size_t, double*)> exact;  // row i in float64 into [width]; empty: rows themselves
    // With `exact`: a bound of the length of rows[i] - exact(i). The default holds for a float64 row rounded once.
    double error = 0x1.01p-24;
};

using PairList = std::vector<std::array<std::uint32_t, 2>>;  // (row of first, row of second)

// Where a query's best positive stands. Other positives never push it down: only non-positives count.
struct QueryRank {
    std::uint32_t positives = 0;       // 0: no positive, the rest is meaningless
    std::uint32_t beaten_by = 0;       // non-positives that score higher
    std::uint32_t tied = 0;            // non-positives that tie with it
    std::uint32_t tied_before = 0;     // of those, rows before its own (the lowest of the positives that tie for best)
    std::uint32_t tied_positives = 1;  // positives that tie for best, itself included; 1 where nothing ties with it
};

struct PairRanks {
    std::vector<QueryRank> forward;   // for each row of first, among the rows of second; empty if not asked for
    std::vector<QueryRank> backward;  // for each row of second, among the rows of first
    std::uint64_t rechecked = 0;      // scores recomputed in step 2
    std::uint64_t resolved = 0;       // scores recomputed in step 3
    double length_error = 0;          // the furthest that any row's length is from 1
    // Of a set of several labels, which has no ranks: each item's influence (engine/eval/average_precision.h).
    std::vector<float> influence;
};

enum class Directions { Forward, Backward, Both };

// Throws Error{InvalidInput} for widths that differ, pairs out of range, rows that are not finite or not unit length.
// `name` is said in messages and progress. Duplicate pairs count once.
PairRanks rankPairs(const RowSource& first, const RowSource& second, const PairList& pairs, Directions directions,
                    const std::string& name, const JobContext& job);

// The slow, obvious reference: every score in float64, from BLAS. For tests and --reference.
PairRanks rankPairsReference(const RowSource& first, const RowSource& second, const PairList& pairs,
                             Directions directions, const JobContext& job);

// Row i in float64: the reference's row.
void exactRow(const RowSource& source, std::size_t row, double* out);

}  // namespace engine
