// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/tile_sifter.h"

#include <algorithm>

#include "engine/base/error.h"

namespace engine {

static_assert(sift::kAtoms == static_cast<int>(kMostAtoms));

namespace {

constexpr std::size_t kWord = 4;
constexpr std::size_t kKeptShare = 16;  // one of so many candidates is kept, or more rounds bring them back

}  // namespace

TileSifter::TileSifter(SiftDevice& device, const SideTables& queries, const SideTables& candidates,
                       const SiftNodes& nodes, std::size_t rows, const JobContext& job)
    : device_(device) {
    const BlendSide& side = candidates.side();
    const std::size_t atoms = side.atoms(), items = side.items(), width = side.width();
    tile_.shape = {.query_atoms = static_cast<std::int32_t>(queries.atoms()),
                   .candidate_atoms = static_cast<std::int32_t>(atoms),
                   .query_nodes = static_cast<std::int32_t>(nodes.begin.size() - 1),
                   .nodes = static_cast<std::int32_t>(nodes.candidate_node.size()),
                   .items = static_cast<std::int64_t>(items),
                   .width = static_cast<std::int64_t>(width)};
    // Memory first, so that a GPU that is too small is known before anything is copied.
    const auto room = [&](std::size_t words) {
        candidates_.emplace_back(device, words * kWord);
        return candidates_.back().get();
    };
    void* const rows_of_atoms = room(atoms * items * width);
    void* const coarse = room(candidates.coarseNodes() * atoms * items);
    void* const error = room(atoms * items);
    void* const most = room(atoms * items);
    void* const reach = room(items);
    void* const begin = room(nodes.begin.size());
    void* const node = room(nodes.candidate_node.size());
    const bool fits = std::all_of(candidates_.begin(), candidates_.end(), [](const SiftMemory& m) { return bool(m); });
    std::size_t columns = std::clamp(items, kLeastColumns, kMostColumns);
    const std::size_t wanted = columns;
    while (fits && !makeTile(rows, columns) && columns > kLeastColumns) columns = std::max(kLeastColumns, columns / 2);
    if (!fits || columns_ == 0) {
        throw Error(ErrorCode::Device, device.name(),
                    "it has no memory for " + std::to_string(items) + " candidates of width " + std::to_string(width) +
                        " in " + std::to_string(atoms) + " atoms",
                    "close what else uses the GPU, or use --device cpu");
    }
    if (columns_ < wanted) {
        job.log(device.name() + ": little memory; tiles of " + std::to_string(columns_) + " candidates instead of " +
                std::to_string(wanted));
    }

    const auto put = [&](void* to, const void* from, std::size_t words) {
        siftStep(device, device.upload(to, from, words * kWord));
    };
    for (std::size_t j = 0; j < atoms; ++j) {
        const MatrixView atom = side.atom(j);
        float* const to = static_cast<float*>(rows_of_atoms) + j * items * width;
        if (atom.stride == width) {
            put(to, atom.data, items * width);
        } else {
            for (std::size_t i = 0; i < items; ++i) put(to + i * width, atom.row(i), width);
        }
        job.checkStop();
    }
    put(coarse, candidates.coarse(0, 0), candidates.coarseNodes() * atoms * items);
    put(error, candidates.coarseError(0), atoms * items);
    put(most, candidates.coarseMost(0), atoms * items);
    put(reach, candidates.reachOfAll(), items);
    put(begin, nodes.begin.data(), nodes.begin.size());
    put(node, nodes.candidate_node.data(), nodes.candidate_node.size());
    tile_.candidate_atoms = static_cast<const float*>(rows_of_atoms);
    tile_.coarse = static_cast<const float*>(coarse);
    tile_.error = static_cast<const float*>(error);
    tile_.most = static_cast<const float*>(most);
    tile_.reach = static_cast<const float*>(reach);
    tile_.node_begin = static_cast<const std::uint32_t*>(begin);
    tile_.node = static_cast<const std::uint32_t*>(node);
}

// Memory for tiles of so many rows and columns; false where there is none.
bool TileSifter::makeTile(std::size_t rows, std::size_t columns) {
    const sift::Shape& shape = tile_.shape;
    const auto pairs = static_cast<std::size_t>(shape.pairs());
    const std::size_t segments = (columns + sift::kSegment - 1) / sift::kSegment;
    const std::size_t capacity = std::max<std::size_t>(rows * columns / kKeptShare, sift::kSegment);
    const auto room = [&](SiftMemory& to, std::size_t words) {
        to = SiftMemory();  // before it is made anew
        to = SiftMemory(device_, words * kWord);
        return bool(to);
    };
    if (!room(products_, pairs * rows * columns) || !room(kept_, rows * columns) ||
        !room(records_, capacity * (1 + pairs)) || !room(counts_, rows * segments * 2) ||
        !room(offset_, rows * segments) ||
        !room(query_atoms_, static_cast<std::size_t>(shape.query_atoms * shape.width) * rows) ||
        !room(queries_, static_cast<std::size_t>(shape.record()) * rows)) {
        return false;
    }
    tile_.query_atoms = static_cast<const float*>(query_atoms_.get());
    tile_.queries = static_cast<const float*>(queries_.get());
    tile_.products = static_cast<float*>(products_.get());
    tile_.kept = static_cast<std::uint32_t*>(kept_.get());
    tile_.counts = static_cast<std::uint32_t*>(counts_.get());
    tile_.offset = static_cast<const std::uint32_t*>(offset_.get());
    tile_.records = static_cast<std::uint32_t*>(records_.get());
    columns_ = columns;
    capacity_ = capacity;
    return true;
}

void TileSifter::sortOut(const SiftQueries& queries, const Found& found,
                         const std::function<void(std::size_t)>& advance, const JobContext& job) {
    const std::scoped_lock lock(mutex_);
    const auto put = [&](const SiftMemory& to, const std::vector<float>& from) {
        siftStep(device_, device_.upload(to.get(), from.data(), from.size() * kWord));
    };
    put(query_atoms_, queries.atoms);
    put(queries_, queries.records);
    tile_.rows = static_cast<std::int64_t>(queries.rows);
    const auto items = static_cast<std::size_t>(tile_.shape.items);
    for (std::size_t first = 0; first < items; first += columns_) {
        job.checkStop();
        const std::size_t columns = std::min(columns_, items - first);
        tile_.first = static_cast<std::int64_t>(first);
        tile_.cols = static_cast<std::int64_t>(columns);
        siftStep(device_, device_.multiply(tile_));
        siftStep(device_, device_.sortOut(tile_));
        bringBack(found);
        advance(queries.rows * columns);
    }
}

// What the tile has kept, in as many rounds as the room for it takes.
void TileSifter::bringBack(const Found& found) {
    const auto segments = static_cast<std::size_t>(tile_.segments());
    const std::size_t units = static_cast<std::size_t>(tile_.rows) * segments;
    const auto words = static_cast<std::size_t>(1 + tile_.shape.pairs());
    host_counts_.resize(2 * units);
    siftStep(device_, device_.download(host_counts_.data(), tile_.counts, host_counts_.size() * kWord));
    for (std::size_t first = 0, last = 0; first < units; first = last) {
        std::size_t entries = 0;
        host_offset_.clear();
        for (; last < units && entries + host_counts_[2 * last] <= capacity_; ++last) {
            host_offset_.push_back(static_cast<std::uint32_t>(entries));
            entries += host_counts_[2 * last];
        }
        ENGINE_CHECK(last > first, "a GPU kept more candidates than it was given");
        host_records_.resize(entries * words);
        if (entries != 0) {
            tile_.first_unit = static_cast<std::int64_t>(first);
            tile_.last_unit = static_cast<std::int64_t>(last);
            siftStep(device_, device_.upload(offset_.get(), host_offset_.data(), host_offset_.size() * kWord));
            siftStep(device_, device_.gather(tile_));
            siftStep(device_, device_.download(host_records_.data(), tile_.records, host_records_.size() * kWord));
        }
        const std::span<const std::uint32_t> records(host_records_);
        for (std::size_t u = first; u < last; ++u) {
            const std::size_t begin = host_offset_[u - first];
            found(u / segments, host_counts_[2 * u + 1], records.subspan(begin * words, host_counts_[2 * u] * words));
        }
    }
}

}  // namespace engine
