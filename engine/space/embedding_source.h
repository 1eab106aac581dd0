// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rows of one modality in one space, wherever they lie. Pools of the paper's size (50 GB) do not fit in memory, so all
// that reads pools takes a source and reads blocks.
#pragma once

#include <memory>
#include <vector>

#include "engine/base/matrix.h"

namespace engine {

class EmbeddingSource {
public:
    virtual ~EmbeddingSource() = default;
    virtual std::size_t rows() const = 0;
    virtual std::size_t cols() const = 0;
    // Rows first..first+count-1 into out [count, cols] float32, rows unit length within 1e-3. Thread-safe.
    virtual void read(std::size_t first, std::size_t count, float* out) const = 0;
    // All rows at once where they already lie in memory as contiguous unit rows; else an empty view.
    virtual MatrixView resident() const { return {}; }
};

using EmbeddingSourcePtr = std::shared_ptr<const EmbeddingSource>;

class MatrixSource : public EmbeddingSource {
public:
    // `matrix` rows must have unit length.
    explicit MatrixSource(Matrix matrix) : owned_(std::move(matrix)), view_(owned_.view()) {}
    // Keeps `owner` alive while the source lives.
    MatrixSource(MatrixView view, std::shared_ptr<const void> owner) : owner_(std::move(owner)), view_(view) {}

    std::size_t rows() const override { return view_.rows; }
    std::size_t cols() const override { return view_.cols; }
    void read(std::size_t first, std::size_t count, float* out) const override;
    MatrixView resident() const override { return view_; }

private:
    Matrix owned_;
    std::shared_ptr<const void> owner_;
    MatrixView view_;
};

// The whole source as a matrix: rows() * cols() * 4 bytes.
Matrix readAll(const EmbeddingSource& source);

}  // namespace engine
