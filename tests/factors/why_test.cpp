// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/why.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "engine/factors/query_field.h"
#include "engine/factors/shapley.h"
#include "tests/factors/small_product.h"

namespace engine {
namespace {

// All scores of one query at a setting, by blending every row in float64.
BestAnswers bruteForce(const SmallProduct& world, const SetComponents& set, const Setting& setting, std::uint32_t query,
                       bool forward) {
    const Components& from = forward ? set.first : set.second;
    const Components& to = forward ? set.second : set.first;
    const BlendWeights a = world.model->weights(from.modality, from, setting);
    const BlendWeights b = world.model->weights(to.modality, to, setting);
    std::vector<double> x(from.width()), y(from.width());
    blendRow(from, a, query, x.data());
    BestAnswers out;
    out.positive = out.wrong = -2;
    for (std::uint32_t c = 0; c < to.rows(); ++c) {
        blendRow(to, b, c, y.data());
        const double score = std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
        const std::array<std::uint32_t, 2> pair = {forward ? query : c, forward ? c : query};
        const bool right = std::find(set.set.pairs.begin(), set.set.pairs.end(), pair) != set.set.pairs.end();
        if (score <= (right ? out.positive : out.wrong)) continue;
        (right ? out.positive : out.wrong) = score;
        (right ? out.positive_row : out.wrong_row) = c;
    }
    return out;
}

// Shares by the definition: the mean over all orders of the movers.
std::vector<double> sharesByOrders(const SmallProduct& world, const SetComponents& set, const Setting& before,
                                   const std::vector<Mover>& movers, std::uint32_t query, bool forward) {
    std::vector<std::size_t> order(movers.size());
    std::iota(order.begin(), order.end(), 0);
    std::vector<double> shares(movers.size(), 0);
    double orders = 0;
    do {
        Setting at = before;
        double last = bruteForce(world, set, at, query, forward).margin();
        for (const std::size_t m : order) {
            (movers[m].expert ? at.expert_weights : at.factors)[movers[m].name] = movers[m].after;
            const double now = bruteForce(world, set, at, query, forward).margin();
            shares[m] += now - last;
            last = now;
        }
        ++orders;
    } while (std::next_permutation(order.begin(), order.end()));
    for (double& share : shares) share /= orders;
    return shares;
}

double sumOf(const std::vector<double>& x) {
    return std::accumulate(x.begin(), x.end(), 0.0);
}

// As in a blend: experts' weights count beside each other alone.
TEST(QueryField, WeightsThatAreAllSmallAreTheSame) {
    const SmallProduct world;
    const Components& side = world.sets[0].first;
    const PartGrams grams(side, {0, 1, 2}, {});
    const auto at = [&](double weight) {
        return coefficientsOf(grams,
                              world.model->weights(side.modality, side, {{}, {{"ExpertG", 0}, {"ExpertM", weight}}}));
    };
    EXPECT_EQ(at(1e-7), at(1));
}

const Setting kBefore{{{"sigma_a", 0.1}, {"sigma_t", 0.1}}, {{"ExpertG", 0}}};
const Setting kAfter{{{"sigma_a", 0.7}, {"sigma_t", 0.6}}, {{"ExpertM", 2}}};

// Every set both ways: what is listed equals the reference, and shares equal those of the definition.
void expectEqualsTheReference(const SmallProduct& world, const SetComponents& set, const WhyOptions& options) {
    const SetChange change = explainChange(*world.model, set, kBefore, kAfter, options, {});
    ASSERT_EQ(change.movers.size(), 4u);
    EXPECT_EQ(change.movers[0].name, "sigma_a");
    EXPECT_EQ(change.movers[2].name, "ExpertG");
    EXPECT_EQ(change.movers[2].before, 0);
    EXPECT_EQ(change.movers[2].after, 1);
    EXPECT_EQ(change.movers[3].before, 1);
    EXPECT_TRUE(change.exact);
    const auto ranksAt = [&](const Setting& setting) {
        const BlendWeights a = world.model->weights(set.first.modality, set.first, setting);
        const BlendWeights b = world.model->weights(set.second.modality, set.second, setting);
        const ProductRows x(set.first, a, {}), y(set.second, b, {});
        return rankPairsReference(x.source(), y.source(), set.set.pairs, Directions::Both, {});
    };
    const PairRanks before = ranksAt(kBefore), after = ranksAt(kAfter);
    const auto place = static_cast<std::size_t>(options.place);
    for (const bool forward : {true, false}) {
        const DirectionChange& found = forward ? change.forward : change.backward;
        const auto& from = forward ? before.forward : before.backward;
        const auto& to = forward ? after.forward : after.backward;
        std::vector<std::uint32_t> gained, lost;
        for (std::uint32_t q = 0; q < from.size(); ++q) {
            const double step = hitAt(to[q], place, TieRule::Expected) - hitAt(from[q], place, TieRule::Expected);
            if (step != 0) (step > 0 ? gained : lost).push_back(q);
        }
        std::size_t explained = 0;
        for (const bool is_gained : {true, false}) {
            const auto& listed = is_gained ? found.gained : found.lost;
            std::vector<std::uint32_t> rows;
            for (const QueryChange& q : listed) {
                rows.push_back(q.query);
                EXPECT_EQ(q.rank_before, rankOf(from[q.query], TieRule::Expected));
                EXPECT_EQ(q.rank_after, rankOf(to[q.query], TieRule::Expected));
                EXPECT_EQ(q.hit_after > q.hit_before, is_gained);
                const BestAnswers b = bruteForce(world, set, kBefore, q.query, forward);
                const BestAnswers a = bruteForce(world, set, kAfter, q.query, forward);
                EXPECT_EQ(q.wrong_before, b.wrong_row);
                EXPECT_EQ(q.wrong_after, a.wrong_row);
                EXPECT_EQ(q.positive_after, a.positive_row);
                EXPECT_NEAR(q.margin_before, b.margin(), q.explained() ? 1e-13 : 1e-5);
                EXPECT_NEAR(q.margin_after, a.margin(), q.explained() ? 1e-13 : 1e-5);
                if (!q.explained()) continue;
                ++explained;
                ASSERT_EQ(q.shares.size(), 4u);
                EXPECT_NEAR(sumOf(q.shares), q.margin_after - q.margin_before, 1e-13);
                const auto want = sharesByOrders(world, set, kBefore, change.movers, q.query, forward);
                for (std::size_t m = 0; m < want.size(); ++m) {
                    EXPECT_NEAR(q.shares[m], want[m], 1e-13) << change.movers[m].name;
                    EXPECT_EQ(q.errors[m], 0);
                }
            }
            std::sort(rows.begin(), rows.end());
            EXPECT_EQ(rows, is_gained ? gained : lost);
        }
        EXPECT_EQ(explained, std::min(gained.size() + lost.size(), static_cast<std::size_t>(options.explained)));
    }
}

// What a direction lists between two products: each query's margin by its own product's rows.
TEST(Why, TwoProductsEqualTheReference) {
    const SmallProduct one, other(true);
    std::size_t listed = 0;
    for (std::size_t s = 0; s < one.sets.size(); ++s) {
        const SetChange change =
            compareProducts({*one.model, one.sets[s], kBefore, {}}, {*other.model, other.sets[s], kAfter, {}}, {}, {});
        EXPECT_TRUE(change.movers.empty());
        for (const bool forward : {true, false}) {
            const DirectionChange& found = forward ? change.forward : change.backward;
            EXPECT_EQ(found.name, directionName(one.sets[s].set, forward));
            std::vector<std::uint32_t> gained, lost;
            for (std::uint32_t q = 0; q < SmallProduct::kItems; ++q) {
                const bool was = bruteForce(one, one.sets[s], kBefore, q, forward).margin() > 0;
                const bool is = bruteForce(other, other.sets[s], kAfter, q, forward).margin() > 0;
                if (was != is) (is ? gained : lost).push_back(q);
            }
            for (const bool is_gained : {true, false}) {
                std::vector<std::uint32_t> rows;
                double last = 3;
                for (const QueryChange& q : is_gained ? found.gained : found.lost) {
                    rows.push_back(q.query);
                    const BestAnswers b = bruteForce(one, one.sets[s], kBefore, q.query, forward);
                    const BestAnswers a = bruteForce(other, other.sets[s], kAfter, q.query, forward);
                    EXPECT_EQ(q.wrong_before, b.wrong_row);
                    EXPECT_EQ(q.wrong_after, a.wrong_row);
                    EXPECT_NEAR(q.margin_before, b.margin(), 1e-5);
                    EXPECT_NEAR(q.margin_after, a.margin(), 1e-5);
                    EXPECT_EQ(q.rank_before == 1, !is_gained);
                    EXPECT_FALSE(q.explained());
                    const double moved = std::fabs(q.margin_after - q.margin_before);
                    EXPECT_LE(moved, last);
                    last = moved;
                }
                std::sort(rows.begin(), rows.end());
                EXPECT_EQ(rows, is_gained ? gained : lost);
                listed += rows.size();
            }
        }
    }
    EXPECT_GT(listed, 20u);
}

TEST(Why, EqualsTheReference) {
    const SmallProduct world;
    for (const auto& set : world.sets) {
        for (const std::int64_t place : {1, 5}) {
            WhyOptions options;
            options.place = place;
            options.explained = place == 1 ? 40 : 3;
            expectEqualsTheReference(world, set, options);
        }
    }
}

TEST(Why, SeveralPositives) {
    SmallProduct world;
    SetComponents& set = world.sets[0];
    for (std::uint32_t i = 0; i + 1 < SmallProduct::kItems; i += 2) set.set.pairs.push_back({i, i + 1});
    set.set.pairs.push_back({0, 0});
    expectEqualsTheReference(world, set, {});
}

TEST(Why, AModuleThatTheSetDoesNotKnowHasNoShare) {
    const SmallProduct world;
    WhyOptions options;
    options.explained = 1000;
    const SetChange change = explainChange(*world.model, world.sets[1], kBefore, kAfter, options, {});  // audio, image
    ASSERT_EQ(change.movers[1].name, "sigma_t");
    std::size_t explained = 0;
    for (const auto* list : {&change.forward.gained, &change.forward.lost}) {
        for (const QueryChange& q : *list) {
            EXPECT_EQ(q.shares[1], 0);
            EXPECT_NE(q.shares[0], 0);
            ++explained;
        }
    }
    EXPECT_GT(explained, 0u);
    const SetChange none = explainChange(*world.model, world.sets[1], kBefore, kBefore, {}, {});
    EXPECT_TRUE(none.movers.empty());
    EXPECT_TRUE(none.forward.gained.empty() && none.backward.lost.empty());
}

TEST(Why, SymmetricModulesHaveEqualShares) {
    const SmallProduct world(true);
    const Setting off{{{"sigma_a", 0.6}, {"sigma_t", 0.6}}, {{"ExpertG", 0}, {"ExpertM", 0}}};
    const Setting on{{{"sigma_a", 0.6}, {"sigma_t", 0.6}}, {}};
    WhyOptions options;
    options.explained = 1000;
    const SetChange change = explainChange(*world.model, world.sets[0], off, on, options, {});
    ASSERT_EQ(change.movers.size(), 2u);
    ASSERT_FALSE(change.forward.gained.empty());
    for (const QueryChange& q : change.forward.gained) EXPECT_NEAR(q.shares[0], q.shares[1], 1e-14);
}

TEST(Why, SampledSharesAreWithinTheirErrors) {
    const SmallProduct world;
    WhyOptions options;
    const SetChange exact = explainChange(*world.model, world.sets[0], kBefore, kAfter, options, {});
    options.exact_players = 2;
    const SetChange sampled = explainChange(*world.model, world.sets[0], kBefore, kAfter, options, {});
    EXPECT_FALSE(sampled.exact);
    ASSERT_EQ(exact.forward.gained.size(), sampled.forward.gained.size());
    std::size_t compared = 0, near = 0;
    for (std::size_t i = 0; i < exact.forward.gained.size(); ++i) {
        const QueryChange &a = exact.forward.gained[i], &b = sampled.forward.gained[i];
        EXPECT_EQ(a.query, b.query);
        if (!a.explained()) continue;
        EXPECT_NEAR(sumOf(b.shares), b.margin_after - b.margin_before, 1e-13);
        for (std::size_t m = 0; m < a.shares.size(); ++m) {
            EXPECT_LE(std::fabs(a.shares[m] - b.shares[m]), 5 * b.errors[m] + 1e-13);
            near += std::fabs(a.shares[m] - b.shares[m]) <= 2 * b.errors[m] + 1e-13;
            ++compared;
        }
    }
    EXPECT_GT(compared, 8u);
    EXPECT_GT(near, compared * 8 / 10);
}

TEST(Why, RanksFromLandscapesGiveTheSame) {
    const SmallProduct world;
    LandscapeEvaluator evaluator(world.model, world.sets, {});
    const Setting before{{{"sigma_a", 0.1}}, {}}, after{{{"sigma_a", 0.9}, {"sigma_t", 0.4}}, {}};
    evaluator.prepare(before, {});
    const RankSource ranks = landscapeRanks(evaluator, 0);
    EXPECT_EQ(ranks(after, true).size(), SmallProduct::kItems);
    EXPECT_TRUE(ranks(kAfter, true).empty());
    const SetChange a = explainChange(*world.model, world.sets[0], before, after, {}, {});
    const SetChange b = explainChange(*world.model, world.sets[0], before, after, {}, {}, ranks);
    ASSERT_EQ(a.forward.gained.size(), b.forward.gained.size());
    ASSERT_FALSE(a.forward.gained.empty());
    for (std::size_t i = 0; i < a.forward.gained.size(); ++i) {
        EXPECT_EQ(a.forward.gained[i].query, b.forward.gained[i].query);
        EXPECT_EQ(a.forward.gained[i].rank_before, b.forward.gained[i].rank_before);
        EXPECT_EQ(a.forward.gained[i].shares, b.forward.gained[i].shares);
    }
}

TEST(Why, NamesWhatIsWrong) {
    const SmallProduct world;
    const auto expectSays = [&](const Setting& setting, const WhyOptions& options, const std::string& text) {
        try {
            explainChange(*world.model, world.sets[0], kBefore, setting, options, {});
            ADD_FAILURE() << text;
        } catch (const Error& e) {
            EXPECT_NE(std::string(e.what()).find(text), std::string::npos) << e.what();
        }
    };
    expectSays({{{"sigma_q", 0.5}}, {}}, {}, "unknown factor 'sigma_q'");
    expectSays({{{"sigma_a", 1.5}}, {}}, {}, "found 1.5");
    expectSays({{}, {{"ExpertX", 1}}}, {}, "no expert 'ExpertX'");
    WhyOptions options;
    options.place = 0;
    expectSays(kAfter, options, "place");
    SetComponents labels = world.sets[0];
    labels.set.kind = SetKind::MultiLabel;
    EXPECT_THROW(explainChange(*world.model, labels, kBefore, kAfter, {}, {}), Error);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(explainChange(*world.model, world.sets[0], kBefore, kAfter, {}, JobContext(stop.get_token())),
                 Cancelled);
}

// Three players with v(S) = (a + b·c) of those that moved: b and c share their product equally.
TEST(Shapley, KnownGame) {
    const ShapleyPlan plan(3, 8, 0, 0);
    std::vector<double> values;
    for (const std::uint64_t s : plan.coalitions()) values.push_back((s & 1 ? 3.0 : 0.0) + ((s & 6) == 6 ? 4.0 : 0.0));
    const ShapleyValues exact = plan.values(values);
    EXPECT_NEAR(exact.shares[0], 3, 1e-14);
    EXPECT_NEAR(exact.shares[1], 2, 1e-14);
    EXPECT_NEAR(exact.shares[2], 2, 1e-14);
    const ShapleyPlan sampled(12, 8, 3000, 1);
    std::vector<double> more;
    for (const std::uint64_t s : sampled.coalitions()) more.push_back((s & 1 ? 3.0 : 0.0) + ((s & 6) == 6 ? 4.0 : 0.0));
    const ShapleyValues many = sampled.values(more);
    EXPECT_NEAR(many.shares[0], 3, 1e-12);
    EXPECT_LE(std::fabs(many.shares[1] - 2), 4 * many.errors[1]);
    EXPECT_NEAR(many.errors[1], 2 / std::sqrt(3000.0), 0.002);  // 0 or 4, equally often
    EXPECT_NEAR(many.shares[7], 0, 1e-14);
    EXPECT_NEAR(sumOf(many.shares), 7, 1e-12);
}

}  // namespace
}  // namespace engine
