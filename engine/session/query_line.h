// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One query along a live factor: the scores of its answers at points of the factor's line, and the very values at which
// its hits change (engine/factors/flips.h). All else as in the setting. Thread-safe; a blocking job of about a second.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/session/live_product.h"

namespace engine {

struct QueryLine {
    std::string factor;
    std::vector<double> at;  // of the factor, 0 to 1
    struct Answer {
        std::uint32_t row = 0;  // of the candidates' side
        bool positive = false;
        std::vector<double> scores;  // inner products of unit vectors, at each of `at`
    };
    // The best of the query's own, then the wrong ones that are best at most of the points.
    std::vector<Answer> answers;
    // Hits right above 0 at each of kHitPlaces, and where they change: nothing where the set has no landscape at the
    // setting, or one of a sample of its queries.
    struct Hits {
        std::array<double, kHitPlaces.size()> start{};
        std::vector<Flip> flips;
        // Where the query is a hit for sure at kHitPlaces[place]: intervals, ascending.
        std::vector<std::pair<double, double>> intervals(std::size_t place) const;
    };
    std::optional<Hits> hits;
};

struct QueryLineOptions {
    std::size_t points = 41, own = 3, wrong = 4;
};

// Throws Error{InvalidInput} for a factor that is unknown or not live, or a query that is not there.
QueryLine queryLine(const LiveProduct& live, std::size_t set, bool forward, std::uint32_t query,
                    const std::string& factor, const Setting& setting, const QueryLineOptions& options,
                    const JobContext& job);

}  // namespace engine
