// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every way of computing the softmax averages (plain C++; on CPU and on a GPU where there is one, tensor operations
// with and without the kernels of tiles) against the definition in float64.
#include "engine/ops/attend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <stop_token>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/ops/device.h"
#include "engine/space/centring.h"

namespace engine {
namespace {

Matrix unitRows(std::size_t rows, std::size_t width, std::uint64_t seed) {
    Matrix m(rows, width);
    Rng(seed, "rows").fillNormal(m.data(), m.size());
    normalizeRows(m);
    return m;
}

std::vector<double> slow(const float* q, const Matrix& keys, const Matrix& values, double temperature, bool normalise) {
    std::vector<double> weights(keys.rows()), out(values.cols(), 0.0);
    double most = -1e300, total = 0, length = 0;
    for (std::size_t i = 0; i < keys.rows(); ++i) {
        double dot = 0;
        for (std::size_t j = 0; j < keys.cols(); ++j) dot += static_cast<double>(q[j]) * keys.row(i)[j];
        weights[i] = dot / temperature;
        most = std::max(most, weights[i]);
    }
    for (double& w : weights) total += w = std::exp(w - most);
    for (std::size_t i = 0; i < keys.rows(); ++i) {
        for (std::size_t j = 0; j < out.size(); ++j) out[j] += weights[i] / total * values.row(i)[j];
    }
    for (const double v : out) length += v * v;
    for (double& v : out) v /= normalise ? std::sqrt(length) : 1;
    return out;
}

struct Way {
    const char* name;
    const char* device;
    bool tensor_ops, tile_kernels;
};

class Attend : public testing::TestWithParam<Way> {
protected:
    AttendOptions options() const {
        AttendOptions o;
        o.device = GetParam().device;
        o.tensor_ops = GetParam().tensor_ops;
        o.tile_kernels = GetParam().tile_kernels;
        return o;
    }
    void SetUp() override {
        if (std::string(GetParam().device) == "cpu") return;
        try {
            resolveDevice("cuda");
        } catch (const Error& error) {
            GTEST_SKIP() << error.what();
        }
    }
    static void expectNear(const Matrix& queries, const Matrix& keys, const Matrix& values, const AttendOptions& o,
                           const Matrix& found) {
        ASSERT_EQ(found.rows(), queries.rows());
        ASSERT_EQ(found.cols(), values.cols());
        for (std::size_t i = 0; i < queries.rows(); ++i) {
            const auto expected = slow(queries.row(i), keys, values, o.temperature, o.normalise);
            for (std::size_t j = 0; j < expected.size(); ++j) {
                ASSERT_NEAR(found.row(i)[j], expected[j], 1e-5 * std::max(1.0, 5e-3 / o.temperature)) << "row " << i;
            }
        }
    }
};

TEST_P(Attend, EqualsTheDefinition) {
    for (const auto& [n, m, width] :
         {std::array<std::size_t, 3>{1, 1, 3}, {5, 1000, 16}, {70, 33, 7}, {300, 700, 65}}) {
        const Matrix queries = unitRows(n, width, 1), keys = unitRows(m, width, 2), other = unitRows(m, 19, 3);
        const MatrixSource key_rows{MatrixView(keys.view()), nullptr}, other_rows{MatrixView(other.view()), nullptr};
        for (const double temperature : {1e-3, 0.01, 1.0}) {
            for (const bool normalise : {true, false}) {
                AttendOptions o = options();
                o.temperature = temperature;
                o.normalise = normalise;
                const auto out = attend(queries.view(), key_rows, {&key_rows, &other_rows}, o, {});
                ASSERT_EQ(out.size(), 2u);
                expectNear(queries, keys, keys, o, out[0]);
                expectNear(queries, keys, other, o, out[1]);
            }
        }
    }
}

TEST_P(Attend, ASmallBudgetChangesNothing) {
    const Matrix queries = unitRows(400, 32, 4), keys = unitRows(3000, 32, 5);
    const MatrixSource rows{MatrixView(keys.view()), nullptr};
    AttendOptions o = options();
    o.memory_bytes = 2 << 20;
    expectNear(queries, keys, keys, o, attend(queries.view(), rows, {&rows}, o, {})[0]);
}

// Rows that are not in memory, and after so many readings ask for a stop.
class StoppingRows : public MatrixSource {
public:
    StoppingRows(MatrixView rows, std::stop_source& stop) : MatrixSource(rows, nullptr), stop_(stop) {}
    MatrixView resident() const override { return {}; }
    void read(std::size_t first, std::size_t count, float* out) const override {
        MatrixSource::read(first, count, out);
        if (--left == 0) stop_.request_stop();
    }
    mutable int left = 2;

private:
    std::stop_source& stop_;
};

// Whatever of the pools has room there, and though the first call ended halfway.
TEST_P(Attend, PoolsThatStayOnTheDeviceChangeNothing) {
    const Matrix queries = unitRows(90, 32, 4), keys = unitRows(700, 32, 5), other = unitRows(700, 19, 6);
    const MatrixSource other_rows{MatrixView(other.view()), nullptr};
    AttendOptions o = options();
    o.memory_bytes = 4 * 90 * 4 * 100;  // tiles of 100 keys
    const std::uint64_t bytes = 700 * 32 * sizeof(float);
    for (const std::uint64_t room : {std::uint64_t{0}, bytes, 2 * bytes}) {
        std::stop_source stop;
        const StoppingRows key_rows(keys.view(), stop);
        PoolsOnDevice pools(room);
        o.pools = &pools;
        key_rows.left = 2;
        EXPECT_THROW(attend(queries.view(), key_rows, {&key_rows, &other_rows}, o, JobContext(stop.get_token())),
                     Cancelled);
        for (const std::size_t tile : {100, 70, 300}) {
            o.memory_bytes = 4 * 90 * 4 * tile;
            const auto found = attend(queries.view(), key_rows, {&key_rows, &other_rows}, o, {});
            expectNear(queries, keys, keys, o, found[0]);
            expectNear(queries, keys, other, o, found[1]);
        }
        o.memory_bytes = 4 * 90 * 4 * 100;
    }
}

// The running maximum rises again and again where the keys come nearer and nearer.
TEST_P(Attend, KeysInRisingOrder) {
    const std::size_t m = 2500;
    const Matrix queries = unitRows(9, 8, 6);
    Matrix keys = unitRows(m, 8, 7);
    for (std::size_t i = 0; i < m; ++i) {
        const float share = static_cast<float>(i) / static_cast<float>(m);
        for (std::size_t j = 0; j < 8; ++j) keys.row(i)[j] = share * queries.row(0)[j] + (1 - share) * keys.row(i)[j];
    }
    normalizeRows(keys);
    const MatrixSource rows{MatrixView(keys.view()), nullptr};
    const AttendOptions o = options();
    expectNear(queries, keys, keys, o, attend(queries.view(), rows, {&rows}, o, {})[0]);
}

// Weights between rows as seen from their modality's mean, averages of rows as they are.
TEST_P(Attend, CentredKeysWeighRowsThatStayAsTheyAre) {
    constexpr std::size_t kWidth = 24;
    const auto cone = [](std::size_t rows, std::uint64_t seed, std::size_t axis) {
        Matrix m = unitRows(rows, kWidth, seed);
        for (std::size_t i = 0; i < rows; ++i) m.row(i)[axis] += 1.5f;
        normalizeRows(m);
        return m;
    };
    const auto centred = [](const Matrix& m) {
        std::vector<double> mean(kWidth);
        Matrix out(m.rows(), kWidth);
        for (std::size_t i = 0; i < m.size(); ++i) mean[i % kWidth] += m.data()[i] / static_cast<double>(m.rows());
        for (std::size_t i = 0; i < m.size(); ++i) out.data()[i] = static_cast<float>(m.data()[i] - mean[i % kWidth]);
        normalizeRows(out);
        return out;
    };
    const Matrix queries = cone(300, 10, 0), keys = cone(3000, 11, 1), seen_queries = centred(queries),
                 seen_keys = centred(keys);
    const auto rows = std::make_shared<MatrixSource>(keys.view(), nullptr);
    const CentredSource source(rows, meanOf(*rows, {}));
    Matrix asked = copyOf(queries);
    centreRows(asked.data(), asked.rows(), meanOf(MatrixSource(queries.view(), nullptr), {}));
    AttendOptions o = options();
    o.memory_bytes = 4 << 20;
    for (const double temperature : {0.01, 0.1}) {
        o.temperature = temperature;
        expectNear(seen_queries, seen_keys, keys, o, attend(asked.view(), source, {rows.get()}, o, {})[0]);
    }
}

// Asks for a stop when a row from `at` on is read.
class StoppingSource : public EmbeddingSource {
public:
    StoppingSource(const Matrix& rows, std::size_t at, std::stop_source& stop) : rows_(rows), at_(at), stop_(stop) {}
    std::size_t rows() const override { return rows_.rows(); }
    std::size_t cols() const override { return rows_.cols(); }
    void read(std::size_t first, std::size_t count, float* out) const override {
        std::copy_n(rows_.row(first), count * cols(), out);
        if (stop_.stop_requested()) read_after += count;
        if (first + count > at_) stop_.request_stop();
    }
    mutable std::atomic<std::size_t> read_after{0};

private:
    const Matrix& rows_;
    const std::size_t at_;
    std::stop_source& stop_;
};

TEST_P(Attend, AStopInTheMiddleEndsIt) {
    const Matrix queries = unitRows(600, 64, 8), keys = unitRows(20000, 64, 9);
    const MatrixSource values{MatrixView(keys.view()), nullptr};
    std::stop_source stop;
    const StoppingSource rows(keys, 6000, stop);
    AttendOptions o = options();
    o.memory_bytes = 2 << 20;
    EXPECT_THROW(attend(queries.view(), rows, {&values}, o, JobContext(stop.get_token())), Cancelled);
    EXPECT_TRUE(stop.stop_requested());
    EXPECT_EQ(rows.read_after, 0u);
}

TEST_P(Attend, AStopEndsIt) {
    const Matrix queries = unitRows(2000, 64, 8), keys = unitRows(20000, 64, 9);
    const MatrixSource rows{MatrixView(keys.view()), nullptr};
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(attend(queries.view(), rows, {&rows}, options(), JobContext(stop.get_token())), Cancelled);
}

INSTANTIATE_TEST_SUITE_P(Ways, Attend,
                         testing::Values(Way{"Cpu", "cpu", false, false}, Way{"TensorOps", "cpu", true, false},
                                         Way{"TileTwins", "cpu", true, true}, Way{"Gpu", "cuda", true, true},
                                         Way{"GpuTensorOps", "cuda", true, false}),
                         [](const auto& way) { return std::string(way.param.name); });

// A GPU that is lost or full is an error of the program's own kind, not LibTorch's.
TEST(AttendOnADevice, WhatLibTorchRefusesIsADeviceError) {
    const Matrix rows = unitRows(10, 8, 1);
    const MatrixSource source(rows.view(), nullptr);
    AttendOptions options;
    options.device = "cuda:63";
    try {
        attend(rows.view(), source, {&source}, options, {}, nullptr, 0);
        FAIL() << "there is no such device";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::Device);
        EXPECT_FALSE(error.message().empty());
    }
}

}  // namespace
}  // namespace engine
