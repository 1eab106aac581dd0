// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/projector_weights.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "tests/recipe/recipe_support.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

using test::randomProjector;
using test::randomRows;

// Linear, BatchNorm, ReLU, Linear, BatchNorm, normalise: step by step in float64.
std::vector<double> reference(const ProjectorWeights& w, const float* x) {
    const auto layer = [](const std::vector<float>& weight, const std::vector<float>& bias,
                          const std::vector<double>& in) {
        std::vector<double> out(bias.size());
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = bias[i];
            for (std::size_t j = 0; j < in.size(); ++j)
                out[i] += static_cast<double>(weight[i * in.size() + j]) * in[j];
        }
        return out;
    };
    const auto norm = [](std::vector<double> h, const auto& g, const auto& b, const auto& m, const auto& v) {
        for (std::size_t i = 0; i < h.size(); ++i) h[i] = (h[i] - m[i]) / std::sqrt(v[i] + 1e-5) * g[i] + b[i];
        return h;
    };
    auto h = norm(layer(w.w1, w.b1, {x, x + w.in}), w.gamma1, w.beta1, w.mean1, w.variance1);
    for (double& v : h) v = std::max(v, 0.0);
    auto y = norm(layer(w.w2, w.b2, h), w.gamma2, w.beta2, w.mean2, w.variance2);
    double sum = 0;
    for (const double v : y) sum += v * v;
    for (double& v : y) v /= std::sqrt(sum);
    return y;
}

TEST(FoldedProjector, EqualsTheLayersOneByOne) {
    const auto w = randomProjector(13, 37, 11, 1);
    const FoldedProjector projector(w);
    const Matrix x = randomRows(300, 13, 2);
    Matrix y(300, 11);
    projector.forward(x.view(), y.data());
    for (std::size_t i = 0; i < 300; ++i) {
        const auto expected = reference(w, x.row(i));
        for (std::size_t j = 0; j < 11; ++j) ASSERT_NEAR(y.row(i)[j], expected[j], 1e-5);
    }
}

TEST(FoldedProjector, ARowHardlyDependsOnItsPlace) {
    const FoldedProjector projector(randomProjector(64, 128, 48, 3));
    const Matrix x = randomRows(600, 64, 4);
    Matrix all(600, 48), one(1, 48);
    projector.forward(x.view(), all.data());
    for (const std::size_t i : {std::size_t{0}, std::size_t{255}, std::size_t{256}, std::size_t{599}}) {
        projector.forward(x.view().slice(i, 1), one.data());
        // A matrix product sums the rows at its rim in another order: rounding, nothing more.
        for (std::size_t j = 0; j < 48; ++j) ASSERT_NEAR(one.data()[j], all.row(i)[j], 1e-6) << "row " << i;
    }
}

TEST(ProjectorFile, ComesBackAndRefusesDamage) {
    const test::TestFolder folder;
    const auto w = randomProjector(5, 9, 4, 5);
    writeProjector(folder / "p.safetensors", w, {{"subset", "TV"}});
    const auto again = readProjector(folder / "p.safetensors");
    EXPECT_EQ(again.w1, w.w1);
    EXPECT_EQ(again.variance2, w.variance2);
    EXPECT_EQ(again.batches2, 3);

    auto bad = w;
    bad.w2[7] = NAN;
    writeProjector(folder / "nan.safetensors", bad, {});
    try {
        readProjector(folder / "nan.safetensors");
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("Head2.mlps.3.weight"), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("element 7"), std::string::npos) << error.what();
    }
    bad = w;
    bad.variance1[0] = -1;
    writeProjector(folder / "var.safetensors", bad, {});
    EXPECT_THROW(readProjector(folder / "var.safetensors"), Error);
}

}  // namespace
}  // namespace engine
