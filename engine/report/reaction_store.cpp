// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/reaction_store.h"

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/recipe/reaction_identity.h"

namespace engine {
namespace {

namespace fs = std::filesystem;

// The record last: where it is there, the others are.
constexpr const char* kEndings[] = {".safetensors", ".csv", ".json"};

void linkFile(const fs::path& from, const fs::path& to) {
    std::error_code failed;
    fs::create_hard_link(from, to, failed);
    if (!failed || fs::exists(to)) return;
    Staging staged(to);
    fs::copy_file(from, staged.path(), failed);
    if (failed) {
        throw Error(ErrorCode::Io, to.string(), "cannot be copied from " + from.string() + ": " + failed.message(),
                    "is the disk full?");
    }
    staged.commit();
}

// True if the projector was there. The head of a joint space's other side comes first, for it has no record.
bool linkProjector(const fs::path& from, const fs::path& to, const std::string& subset) {
    if (!fs::exists(from / (subset + ".json"))) return false;
    const fs::path head = fs::path("base") / (subset + ".safetensors");
    if (fs::exists(from / head) && !fs::exists(to / head)) {
        fs::create_directories(to / "base");
        linkFile(from / head, to / head);
    }
    for (const char* ending : kEndings) {
        const fs::path file = from / (subset + ending);
        if (fs::exists(file) && !fs::exists(to / file.filename())) linkFile(file, to / file.filename());
    }
    return true;
}

// How many of the projectors were there.
std::size_t linkAll(const fs::path& from, const fs::path& to, const std::vector<std::string>& subsets) {
    if (!fs::exists(from)) return 0;
    fs::create_directories(to);
    std::size_t there = 0;
    for (const auto& subset : subsets) there += linkProjector(from, to, subset);
    return there;
}

}  // namespace

std::string ReactionStore::keyOf(const Json& identity, std::uint64_t seed) const {
    return hashHex(context_ + "\n" + std::to_string(seed) + "\n" + identity.dump());
}

std::string ReactionStore::key(const Recipe& recipe, const RoutePlan& plan, const PlannedReaction& reaction,
                               std::uint64_t seed) const {
    return keyOf(reactionIdentity(recipe, plan, reaction), seed);
}

std::string ReactionStore::key(const Recipe& recipe, const RoutePlan& plan, const PlannedTuning& tuning,
                               std::uint64_t seed) const {
    return keyOf(tuningIdentity(recipe, plan, tuning), seed);
}

bool ReactionStore::has(const std::string& key, const std::string& subset) const {
    return fs::exists(folder_ / key / (subset + ".json"));
}

std::size_t ReactionStore::bring(const Recipe& recipe, const RoutePlan& plan, std::uint64_t seed,
                                 const fs::path& product) const {
    std::size_t whole = 0;
    for (const auto& r : plan.reactions) {
        whole +=
            linkAll(folder_ / key(recipe, plan, r, seed), product / "reactions" / r.key, r.subsets) == r.subsets.size();
    }
    for (const auto& t : plan.tunings)
        linkAll(folder_ / key(recipe, plan, t, seed), product / "reactions" / t.key, {t.modality});
    return whole;
}

void ReactionStore::keep(const Recipe& recipe, const RoutePlan& plan, std::uint64_t seed,
                         const fs::path& product) const {
    for (const auto& r : plan.reactions)
        linkAll(product / "reactions" / r.key, folder_ / key(recipe, plan, r, seed), r.subsets);
    for (const auto& t : plan.tunings)
        linkAll(product / "reactions" / t.key, folder_ / key(recipe, plan, t, seed), {t.modality});
}

}  // namespace engine
