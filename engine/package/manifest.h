// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// manifest.json of a package: format and version, what wrote it, every file with its size and XXH3-128, and what a
// reader needs to turn embeddings into product vectors (modalities, spaces, factors in force). A package is a product's
// folder too: loadProduct() reads it. Schema: resources/guide/package.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/json.h"
#include "engine/recipe/product.h"

namespace engine {

inline constexpr const char* kPackageFormat = "molspace package";
inline constexpr int kPackageMajor = 1, kPackageMinor = 0;
inline constexpr double kProbeTolerance = 1e-5;  // the largest difference that verify accepts

struct PackageFile {
    std::uint64_t bytes = 0;
    std::string hash;  // XXH3-128, hex
};

struct PackageManifest {
    std::string name;
    int minor = kPackageMinor;
    std::map<std::string, PackageFile> files;  // by path with '/', without manifest.json itself
    Json json;                                 // the whole document
};

// Size and hash of every regular file under `folder`, manifest.json excepted.
std::map<std::string, PackageFile> hashFolder(const std::filesystem::path& folder, const JobContext& job);
PackageFile hashFile(const std::filesystem::path& path);

// The description of `model` for manifest.json, without its files.
Json describePackage(const ProductModel& model, const ProductRecord& record);
// The manifest's hash over all else in it, under "manifest_hash".
void sealManifest(Json& manifest);
bool isSealed(const Json& manifest);
void writeManifest(const std::filesystem::path& folder, Json description, const JobContext& job);
// Refuses other formats, newer major versions and names that leave the folder.
PackageManifest readManifest(const std::filesystem::path& folder);

// The product with `setting` put into its recipe (live or not): projectors stay as they were trained.
LoadedProduct withSettingInForce(const LoadedProduct& product, const Setting& setting);

}  // namespace engine
