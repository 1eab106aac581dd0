// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is no live change: projectors that are switched, factors that a later step took as input.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/session/live_product_fixture.h"

namespace engine {
namespace {

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

}  // namespace
}  // namespace engine
