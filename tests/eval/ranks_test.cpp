// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/ranks.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <limits>

#include "engine/base/error.h"
#include "tests/eval/eval_support.h"

namespace engine {
namespace {

using test::ExactRows;
using test::randomUnitRows;
using test::rawSource;

void expectEqualRanks(const std::vector<QueryRank>& found, const std::vector<QueryRank>& expected, const char* what) {
    ASSERT_EQ(found.size(), expected.size()) << what;
    std::size_t wrong = 0;
    for (std::size_t q = 0; q < found.size(); ++q) {
        const auto &f = found[q], &e = expected[q];
        const bool same =
            f.positives == e.positives &&
            (e.positives == 0 || (f.beaten_by == e.beaten_by && f.tied == e.tied && f.tied_before == e.tied_before &&
                                  f.tied_positives == e.tied_positives));
        if (same) continue;
        if (++wrong <= 3) {
            ADD_FAILURE() << what << " query " << q << ": found " << f.beaten_by << "/" << f.tied << "/"
                          << f.tied_before << "/" << f.tied_positives << ", reference " << e.beaten_by << "/" << e.tied
                          << "/" << e.tied_before << "/" << e.tied_positives;
        }
    }
    EXPECT_EQ(wrong, 0u) << what;
}

PairRanks expectReference(const RowSource& first, const RowSource& second, const PairList& pairs) {
    const JobContext job;
    const auto found = rankPairs(first, second, pairs, Directions::Both, "test", job);
    const auto expected = rankPairsReference(first, second, pairs, Directions::Both, job);
    expectEqualRanks(found.forward, expected.forward, "forward");
    expectEqualRanks(found.backward, expected.backward, "backward");
    return found;
}

PairList randomPairs(std::size_t rows, std::size_t cols, std::size_t count, Rng& rng) {
    PairList pairs(count);
    for (auto& p : pairs) {
        p = {static_cast<std::uint32_t>(rng.below(rows)), static_cast<std::uint32_t>(rng.below(cols))};
    }
    return pairs;
}

TEST(Ranks, EqualTheReferenceOnRandomSets) {
    Rng rng(7);
    const std::size_t widths[] = {2, 3, 15, 16, 17, 64, 257, 1024};
    for (int round = 0; round < 24; ++round) {
        const std::size_t width = widths[round % 8];
        const std::size_t rows = 1 + rng.below(220), cols = 1 + rng.below(1100);
        const Matrix x = randomUnitRows(rows, width, rng), y = randomUnitRows(cols, width, rng);
        // Several positives, repeated pairs, and queries that have none.
        const auto pairs = randomPairs(rows, cols, 1 + rng.below(3 * rows), rng);
        SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(cols) + " width " + std::to_string(width));
        expectReference(rawSource(x), rawSource(y), pairs);
    }
}

TEST(Ranks, EqualTheReferenceOverSeveralPackedColumns) {
    Rng rng(8);
    const Matrix x = randomUnitRows(130, 24, rng), y = randomUnitRows(9001, 24, rng);
    expectReference(rawSource(x), rawSource(y), randomPairs(130, 9001, 500, rng));
    expectReference(rawSource(y), rawSource(x), randomPairs(9001, 130, 9500, rng));
}

// Candidates that differ from the positive by anything from 1e-3 down to 1e-15: below float32 only float64 can tell.
TEST(Ranks, EqualTheReferenceOnNearTies) {
    Rng rng(9);
    constexpr std::size_t kItems = 40, kCopies = 26, kWidth = 96;
    ExactRows x(kItems, kWidth), y(kItems * kCopies, kWidth);
    PairList pairs;
    for (std::size_t i = 0; i < kItems; ++i) {
        for (std::size_t k = 0; k < kWidth; ++k) x.row(i)[k] = rng.normal();
        std::vector<double> positive(kWidth);
        for (std::size_t k = 0; k < kWidth; ++k) positive[k] = x.row(i)[k] + 0.7 * rng.normal();
        for (std::size_t c = 0; c < kCopies; ++c) {
            const std::size_t row = i * kCopies + c;
            const double step = c == 0 ? 0 : std::pow(10.0, -3.0 - 0.5 * static_cast<double>(c - 1));
            for (std::size_t k = 0; k < kWidth; ++k) y.row(row)[k] = positive[k] + step * rng.normal();
        }
        pairs.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i * kCopies + rng.below(kCopies))});
    }
    x.settle();
    y.settle();
    const auto found = expectReference(x.source(), y.source(), pairs);
    EXPECT_GT(found.resolved, kItems);  // float64 of the float32 rows was not enough
    // The set is hard: ranks by the rounded rows alone are wrong somewhere.
    const auto rounded = rankPairsReference(rawSource(x.rounded), rawSource(y.rounded), pairs, Directions::Forward, {});
    std::size_t different = 0;
    for (std::size_t q = 0; q < kItems; ++q) different += rounded.forward[q].beaten_by != found.forward[q].beaten_by;
    EXPECT_GT(different, kItems / 4);
}

TEST(Ranks, CountDuplicatesAsTies) {
    Rng rng(10);
    const Matrix kinds = randomUnitRows(12, 40, rng);
    Matrix x(90, 40), y(700, 40);
    for (std::size_t i = 0; i < x.rows(); ++i) std::copy_n(kinds.row(rng.below(12)), 40, x.row(i));
    for (std::size_t i = 0; i < y.rows(); ++i) std::copy_n(kinds.row(rng.below(12)), 40, y.row(i));
    const auto pairs = randomPairs(90, 700, 300, rng);
    const auto found = expectReference(rawSource(x), rawSource(y), pairs);
    std::size_t tied = 0, several = 0;
    for (const auto& q : found.forward) {
        tied += q.positives != 0 && q.tied != 0;
        several += q.tied_positives > 1;
    }
    EXPECT_GT(tied, 40u);
    EXPECT_GT(several, 0u);
}

TEST(Ranks, TakeAllEqualRows) {
    Matrix x(5, 8), y(33, 8);
    std::fill_n(x.data(), x.size(), std::sqrt(0.125f));
    std::fill_n(y.data(), y.size(), std::sqrt(0.125f));
    const auto found = expectReference(rawSource(x), rawSource(y), {{0, 7}, {0, 9}, {4, 32}});
    EXPECT_EQ(found.forward[0].tied, 31u);
    EXPECT_EQ(found.forward[0].tied_before, 7u);
    EXPECT_EQ(found.forward[0].tied_positives, 2u);
    EXPECT_EQ(found.forward[0].beaten_by, 0u);
}

TEST(Ranks, TakeNegativeScores) {
    Rng rng(11);
    Matrix x = randomUnitRows(60, 32, rng), y(60, 32);
    for (std::size_t i = 0; i < x.size(); ++i) y.data()[i] = -x.data()[i];
    PairList pairs;
    for (std::uint32_t i = 0; i < 60; ++i) pairs.push_back({i, i});
    const auto found = expectReference(rawSource(x), rawSource(y), pairs);
    for (const auto& q : found.forward) EXPECT_EQ(q.beaten_by, 59u);  // nothing is further away than the opposite
}

TEST(Ranks, OtherPositivesDoNotPushDown) {
    // One query at angle 0; candidates ever further away, of which 0, 1, 2 and 4 are positives.
    Matrix x(1, 2), y(6, 2);
    x.row(0)[0] = 1;
    x.row(0)[1] = 0;
    for (std::size_t i = 0; i < 6; ++i) {
        y.row(i)[0] = std::cos(0.2f * static_cast<float>(5 - i));
        y.row(i)[1] = std::sin(0.2f * static_cast<float>(5 - i));
    }
    const auto found =
        rankPairs(rawSource(x), rawSource(y), {{0, 0}, {0, 1}, {0, 2}, {0, 4}}, Directions::Both, "t", {});
    EXPECT_EQ(found.forward[0].beaten_by, 1u);  // candidate 5 only
    EXPECT_EQ(found.forward[0].positives, 4u);
    EXPECT_EQ(found.backward[4].beaten_by, 0u);
    EXPECT_EQ(found.backward[3].positives, 0u);
}

TEST(Ranks, DoNotDependOnThreads) {
    Rng rng(12);
    const Matrix x = randomUnitRows(300, 48, rng), y = randomUnitRows(5000, 48, rng);
    const auto pairs = randomPairs(300, 5000, 900, rng);
    const int before = omp_get_max_threads();
    omp_set_num_threads(1);
    const auto one = rankPairs(rawSource(x), rawSource(y), pairs, Directions::Both, "t", {});
    omp_set_num_threads(5);
    const auto five = rankPairs(rawSource(x), rawSource(y), pairs, Directions::Both, "t", {});
    omp_set_num_threads(before);
    expectEqualRanks(one.forward, five.forward, "forward");
    expectEqualRanks(one.backward, five.backward, "backward");
    EXPECT_EQ(one.rechecked, five.rechecked);
}

TEST(Ranks, RefuseBadRowsAndPairs) {
    Rng rng(13);
    const Matrix x = randomUnitRows(10, 16, rng), narrow = randomUnitRows(10, 15, rng);
    Matrix bad = randomUnitRows(10, 16, rng);
    const auto run = [&](const Matrix& second, const PairList& pairs) {
        return rankPairs(rawSource(x), rawSource(second), pairs, Directions::Both, "clips", {});
    };
    EXPECT_THROW(run(narrow, {{0, 0}}), Error);
    EXPECT_THROW(run(bad, {{0, 10}}), Error);
    bad.row(6)[3] = std::numeric_limits<float>::quiet_NaN();
    try {
        run(bad, {{0, 0}});
        FAIL() << "a row that is not a number was taken";
    } catch (const Error& e) {
        EXPECT_NE(e.where().find("row 6"), std::string::npos) << e.what();
        EXPECT_EQ(e.code(), ErrorCode::InvalidInput);
    }
    bad.row(6)[3] = 4.0f;
    EXPECT_THROW(run(bad, {{0, 0}}), Error);
}

TEST(Ranks, PassOnAnErrorOfTheExactRows) {
    Rng rng(14);
    const Matrix kind = randomUnitRows(1, 16, rng);
    Matrix x(20, 16);
    for (std::size_t i = 0; i < 20; ++i) std::copy_n(kind.row(0), 16, x.row(i));
    RowSource broken = rawSource(x);
    broken.exact = [](std::size_t, double*) { throw Error(ErrorCode::Io, "basis", "the file went away"); };
    EXPECT_THROW(rankPairs(broken, rawSource(x), {{0, 1}}, Directions::Both, "t", {}), Error);
}

TEST(Ranks, Stop) {
    Rng rng(15);
    const Matrix x = randomUnitRows(500, 32, rng);
    std::stop_source stop;
    std::size_t reports = 0;
    const JobContext job(stop.get_token(), [&](const Progress&) {
        if (++reports == 1) stop.request_stop();
    });
    EXPECT_THROW(rankPairs(rawSource(x), rawSource(x), {{0, 0}}, Directions::Both, "t", job), Cancelled);
}

}  // namespace
}  // namespace engine
