// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One step of the routers against PyTorch (tests/data/make_router_goldens.py): loss, weights, vectors, gradients,
// networks after it; and the weights that SpaceRouter then gives without LibTorch.
#include "engine/projector/router_step.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <tuple>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/ops/device.h"
#include "engine/recipe/space_router.h"
#include "tests/projector/golden_file.h"

namespace engine {
namespace {

struct GoldenSide {
    const char* modality;
    std::size_t spaces;
    double sharpness;
};
constexpr GoldenSide kSides[] = {{"text", 3, 10}, {"audio", 2, 1}, {"image", 1, 1}};

// By LibTorch on a device, or in plain C++.
constexpr const char *kPlain = "plain", *kDevices[] = {kPlain, "cpu", "cuda:0"};

std::unique_ptr<RouterStep> makeStep(const std::string& device, const RouterStepOptions& options,
                                     const std::vector<RouterSide>& sides) {
    return device == kPlain ? makeCpuRouterStep(options, sides) : makeTorchRouterStep(options, sides, device);
}

class RouterGolden : public testing::TestWithParam<const char*>, protected test::GoldenFile {
protected:
    RouterGolden() : GoldenFile("router_goldens.safetensors") {}
};

TEST_P(RouterGolden, EqualsPyTorch) {
    const std::string device = GetParam();
    try {
        resolveDevice(device == kPlain ? "cpu" : device);
    } catch (const Error& error) {
        GTEST_SKIP() << error.what();
    }
    RouterStepOptions options;
    options.batch = shapeOf("image.x")[0];
    options.width = shapeOf("image.x")[1];
    const std::size_t hidden = shapeOf("text.start.w1")[0], second = shapeOf("text.start.w2")[0];
    std::vector<RouterSide> sides;
    std::vector<std::vector<float>> rows;
    std::vector<const float*> x;
    for (const auto& g : kSides) {
        RouterSide side{g.spaces, g.sharpness, {}};
        if (g.spaces > 1) {
            side.network = emptyRouter(g.spaces, options.width, hidden, second);
            const auto names = trainedNames(*side.network);
            const auto values = trainedOf(*side.network);
            for (std::size_t k = 0; k < names.size(); ++k) {
                const auto start = tensor(std::string(g.modality) + ".start." + names[k]);
                ASSERT_EQ(start.size(), values[k]->size()) << names[k];
                *values[k] = start;
            }
        }
        sides.push_back(std::move(side));
        rows.push_back(tensor(std::string(g.modality) + ".x"));
    }
    for (const auto& r : rows) x.push_back(r.data());
    const auto step = makeStep(device, options, sides);
    const double loss = step->gradients(x, {});
    EXPECT_NEAR(loss, tensor("loss")[0], 1e-5 * loss);
    std::map<Modality, ModalityRouter> routers;
    for (std::size_t s = 0; s < sides.size(); ++s) {
        if (sides[s].spaces == 1) continue;
        const std::string name = std::string(kSides[s].modality) + ".";
        expectNear(step->lastWeights(s), name + "weights");
        expectNear(step->lastVectors(s), name + "vectors");
        const auto names = trainedNames(*sides[s].network);
        const Parameters gradients = step->lastGradients(s);
        for (std::size_t k = 0; k < names.size(); ++k) {
            // The biases before a BatchNorm have no gradient but rounding.
            if (names[k] == "b1" || names[k] == "b2") continue;
            expectNear(gradients[k], name + "gradient." + names[k]);
        }
    }
    step->update(1e-3);
    for (std::size_t s = 0; s < sides.size(); ++s) {
        if (sides[s].spaces == 1) continue;
        const std::string name = std::string(kSides[s].modality) + ".";
        ProjectorWeights network = step->network(s);
        const auto names = trainedNames(network);
        const auto values = trainedOf(network);
        for (std::size_t k = 0; k < names.size(); ++k) {
            if (names[k] != "b1" && names[k] != "b2") expectNear(*values[k], name + "after." + names[k]);
        }
        for (const std::size_t k : {0u, 1u}) {
            expectNear(network.layers[k].mean, name + "mean" + std::to_string(k + 1));
            expectNear(network.layers[k].variance, name + "variance" + std::to_string(k + 1));
            // PyTorch's optimiser moves this bias by its rounding; for what follows both have the same one.
            network.layers[k].bias = tensor(name + "after.b" + std::to_string(k + 1));
        }
        ModalityRouter router{{}, kSides[s].sharpness, network};
        RoutedRows routed;
        std::vector<Matrix> parts;
        for (std::size_t k = 0; k < kSides[s].spaces; ++k) {
            routed.spaces.push_back("space" + std::to_string(k));
            Matrix part(options.batch, options.width);
            for (std::size_t i = 0; i < options.batch; ++i) {
                std::copy_n(rows[s].data() + (i * kSides[s].spaces + k) * options.width, options.width, part.row(i));
            }
            parts.push_back(std::move(part));
        }
        for (const auto& part : parts) routed.rows.push_back(part.view());
        router.spaces = routed.spaces;
        const SpaceRouter trained({{kSides[s].modality, router}});
        const Matrix weights = trained.weights(kSides[s].modality, routed, {});
        expectNear({weights.data(), weights.data() + weights.size()}, name + "used");
        routed.spaces.back() = "another";
        EXPECT_THROW(trained.weights(kSides[s].modality, routed, {}), Error);
    }
}

INSTANTIATE_TEST_SUITE_P(All, RouterGolden, testing::ValuesIn(kDevices), [](const auto& test) {
    return test.param == std::string(kPlain) ? "Cpu" : test.param == std::string("cpu") ? "Torch" : "Gpu";
});

// Several tiles of rows: the plain step has the same bits whatever the number of threads, kept logits or not.
TEST(RouterStep, SameBitsWithAnyNumberOfThreads) {
    RouterStepOptions options;
    options.batch = 601;
    options.width = 37;
    options.temperature = 0.05;
    const auto side = [&](std::size_t spaces, const char* name) {
        RouterSide out{spaces, 10, {}};
        if (spaces > 1)
            out.network = initialState(emptyRouter(spaces, 37, 41, 23), WeightInit::Xavier, 3, name).weights;
        return out;
    };
    const std::vector<RouterSide> sides = {side(3, "a"), side(1, "b"), side(2, "c")};
    std::vector<Matrix> rows;
    std::vector<const float*> x;
    Rng rng(9);
    for (const auto& s : sides) {
        rows.emplace_back(options.batch, s.spaces * options.width);
        rng.fillNormal(rows.back().data(), rows.back().size());
    }
    for (const auto& r : rows) x.push_back(r.data());
    const auto run = [&](int threads, bool keep_logits) {
        omp_set_num_threads(threads);
        options.keep_logits = keep_logits;
        const auto step = makeCpuRouterStep(options, sides);
        std::vector<double> losses;
        for (int k = 0; k < 3; ++k) {
            losses.push_back(step->gradients(x, {}));
            step->update(1e-3);
        }
        return std::tuple{losses, step->network(0), step->network(2), step->lastVectors(0)};
    };
    const int before = omp_get_max_threads();
    const auto expected = run(1, true);
    EXPECT_EQ(run(2, true), expected);
    EXPECT_EQ(run(3, true), expected);
    EXPECT_EQ(run(2, false), expected);
    omp_set_num_threads(before);
}

}  // namespace
}  // namespace engine
