// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/score_kernel.h"

#include <gtest/gtest.h>

#include "tests/eval/eval_support.h"

namespace engine {
namespace {

// The largest error of the approximate scores of all pairs, and the bound that was promised.
std::pair<double, double> worstError(const Matrix& x, const Matrix& y) {
    const auto sx = score::measureSide(x, "x", {}), sy = score::measureSide(y, "y", {});
    const std::size_t width = x.cols();
    const std::size_t row_panels = (x.rows() + score::kRowPanel - 1) / score::kRowPanel;
    const std::size_t col_panels = (y.rows() + score::kColPanel - 1) / score::kColPanel;
    score::Packed a, b;
    a.resize(row_panels * score::panelValues(width, score::kRowPanel));
    b.resize(col_panels * score::panelValues(width, score::kColPanel));
    score::pack(x, 0, x.rows(), sx.scale, score::kRowPanel, a.data());
    score::pack(y, 0, y.rows(), sy.scale, score::kColPanel, b.data());
    const std::size_t ld = col_panels * score::kColPanel;
    std::vector<float> out(row_panels * score::kRowPanel * ld);
    score::scoreTile(a.data(), row_panels, b.data(), col_panels, width, static_cast<float>(1 / (sx.scale * sy.scale)),
                     out.data(), ld);
    double worst = 0;
    for (std::size_t i = 0; i < x.rows(); ++i) {
        for (std::size_t j = 0; j < y.rows(); ++j) {
            double exact = 0;
            for (std::size_t k = 0; k < width; ++k) exact += static_cast<double>(x.row(i)[k]) * y.row(j)[k];
            worst = std::max(worst, std::fabs(out[i * ld + j] - exact));
        }
    }
    return {worst, score::approximateBound(sx, sy, width)};
}

TEST(ScoreKernel, StaysWithinItsBound) {
    Rng rng(3);
    for (const std::size_t width : {1, 2, 5, 16, 63, 64, 512, 1024, 1536}) {
        const Matrix x = test::randomUnitRows(37, width, rng), y = test::randomUnitRows(83, width, rng);
        const auto [worst, bound] = worstError(x, y);
        EXPECT_LE(worst, bound) << width;
        EXPECT_LE(bound, 2e-3) << width;
        if (width >= 64) {
            EXPECT_GT(worst, bound / 1000) << width;  // the bound says something
        }
    }
}

// Equal rows reach the largest sum that the 32-bit accumulators must hold.
TEST(ScoreKernel, DoesNotOverflow) {
    for (const std::size_t width : {1, 2, 3, 4, 256, 1024, 4096}) {
        for (const float sign : {1.0f, -1.0f}) {
            Matrix x(7, width), y(17, width);
            std::fill_n(x.data(), x.size(), 1 / std::sqrt(static_cast<float>(width)));
            for (std::size_t i = 0; i < y.size(); ++i) y.data()[i] = sign / std::sqrt(static_cast<float>(width));
            const auto [worst, bound] = worstError(x, y);
            EXPECT_LE(worst, bound) << width;
        }
        Matrix unit(8, width);  // all of a row in one value
        std::fill_n(unit.data(), unit.size(), 0.0f);
        for (std::size_t i = 0; i < 8; ++i) unit.row(i)[i % width] = i % 2 == 0 ? 1.0f : -1.0f;
        const auto [worst, bound] = worstError(unit, unit);
        EXPECT_LE(worst, bound) << width;
    }
}

TEST(ScoreKernel, ProductsEqualPlainSums) {
    Rng rng(4);
    for (const std::size_t n : {1, 15, 16, 17, 1000}) {
        std::vector<float> x(n), y(n);
        rng.fillNormal(x.data(), n);
        rng.fillNormal(y.data(), n);
        const std::vector<double> xd(x.begin(), x.end()), yd(y.begin(), y.end());
        double plain = 0;
        for (std::size_t k = 0; k < n; ++k) plain += xd[k] * yd[k];
        EXPECT_NEAR(score::dot(x.data(), y.data(), n), plain, 1e-12 * static_cast<double>(n));
        EXPECT_NEAR(score::dot(xd.data(), yd.data(), n), plain, 1e-12 * static_cast<double>(n));
    }
}

}  // namespace
}  // namespace engine
