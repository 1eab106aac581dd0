// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/average_precision.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "tests/eval/eval_support.h"

namespace engine {
namespace {

// AP of one order of the items, straight from its definition.
double precisionOfOrder(const std::vector<std::size_t>& order, const std::vector<char>& positive) {
    double sum = 0, found = 0;
    for (std::size_t place = 0; place < order.size(); ++place) {
        if (positive[order[place]]) sum += ++found / static_cast<double>(place + 1);
    }
    return sum / found;
}

TEST(AveragePrecision, HasKnownValues) {
    // scikit-learn's average_precision_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) = 0.8333...
    EXPECT_NEAR(averagePrecision({0.1, 0.4, 0.35, 0.8}, {0, 0, 1, 1}, TieRule::Expected).value, 5.0 / 6, 1e-15);
    EXPECT_EQ(averagePrecision({0.3, 0.2}, {1, 0}, TieRule::Expected).value, 1);
    EXPECT_EQ(averagePrecision({0.3, 0.2}, {0, 1}, TieRule::Expected).value, 0.5);
    EXPECT_EQ(averagePrecision({0.3, 0.2}, {0, 0}, TieRule::Expected).positives, 0u);
}

TEST(AveragePrecision, EqualsTheDefinitionWithoutTies) {
    Rng rng(21);
    for (int round = 0; round < 50; ++round) {
        const std::size_t n = 2 + rng.below(200);
        std::vector<double> scores(n);
        std::vector<char> positive(n);
        for (std::size_t i = 0; i < n; ++i) {
            scores[i] = rng.uniform();
            positive[i] = rng.below(4) == 0;
        }
        positive[rng.below(n)] = 1;
        std::vector<std::size_t> order(n);
        std::iota(order.begin(), order.end(), 0);
        std::sort(order.begin(), order.end(), [&](auto a, auto b) { return scores[a] > scores[b]; });
        for (const auto rule : {TieRule::Expected, TieRule::Optimistic, TieRule::Pessimistic, TieRule::ByIndex}) {
            const auto found = averagePrecision(scores, positive, rule);
            EXPECT_NEAR(found.value, precisionOfOrder(order, positive), 1e-13);
            EXPECT_FALSE(found.tied);
        }
    }
}

// With ties: the mean, best and worst over every order that the scores allow.
TEST(AveragePrecision, EqualsAllOrdersWithTies) {
    Rng rng(22);
    for (int round = 0; round < 60; ++round) {
        const std::size_t n = 2 + rng.below(6);
        std::vector<double> scores(n);
        std::vector<char> positive(n, 0);
        for (std::size_t i = 0; i < n; ++i) {
            scores[i] = 0.25 * static_cast<double>(rng.below(3));
            positive[i] = rng.below(2) == 0;
        }
        positive[rng.below(n)] = 1;
        std::vector<std::size_t> order(n);
        std::iota(order.begin(), order.end(), 0);
        double sum = 0, best = 0, worst = 1, first = -1;
        std::size_t count = 0;
        do {
            const bool allowed =
                std::is_sorted(order.begin(), order.end(), [&](auto a, auto b) { return scores[a] > scores[b]; });
            if (!allowed) continue;
            const double value = precisionOfOrder(order, positive);
            if (count++ == 0) first = value;  // orders come lexicographically: the first is by index within ties
            sum += value;
            best = std::max(best, value);
            worst = std::min(worst, value);
        } while (std::next_permutation(order.begin(), order.end()));
        EXPECT_NEAR(averagePrecision(scores, positive, TieRule::Expected).value, sum / static_cast<double>(count),
                    1e-13);
        EXPECT_NEAR(averagePrecision(scores, positive, TieRule::Optimistic).value, best, 1e-13);
        EXPECT_NEAR(averagePrecision(scores, positive, TieRule::Pessimistic).value, worst, 1e-13);
        EXPECT_NEAR(averagePrecision(scores, positive, TieRule::ByIndex).value, first, 1e-13);
    }
}

TEST(AveragePrecision, OfASetEqualsEachClassAlone) {
    Rng rng(23);
    constexpr std::size_t kItems = 700, kClasses = 19, kWidth = 33;
    Matrix items = test::randomUnitRows(kItems, kWidth, rng);
    const Matrix classes = test::randomUnitRows(kClasses, kWidth, rng);
    for (std::size_t i = 0; i < 40; ++i) std::copy_n(items.row(i), kWidth, items.row(kItems - 1 - i));  // ties
    PairList pairs;
    std::vector<std::vector<char>> positive(kClasses, std::vector<char>(kItems, 0));
    for (std::uint32_t i = 0; i < kItems; ++i) {
        for (std::uint32_t c = 0; c + 1 < kClasses; ++c) {  // the last class has no item
            if (rng.below(7) != 0) continue;
            pairs.push_back({i, c});
            positive[c][i] = 1;
        }
    }
    const auto found =
        averagePrecisions(test::rawSource(items), test::rawSource(classes), pairs, TieRule::Expected, "t", {}).classes;
    ASSERT_EQ(found.size(), kClasses);
    std::vector<double> x(kWidth), y(kWidth), scores(kItems);
    std::size_t tied = 0;
    for (std::size_t c = 0; c < kClasses; ++c) {
        exactRow(test::rawSource(classes), c, y.data());
        for (std::size_t i = 0; i < kItems; ++i) {
            exactRow(test::rawSource(items), i, x.data());
            scores[i] = std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
        }
        const auto expected = averagePrecision(scores, positive[c], TieRule::Expected);
        EXPECT_EQ(found[c].positives, expected.positives);
        EXPECT_NEAR(found[c].value, expected.value, 1e-13);
        EXPECT_EQ(found[c].tied, expected.tied);
        tied += found[c].tied;
    }
    EXPECT_GT(tied, 0u);
    EXPECT_EQ(found.back().positives, 0u);
}

// A set of several labels whose classes are told from the items with so much noise.
struct Labelled {
    Matrix items, classes;
    PairList pairs;
    std::vector<std::vector<char>> positive;  // [class][item]
    std::vector<std::vector<double>> scores;

    Labelled(std::size_t n, std::size_t class_count, std::uint64_t seed) : items(n, 24), classes(class_count, 24) {
        Rng rng(seed);
        classes = test::randomUnitRows(class_count, 24, rng);
        items = test::randomUnitRows(n, 24, rng);
        positive.assign(class_count, std::vector<char>(n, 0));
        scores.assign(class_count, std::vector<double>(n));
        std::vector<double> x(24), y(24);
        for (std::uint32_t c = 0; c < class_count; ++c) {
            exactRow(test::rawSource(classes), c, y.data());
            for (std::uint32_t i = 0; i < n; ++i) {
                exactRow(test::rawSource(items), i, x.data());
                scores[c][i] = std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
                if (scores[c][i] + 0.35 * rng.normal() < 0.45) continue;
                positive[c][i] = 1;
                pairs.push_back({i, c});
            }
        }
    }

    // mAP with weights of the items, straight from its definition.
    double weighted(const std::vector<double>& w) const {
        double sum = 0;
        for (std::size_t c = 0; c < scores.size(); ++c) {
            double value = 0, whole = 0;
            for (std::size_t p = 0; p < w.size(); ++p) {
                if (!positive[c][p] || w[p] == 0) continue;
                double found = 0, all = 0;
                for (std::size_t i = 0; i < w.size(); ++i) {
                    if (scores[c][i] < scores[c][p]) continue;
                    all += w[i];
                    if (positive[c][i]) found += w[i];
                }
                value += w[p] * found / all;
                whole += w[p];
            }
            sum += value / whole;
        }
        return sum / static_cast<double>(scores.size());
    }

    std::vector<float> influence() const {
        std::vector<float> out;
        averagePrecisions(test::rawSource(items), test::rawSource(classes), pairs, TieRule::Expected, "t", {}, &out);
        return out;
    }
};

TEST(AveragePrecision, InfluencesAreTheDerivativesByTheItemsWeights) {
    const Labelled set(60, 4, 25);
    const auto influence = set.influence();
    ASSERT_EQ(influence.size(), 60u);
    std::vector<double> w(60, 1.0);
    double sum = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
        constexpr double kStep = 1e-5;
        w[i] = 1 + kStep;
        const double above = set.weighted(w);
        w[i] = 1 - kStep;
        const double below = set.weighted(w);
        w[i] = 1;
        EXPECT_NEAR(influence[i], (above - below) / (2 * kStep), 1e-7) << i;
        sum += static_cast<double>(influence[i]);
    }
    EXPECT_NEAR(sum, 0, 1e-6);
}

TEST(AveragePrecision, ErrorsAreThoseOfTheBootstrap) {
    const Labelled set(300, 5, 26), same(300, 5, 26);
    const auto a = set.influence();
    Rng rng(27);
    double sum = 0, squares = 0;
    constexpr int kResamples = 400;
    std::vector<double> w(300);
    for (int r = 0; r < kResamples; ++r) {
        std::fill(w.begin(), w.end(), 0.0);
        for (std::size_t i = 0; i < w.size(); ++i) w[rng.below(300)] += 1;
        const double value = set.weighted(w);
        sum += value;
        squares += value * value;
    }
    const double mean = sum / kResamples, drawn = std::sqrt(squares / kResamples - mean * mean);
    EXPECT_GT(drawn, 0.01);
    EXPECT_NEAR(precisionError(a, {}), drawn, 0.15 * drawn);
    // Paired: a set differs from itself for no item.
    EXPECT_EQ(precisionError(a, same.influence()), 0);
    EXPECT_NEAR(precisionError({0.3f, -0.3f}, {0.0f, 0.1f}), 0.5, 1e-7);
}

TEST(AveragePrecision, RefusesLabelsOutOfRange) {
    Rng rng(24);
    const Matrix x = test::randomUnitRows(4, 8, rng);
    EXPECT_THROW(averagePrecisions(test::rawSource(x), test::rawSource(x), {{0, 4}}, TieRule::Expected, "t", {}),
                 Error);
    EXPECT_THROW(averagePrecisions(test::rawSource(x), test::rawSource(x), {{4, 0}}, TieRule::Expected, "t", {}),
                 Error);
}

}  // namespace
}  // namespace engine
