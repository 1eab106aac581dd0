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
}

}  // namespace
}  // namespace engine
