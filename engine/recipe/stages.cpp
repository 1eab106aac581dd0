// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/stages.h"

#include <cstdio>
#include <cstdlib>

#include "engine/base/error.h"
#include "engine/recipe/reaction_files.h"
#include "engine/store/safetensors.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
constexpr const char* kSteps = "stage_steps";
constexpr const char* kLoss = "stage_loss";
constexpr const char* kPart = "stage";    // in the options of a stage's record
constexpr const char* kCount = "stages";  // in those of a product's

// The record of a projector at a stage; its own where the file is the finished one.
Json recordAt(const Json& finished, const fs::path& weights) {
    Json out = finished;
    out.erase("target_epochs");
    const SafetensorsFile file(weights);
    const auto steps = file.metadata().find(kSteps), loss = file.metadata().find(kLoss);
    if (steps == file.metadata().end() || loss == file.metadata().end()) return out;
    const auto made = std::strtoll(steps->second.c_str(), nullptr, 10);
    if (const auto all = finished.value("steps", std::int64_t{0}); all > 0)
        out["epochs"] = finished.value("epochs", std::int64_t{0}) * made / all;
    out["steps"] = made;
    out["final_loss"] = std::strtod(loss->second.c_str(), nullptr);
    return out;
}

}  // namespace

fs::path stageFolder(const fs::path& product, std::int64_t part) {
    return product / "stages" / std::to_string(part);
}

std::map<std::string, std::string> stageMetadata(const StageMark& mark) {
    char loss[32];
    std::snprintf(loss, sizeof loss, "%.9g", mark.loss);
    return {{kSteps, std::to_string(mark.steps)}, {kLoss, loss}};
}

std::int64_t stagesOf(const fs::path& product) {
    const auto path = product / "product.json";
    if (!fs::exists(path)) return 0;
    const Json json = readJsonFile(path, 64u << 20);
    const auto options = json.find("options");
    if (options == json.end() || !options->is_object()) return 0;
    const auto count = options->find(kCount);
    if (count == options->end() || !count->is_number_integer()) return 0;
    return fs::exists(product / "stages") ? count->get<std::int64_t>() : 0;
}

bool isStage(const ProductRecord& record) {
    return record.options.is_object() && record.options.contains(kPart);
}

fs::path productAt(const fs::path& product, std::int64_t part) {
    const auto count = stagesOf(product);
    if (count > 0 && part == count) return product;
    if (part >= 0 && part < count && fs::exists(stageFolder(product, part) / "product.json"))
        return stageFolder(product, part);
    throw Error(ErrorCode::NotFound, product.string(), "there is no stage " + std::to_string(part),
                count > 0 ? "there are 0 to " + std::to_string(count) + ", the last being the product itself"
                          : "none were kept: train it with --stages 8");
}

void writeStages(const fs::path& product, const ProductModel& model, const ProductRecord& record, std::int64_t count) {
    for (std::int64_t part = 0; part < count; ++part) {
        const fs::path folder = stageFolder(product, part);
        if (fs::exists(folder / "product.json")) continue;
        ProductRecord then = record;
        then.options[kPart] = {{"part", part}, {"of", count}};
        then.options.erase(kCount);
        for (const auto& place : projectorPlaces(model.plan())) {
            const auto file = projectorPath(folder, place);
            fs::create_directories(file.parent_path());
            linkFile(projectorPath(product, place), file);
            const auto reaction = then.training.find(place.key);
            if (reaction != then.training.end()) (*reaction)[place.subset] = recordAt((*reaction)[place.subset], file);
        }
        Recipe recipe = model.recipe();
        recipe.name += " at " + std::to_string(part) + " of " + std::to_string(count);
        writeProductFile(folder, ProductModel(std::move(recipe), model.plan()), then);
    }
}

}  // namespace engine
