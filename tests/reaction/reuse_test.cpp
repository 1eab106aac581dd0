// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/reuse.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/recipe/change_experts.h"
#include "tests/reaction/route_support.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
using namespace test;

constexpr const char* kBoth =
    R"([{"reaction": "combination", "experts": ["CLAP_g", "CLAP_m"], "factors": {"audio": 0.5, "text": 0.3}}])";
constexpr const char* kThreeSteps = R"([{"reaction": "displacement", "experts": ["InternVL"]},
    {"reaction": "combination", "experts": ["CLAP_g"]}, {"reaction": "combination", "experts": ["CLAP_m"]}])";

// Every number of a reaction's projectors: two files may differ in the recipe's name alone.
std::vector<std::vector<float>> numbersOf(const LoadedProduct& product, const std::string& key) {
    std::vector<std::vector<float>> out;
    for (const auto& place : projectorPlaces(product.model->plan())) {
        if (place.key != key) continue;
        for (const auto& layer : readProjector(projectorPath(product.folder, place)).layers) {
            for (const auto* values :
                 {&layer.weight, &layer.bias, &layer.gamma, &layer.beta, &layer.mean, &layer.variance})
                out.push_back(*values);
        }
    }
    return out;
}

std::string whyTrained(const Reuse& reuse, const std::string& key) {
    for (const auto& t : reuse.trained) {
        if (t.key == key) return t.why;
    }
    return {};
}

Reuse reuseOf(const fs::path& workspace, const Recipe& recipe, const fs::path& source, std::uint64_t seed = 7) {
    const Workspace w(workspace);
    return planReuse(recipe, planRoute(recipe, spacesOf(w)), w, seed, loadProduct(source));
}

TEST(Reuse, AnExpertMoreLeavesTheOthersAndEqualsTrainingFromScratch) {
    const TestFolder folder;
    // The new expert's space comes into the workspace later.
    makeToyWorkspace(folder / "w", {{kPaper[0], kPaper[1], kPaper[2]}});
    trainRoute(requestOf(folder / "w", folder / "small", recipeOf("Small", "ImageBind", kCombination)), {});
    const std::string before = Workspace(folder / "w").fingerprint();
    makeToyWorkspace(folder / "w", {kPaper});
    ASSERT_NE(Workspace(folder / "w").fingerprint(), before);

    const Recipe bigger = recipeOf("Bigger", "ImageBind", kBoth);
    auto request = requestOf(folder / "w", folder / "from", bigger);
    request.from = folder / "small";
    trainRoute(request, {});
    trainRoute(requestOf(folder / "w", folder / "scratch", bigger), {});

    const LoadedProduct small = loadProduct(folder / "small"), from = loadProduct(folder / "from"),
                        scratch = loadProduct(folder / "scratch");
    const auto there = projectorsOf(folder / "small"), here = projectorsOf(folder / "from");
    EXPECT_EQ(there.size(), 7u);
    EXPECT_EQ(here.size(), 14u);
    for (const auto& [file, bytes] : there) EXPECT_EQ(here.at(file), bytes) << file;
    for (const char* key : {"1-CLAP_g", "1-CLAP_m"}) {
        ASSERT_FALSE(numbersOf(from, key).empty());
        EXPECT_EQ(numbersOf(from, key), numbersOf(scratch, key)) << key;
    }
    EXPECT_EQ(recallAt1(folder / "w", folder / "from", "audio-text"),
              recallAt1(folder / "w", folder / "scratch", "audio-text"));

    // The record says what was taken from where, and only of that.
    const Json taken = from.record.training.at("1-CLAP_g").at("TA").at("taken");
    EXPECT_EQ(taken.at("product"), "Small");
    EXPECT_EQ(taken.at("reaction"), "1-CLAP_g");
    EXPECT_EQ(taken.at("folder"), fs::absolute(folder / "small").lexically_normal().string());
    EXPECT_EQ(taken.at("hash"), hashHex(there.at("reactions/1-CLAP_g/TA.safetensors")));
    EXPECT_FALSE(from.record.training.at("1-CLAP_m").at("TA").contains("taken"));

    // Once more changes nothing; further training leaves the source as it is.
    trainRoute(request, {});
    EXPECT_EQ(projectorsOf(folder / "from"), here);
    request.from.clear();
    request.more_epochs = 1;
    trainRoute(request, {});
    EXPECT_NE(projectorsOf(folder / "from"), here);
    EXPECT_EQ(projectorsOf(folder / "small"), there);
}

TEST(Reuse, WhatFollowsFromAnotherStepIsTrainedAnewAndSaidBefore) {
    const TestFolder folder;
    makeToyWorkspace(folder / "w", {kPaper, 150});
    const Recipe route = recipeOf("Steps", "ImageBind", kThreeSteps);
    trainRoute(requestOf(folder / "w", folder / "p", route), {});
    Recipe more = route;
    more.route[1].experts.push_back({"CLAP_m"});
    const Reuse reuse = reuseOf(folder / "w", more, folder / "p");
    ASSERT_EQ(reuse.taken.size(), 2u);
    EXPECT_TRUE(reuse.takes("1-InternVL"));
    EXPECT_TRUE(reuse.takes("2-CLAP_g"));
    EXPECT_EQ(whyTrained(reuse, "2-CLAP_m"),
              "it is trained against the product so far, and the steps before it are others");
    EXPECT_EQ(whyTrained(reuse, "3-CLAP_m"),
              "it is trained against the product so far, and the steps before it are others");

    auto request = requestOf(folder / "w", folder / "from", more);
    request.from = folder / "p";
    std::string said;
    trainRoute(request, JobContext({}, {}, [&](const std::string& line) { said += line; }));
    EXPECT_NE(said.find("2-CLAP_g: taken from Steps (7 projectors)"), std::string::npos) << said;
    EXPECT_NE(said.find("3-CLAP_m: to train, because"), std::string::npos);
    trainRoute(requestOf(folder / "w", folder / "scratch", more), {});
    const LoadedProduct from = loadProduct(folder / "from"), scratch = loadProduct(folder / "scratch");
    for (const auto& r : from.model->plan().reactions) EXPECT_EQ(numbersOf(from, r.key), numbersOf(scratch, r.key));

    // A step that is the same, but follows from one that is not.
    Recipe other = route;
    other.route[0].options.epochs = 5;
    EXPECT_EQ(whyTrained(reuseOf(folder / "w", other, folder / "p"), "1-InternVL"), "its options are others: epochs");
    EXPECT_TRUE(reuseOf(folder / "w", other, folder / "p").taken.empty());
}

TEST(Reuse, WithoutAnExpertTheFiguresAreThoseOfItsSwitch) {
    const TestFolder folder;
    makeToyWorkspace(folder / "w", {kPaper, 150});
    Recipe recipe = recipeOf("Nested", "ImageBind", kNested);
    recipe.settings["Much"] = {{{"sigma_a", 0.8}}, {{"CLAP_m", 2}, {"CLAP_g", 1}}, {{"CLAP_g:T", false}}};
    trainRoute(requestOf(folder / "w", folder / "p", recipe), {});
    const Workspace workspace(folder / "w");
    const Recipe less = withoutExpert(recipe, spacesOf(workspace), "CLAP_m");
    EXPECT_EQ(less.name, "Nested without CLAP_m");
    EXPECT_EQ(less.settings.at("Much"), (Setting{{{"sigma_a", 0.8}}, {{"CLAP_g", 1}}, {{"CLAP_g:T", false}}}));
    EXPECT_TRUE(reuseOf(folder / "w", less, folder / "p").trained.empty());

    auto request = requestOf(folder / "w", folder / "less", less);
    request.from = folder / "p";
    trainRoute(request, {});
    EXPECT_FALSE(fs::exists(folder / "less/reactions/2-CLAP_m"));
    const LoadedProduct whole = loadProduct(folder / "p"), smaller = loadProduct(folder / "less");
    for (const char* set : {"audio-text", "audio-image", "image-text"}) {
        const auto off = evaluateProduct(*whole.model, {loadSetComponents(workspace, whole, set, {})},
                                         {{}, {{"CLAP_m", 0}}}, {}, {});
        const auto gone = evaluateProduct(*smaller.model, {loadSetComponents(workspace, smaller, set, {})}, {}, {}, {});
        EXPECT_EQ(off.at(set).values(), gone.at(set).values()) << set;
    }
    EXPECT_THROW(withoutExpert(recipe, spacesOf(workspace), "CLAP_x"), Error);
}

TEST(Reuse, OtherSeedsRowsAndEpochsAreNotTheSame) {
    const TestFolder folder;
    makeToyWorkspace(folder / "w", {kPaper, 120});
    Recipe recipe = recipeOf("ImageBind++", "ImageBind", kBoth);
    recipe.route[0].options.projectors = {"TA"};
    trainRoute(requestOf(folder / "w", folder / "p", recipe), {});
    EXPECT_EQ(reuseOf(folder / "w", recipe, folder / "p").taken.size(), 2u);
    EXPECT_EQ(whyTrained(reuseOf(folder / "w", recipe, folder / "p", 8), "1-CLAP_g"), "its seed is 7, not 8");
    // Shares, weights and switches make no difference to what a first step trains.
    Recipe blended = recipe;
    blended.route[0].factors["audio"] = 0.9;
    blended.route[0].experts[0].weight = 3;
    EXPECT_EQ(reuseOf(folder / "w", blended, folder / "p").taken.size(), 2u);

    makeToyWorkspace(folder / "other", {kPaper, 120, 60, 0, 2});
    EXPECT_EQ(whyTrained(reuseOf(folder / "other", recipe, folder / "p"), "1-CLAP_g"),
              "the pools of ImageBind are not those that it was trained on");

    auto request = requestOf(folder / "w", folder / "p", recipe);
    request.more_epochs = 2;
    trainRoute(request, {});
    EXPECT_EQ(whyTrained(reuseOf(folder / "w", recipe, folder / "p"), "1-CLAP_m"),
              "it was trained for 6 epochs, and the recipe asks for 4");
    request.more_epochs = 0;
    request.from = folder / "p";
    EXPECT_THROW(trainRoute(request, {}), Error) << "a product is not taken from itself";
}

TEST(ChangeExperts, SettingsFollowTheNamesOfTheNewRoute) {
    const std::vector<SpaceInfo> spaces = {{"ImageBind", 12, {"text", "image", "audio"}, {"text", "image", "audio"}},
                                           {"InternVL", 10, {"text", "image"}, {"text", "image"}},
                                           {"CLAP_g", 8, {"text", "audio"}, {"text", "audio"}},
                                           {"CLAP_m", 8, {"text", "audio"}, {"text", "audio"}}};
    Recipe recipe = recipeOf("R", "ImageBind",
                             R"([{"reaction": "combination", "experts": ["CLAP_g"]},
                                 {"reaction": "combination", "experts": ["InternVL", "CLAP_g"], "factors": {"image": 0.2, "audio": 0.3}}])");
    recipe.settings["S"] = {{{"sigma1_a", 0.1}, {"sigma2_a", 0.2}, {"sigma2_v", 0.3}},
                            {{"1-CLAP_g", 2}, {"2-CLAP_g", 3}, {"InternVL", 4}},
                            {{"2-CLAP_g:T", false}, {"InternVL:TV", false}}};

    // The whole first step goes: the names of the other one lose their numbers.
    const Recipe without_first = withoutExpert(recipe, spaces, "1-CLAP_g");
    ASSERT_EQ(without_first.route.size(), 1u);
    EXPECT_EQ(without_first.settings.at("S"), (Setting{{{"sigma_a", 0.2}, {"sigma_v", 0.3}},
                                                       {{"CLAP_g", 3}, {"InternVL", 4}},
                                                       {{"CLAP_g:T", false}, {"InternVL:TV", false}}}));
    // With its only expert that has images a share for them goes too.
    const Recipe without_images = withoutExpert(recipe, spaces, "InternVL");
    EXPECT_EQ(without_images.route[1].factors, (std::map<Modality, double>{{"audio", 0.3}}));
    EXPECT_EQ(without_images.settings.at("S").factors,
              (std::map<std::string, double>{{"sigma1_a", 0.1}, {"sigma2_a", 0.2}}));

    EXPECT_EQ(withExpert(recipe, spaces, "CLAP_m").route[1].experts.size(), 3u);
    EXPECT_EQ(withExpert(recipe, spaces, "CLAP_m").settings, recipe.settings);
    EXPECT_THROW(withExpert(recipe, spaces, "InternVL"), Error);
    // A step of its own where there is no combination; a second use of a space gives both their steps' numbers.
    Recipe displaced = recipeOf("D", "ImageBind", R"([{"reaction": "displacement", "experts": ["InternVL"]}])");
    displaced.settings["S"] = {{{"lambda_t", 0.5}}, {{"InternVL", 2}}, {}};
    const Recipe twice = withExpert(displaced, spaces, "InternVL");
    ASSERT_EQ(twice.route.size(), 2u);
    EXPECT_EQ(twice.settings.at("S"), (Setting{{{"lambda_t", 0.5}}, {{"1-InternVL", 2}}, {}}));
}

}  // namespace
}  // namespace engine
