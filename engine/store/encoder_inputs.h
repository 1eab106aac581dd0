// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a user's own encoder takes: one HDF5 file with a dataset [n, ...] of numbers for each table of a workspace,
// row i the item of row i there:
//
//   pools/<pool>/<modality>        sets/<set>/first, sets/<set>/second
//
// The shape of an item is the encoder's affair and the same everywhere. Read as float32 by blocks. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/space/modality.h"
#include "engine/store/hdf5_file.h"
#include "engine/store/workspace.h"

namespace engine {

class EncoderInputs {
public:
    struct Table {
        std::string dataset;
        std::size_t rows = 0;
    };

    // Throws Error naming the dataset: no numbers, no item, items of different shapes.
    explicit EncoderInputs(const std::filesystem::path& path);

    // Nothing where the file has no such dataset. Throws Error{InvalidInput} where it has another number of rows.
    std::optional<Table> pool(const PoolInfo& pool, const Modality& modality) const;
    std::optional<Table> set(const SetInfo& set, Workspace::Side side) const;

    const std::vector<std::int64_t>& shape() const { return shape_; }  // of an item
    std::size_t numbers() const { return numbers_; }                   // of an item
    // out [count, numbers()].
    void read(const Table& table, std::size_t first, std::size_t count, float* out) const;
    const std::filesystem::path& path() const { return file_.path(); }

private:
    std::optional<Table> table(const std::string& dataset, std::size_t rows, const std::string& of) const;
    void look(const std::string& group);

    Hdf5File file_;
    std::vector<std::int64_t> shape_;
    std::size_t numbers_ = 0;
    std::string shown_by_;  // the dataset that shape_ is from
};

}  // namespace engine
