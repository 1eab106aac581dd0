// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Makes a product of checkpoints of the released code: the projectors of every reaction of a recipe are read, checked
// against the spaces of a workspace and written as a product folder with the components of its evaluation sets. Nothing
// is trained; pools are not needed.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "engine/base/job.h"
#include "engine/base/json.h"
#include "engine/recipe/product.h"

namespace engine {

struct BringRequest {
    std::filesystem::path workspace;
    Recipe recipe;
    // A folder with one folder for each reaction (engine/package/freebind.h names them), each with <dm>/best.pt; or,
    // for a recipe of one reaction, that folder or one file.
    std::filesystem::path source;
    // Other places, by the reaction's key ("1-CLAP_g"): a folder of <dm>/best.pt or a file, relative to `source`, or
    // to the folder of that file; "file.pt#Head_A" for the expert's head in a file of C-MCR.
    std::map<std::string, std::string> places;
    std::filesystem::path product;  // folder to write; an earlier one that was brought in is replaced
};

// What a product's projectors are: "brought in from checkpoints"; empty where they were trained. The training record of
// such a product says from which files.
std::string originOf(const ProductRecord& record);

// Returns {"product", "recipe", "synthetic", "reactions": {key: {subset: {"source", "layout", "shape", ...}}},
// "notes"}. Throws Error: everything of engine/package/checkpoint_layout.h; a reaction without checkpoints, with the
// places that were looked at; widths other than those of the workspace's spaces. Nothing is left of a product that
// failed.
Json bringCheckpoints(const BringRequest& request, const JobContext& job);

}  // namespace engine
