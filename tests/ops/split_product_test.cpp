// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Products by two parts of each matrix against float64.
#include "engine/ops/split_product.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mm.h>

#include <array>

#include "engine/base/rng.h"
#include "tests/ops/device_array.h"

namespace engine {
namespace {

class SplitProductTest : public TileTest {
protected:
    void SetUp() override {
        TileTest::SetUp();
        if (!IsSkipped() && !haveSplitProducts(device())) GTEST_SKIP() << "no tensor cores for float32";
    }
    static at::Tensor random(std::int64_t rows, std::int64_t cols, std::uint64_t seed, double mean = 0) {
        at::Tensor x = at::full({rows, cols}, 0.0f);
        Rng rng(seed, "matrix");
        float* const data = x.data_ptr<float>();
        for (std::int64_t i = 0; i < x.numel(); ++i) data[i] = static_cast<float>(mean + rng.normal());
        return x.to(at::Device(device()));
    }
    // The largest error of an entry relative to |a||b|.
    static double error(const at::Tensor& found, const at::Tensor& a, const at::Tensor& b) {
        const at::Tensor x = a.cpu().to(at::kDouble), y = b.cpu().to(at::kDouble);
        const at::Tensor lengths = at::mm(x.square().sum(1, true).sqrt(), y.square().sum(0, true).sqrt());
        return ((found.cpu().to(at::kDouble) - at::mm(x, y)).abs() / lengths).max().item<double>();
    }
};

TEST_P(SplitProductTest, IsNearlyAsExactAsFloat32) {
    for (const auto& [m, n, k] : {std::array<std::int64_t, 3>{1, 1, 1}, {3, 5, 7}, {64, 48, 512}, {130, 70, 2048}}) {
        const at::Tensor a = random(m, k, 1), b = random(n, k, 2), c = random(k, n, 3);
        EXPECT_LT(error(product(operand(a, true), operand(b, true).t()), a, b.t()), 3e-6);
        EXPECT_LT(error(product(operand(a, true), operand(c, true)), a, c), 3e-6);
        EXPECT_LT(error(product(operand(c, true).t(), operand(b, true).t()), c.t(), b.t()), 3e-6) << "turned";
    }
}

// Weights of a softmax and rows with a common part: cutting sums off works in one direction.
TEST_P(SplitProductTest, SumsOfOneSign) {
    const at::Tensor a = random(60, 2048, 1).abs_(), b = random(2048, 40, 2, 2.0).abs_();
    const at::Tensor found = product(operand(a, true), operand(b, true));
    const at::Tensor exact = at::mm(a.cpu().to(at::kDouble), b.cpu().to(at::kDouble));
    EXPECT_LT(((found.cpu().to(at::kDouble) - exact) / exact).abs().max().item<double>(), 1e-5);
}

TEST_P(SplitProductTest, AddsAndTakesParts) {
    const at::Tensor a = random(20, 300, 1), b = random(300, 30, 2);
    at::Tensor c = random(20, 30, 3);
    const at::Tensor before = c.clone();
    for (const auto& [first, count] : {std::pair<std::int64_t, std::int64_t>{0, 200}, {200, 100}}) {
        addProduct(c, operand(a, true).narrow(1, first, count), operand(b, true).narrow(0, first, count), 0.5);
    }
    EXPECT_LT(error((c - before) * 2, a, b), 3e-6);
    const Operand there = operandInPlace(a.clone(), true), kept = operand(a, true);
    EXPECT_TRUE(there.high.equal(kept.high) && there.low.equal(kept.low) && kept.whole.equal(a));
    EXPECT_EQ(there.size(1), 300);
}

TEST_P(SplitProductTest, WithoutSplittingItIsLibTorchs) {
    const at::Tensor a = random(9, 33, 1), b = random(33, 4, 2);
    EXPECT_TRUE(product(operand(a, false), operand(b, false)).equal(at::mm(a, b)));
    EXPECT_THROW(product(operand(a, true), operand(b, false)), Error);
}

// A product that is none of these keeps float32 afterwards.
TEST_P(SplitProductTest, LeavesOtherProductsAsTheyWere) {
    const at::Tensor a = random(64, 512, 1), b = random(512, 64, 2), before = at::mm(a, b);
    product(operand(a, true), operand(b, true));
    EXPECT_TRUE(at::mm(a, b).equal(before));
}

INSTANTIATE_TEST_SUITE_P(On, SplitProductTest, testing::Values("cpu", "cuda:0"), deviceTestName);

}  // namespace
}  // namespace engine
