// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/recipe/recipe_support.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

using test::recipeOf;
using testing::HasSubstr;

TEST(Recipe, RoundTripsThroughJson) {
    const Recipe r = recipeOf(R"({"name": "X", "description": "d", "base": "B", "route": [{"reaction": "combination",
        "experts": ["E", {"space": "F", "weight": 2, "enabled": false, "projectors": ["T"]}], "against": "base",
        "factors": {"text": 0.25}, "options": {"epochs": 3, "temperature": 0.05}}],
        "settings": {"S": {"factors": {"sigma_t": 1}, "expert_weights": {"E": 0}, "projectors": {"E:T": false}}},
        "delta_groups": [{"name": "AT", "sets": ["a", "b"], "metric": "R@5", "weights": [1, 2]}]})");
    EXPECT_EQ(r.route[0].experts[1].weight, 2);
    EXPECT_EQ(r.route[0].options.epochs, 3);
    EXPECT_EQ(recipeToJson(recipeFromJson(recipeToJson(r), "again")).dump(), recipeToJson(r).dump());
}

TEST(Recipe, ReportsEveryProblemAtOnce) {
    try {
        recipeOf(R"({"name": "a/b", "bse": "B", "route": [{"reaction": "displacment", "experts": ["E", "E"],
            "factors": {"text": 1.5}, "options": {"epoch": 3}}, {"reaction": "displacement", "experts": ["E", "F"]}, 7]})");
        FAIL();
    } catch (const Error& error) {
        const std::string what = error.what();
        for (const char* part : {"unknown key 'bse'; did you mean 'base'?", "'base' is missing", "route[0].reaction",
                                 "named twice", "route[0].factors.text", "did you mean 'epochs'?",
                                 "route[1]: a displacement moves", "route[2]: expected an object", "recipe.name"}) {
            EXPECT_THAT(what, HasSubstr(part));
        }
    }
}

TEST(Recipe, ShippedRecipesFitThePapersSpaces) {
    for (const char* name : {"ImageBind++", "InternVL_IB", "InternVL_IB++", "InternVL_IB†", "InternVL_IB†++"}) {
        const auto path =
            std::filesystem::path(MOLSPACE_SOURCE_DIR) / "resources/recipes" / (std::string(name) + ".json");
        const Recipe recipe = readRecipe(path);
        EXPECT_EQ(recipe.name, name);
        const RoutePlan plan = planRoute(recipe, test::paperSpaces());
        for (const auto& [setting_name, setting] : recipe.settings) EXPECT_NO_THROW(withSetting(recipe, plan, setting));
        for (const auto& reaction : plan.reactions) EXPECT_EQ(reaction.subsets.size(), 7u);
    }
}

TEST(Recipe, ShippedRecipesOfTheBaselinesFitTheirSpaces) {
    const std::vector<Modality> vt = {"text", "image"}, at = {"text", "audio"};
    auto spaces = test::paperSpaces();
    spaces.push_back({"CLIP_B32", 12, vt, vt});
    const std::vector<std::pair<const char*, std::size_t>> recipes = {{"C-MCR", 1},
                                                                      {"Ex-MCR", 1},
                                                                      {"InternVL_IB by C-MCR", 7},
                                                                      {"InternVL_IB by Ex-MCR", 7},
                                                                      {"IB_Cr_InternVL by C-MCR", 7},
                                                                      {"IB_Cr_InternVL by Ex-MCR", 7}};
    for (const auto& [name, projectors] : recipes) {
        const auto path =
            std::filesystem::path(MOLSPACE_SOURCE_DIR) / "resources/recipes" / (std::string(name) + ".json");
        const Recipe recipe = readRecipe(path);
        EXPECT_EQ(recipe.name, name);
        const RoutePlan plan = planRoute(recipe, spaces);
        for (const auto& [setting_name, setting] : recipe.settings) EXPECT_NO_THROW(withSetting(recipe, plan, setting));
        ASSERT_EQ(plan.reactions.size(), 1u);
        EXPECT_EQ(plan.reactions[0].subsets.size(), projectors) << name;
        EXPECT_EQ(plan.modalities.size(), 3u);
        EXPECT_EQ(recipeToJson(recipeFromJson(recipeToJson(recipe), "again")), recipeToJson(recipe));
    }
}

TEST(Recipe, WhatCanBeTuned) {
    const auto problemOf = [](const std::string& steps) {
        try {
            planRoute(test::recipeOf(R"({"name": "J", "base": "ImageBind", "route": [)" + steps + "]}"),
                      test::paperSpaces());
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string("none");
    };
    const std::string tuning = R"({"reaction": "tuning", "modality": "audio", "towards": "image"})";
    EXPECT_EQ(problemOf(tuning), "none");
    EXPECT_EQ(problemOf(R"({"reaction": "displacement", "experts": ["InternVL"]}, )" + tuning), "none");
    EXPECT_THAT(problemOf(R"({"reaction": "combination", "experts": ["CLAP_g"]}, )" + tuning),
                HasSubstr("tune before"));
    EXPECT_THAT(problemOf(R"({"reaction": "tuning", "modality": "depth", "towards": "image"})"),
                HasSubstr("has no 'depth'"));
    EXPECT_THAT(problemOf(R"({"reaction": "tuning", "modality": "audio", "towards": "audio"})"),
                HasSubstr("another modality"));
    EXPECT_THAT(problemOf(R"({"reaction": "tuning", "modality": "audio", "towards": "image", "experts": ["CLAP_g"]})"),
                HasSubstr("unknown key"));
    EXPECT_THAT(problemOf(R"({"reaction": "tuning"})"), HasSubstr("'modality' is missing"));
}

TEST(Recipe, AJointSpaceIsOfOneExpertAndOnePairOfHeads) {
    const auto problemOf = [](const std::string& step) {
        try {
            const Recipe recipe =
                test::recipeOf(R"({"name": "J", "base": "CLIP", "route": [{"against": "joint", )" + step + "}]}");
            planRoute(recipe, test::textLinkedSpaces());
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string("none");
    };
    const std::string combination = R"("reaction": "combination", "experts": ["CLAP"], )";
    EXPECT_EQ(problemOf(combination + R"("options": {"objective": "c-mcr"})"), "none");
    EXPECT_THAT(problemOf(combination + R"("options": {"objective": "freebind"})"), HasSubstr("expected c-mcr"));
    EXPECT_THAT(problemOf(combination + R"("options": {"objective": "c-mcr", "projectors": ["T", "A"]})"),
                HasSubstr("one union of pools"));
    EXPECT_THAT(problemOf(combination + R"("options": {"objective": "c-mcr", "validation_set": "x"})"),
                HasSubstr("not validated"));
    EXPECT_THAT(problemOf(R"("reaction": "displacement", "experts": ["CLAP"], "options": {"objective": "c-mcr"})"),
                HasSubstr("only a combination of one expert"));
}

}  // namespace
}  // namespace engine
