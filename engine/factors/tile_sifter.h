// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Sorts candidates out on a GPU: keeps a direction's candidates there, takes blocks of queries, and brings back what is
// left of them. Internal to engine/factors.
#pragma once

#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "engine/base/job.h"
#include "engine/factors/side_tables.h"
#include "engine/factors/sift_device.h"

namespace engine {

// All nodes of the coarse grid in the order of the queries' own: of query node n they are those from begin[n] to
// begin[n + 1], each with the candidates' own node.
struct SiftNodes {
    std::vector<std::uint32_t> begin, candidate_node;
};

// Some queries as the device takes them.
struct SiftQueries {
    std::size_t rows = 0;
    std::vector<float> atoms;    // [atom][rows][width]
    std::vector<float> records;  // [rows][shape().record()], see sift_arithmetic.h
};

class TileSifter {
public:
    // `rows`: queries of a block at most. Throws Error{Device} where the GPU has no memory for the candidates and a
    // tile of kLeastColumns of them; says so where it takes fewer than kMostColumns for that reason.
    static constexpr std::size_t kMostColumns = 32768, kLeastColumns = sift::kSegment;
    TileSifter(SiftDevice& device, const SideTables& queries, const SideTables& candidates, const SiftNodes& nodes,
               std::size_t rows, const JobContext& job);

    const sift::Shape& shape() const { return tile_.shape; }

    // found(row, always, records): for each row several times, candidates ascending; the records of those kept, each
    // its item and the bits of its products, and how many others always come before the row's positives. `advance` is
    // told of every tile's pairs. Thread-safe: one block at a time. Throws Error{Device}, Cancelled.
    using Found = std::function<void(std::size_t row, std::uint32_t always, std::span<const std::uint32_t> records)>;
    void sortOut(const SiftQueries& queries, const Found& found, const std::function<void(std::size_t)>& advance,
                 const JobContext& job);

private:
    bool makeTile(std::size_t rows, std::size_t columns);
    void bringBack(const Found& found);

    SiftDevice& device_;
    std::mutex mutex_;
    sift::Tile tile_;
    std::vector<SiftMemory> candidates_;  // what stays
    SiftMemory query_atoms_, queries_, products_, kept_, counts_, offset_, records_;
    std::size_t columns_ = 0, capacity_ = 0;  // candidates of a tile; entries of `records_`
    std::vector<std::uint32_t> host_counts_, host_offset_, host_records_;
};

}  // namespace engine
