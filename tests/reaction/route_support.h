// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Recipes on the toy workspace that train in a second, and what tests ask of the product.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/file.h"
#include "engine/eval/workspace_evaluation.h"
#include "engine/reaction/route_trainer.h"
#include "tests/reaction/toy_workspace.h"

namespace engine::test {

// Small, fast training; `more` is put into every step's options.
inline Recipe recipeOf(const std::string& name, const std::string& base, const std::string& route) {
    Recipe recipe = recipeFromJson(
        parseJson(R"({"name": ")" + name + R"(", "base": ")" + base + R"(", "route": )" + route + "}", "test"), "test");
    for (auto& step : recipe.route) {
        step.options.hidden_width = 32;
        step.options.batch_size = 100;
        step.options.epochs = 4;
        step.options.learning_rate = 3e-3;
        step.options.retrieval_temperature = 0.05;
        step.options.temperature = 0.1;
    }
    return recipe;
}

inline const std::vector<ToySpace> kPaper = {{"ImageBind", 24, {"audio", "image", "text"}},
                                             {"InternVL", 20, {"image", "text"}},
                                             {"CLAP_g", 16, {"audio", "text"}},
                                             {"CLAP_m", 16, {"audio", "text"}}};
inline const char* kCombination =
    R"([{"reaction": "combination", "experts": ["CLAP_g"], "factors": {"audio": 0.5, "text": 0.3}}])";
inline const char* kNested = R"([{"reaction": "displacement", "experts": ["InternVL"]},
                          {"reaction": "combination", "experts": ["CLAP_g", "CLAP_m"], "factors": {"audio": 0.5, "text": 0.1}}])";

inline TrainRequest requestOf(const std::filesystem::path& workspace, const std::filesystem::path& product,
                              const Recipe& recipe) {
    TrainRequest request;
    request.workspace = workspace;
    request.product = product;
    request.recipe = recipe;
    request.run.device = "cpu";
    request.run.seed = 7;
    return request;
}

inline double recallAt1(const std::filesystem::path& workspace_folder, const std::filesystem::path& product_folder,
                        const std::string& set) {
    const Workspace workspace(workspace_folder);
    const LoadedProduct product = loadProduct(product_folder);
    return evaluateProduct(*product.model, {loadSetComponents(workspace, product, set, {})}, {}, {}, {})
        .at(set)
        .value("R@1");
}

// The bytes of every projector of a product, by file.
inline std::map<std::string, std::string> projectorsOf(const std::filesystem::path& product) {
    std::map<std::string, std::string> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(product / "reactions")) {
        if (entry.path().extension() == ".safetensors")
            out[std::filesystem::relative(entry.path(), product).string()] = readFile(entry.path());
    }
    return out;
}

}  // namespace engine::test
