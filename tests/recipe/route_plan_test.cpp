// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/route_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/recipe/recipe_support.h"

namespace engine {
namespace {

using test::kImageBindPlus;
using test::kInternVlPlus;
using test::paperSpaces;
using test::recipeOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> factorNames(const RoutePlan& plan, bool live) {
    std::vector<std::string> names;
    for (const auto& f : plan.factors) {
        if (f.live == live) names.push_back(f.name);
    }
    return names;
}

TEST(RoutePlan, CombinationOfThePaper) {
    const auto plan = planRoute(recipeOf(kImageBindPlus), paperSpaces());
    EXPECT_THAT(factorNames(plan, true), ElementsAre("sigma_t", "sigma_a"));
    EXPECT_TRUE(factorNames(plan, false).empty());
    ASSERT_EQ(plan.reactions.size(), 2u);
    const auto& r = plan.reactions[1];
    EXPECT_EQ(r.key, "1-CLAP_m");
    EXPECT_EQ(r.source_width, 8u);
    EXPECT_EQ(r.target_width, 12u);
    EXPECT_EQ(r.epochs, 20);
    EXPECT_THAT(r.shared, ElementsAre("text", "audio"));
    EXPECT_THAT(r.subsets, ElementsAre("T", "V", "A", "TV", "TA", "VA", "TVA"));
    EXPECT_EQ(plan.width, 12u);
}

TEST(RoutePlan, DisplacementThenCombinationIsLiveThroughout) {
    const auto plan = planRoute(recipeOf(kInternVlPlus), paperSpaces());
    EXPECT_THAT(factorNames(plan, true), ElementsAre("lambda_t", "lambda_v", "sigma_t", "sigma_a"));
    EXPECT_EQ(plan.reactions[0].epochs, 5);
    EXPECT_EQ(plan.reactions[1].target_width, 10u);
    EXPECT_EQ(plan.width, 10u);
}

TEST(RoutePlan, AFactorBeforeADisplacementIsNotLive) {
    const auto plan = planRoute(recipeOf(R"({"name": "Seq", "base": "ImageBind", "route": [
        {"reaction": "combination", "experts": ["CLAP_g"]}, {"reaction": "displacement", "experts": ["InternVL"]},
        {"reaction": "displacement", "experts": ["CLAP_m"]}]})"),
                                paperSpaces());
    EXPECT_THAT(factorNames(plan, true), ElementsAre("lambda3_t", "lambda3_a"));
    EXPECT_THAT(factorNames(plan, false), ElementsAre("sigma_t", "sigma_a", "lambda2_t", "lambda2_v"));
    EXPECT_FALSE(plan.warnings.empty());
}

TEST(RoutePlan, AnExpertInCompanyHasAWeightThatCanBeRunAlong) {
    const auto names = [](const std::vector<FactorInfo>& of) {
        std::vector<std::string> out;
        for (const auto& f : of) out.push_back(f.name);
        return out;
    };
    const auto plan = planRoute(recipeOf(kInternVlPlus), paperSpaces());
    EXPECT_THAT(names(plan.weights), ElementsAre("weight_CLAP_g", "weight_CLAP_m"));
    EXPECT_THAT(names(plan.axes()),
                ElementsAre("lambda_t", "lambda_v", "sigma_t", "sigma_a", "weight_CLAP_g", "weight_CLAP_m"));
    const FactorInfo& g = plan.weights[0];
    EXPECT_EQ(g.symbol, "w_CLAP_g");
    EXPECT_TRUE(g.live);
    EXPECT_DOUBLE_EQ(g.value, 0.5);
    Setting setting;
    EXPECT_DOUBLE_EQ(factorAt(g, setting), 0.5);
    setting.expert_weights = {{"CLAP_g", 3}};
    EXPECT_DOUBLE_EQ(factorAt(g, setting), 0.75);
    for (const double value : {0.0, 0.3, 1.0, 0.1}) {
        setFactor(setting, g, value);
        EXPECT_EQ(factorAt(g, setting), value);
        EXPECT_DOUBLE_EQ(factorAt(plan.weights[1], setting), 1 - value);
    }
    setting.expert_weights = {{"CLAP_g", 0}, {"CLAP_m", 0}};
    EXPECT_EQ(factorAt(g, setting), 0);
    EXPECT_FALSE(anyExpertOn(g, setting));
    setFactor(setting, g, 0.25);
    EXPECT_EQ(setting.expert_weights, (std::map<std::string, double>{{"CLAP_g", 0.25}, {"CLAP_m", 0.75}}));
}

TEST(RoutePlan, OthersKeepTheirRatioWhileAWeightMoves) {
    const auto plan = planRoute(recipeOf(R"({"name": "Three", "base": "ImageBind", "route": [{"reaction":
        "combination", "experts": ["CLAP_g", {"space": "CLAP_m", "weight": 3}, "InternVL"]}]})"),
                                paperSpaces());
    ASSERT_EQ(plan.weights.size(), 3u);
    Setting setting;
    setFactor(setting, plan.weights[0], 0.6);
    EXPECT_DOUBLE_EQ(setting.expert_weights.at("CLAP_m"), 0.3);
    EXPECT_DOUBLE_EQ(setting.expert_weights.at("InternVL"), 0.1);
    setFactor(setting, plan.weights[0], 1);
    EXPECT_EQ(setting.expert_weights.at("CLAP_m"), 0);
    setFactor(setting, plan.weights[0], 0.2);
    EXPECT_DOUBLE_EQ(setting.expert_weights.at("CLAP_m"), 0.6) << "the recipe's ratio, where theirs was lost";
    // Alone with its modalities, an expert is on or off.
    const auto apart = planRoute(recipeOf(R"({"name": "Apart", "base": "ImageBind", "route": [{"reaction":
        "combination", "experts": ["A", "V"]}]})"),
                                 {{"ImageBind", 12, {"text", "image", "audio"}, {"text", "image", "audio"}},
                                  {"A", 8, {"audio"}, {"audio"}},
                                  {"V", 8, {"image"}, {"image"}}});
    EXPECT_TRUE(apart.weights.empty());
}

TEST(RoutePlan, ListsEveryProblem) {
    try {
        planRoute(recipeOf(R"({"name": "Bad", "base": "ImageBnd", "route": []})"), paperSpaces());
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("did you mean 'ImageBind'?"));
    }
    try {
        planRoute(recipeOf(R"({"name": "Bad", "base": "InternVL", "route": [
            {"reaction": "combination", "experts": ["CLAP_g"], "factors": {"image": 0.5}},
            {"reaction": "combination", "experts": ["Clap_m"], "options": {"projectors": ["X"]}}]})"),
                  paperSpaces());
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("a factor is given for 'image'"));
        EXPECT_THAT(error.what(), HasSubstr("did you mean 'CLAP_m'?"));
    }
    const std::vector<SpaceInfo> apart = {{"A", 4, {"audio"}, {"audio"}}, {"B", 4, {"image"}, {"image"}}};
    EXPECT_THROW(planRoute(recipeOf(R"({"name": "Apart", "base": "A", "route": [
        {"reaction": "combination", "experts": ["B"]}]})"),
                           apart),
                 Error);
}

TEST(RoutePlan, OptionsThatDoNothingAreNotTakenInSilence) {
    // Flags of the command line go to every step of a route, so what a tuning cannot use is said, not refused.
    const auto warnings = [](const std::string& options) {
        return planRoute(recipeOf(R"({"name": "R", "base": "ImageBind", "route": [{"reaction": "tuning",
            "modality": "audio", "towards": "image", "options": {)" +
                                  options + "}}]}"),
                         paperSpaces())
            .warnings;
    };
    EXPECT_THAT(warnings(R"("epochs": 3, "hidden_width": 64)"), testing::IsEmpty());
    for (const char* option : {R"("objective": "c-mcr")", R"("head": "ex-mcr")", R"("batch_norm": "joint")",
                               R"("select": "best")", R"("validation_set": "AudioCaps")", R"("projectors": ["T"])"}) {
        EXPECT_THAT(warnings(option), ElementsAre(HasSubstr("has no effect"))) << option;
    }
}

TEST(RoutePlan, ModalitiesHaveAnyNames) {
    const std::vector<Modality> dt = {"text", "depth"}, tm = {"text", "molecule"};
    const std::vector<SpaceInfo> spaces = {{"D", 6, dt, dt}, {"M", 5, tm, tm}};
    const Recipe recipe =
        recipeOf(R"({"name": "R", "base": "D", "route": [{"reaction": "combination", "experts": ["M"]}]})");
    const auto plan = planRoute(recipe, spaces);
    EXPECT_THAT(plan.modalities, ElementsAre("text", "depth", "molecule"));
    EXPECT_THAT(factorNames(plan, true), ElementsAre("sigma_t"));
    EXPECT_THAT(plan.reactions[0].subsets,
                ElementsAre("T", "depth", "molecule", "T+depth", "T+molecule", "depth+molecule", "T+depth+molecule"));
    EXPECT_EQ(broughtByStep(recipe, plan, "molecule"), std::optional<std::size_t>(0));
    EXPECT_EQ(broughtByStep(recipe, plan, "text"), std::nullopt);
    EXPECT_THAT(subsetMembers("T+molecule", plan.reactions[0].starts), ElementsAre("text", "molecule"));
}

TEST(RoutePlan, PoolsThatAreMissingAreLeftOut) {
    auto spaces = paperSpaces();
    spaces[0].pools = {"text", "audio"};
    const auto plan = planRoute(recipeOf(kImageBindPlus), spaces);
    EXPECT_THAT(plan.reactions[0].subsets, ElementsAre("T", "A", "TA"));
    EXPECT_THAT(plan.modalities, ElementsAre("text", "image", "audio"));
}

TEST(RoutePlan, SettingsNameFactorsAndExperts) {
    const Recipe recipe = recipeOf(kImageBindPlus);
    const auto plan = planRoute(recipe, paperSpaces());
    const Recipe tuned = withSetting(recipe, plan, {{{"sigma_a", 0.75}}, {{"CLAP_m", 0}}});
    EXPECT_EQ(tuned.route[0].factors.at("audio"), 0.75);
    EXPECT_EQ(tuned.route[0].factors.at("text"), 0.1);
    EXPECT_FALSE(tuned.route[0].experts[1].enabled);
    EXPECT_THROW(withSetting(recipe, plan, {{{"sigma_x", 0.5}}, {}}), Error);
    EXPECT_THROW(withSetting(recipe, plan, {{{"sigma_a", 1.5}}, {}}), Error);
    EXPECT_THROW(withSetting(recipe, plan, {{}, {{"CLAP", 1}}}), Error);
}

TEST(RoutePlan, SettingsSwitchProjectors) {
    const Recipe recipe = recipeOf(R"({"name": "Some", "base": "ImageBind", "route": [
        {"reaction": "displacement", "experts": ["InternVL"]},
        {"reaction": "combination", "experts": [{"space": "CLAP_g", "projectors": ["T", "TVA"]}, "CLAP_m"]}]})");
    const auto plan = planRoute(recipe, paperSpaces());
    EXPECT_THAT(activeProjectors(recipe, plan, 1, 0), ElementsAre("T", "TVA"));
    EXPECT_THAT(activeProjectors(recipe, plan, 1, 1), ElementsAre("T", "V", "A", "TV", "TA", "VA", "TVA"));
    const Recipe switched =
        withSetting(recipe, plan, {{}, {}, {{"CLAP_g:T", false}, {"CLAP_g:VA", true}, {"CLAP_m:A", false}}});
    EXPECT_THAT(switched.route[1].experts[0].projectors, ElementsAre("VA", "TVA"));
    EXPECT_THAT(switched.route[1].experts[1].projectors, ElementsAre("T", "V", "TV", "TA", "VA", "TVA"));
    EXPECT_TRUE(switched.route[0].experts[0].projectors.empty());
    EXPECT_EQ(formula(switched, plan, "audio"),
              "A = N(0.5·N((Ψ_CLAP_g[2/7] + Ψ_CLAP_m[6/7])/2) + 0.5·N(Ψ_InternVL(ImageBind)))");
    // All on again: as a recipe that names none.
    EXPECT_TRUE(withSetting(switched, plan, {{}, {}, {{"CLAP_m:A", true}}}).route[1].experts[1].projectors.empty());

    const auto message = [&](const Setting& setting) -> std::string {
        try {
            withSetting(recipe, plan, setting);
        } catch (const Error& error) {
            return error.what();
        }
        return {};
    };
    EXPECT_THAT(message({{}, {}, {{"CLAP_g:TVAA", true}}}), HasSubstr("did you mean 'CLAP_g:TVA'?"));
    EXPECT_THAT(message({{}, {}, {{"CLAP_g:T", false}, {"CLAP_g:TVA", false}}}),
                HasSubstr("switch the expert itself off instead: CLAP_g=off"));
    Setting none;
    for (const auto& subset : plan.reactions[0].subsets) none.projectors["InternVL:" + subset] = false;
    EXPECT_THAT(message(none), HasSubstr("a displacement needs at least one of T, V"));
    EXPECT_EQ(message({{}, {}, {{"CLAP_g:T", false}, {"CLAP_g:TVA", false}, {"CLAP_g:A", true}}}), "");
}

TEST(RoutePlan, FormulaShowsTheNumbersInForce) {
    const Recipe recipe = recipeOf(kInternVlPlus);
    const auto plan = planRoute(recipe, paperSpaces());
    EXPECT_EQ(formula(recipe, plan, "text"),
              "T = N(0.1·N((Ψ_CLAP_g + Ψ_CLAP_m)/2) + 0.9·N(0.9·InternVL + 0.1·N(Ψ_InternVL(ImageBind))))");
    EXPECT_EQ(formula(recipe, plan, "audio"), "A = N(0.5·N((Ψ_CLAP_g + Ψ_CLAP_m)/2) + 0.5·N(Ψ_InternVL(ImageBind)))");
    Setting weighed;
    setFactor(weighed, plan.weights[0], 0.8);
    EXPECT_EQ(formula(withSetting(recipe, plan, weighed), plan, "audio"),
              "A = N(0.5·N(0.8·Ψ_CLAP_g + 0.2·Ψ_CLAP_m) + 0.5·N(Ψ_InternVL(ImageBind)))");
}

}  // namespace
}  // namespace engine
