// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rows that took projectors to compute, kept on disk beside a product and mapped when they are asked for again: a file
// for each table, part and choice of projectors, named by the hash of all that its rows depend on. Of each table and
// part the latest three stay. A file that is damaged or of other inputs is made anew; one that cannot be written is
// logged, and its rows stay in memory. Thread-safe, between processes too: files are written whole, then renamed.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/job.h"
#include "engine/base/matrix.h"

namespace engine {

class ComputedRows {
public:
    // `table`: whose rows ("AudioCaps-first"); `inputs`: what identifies the embeddings that they are computed from.
    // An empty folder, or no inputs: nothing is kept on disk.
    ComputedRows() = default;
    ComputedRows(std::filesystem::path folder, std::string table, std::string inputs);

    struct Rows {
        MatrixView view;                    // [n, width] float32
        std::shared_ptr<const void> owner;  // keeps them alive
    };
    // `part`: of the file's name ("2-CLAP_g"); `key`: all else that the rows depend on; empty: not kept on disk. A kept
    // file of another shape is not taken.
    Rows get(const std::string& part, const std::string& key, std::size_t rows, std::size_t width,
             const std::function<Matrix()>& compute, const JobContext& job) const;

private:
    std::filesystem::path folder_;
    std::string table_, inputs_;
};

}  // namespace engine
