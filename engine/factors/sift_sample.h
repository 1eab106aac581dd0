// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A tile of random numbers in which candidates of every standing occur, and what a device makes of it: to compare
// devices with. Internal to engine/factors.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/factors/sift_device.h"

namespace engine {

class SiftSample {
public:
    struct Place {
        std::int64_t rows = 1, first = 0, cols = 1;
    };
    SiftSample(const sift::Shape& shape, const Place& place, std::uint64_t seed);

    struct Found {
        std::vector<float> products;
        std::vector<std::uint32_t> counts, kept, records;  // `kept`: those of all segments, one after another
    };
    // Throws Error{Device} as siftStep(), and where there is no memory for it.
    Found run(SiftDevice& device) const;

private:
    sift::Tile tile_;  // sizes
    std::vector<float> query_atoms_, queries_, candidate_atoms_, coarse_, error_, most_, reach_;
    std::vector<std::uint32_t> node_begin_, node_;
};

}  // namespace engine
