// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rows and lists from any file that embeddings come in: .npy, .npz, safetensors, HDF5 (any path and layout), folders of
// numbered parts (clip-retrieval's img_emb/, text_emb/, metadata/), and for lists also csv, tsv, json, jsonl and txt.
// Rows come as float32, as they are in the file (not normalised). Readers hold no more than what they read, except
// members of .npz, which are unpacked at their first row and held until release(). Errors name file and dataset.
// SourceFiles is for one thread; the readers it gives are thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/store/csv.h"
#include "engine/store/workspace.h"

namespace engine {

// Where rows or a list lie.
struct SourceSpec {
    std::filesystem::path file;  // a file, or a folder of numbered parts
    std::string dataset;         // of .npz, safetensors, HDF5; the key of a json object
    std::string column;          // of csv, tsv, json and jsonl records
    std::int64_t index = -1;     // of a 3-D array [n, rows, width]: which of the n
    Json values;                 // a list written in place; `file` is empty then

    std::string describe() const;  // "features.npy index 0", "metadata.csv#fold"
};

// Memory that reading a list or a table of so many bytes takes, by the name's extension: the text, its fields and the
// texts made of them. Measured on ids and paths of 10 to 60 characters, rounded up.
std::uint64_t listMemoryBytes(const std::filesystem::path& path, std::uint64_t file_bytes);

class SourceFiles {
public:
    // A list, a table or a folder of .npz that would take more than `memory_bytes` is refused with both figures before
    // it is read.
    explicit SourceFiles(std::uint64_t memory_bytes = availableMemoryBytes()) : memory_bytes_(memory_bytes) {}
    // Opens and checks the header; reads no row. Integers are refused unless asked for (labels, 0/1 matrices).
    RowReader openRows(const SourceSpec& spec, bool allow_integers = false);
    // One text for each item; numbers in decimal. `place`, if given, becomes where each lies.
    std::vector<std::string> readList(const SourceSpec& spec, RowPlace* place = nullptr);
    std::shared_ptr<const CsvTable> table(const std::filesystem::path& path);

private:
    void requireListMemory(const std::filesystem::path& path) const;

    std::uint64_t memory_bytes_;
    std::map<std::filesystem::path, std::shared_ptr<const CsvTable>> tables_;
};

// One after the other; all must have the same width.
RowReader concatenateRows(std::vector<RowReader> parts, const std::string& origin);
// The files of a folder of parts in numeric order (img_emb_0, img_emb_1, ..., img_emb_10). Throws if a number is
// missing.
std::vector<std::filesystem::path> numberedParts(const std::filesystem::path& folder);

}  // namespace engine
