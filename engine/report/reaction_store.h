// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Trained reactions and tunings that several products have in common, each kept once
// (engine/recipe/reaction_identity.h, reaction_files.h).
#pragma once

#include <filesystem>
#include <string>

#include "engine/recipe/route_plan.h"

namespace engine {

class ReactionStore {
public:
    // `context`: what else projectors follow from: the workspace's fingerprint.
    ReactionStore(std::filesystem::path folder, std::string context)
        : folder_(std::move(folder)), context_(std::move(context)) {}

    // Name of the reaction at a seed.
    std::string key(const Recipe& recipe, const RoutePlan& plan, const PlannedReaction& reaction,
                    std::uint64_t seed) const;
    std::string key(const Recipe& recipe, const RoutePlan& plan, const PlannedTuning& tuning, std::uint64_t seed) const;
    bool has(const std::string& key, const std::string& subset) const;  // the projector is kept
    // Puts what is there of the product's reactions into its folder, so that training finds them finished. Returns how
    // many reactions were whole.
    std::size_t bring(const Recipe& recipe, const RoutePlan& plan, std::uint64_t seed,
                      const std::filesystem::path& product) const;
    // Keeps the reactions of a product that are finished.
    void keep(const Recipe& recipe, const RoutePlan& plan, std::uint64_t seed,
              const std::filesystem::path& product) const;

private:
    std::string keyOf(const Json& identity, std::uint64_t seed) const;

    std::filesystem::path folder_;
    std::string context_;
};

}  // namespace engine
