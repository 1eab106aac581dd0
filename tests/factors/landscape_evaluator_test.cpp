// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/landscape_evaluator.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/factors/sweep.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

constexpr std::size_t kWidth = 40;

// An InternVL_IB++ in small, with sets of all kinds: a displacement on image and text, then two experts on audio and
// text. Components are random rows around what belongs together; no projector is needed.
struct World {
    Rng rng{17};
    std::vector<Matrix> kept;
    std::shared_ptr<const ProductModel> model;
    std::vector<SetComponents> sets;

    World() {
        kept.reserve(200);
        Recipe recipe;
        recipe.name = "Both";
        recipe.base = "Base";
        ReactionStep displace, combine;
        displace.kind = ReactionKind::Displacement;
        displace.experts.resize(1);
        displace.experts[0].space = "Pictures";
        displace.factors = {{"image", 0.9}, {"text", 0.9}};
        combine.kind = ReactionKind::Combination;
        combine.experts.resize(2);
        combine.experts[0].space = "SoundG";
        combine.experts[1].space = "SoundM";
        combine.factors = {{"audio", 0.5}, {"text", 0.1}};
        recipe.route = {displace, combine};
        const std::vector<Modality> all = {"audio", "image", "text"}, sound = {"audio", "text"},
                                    picture = {"image", "text"};
        const RoutePlan plan = planRoute(recipe, {{"Base", kWidth, all, all},
                                                  {"Pictures", kWidth, picture, picture},
                                                  {"SoundG", 32, sound, sound},
                                                  {"SoundM", 32, sound, sound}});
        model = std::make_shared<ProductModel>(recipe, plan);
        add("Clips", SetKind::Retrieval, "audio", "text", 70, 210);
        add("Photos", SetKind::Retrieval, "image", "text", 60, 120);
        add("Videos", SetKind::Retrieval, "audio", "image", 80, 80);
        add("Noises", SetKind::Classification, "audio", "text", 120, 12);
        add("Labels", SetKind::MultiLabel, "audio", "text", 150, 14);
    }
    MatrixView rows(const Matrix& center, const std::vector<std::size_t>& of, double noise) {
        Matrix m(of.size(), kWidth);
        rng.fillNormal(m.data(), m.size(), static_cast<float>(noise / std::sqrt(double(kWidth))));
        for (std::size_t i = 0; i < of.size(); ++i) {
            for (std::size_t d = 0; d < kWidth; ++d) m.row(i)[d] += center.row(of[i])[d];
        }
        normalizeRows(m);
        kept.push_back(std::move(m));
        return kept.back().view();
    }
    void add(const char* name, SetKind kind, const Modality& first, const Modality& second, std::size_t n,
             std::size_t m) {
        const std::size_t groups = std::min(n, m);
        Matrix center(groups, kWidth);
        rng.fillNormal(center.data(), center.size());
        normalizeRows(center);
        std::vector<std::size_t> a(n), b(m);
        for (std::size_t i = 0; i < n; ++i) a[i] = i % groups;
        for (std::size_t i = 0; i < m; ++i) b[i] = i % groups;
        SetComponents set;
        set.set = {name, kind, first, second, {}, ""};
        for (std::uint32_t i = 0; i < n; ++i) {
            for (std::uint32_t j = 0; j < m; ++j) {
                if (a[i] == b[j] || (kind == SetKind::MultiLabel && rng.below(9) == 0)) set.set.pairs.push_back({i, j});
            }
        }
        const auto side = [&](const Modality& modality, const std::vector<std::size_t>& of) {
            Components c;
            c.modality = modality;
            c.base = rows(center, of, 1.5);
            if (modality != "audio")
                c.layers.push_back({0, ReactionKind::Displacement, {{"Pictures", rows(center, of, 1.2)}}});
            if (modality != "image") {
                c.layers.push_back({1,
                                    ReactionKind::Combination,
                                    {{"SoundG", rows(center, of, 1.1)}, {"SoundM", rows(center, of, 1.3)}}});
            }
            return c;
        };
        set.first = side(first, a);
        set.second = side(second, b);
        sets.push_back(std::move(set));
    }
    Setting randomSetting() {
        Setting s;
        for (const auto& f : model->plan().factors) {
            if (f.live && rng.below(5) != 0)
                s.factors[f.name] = rng.below(4) == 0 ? double(rng.below(2)) : rng.uniform();
        }
        return s;
    }
};

void expectSame(const MetricsTable& fast, const MetricsTable& slow) {
    ASSERT_EQ(fast.sets.size(), slow.sets.size());
    EXPECT_EQ(fast.subject, slow.subject);
    for (std::size_t s = 0; s < fast.sets.size(); ++s) {
        const MetricMap a = fast.sets[s].values(), b = slow.sets[s].values();
        ASSERT_EQ(a.size(), b.size()) << fast.sets[s].protocol.set;
        for (const auto& [metric, value] : b) {
            ASSERT_TRUE(a.contains(metric)) << metric;
            EXPECT_NEAR(a.at(metric), value, 1e-9) << fast.sets[s].protocol.set << " " << metric << " " << fast.subject;
        }
        EXPECT_EQ(protocolText(fast.sets[s].protocol), protocolText(slow.sets[s].protocol));
    }
}

// A landscape of some of the factors: the others are held, and what differs in them is computed directly.
TEST(LandscapeEvaluator, SomeFactorsMayBeHeld) {
    World world;
    LandscapeEvaluator::Options options;
    Setting held;
    for (const auto& f : world.model->plan().factors) {
        if (!f.live) continue;
        if (f.name.starts_with("sigma")) options.free.push_back(f.name);
        else held.factors[f.name] = 0.1 + 0.8 * world.rng.uniform();
    }
    ASSERT_EQ(options.free.size(), 2u);
    ASSERT_EQ(held.factors.size(), 2u);
    LandscapeEvaluator fast(world.model, world.sets, options);
    DirectEvaluator slow(world.model, world.sets, {{}, false, true, std::size_t{1} << 30});
    EXPECT_TRUE(fast.prepare(held, {}).direct.empty());
    for (std::size_t s = 0; s < world.sets.size(); ++s) {
        const auto landscape = fast.landscape(s);
        EXPECT_TRUE(!landscape || landscape->grid().dims() <= 2u);
    }
    for (int i = 0; i < 8 && !HasFailure(); ++i) {
        Setting setting = held;
        for (const auto& name : options.free) setting.factors[name] = world.rng.uniform();
        for (std::size_t s = 0; s < world.sets.size(); ++s) EXPECT_TRUE(fast.ready(s, setting));
        expectSame(fast.evaluate(setting, {}), slow.evaluate(setting, {}));
        for (auto& [name, value] : setting.factors) {
            if (held.factors.contains(name)) value += 0.05;
        }
        EXPECT_FALSE(fast.ready(0, setting));
        expectSame(fast.evaluate(setting, {}), slow.evaluate(setting, {}));
    }
}

TEST(LandscapeEvaluator, EqualsBruteForceForEveryMetric) {
    World world;
    LandscapeEvaluator fast(world.model, world.sets, {});
    DirectEvaluator slow(world.model, world.sets, {{}, false, true, std::size_t{1} << 30});
    const auto prepared = fast.prepare({}, {});
    EXPECT_EQ(prepared.built.size(), 5u);
    EXPECT_TRUE(prepared.direct.empty());
    for (int i = 0; i < 25 && !HasFailure(); ++i) {
        const Setting setting = world.randomSetting();
        for (std::size_t s = 0; s < world.sets.size(); ++s) EXPECT_TRUE(fast.ready(s, setting));
        expectSame(fast.evaluate(setting, {}), slow.evaluate(setting, {}));
        // The quick figures are the same, but for what they leave out.
        const auto quick = fast.figures(setting, {});
        const auto table = slow.evaluate(setting, {});
        for (std::size_t s = 0; s < quick.size(); ++s) {
            EXPECT_GE(quick[s].size(), 1u);
            for (const auto& [metric, value] : quick[s])
                EXPECT_NEAR(value, table.sets[s].value(metric), 1e-9) << metric;
        }
    }
}

TEST(LandscapeEvaluator, OtherWeightsOfExpertsRebuildOnlyWhatTheyTouch) {
    World world;
    LandscapeEvaluator fast(world.model, world.sets, {});
    DirectEvaluator slow(world.model, world.sets, {{}, false, true, std::size_t{1} << 30});
    fast.prepare({}, {});
    Setting one;
    one.expert_weights["SoundG"] = 0;
    // Not prepared: right all the same, but not from a landscape, where a side has the expert.
    EXPECT_FALSE(fast.ready(0, one));
    EXPECT_FALSE(fast.ready(2, one));
    expectSame(fast.evaluate(one, {}), slow.evaluate(one, {}));
    const auto prepared = fast.prepare(one, {});
    EXPECT_TRUE(prepared.kept.empty()) << "every set has text or audio";
    expectSame(fast.evaluate(one, {}), slow.evaluate(one, {}));
    // The same experts at twice the weights are the same blend.
    Setting twice;
    twice.expert_weights = {{"SoundG", 0}, {"SoundM", 2}};
    EXPECT_EQ(fast.prepare(twice, {}).kept.size(), 5u);
    expectSame(fast.evaluate(twice, {}), slow.evaluate(twice, {}));
    Setting none;
    none.expert_weights = {{"SoundG", 0}, {"SoundM", 0}};
    none.factors["sigma_a"] = 0.7;  // without experts it has no effect
    fast.prepare(none, {});
    expectSame(fast.evaluate(none, {}), slow.evaluate(none, {}));
}

// Some sets are then made for other experts than the rest.
TEST(LandscapeEvaluator, APreparationThatIsStoppedHalfwayLeavesRightAnswers) {
    World world;
    LandscapeEvaluator fast(world.model, world.sets, {});
    DirectEvaluator slow(world.model, world.sets, {{}, false, true, std::size_t{1} << 30});
    fast.prepare({}, {});
    Setting one;
    one.expert_weights["SoundG"] = 0;
    std::stop_source stop;
    int reports = 0;
    const JobContext job(stop.get_token(), [&](const Progress&) {
        if (++reports == 3) stop.request_stop();
    });
    EXPECT_THROW(fast.prepare(one, job), Cancelled);
    expectSame(fast.evaluate({}, {}), slow.evaluate({}, {}));
    expectSame(fast.evaluate(one, {}), slow.evaluate(one, {}));
}

TEST(LandscapeEvaluator, OutsideItsBoxItComputesDirectly) {
    World world;
    LandscapeEvaluator::Options options;
    options.box["sigma_t"] = {"sigma_t", 0, 0.5};
    LandscapeEvaluator fast(world.model, world.sets, options);
    DirectEvaluator slow(world.model, world.sets, {{}, false, true, std::size_t{1} << 30});
    fast.prepare({}, {});
    Setting setting;
    setting.factors["sigma_t"] = 0.8;
    EXPECT_FALSE(fast.ready(0, setting));
    EXPECT_TRUE(fast.ready(2, setting)) << "audio and image do not depend on it";
    expectSame(fast.evaluate(setting, {}), slow.evaluate(setting, {}));
}

TEST(LandscapeEvaluator, RefusesWhatNoFactorHas) {
    World world;
    LandscapeEvaluator fast(world.model, world.sets, {});
    Setting setting;
    setting.factors["sigma_x"] = 0.5;
    EXPECT_THROW(fast.evaluate(setting, {}), Error);
    EXPECT_THROW(fast.prepare(setting, {}), Error);
}

TEST(LandscapeEvaluator, SweepsAsTheDirectOneDoes) {
    World world;
    world.sets.resize(3);
    LandscapeEvaluator fast(world.model, world.sets, {});
    DirectEvaluator slow(world.model, world.sets, {});
    fast.prepare({}, {});
    SweepRequest request;
    request.axes = {parseAxis("lambda_v=0:1:0.25"), parseAxis("lambda_t=0:1:0.125")};
    request.baseline = slow.evaluate({}, {});
    const SweepSurface a = sweep(fast, request, {}), b = sweep(slow, request, {});
    ASSERT_EQ(a.groups.size(), b.groups.size());
    for (std::size_t g = 0; g < a.groups.size(); ++g) {
        for (std::size_t i = 0; i < a.total; ++i) EXPECT_NEAR(a.groups[g].change[i], b.groups[g].change[i], 1e-9);
    }
}

TEST(LandscapeEvaluator, TooSmallABudgetIsSaidAndFallsBack) {
    World world;
    LandscapeEvaluator::Options options;
    options.memory_bytes = 30'000;
    LandscapeEvaluator fast(world.model, world.sets, options);
    DirectEvaluator slow(world.model, world.sets, {{}, false, true, std::size_t{1} << 30});
    const auto prepared = fast.prepare({}, {});
    EXPECT_FALSE(prepared.direct.empty());
    EXPECT_LE(prepared.bytes, options.memory_bytes);
    expectSame(fast.evaluate({}, {}), slow.evaluate({}, {}));
}

TEST(LandscapeEvaluator, ReadsItsLandscapesFromTheCache) {
    World world;
    const test::TestFolder folder;
    LandscapeEvaluator::Options options;
    options.cache = folder.path();
    LandscapeEvaluator first(world.model, world.sets, options), second(world.model, world.sets, options);
    EXPECT_EQ(first.prepare({}, {}).built.size(), 5u);
    const auto again = second.prepare({}, {});
    EXPECT_EQ(again.from_cache.size(), 4u) << "of several labels there is nothing on disk";
    const Setting setting = world.randomSetting();
    expectSame(second.evaluate(setting, {}), first.evaluate(setting, {}));
    // Only what is there: nothing is built.
    LandscapeEvaluator third(world.model, world.sets, {});
    EXPECT_TRUE(third.prepare({}, {}, false).built.empty());
}

}  // namespace
}  // namespace engine
