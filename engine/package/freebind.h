// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// FreeBind's own checkpoint layout: <folder>/<dir>/<dm>/best.pt, dm one of mix, A, T, V, AT, AV, TV, each a state_dict
// of 14 tensors as torch.save writes it (a zip archive, not compressed, with a pickle). Written without Torch.
#pragma once

#include <filesystem>
#include <string>

#include "engine/recipe/projector_weights.h"
#include "engine/recipe/recipe.h"

namespace engine {

// FreeBind's folder of a reaction ("IB_PP_G_Proj") where the recipe is one of its products, else "<reaction key>_Proj".
std::string freebindFolder(const Recipe& recipe, const std::string& reaction_key);
// "TVA" -> "mix", "TA" -> "AT", "VA" -> "AV"; other names stand for themselves.
std::string freebindSubset(const std::string& subset);

// Bytes of a state_dict file that torch.load reads, weights_only included. The same weights give the same bytes.
void writeTorchCheckpoint(const std::filesystem::path& path, const ProjectorWeights& weights);

// Writes one projector to its place; returns a sentence where FreeBind's code cannot take it as it is, else nothing.
std::string writeFreebind(const std::filesystem::path& folder, const Recipe& recipe, const std::string& reaction_key,
                          const std::string& subset, const ProjectorWeights& weights);

}  // namespace engine
