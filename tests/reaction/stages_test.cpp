// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/stages.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/reaction/route_support.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
using namespace test;

// Every number of every projector.
std::map<std::string, std::vector<float>> numbersOf(const fs::path& folder) {
    std::map<std::string, std::vector<float>> out;
    const LoadedProduct product = loadProduct(folder);
    for (const auto& place : projectorPlaces(product.model->plan())) {
        auto& numbers = out[place.key + "/" + place.subset];
        for (const auto& layer : readProjector(projectorPath(folder, place)).layers) {
            for (const auto* values :
                 {&layer.weight, &layer.bias, &layer.gamma, &layer.beta, &layer.mean, &layer.variance})
                numbers.insert(numbers.end(), values->begin(), values->end());
        }
    }
    return out;
}

std::map<std::string, std::string> filesOf(const fs::path& folder) {
    std::map<std::string, std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder / "stages")) {
        if (entry.path().extension() == ".safetensors")
            out[fs::relative(entry.path(), folder).string()] = readFile(entry.path());
    }
    return out;
}

TEST(Stages, AStageIsTheProductOfAShorterTraining) {
    const TestFolder folder;
    makeToyWorkspace(folder / "w", {kPaper});
    // The expert alone in what is measured: the base would hide how little an untrained projector knows.
    Recipe recipe =
        recipeOf("ImageBind++", "ImageBind",
                 R"([{"reaction": "combination", "experts": ["CLAP_g"], "factors": {"audio": 1, "text": 0}}])");
    trainRoute(requestOf(folder / "w", folder / "plain", recipe), {});
    auto request = requestOf(folder / "w", folder / "p", recipe);
    request.run.stages = 4;
    trainRoute(request, {});
    EXPECT_EQ(numbersOf(folder / "p"), numbersOf(folder / "plain")) << "keeping them changes nothing";
    EXPECT_FALSE(fs::exists(folder / "plain/stages"));
    EXPECT_EQ(stagesOf(folder / "p"), 4);
    EXPECT_EQ(stagesOf(folder / "plain"), 0);

    recipe.route[0].options.epochs = 2;
    trainRoute(requestOf(folder / "w", folder / "half", recipe), {});
    EXPECT_EQ(numbersOf(stageFolder(folder / "p", 2)), numbersOf(folder / "half"));
    EXPECT_NE(numbersOf(stageFolder(folder / "p", 1)), numbersOf(folder / "half"));

    const LoadedProduct half = loadProduct(productAt(folder / "p", 2));
    EXPECT_EQ(half.model->recipe().name, "ImageBind++ at 2 of 4");
    EXPECT_TRUE(isStage(half.record));
    EXPECT_TRUE(half.record.synthetic);
    const Json record = half.record.training.at("1-CLAP_g").at("TA");
    const Json whole = loadProduct(folder / "p").record.training.at("1-CLAP_g").at("TA");
    EXPECT_EQ(record.at("steps").get<int>() * 2, whole.at("steps").get<int>());
    EXPECT_EQ(record.at("epochs"), 2);
    EXPECT_GT(record.at("final_loss").get<double>(), whole.at("final_loss").get<double>());

    // What was drawn at the start knows nothing; it gets better on the way.
    std::vector<double> recall;
    for (int part = 0; part <= 4; ++part)
        recall.push_back(recallAt1(folder / "w", productAt(folder / "p", part), "audio-image"));
    EXPECT_GT(recall[4], recall[0] + 30);
    EXPECT_EQ(recall[2], recallAt1(folder / "w", folder / "half", "audio-image"));
    EXPECT_EQ(productAt(folder / "p", 4), folder / "p");
    EXPECT_THROW(productAt(folder / "p", 5), Error);
    EXPECT_THROW(productAt(folder / "plain", 0), Error);
}

TEST(Stages, AStoppedRunKeepsTheSame) {
    const TestFolder folder;
    makeToyWorkspace(folder / "w", {kPaper, 150});
    Recipe recipe = recipeOf("Nested", "ImageBind", kNested);
    for (auto& step : recipe.route) step.options.projectors = {"TVA"};
    recipe.route[0].options.projectors = {"TV"};
    auto request = requestOf(folder / "w", folder / "whole", recipe);
    request.run.stages = 3;
    trainRoute(request, {});
    const auto expected = filesOf(folder / "whole");
    EXPECT_EQ(expected.size(), 3u * 3u);
    request.product = folder / "stopped";
    int stops = 0;
    for (int patience = 1; patience < 2000; patience += 5) {
        std::stop_source stop;
        int seen = 0;
        const JobContext job(stop.get_token(), [&](const Progress&) {
            if (++seen >= patience) stop.request_stop();
        });
        try {
            trainRoute(request, job);
            break;
        } catch (const Cancelled&) {
            ++stops;
            // How many are kept is settled where a run begins.
            request.run.stages = 7;
        }
    }
    EXPECT_GT(stops, 1);
    EXPECT_EQ(filesOf(folder / "stopped"), expected);
}

TEST(Stages, WhatIsTakenFromAnotherProductBringsItsStages) {
    const TestFolder folder;
    makeToyWorkspace(folder / "w", {kPaper, 150});
    Recipe small = recipeOf("Small", "ImageBind", kCombination);
    small.route[0].options.projectors = {"TA"};
    auto request = requestOf(folder / "w", folder / "small", small);
    request.run.stages = 2;
    trainRoute(request, {});
    Recipe bigger = small;
    bigger.name = "Bigger";
    bigger.route[0].experts.push_back({"CLAP_m"});
    request.recipe = bigger;
    request.product = folder / "bigger";
    request.from = folder / "small";
    trainRoute(request, {});
    for (int part : {0, 1}) {
        EXPECT_EQ(numbersOf(stageFolder(folder / "bigger", part)).at("1-CLAP_g/TA"),
                  numbersOf(stageFolder(folder / "small", part)).at("1-CLAP_g/TA"));
    }
    // Of a product that kept none there is only the end.
    request.product = folder / "other";
    request.run.stages = 3;
    trainRoute(request, {});
    EXPECT_EQ(numbersOf(stageFolder(folder / "other", 0)).at("1-CLAP_g/TA"),
              numbersOf(folder / "small").at("1-CLAP_g/TA"));
    EXPECT_NE(numbersOf(stageFolder(folder / "other", 0)).at("1-CLAP_m/TA"),
              numbersOf(folder / "other").at("1-CLAP_m/TA"));
}

}  // namespace
}  // namespace engine
