// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// An expert later: what of a finished product a recipe can take over as it is, because training would make the same
// bits again (engine/recipe/reaction_identity.h), and what has to be trained, with the reason. Experts side by side do
// not touch each other; whatever is trained against the product so far follows from all steps before it. Projectors
// that were brought in from checkpoints have no training that could be repeated; they are taken where they stand in the
// same place. Everything is decided before anything is written.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/recipe/product.h"
#include "engine/store/workspace.h"

namespace engine {

// The content of every pool in the spaces of a plan, {pool: {modality: {space: hash}}}: what training reads. Kept in a
// product's record, so that a workspace may gain other spaces later.
Json poolContents(const Workspace& workspace, const RoutePlan& plan);

struct Reuse {
    struct Taken {
        std::string key, from;             // of the reaction or tuning here and in the source: "1-CLAP_g"
        std::vector<std::string> subsets;  // of a tuning its modality
        std::int64_t epochs = 0;
    };
    struct Trained {
        std::string key, why;
    };
    std::vector<Taken> taken;
    std::vector<Trained> trained;

    bool takes(const std::string& key) const;
};

// Pure but for reading the workspace's index.
Reuse planReuse(const Recipe& recipe, const RoutePlan& plan, const Workspace& workspace, std::uint64_t seed,
                const LoadedProduct& source);

// Links the files of what is taken into the folder `product`, and writes their records with where they come from. What
// is there already is left.
void takeReactions(const Reuse& reuse, const LoadedProduct& source, const std::filesystem::path& product);

Json reuseToJson(const Reuse& reuse);
std::string reuseText(const Reuse& reuse, const LoadedProduct& source);  // a line for each reaction

}  // namespace engine
