// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/package/verify.h"

#include <array>
#include <cstdio>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/package/manifest.h"
#include "engine/package/probes.h"

namespace engine {
namespace fs = std::filesystem;
namespace {

std::string scientific(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2e", value);
    return text.data();
}

// Names of the manifest against what lies in the folder.
void checkFiles(const fs::path& folder, const PackageManifest& manifest, std::vector<std::string>& problems,
                std::vector<std::string>& warnings, const JobContext& job) {
    const auto found = hashFolder(folder, job);
    for (const auto& [name, expected] : manifest.files) {
        const auto it = found.find(name);
        if (it == found.end()) {
            problems.push_back(name + ": the file is missing");
        } else if (it->second.bytes != expected.bytes) {
            problems.push_back(name + ": expected " + std::to_string(expected.bytes) + " bytes, found " +
                               std::to_string(it->second.bytes));
        } else if (it->second.hash != expected.hash) {
            problems.push_back(name + ": its bytes are not those that were exported (expected XXH3-128 " +
                               expected.hash + ", found " + it->second.hash + ")");
        }
    }
    for (const auto& [name, file] : found) {
        if (!manifest.files.contains(name)) warnings.push_back(name + " is no part of the package");
    }
    for (const char* needed : {"recipe.json", "product.json", "probes.safetensors", "apply.py", "card.md"}) {
        if (!manifest.files.contains(needed))
            problems.push_back(std::string(needed) + ": the manifest does not name it");
    }
}

}  // namespace

Json verifyPackage(const fs::path& folder, const JobContext& job) {
    const PackageManifest manifest = readManifest(folder);
    std::vector<std::string> problems, warnings;
    if (manifest.minor > kPackageMinor) {
        warnings.push_back("manifest.json is of a newer minor version (" + std::to_string(kPackageMajor) + "." +
                           std::to_string(manifest.minor) + "); what this program does not know is left alone");
    }
    if (!isSealed(manifest.json)) problems.push_back("manifest.json was changed after it was written");
    checkFiles(folder, manifest, problems, warnings, job);
    const std::string hint = "fetch or export the package again";
    if (!problems.empty()) throw joinProblems(ErrorCode::InvalidInput, folder.string(), problems, hint);

    const LoadedProduct product = loadProduct(folder);
    const Recipe recipe = readRecipe(folder / "recipe.json");
    if (recipeToJson(recipe) != recipeToJson(product.model->recipe())) {
        problems.push_back("recipe.json and product.json have different recipes");
    }
    for (const auto& place : projectorPlaces(product.model->plan())) {
        const std::string name = projectorPath("", place).generic_string();
        if (!manifest.files.contains(name)) problems.push_back(name + ": the manifest does not name it");
    }
    Json modalities = Json::object();
    for (const auto& [modality, check] : checkProbes(folder / "probes.safetensors", *product.model, job)) {
        modalities[modality] = {{"probes", check.rows}, {"worst_difference", check.worst}};
        if (!(check.worst <= kProbeTolerance)) {
            problems.push_back("probes of " + modality + ": the worst difference is " + scientific(check.worst) +
                               ", more than " + scientific(kProbeTolerance));
        }
    }
    if (!problems.empty()) throw joinProblems(ErrorCode::InvalidInput, folder.string(), problems, hint);
    std::uint64_t bytes = 0;
    for (const auto& [name, file] : manifest.files) bytes += file.bytes;
    return {{"package", folder.string()},
            {"name", manifest.name},
            {"synthetic", product.record.synthetic},
            {"format_version", {kPackageMajor, manifest.minor}},
            {"files", manifest.files.size()},
            {"bytes", bytes},
            {"tolerance", kProbeTolerance},
            {"modalities", modalities},
            {"warnings", warnings}};
}

}  // namespace engine
