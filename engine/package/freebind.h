// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// FreeBind's own folders of checkpoints: <folder>/<dir>/<dm>/best.pt, dm one of mix, A, T, V, AT, AV, TV, each a
// state_dict as torch.save writes it (engine/package/checkpoint_layout.h).
#pragma once

#include <filesystem>
#include <string>

#include "engine/recipe/projector_weights.h"
#include "engine/recipe/recipe.h"

namespace engine {

// FreeBind's folder of a reaction ("IB_PP_G_Proj") where the recipe is one of its products, else "<reaction key>_Proj".
std::string freebindFolder(const Recipe& recipe, const std::string& reaction_key);
// "TVA" -> "mix", "TA" -> "AT", "VA" -> "AV"; other names stand for themselves. And back.
std::string freebindSubset(const std::string& subset);
std::string subsetOfFreebind(const std::string& folder);

// Writes one projector to its place, if the released code has a module for it; with the head of the unified side where
// the reaction is in a joint space (C-MCR's file of two heads). Returns a sentence where FreeBind's code cannot take it
// as it is, else nothing.
std::string writeFreebind(const std::filesystem::path& folder, const Recipe& recipe, const std::string& reaction_key,
                          const std::string& subset, const ProjectorWeights& weights,
                          const ProjectorWeights* base_head = nullptr);

}  // namespace engine
