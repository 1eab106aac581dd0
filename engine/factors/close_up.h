// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Closer looks at one direction where somebody is working: the open entries of a leaf side by side in memory, and cut
// again to a part of the leaf by the bounds of query_cut.h. For sets of two factors and more, whose leaves are
// coarse. Made from a leaf's entries alone, whatever the size of the set. Internal to engine/factors.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "engine/factors/blend_side.h"
#include "engine/factors/direction_cells.h"

namespace engine {

struct FactorCell {
    std::array<double, kMostDims> low{}, high{};  // indexed as the grid's factors
};

// One direction within a cell. A value; counting in it is thread-safe.
struct CloseUp {
    std::size_t products = 0;                             // of one entry
    std::array<std::uint32_t, kHitPlaces.size()> sure{};  // hits that are certain in all of the cell
    std::vector<OpenQuery> open;
    std::vector<std::uint32_t> items;  // rows of the candidates' side that are met
    std::vector<float> pairs;          // [entries][1 + products]: which of `items` (its bits), then inner products

    std::size_t entries() const { return pairs.size() / (1 + products); }
    OpenView view() const;
    std::uint64_t bytes() const;
};

// What is open in a leaf, with its products gathered.
CloseUp closeUpOfLeaf(const DirectionCells& cells, std::size_t leaf, std::size_t candidates);
// What of it is open within `cell`, a part of what `from` was made for. The sides must not share a factor. The bounds
// on the weights are those of BlendSide::boundAll(), one for all items: cheap, and small next to what the scores
// themselves do within a cell.
CloseUp cutCloseUp(const CloseUp& from, const BlendSide& queries, const BlendSide& candidates, const FactorCell& cell);

struct CloseUpPair {
    CloseUp forward, backward;
    std::uint64_t bytes() const { return forward.bytes() + backward.bytes(); }
};

// Close-ups by the number of their cell, those asked for last: thread-safe, within a budget of bytes.
class CloseUpCache {
public:
    explicit CloseUpCache(std::uint64_t most_bytes) : most_bytes_(most_bytes) {}

    // `asked`: how often the key has been asked for lately, before this time. What is asked for again is worth making.
    std::shared_ptr<const CloseUpPair> find(std::uint64_t key, std::uint32_t& asked);
    // True for the first caller since the key was asked for anew: it is to make the pair and keep() it.
    bool claim(std::uint64_t key);
    void release(std::uint64_t key);  // claimed, and not made
    // Keeps it unless it is more than half of the budget or was forgotten meanwhile.
    void keep(std::uint64_t key, CloseUpPair made);
    // For what nobody has asked for yet: whether it is there, as if it had not been asked for; and to keep it.
    std::shared_ptr<const CloseUpPair> peek(std::uint64_t key) const;
    void keepAhead(std::uint64_t key, std::shared_ptr<const CloseUpPair> pair);
    // What is kept beside it, instead of what was before, counts too.
    void setAside(std::uint64_t bytes);
    bool hasRoomFor(std::uint64_t bytes) const { return bytes <= most_bytes_ / 2; }
    std::uint64_t bytes() const;

private:
    struct Slot {
        std::uint64_t key;
        std::uint32_t asked;
        bool claimed;
        std::shared_ptr<const CloseUpPair> pair;  // null: only asked for
        std::uint64_t bytes;
    };
    void fill(Slot& slot, std::shared_ptr<const CloseUpPair> pair);
    void trim();

    const std::uint64_t most_bytes_;
    mutable std::mutex mutex_;
    std::uint64_t bytes_ = 0, aside_ = 0;  // aside: of the bytes
    std::list<Slot> slots_;                // the last one asked for first
    std::unordered_map<std::uint64_t, std::list<Slot>::iterator> at_;
};

// One thread of the process that makes close-ups behind whoever asks, so that no question waits for one, and those that
// may be asked for next. Started by the first task; what waits when the program ends is dropped. Thread-safe.
class CloseUpMaker {
public:
    static CloseUpMaker& instance();
    ~CloseUpMaker();

    // The newest first. False, and nothing is done, where too many wait already. A task must not throw.
    bool add(std::function<void()> task);
    // When there are no tasks: piece(0), piece(1) and so on, until it returns false or the owner asks for others. Must
    // not throw.
    void addAhead(const void* owner, std::function<bool(std::size_t)> piece);
    void wait();  // until none is left

private:
    CloseUpMaker() = default;
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::function<void()>> tasks_;
    struct Ahead {
        std::function<bool(std::size_t)> piece;
        std::size_t next = 0;
        std::uint64_t round = 0;  // which asking it is of
    };
    std::map<const void*, Ahead> ahead_;
    std::uint64_t round_ = 0;
    bool busy_ = false, stop_ = false;
    std::thread thread_;
};

}  // namespace engine
