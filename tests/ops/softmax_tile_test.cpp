// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tiles of a streaming softmax against the definition in float64.
#include "engine/ops/softmax_tile.h"

#include <cmath>
#include <limits>

#include "engine/base/rng.h"
#include "tests/ops/device_array.h"

namespace engine {
namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();
constexpr float kPadding = 12345;

// Products as of unit rows, in [-1, 1], with padding between rows.
std::vector<float> tileOf(std::int64_t rows, std::int64_t cols, std::int64_t stride, std::uint64_t seed) {
    std::vector<float> x(static_cast<std::size_t>(rows * stride), kPadding);
    Rng rng(seed, "tile");
    for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t j = 0; j < cols; ++j) {
            x[static_cast<std::size_t>(i * stride + j)] = static_cast<float>(2 * rng.uniform() - 1);
        }
    }
    return x;
}

class SoftmaxTileTest : public TileTest {};

TEST_P(SoftmaxTileTest, EqualsTheDefinition) {
    struct Case {
        std::int64_t rows;
        std::vector<std::int64_t> widths;
        std::int64_t padding;
        float scale;
    };
    for (const Case& c : {Case{1, {1}, 0, 1}, Case{3, {5, 1000, 2}, 0, 100}, Case{7, {255, 256, 257}, 3, 50},
                          Case{2, {40000}, 0, 20}, Case{300, {64, 64}, 0, 1000}}) {
        const auto n = static_cast<std::size_t>(c.rows);
        DeviceArray<float> maximum(std::vector<float>(n, kLowest), device()), shrink(std::vector<float>(n), device());
        DeviceArray<double> sum(std::vector<double>(n), device());
        std::vector<double> top(n, -INFINITY), total(n, 0.0);
        std::vector<float> before(n, kLowest);
        for (std::size_t k = 0; k < c.widths.size(); ++k) {
            const std::int64_t cols = c.widths[k], stride = cols + c.padding;
            const std::vector<float> x = tileOf(c.rows, cols, stride, k);
            DeviceArray<float> logits(x, device());
            softmaxTile({logits.data(), c.rows, cols, stride, c.scale, maximum.data(), sum.data(), shrink.data()},
                        device());
            const std::vector<float> found = logits.host(), found_top = maximum.host(), found_shrink = shrink.host();
            const std::vector<double> found_sum = sum.host();
            for (std::size_t i = 0; i < n; ++i) {
                const std::size_t row = i * static_cast<std::size_t>(stride);
                for (std::size_t j = 0; j < static_cast<std::size_t>(cols); ++j) {
                    top[i] = std::max(top[i], static_cast<double>(c.scale) * x[row + j]);
                }
                ASSERT_NEAR(found_top[i], top[i], 1e-7 * std::abs(top[i]));
                ASSERT_NEAR(found_shrink[i], std::exp(static_cast<double>(before[i]) - found_top[i]), 1e-6);
                total[i] *= found_shrink[i];
                for (std::size_t j = 0; j < static_cast<std::size_t>(cols); ++j) {
                    const double exponent = static_cast<double>(c.scale) * x[row + j] - found_top[i];
                    // The exponent is rounded once, and the exponential is within 2 of its last places.
                    ASSERT_NEAR(found[row + j], std::exp(exponent),
                                1e-37 + std::exp(exponent) * (5e-7 + 1e-7 * std::abs(exponent)));
                    total[i] += found[row + j];
                }
                ASSERT_NEAR(found_sum[i], total[i], 1e-13 * total[i]);
                for (std::size_t j = static_cast<std::size_t>(cols); j < static_cast<std::size_t>(stride); ++j) {
                    ASSERT_EQ(found[row + j], kPadding);
                }
            }
            before = found_top;
        }
    }
}

TEST_P(SoftmaxTileTest, ALowerTileLeavesEarlierSumsAlone) {
    DeviceArray<float> maximum({3.0f}, device()), shrink({-1.0f}, device()), logits({0.25f, 0.5f}, device());
    DeviceArray<double> sum({7.0}, device());
    softmaxTile({logits.data(), 1, 2, 2, 2.0f, maximum.data(), sum.data(), shrink.data()}, device());
    EXPECT_EQ(maximum.host()[0], 3.0f);
    EXPECT_EQ(shrink.host()[0], 1.0f);
    EXPECT_NEAR(sum.host()[0], 7 + std::exp(-2.5) + std::exp(-2.0), 1e-6);
}

TEST_P(SoftmaxTileTest, NoRowsAreNoWork) {
    EXPECT_NO_THROW(softmaxTile({nullptr, 0, 4, 4, 1, nullptr, nullptr, nullptr}, device()));
}

INSTANTIATE_TEST_SUITE_P(On, SoftmaxTileTest, testing::Values("cpu", "cuda:0"), deviceTestName);

TEST(SoftmaxTile, SaysWhatIsWrong) {
    EXPECT_THROW(softmaxTile({nullptr, 2, 4, 3, 1, nullptr, nullptr, nullptr}, "cpu"), Error);  // stride
    EXPECT_THROW(softmaxTile({nullptr, 2, 4, 4, 0, nullptr, nullptr, nullptr}, "cpu"), Error);  // scale
    EXPECT_TRUE(haveTileKernels("cpu"));
}

}  // namespace
}  // namespace engine
