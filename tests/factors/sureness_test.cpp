// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/sureness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/factors/sweep.h"
#include "tests/factors/small_product.h"

namespace engine {
namespace {

using testing::HasSubstr;

TEST(SurenessTest, OfASweepIsThatOfItsPoints) {
    SmallProduct product;
    for (std::uint32_t i = 1; i < SmallProduct::kItems; ++i) product.sets[1].set.pairs.push_back({i - 1, i});
    LandscapeEvaluator evaluator(product.model, product.sets, {});
    evaluator.prepare({}, {});
    SweepRequest request;
    request.axes = {{"sigma_a", 0, 1, 4}, {"sigma_t", 0, 1, 3}};
    request.groups = {{"AT", {"Clips"}, "R@1", {}},
                      {"AV", {"Sounds"}, "R@1", {}},  // one unit
                      {"M", {"Clips"}, "median rank audio→text", {}}};
    request.baseline = evaluator.evaluate({{{"sigma_a", 0}, {"sigma_t", 0}}, {}}, {});
    SweepSurface surface = sweep(evaluator, request, {});
    tellSureness(surface, &evaluator, {});
    std::vector<Setting> settings;
    for (std::size_t i = 0; i < surface.total; ++i) settings.push_back(surface.settingAt(i));
    EXPECT_EQ(settings[5].factors, (std::map<std::string, double>{{"sigma_a", surface.at(5)[0]}, {"sigma_t", 1}}));
    const GroupHits hits = groupHits(evaluator, request.groups[0], settings, {}, {});
    const TiedRegion region = tiedRegion(hits, {}, {});
    const HeldOut halves = heldOut(hits, {}, {});
    const BestSureness& told = *surface.groups[0].sureness;
    EXPECT_EQ(told.not_told, "");
    EXPECT_EQ(told.tied, static_cast<std::size_t>(std::count(region.tied.begin(), region.tied.end(), 1)));
    EXPECT_EQ(told.tuned, halves.tuned);
    EXPECT_EQ(told.held_out, halves.held_out);
    EXPECT_THAT(surface.groups[1].sureness->not_told, HasSubstr("at least 2 units"));
    EXPECT_THAT(surface.groups[2].sureness->not_told, HasSubstr("mean over queries"));
    tellSureness(surface, nullptr, {});
    EXPECT_THAT(surface.groups[0].sureness->not_told, HasSubstr("needs landscapes"));
    surface.axes[0].steps = 200;
    surface.total = 600;
    tellSureness(surface, &evaluator, {});
    EXPECT_THAT(surface.groups[0].sureness->not_told, HasSubstr("up to 500 points"));
}

TEST(SurenessTest, KeepsTheHighestOfALongFront) {
    const SmallProduct product;
    LandscapeEvaluator evaluator(product.model, product.sets, {});
    evaluator.prepare({}, {});
    TuneResult result;
    for (const char* name : {"sigma_a", "sigma_t"}) result.factors.push_back(*product.model->plan().factor(name));
    result.groups = {{"AV", {"Sounds"}, "R@1", {}}, {"AT", {"Clips"}, "R@1", {}}};
    result.start = {.factors = {0, 0}, .change = {0, 0}};
    result.best = {.factors = {0.5, 0.5}, .change = {0, 1}};
    result.front.assign(401, result.start);  // every third is compared
    result.front[200] = result.best;
    ConfidenceOptions options;
    options.resamples = 200;
    const Sureness sure = sureness(evaluator, result.groups[1], result, {}, options, {});
    EXPECT_EQ(sure.front, 135u);
    EXPECT_GE(sure.tied, 1u);
    EXPECT_THAT(toText(sure), HasSubstr("neither corrected for the search"));
    EXPECT_EQ(toJson(sure)["against_start"]["corrected_for_search"], false);
}

}  // namespace
}  // namespace engine
