// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The source of the kernels, run by threads of the CPU (tests/support/threads_as_gpu.h), gives the same bits as their
// twins, which other tests compare with the definitions. Under sanitizers: no index out of place, no race. It says
// nothing of nvcc's code.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/base/rng.h"
#include "engine/ops/cuda/launch.h"
#include "engine/ops/tile_twins.h"

namespace engine {
namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();

std::vector<float> products(std::int64_t count, std::uint64_t seed) {
    std::vector<float> x(static_cast<std::size_t>(count));
    Rng(seed, "products").fillNormal(x.data(), x.size());
    for (float& v : x) v *= 0.3f;
    return x;
}

struct Shape {
    std::int64_t rows, cols, stride;
};

struct Softmax {
    explicit Softmax(std::int64_t rows)
        : maximum(static_cast<std::size_t>(rows), kLowest), sum(maximum.size(), 0.0), shrink(maximum.size(), -1.0f) {}
    SoftmaxTile tile(const Shape& shape, std::vector<float>& x, float scale) {
        return {x.data(), shape.rows, shape.cols, shape.stride, scale, maximum.data(), sum.data(), shrink.data()};
    }
    bool operator==(const Softmax&) const = default;
    std::vector<float> maximum;
    std::vector<double> sum;
    std::vector<float> shrink;
};

TEST(Kernels, SoftmaxTilesEqualTheirTwins) {
    for (const Shape& shape : {Shape{1, 1, 1}, Shape{2, 255, 255}, Shape{4, 256, 256}, Shape{7, 1000, 1003}}) {
        Softmax found(shape.rows), expected(shape.rows);
        for (const std::uint64_t seed : {1, 2}) {
            std::vector<float> x = products(shape.rows * shape.stride, seed), y = x;
            EXPECT_EQ(cuda::launchSoftmaxTile(found.tile(shape, x, 50), 0, nullptr), nullptr);
            twin::softmaxTile(expected.tile(shape, y, 50));
            EXPECT_EQ(x, y);
            EXPECT_EQ(found, expected);
        }
    }
}

struct Info {
    Info(std::int64_t rows, std::int64_t cols)
        : row(static_cast<std::size_t>(rows)),
          column(static_cast<std::size_t>(cols)),
          maximum(column.size(), kLowest),
          sum(column.size(), 0.0) {}
    InfoTile tile(const Shape& shape, std::vector<float>& x, std::int64_t first) {
        return {x.data(), shape.rows, shape.cols, shape.stride,   first,      50.0f,
                0.5f,     0.5f,       row.data(), maximum.data(), sum.data(), column.data()};
    }
    bool operator==(const Info&) const = default;
    std::vector<float> row, column, maximum;
    std::vector<double> sum;
};

TEST(Kernels, InfoTilesEqualTheirTwins) {
    // More rows than threads share a column; more columns than a block stands beside, and two tiles.
    for (const Shape& shape : {Shape{1, 1, 1}, Shape{33, 33, 33}, Shape{4, 100, 103}}) {
        Info found(shape.rows, shape.cols), expected(shape.rows, shape.cols);
        for (std::int64_t first = 0; first < std::min<std::int64_t>(shape.cols, 8); first += shape.rows) {
            std::vector<float> x = products(shape.rows * shape.stride, 4 + static_cast<std::uint64_t>(first)), y = x;
            EXPECT_EQ(cuda::launchInfoSums(found.tile(shape, x, first), 0, nullptr), nullptr);
            twin::infoSums(expected.tile(shape, y, first));
            EXPECT_EQ(x, y);
            EXPECT_EQ(found, expected);
            for (std::size_t j = 0; j < found.column.size(); ++j) {
                found.column[j] = expected.column[j] = found.maximum[j] + static_cast<float>(std::log(found.sum[j]));
            }
            EXPECT_EQ(cuda::launchInfoWeights(found.tile(shape, x, first), 0, nullptr), nullptr);
            twin::infoWeights(expected.tile(shape, y, first));
            EXPECT_EQ(x, y);
        }
    }
}

TEST(Kernels, SplitTilesEqualTheirTwins) {
    for (const std::int64_t count : {1, 255, 256, 3000}) {
        std::vector<float> x = products(count, 9), low(x.size()), high(x.size()), twin_low(x.size());
        std::vector<float> twin_high = x;
        x[0] = -0.0f;
        twin_high[0] = -0.0f;
        EXPECT_EQ(cuda::launchSplitTile({x.data(), high.data(), low.data(), count}, 0, nullptr), nullptr);
        twin::splitTile({twin_high.data(), twin_high.data(), twin_low.data(), count});  // in place
        EXPECT_EQ(high, twin_high);
        EXPECT_EQ(low, twin_low);
        for (std::size_t i = 0; i < x.size(); ++i) {
            EXPECT_EQ(high[i] + low[i], x[i]);
            EXPECT_EQ(std::bit_cast<std::uint32_t>(high[i]) & 0x1fffu, 0u);
            EXPECT_LE(std::abs(low[i]), std::ldexp(std::abs(x[i]), -11));
        }
    }
}

}  // namespace
}  // namespace engine
