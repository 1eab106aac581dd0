// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Turns new embeddings into the product space, block by block: memory does not grow with the number of rows. The bytes
// of the result do not depend on the size of the blocks. Works without LibTorch.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "engine/base/job.h"
#include "engine/base/json.h"
#include "engine/recipe/recipe.h"
#include "engine/store/row_readers.h"

namespace engine {

struct ApplyOptions {
    Modality modality;
    std::map<std::string, SourceSpec> inputs;  // by space; all have the same number of rows, any float type, any length
    Setting setting;                           // over the factors in force; live or not
    std::filesystem::path output;  // .npy, or .safetensors (tensor "embeddings"); [n, width] float32 unit rows
    std::size_t block_rows = 512;  // at a time; rounded up to a multiple of 256
};

// The least number of rows, at least `rows`, that product vectors may be made by at a time: projectors take rows in
// blocks of 256, and a row's last bit may depend on its place there, so places must stay the same whatever the blocks
// are.
std::size_t projectorBlock(std::size_t rows);

// "ImageBind=clips.npy", "CLAP_g=all.npz#audio".
std::pair<std::string, SourceSpec> parseInput(const std::string& text);

// `folder` of a package or a product. The output is written whole, then renamed. Errors name file and row (not finite,
// of length 0), spaces that are missing, rows that do not agree. Returns {"output", "rows", "width", "modality",
// "spaces"}.
Json applyPackage(const std::filesystem::path& folder, const ApplyOptions& options, const JobContext& job);

}  // namespace engine
