// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/verdict.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/base/rng.h"

namespace engine {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Verdict, QuantilesAreThoseOfTheTables) {
    // Student's t, two-sided 95 %: published tables.
    EXPECT_NEAR(studentQuantile(0.975, 1), 12.706204736, 1e-8);
    EXPECT_NEAR(studentQuantile(0.975, 2), 4.302652730, 1e-8);
    EXPECT_NEAR(studentQuantile(0.975, 4), 2.776445105, 1e-8);
    EXPECT_NEAR(studentQuantile(0.975, 30), 2.042272456, 1e-8);
    EXPECT_NEAR(studentQuantile(0.995, 10), 3.169272667, 1e-8);
    EXPECT_NEAR(studentQuantile(0.975, kInfinity), 1.959963985, 1e-8);
    EXPECT_NEAR(studentQuantile(0.025, 4), -2.776445105, 1e-8);
    EXPECT_NEAR(studentQuantile(0.5, 3), 0, 1e-9);
    // With one degree it is Cauchy's: tan(π(p − 1/2)); with two, a closed form.
    for (const double p : {0.6, 0.9, 0.99, 0.9999}) {
        EXPECT_NEAR(studentQuantile(p, 1) / std::tan(M_PI * (p - 0.5)), 1, 1e-9);
        const double a = 4 * p * (1 - p);
        EXPECT_NEAR(studentQuantile(p, 2), 2 * (p - 0.5) * std::sqrt(2 / a), 1e-8);
    }
    // Grows as degrees fall, between whole numbers too.
    for (double d = 1; d < 40; d += 0.37) EXPECT_GT(studentQuantile(0.975, d), studentQuantile(0.975, d + 0.37));
}

TEST(Verdict, ErrorsOfSeedsAndItemsAddAsSquares) {
    const Evidence both{{1, 2, 3}, 0.5};
    EXPECT_DOUBLE_EQ(both.mean(), 2);
    EXPECT_NEAR(both.seedError(), 1 / std::sqrt(3.0), 1e-12);
    EXPECT_NEAR(both.error(), std::sqrt(1.0 / 3 + 0.25), 1e-12);
    EXPECT_NEAR(both.degrees(), 2 * std::pow((1.0 / 3 + 0.25) / (1.0 / 3), 2), 1e-9);
    // Items alone: normal; seeds alone: Student's with n − 1.
    const Evidence items{{2}, 0.5}, seeds{{1, 2, 3}, 0}, unknown{{1, 2, 3}, std::nan("")};
    EXPECT_NEAR(items.halfWidth(0.95), 1.959963985 * 0.5, 1e-8);
    EXPECT_NEAR(seeds.halfWidth(0.95), 4.302652730 / std::sqrt(3.0), 1e-8);
    EXPECT_EQ(unknown.halfWidth(0.95), seeds.halfWidth(0.95));
}

TEST(Verdict, IsOnTheSideOfTheWholeInterval) {
    const Evidence clear{{5, 5.1, 4.9}, 0.1}, wide{{5, -3, 1}, 0.1}, same{{0, 0, 0}, 0};
    EXPECT_EQ(judge(clear, 0, true, 0.95, 1), Verdict::Holds);
    EXPECT_EQ(judge(clear, 0, false, 0.95, 1), Verdict::Fails);
    EXPECT_EQ(judge(clear, 5, true, 0.95, 1), Verdict::Undecided);
    EXPECT_EQ(judge(clear, 9, true, 0.95, 1), Verdict::Fails);
    EXPECT_EQ(judge(clear, 9, false, 0.95, 1), Verdict::Holds);
    EXPECT_EQ(judge(wide, 0, true, 0.95, 1), Verdict::Undecided);
    // What is equal to the last digit is neither more nor less; but it is no more than a point behind.
    EXPECT_EQ(judge(same, 0, true, 0.95, 1), Verdict::Undecided);
    EXPECT_EQ(judge(same, -1, true, 0.95, 1), Verdict::Holds);
    EXPECT_EQ(judge({}, 0, true, 0.95, 1), Verdict::NotMeasured);
    // Of many comparisons one must fail more clearly.
    const Evidence little{{-1, -1, -1}, 0.45};
    EXPECT_EQ(judge(little, 0, true, 0.95, 1), Verdict::Fails);
    EXPECT_EQ(judge(little, 0, true, 0.95, 20), Verdict::Undecided);
}

TEST(Verdict, AClaimIsAsStrongAsItsWeakestPart) {
    using enum Verdict;
    EXPECT_EQ(allOf({Holds, Holds}), Holds);
    EXPECT_EQ(allOf({Holds, Undecided}), Undecided);
    EXPECT_EQ(allOf({Undecided, Fails, Holds}), Fails);
    EXPECT_EQ(allOf({Holds, NotMeasured}), Holds);
    EXPECT_EQ(allOf({NotMeasured, NotMeasured}), NotMeasured);
    EXPECT_EQ(allOf({}), NotMeasured);
}

TEST(Verdict, WrongVerdictsAreAsRareAsTheLevelSays) {
    // Truth is 0: "more than 0" and "less than 0" are each wrong. With three seeds and items of known error, either is
    // said in about 2.5 % of trials.
    Rng rng(5, "verdicts");
    constexpr int kTrials = 20000;
    int holds = 0, fails = 0;
    for (int t = 0; t < kTrials; ++t) {
        const double items = 0.3 * rng.normal();
        Evidence e{{}, 0.3};
        for (int s = 0; s < 3; ++s) e.by_seed.push_back(items + 0.4 * rng.normal());
        const Verdict v = judge(e, 0, true, 0.95, 1);
        holds += v == Verdict::Holds;
        fails += v == Verdict::Fails;
    }
    EXPECT_LT(holds, 0.035 * kTrials);
    EXPECT_LT(fails, 0.035 * kTrials);
    EXPECT_GT(holds, 0.010 * kTrials);
    EXPECT_GT(fails, 0.010 * kTrials);
}

}  // namespace
}  // namespace engine
