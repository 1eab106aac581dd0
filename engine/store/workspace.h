// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A workspace: a folder of embeddings. workspace.h5 links (HDF5 external links) to one file for each pool and
// evaluation set; each file is written whole, then renamed. Schema: resources/guide/workspace.md. Any number of readers
// and one writer, in any processes; HDF5 calls of this process are serialised inside.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/json.h"
#include "engine/space/embedding_source.h"
#include "engine/space/modality.h"

namespace engine {

enum class StoredType { Float32, Float16 };

struct StoredEmbeddings {
    std::string space;
    std::size_t rows = 0, width = 0;
    StoredType type = StoredType::Float32;
    bool unit_rows = true;  // all within 1e-3 of length 1: taken as they are; others are normalised when read
    double norm_min = 1, norm_mean = 1, norm_max = 1;  // as imported
    std::string content;  // hash of the rows, as imported; empty in files that were written before it was kept
};

// Items of one modality: ids and, per space, their embeddings; row i is the same item in every space.
struct ItemTable {
    Modality modality;
    std::size_t rows = 0;
    bool has_paths = false;
    std::vector<StoredEmbeddings> embeddings;

    const StoredEmbeddings* find(const std::string& space) const;
};

// A pool: unpaired training items of one modality. A paired pool has several modalities whose rows belong together.
struct PoolInfo {
    std::string name;
    bool paired = false;
    std::vector<ItemTable> tables;
};

enum class SetKind {
    Retrieval,       // pairs: (row of first, row of second) that belong together, any number either way
    Classification,  // first: items, second: classes (their prompts); one pair for each item
    MultiLabel,      // as Classification with any number of labels for each item
};

struct SetInfo {
    std::string name;
    SetKind kind = SetKind::Retrieval;
    ItemTable first, second;  // classification: items, classes
    std::size_t pairs = 0;
    std::string prompt;  // classification: the template of the class prompts, where known
};

struct SpaceSummary {
    std::string name;
    std::size_t width = 0;
    std::vector<Modality> modalities;  // those with any embeddings, pools or sets
};

class Workspace {
public:
    // Opens for reading. Errors name file and dataset. A newer minor version warns, a newer major one is refused.
    explicit Workspace(const std::filesystem::path& folder);
    ~Workspace();
    Workspace(Workspace&&) noexcept;

    const std::filesystem::path& folder() const;
    bool synthetic() const;           // made by `molspace synth`: every figure says so
    Json origin() const;              // what made it: import manifest, or world preset and seed
    std::string fingerprint() const;  // changes when any pool or set changes
    std::vector<std::string> warnings() const;

    const std::vector<PoolInfo>& pools() const;
    const std::vector<SetInfo>& sets() const;
    std::vector<SpaceSummary> spaces() const;
    const SetInfo& set(const std::string& name) const;  // throws NotFound with the nearest name
    // The pool of a modality: the only unpaired one, else throws (none, or several: name it).
    const PoolInfo* poolOf(const Modality& modality) const;  // nullptr: none

    // Rows are float32, unit length within 1e-3 (see unit_rows). Reading is lazy and by blocks.
    EmbeddingSourcePtr pool(const std::string& pool, const Modality& modality, const std::string& space) const;
    enum class Side { First, Second };
    EmbeddingSourcePtr setRows(const std::string& set, Side side, const std::string& space) const;
    std::vector<std::array<std::uint32_t, 2>> pairs(const std::string& set) const;

    std::vector<std::string> poolIds(const std::string& pool, const Modality& modality, std::size_t first,
                                     std::size_t count) const;
    std::vector<std::string> setIds(const std::string& set, Side side) const;
    std::vector<std::string> setPaths(const std::string& set, Side side) const;  // empty strings where unknown

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// File and row that a row or an entry comes from, for messages: "labels.csv#class row 17".
using RowPlace = std::function<std::string(std::size_t row)>;

// What is written: rows come by blocks from a reader, so nothing has to lie in memory.
struct RowReader {
    std::size_t rows = 0, width = 0;
    StoredType type = StoredType::Float32;
    // Rows as they came (not normalised) into out [count, width]; of Float16 numbers that have halves, so that they are
    // read back to the bit.
    std::function<void(std::size_t first, std::size_t count, float* out)> read;
    std::string origin;             // file and dataset, for messages
    RowPlace place;                 // empty: row i is that of `origin`
    std::uint64_t held_bytes = 0;   // memory that it takes from its first read until release()
    std::function<void()> release;  // empty: it holds nothing; rows can be read again afterwards

    std::string placeOf(std::size_t row) const { return place ? place(row) : origin + " row " + std::to_string(row); }
};

struct ListOrigin {
    std::string name;  // file and column, for messages
    RowPlace place;    // empty: not known
};

struct TableInput {
    Modality modality;
    std::vector<std::string> ids;                               // empty: "<name>/<row>"
    std::vector<std::string> paths;                             // empty, or one for each row
    std::vector<std::pair<std::string, RowReader>> embeddings;  // space -> rows
    ListOrigin ids_origin;
};

struct PoolInput {
    std::string name;
    std::vector<TableInput> tables;  // one: a pool; several: a paired pool
};

struct SetInput {
    std::string name;
    SetKind kind = SetKind::Retrieval;
    TableInput first, second;
    std::vector<std::array<std::uint32_t, 2>> pairs;
    std::string prompt;
};

// Writes a workspace or adds to one. Holds the writer lock of the folder while it lives. Every check of rows, widths,
// ids, NaN/Inf, zero rows, duplicate ids, pair ranges happens before a file appears under its name.
class WorkspaceWriter {
public:
    // Makes the folder if it is not there. `origin` is stored (manifest, or world preset and seed).
    WorkspaceWriter(const std::filesystem::path& folder, const Json& origin, bool synthetic);
    ~WorkspaceWriter();

    void addPool(const PoolInput& pool, const JobContext& job);  // replaces a pool of the same name
    void addSet(const SetInput& set, const JobContext& job);
    // Bytes the input will take on disk; checked against the free space by addPool and addSet themselves.
    static std::uint64_t estimateBytes(const TableInput& table);
    // Writes workspace.h5 with the links; until then readers see the workspace as it was.
    void finish();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace engine
