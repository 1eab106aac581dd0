// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/reaction_store.h"

#include "engine/base/file.h"
#include "engine/recipe/reaction_files.h"
#include "engine/recipe/reaction_identity.h"

namespace engine {
namespace {

namespace fs = std::filesystem;

// How many of the projectors were there.
std::size_t linkAll(const fs::path& from, const fs::path& to, const std::vector<std::string>& subsets) {
    if (!fs::exists(from)) return 0;
    fs::create_directories(to);
    std::size_t there = 0;
    for (const auto& subset : subsets) {
        const fs::path record = from / (subset + ".json");
        if (!fs::exists(record)) continue;
        linkProjector(from, to, subset);
        linkFile(record, to / record.filename());
        ++there;
    }
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
