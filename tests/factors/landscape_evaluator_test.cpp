// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/landscape_evaluator.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <new>
#include <numeric>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/rng.h"
#include "engine/factors/sweep.h"
#include "engine/factors/tune.h"
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

    // `third`: one more expert in the combination, of image and text.
    explicit World(bool third = false) : third_(third) {
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
        if (third) {
            combine.experts.resize(3);
            combine.experts[2].space = "Frames";
            combine.experts[2].weight = 1.5;
            combine.factors["image"] = 0.3;
        }
        recipe.route = {displace, combine};
        const std::vector<Modality> all = {"audio", "image", "text"}, sound = {"audio", "text"},
                                    picture = {"image", "text"};
        const RoutePlan plan = planRoute(recipe, {{"Base", kWidth, all, all},
                                                  {"Pictures", kWidth, picture, picture},
                                                  {"SoundG", 32, sound, sound},
                                                  {"SoundM", 32, sound, sound},
                                                  {"Frames", 32, picture, picture}});
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
            Components::Layer combined{1, ReactionKind::Combination, {}};
            if (modality != "image") {
                combined.parts = {{"SoundG", rows(center, of, 1.1)}, {"SoundM", rows(center, of, 1.3)}};
            }
            if (third_ && modality != "audio") combined.parts.push_back({"Frames", rows(center, of, 1.2)});
            if (!combined.parts.empty()) c.layers.push_back(combined);
            return c;
        };
        set.first = side(first, a);
        set.second = side(second, b);
        sets.push_back(std::move(set));
    }
    // In every component of a side.
    void copyRow(const Components& side, std::size_t from, std::size_t to) {
        const auto copy = [&](const MatrixView& view) {
            for (auto& m : kept)
                if (m.data() == view.data) std::copy_n(m.row(from), m.cols(), m.row(to));
        };
        copy(side.base);
        for (const auto& layer : side.layers)
            for (const auto& part : layer.parts) copy(part.rows);
    }
    bool third_ = false;
    Setting randomSetting() {
        Setting s;
        for (const auto& f : model->plan().factors) {
            if (f.live && rng.below(5) != 0)
                s.factors[f.name] = rng.below(4) == 0 ? double(rng.below(2)) : rng.uniform();
        }
        return s;
    }
};

// Tied queries of either direction, items or classes.
std::vector<std::size_t> tiedOf(const SetMetrics& set) {
    std::vector<std::size_t> out;
    if (set.retrieval) out = {set.retrieval->forward.tied_queries, set.retrieval->backward.tied_queries};
    if (set.classification) {
        out.push_back(set.classification->tied_items);
        if (set.classification->by_class) out.push_back(set.classification->by_class->tied_queries);
    }
    if (set.multi_label) out.push_back(set.multi_label->tied_classes);
    return out;
}

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
        EXPECT_EQ(tiedOf(fast.sets[s]), tiedOf(slow.sets[s])) << fast.sets[s].protocol.set << " " << fast.subject;
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

// Also where no hit depends on it.
TEST(LandscapeEvaluator, CountsEveryTie) {
    World world;
    for (const auto& set : world.sets) {
        for (const Components* side : {&set.first, &set.second})
            for (std::size_t i = 0; i + 1 < side->rows(); i += 2) world.copyRow(*side, i, i + 1);
    }
    LandscapeEvaluator fast(world.model, world.sets, {});
    DirectEvaluator slow(world.model, world.sets, {{}, false, true, std::size_t{1} << 30});
    EXPECT_TRUE(fast.prepare({}, {}).direct.empty());
    for (int i = 0; i < 5; ++i) {
        const Setting setting = world.randomSetting();
        const auto table = fast.evaluate(setting, {});
        for (const auto& set : table.sets) {
            const auto tied = tiedOf(set);
            EXPECT_GT(std::accumulate(tied.begin(), tied.end(), std::size_t{0}), 0u) << set.protocol.set;
        }
        expectSame(table, slow.evaluate(setting, {}));
    }
}

// Three experts have audio, which the base lacks: the first that is on brings it.
TEST(LandscapeEvaluator, WhatBringsAModalityMayBeOff) {
    World world;
    const std::array<std::string, 3> experts = {"SoundA", "SoundB", "SoundC"};
    const std::vector<Modality> seen = {"image", "text"}, sound = {"audio", "text"};
    Recipe recipe;
    recipe.name = "Brought";
    recipe.base = "Base";
    std::vector<SpaceInfo> spaces = {{"Base", kWidth, seen, seen}};
    constexpr std::size_t kItems = 60;
    Matrix center(kItems, kWidth), none(kItems, kWidth);
    world.rng.fillNormal(center.data(), center.size());
    normalizeRows(center);
    std::fill_n(none.data(), none.size(), 0.0f);
    std::vector<std::size_t> own(kItems);
    std::iota(own.begin(), own.end(), std::size_t{0});
    SetComponents set;
    set.set = {"Videos", SetKind::Retrieval, "audio", "image", {}, ""};
    for (std::uint32_t i = 0; i < kItems; ++i) set.set.pairs.push_back({i, i});
    set.first.modality = "audio";
    set.first.base = none.view();
    set.second.modality = "image";
    set.second.base = world.rows(center, own, 1.5);
    for (const auto& expert : experts) {
        const std::size_t step = recipe.route.size();
        recipe.route.emplace_back();
        recipe.route.back().kind = ReactionKind::Combination;
        recipe.route.back().experts.resize(1);
        recipe.route.back().experts[0].space = expert;
        spaces.push_back({expert, 32, sound, sound});
        set.first.layers.push_back({step, ReactionKind::Combination, {{expert, world.rows(center, own, 1.5)}}});
    }
    const auto model = std::make_shared<ProductModel>(recipe, planRoute(recipe, spaces));
    std::vector<std::string> factors;
    for (const auto& f : model->plan().factors)
        if (f.modality == "audio") factors.push_back(f.name);
    ASSERT_EQ(factors.size(), 2u);
    LandscapeEvaluator fast(model, {set}, {});
    DirectEvaluator slow(model, {set}, {{}, false, true, std::size_t{1} << 30});
    for (std::size_t off = 0; off < experts.size(); ++off) {
        Setting setting;
        for (std::size_t e = 0; e < off; ++e) setting.expert_weights[experts[e]] = 0;
        EXPECT_TRUE(fast.prepare(setting, {}).direct.empty());
        for (int i = 0; i < 8; ++i) {
            for (const auto& factor : factors) setting.factors[factor] = i < 2 ? double(i) : world.rng.uniform();
            EXPECT_TRUE(fast.ready(0, setting));
            expectSame(fast.evaluate(setting, {}), slow.evaluate(setting, {}));
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

// One expert's weight as a factor: no other one builds anything anew.
TEST(LandscapeEvaluator, AnExpertsWeightMayBeFree) {
    World world;
    const RoutePlan& plan = world.model->plan();
    LandscapeEvaluator::Options options;
    for (const auto& f : plan.factors) options.free.push_back(f.name);
    options.free.push_back("weight_SoundM");
    LandscapeEvaluator fast(world.model, world.sets, options);
    DirectEvaluator slow(world.model, world.sets, {{}, false, true, std::size_t{1} << 30});
    EXPECT_EQ(fast.prepare({}, {}).built.size(), 5u);
    for (int i = 0; i < 25 && !HasFailure(); ++i) {
        Setting setting;
        for (const auto& f : plan.factors) setting.factors[f.name] = world.rng.uniform();
        const double g = i % 5 == 0 ? 0 : 3 * world.rng.uniform(), m = i % 5 == 1 ? 0 : world.rng.uniform();
        setting.expert_weights = {{"SoundG", g}, {"SoundM", m}};
        for (std::size_t s = 0; s < world.sets.size(); ++s) EXPECT_TRUE(fast.ready(s, setting));
        EXPECT_EQ(fast.prepare(setting, {}).kept.size(), 5u);
        expectSame(fast.evaluate(setting, {}), slow.evaluate(setting, {}));
    }
    Setting none;
    none.expert_weights = {{"SoundG", 0}, {"SoundM", 0}};
    EXPECT_FALSE(fast.ready(0, none));
    expectSame(fast.evaluate(none, {}), slow.evaluate(none, {}));
    fast.prepare(none, {});
    EXPECT_TRUE(fast.ready(0, none));
    EXPECT_FALSE(fast.ready(0, {}));
    expectSame(fast.evaluate(none, {}), slow.evaluate(none, {}));
}

// What a weight leaves to the others goes to those that have the modality, and to nobody else.
TEST(LandscapeEvaluator, AWeightBesideExpertsOfOtherModalities) {
    World world(true);
    const RoutePlan& plan = world.model->plan();
    const std::vector<std::string> free{"sigma_a", "sigma_t", "weight_SoundG"};
    LandscapeEvaluator fast(world.model, world.sets, {.free = free});
    DirectEvaluator slow(world.model, world.sets, {{}, false, true, std::size_t{1} << 30});
    EXPECT_EQ(fast.prepare({}, {}).built.size(), 5u);
    const auto weight = std::find_if(plan.weights.begin(), plan.weights.end(),
                                     [](const FactorInfo& w) { return w.name == "weight_SoundG"; });
    ASSERT_NE(weight, plan.weights.end());
    for (int i = 0; i < 20 && !HasFailure(); ++i) {
        Setting setting;
        for (const char* share : {"sigma_a", "sigma_t"}) setting.factors[share] = world.rng.uniform();
        const double w = i % 5 == 0 ? 0 : i % 5 == 1 ? 1 : world.rng.uniform();
        setFactor(setting, *weight, w);
        for (std::size_t s = 0; s < world.sets.size(); ++s) {
            // At 1 images have no expert left, which no landscape of these factors knows.
            const bool image = world.sets[s].set.first == "image" || world.sets[s].set.second == "image";
            EXPECT_EQ(fast.ready(s, setting), w < 1 || !image) << world.sets[s].set.name << " " << w;
        }
        expectSame(fast.evaluate(setting, {}), slow.evaluate(setting, {}));
    }
}

// Shares are held, the weight alone is free; a sweep over both weights' line equals that of brute force.
TEST(LandscapeEvaluator, SweepsAndSearchesRunAlongAWeight) {
    World world;
    const RoutePlan& plan = world.model->plan();
    const std::vector<std::string> axes{"weight_SoundG", "sigma_a"};
    EXPECT_TRUE(LandscapeEvaluator::freeFor(plan, {"sigma_a", "sigma_t"}).empty());
    EXPECT_EQ(LandscapeEvaluator::freeFor(plan, axes), axes);
    LandscapeEvaluator fast(world.model, world.sets, {.free = axes});
    DirectEvaluator slow(world.model, world.sets, {{}, false, true, std::size_t{1} << 30});
    SweepRequest request;
    request.axes = {{"weight_SoundG", 0, 1, 5}, {"sigma_a", 0, 1, 3}};
    request.fixed.factors["lambda_t"] = 0.7;
    request.baseline = slow.evaluate({}, {});
    fast.prepare(request.fixed, {});
    const SweepSurface a = sweep(fast, request, {}), b = sweep(slow, request, {});
    ASSERT_EQ(a.groups.size(), b.groups.size());
    for (std::size_t i = 0; i < a.total; ++i) {
        for (std::size_t s = 0; s < world.sets.size(); ++s) EXPECT_TRUE(fast.ready(s, a.settingAt(i)));
        for (std::size_t g = 0; g < a.groups.size(); ++g)
            EXPECT_NEAR(a.groups[g].change[i], b.groups[g].change[i], 1e-9) << a.groups[g].group.name << " " << i;
    }
    EXPECT_EQ(a.settingAt(3).expert_weights, (std::map<std::string, double>{{"SoundG", 0.25}, {"SoundM", 0.75}}));
    TuneRequest search;
    search.factors = axes;
    search.fixed = request.fixed;
    search.baseline = request.baseline;
    search.maximize = {{"AT", 1}};
    search.step = 0.125;
    const TuneResult found = tune(fast, search, {}), same = tune(slow, search, {});
    EXPECT_EQ(found.best.factors, same.best.factors);
    EXPECT_EQ(found.start.factors[0], 0.5) << "equal weights";
    const Setting best = settingOf(found, found.best, search.fixed);
    EXPECT_DOUBLE_EQ(best.expert_weights.at("SoundG") + best.expert_weights.at("SoundM"), 1);
    search.factors.push_back("weight_SoundM");
    try {
        tune(fast, search, {});
        ADD_FAILURE() << "both weights of a step";
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("add up to 1"), std::string::npos) << error.what();
    }
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

TEST(LandscapeEvaluator, LabelsForWhichThereIsNoMemoryAreComputedDirectly) {
    World world;
    LandscapeEvaluator fast(world.model, world.sets, {});
    DirectEvaluator slow(world.model, world.sets, {{}, false, true, std::size_t{1} << 30});
    const JobContext job({}, [](const Progress& progress) {
        if (progress.stage == "landscape of Labels") throw std::bad_alloc();
    });
    const auto prepared = fast.prepare({}, job);
    EXPECT_EQ(prepared.built.size(), 4u);
    ASSERT_TRUE(prepared.direct.contains("Labels"));
    EXPECT_NE(prepared.direct.at("Labels").find("no memory"), std::string::npos) << prepared.direct.at("Labels");
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

constexpr const char* kSharedCache = "MOLSPACE_TEST_SHARED_CACHE";
constexpr int kSharedRounds = 4;

LandscapeEvaluator::Options sharedCache(const std::filesystem::path& folder, int round) {
    LandscapeEvaluator::Options options;
    options.cache = folder / std::to_string(round);
    return options;
}

// This program runs itself twice at once, with a folder named to it: then it is one of the two.
TEST(LandscapeEvaluator, TwoProcessesMayShareACache) {
    World world;
    const Setting setting = world.randomSetting();
    DirectEvaluator slow(world.model, world.sets, {{}, false, true, std::size_t{1} << 30});
    const MetricsTable want = slow.evaluate(setting, {});
    if (const char* shared = std::getenv(kSharedCache)) {
        for (int round = 0; round < kSharedRounds; ++round) {
            LandscapeEvaluator one(world.model, world.sets, sharedCache(shared, round));
            EXPECT_TRUE(one.prepare({}, {}).direct.empty());
            expectSame(one.evaluate(setting, {}), want);
        }
        return;
    }
    const test::TestFolder folder, logs;
    const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
    std::array<int, 2> status = {-1, -1};
    const auto run = [&](std::size_t i) {
        const std::string command = std::string(kSharedCache) + "='" + folder.path().string() + "' '" + program +
                                    "' --gtest_filter=LandscapeEvaluator.TwoProcessesMayShareACache > '" +
                                    (logs / std::to_string(i)).string() + "' 2>&1";
        status[i] = std::system(command.c_str());
    };
    std::thread other(run, 1);
    run(0);
    other.join();
    for (std::size_t i = 0; i < status.size(); ++i) ASSERT_EQ(status[i], 0) << readFile(logs / std::to_string(i));
    for (int round = 0; round < kSharedRounds; ++round) {
        const auto options = sharedCache(folder.path(), round);
        std::size_t files = 0;
        for (const auto& entry : std::filesystem::directory_iterator(options.cache)) {
            ++files;
            EXPECT_EQ(entry.path().extension(), ".landscape") << entry.path();
        }
        EXPECT_EQ(files, 4u);
        LandscapeEvaluator third(world.model, world.sets, options);
        EXPECT_EQ(third.prepare({}, {}).from_cache.size(), 4u);
        expectSame(third.evaluate(setting, {}), want);
    }
}

}  // namespace
}  // namespace engine
