// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a landscape will cost, before it is built. Thread-safe; estimates are values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/job.h"
#include "engine/factors/landscape_request.h"

namespace engine {

// What every unit of a set (engine/factors/unit_hits.h) costs, and what the set costs whatever units are asked.
struct LandscapeEstimate {
    std::size_t units = 0, of_units = 0;  // of the request, of the set
    double fixed_bytes = 0, unit_bytes = 0;
    double fixed_seconds = 0, unit_seconds = 0;
    std::uint64_t working_bytes = 0;  // while it is built, beside the landscape: tables, sums of experts, tiles
    std::uint64_t disk_extra = 0;     // lengths and cosines of all rows
    bool measured = false;            // on some units; else a rule of thumb, good to a factor of five or so

    std::uint64_t bytes() const { return bytesOf(units); }  // of the landscape, in memory
    std::uint64_t bytesOf(std::size_t of) const;
    std::uint64_t diskBytes() const { return bytes() + disk_extra; }
    double seconds() const { return fixed_seconds + unit_seconds * static_cast<double>(units); }
    // The most units whose landscape fits; 0 where none does.
    std::size_t unitsWithin(std::uint64_t memory_bytes) const;
    std::string text() const;  // "about 1.2 GiB of memory, 1.3 GiB on disk, 40 s to build"
};

// From rows, widths and factors, at once.
LandscapeEstimate estimateLandscape(const LandscapeRequest& request);
// The same with the cost of a unit measured on some that are built: their bytes are the same every time, their seconds
// are this machine's. Blocking job; takes what all rows cost and those units. Throws as SetLandscape::build() does.
LandscapeEstimate measureLandscape(const LandscapeRequest& request, const JobContext& job);

}  // namespace engine
