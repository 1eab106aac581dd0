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

// True if the projector was there.
bool linkProjector(const fs::path& from, const fs::path& to, const std::string& subset) {
    if (!fs::exists(from / (subset + ".json"))) return false;
    for (const char* ending : kEndings) {
        const fs::path file = from / (subset + ending);
        if (fs::exists(file) && !fs::exists(to / file.filename())) linkFile(file, to / file.filename());
    }
    return true;
}

}  // namespace

std::string ReactionStore::key(const Recipe& recipe, const RoutePlan& plan, const PlannedReaction& reaction,
                               std::uint64_t seed) const {
    return hashHex(context_ + "\n" + std::to_string(seed) + "\n" + reactionIdentity(recipe, plan, reaction).dump());
}

std::size_t ReactionStore::bring(const Recipe& recipe, const RoutePlan& plan, std::uint64_t seed,
                                 const fs::path& product) const {
    std::size_t whole = 0;
    for (const auto& reaction : plan.reactions) {
        const fs::path from = folder_ / key(recipe, plan, reaction, seed), to = product / "reactions" / reaction.key;
        if (!fs::exists(from)) continue;
        fs::create_directories(to);
        std::size_t there = 0;
        for (const auto& subset : reaction.subsets) there += linkProjector(from, to, subset);
        whole += there == reaction.subsets.size();
    }
    return whole;
}

void ReactionStore::keep(const Recipe& recipe, const RoutePlan& plan, std::uint64_t seed,
                         const fs::path& product) const {
    for (const auto& reaction : plan.reactions) {
        const fs::path from = product / "reactions" / reaction.key, to = folder_ / key(recipe, plan, reaction, seed);
        if (!fs::exists(from)) continue;
        fs::create_directories(to);
        for (const auto& subset : reaction.subsets) linkProjector(from, to, subset);
    }
}

}  // namespace engine
