// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Row-major float32 matrices: the form in which embeddings travel between the parts of the engine.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace engine {

// Does not own. `stride` is the distance between rows in floats (>= cols).
struct MatrixView {
    const float* data = nullptr;
    std::size_t rows = 0;
    std::size_t cols = 0;
    std::size_t stride = 0;

    MatrixView() = default;
    MatrixView(const float* d, std::size_t r, std::size_t c) : data(d), rows(r), cols(c), stride(c) {}
    MatrixView(const float* d, std::size_t r, std::size_t c, std::size_t s) : data(d), rows(r), cols(c), stride(s) {}

    const float* row(std::size_t i) const { return data + i * stride; }
    std::span<const float> rowSpan(std::size_t i) const { return {row(i), cols}; }
    MatrixView slice(std::size_t first, std::size_t count) const { return {row(first), count, cols, stride}; }
    bool empty() const { return rows == 0; }
};

// Owns; memory is 64-byte aligned and not initialised. Moves only: a copy of embeddings is never made by accident.
class Matrix {
public:
    using Memory = std::unique_ptr<float[], std::function<void(float*)>>;

    Matrix() = default;
    Matrix(std::size_t rows, std::size_t cols) : Matrix(rows, cols, allocate(rows * cols)) {}
    // In memory of another kind, of rows * cols floats.
    Matrix(std::size_t rows, std::size_t cols, Memory memory) : data_(std::move(memory)), rows_(rows), cols_(cols) {}

    std::size_t rows() const { return rows_; }
    std::size_t cols() const { return cols_; }
    std::size_t size() const { return rows_ * cols_; }
    bool empty() const { return size() == 0; }
    float* data() { return data_.get(); }
    const float* data() const { return data_.get(); }
    float* row(std::size_t i) { return data_.get() + i * cols_; }
    const float* row(std::size_t i) const { return data_.get() + i * cols_; }
    MatrixView view() const { return {data_.get(), rows_, cols_}; }
    operator MatrixView() const { return view(); }  // NOLINT(google-explicit-constructor)

private:
    static Memory allocate(std::size_t floats) {
        if (floats == 0) return {};
        return Memory(static_cast<float*>(::operator new[](floats * sizeof(float), std::align_val_t{64})),
                      [](float* p) { ::operator delete[](p, std::align_val_t{64}); });
    }

    Memory data_;
    std::size_t rows_ = 0;
    std::size_t cols_ = 0;
};

// x / max(|x|, 1e-12) for each row, the norm summed in float64 (PyTorch's F.normalize). `x` is [rows, cols],
// contiguous.
void normalizeRows(float* x, std::size_t rows, std::size_t cols);
void normalizeRows(Matrix& m);
Matrix copyOf(MatrixView m);

// c[m, n] = alpha * a[m, k] * b[n, k]^T + beta * c, row-major float32, on all cores.
void gemmNT(std::size_t m, std::size_t n, std::size_t k, float alpha, const float* a, std::size_t lda, const float* b,
            std::size_t ldb, float beta, float* c, std::size_t ldc);
// c[m, n] = alpha * a[m, k] * b[k, n] + beta * c.
void gemmNN(std::size_t m, std::size_t n, std::size_t k, float alpha, const float* a, std::size_t lda, const float* b,
            std::size_t ldb, float beta, float* c, std::size_t ldc);

}  // namespace engine
