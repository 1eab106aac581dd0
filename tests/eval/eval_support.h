// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Random unit rows and sets for the tests of evaluation.
#pragma once

#include <cmath>
#include <memory>
#include <vector>

#include "engine/base/rng.h"
#include "engine/eval/ranks.h"

namespace engine::test {

inline Matrix randomUnitRows(std::size_t rows, std::size_t cols, Rng& rng) {
    Matrix m(rows, cols);
    rng.fillNormal(m.data(), m.size());
    normalizeRows(m);
    return m;
}

inline RowSource rawSource(const Matrix& m) {
    RowSource source;
    source.rows = m.view();
    return source;
}

// Rows known in float64; the float32 rows are these rounded once.
struct ExactRows {
    std::size_t cols = 0;
    std::vector<double> values;
    Matrix rounded;

    ExactRows(std::size_t rows, std::size_t width) : cols(width), values(rows * width), rounded(rows, width) {}
    double* row(std::size_t i) { return values.data() + i * cols; }
    // Unit length in float64, then rounded.
    void settle() {
        for (std::size_t i = 0; i < rounded.rows(); ++i) {
            double sum = 0;
            for (std::size_t k = 0; k < cols; ++k) sum += row(i)[k] * row(i)[k];
            for (std::size_t k = 0; k < cols; ++k) {
                row(i)[k] /= std::sqrt(sum);
                rounded.row(i)[k] = static_cast<float>(row(i)[k]);
            }
        }
    }
    RowSource source() const {
        RowSource out;
        out.rows = rounded.view();
        out.exact = [this](std::size_t i, double* to) { std::copy_n(values.data() + i * cols, cols, to); };
        return out;
    }
};

}  // namespace engine::test
