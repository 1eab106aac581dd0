// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Looking at files before they are imported, and at items of a workspace, for a window that shows what is there:
// headers and lists; rows of embeddings only where they are asked for. Blocking jobs; errors are Error. Any thread.
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

// What the values of one array of embeddings are like. Rows are counted from 0, in the array or in its plane.
struct ValuesPeek {
    std::uint64_t of = 0;    // rows that there are
    std::uint64_t rows = 0;  // of them looked at; fewer than `of`: blocks at even distances, the first and last row too
    // What an import refuses: rows with a NaN or an Inf (as float32), rows of zeros (norm below 1e-12).
    std::uint64_t not_finite = 0, zeros = 0;
    std::uint64_t first_not_finite = 0, first_zeros = 0;  // of those looked at, where there is one
    // Euclidean norms, in float64, of the rows that are finite; 0 where none is.
    double norm_min = 0, norm_mean = 0, norm_max = 0;
    bool unit_rows = false;  // all within 1e-3 of 1, and so taken as they are; others are normalised when they are read

    bool sampled() const { return rows < of; }
};

// Looks at an array that peekArrays() has named, through the readers of the import. `index`: the plane of
// [k, n, width]; -1 for [n, width]. All rows where these are at most 64 MiB as float32, else 32 MiB of them, the same
// ones each time: a second at most from a disk that reads 64 MiB in it. Memory is 512 KiB, or one row; a member of .npz
// is unpacked meanwhile, and where that takes more than 128 MiB no row is looked at. Throws what an import would where
// the array cannot be read.
ValuesPeek peekValues(const ArrayPeek& array, std::int64_t index, const JobContext& job);

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
