// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "tests/recipe/recipe_support.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

using test::randomRows;

std::vector<double> normalised(std::vector<double> x) {
    double sum = 0;
    for (const double v : x) sum += v * v;
    for (double& v : x) v /= std::sqrt(sum);
    return x;
}

struct TwoLayers {
    Matrix base = randomRows(5, 6, 1), a = randomRows(5, 6, 2), b = randomRows(5, 6, 3), c = randomRows(5, 6, 4);
    Components components;
    TwoLayers() {
        components.modality = "text";
        components.base = base.view();
        components.layers = {{0, ReactionKind::Displacement, {{"InternVL", a.view()}}},
                             {1, ReactionKind::Combination, {{"CLAP_g", b.view()}, {"CLAP_m", c.view()}}}};
    }
};

// T = N( σ·N(w_g m_g + w_m m_m) + (1−σ)·N(λ·e + (1−λ)·R) ), written out (method §1.4).
TEST(Blend, EqualsTheNestedFormula) {
    const TwoLayers t;
    const double lambda = 0.9, sigma = 0.3, wg = 1, wm = 3;
    const BlendWeights weights{{{lambda, {1}}, {sigma, {wg, wm}}}};
    const Matrix z = blendAll(t.components, weights);
    for (std::size_t i = 0; i < 5; ++i) {
        std::vector<double> inner(6), mean(6), out(6);
        for (std::size_t j = 0; j < 6; ++j) {
            inner[j] = lambda * t.a.row(i)[j] + (1 - lambda) * t.base.row(i)[j];
            mean[j] = (wg * t.b.row(i)[j] + wm * t.c.row(i)[j]) / (wg + wm);
        }
        inner = normalised(inner);
        mean = normalised(mean);
        for (std::size_t j = 0; j < 6; ++j) out[j] = sigma * mean[j] + (1 - sigma) * inner[j];
        out = normalised(out);
        std::vector<double> row(6);
        blendRow(t.components, weights, i, row.data());
        for (std::size_t j = 0; j < 6; ++j) {
            EXPECT_NEAR(row[j], out[j], 1e-7);
            EXPECT_EQ(z.row(i)[j], static_cast<float>(row[j]));
        }
    }
}

TEST(Blend, ShareZeroKeepsTheBaseAndShareOneTheExpert) {
    const TwoLayers t;
    const Matrix base = blendAll(t.components, {{{0, {1}}, {0, {1, 1}}}});
    const Matrix expert = blendAll(t.components, {{{1, {1}}, {0, {0, 0}}}});
    for (std::size_t i = 0; i < base.size(); ++i) {
        EXPECT_NEAR(base.data()[i], t.base.data()[i], 1e-6);
        EXPECT_NEAR(expert.data()[i], t.a.data()[i], 1e-6);
    }
}

TEST(Blend, WeightsCountBesideEachOtherAlone) {
    const TwoLayers t;
    const Matrix usual = blendAll(t.components, {{{0.9, {1}}, {0.3, {0, 1}}}});
    const Matrix small = blendAll(t.components, {{{0.9, {1}}, {0.3, {0, 1e-7}}}});
    for (std::size_t i = 0; i < usual.size(); ++i) EXPECT_EQ(small.data()[i], usual.data()[i]);
}

TEST(Blend, RefusesAVectorOfLengthZeroWithItsRow) {
    TwoLayers t;
    for (std::size_t j = 0; j < 6; ++j) t.a.row(3)[j] = -t.base.row(3)[j];
    try {
        blendAll(t.components, {{{0.5, {1}}, {0, {1, 1}}}});
        FAIL() << "opposite vectors cancel";
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("row 3"), std::string::npos) << error.what();
    }
}

TEST(Basis, ComesBackAsItWasWritten) {
    const test::TestFolder folder;
    const TwoLayers t;
    writeBasis(folder / "set.safetensors", {{"first", t.components}, {"second", t.components}});
    const auto tables = readBasis(folder / "set.safetensors");
    ASSERT_EQ(tables.size(), 2u);
    const Components& c = tables.at("second");
    EXPECT_EQ(c.modality, "text");
    ASSERT_EQ(c.layers.size(), 2u);
    EXPECT_EQ(c.layers[1].step, 1u);
    EXPECT_EQ(c.layers[0].kind, ReactionKind::Displacement);
    EXPECT_EQ(c.layers[1].parts[1].expert, "CLAP_m");
    for (std::size_t i = 0; i < t.c.size(); ++i) EXPECT_EQ(c.layers[1].parts[1].rows.data[i], t.c.data()[i]);
}

}  // namespace
}  // namespace engine
