// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Looking at files before they are imported, and at items of a workspace, for a window that shows what is there:
// headers and lists, no rows of embeddings. Blocking jobs; errors are Error. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/json.h"

namespace engine {

// An array of a file, or a column of a table.
struct ArrayPeek {
    std::filesystem::path file;  // the file, or the folder of numbered parts that is read as one
    std::string dataset;         // within the file; the column where `column` is true; empty: the file is one array
    bool column = false;
    std::string type;                   // "float32", "int64", "text", "table" ...
    std::vector<std::uint64_t> shape;   // of a list or column: [n]
    bool rows = false;                  // embeddings: floating point, [n, width], or [k, n, width] with an index
    bool list = false;                  // ids, labels, paths: texts or whole numbers, [n]
    std::vector<std::string> examples;  // the first entries of a list
    bool distinct = false;              // of a list: no entry comes twice

    std::string describe() const;  // "float32 [2000, 512]"
};

// All that could be imported from a file (.npy, .npz, .safetensors, HDF5, .csv, .tsv, .json, .jsonl, .txt), a folder of
// numbered parts, a clip-retrieval folder (img_emb/, text_emb/, metadata/), or a folder of such files. Throws for a
// form that is not read, with what turns it into one that is. A file in a folder that cannot be read is left out, and
// named in `problems`.
std::vector<ArrayPeek> peekArrays(const std::filesystem::path& path, const JobContext& job,
                                  std::vector<std::string>* problems = nullptr);

// Spaces, pools and sets of a workspace as inspect() names them, without looking at any row:
// {"synthetic", "spaces": [{"name", "width", "modalities"}], "pools": [{"name", "paired", "tables": [{"modality",
// "rows"}]}], "sets": [{"name", "kind"}]}
Json peekWorkspace(const std::filesystem::path& workspace);

// The first items of a pool or of a side of an evaluation set.
struct ItemsPreview {
    std::vector<std::string> ids, paths;  // paths: empty where the workspace has none
};
struct ItemsRequest {
    std::filesystem::path workspace;
    std::string pool, modality;  // or
    std::string set;
    bool first_side = true;
    std::size_t count = 20;
};
ItemsPreview previewItems(const ItemsRequest& request, const JobContext& job);

}  // namespace engine
