// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/product.h"

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace engine {
namespace {

constexpr const char* kFormat = "molspace product";
constexpr int kMajor = 1, kMinor = 0;

}  // namespace

std::filesystem::path projectorPath(const std::filesystem::path& product, const ProjectorPlace& place) {
    return product / "reactions" / place.key / (place.subset + ".safetensors");
}

LoadedProduct loadProduct(const std::filesystem::path& folder) {
    const auto path = folder / "product.json";
    if (!std::filesystem::exists(path)) {
        throw Error(ErrorCode::NotFound, folder.string(), "expected the folder of a product (with product.json)",
                    std::filesystem::exists(folder / "reactions")
                        ? "its training has not finished: run the same `molspace train` again to go on"
                        : "`molspace train` makes one");
    }
    const Json json = readJsonFile(path, 64u << 20);
    LoadedProduct out;
    out.folder = folder;
    try {
        if (json.at("format") != kFormat) {
            throw Error(ErrorCode::InvalidInput, path.string(), "expected format '" + std::string(kFormat) + "'");
        }
        const auto major = json.at("format_version").at(0).get<int>();
        if (major > kMajor) {
            throw Error(ErrorCode::InvalidInput, path.string(),
                        "written by a newer program (format " + std::to_string(major) + "); this one reads up to " +
                            std::to_string(kMajor),
                        "update this program");
        }
        std::vector<SpaceInfo> spaces;
        for (const auto& s : json.at("spaces")) {
            spaces.push_back({s.at("name").get<std::string>(), s.at("width").get<std::size_t>(),
                              s.at("modalities").get<std::vector<Modality>>(),
                              s.at("pools").get<std::vector<Modality>>()});
        }
        const Recipe recipe = recipeFromJson(json.at("recipe"), path.string());
        auto model = std::make_shared<ProductModel>(recipe, planRoute(recipe, spaces));
        for (const auto& place : projectorPlaces(model->plan())) {
            const auto file = projectorPath(folder, place);
            if (!std::filesystem::exists(file)) {
                throw Error(ErrorCode::NotFound, file.string(), "a projector of the product is missing",
                            "run the same `molspace train` again: it makes only what is missing");
            }
        }
        model->addProjectorFiles(folder);
        out.model = std::move(model);
        auto& r = out.record;
        r.name = recipe.name;
        r.workspace = json.at("workspace").get<std::string>();
        r.fingerprint = json.at("fingerprint").get<std::string>();
        r.synthetic = json.at("synthetic").get<bool>();
        r.seed = json.at("seed").get<std::uint64_t>();
        r.device = json.at("device").get<std::string>();
        r.version = json.at("version").get<std::string>();
        r.commit = json.at("commit").get<std::string>();
        r.created = json.at("created").get<std::string>();
        r.training = json.at("training");
        r.options = json.at("options");
        r.pools = json.value("pools", Json());
    } catch (const Json::exception& error) {
        throw Error(ErrorCode::InvalidInput, path.string(), std::string("the file is damaged: ") + error.what());
    }
    return out;
}

void writeProductFile(const std::filesystem::path& folder, const ProductModel& model, const ProductRecord& record) {
    Json json{{"format", kFormat}, {"format_version", {kMajor, kMinor}}};
    json["recipe"] = recipeToJson(model.recipe());
    json["spaces"] = Json::array();
    for (const auto& s : model.plan().spaces) {
        json["spaces"].push_back(
            {{"name", s.name}, {"width", s.width}, {"modalities", s.modalities}, {"pools", s.pools}});
    }
    json["workspace"] = record.workspace;
    json["fingerprint"] = record.fingerprint;
    json["synthetic"] = record.synthetic;
    json["seed"] = record.seed;
    json["device"] = record.device;
    json["version"] = record.version;
    json["commit"] = record.commit;
    json["created"] = record.created;
    json["options"] = record.options.is_null() ? Json::object() : record.options;
    if (!record.pools.is_null()) json["pools"] = record.pools;
    json["training"] = record.training.is_null() ? Json::object() : record.training;
    writeJsonFile(folder / "product.json", json);
}

}  // namespace engine
