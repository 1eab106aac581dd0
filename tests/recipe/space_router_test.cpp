// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/space_router.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"

namespace engine {
namespace {

// A router of two spaces whose last layer gives two logits whatever goes in.
SpaceRouter routerOf(double sharpness, float first, float second) {
    ProjectorWeights network;
    network.layers = {emptyLayer(6, 4, true, true), emptyLayer(4, 5, true, false), emptyLayer(5, 2, false, false)};
    network.layers[2].bias = {first, second};
    return SpaceRouter({{"text", {{"a", "b"}, sharpness, network}}});
}

// The whole range of the option: exp(1000) is no number.
TEST(SpaceRouter, WeightsAreNumbersAtAnySharpness) {
    const float x[] = {1, 0, 0, 0, 1, 0};
    const RoutedRows rows{{"a", "b"}, {{x, 2, 3}, {x, 2, 3}}};
    for (const auto& entry : spaceRouterOptionTable().entries()) {
        if (entry.key != "text_sharpness" && entry.key != "sharpness") continue;
        for (const double sharpness : {entry.info.min, 1.0, 10.0, 709.0, 720.0, entry.info.max}) {
            const Matrix w = routerOf(sharpness, 0.5f, -1.5f).weights("text", rows, {});
            const double gap = 1 / (1 + std::exp(-0.5)) - 1 / (1 + std::exp(1.5));
            for (std::size_t i = 0; i < 2; ++i) {
                EXPECT_NEAR(w.row(i)[0], 1 / (1 + std::exp(-sharpness * gap)), 1e-6) << entry.key << " " << sharpness;
                EXPECT_NEAR(w.row(i)[0] + w.row(i)[1], 1, 1e-6) << entry.key << " " << sharpness;
            }
        }
    }
    const Matrix equal = routerOf(1000, 30, 30).weights("text", rows, {});
    EXPECT_EQ(equal.row(0)[0], 0.5f);
}

}  // namespace
}  // namespace engine
