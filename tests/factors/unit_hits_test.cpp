// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/unit_hits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/factors/confidence.h"
#include "engine/factors/sweep.h"
#include "tests/factors/landscape_support.h"
#include "tests/factors/made_up_hits.h"
#include "tests/factors/small_product.h"

namespace engine {
namespace {

using testing::HasSubstr;

std::string messageOf(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::InvalidInput);
        return error.what();
    }
    ADD_FAILURE() << "expected an Error";
    return {};
}

TEST(Units, AreTheComponentsOfThePairs) {
    // 0 and 2 share caption 1; 3 has no pair; 4's caption 5 is named twice; caption 4 has no clip.
    const SetDescription set{
        "S", SetKind::Retrieval, "audio", "text", {{2, 1}, {0, 0}, {0, 1}, {1, 2}, {1, 3}, {4, 5}, {4, 5}}, ""};
    const SetUnits units = unitsOf(set, 5, 6);
    EXPECT_EQ(units.count, 3u);
    EXPECT_EQ(units.first, (std::vector<std::uint32_t>{0, 1, 0, kNoUnit, 2}));
    EXPECT_EQ(units.second, (std::vector<std::uint32_t>{0, 0, 1, 1, kNoUnit, 2}));
    // A chain that joins everything, given in an order that joins late.
    const SetDescription chain{
        "C", SetKind::Retrieval, "audio", "text", {{3, 2}, {2, 1}, {1, 0}, {3, 1}, {0, 0}, {2, 0}}, ""};
    const SetUnits one = unitsOf(chain, 4, 3);
    EXPECT_EQ(one.count, 1u);
    EXPECT_EQ(one.second, (std::vector<std::uint32_t>{0, 0, 0}));
    EXPECT_THAT(messageOf([&] { unitsOf(set, 5, 5); }), HasSubstr("expected pairs of 5 and 5 items, found (4, 5)"));
}

TEST(Units, AreTheItemsOfAClassificationSet) {
    const SetDescription set{"ESC-50", SetKind::Classification, "audio", "text", {{0, 1}, {2, 1}, {3, 0}}, ""};
    const SetUnits units = unitsOf(set, 4, 2);
    EXPECT_EQ(units.count, 3u);
    EXPECT_EQ(units.first, (std::vector<std::uint32_t>{0, kNoUnit, 1, 2}));
    EXPECT_EQ(units.second, (std::vector<std::uint32_t>{kNoUnit, kNoUnit}));
    GroupHits hits({"ESC-50", {"ESC-50"}, "top-5", {}}, {{set, 4, 2}}, 1, false);
    QueryHits of;
    of.forward = {{0, 1, 1}, {1, 1, 1}, {0, 0.5f, 1}, {1, 1, 1}};  // row 1 has no class
    hits.put(0, 0, of);
    EXPECT_NEAR(hits.value(0), 100 * 2.5 / 3, 1e-9);
}

TEST(GroupHitsTest, AreTheFiguresOfALandscape) {
    RandomSetOptions options;
    options.positives = 3;
    options.second_items = 200;  // 20 have no positive
    options.duplicates = 0.2;
    RandomSet random(options, 4);
    const auto landscape = SetLandscape::build(random.request, {});
    const GroupHits::SetSize size{landscape->set().set, options.first_items, options.second_items};
    Rng rng(6);
    double fractions = 0;
    for (const auto& [metric, place] : {std::pair<std::string, std::size_t>{"R@1", 0}, {"R@5", 1}, {"R@10", 2}}) {
        const std::vector<double> point = random.randomPoint(rng);
        const SetPoint at = landscape->at(point.data(), TieRule::Expected);
        const QueryHits found = queryHits(*landscape, point.data(), TieRule::Expected);
        for (const auto* side : {&found.forward, &found.backward})
            for (const auto& h : *side) fractions += h[0] != std::floor(h[0]);
        const QueryHits ranked = queryHits(
            {landscape->ranks(point.data(), true), landscape->ranks(point.data(), false), 0, 0, 0}, TieRule::Expected);
        for (const QueryHits* hits : {&found, &ranked}) {
            EXPECT_NEAR(groupOf({size}, {}, {{*hits}}, false, metric).value(0),
                        (at.forward.rate(place) + at.backward.rate(place)) / 2, 1e-5);
            EXPECT_NEAR(groupOf({size}, {}, {{*hits}}, false, metric + " audio→text").value(0), at.forward.rate(place),
                        1e-5);
            EXPECT_NEAR(groupOf({size}, {}, {{*hits}}, false, metric + " text→audio").value(0), at.backward.rate(place),
                        1e-5);
        }
    }
    EXPECT_GT(fractions, 0) << "the test needs ties";
}

TEST(GroupHitsTest, AreGatheredFromLandscapes) {
    const SmallProduct product;
    LandscapeEvaluator evaluator(product.model, product.sets, {});
    const DeltaGroup group{"AT", {"Sounds", "Clips"}, "R@5", {1, 2}};
    const Setting base{{{"sigma_a", 0}, {"sigma_t", 0}}, {}};
    EXPECT_THAT(messageOf([&] { queryHits(evaluator, group, base); }), HasSubstr("prepare the set's landscape"));
    EXPECT_THAT(messageOf([&] { groupHits(evaluator, group, {base}, {}, {}); }), HasSubstr("prepare"));
    evaluator.prepare({}, {});
    EXPECT_THROW(queryHits(evaluator, {"AT", {"Klips"}, "R@5", {}}, base), Error);
    EXPECT_THROW(groupHits(evaluator, group, {{{{"sigma_a", 2}}, {}}}, {}, {}), Error);

    std::vector<Setting> settings;
    for (const double a : {0.0, 0.25, 0.6, 1.0})
        for (const double t : {0.0, 0.5, 0.9}) settings.push_back({{{"sigma_a", a}, {"sigma_t", t}}, {}});
    const GroupHits plain = groupHits(evaluator, group, settings, {}, {});
    const GroupHits change = groupHits(evaluator, group, settings, queryHits(evaluator, group, base), {});
    const double at_base = groupValue(group, evaluator.evaluate(base, {}));
    for (std::size_t i = 0; i < settings.size(); ++i) {
        const double expected = groupValue(group, evaluator.evaluate(settings[i], {}));
        EXPECT_NEAR(plain.figure(i), expected, 1e-5);
        EXPECT_NEAR(change.value(i), expected, 1e-5);
        EXPECT_NEAR(change.figure(i), expected - at_base, 1e-5);
    }
    EXPECT_NEAR(change.figure(0), 0, 1e-9) << "the baseline's own setting";
    EXPECT_EQ(permutationTest(change, 0, GroupHits::kBaseline, {}, {}).differing, 0u);
    auto lacking = queryHits(evaluator, group, base);
    lacking.erase("Clips");
    EXPECT_THAT(messageOf([&] { groupHits(evaluator, group, settings, lacking, {}); }),
                HasSubstr("the baseline has no hits of 'Clips'"));
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(groupHits(evaluator, group, settings, {}, JobContext(stop.get_token())), Cancelled);
}

// One caption of a clip is won and another lost: the unit's sum does not move, two queries do.
TEST(GroupHitsTest, CountsEveryQueryThatMoves) {
    const auto set = clips("Clips", 3, 2);
    const auto before = hitsBy(set, [](bool forward, std::size_t q) { return !forward && q == 0 ? 1.0 : 0.0; });
    const auto after = hitsBy(set, [](bool forward, std::size_t q) { return forward ? q == 2 : q == 1 ? 1.0 : 0.0; });
    const GroupHits both = groupOf({set}, {}, {{before, after}});
    EXPECT_EQ(hitsMoved(both.sets()[0], before, after).gained, 2);
    EXPECT_EQ(hitsMoved(both.sets()[0], before, after).lost, 1);
    const GroupHits one_way = groupOf({set}, {}, {{before, after}}, false, "R@1 text→audio");
    EXPECT_EQ(hitsMoved(one_way.sets()[0], before, after).gained, 1);
}

TEST(GroupHitsTest, RefusesWhatIsNoFigure) {
    const auto set = clips("Clips", 5, 2);
    const auto refusal = [&](const DeltaGroup& group, const std::vector<GroupHits::SetSize>& sets,
                             std::size_t settings) {
        return messageOf([&] { GroupHits(group, sets, settings, false); });
    };
    EXPECT_THAT(refusal({"AT", {}, "R@1", {}}, {}, 1), HasSubstr("expected at least one evaluation set, found none"));
    EXPECT_THAT(refusal({"AT", {"Clips"}, "R@1", {}}, {set}, 0), HasSubstr("expected at least one setting"));
    EXPECT_THAT(refusal({"AT", {"Clips"}, "mAP", {}}, {set}, 1), HasSubstr("'Clips' has no metric 'mAP'"));
    EXPECT_THAT(refusal({"AT", {"Clips"}, "R@1", {-1}}, {set}, 1), HasSubstr("one weight of at least 0"));
    EXPECT_THAT(refusal({"AT", {"Clips", "Clips"}, "R@1", {}}, {set, set}, 1), HasSubstr("named twice"));
    auto empty = set;
    empty.set.pairs.clear();
    EXPECT_THAT(refusal({"AT", {"Clips"}, "R@1", {}}, {empty}, 1), HasSubstr("'Clips' has no pairs"));
    GroupHits group({"AT", {"Clips"}, "R@1", {}}, {set}, 1, false);
    EXPECT_THAT(messageOf([&] { group.put(0, 0, hitsBy(clips("Clips", 5, 3), [](bool, std::size_t) { return 1; })); }),
                HasSubstr("expected hits of 10 queries, found 15"));
    EXPECT_THROW(bootstrap(group, 0, {}, {}), Error) << "no hits were put";
    group.put(0, 0, hitsBy(set, [](bool, std::size_t) { return 1; }));
    EXPECT_EQ(bootstrap(group, 0, {}, {}).estimate, 100);
    ConfidenceOptions options;
    options.level = 1.5;
    options.resamples = 0;
    const std::string both = messageOf([&] { bootstrap(group, 0, options, {}); });
    EXPECT_THAT(both, HasSubstr("level"));
    EXPECT_THAT(both, HasSubstr("resamples"));
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(bootstrap(group, 0, {}, JobContext(stop.get_token())), Cancelled);
    EXPECT_THROW(tiedRegion(group, {}, JobContext(stop.get_token())), Cancelled);
}

TEST(GroupHitsTest, OneUnitHasNoIntervalButATest) {
    const auto set = clips("Clips", 1, 4);
    const GroupHits group =
        groupOf({set}, {},
                {{hitsBy(set, [](bool, std::size_t) { return 1; }), hitsBy(set, [](bool, std::size_t) { return 0; })}});
    for (const auto& call : std::vector<std::function<void()>>{
             [&] { bootstrap(group, 0, {}, {}); }, [&] { tiedRegion(group, {}, {}); }, [&] { heldOut(group, {}, {}); }})
        EXPECT_THAT(messageOf(call), HasSubstr("'Clips': expected at least 2 units"));
    const PermutationTest test = permutationTest(group, 0, 1, {}, {});
    EXPECT_EQ(test.difference, 100);
    EXPECT_EQ(test.differing, 1u);
    EXPECT_TRUE(test.exact);
    EXPECT_EQ(test.p_value, 1);
    EXPECT_EQ(permutationTest(group, 0, 0, {}, {}).p_value, 1);
}

}  // namespace
}  // namespace engine
