// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <tuple>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/factors/sweep.h"

namespace engine {
namespace {

constexpr std::size_t kItems = 60, kWidth = 48;

Matrix noisy(const Matrix& latent, float noise, Rng& rng) {
    Matrix m(latent.rows(), latent.cols());
    rng.fillNormal(m.data(), m.size(), noise / std::sqrt(static_cast<float>(m.cols())));
    for (std::size_t i = 0; i < m.size(); ++i) m.data()[i] += latent.data()[i];
    normalizeRows(m);
    return m;
}

// An ImageBind++ in small: audio and text have two experts, image has none.
struct World {
    Rng rng{5};
    Matrix latent{kItems, kWidth};
    std::vector<Matrix> kept;
    std::shared_ptr<const ProductModel> model;
    std::vector<SetComponents> sets;

    World() {
        rng.fillNormal(latent.data(), latent.size());
        normalizeRows(latent);
        Recipe recipe;
        recipe.name = "Base++";
        recipe.base = "Base";
        ReactionStep step;
        step.kind = ReactionKind::Combination;
        step.experts.resize(2);
        step.experts[0].space = "ExpertG";
        step.experts[1].space = "ExpertM";
        step.factors = {{"audio", 0.5}, {"text", 0.1}};
        recipe.route = {step};
        const std::vector<Modality> all = {"audio", "image", "text"}, two = {"audio", "text"};
        const RoutePlan plan =
            planRoute(recipe, {{"Base", kWidth, all, all}, {"ExpertG", 32, two, two}, {"ExpertM", 32, two, two}});
        model = std::make_shared<ProductModel>(recipe, plan);
        kept.reserve(64);
        for (const auto& [name, first, second] :
             {std::tuple{"Clips", "audio", "text"}, {"Sounds", "audio", "image"}, {"Photos", "image", "text"}}) {
            SetComponents set;
            set.set = {name, SetKind::Retrieval, first, second, {}, ""};
            for (std::uint32_t i = 0; i < kItems; ++i) set.set.pairs.push_back({i, i});
            set.first = side(first);
            set.second = side(second);
            sets.push_back(std::move(set));
        }
    }
    MatrixView rows(float noise) {
        kept.push_back(noisy(latent, noise, rng));
        return kept.back().view();
    }
    Components side(const Modality& modality) {
        Components c;
        c.modality = modality;
        c.base = rows(1.6f);
        if (modality != "image") {
            c.layers.push_back({0, ReactionKind::Combination, {{"ExpertG", rows(1.2f)}, {"ExpertM", rows(1.3f)}}});
        }
        return c;
    }
};

TEST(DirectEvaluator, EqualsBruteForceAtEverySetting) {
    World world;
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
    World world;
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
    World world;
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
