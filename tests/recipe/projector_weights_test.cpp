// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/projector_weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "engine/base/error.h"
#include "tests/recipe/recipe_support.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

using test::randomProjector;
using test::randomRows;

// Head1 for its modalities, the layers, normalise: step by step in float64.
std::vector<double> reference(const ProjectorWeights& w, const float* x, bool through_head1 = false) {
    std::vector<double> h(x, x + w.in());
    const auto pass = [&](const ProjectorLayer& layer) {
        std::vector<double> out(layer.out);
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = layer.bias[i];
            for (std::size_t j = 0; j < layer.in; ++j)
                out[i] += static_cast<double>(layer.weight[i * layer.in + j]) * h[j];
            if (layer.norm)
                out[i] =
                    (out[i] - layer.mean[i]) / std::sqrt(layer.variance[i] + 1e-5) * layer.gamma[i] + layer.beta[i];
            if (layer.relu) out[i] = std::max(out[i], 0.0);
        }
        h = std::move(out);
    };
    if (through_head1) pass(*w.head1);
    for (const auto& layer : w.layers) pass(layer);
    double sum = 0;
    for (const double v : h) sum += v * v;
    for (double& v : h) v /= std::sqrt(sum);
    return h;
}

// FreeBind's and C-MCR's, Ex-MCR's with its Head1, C-MCR's half (which ends with a ReLU), and plain maps.
std::map<std::string, ProjectorWeights> shapes() {
    std::map<std::string, ProjectorWeights> out;
    out["two"] = twoLayers(13, 37, 11);
    out["four"] = fourLayers(13, 26, 11, 22);
    out["four"].head1 = emptyLayer(13, 13, false, false);
    out["four"].head1_modalities = {"audio", "depth"};
    out["half"].layers = {emptyLayer(13, 11, true, true)};
    out["plain"].layers = {emptyLayer(13, 5, false, true), emptyLayer(5, 7, false, false),
                           emptyLayer(7, 11, true, false)};
    std::uint64_t seed = 1;
    for (auto& [name, w] : out) w = test::filledAtRandom(w, seed++);
    return out;
}

TEST(FoldedProjector, EqualsTheLayersOneByOne) {
    const Matrix x = randomRows(300, 13, 2);
    for (const auto& [name, w] : shapes()) {
        const FoldedProjector projector(w);
        for (const char* modality : {"text", "audio"}) {
            Matrix y(300, 11);
            projector.forward(x.view(), y.data(), modality);
            const bool through = w.head1 && std::string(modality) == "audio";
            for (std::size_t i = 0; i < 300; ++i) {
                const auto expected = reference(w, x.row(i), through);
                for (std::size_t j = 0; j < 11; ++j) ASSERT_NEAR(y.row(i)[j], expected[j], 1e-5) << name << modality;
            }
        }
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
    for (const auto& [name, w] : shapes()) {
        writeProjector(folder / "p.safetensors", w, {{"subset", "TV"}});
        EXPECT_TRUE(readProjector(folder / "p.safetensors") == w) << name;
    }
    const auto w = randomProjector(5, 9, 4, 5);
    auto bad = w;
    bad.layers[1].weight[7] = NAN;
    writeProjector(folder / "nan.safetensors", bad, {});
    try {
        readProjector(folder / "nan.safetensors");
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("Head2.mlps.3.weight"), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("element 7"), std::string::npos) << error.what();
    }
    bad = w;
    bad.layers[0].variance[0] = -1;
    writeProjector(folder / "var.safetensors", bad, {});
    EXPECT_THROW(readProjector(folder / "var.safetensors"), Error);
    bad = w;
    bad.layers[1] = test::filledAtRandom({{emptyLayer(8, 4, true, false)}}, 1).layers[0];
    writeProjector(folder / "chain.safetensors", bad, {});
    EXPECT_THROW(readProjector(folder / "chain.safetensors"), Error);
}

TEST(ProjectorNames, AreThoseOfTheReleasedCode) {
    const auto two = randomProjector(5, 9, 4, 5);
    std::vector<std::string> names;
    for (const auto& t : tensorsOf(two, sequentialNames(two))) names.push_back(t.name);
    ASSERT_EQ(names.size(), 14u);
    EXPECT_EQ(names[0], "Head2.mlps.0.weight");
    EXPECT_EQ(names[6], "Head2.mlps.1.num_batches_tracked");
    EXPECT_EQ(names[7], "Head2.mlps.3.weight");
    EXPECT_EQ(names[13], "Head2.mlps.4.num_batches_tracked");
    EXPECT_EQ(trainedNames(two),
              (std::vector<std::string>{"w1", "b1", "gamma1", "beta1", "w2", "b2", "gamma2", "beta2"}));
    for (const auto& [name, w] : shapes()) EXPECT_EQ(trainedNames(w).size(), trainedOf(w).size()) << name;
}

}  // namespace
}  // namespace engine
