// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/set_evaluation.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/error.h"
#include "tests/eval/eval_support.h"

namespace engine {
namespace {

// Points of the plane by their angle in degrees.
Matrix angles(const std::vector<double>& degrees) {
    Matrix m(degrees.size(), 2);
    for (std::size_t i = 0; i < degrees.size(); ++i) {
        m.row(i)[0] = static_cast<float>(std::cos(degrees[i] * M_PI / 180));
        m.row(i)[1] = static_cast<float>(std::sin(degrees[i] * M_PI / 180));
    }
    return m;
}

TEST(HitAt, EqualsTheMeanOverAllOrders) {
    for (std::uint32_t tied = 0; tied <= 5; ++tied) {
        for (std::uint32_t positives = 1; positives <= 3; ++positives) {
            for (std::uint32_t beaten = 0; beaten <= 3; ++beaten) {
                QueryRank rank;
                rank.positives = positives;
                rank.beaten_by = beaten;
                rank.tied = tied;
                rank.tied_positives = positives;
                std::vector<int> order(tied, 0);  // 0: non-positive, 1: positive
                order.insert(order.end(), positives, 1);
                double places = 0, orders = 0;
                std::vector<double> hits(12, 0);
                do {
                    const auto ahead = std::find(order.begin(), order.end(), 1) - order.begin() + beaten;
                    ++orders;
                    places += static_cast<double>(ahead) + 1;
                    for (std::size_t k = 1; k < hits.size(); ++k) hits[k] += ahead < static_cast<std::ptrdiff_t>(k);
                } while (std::next_permutation(order.begin(), order.end()));
                for (std::size_t k = 1; k < hits.size(); ++k) {
                    EXPECT_NEAR(hitAt(rank, k, TieRule::Expected), hits[k] / orders, 1e-14);
                    EXPECT_EQ(hitAt(rank, k, TieRule::Optimistic), beaten < k);
                    EXPECT_EQ(hitAt(rank, k, TieRule::Pessimistic), beaten + tied < k);
                }
                EXPECT_NEAR(rankOf(rank, TieRule::Expected), places / orders, 1e-12);
            }
        }
    }
}

TEST(SetEvaluation, RetrievalOfASmallSetByHand) {
    // Items at 0, 10, 20, 30; captions beside them, two for each of the first two, the last caption far off.
    const Matrix x = angles({0, 10, 20, 30}), y = angles({1, -2, 11, 14, 22, 12.4});
    const SetDescription set{
        "toy", SetKind::Retrieval, "audio", "text", {{0, 0}, {0, 1}, {1, 2}, {1, 3}, {2, 4}, {3, 5}}, ""};
    const auto m = evaluateSet(set, test::rawSource(x), test::rawSource(y), "cosine", {}, {});
    ASSERT_TRUE(m.retrieval);
    EXPECT_EQ(m.retrieval->forward.name, "audio→text");
    EXPECT_EQ(m.retrieval->backward.name, "text→audio");
    // Item 3 (30) meets 22, 14 before its own 12.4 at third place; the other items are first.
    EXPECT_DOUBLE_EQ(m.retrieval->forward.r1, 75);
    EXPECT_DOUBLE_EQ(m.retrieval->forward.r5, 100);
    EXPECT_DOUBLE_EQ(m.retrieval->forward.median_rank.value(), 1);
    // Caption 5 (12.4) meets 10, 20, 0 before its own 30: rank 4.
    EXPECT_DOUBLE_EQ(m.retrieval->backward.r1, 100 * 5.0 / 6);
    EXPECT_DOUBLE_EQ(m.retrieval->r1, (75 + 100 * 5.0 / 6) / 2);
    EXPECT_DOUBLE_EQ(m.value("R@1"), m.retrieval->r1);
    EXPECT_DOUBLE_EQ(m.value("R@1 text→audio"), 100 * 5.0 / 6);
    EXPECT_THROW(m.value("R@2"), Error);
    EXPECT_EQ(m.protocol.first_items, 4u);
    EXPECT_EQ(m.protocol.second_items, 6u);
    EXPECT_NE(protocolText(m.protocol).find("6 pairs"), std::string::npos);
    EXPECT_EQ(toJson(m)["metrics"]["R@1 audio→text"], 75.0);
    EXPECT_EQ(toJson(m)["protocol"]["tie_rule"], m.protocol.tie_rule);
}

TEST(SetEvaluation, TiesFollowTheirRule) {
    const Matrix x = angles({0}), y = angles({5, 5, 5, 40});
    const SetDescription set{"toy", SetKind::Retrieval, "text", "text", {{0, 1}}, ""};
    const auto r1 = [&](const std::string& ties) {
        EvalOptions options;
        options.ties = ties;
        return evaluateSet(set, test::rawSource(x), test::rawSource(y), "cosine", options, {}).retrieval->forward.r1;
    };
    EXPECT_NEAR(r1("expected"), 100.0 / 3, 1e-12);
    EXPECT_EQ(r1("optimistic"), 100);
    EXPECT_EQ(r1("pessimistic"), 0);
    EXPECT_EQ(r1("index"), 0);
    EXPECT_THROW(r1("expectd"), Error);
    const auto m = evaluateSet(set, test::rawSource(x), test::rawSource(y), "cosine", {}, {});
    EXPECT_EQ(m.retrieval->forward.tied_queries, 1u);
    EXPECT_EQ(m.retrieval->forward.name, "first→second");
    EXPECT_EQ(m.retrieval->backward.queries, 1u);
    EXPECT_EQ(m.retrieval->backward.left_out, 3u);
}

TEST(SetEvaluation, ClassificationOfASmallSetByHand) {
    const Matrix items = angles({0, 12, 29, 61, 44}), classes = angles({0, 30, 60});
    const SetDescription set{"toy", SetKind::Classification, "image", "text", {{0, 0}, {1, 1}, {2, 1}, {3, 2}, {4, 1}},
                             "a {}"};
    const auto m = evaluateSet(set, test::rawSource(items), test::rawSource(classes), "cosine", {}, {});
    ASSERT_TRUE(m.classification);
    EXPECT_DOUBLE_EQ(m.classification->top1, 80);  // the item at 12 is nearer to the class at 0
    EXPECT_DOUBLE_EQ(m.classification->top5, 100);
    EXPECT_EQ(m.classification->classes, 3u);
    ASSERT_TRUE(m.classification->by_class);
    EXPECT_DOUBLE_EQ(m.classification->by_class->r1, 100);
    EXPECT_DOUBLE_EQ(m.value("top-1"), 80);
    SetDescription twice = set;
    twice.pairs.push_back({0, 1});
    EXPECT_THROW(evaluateSet(twice, test::rawSource(items), test::rawSource(classes), "cosine", {}, {}), Error);
}

TEST(SetEvaluation, MultiLabelEqualsTheReference) {
    Rng rng(31);
    const Matrix items = test::randomUnitRows(300, 20, rng), classes = test::randomUnitRows(11, 20, rng);
    SetDescription set{"tags", SetKind::MultiLabel, "audio", "text", {}, ""};
    for (std::uint32_t i = 0; i < 300; ++i) set.pairs.push_back({i, static_cast<std::uint32_t>(rng.below(10))});
    const auto fast = evaluateSet(set, test::rawSource(items), test::rawSource(classes), "cosine", {}, {});
    const auto slow = evaluateSetReference(set, test::rawSource(items), test::rawSource(classes), "cosine", {}, {});
    EXPECT_NEAR(fast.value("mAP"), slow.value("mAP"), 1e-11);
    EXPECT_EQ(fast.multi_label->classes_without_items, 1u);
}

TEST(MetricsTable, PrintsEveryFigureWithItsProtocol) {
    const Matrix x = angles({0, 10}), y = angles({1, 9});
    const SetDescription set{"toy", SetKind::Retrieval, "audio", "text", {{0, 0}, {1, 1}}, ""};
    MetricsTable table;
    table.subject = "Space";
    table.synthetic = true;
    table.sets.push_back(
        evaluateSet(set, test::rawSource(x), test::rawSource(y), "inner product of unit rows in Space", {}, {}));
    const std::string text = toText(table);
    EXPECT_NE(text.find("synthetic world"), std::string::npos);
    EXPECT_NE(text.find("100.00"), std::string::npos);
    EXPECT_NE(text.find("inner product of unit rows in Space"), std::string::npos);
    EXPECT_EQ(toJson(table)["sets"][0]["directions"][1]["queries"], 2);
    EXPECT_THROW(table.at("to"), Error);
    EXPECT_EQ(&table.at("toy"), &table.sets[0]);
}

}  // namespace
}  // namespace engine
