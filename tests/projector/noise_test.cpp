// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/noise.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>

#include "engine/base/matrix.h"
#include "engine/base/rng.h"

namespace engine {
namespace {

TEST(Noise, IsThatOfItsStreamOnAnyNumberOfThreads) {
    const std::size_t rows = 300, width = 64;
    Matrix x(rows, width);
    Rng rng(1);
    rng.fillNormal(x.data(), x.size());
    normalizeRows(x);
    const auto noisy = [&](double variance, std::uint64_t seed, std::uint64_t index, int threads) {
        const int before = omp_get_max_threads();
        omp_set_num_threads(threads);
        Matrix y = copyOf(x.view());
        addNoise(y.data(), rows, width, variance, seed, "reaction/T/noise", index);
        omp_set_num_threads(before);
        return std::vector<float>(y.data(), y.data() + y.size());
    };
    const auto one = noisy(0.004, 5, 3, 1);
    EXPECT_EQ(one, noisy(0.004, 5, 3, 3));
    EXPECT_NE(one, noisy(0.004, 5, 4, 1));
    EXPECT_NE(one, noisy(0.004, 6, 3, 1));
    EXPECT_EQ(noisy(0, 5, 3, 1), std::vector<float>(x.data(), x.data() + x.size()));
    // N(x + θ): unit length, and along x about 1 / sqrt(1 + width · variance); rows differ from each other.
    double along = 0;
    for (std::size_t i = 0; i < rows; ++i) {
        double length = 0, dot = 0;
        for (std::size_t j = 0; j < width; ++j) {
            length += std::pow(static_cast<double>(one[i * width + j]), 2);
            dot += static_cast<double>(one[i * width + j]) * static_cast<double>(x.row(i)[j]);
        }
        EXPECT_NEAR(length, 1, 1e-5);
        along += dot / static_cast<double>(rows);
    }
    EXPECT_NEAR(along, 1 / std::sqrt(1 + static_cast<double>(width) * 0.004), 0.01);
}

}  // namespace
}  // namespace engine
