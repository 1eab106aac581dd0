// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/matrix.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/rng.h"

namespace engine {
namespace {

Matrix randomMatrix(std::size_t rows, std::size_t cols, std::uint64_t seed) {
    Matrix m(rows, cols);
    Rng rng(seed);
    rng.fillNormal(m.data(), m.size());
    return m;
}

TEST(Matrix, ProductsEqualTheObviousLoop) {
    const Matrix a = randomMatrix(7, 13, 1), b = randomMatrix(5, 13, 2);
    Matrix nt(7, 5), nn(7, 13), c = randomMatrix(5, 13, 3);
    gemmNT(7, 5, 13, 1, a.data(), 13, b.data(), 13, 0, nt.data(), 5);
    gemmNN(7, 13, 5, 2, nt.data(), 5, c.data(), 13, 0, nn.data(), 13);
    for (std::size_t i = 0; i < 7; ++i) {
        for (std::size_t j = 0; j < 5; ++j) {
            double sum = 0;
            for (std::size_t k = 0; k < 13; ++k) sum += static_cast<double>(a.row(i)[k]) * b.row(j)[k];
            EXPECT_NEAR(nt.row(i)[j], sum, 1e-4);
        }
        for (std::size_t j = 0; j < 13; ++j) {
            double sum = 0;
            for (std::size_t k = 0; k < 5; ++k) sum += 2.0 * nt.row(i)[k] * c.row(k)[j];
            EXPECT_NEAR(nn.row(i)[j], sum, 1e-3);
        }
    }
}

TEST(Matrix, NormalisedRowsHaveUnitLengthAndZeroRowsStayZero) {
    Matrix m = randomMatrix(3, 1000, 4);
    std::fill(m.row(1), m.row(1) + 1000, 0.0f);
    normalizeRows(m);
    for (std::size_t i = 0; i < 3; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < 1000; ++j) sum += static_cast<double>(m.row(i)[j]) * m.row(i)[j];
        EXPECT_NEAR(std::sqrt(sum), i == 1 ? 0 : 1, 1e-6);
    }
}

}  // namespace
}  // namespace engine
