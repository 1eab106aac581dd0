// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/package/manifest.h"

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/version.h"

namespace engine {
namespace fs = std::filesystem;
namespace {

constexpr const char* kManifest = "manifest.json";
constexpr const char* kManifestHash = "manifest_hash";

// A name that stays within the folder of the package.
bool staysInside(const std::string& name) {
    const fs::path path(name);
    if (name.empty() || path.is_absolute() || name.find('\\') != std::string::npos ||
        name.find('\0') != std::string::npos) {
        return false;
    }
    for (const auto& part : path) {
        if (part == ".." || part == "." || part.empty()) return false;
    }
    return true;
}

}  // namespace

PackageFile hashFile(const fs::path& path) {
    const std::uint64_t bytes = fs::file_size(path);
    if (bytes == 0) return {0, hashHex("")};
    const MappedFile file(path);
    return {file.size(), hashHex({reinterpret_cast<const char*>(file.data()), static_cast<std::size_t>(file.size())})};
}

std::map<std::string, PackageFile> hashFolder(const fs::path& folder, const JobContext& job) {
    std::map<std::string, PackageFile> out;
    try {
        for (const auto& entry : fs::recursive_directory_iterator(folder)) {
            if (!entry.is_regular_file()) continue;
            job.checkStop();
            const std::string name = entry.path().lexically_relative(folder).generic_string();
            if (name != kManifest) out[name] = hashFile(entry.path());
        }
    } catch (const fs::filesystem_error& error) {
        throw Error(ErrorCode::Io, error.path1().string(), "cannot read: " + error.code().message());
    }
    return out;
}

Json describePackage(const ProductModel& model, const ProductRecord& record) {
    const Recipe& recipe = model.recipe();
    const RoutePlan& plan = model.plan();
    Json json{{"format", kPackageFormat}, {"format_version", {kPackageMajor, kPackageMinor}}, {"name", recipe.name}};
    json["synthetic"] = record.synthetic;
    json["program"] = {{"version", programVersion()}, {"commit", programCommit()}};
    json["width"] = plan.width;
    json["modalities"] = Json::object();
    for (const auto& modality : plan.modalities) {
        json["modalities"][modality] = {{"spaces", model.spacesNeeded(modality)},
                                        {"formula", formula(recipe, plan, modality)}};
    }
    // Steps count from 0, as they stand in recipe.json.
    json["factors"] = Json::array();
    for (const auto& f : plan.factors) {
        json["factors"].push_back(
            {{"name", f.name}, {"step", f.step}, {"modality", f.modality}, {"value", f.value}, {"live", f.live}});
    }
    json["experts"] = Json::array();
    for (const auto& r : plan.reactions) {
        json["experts"].push_back({{"name", expertKey(recipe, r.step, r.expert)},
                                   {"step", r.step},
                                   {"space", recipe.route[r.step].experts[r.expert].space},
                                   {"reaction", r.key},
                                   {"projectors", r.subsets},
                                   {"active", activeProjectors(recipe, plan, r.step, r.expert)}});
    }
    return json;
}

void sealManifest(Json& manifest) {
    manifest.erase(kManifestHash);
    manifest[kManifestHash] = hashHex(manifest.dump());
}

bool isSealed(const Json& manifest) {
    Json sealed = manifest;
    sealManifest(sealed);
    return manifest.value(kManifestHash, Json()) == sealed[kManifestHash];
}

void writeManifest(const fs::path& folder, Json description, const JobContext& job) {
    description["hash"] = "XXH3-128";
    description["files"] = Json::object();
    for (const auto& [name, file] : hashFolder(folder, job)) {
        description["files"][name] = {{"bytes", file.bytes}, {"hash", file.hash}};
    }
    sealManifest(description);
    writeJsonFile(folder / kManifest, description);
}

PackageManifest readManifest(const fs::path& folder) {
    const fs::path path = folder / kManifest;
    if (!fs::exists(path)) {
        throw Error(ErrorCode::NotFound, folder.string(), "expected the folder of a package (with manifest.json)",
                    "`molspace export` writes one");
    }
    PackageManifest out;
    out.json = readJsonFile(path, 64u << 20);
    try {
        if (!out.json.is_object() || out.json.value("format", "") != kPackageFormat) {
            throw Error(ErrorCode::InvalidInput, path.string(),
                        "expected format '" + std::string(kPackageFormat) + "'");
        }
        const int major = out.json.at("format_version").at(0).get<int>();
        out.minor = out.json.at("format_version").at(1).get<int>();
        if (major > kPackageMajor) {
            throw Error(ErrorCode::InvalidInput, path.string(),
                        "written by a newer program (format " + std::to_string(major) + "); this one reads up to " +
                            std::to_string(kPackageMajor),
                        "update this program");
        }
        if (major < 1 || out.minor < 0)
            throw Error(ErrorCode::InvalidInput, path.string(), "its format version is damaged");
        out.name = out.json.at("name").get<std::string>();
        for (const auto& [name, file] : out.json.at("files").items()) {
            if (!staysInside(name)) {
                throw Error(ErrorCode::InvalidInput, path.string(),
                            "expected names of files within the package, found '" + name + "'");
            }
            out.files[name] = {file.at("bytes").get<std::uint64_t>(), file.at("hash").get<std::string>()};
        }
    } catch (const Json::exception& error) {
        throw Error(ErrorCode::InvalidInput, path.string(), std::string("the file is damaged: ") + error.what());
    }
    return out;
}

LoadedProduct withSettingInForce(const LoadedProduct& product, const Setting& setting) {
    if (setting == Setting()) return product;
    LoadedProduct out = product;
    out.stored = product.stored ? product.stored : product.model;
    out.model = product.model->at(setting);
    return out;
}

}  // namespace engine
