// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Writes a product as a package: a folder that proves itself and needs none of this program.
//
//   recipe.json         the recipe with the factors in force
//   product.json        recipe, spaces, training record (the folder is a product too)
//   reactions/<key>/<subset>.safetensors   projectors, FreeBind's tensor names
//   metrics.json        figures with their protocol, where they were given
//   card.md             what it is, for people
//   probes.safetensors  inputs with the outputs that must come (engine/package/probes.h)
//   apply.py            turns embeddings into product vectors and verifies the probes; needs numpy only
//   freebind/<dir>/<dm>/best.pt            FreeBind's own checkpoint layout, where asked for
//   manifest.json       every file with size and hash, format version (engine/package/manifest.h)
//
// The same product, options and program give the same bytes. Written whole, then renamed; a kill leaves what was there.
#pragma once

#include <filesystem>
#include <string>

#include "engine/base/job.h"
#include "engine/base/json.h"
#include "engine/recipe/recipe.h"

namespace engine {

struct ExportOptions {
    Setting setting;                  // put in force, over the recipe's own factors
    std::string setting_name;         // for the card: "Versatile"; may be empty
    Json evaluation;                  // figures at that setting, as toJson(MetricsTable) gives them; null: none
    std::filesystem::path workspace;  // where probe rows are taken from; empty: random directions
    std::size_t probes = 16;          // items for each modality; at least 1
    bool freebind = false;
};

// Returns {"package", "name", "files", "bytes", "probes": {modality: {"rows", "source"}}, "notes": [...]}. Replaces a
// package that is there; refuses to replace anything else.
Json exportProduct(const std::filesystem::path& product, const std::filesystem::path& package,
                   const ExportOptions& options, const JobContext& job);

}  // namespace engine
