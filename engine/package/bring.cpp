// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/package/bring.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/base/version.h"
#include "engine/eval/product_bases.h"
#include "engine/package/checkpoint_layout.h"
#include "engine/package/freebind.h"
#include "engine/package/manifest.h"

namespace engine {
namespace fs = std::filesystem;
namespace {

constexpr const char* kOrigin = "origin";
constexpr const char* kOriginCheckpoints = "brought in from checkpoints";
constexpr const char* kFile = "best.pt";
constexpr std::size_t kFreebindSubsets = 7;

bool has(const std::vector<Modality>& list, const Modality& m) {
    return std::find(list.begin(), list.end(), m) != list.end();
}

void add(std::vector<Modality>& list, const std::vector<Modality>& more) {
    for (const auto& m : more) {
        if (!has(list, m)) list.push_back(m);
    }
}

// One projector's place.
struct Source {
    fs::path file;
    std::string head;  // of a file with several
};

class Bringer {
public:
    Bringer(const BringRequest& request, const JobContext& job)
        : request_(request),
          job_(job),
          workspace_(request.workspace),
          recipe_(request.recipe),
          root_(fs::is_directory(request.source) ? request.source : request.source.parent_path()) {}

    Json run() {
        checkTarget();
        checkRecipe();
        find();
        plan();
        estimate();
        Staging staging(request_.product);
        fs::create_directories(staging.path());
        write(staging.path());
        staging.commit();
        return {{"product", request_.product.string()}, {"recipe", recipe_.name}, {"synthetic", workspace_.synthetic()},
                {"origin", kOriginCheckpoints},         {"reactions", records_},  {"notes", notes_}};
    }

private:
    void checkTarget() const {
        const fs::path& to = request_.product;
        if (!fs::exists(fs::symlink_status(to)) || (fs::is_directory(to) && fs::is_empty(to))) return;
        if (fs::is_directory(to) && fs::exists(to / "product.json")) {
            try {
                if (!originOf(loadProduct(to).record).empty()) return;
            } catch (const Error&) {  // refused below
            }
        }
        throw Error(ErrorCode::InvalidInput, to.string(), "there is something else of this name",
                    "choose another folder; only a product that was brought in is replaced");
    }

    void checkRecipe() const {
        for (std::size_t i = 0; i < recipe_.route.size(); ++i) {
            if (recipe_.route[i].kind == ReactionKind::Tuning) {
                throw Error(ErrorCode::InvalidInput, "recipe " + recipe_.name,
                            "step " + std::to_string(i + 1) + " is a tuning, of which there are no checkpoints",
                            "bring the recipe without that step; embeddings of a tuned encoder need none");
            }
        }
    }

    static std::string keyOf(std::size_t step, const ExpertUse& use) {
        return std::to_string(step + 1) + "-" + use.space;
    }

    std::size_t reactions() const {
        std::size_t n = 0;
        for (const auto& step : recipe_.route) n += step.experts.size();
        return n;
    }

    // --- where the files are ----------------------------------------------------------------------------------------

    // Subsets by their files in <folder>/<dm>/best.pt.
    static std::map<std::string, Source> subsetsIn(const fs::path& folder) {
        std::map<std::string, Source> out;
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(folder, error)) {
            if (!entry.is_directory() || !fs::is_regular_file(entry.path() / kFile)) continue;
            const std::string subset = subsetOfFreebind(entry.path().filename().string());
            if (!out.emplace(subset, Source{entry.path() / kFile, ""}).second) {
                throw Error(ErrorCode::InvalidInput, folder.string(),
                            "both '" + subset + "' and '" + freebindSubset(subset) + "' hold the projector " + subset,
                            "move one of the two out of the folder");
            }
        }
        return out;
    }

    std::map<std::string, Source> sourcesAt(const std::string& key, const fs::path& place, const std::string& head) {
        if (fs::is_directory(place)) return subsetsIn(place);
        const ReleasedCheckpoint& file = read(place);
        if (!head.empty() && !file.heads.contains(head)) {
            std::vector<std::string> names;
            for (const auto& [name, weights] : file.heads) names.push_back(name);
            throw Error(ErrorCode::InvalidInput, place.string(),
                        "the file has no head '" + head + "'" +
                            (names.size() > 1 ? "; there are " + joined(names) : ", it has one"),
                        "--checkpoint " + key + "=FILE#HEAD is for files of several heads");
        }
        std::map<std::string, Source> out;
        if (file.layout == CheckpointLayout::TunedAudio) {
            for (const auto& [subset, weights] : file.heads) out[subset] = {place, subset};
            return out;
        }
        out[""] = {place, head};  // one union of pools, whatever its name will be
        return out;
    }

    // The head of the expert, and that of the unified side in a joint space.
    struct Heads {
        const ProjectorWeights *expert, *base = nullptr;
    };
    static Heads headsOf(const PlannedReaction& r, const Source& source, const ReleasedCheckpoint& file) {
        const std::string where = source.file.string(), name = source.file.filename().string();
        if (file.layout != CheckpointLayout::Cmcr) {
            if (r.joint)
                throw Error(ErrorCode::InvalidInput, where,
                            "expected a head for each of two spaces (C-MCR's), because " + r.key +
                                " is in a joint space; found one of " + layoutName(file.layout));
            const auto it = file.heads.find(source.head);
            if (it == file.heads.end())
                throw Error(ErrorCode::InvalidInput, where,
                            "expected one projector, found " + std::to_string(file.heads.size()) + " of " +
                                layoutName(file.layout),
                            "name the file itself: --checkpoint " + r.key + "=" + name);
            return {&it->second};
        }
        const auto &a = file.heads.at("Head_A"), &b = file.heads.at("Head_B");
        // CLAP-CLIP has the expert first, ULIP-CLIP the base.
        std::string expert = source.head;
        if (expert.empty() && r.joint) expert = a.layers.size() == 1 ? "Head_B" : "Head_A";
        if (expert.empty()) {
            throw Error(ErrorCode::InvalidInput, where, "the file has a head for each of two spaces",
                        "say which one: --checkpoint " + r.key + "=" + name + "#Head_A (or #Head_B)");
        }
        const bool first = expert == "Head_A";
        return {first ? &a : &b, r.joint ? (first ? &b : &a) : nullptr};
    }

    void find() {
        std::set<std::string> keys;
        std::vector<std::string> problems;
        const fs::path& from = request_.source;
        if (!fs::exists(from)) throw Error(ErrorCode::NotFound, from.string(), "there is no such file or folder");
        for (std::size_t i = 0; i < recipe_.route.size(); ++i) {
            for (const auto& use : recipe_.route[i].experts) {
                const std::string key = keyOf(i, use);
                keys.insert(key);
                if (const auto named = request_.places.find(key); named != request_.places.end()) {
                    const auto mark = named->second.rfind('#');
                    const fs::path place = root_ / named->second.substr(0, mark);
                    const std::string head = mark == std::string::npos ? "" : named->second.substr(mark + 1);
                    if (fs::exists(place)) sources_[key] = sourcesAt(key, place, head);
                    if (sources_[key].empty()) problems.push_back(key + ": no checkpoint at " + place.string());
                    continue;
                }
                std::vector<fs::path> places = {from / freebindFolder(recipe_, key), from / (key + "_Proj"),
                                                from / key};
                if (reactions() == 1) places.push_back(from);
                for (const auto& place : places) {
                    if (!fs::exists(place)) continue;
                    sources_[key] = sourcesAt(key, place, "");
                    if (!sources_[key].empty()) break;
                }
                if (sources_[key].empty()) {
                    problems.push_back(key + ": expected " +
                                       (places[0] / "<mix, A, T, V, AT, AV, TV>" / kFile).string() + ", found none");
                }
            }
        }
        for (const auto& [key, place] : request_.places) {
            if (keys.contains(key)) continue;
            problems.push_back("the recipe has no reaction '" + key + "'; there are " +
                               joined({keys.begin(), keys.end()}));
        }
        if (!problems.empty()) {
            throw joinProblems(ErrorCode::NotFound, from.string(), problems,
                               "name other places with --checkpoint REACTION=FOLDER, relative to this one");
        }
    }

    // A file that holds several heads is read once.
    const ReleasedCheckpoint& read(const fs::path& file) {
        if (!last_ || last_file_ != file) {
            job_.checkStop();
            last_ = readReleasedCheckpoint(file);
            last_file_ = file;
            for (const auto& note : last_->notes) {
                if (std::find(notes_.begin(), notes_.end(), note) == notes_.end()) notes_.push_back(note);
            }
        }
        return *last_;
    }

    // --- what they are of -------------------------------------------------------------------------------------------

    // The spaces as those that trained the projectors must have seen them: a pool for every modality.
    std::vector<SpaceInfo> spaces() const {
        std::vector<SpaceInfo> out = spacesOf(workspace_);
        for (auto& space : out) {
            space.pools = space.modalities;
            if (space.name != recipe_.base) continue;
            for (const auto& [key, subsets] : sources_) {
                for (const auto& [subset, source] : subsets) {
                    for (const char* modality : {"text", "image", "audio"}) {
                        const bool plain = subset.find_first_not_of("TVA") == std::string::npos;
                        if (plain && subset.find(modalityLetter(modality)) != std::string::npos)
                            add(space.pools, {modality});
                    }
                }
            }
            space.pools = canonicalOrder(space.pools);
        }
        return out;
    }

    void plan() {
        std::vector<std::vector<std::string>> wanted;
        for (auto& step : recipe_.route) wanted.push_back(std::exchange(step.options.projectors, {}));
        const RoutePlan all = planRoute(recipe_, spaces());
        for (const auto& r : all.reactions) {
            auto& subsets = sources_.at(r.key);
            if (auto whole = subsets.extract(""); !whole.empty()) {
                const auto& named = wanted[r.step];
                whole.key() = named.size() == 1 ? named.front() : r.subsets.back();
                subsets.insert(std::move(whole));
            }
            const auto known = subsetNames(r.starts);
            std::vector<std::string> found;
            for (const auto& name : known) {
                if (subsets.contains(name)) found.push_back(name);
            }
            for (const auto& [name, source] : subsets) {
                if (std::find(found.begin(), found.end(), name) == found.end()) {
                    throw Error(
                        ErrorCode::InvalidInput, source.file.string(),
                        "'" + name + "' is no union of the modalities of " + r.key + "; there are " + joined(known));
                }
            }
            auto& chosen = recipe_.route[r.step].options.projectors;
            if (r.expert > 0 && chosen != found) {
                throw Error(ErrorCode::InvalidInput, request_.source.string(),
                            "the experts of step " + std::to_string(r.step + 1) + " have different projectors: " +
                                joined(chosen) + " and, for " + r.key + ", " + joined(found),
                            "bring the same unions for each, or put the experts into steps of their own");
            }
            chosen = found;
            if (!r.joint && found.size() < kFreebindSubsets && found.size() < known.size())
                notes_.push_back(r.key + ": " + std::to_string(found.size()) + " projectors (" + joined(found) + ").");
            const auto& asked = wanted[r.step];
            if (!asked.empty() && std::set(asked.begin(), asked.end()) != std::set(found.begin(), found.end()))
                notes_.push_back(r.key + ": the recipe trains " + joined(asked) + "; brought in are " + joined(found) +
                                 ".");
        }
        plan_ = planRoute(recipe_, spaces());
        // Named settings that cannot be would be found out when they are asked for.
        for (const auto& [name, setting] : recipe_.settings) withSetting(recipe_, plan_, setting);
    }

    void checkWidths(const PlannedReaction& r, const Source& source, const Heads& heads) const {
        const ProjectorWeights& weights = *heads.expert;
        if (heads.base && (heads.base->in() != r.target_width || heads.base->out() != r.target_width)) {
            throw Error(ErrorCode::InvalidInput, source.file.string(),
                        "expected a head " + std::to_string(r.target_width) + " -> " + std::to_string(r.target_width) +
                            " for the unified side of " + r.key + ", found " + shapeText(*heads.base),
                        "the other head: --checkpoint " + r.key + "=" + source.file.filename().string() + "#Head_B");
        }
        if (weights.in() == r.source_width && weights.out() == r.target_width) return;
        const std::string expert = recipe_.route[r.step].experts[r.expert].space;
        const bool displaces = r.kind == ReactionKind::Displacement;
        const auto width = [](const std::string& name, std::size_t n) {
            return name + " is " + std::to_string(n) + " wide";
        };
        throw Error(ErrorCode::InvalidInput, source.file.string(),
                    "expected a projector " + std::to_string(r.source_width) + " -> " + std::to_string(r.target_width) +
                        " for the " + reactionName(r.kind) + " of " + expert + " (" +
                        width(displaces ? "the product so far" : expert, r.source_width) + ", " +
                        width(displaces ? expert : "the product so far", r.target_width) + "), found " +
                        std::to_string(weights.in()) + " -> " + std::to_string(weights.out()),
                    "bring the folder of this product (the widths of checkpoints tell products apart), or a workspace "
                    "whose " +
                        expert + " has that width");
    }

    // Ex-MCR's Head1 is for what the target space lacks (method §2.2).
    std::vector<Modality> throughHead1(const PlannedReaction& r) const {
        std::vector<Modality> so_far = plan_.space(recipe_.base)->modalities;
        for (std::size_t i = 0; i < r.step; ++i) {
            for (const auto& use : recipe_.route[i].experts) add(so_far, plan_.space(use.space)->modalities);
        }
        const auto& expert = plan_.space(recipe_.route[r.step].experts[r.expert].space)->modalities;
        const bool displaces = r.kind == ReactionKind::Displacement;
        std::vector<Modality> out;
        for (const auto& m : displaces ? so_far : expert) {
            if (!has(displaces ? expert : so_far, m)) out.push_back(m);
        }
        return out;
    }

    // What the product will take of the disk.
    void estimate() const {
        std::uint64_t bytes = 0;
        std::set<fs::path> files;
        for (const auto& [key, subsets] : sources_) {
            for (const auto& [subset, source] : subsets) {
                if (files.insert(source.file).second) bytes += fs::file_size(source.file);
            }
        }
        bytes += basesBytes(workspace_, ProductModel(recipe_, plan_));
        requireDisk(request_.product, bytes, "the product " + recipe_.name);
    }

    // --- the product ------------------------------------------------------------------------------------------------

    void write(const fs::path& folder) {
        std::size_t total = 0;
        for (const auto& r : plan_.reactions) total += r.subsets.size();
        ProgressMeter meter(job_, "checkpoints", "files", total);
        ProductModel model(recipe_, plan_);
        for (const auto& r : plan_.reactions) {
            for (const auto& subset : r.subsets) {
                const Source& source = sources_.at(r.key).at(subset);
                const ReleasedCheckpoint& file = read(source.file);
                const Heads heads = headsOf(r, source, file);
                checkWidths(r, source, heads);
                ProjectorWeights weights = *heads.expert;
                if (weights.head1) {
                    weights.head1_modalities = throughHead1(r);
                    if (weights.head1_modalities.empty())
                        notes_.push_back(r.key + ": no modality passes Head1, because both spaces have the same ones.");
                }
                const std::string place = source.file.lexically_relative(root_).generic_string();
                const std::string named = place.empty() || place == "." ? source.file.filename().string() : place;
                const auto put = [&](const std::string& key, const ProjectorWeights& head) {
                    const fs::path to = projectorPath(folder, {key, subset});
                    fs::create_directories(to.parent_path());
                    writeProjector(to, head,
                                   {{"reaction", r.key},
                                    {"kind", reactionName(r.kind)},
                                    {"subset", subset},
                                    {"recipe", recipe_.name},
                                    {"checkpoint", named}});
                    model.addProjectorFile(key, subset, to);
                };
                put(r.key, weights);
                if (heads.base) put(baseHeadKey(r.key), *heads.base);
                recipe_.route[r.step].options.hidden_width = static_cast<std::int64_t>(weights.hidden());
                records_[r.key][subset] = {{"source", named},
                                           {"layout", layoutName(file.layout)},
                                           {"shape", shapeText(weights)},
                                           {"batches", weights.layers.front().batches},
                                           {"hash", hashFile(source.file).hash}};
                if (!source.head.empty()) records_[r.key][subset]["head"] = source.head;
                meter.advance(1);
            }
        }
        meter.finish();
        last_.reset();
        writeBases(workspace_, model, folder, true, job_);
        ProductRecord record;
        record.name = recipe_.name;
        record.workspace = fs::absolute(request_.workspace).lexically_normal().string();
        record.fingerprint = workspace_.fingerprint();
        record.synthetic = workspace_.synthetic();
        record.device = "none";
        record.options = {{kOrigin, kOriginCheckpoints}};
        record.version = programVersion();
        record.commit = programCommit();
        record.created = utcNow();
        record.training = records_;
        writeProductFile(folder, ProductModel(recipe_, plan_), record);
    }

    const BringRequest& request_;
    const JobContext& job_;
    Workspace workspace_;
    Recipe recipe_;
    fs::path root_;  // what places are relative to
    RoutePlan plan_;
    std::map<std::string, std::map<std::string, Source>> sources_;  // reaction -> subset -> place
    fs::path last_file_;
    std::optional<ReleasedCheckpoint> last_;
    Json records_ = Json::object();
    std::vector<std::string> notes_;
};

}  // namespace

std::string originOf(const ProductRecord& record) {
    if (!record.options.is_object()) return {};
    const auto it = record.options.find(kOrigin);
    return it != record.options.end() && it->is_string() ? it->get<std::string>() : std::string();
}

Json bringCheckpoints(const BringRequest& request, const JobContext& job) {
    return Bringer(request, job).run();
}

}  // namespace engine
