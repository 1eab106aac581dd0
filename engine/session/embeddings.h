// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Embeddings in the space of a product at a setting, written to a file block by block: of a pool, of a side of an
// evaluation set, or of new files. Memory does not grow with the number of rows. Works without LibTorch. Blocking jobs;
// any thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/session/session.h"

namespace engine {

struct EmbeddingsRequest {
    std::filesystem::path product;
    std::filesystem::path workspace;  // empty: the one that the product was trained on; not used for `inputs`
    std::string pool;                 // one of the workspace, or
    std::string set;                  // an evaluation set of it, or
    bool first_side = true;
    std::vector<std::string> inputs;  // new files by space: "ImageBind=clips.npy", "CLAP_g=all.npz#audio"
    Modality modality;                // of `inputs`, and of a pool with several; empty: the only one
    Setting setting;                  // over the recipe's; live or not
    // .npy, .safetensors (tensor "embeddings") or .h5 (dataset "embeddings"; "ids" where they are known): [n, width]
    // float32 unit rows. Written whole, then renamed.
    std::filesystem::path output;
    bool ids_file = false;          // also "<output>.ids.txt", an id a line; for .h5 they are in the file anyway
    std::size_t block_rows = 4096;  // at a time; rounded up to a multiple of 256
};

// {"output", "product", "synthetic", "source", "modality", "rows", "width", "ids"}. Rows of sets are those that figures
// are measured on, to the bit. Errors name what is missing: spaces of the pool, rows that do not agree, a file's row.
Outcome writeEmbeddings(const EmbeddingsRequest& request, const JobContext& job);

// What of a workspace can be brought into a product's space.
struct EmbeddingsChoice {
    std::string pool, set;  // one of them
    bool first_side = true;
    Modality modality;
    std::size_t rows = 0;
    std::vector<std::string> lacking;  // spaces that the product needs and that are not there; empty: it can
};
// Pools, then both sides of every set, of the modalities that the product has.
std::vector<EmbeddingsChoice> embeddingsChoices(const std::filesystem::path& product,
                                                const std::filesystem::path& workspace, const JobContext& job);

}  // namespace engine
