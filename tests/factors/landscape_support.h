// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Small evaluation sets with random components, and the slow reference that landscapes must equal to the last query.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/base/rng.h"
#include "engine/eval/product_evaluation.h"
#include "engine/factors/set_landscape.h"

namespace engine {

struct RandomSetOptions {
    std::size_t first_items = 60, second_items = 90, width = 24;
    std::size_t first_layers = 1, second_layers = 1, experts = 2;
    std::size_t positives = 1;   // of each item of the first side
    bool same_modality = false;  // both sides depend on the same factors
    double noise = 1.0;          // of each row around what it shares with its positives
    double near_ties = 0;        // share of the second side's rows that are copies of others, moved by 1e-7
    double duplicates = 0;       // share that are exact copies
    bool opposed = false;        // experts point away from the base, so blends are short
    bool brought = false;        // the second side's base has nothing: its first layer brings it
    bool weights = false;        // in layers of several experts, the weight of one is a factor, of both sides alike
};

// What a landscape can be made of, one of each: factors on one side and on both, nested layers, a factor of both sides,
// several positives, near-ties, duplicates, blends that nearly cancel, a side that its base lacks.
struct SetCase {
    std::string name;
    RandomSetOptions options;
};
const std::vector<SetCase>& setCases();
inline std::string nameOf(const ::testing::TestParamInfo<SetCase>& info) {
    return info.param.name;
}
// Any set, small ones among them.
RandomSetOptions anySet(Rng& rng);

// A request for a landscape over the whole box of 0..1, and what keeps its rows alive.
struct RandomSet {
    RandomSet(const RandomSetOptions& options, std::uint64_t seed);
    LandscapeRequest request;
    std::vector<Matrix> rows;

    std::vector<double> randomPoint(Rng& rng) const;
};

// Compares ranks of every query and hits of both directions with the float64 reference at a point.
void expectEqualsReference(const SetLandscape& landscape, const std::vector<double>& point);

}  // namespace engine
