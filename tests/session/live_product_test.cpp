// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the studio shows must be what the command line prints.
#include "engine/session/live_product.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/session/live_product_fixture.h"

namespace engine {
namespace {

// Where that was asked for; else a stop leaves nothing.
TEST_F(LiveProductTest, AStoppedSweepKeepsThePointsThatThereAre) {
    for (const bool keep : {true, false}) {
        SweepRequestText request;
        request.subject.product = *folder_ / "ImageBind++";
        request.axes = {"sigma_a=0:1:0.01", "sigma_t=0:1:0.01"};
        request.output = *folder_ / (keep ? "part.json" : "none.json");
        request.keep_part = keep;
        request.reference = true;  // so slow that it is stopped on its way
        std::stop_source stop;
        const JobContext job(stop.get_token(), [&](const Progress& progress) {
            // Beyond the first level, of 25 points.
            if (progress.stage.starts_with("sweep of") && progress.done > 25) stop.request_stop();
        });
        EXPECT_THROW(sweepFactors(request, job), Cancelled);
        EXPECT_EQ(std::filesystem::exists(request.output), keep);
    }
    const Json part = readJsonFile(*folder_ / "part.json");
    const auto computed = part["computed"].get<std::size_t>();
    EXPECT_EQ(part["points"], 101 * 101);
    EXPECT_GE(computed, 25u);
    EXPECT_LT(computed, std::size_t{101 * 101});
    std::size_t there = 0;
    for (const auto& row : part["groups"][0]["change"]) {
        for (const auto& value : row) there += value.is_number();
    }
    EXPECT_EQ(there, computed);
}

// What is told besides may take longer than the search.
TEST_F(LiveProductTest, AFinishedSearchIsKeptWhereWhatIsToldOfItIsStopped) {
    TuneRequestText request;
    request.subject.product = *folder_ / "ImageBind++";
    request.maximize = {"AT"};
    request.step = 0.1;
    request.headroom = true;
    request.output = *folder_ / "best.json";
    const Json whole = tuneFactors(request, {}).json;
    std::filesystem::remove(request.output);
    std::stop_source stop;
    std::vector<std::string> said;
    const JobContext job(
        stop.get_token(),
        [&](const Progress& progress) {
            if (progress.stage.starts_with("routers of")) stop.request_stop();
        },
        [&](const std::string& line) { said.push_back(line); });
    EXPECT_THROW(tuneFactors(request, job), Cancelled);
    const Json kept = readJsonFile(request.output);
    EXPECT_EQ(kept["best"], whole["best"]);
    EXPECT_EQ(kept["confidence"], whole["confidence"]);
    EXPECT_TRUE(whole.contains("headroom") && !kept.contains("headroom"));
    ASSERT_FALSE(said.empty());
    EXPECT_NE(said.back().find("best"), std::string::npos) << said.back();
}

TEST_F(LiveProductTest, WithoutRoomForAllQueriesFiguresAreEstimates) {
    const auto files = *folder_ / "ImageBind++" / "landscapes";
    const auto whole = open("ImageBind++");
    const Setting setting = whole->defaults();
    std::filesystem::remove_all(files);  // also of other settings
    prepareAll(*whole, setting);
    std::uint64_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(files)) bytes += file.file_size();
    std::filesystem::remove_all(files);
    LiveProduct::Request request;
    request.product = *folder_ / "ImageBind++";
    request.landscapes = {{"memory_gib", 0.8 * static_cast<double>(bytes) / 0x1p30}};
    const auto live = LiveProduct::open(request, {});
    for (const std::size_t set : live->missing(setting)) live->prepare(set, setting, {});
    const LiveFigures estimated = live->figures(setting, false, {}), exact = whole->figures(setting, false, {});
    const MetricsTable measured = live->measure(setting, {});
    std::vector<std::size_t> sampled;
    for (std::size_t s = 0; s < live->sets().size(); ++s) {
        EXPECT_FALSE(whole->sample(s));
        EXPECT_EQ(estimated.intervals[s].empty(), !live->sample(s));
        if (live->sample(s)) {
            sampled.push_back(s);
        } else if (estimated.sets[s]) {
            EXPECT_EQ(*estimated.sets[s], *exact.sets[s]);
        }
        if (!exact.sets[s]) continue;
        for (const auto& [metric, value] : *exact.sets[s]) EXPECT_NEAR(measured.sets[s].value(metric), value, 1e-9);
    }
    ASSERT_FALSE(sampled.empty());
    const QuerySample before = *live->sample(sampled[0]);
    EXPECT_TRUE(live->enlargeSample(sampled[0], setting, std::uint64_t{1} << 30, {}));
    const auto after = live->sample(sampled[0]);
    EXPECT_TRUE(!after || after->units > before.units);
    std::filesystem::remove_all(files);
}

TEST_F(LiveProductTest, ASetThatDoesNotFitWithSomeExpertsIsTriedWithOthers) {
    const auto files = *folder_ / "ImageBind++" / "landscapes";
    std::filesystem::remove_all(files);
    LiveProduct::Request request;
    request.product = *folder_ / "ImageBind++";
    request.landscapes = {{"memory_gib", 0.001}, {"sample_queries", false}};
    const auto live = LiveProduct::open(request, {});
    const Setting on = live->defaults();
    Setting off = on;
    off.expert_weights["CLAP_m"] = 0;
    std::vector<std::size_t> refused;
    for (const std::size_t set : live->missing(on)) {
        if (!live->prepare(set, on, {})) refused.push_back(set);
    }
    ASSERT_FALSE(refused.empty()) << "the test needs less memory";
    EXPECT_TRUE(live->missing(on).empty());
    const auto others = live->missing(off);
    for (const std::size_t set : refused) {
        EXPECT_FALSE(live->whyNot(set, on).empty());
        EXPECT_EQ(live->whyNot(set, off), "");
        EXPECT_NE(std::find(others.begin(), others.end(), set), others.end()) << live->sets()[set].name;
    }
    std::filesystem::remove_all(files);
}

TEST_F(LiveProductTest, SurfacesHaveNoMedianRanksAndSweepsDo) {
    LiveProduct::Request request;
    request.product = withGroups("ranks", R"([{"name": "AT", "sets": ["AudioCaps", "Clotho"]},
        {"name": "M", "sets": ["Clotho"], "metric": "median rank audio→text"}])");
    const auto live = LiveProduct::open(request, {});
    const MetricsTable base = live->measureSpace("ImageBind", {});
    ASSERT_EQ(live->groups(base).size(), 2u);
    prepareAll(*live, live->defaults());
    const SweepSurface surface = live->surface({{"sigma_a", 0, 1, 3}}, live->defaults(), base, {});
    ASSERT_EQ(surface.groups.size(), 1u);
    EXPECT_EQ(surface.groups[0].group.name, "AT");
    SweepRequestText sweep_request;
    sweep_request.subject.product = request.product;
    sweep_request.axes = {"sigma_a=0:1:0.5"};
    const Json swept = sweepFactors(sweep_request, {}).json;
    ASSERT_EQ(swept["groups"].size(), 2u);
    const Json& sure = swept["groups"][0]["best_how_sure"];
    EXPECT_EQ(sure["points"], 3);
    EXPECT_GE(sure["tied_with_best"].get<int>(), 1);
    EXPECT_NE(swept["groups"][1]["best_how_sure"]["not_told"].get<std::string>().find("mean over queries"),
              std::string::npos);
}

TEST_F(LiveProductTest, AnExpertsWeightMayBeLive) {
    const auto live = LiveProduct::open({.product = *folder_ / "ImageBind++"}, {});
    const Setting setting = live->defaults();
    prepareAll(*live, setting);
    EXPECT_FALSE(live->axis("weight_CLAP_g"));
    EXPECT_THROW(live->setLiveWeight("weight_CLIP"), Error);
    EXPECT_TRUE(live->setLiveWeight("weight_CLAP_g"));
    EXPECT_FALSE(live->setLiveWeight("weight_CLAP_g"));
    const auto axis = live->axis("weight_CLAP_g");
    ASSERT_TRUE(axis);
    const MetricsTable base = live->measureSpace("ImageBind", {});
    const auto group = live->groups(base)[0];
    // What was ready stays so, but not yet along the weight.
    const auto missing = live->missing(setting);
    EXPECT_EQ(missing.size(), live->liveWeightEstimate("weight_CLAP_g").sets);
    EXPECT_TRUE(live->ready(missing.front(), setting));
    EXPECT_FALSE(live->curve(group, "weight_CLAP_g", setting, base, {}));
    EXPECT_TRUE(live->surface({{"weight_CLAP_g", 0, 1, 5}}, setting, base, {}).groups.empty());
    prepareAll(*live, setting);
    Setting other = setting;
    setFactor(other, *axis, 0.3);
    EXPECT_TRUE(live->missing(other).empty());
    EXPECT_TRUE(live->sameButAxes(setting, other));
    const MetricsTable truth = live->measure(other, {});
    const LiveFigures figures = live->figures(other, true, {});
    for (std::size_t s = 0; s < figures.sets.size(); ++s) {
        ASSERT_TRUE(figures.sets[s]);
        for (const auto& [metric, value] : *figures.sets[s])
            EXPECT_NEAR(value, truth.sets[s].value(metric), 1e-9) << metric;
    }
    const auto curve = live->curve(group, "weight_CLAP_g", setting, base, {});
    ASSERT_TRUE(curve);
    EXPECT_NEAR(curve->change.at(0.3), groupValue(group, truth) - groupValue(group, base), 1e-9);
    const SweepSurface surface = live->surface({{"sigma_a", 0, 1, 3}, {"weight_CLAP_g", 0, 1, 5}}, setting, base, {});
    ASSERT_TRUE(surface.complete());
    for (const char* swept : {"CLAP_g", "CLAP_m"}) EXPECT_FALSE(surface.fixed.expert_weights.contains(swept));
    setFactor(other, *axis, surface.at(7)[1]);
    EXPECT_EQ(surface.settingAt(7).expert_weights, other.expert_weights);
    // The same sweep by the command line, and by brute force.
    SweepRequestText request;
    request.subject.product = *folder_ / "ImageBind++";
    request.axes = {"sigma_a=0:1:0.5", "weight_CLAP_g=0:1:0.25"};
    for (const bool reference : {false, true}) {
        request.reference = reference;
        const Json swept = sweepFactors(request, {}).json;
        for (std::size_t g = 0; g < surface.groups.size(); ++g) {
            const Json& change = swept["groups"][g]["change"];
            for (std::size_t i = 0; i < 15; ++i)
                EXPECT_NEAR(change[i / 5][i % 5].get<double>(), surface.groups[g].change[i], 1e-9) << reference;
        }
    }
    // No weight again: what is there for one value is made anew.
    live->setLiveWeight({});
    EXPECT_EQ(live->missing(other).size(), missing.size());
    EXPECT_TRUE(live->ready(missing.front(), other));
}

TEST_F(LiveProductTest, AFinishedSearchIsToldWhereItIsNotKnownHowSureItIs) {
    TuneRequestText request;
    request.subject.product =
        withGroups("classes", R"([{"name": "C", "sets": ["ESC-50"], "metric": "R@1 text→audio"}])");
    request.maximize = {"C"};
    request.factors = {"sigma_t"};
    request.step = 0.25;
    request.headroom = true;
    request.output = *folder_ / "best.json";
    const Outcome told = tuneFactors(request, {});
    EXPECT_EQ(readJsonFile(request.output)["best"], told.json["best"]);
    EXPECT_NE(told.json["confidence"]["not_told"].get<std::string>().find("mean over queries"), std::string::npos);
    for (const char* said : {"how sure: not told, because", "headroom of C: not told, because"})
        EXPECT_NE(told.text.find(said), std::string::npos) << told.text;
}

TEST_F(LiveProductTest, FiguresAreThoseOfTheReference) {
    for (const char* recipe : {"ImageBind++", "InternVL_IB++"}) {
        const auto live = open(recipe);
        Setting setting = live->defaults();
        setting.factors["sigma_a"] = 0.75;
        setting.factors["sigma_t"] = 0.25;
        setting.expert_weights["CLAP_g"] = 2;
        prepareAll(*live, setting);
        expectFigures(*live, setting, evaluated(recipe, setting));
    }
}

TEST_F(LiveProductTest, AnExpertThatIsSwitchedOffNeedsPreparingAndComesBack) {
    const auto live = open("ImageBind++");
    const Setting on = live->defaults();
    prepareAll(*live, on);
    const LiveFigures before = live->figures(on, true, {});
    Setting off = on;
    off.expert_weights["CLAP_m"] = 0;
    EXPECT_FALSE(live->missing(off).empty());
    bool some_missing = false;
    for (const auto& set : live->figures(off, true, {}).sets) some_missing = some_missing || !set;
    EXPECT_TRUE(some_missing);
    prepareAll(*live, off);
    prepareAll(*live, on);
    const LiveFigures after = live->figures(on, true, {});
    for (std::size_t s = 0; s < live->sets().size(); ++s) EXPECT_EQ(*before.sets[s], *after.sets[s]);
}

TEST_F(LiveProductTest, SurfacesHaveTheFiguresOfTheirPointsAndOnlyReadyGroups) {
    const auto live = open("ImageBind++");
    const Setting setting = live->defaults();
    const MetricsTable base = live->measureSpace("ImageBind", {});
    const std::vector<FactorAxis> axes{{"sigma_a", 0, 1, 5}, {"sigma_t", 0, 1, 3}};
    EXPECT_TRUE(live->surface(axes, setting, base, {}).groups.empty());
    std::size_t groups_seen = 0;
    for (const std::size_t set : live->missing(setting)) {
        ASSERT_TRUE(live->prepare(set, setting, {}));
        const auto groups = live->surface(axes, setting, base, {}).groups.size();
        EXPECT_GE(groups, groups_seen);
        groups_seen = groups;
    }
    int calls = 0;
    const SweepSurface surface = live->surface(axes, setting, base, {}, [&](const SweepSurface&) { ++calls; });
    EXPECT_GT(calls, 0);
    ASSERT_EQ(surface.groups.size(), 3u);
    EXPECT_TRUE(surface.complete());
    EXPECT_TRUE(surface.synthetic);
    for (std::size_t i = 0; i < surface.total; ++i) {
        Setting at = setting;
        at.factors["sigma_a"] = surface.at(i)[0];
        at.factors["sigma_t"] = surface.at(i)[1];
        const LiveFigures figures = live->figures(at, false, {});
        for (const auto& group : surface.groups) {
            double sum = 0;
            for (const auto& name : group.group.sets) {
                for (std::size_t s = 0; s < live->sets().size(); ++s) {
                    if (live->sets()[s].name == name) sum += figures.sets[s]->at("R@1") - base.at(name).value("R@1");
                }
            }
            EXPECT_NEAR(group.change[i], sum / static_cast<double>(group.group.sets.size()), 1e-9);
        }
    }
}

TEST_F(LiveProductTest, ACurveIsTheFiguresBetweenItsBreaks) {
    const auto live = open("InternVL_IB++");
    const Setting setting = live->defaults();
    prepareAll(*live, setting);
    const MetricsTable base = live->measureSpace("ImageBind", {});
    for (const auto& group : live->groups(base)) {
        for (const char* factor : {"sigma_a", "sigma_t", "lambda_v"}) {
            const auto curve = live->curve(group, factor, setting, base, {});
            ASSERT_TRUE(curve);
            ASSERT_EQ(curve->change.values.size(), curve->change.breaks.size() + 1);
            // In the middle of some pieces; a piece narrower than the flips' own precision is no place to stand on.
            std::vector<double> ends{0};
            ends.insert(ends.end(), curve->change.breaks.begin(), curve->change.breaks.end());
            ends.push_back(1);
            for (std::size_t i = 0; i + 1 < ends.size(); i += 1 + ends.size() / 12) {
                if (ends[i + 1] - ends[i] < 1e-6) continue;
                Setting at = setting;
                at.factors[factor] = (ends[i] + ends[i + 1]) / 2;
                const LiveFigures figures = live->figures(at, false, {});
                double sum = 0;
                for (const auto& name : group.sets) {
                    for (std::size_t s = 0; s < live->sets().size(); ++s) {
                        if (live->sets()[s].name == name)
                            sum += figures.sets[s]->at("R@1") - base.at(name).value("R@1");
                    }
                }
                EXPECT_NEAR(curve->change.values[i], sum / static_cast<double>(group.sets.size()), 1e-9)
                    << group.name << " " << factor << " " << at.factors[factor];
            }
        }
    }
}

TEST_F(LiveProductTest, ReadersGoOnWhileAnotherThreadPrepares) {
    const auto live = open("ImageBind++");
    const Setting on = live->defaults();
    Setting off = on;
    off.expert_weights["CLAP_g"] = 0;
    std::atomic<bool> done = false;
    std::vector<std::thread> readers;
    std::atomic<int> wrong = 0;
    prepareAll(*live, on);
    const LiveFigures truth = live->figures(on, false, {});
    for (int t = 0; t < 2; ++t) {
        readers.emplace_back([&] {
            while (!done) {
                const LiveFigures now = live->figures(on, false, {});
                for (std::size_t s = 0; s < truth.sets.size(); ++s) {
                    if (now.sets[s] && truth.sets[s] && *now.sets[s] != *truth.sets[s]) ++wrong;
                }
            }
        });
    }
    for (int i = 0; i < 3; ++i) {
        for (const std::size_t set : live->missing(off)) live->prepare(set, off, {});
        for (const std::size_t set : live->missing(on)) live->prepare(set, on, {});
    }
    done = true;
    for (auto& reader : readers) reader.join();
    EXPECT_EQ(wrong, 0);
}

TEST_F(LiveProductTest, PresetsSwitchesAndFormulasAreThoseOfTheRecipe) {
    const auto live = open("ImageBind++");
    ASSERT_TRUE(live->presets().contains("AT Expertise"));
    EXPECT_EQ(live->presets().at("AT Expertise").factors.at("sigma_a"), 0.8);
    ASSERT_EQ(live->experts().size(), 2u);
    EXPECT_EQ(live->experts()[0].key, "CLAP_g");
    EXPECT_EQ(live->experts()[0].projectors.size(), 7u);
    Setting setting = live->defaults();
    setting.factors["sigma_t"] = 0.37;
    EXPECT_NE(live->formula("text", setting).find("0.37"), std::string::npos);
    setting.factors["sigma_t"] = 1.5;
    EXPECT_THROW(live->figures(setting, false, {}), Error);
}

TEST_F(LiveProductTest, TuningAndConfidenceWorkOnWhatIsReady) {
    const auto live = open("ImageBind++");
    const Setting setting = live->defaults();
    TuneRequest request;
    request.fixed = setting;
    request.baseline = live->measureSpace("ImageBind", {});
    request.maximize = {{"AT", 1.0}};
    request.step = 0.1;
    EXPECT_THROW(live->tune(request, {}), Error);  // nothing is ready
    prepareAll(*live, setting);
    const TuneResult result = live->tune(request, {});
    EXPECT_GE(result.best.objective, result.start.objective);
    const auto group = live->groups(request.baseline)[0];
    const Setting best = settingOf(result, result.best, setting);
    ConfidenceOptions options;
    options.resamples = 200;
    const Interval interval = live->difference(group, best, setting, options, {});
    EXPECT_LE(interval.low, interval.estimate);
    EXPECT_GE(interval.high, interval.estimate);
    const std::vector<FactorAxis> axes{{"sigma_a", 0, 1, 5}, {"sigma_t", 0, 1, 5}};
    const SweepSurface surface = live->surface(axes, setting, request.baseline, {});
    const TiedRegion region = live->tied(group, surface, options, {});
    ASSERT_EQ(region.tied.size(), surface.total);
    EXPECT_TRUE(region.tied[region.best]);
}

}  // namespace
}  // namespace engine
