// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/package/export.h"

#include <algorithm>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/resources.h"
#include "engine/package/card.h"
#include "engine/package/freebind.h"
#include "engine/package/manifest.h"
#include "engine/package/probes.h"

namespace engine {
namespace fs = std::filesystem;
namespace {

bool isPackage(const fs::path& folder) {
    try {
        readManifest(folder);
        return true;
    } catch (const Error&) {
        return false;
    }
}

// Nothing is replaced but an earlier package.
void checkTarget(const fs::path& product, const fs::path& package) {
    if (package.empty() || package.filename() == "." || package.filename() == "..") {
        throw Error(ErrorCode::InvalidInput, package.string(), "expected the name of a folder to write");
    }
    const fs::path from = fs::weakly_canonical(product), to = fs::weakly_canonical(package);
    const auto [a, b] = std::mismatch(to.begin(), to.end(), from.begin(), from.end());
    if (a == to.end()) {
        throw Error(ErrorCode::InvalidInput, package.string(), "the package would replace the product itself",
                    "choose another folder");
    }
    if (!fs::exists(fs::symlink_status(package))) return;
    if (!fs::is_directory(package))
        throw Error(ErrorCode::InvalidInput, package.string(), "there is a file of this name");
    if (!fs::is_empty(package) && !isPackage(package)) {
        throw Error(ErrorCode::InvalidInput, package.string(), "the folder is there and is no package",
                    "choose a new folder; only an earlier package is replaced");
    }
}

void copyFile(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    if (!error) fs::copy_file(from, to, error);
    if (!error) return;
    const bool full = error == std::errc::no_space_on_device;
    throw Error(full ? ErrorCode::NoSpace : ErrorCode::Io, to.string(),
                "cannot write a copy of " + from.string() + ": " + error.message(),
                full ? "free some disk space and run the same command again" : "");
}

// The factors at which projectors were trained. What is exported may be a package itself, with other factors in force.
std::map<std::string, double> trainedFactors(const LoadedProduct& product) {
    std::map<std::string, double> out;
    for (const auto& factor : product.model->plan().factors) out[factor.name] = factor.value;
    if (!isPackage(product.folder)) return out;
    for (const auto& factor : readManifest(product.folder).json.value("factors", Json::array())) {
        if (factor.is_object() && factor.value("name", Json()).is_string() &&
            factor.value("trained", Json()).is_number()) {
            out[factor["name"].get<std::string>()] = factor["trained"].get<double>();
        }
    }
    return out;
}

class Steps {
public:
    Steps(const JobContext& job, std::uint64_t total) : job_(job) {
        progress_.stage = "package";
        progress_.unit = "files";
        progress_.total = total;
    }
    void done() {
        ++progress_.done;
        job_.report(progress_);
        job_.checkStop();
    }

private:
    const JobContext& job_;
    Progress progress_;
};

}  // namespace

Json exportProduct(const fs::path& product_folder, const fs::path& named, const ExportOptions& options,
                   const JobContext& job) {
    const fs::path package = named.has_filename() ? named : named.parent_path();  // "out/" is "out"
    const LoadedProduct trained = loadProduct(product_folder);
    checkTarget(product_folder, package);
    // A package without probes could not be verified.
    if (options.probes == 0) throw Error(ErrorCode::InvalidInput, "probes", "expected at least 1, found 0");
    const LoadedProduct product = withSettingInForce(trained, options.setting);
    const RoutePlan& plan = product.model->plan();
    std::optional<Workspace> workspace;
    if (!options.workspace.empty()) workspace.emplace(options.workspace);

    const auto weights = projectorPlaces(plan);
    std::uint64_t bytes = 0;
    for (const auto& place : weights) bytes += fs::file_size(projectorPath(product_folder, place));
    requireDisk(package, bytes * (options.freebind ? 2 : 1) + (std::uint64_t{16} << 20), "the package");

    Staging staging(package);
    const fs::path folder = staging.path();
    Steps steps(job, weights.size() * (options.freebind ? 2 : 1) + 6);
    for (const auto& w : weights) {
        copyFile(projectorPath(product_folder, w), projectorPath(folder, w));
        steps.done();
    }
    ProductRecord record = product.record;
    record.workspace = fs::path(record.workspace).filename().string();  // a package names nobody's folders
    writeProductFile(folder, *product.model, record);
    writeJsonFile(folder / "recipe.json", recipeToJson(product.model->recipe()));
    steps.done();
    if (!options.evaluation.is_null()) writeJsonFile(folder / "metrics.json", options.evaluation);
    steps.done();

    const Json probes = writeProbes(folder / "probes.safetensors", *product.model, workspace ? &*workspace : nullptr,
                                    options.probes, job);
    steps.done();
    copyFile(resourceFolder() / "package" / "apply.py", folder / "apply.py");
    steps.done();
    std::vector<std::string> notes;
    if (options.freebind) {
        const auto note = [&](const std::string& text) {
            if (!text.empty() && (notes.empty() || notes.back() != text)) notes.push_back(text);
        };
        for (const auto& r : plan.reactions) {
            for (const auto& subset : r.subsets) {
                const ProjectorWeights head = readProjector(projectorPath(product_folder, {r.key, subset}));
                std::optional<ProjectorWeights> base;
                if (r.joint) base = readProjector(projectorPath(product_folder, {baseHeadKey(r.key), subset}));
                note(writeFreebind(folder / "freebind", product.model->recipe(), r.key, subset, head,
                                   base ? &*base : nullptr));
                steps.done();
            }
        }
        for (const auto& reaction : plan.reactions) {
            const Recipe& recipe = product.model->recipe();
            const std::size_t active = activeProjectors(recipe, plan, reaction.step, reaction.expert).size();
            if (active == reaction.subsets.size()) continue;
            notes.push_back("FreeBind's own classes take the mean of all projectors of " + reaction.key +
                            "; this package has " + std::to_string(active) + " of " +
                            std::to_string(reaction.subsets.size()) + " active.");
        }
        for (const auto& t : plan.tunings)
            note(t.key + " is not among the files under `freebind/`: the released code tunes an encoder.");
    }
    const auto trained_factors = trainedFactors(trained);
    CardInput card{trained_factors, product, options.setting_name, options.evaluation, probes, notes};
    writeFileWhole(folder / "card.md", modelCard(card));
    steps.done();
    Json description = describePackage(*product.model, product.record);
    for (auto& factor : description["factors"])
        factor["trained"] = trained_factors.at(factor["name"].get<std::string>());
    description["probes"] = {{"tolerance", kProbeTolerance}, {"modalities", probes}};
    if (!options.setting_name.empty()) description["setting"] = options.setting_name;
    writeManifest(folder, description, job);
    steps.done();
    const auto files = hashFolder(folder, job);
    std::uint64_t total = fs::file_size(folder / "manifest.json");
    for (const auto& [name, file] : files) total += file.bytes;
    staging.commit();
    return {{"package", package.string()},
            {"name", product.model->recipe().name},
            {"synthetic", product.record.synthetic},
            {"files", files.size() + 1},
            {"bytes", total},
            {"probes", probes},
            {"notes", notes}};
}

}  // namespace engine
