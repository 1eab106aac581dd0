// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace engine {
namespace {

TEST(Rng, EqualsTheKnownAnswersOfPhilox4x32) {
    // Counter and key of zero: the published test vector of Random123.
    Rng rng(0, 0);
    EXPECT_EQ(rng.next(), 0x6627e8d5u);
    EXPECT_EQ(rng.next(), 0xe169c58du);
    EXPECT_EQ(rng.next(), 0xbc57ac4cu);
    EXPECT_EQ(rng.next(), 0x9b00dbd8u);
}

TEST(Rng, SeekGivesTheSameNumbers) {
    Rng a(5, "shuffle", 3), b(5, "shuffle", 3), other(5, "shuffle", 4);
    for (int i = 0; i < 8; ++i) a.next();
    b.seek(2);
    EXPECT_EQ(a.next(), b.next());
    EXPECT_NE(b.next(), other.next());
}

TEST(Rng, NormalAndBoundedNumbersHaveTheirMoments) {
    Rng rng(1, "moments");
    double sum = 0, squares = 0;
    constexpr int kCount = 200000;
    for (int i = 0; i < kCount; ++i) {
        const double x = rng.normal();
        sum += x;
        squares += x * x;
    }
    EXPECT_NEAR(sum / kCount, 0, 0.01);
    EXPECT_NEAR(squares / kCount, 1, 0.02);
    std::vector<int> hits(7);
    for (int i = 0; i < 70000; ++i) ++hits[rng.below(7)];
    for (const int h : hits) EXPECT_NEAR(h, 10000, 500);
}

TEST(Rng, OrdersArePermutations) {
    Rng rng(2, "order");
    auto order = randomOrder(1000, rng);
    EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < order.size(); ++i) ASSERT_EQ(order[i], i);
}

}  // namespace
}  // namespace engine
