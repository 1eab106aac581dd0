// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <set>

#include "engine/base/error.h"
#include "engine/factors/sweep.h"
#include "tests/factors/small_product.h"

namespace engine {
namespace {

TEST(DirectEvaluator, EqualsBruteForceAtEverySetting) {
    SmallProduct world;
    DirectEvaluator fast(world.model, world.sets, {});
    DirectEvaluator::Options slow_options;
    slow_options.reference = true;
    DirectEvaluator slow(world.model, world.sets, slow_options);
    std::set<double> figures;
    for (int round = 0; round < 12; ++round) {
        Setting setting;
        if (round > 0) setting.factors["sigma_a"] = static_cast<double>(world.rng.below(5)) / 4;
        if (round > 1) setting.factors["sigma_t"] = static_cast<double>(world.rng.below(5)) / 4;
        if (round > 6) setting.expert_weights["ExpertM"] = round % 2;
        const auto a = fast.evaluate(setting, {}), b = slow.evaluate(setting, {});
        ASSERT_EQ(a.sets.size(), 3u);
        for (std::size_t s = 0; s < 3; ++s) {
            EXPECT_EQ(a.sets[s].values(), b.sets[s].values()) << a.subject << " " << a.sets[s].protocol.set;
            figures.insert(a.sets[s].value("R@1"));
        }
        EXPECT_EQ(a.setting, settingToJson(setting));
    }
    EXPECT_GT(figures.size(), 6u);
}

TEST(DirectEvaluator, MeasuresOnlyWhatASettingTouches) {
    SmallProduct world;
    for (const std::size_t cache : {std::size_t{1} << 30, std::size_t{0}}) {
        DirectEvaluator::Options options;
        options.cached_rows_bytes = cache;
        options.synthetic = true;
        DirectEvaluator evaluator(world.model, world.sets, options);
        SweepRequest request;
        request.axes = {{"sigma_a", 0, 1, 3}, {"sigma_t", 0, 1, 3}};
        request.baseline = evaluator.evaluate({{{"sigma_a", 0}, {"sigma_t", 0}}, {}}, {});
        const auto surface = sweep(evaluator, request, {});
        // Audio-text at 9 points; audio-image at 3, image-text at 3: the image side has no factor.
        EXPECT_EQ(evaluator.setsMeasured(), 15u);
        ASSERT_EQ(surface.groups.size(), 3u);
        EXPECT_EQ(surface.groups[0].group.name, "AT");
        EXPECT_EQ(surface.groups[0].change[0], 0);  // the baseline is the corner
        EXPECT_GT(surface.groups[0].change[bestPoint(surface.groups[0])], 0);
        EXPECT_EQ(surface.groups[2].change[0], surface.groups[2].change[6]);  // image-text does not know sigma_a
        EXPECT_TRUE(surface.synthetic);
    }
}

TEST(DirectEvaluator, NamesWhatIsWrongWithASetting) {
    SmallProduct world;
    DirectEvaluator evaluator(world.model, world.sets, {});
    try {
        evaluator.evaluate({{{"sigma_q", 0.5}, {"sigma_a", 1.5}}, {}}, {});
        FAIL();
    } catch (const Error& e) {
        EXPECT_NE(std::string(e.what()).find("sigma_q"), std::string::npos);
        EXPECT_NE(std::string(e.what()).find("found 1.5"), std::string::npos);
    }
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(evaluator.evaluate({}, JobContext(stop.get_token())), Cancelled);
}

TEST(WeightsKey, IsEqualWhereTheBlendIs) {
    const auto key = [](double share, double g, double m) { return weightsKey({{{share, {g, m}}}}); };
    EXPECT_EQ(key(0, 1, 1), key(0, 1, 3));
    EXPECT_EQ(key(0.5, 1, 1), key(0.5, 2, 2));
    EXPECT_NE(key(0.5, 1, 1), key(0.5, 1, 2));
    EXPECT_NE(key(0.5, 1, 1), key(0.4, 1, 1));
}

}  // namespace
}  // namespace engine
