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

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/recipe/reactor.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

class LiveProductTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        try {
            loadReactor();
        } catch (const Error&) {
            return;
        }
        folder_ = new test::TestFolder;
        synth({*folder_ / "world", {{"preset", "tiny"}}}, {});
        for (const char* recipe : {"ImageBind++", "InternVL_IB++", "Only_Seq"}) {
            ReactRequest request;
            request.workspace = *folder_ / "world";
            request.recipe = recipe;
            request.product = *folder_ / recipe;
            request.reaction_options = {{"hidden_width", 24}, {"batch_size", 64}, {"epochs", 1}};
            train(request, {});
        }
    }
    static void TearDownTestSuite() {
        delete folder_;
        folder_ = nullptr;
    }
    void SetUp() override {
        if (!folder_) GTEST_SKIP() << "built without the reactor: nothing can be trained";
    }
    static std::shared_ptr<LiveProduct> open(const char* recipe) {
        LiveProduct::Request request;
        request.product = *folder_ / recipe;
        return LiveProduct::open(request, {});
    }
    static void prepareAll(LiveProduct& live, const Setting& setting) {
        for (const std::size_t set : live.missing(setting)) ASSERT_TRUE(live.prepare(set, setting, {}));
        ASSERT_TRUE(live.missing(setting).empty());
    }
    static Json evaluated(const char* recipe, const Setting& setting) {
        EvaluateRequest request;
        request.subject.product = *folder_ / recipe;
        for (const auto& [name, value] : setting.factors)
            request.subject.set.push_back(name + "=" + std::to_string(value));
        for (const auto& [name, value] : setting.expert_weights)
            request.subject.set.push_back(name + "=" + std::to_string(value));
        for (const auto& [name, on] : setting.projectors) request.subject.set.push_back(name + (on ? "=on" : "=off"));
        request.reference = true;
        return evaluate(request, {}).json;
    }
    // The figures of every set that is ready are those of the answer.
    static void expectFigures(const LiveProduct& live, const Setting& setting, const Json& answer) {
        const LiveFigures figures = live.figures(setting, true, {});
        ASSERT_EQ(answer["sets"].size(), live.sets().size());
        for (std::size_t s = 0; s < live.sets().size(); ++s) {
            const std::string& name = live.sets()[s].name;
            ASSERT_TRUE(figures.sets[s]) << name;
            const auto set = std::find_if(answer["sets"].begin(), answer["sets"].end(),
                                          [&](const Json& json) { return json["set"] == name; });
            ASSERT_TRUE(set != answer["sets"].end()) << name;
            for (const auto& [metric, value] : *figures.sets[s])
                EXPECT_NEAR(value, (*set)["metrics"][metric].get<double>(), 1e-9) << name << " " << metric;
        }
    }
    // ImageBind++ with these Δ groups in its recipe.
    static std::filesystem::path withGroups(const char* name, const char* groups) {
        const auto copy = *folder_ / name;
        std::filesystem::copy(*folder_ / "ImageBind++", copy, std::filesystem::copy_options::recursive);
        Json product = readJsonFile(copy / "product.json");
        product["recipe"]["delta_groups"] = Json::parse(groups);
        writeJsonFile(copy / "product.json", product);
        return copy;
    }
    static inline test::TestFolder* folder_ = nullptr;
};

TEST_F(LiveProductTest, SwitchedProjectorsAreThoseOfTheReferenceAndOfARecipeThatNamesThem) {
    Recipe named = findRecipe("ImageBind++");
    named.name = "Named";
    named.route[0].experts[0].projectors = {"T", "TVA"};
    writeJsonFile(*folder_ / "named.json", recipeToJson(named));
    ReactRequest request;
    request.workspace = *folder_ / "world";
    request.recipe = (*folder_ / "named.json").string();
    request.product = *folder_ / "named";
    request.reaction_options = {{"hidden_width", 24}, {"batch_size", 64}, {"epochs", 1}};
    train(request, {});

    const auto live = open("ImageBind++");
    const Setting all = live->defaults();
    EXPECT_EQ(all.projectors.size(), 14u);
    prepareAll(*live, all);
    const LiveFigures before = live->figures(all, true, {});
    Setting some = all;
    for (const char* subset : {"V", "A", "TV", "TA", "VA"}) some.projectors["CLAP_g:" + std::string(subset)] = false;
    // Sets of images and their texts alone have CLAP's text, too: each set without a CLAP stays ready.
    for (std::size_t s = 0; s < live->sets().size(); ++s) {
        const auto& description = live->description(s);
        const bool touched = description.first != "image" || description.second != "image";
        EXPECT_EQ(live->ready(s, some), !touched) << description.name;
    }
    EXPECT_NE(live->formula("audio", some).find("Ψ_CLAP_g[2/7]"), std::string::npos);
    std::vector<std::string> stages;
    const JobContext job({}, [&](const Progress& progress) { stages.push_back(progress.stage); });
    for (const std::size_t set : live->missing(some)) ASSERT_TRUE(live->prepare(set, some, job));
    EXPECT_NE(std::find(stages.begin(), stages.end(), "projectors of CLAP_g, audio of AudioCaps"), stages.end());
    expectFigures(*live, some, evaluated("ImageBind++", some));
    EvaluateRequest theirs;
    theirs.subject.product = *folder_ / "named";
    theirs.reference = true;
    const Json expected = evaluate(theirs, {}).json;
    expectFigures(*live, some, expected);
    const MetricsTable measured = live->measure(some, {});
    for (const auto& set : expected["sets"]) {
        for (const auto& [metric, value] : measured.at(set["set"].get<std::string>()).values())
            EXPECT_NEAR(value, set["metrics"][metric].get<double>(), 1e-9);
    }

    // Back again, and there again: no projector runs.
    stages.clear();
    for (const Setting& setting : {all, some, all}) {
        for (const std::size_t set : live->missing(setting)) ASSERT_TRUE(live->prepare(set, setting, job));
    }
    EXPECT_TRUE(std::none_of(stages.begin(), stages.end(),
                             [](const std::string& stage) { return stage.starts_with("projectors of"); }));
    const LiveFigures after = live->figures(all, true, {});
    for (std::size_t s = 0; s < live->sets().size(); ++s) EXPECT_EQ(*before.sets[s], *after.sets[s]);
    // Nor in another session: they lie beside the product.
    const auto later = open("ImageBind++");
    for (const std::size_t set : later->missing(some)) ASSERT_TRUE(later->prepare(set, some, job));
    EXPECT_TRUE(std::none_of(stages.begin(), stages.end(),
                             [](const std::string& stage) { return stage.starts_with("projectors of"); }));
    expectFigures(*later, some, expected);

    // What moved the queries: one mover for all projectors of an expert; its shares add up.
    Setting moved = some;
    moved.factors["sigma_a"] = 0.9;
    std::size_t changes = 0;
    for (std::size_t s = 0; s < live->sets().size(); ++s) {
        if (live->sets()[s].kind == SetKind::MultiLabel) continue;
        const SetChange change = live->why(s, all, moved, {}, {});
        ASSERT_EQ(change.movers.size(), 2u);
        EXPECT_EQ(change.movers[1].name, "CLAP_g:*");
        EXPECT_EQ(change.movers[1].before, 7);
        EXPECT_EQ(change.movers[1].after, 2);
        for (const auto* direction : {&change.forward, &change.backward}) {
            for (const auto* list : {&direction->gained, &direction->lost}) {
                for (const auto& query : *list) {
                    if (!query.explained()) continue;
                    ++changes;
                    EXPECT_NEAR(query.shares[0] + query.shares[1], query.margin_after - query.margin_before, 1e-9);
                }
            }
        }
    }
    EXPECT_GT(changes, 0u);
}

TEST_F(LiveProductTest, ProjectorsOfADisplacementCanBeSwitchedAndAStopLeavesTheOldOnes) {
    const auto live = open("InternVL_IB++");
    const Setting all = live->defaults();
    prepareAll(*live, all);
    const LiveFigures before = live->figures(all, true, {});
    Setting some = all;
    some.projectors["InternVL:TV"] = some.projectors["CLAP_m:A"] = false;
    const auto missing = live->missing(some);
    ASSERT_FALSE(missing.empty());
    std::stop_source stop;
    const JobContext job(stop.get_token(), [&](const Progress& progress) {
        if (progress.stage.starts_with("projectors of")) stop.request_stop();
    });
    EXPECT_THROW(live->prepare(missing[0], some, job), Cancelled);
    EXPECT_FALSE(live->ready(missing[0], some));
    const LiveFigures still = live->figures(all, true, {});
    for (std::size_t s = 0; s < live->sets().size(); ++s) EXPECT_EQ(*before.sets[s], *still.sets[s]);
    prepareAll(*live, some);
    expectFigures(*live, some, evaluated("InternVL_IB++", some));
    // No atoms in common: said, not guessed.
    EXPECT_THROW(live->why(0, all, some, {}, {}), Error);
    Setting none = all;
    for (auto& [name, on] : none.projectors) on = on && !name.starts_with("CLAP_g:");
    EXPECT_THROW(live->missing(none), Error);
}

// Of three displacements in a row only the last one's factors are live; the others run projectors, on what they touch.
TEST_F(LiveProductTest, FactorsThatAreNotLiveAreComputedAnewAndSayHowLongThatTakes) {
    const auto live = open("Only_Seq");
    const Setting own = live->defaults();
    ASSERT_EQ(own.factors.size(), live->plan().factors.size());
    ASSERT_FALSE(live->plan().factor("lambda1_t")->live);
    ASSERT_TRUE(live->plan().factor("lambda3_t")->live);
    prepareAll(*live, own);
    const LiveFigures before = live->figures(own, true, {});

    const RecomputeEstimate guess = live->recomputeEstimate("lambda1_t");
    std::size_t sets = 0, rows = 0;
    for (std::size_t s = 0; s < live->sets().size(); ++s) {
        const auto& set = live->description(s);
        const std::size_t touched = (set.first == "text" ? live->ids(s, true).size() : 0) +
                                    (set.second == "text" ? live->ids(s, false).size() : 0);
        rows += touched;
        sets += touched > 0;
    }
    EXPECT_EQ(guess.rows, rows);
    EXPECT_EQ(guess.sets, sets);
    EXPECT_GT(guess.seconds, 0);
    EXPECT_FALSE(guess.measured);
    EXPECT_THROW(live->recomputeEstimate("lambda9_t"), Error);

    Setting moved = own;
    moved.factors["lambda1_t"] = 0.3;
    moved.factors["lambda3_a"] = 0.75;
    std::size_t waiting = 0;
    for (std::size_t s = 0; s < live->sets().size(); ++s) {
        const auto& set = live->description(s);
        const bool touched = set.first == "text" || set.second == "text";
        EXPECT_EQ(live->ready(s, moved), !touched) << set.name;
        EXPECT_EQ(live->figures(moved, true, {}).sets[s].has_value(), !touched);
        waiting += touched;
    }
    EXPECT_EQ(live->missing(moved).size(), waiting);
    std::vector<std::string> stages;
    const JobContext job({}, [&](const Progress& progress) { stages.push_back(progress.stage); });
    const auto ran = [&] {
        return std::any_of(stages.begin(), stages.end(),
                           [](const std::string& stage) { return stage.starts_with("projectors of"); });
    };
    for (const std::size_t set : live->missing(moved)) ASSERT_TRUE(live->prepare(set, moved, job));
    EXPECT_TRUE(ran());
    const Json reference = evaluated("Only_Seq", moved);
    expectFigures(*live, moved, reference);
    EXPECT_TRUE(live->recomputeEstimate("lambda1_t").measured);
    EXPECT_EQ(live->recomputeEstimate("lambda1_t").rows, rows);
    EXPECT_NE(live->formula("text", moved).find("0.3·InternVL"), std::string::npos);
    const MetricsTable measured = live->measure(moved, {});
    for (const auto& set : reference["sets"]) {
        for (const auto& [metric, value] : measured.at(set["set"].get<std::string>()).values())
            EXPECT_NEAR(value, set["metrics"][metric].get<double>(), 1e-9);
    }

    // A surface over the live ones, at this value of the other.
    const MetricsTable base = live->measureSpace("ImageBind", {});
    const SweepSurface surface = live->surface({{"lambda3_a", 0, 1, 3}, {"lambda3_t", 0, 1, 3}}, moved, base, {});
    ASSERT_FALSE(surface.groups.empty());
    EXPECT_THROW(live->surface({{"lambda1_t", 0, 1, 3}, {"lambda3_t", 0, 1, 3}}, own, base, {}), Error);
    Setting corner = moved;
    corner.factors["lambda3_a"] = corner.factors["lambda3_t"] = 1;
    const LiveFigures there = live->figures(corner, false, {});
    for (const auto& group : surface.groups) {
        std::vector<MetricMap> known;
        for (const auto& set : there.sets) known.push_back(set.value_or(MetricMap{}));
        EXPECT_NEAR(group.change.back(), groupValue(group.group, live->sets(), known) - group.baseline, 1e-9);
    }

    // Back again, and there again, and in another session: nothing runs.
    stages.clear();
    for (const Setting& setting : {own, moved, own}) {
        for (const std::size_t set : live->missing(setting)) ASSERT_TRUE(live->prepare(set, setting, job));
    }
    const LiveFigures after = live->figures(own, true, {});
    for (std::size_t s = 0; s < live->sets().size(); ++s) EXPECT_EQ(*before.sets[s], *after.sets[s]);
    const auto later = open("Only_Seq");
    for (const std::size_t set : later->missing(moved)) ASSERT_TRUE(later->prepare(set, moved, job));
    EXPECT_FALSE(ran());
    expectFigures(*later, moved, reference);

    // Queries gained and lost by a live factor are told at that value too; between two such values they have no vectors
    // in common.
    Setting further = moved;
    further.factors["lambda3_a"] = 0.1;
    std::size_t set = 0;
    while (live->description(set).first != "audio" && live->description(set).second != "audio") ++set;
    const SetChange change = live->why(set, moved, further, {}, {});
    ASSERT_EQ(change.movers.size(), 1u);
    EXPECT_EQ(change.movers[0].name, "lambda3_a");
    EXPECT_THROW(live->why(set, own, moved, {}, {}), Error);

    // The command line says the same before it begins.
    EvaluateRequest request;
    request.subject.product = *folder_ / "Only_Seq";
    request.subject.set = {"lambda1_t=0.3"};
    std::vector<std::string> said;
    evaluate(request, JobContext({}, {}, [&](const std::string& line) { said.push_back(line); }));
    ASSERT_FALSE(said.empty());
    EXPECT_NE(said[0].find("not live: lambda1_t"), std::string::npos) << said[0];
    EXPECT_NE(said[0].find(std::to_string(rows) + " rows"), std::string::npos) << said[0];
    EXPECT_NE(said[0].find("second"), std::string::npos) << said[0];
    SweepRequestText sweep_request;
    sweep_request.subject.product = *folder_ / "Only_Seq";
    sweep_request.axes = {"lambda1_t=0:1:0.5"};
    try {
        sweepFactors(sweep_request, {});
        FAIL() << "swept along a factor that is not live";
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("evaluate --set lambda1_t=VALUE"), std::string::npos) << error.message();
    }
}

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
    Setting best = setting;
    for (std::size_t f = 0; f < result.factors.size(); ++f) best.factors[result.factors[f]] = result.best.factors[f];
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
