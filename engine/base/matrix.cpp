// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/matrix.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace engine {

void normalizeRows(float* x, std::size_t rows, std::size_t cols) {
#pragma omp parallel for schedule(static) if (rows * cols > 65536)
    for (std::size_t i = 0; i < rows; ++i) {
        float* row = x + i * cols;
        double sum = 0;
        for (std::size_t j = 0; j < cols; ++j) sum += static_cast<double>(row[j]) * row[j];
        const float inverse = static_cast<float>(1.0 / std::max(std::sqrt(sum), 1e-12));
        for (std::size_t j = 0; j < cols; ++j) row[j] *= inverse;
    }
}

void normalizeRows(Matrix& m) {
    normalizeRows(m.data(), m.rows(), m.cols());
}

Matrix copyOf(MatrixView m) {
    Matrix out(m.rows, m.cols);
    for (std::size_t i = 0; i < m.rows; ++i) std::memcpy(out.row(i), m.row(i), m.cols * sizeof(float));
    return out;
}

void gemmNT(std::size_t m, std::size_t n, std::size_t k, float alpha, const float* a, std::size_t lda, const float* b,
            std::size_t ldb, float beta, float* c, std::size_t ldc) {
    if (m == 0 || n == 0) return;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(m), static_cast<int>(n), static_cast<int>(k),
                alpha, a, static_cast<int>(lda), b, static_cast<int>(ldb), beta, c, static_cast<int>(ldc));
}

void gemmNN(std::size_t m, std::size_t n, std::size_t k, float alpha, const float* a, std::size_t lda, const float* b,
            std::size_t ldb, float beta, float* c, std::size_t ldc) {
    if (m == 0 || n == 0) return;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(m), static_cast<int>(n),
                static_cast<int>(k), alpha, a, static_cast<int>(lda), b, static_cast<int>(ldb), beta, c,
                static_cast<int>(ldc));
}

}  // namespace engine
