// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/matrix_kernels.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "engine/base/matrix.h"
#include "engine/base/rng.h"

namespace engine {
namespace {

TEST(MatrixKernels, FitTheProcessor) {
    EXPECT_EQ(fittingKernels("Prescott", true, true), "SkylakeX");
    EXPECT_EQ(fittingKernels("Prescott", true, false), "Haswell");
    EXPECT_EQ(fittingKernels("Nehalem", false, false), "Nehalem");
    for (const char* good : {"Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids"})
        EXPECT_EQ(fittingKernels(good, true, true), good) << "its own choice stands";
}

TEST(MatrixKernels, AreNotThoseOfAnotherAge) {
#if defined(__x86_64__)
    if (std::getenv("OPENBLAS_CORETYPE")) GTEST_SKIP() << "OPENBLAS_CORETYPE is set";
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const std::string taken = matrixKernels();
    EXPECT_EQ(fittingKernels(taken, avx2, false), taken);
    EXPECT_EQ(std::getenv("OPENBLAS_CORETYPE"), nullptr);
#else
    GTEST_SKIP() << "not an x86-64 processor: " << matrixKernels();
#endif
}

// Larger than the blocks of any kernel, in every dimension.
TEST(MatrixKernels, GiveProductsOfAnyShape) {
    for (const auto& [m, n, k] :
         {std::array<std::size_t, 3>{1, 1, 1}, {3, 5, 2000}, {1030, 17, 700}, {19, 2100, 130}}) {
        Matrix a(m, k), b(n, k), c(m, n);
        Rng rng(m * n + k);
        rng.fillNormal(a.data(), a.size());
        rng.fillNormal(b.data(), b.size());
        gemmNT(m, n, k, 1, a.data(), k, b.data(), k, 0, c.data(), n);
        for (std::size_t i = 0; i < m; i += 1 + m / 40) {
            for (std::size_t j = 0; j < n; j += 1 + n / 40) {
                double sum = 0;
                for (std::size_t l = 0; l < k; ++l) sum += static_cast<double>(a.row(i)[l]) * b.row(j)[l];
                ASSERT_NEAR(c.row(i)[j], sum, 1e-3) << i << " " << j;
            }
        }
    }
}

}  // namespace
}  // namespace engine
