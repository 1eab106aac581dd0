// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// First pass over all pairs of a direction: matrix products of atoms tile by tile, and out of each row the candidates
// that can come before the query's positives somewhere in the box. Internal to engine/factors.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "engine/base/job.h"
#include "engine/eval/ranks.h"
#include "engine/factors/array.h"
#include "engine/factors/query_cut.h"
#include "engine/factors/side_tables.h"
#include "engine/factors/sift_device.h"

namespace engine {

// Positives of each query, ascending, without duplicates.
struct PositiveLists {
    std::vector<std::size_t> offset;
    std::vector<std::uint32_t> rows;
};
PositiveLists positivesOf(const PairList& pairs, std::size_t queries, bool query_is_second);

// What is left of a direction. Entries of query q: offset[q]..offset[q+1]-1, positives first; products of query q begin
// at offset[q] * products, by pair of atoms, then by entry.
struct Survivors {
    std::size_t products = 0;
    double product_error = 0;  // of an inner product, times the lengths of the two atoms
    Array<std::uint64_t> offset;
    Array<std::uint32_t> positives, always;  // per query; see QueryEntries
    Array<std::uint32_t> items;
    Array<float> inner;

    QueryEntries entries(std::size_t query) const;
    std::uint64_t bytes() const;
};

// `visit` sees the entries of every query that has positives once, from several threads at a time, with the number of
// the thread; the others cost nothing. What comes back does not depend on the number of threads. `tile`: queries that
// a thread takes at a time, against 4 · tile candidates; its memory follows. Throws Error{NoSpace} as soon as what is
// kept does not fit `memory_bytes`. With a `device` it sorts out (one block of queries at a time) while the threads
// visit; bounds hold for its own rounding, so what is left may differ by candidates that are within it of being left
// out. Throws Error{Device} where it fails or has no memory.
using SurvivorVisit = std::function<void(const QueryEntries&, int thread)>;
Survivors sortOut(const SideTables& queries, const SideTables& candidates, const FactorGrid& grid,
                  const PositiveLists& positives, std::size_t tile, std::uint64_t memory_bytes,
                  const SurvivorVisit& visit, SiftDevice* device, ProgressMeter& meter, const JobContext& job);

}  // namespace engine
