// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One step of the adapter of a tuning against PyTorch (tests/data/make_tuning_goldens.py), and what the adapter then
// gives without LibTorch.
#include "engine/projector/tuning_step.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/ops/device.h"
#include "engine/recipe/residual_adapter.h"
#include "tests/projector/golden_file.h"

namespace engine {
namespace {

// By LibTorch on a device, or in plain C++.
constexpr const char *kPlain = "plain", *kDevices[] = {kPlain, "cpu", "cuda:0"};

std::unique_ptr<ProjectorStep> makeStep(const std::string& device, const StepOptions& options, const FrozenRoute& route,
                                        const TrainState& state) {
    return device == kPlain ? makeCpuTuningStep(options, route, "audio", state)
                            : makeTorchTuningStep(options, route, "audio", state, device);
}

class TuningGolden : public testing::TestWithParam<const char*>, protected test::GoldenFile {
protected:
    TuningGolden() : GoldenFile("tuning_goldens.safetensors") {}

    ProjectorWeights projector(const std::string& prefix) const {
        const auto first = shapeOf(prefix + "w1"), second = shapeOf(prefix + "w2");
        ProjectorWeights w = twoLayers(first[1], first[0], second[0]);
        for (std::size_t k = 0; k < 2; ++k) {
            const std::string number = std::to_string(k + 1);
            auto& layer = w.layers[k];
            layer.weight = tensor(prefix + "w" + number);
            layer.bias = tensor(prefix + "b" + number);
            layer.gamma = tensor(prefix + "gamma" + number);
            layer.beta = tensor(prefix + "beta" + number);
            layer.mean = tensor(prefix + "mean" + number);
            layer.variance = tensor(prefix + "variance" + number);
        }
        return w;
    }
};

TEST_P(TuningGolden, EqualsPyTorch) {
    try {
        resolveDevice(GetParam() == std::string(kPlain) ? "cpu" : GetParam());
    } catch (const Error& error) {
        GTEST_SKIP() << error.what();
    }
    StepOptions options;
    options.batch = shapeOf("x")[0];
    options.in = shapeOf("x")[1];
    options.out = shapeOf("y")[1];
    options.hidden = shapeOf("start.w1")[0];
    options.sources = options.targets = 1;
    TrainState state;
    state.weights = emptyAdapter(options.in, options.hidden);
    const auto names = trainedNames(state.weights);
    const auto values = trainedOf(state.weights);
    for (std::size_t k = 0; k < names.size(); ++k) *values[k] = tensor("start." + names[k]);
    state.first = state.second = zeroParameters(state.weights);
    const auto x = tensor("x"), y = tensor("y");

    std::vector<float> tuned(x.size());
    ResidualAdapter(state.weights).apply({x.data(), options.batch, options.in}, tuned.data());
    expectNear(tuned, "tuned");

    const FrozenRoute route = {{projector("route.0.0."), projector("route.0.1.")}, {projector("route.1.0.")}};
    const auto step = makeStep(GetParam(), options, route, state);
    const double loss = step->gradients({x.data()}, {y.data()}, {});
    EXPECT_NEAR(loss, tensor("loss")[0], 1e-5 * loss);
    expectNear(step->lastOutputs(), "outputs");
    const Parameters gradients = step->lastGradients();
    for (std::size_t k = 0; k < names.size(); ++k) expectNear(gradients[k], "gradient." + names[k]);
    step->update(1e-3);
    TrainState after = step->state();
    const auto moved = trainedOf(after.weights);
    for (std::size_t k = 0; k < names.size(); ++k) expectNear(*moved[k], "after." + names[k]);
}

INSTANTIATE_TEST_SUITE_P(All, TuningGolden, testing::ValuesIn(kDevices), [](const auto& test) {
    return test.param == std::string(kPlain) ? "Cpu" : test.param == std::string("cpu") ? "Torch" : "Gpu";
});

// A route of projectors with and without Head1, rows of several tiles: the plain step against LibTorch's, and the same
// bits whatever the number of threads.
TEST(TuningStep, OfManyRows) {
    StepOptions options;
    options.batch = 601;
    options.in = 37;
    options.hidden = 29;
    options.out = 21;
    options.sources = options.targets = 1;
    options.temperature = 0.05;
    const auto projector = [](std::size_t in, std::size_t out, bool head1, std::uint64_t seed) {
        ProjectorWeights empty = twoLayers(in, 43, out);
        if (head1) {
            empty.head1 = emptyLayer(in, in, false, false);
            empty.head1_modalities = {"audio"};
        }
        ProjectorWeights w = initialState(empty, WeightInit::Xavier, seed, "projector").weights;
        Rng rng(seed, "statistics");
        for (auto& layer : w.layers) {
            for (auto& v : layer.mean) v = 0.2f * static_cast<float>(rng.normal());
            for (auto& v : layer.variance) v = 0.5f + static_cast<float>(rng.uniform());
            for (auto& v : layer.beta) v = 0.2f * static_cast<float>(rng.normal());
        }
        return w;
    };
    const FrozenRoute route = {{projector(37, 33, false, 1), projector(37, 33, true, 2)}, {projector(33, 21, true, 3)}};
    TrainState state = initialAdapter(options.in, options.hidden, 7, "tuning");
    Rng rng(5);
    rng.fillNormal(state.weights.layers[1].weight.data(), state.weights.layers[1].weight.size(), 0.05f);
    Matrix x(options.batch, options.in), y(options.batch, options.out);
    rng.fillNormal(x.data(), x.size());
    rng.fillNormal(y.data(), y.size());
    normalizeRows(x);
    normalizeRows(y);
    const auto run = [&](const char* device, int threads) {
        omp_set_num_threads(threads);
        const auto step = makeStep(device, options, route, state);
        std::vector<double> losses;
        for (int k = 0; k < 3; ++k) {
            losses.push_back(step->gradients({x.data()}, {y.data()}, {}));
            step->update(1e-3);
        }
        return std::tuple{losses, step->lastGradients(), step->state().weights};
    };
    const int before = omp_get_max_threads();
    const auto [losses, gradients, weights] = run(kPlain, 1);
    EXPECT_EQ(run(kPlain, 2), (std::tuple{losses, gradients, weights}));
    EXPECT_EQ(run(kPlain, 3), (std::tuple{losses, gradients, weights}));
    const auto [torch_losses, torch_gradients, torch_weights] = run("cpu", before);
    for (std::size_t k = 0; k < losses.size(); ++k) EXPECT_NEAR(losses[k], torch_losses[k], 1e-4 * losses[k]);
    for (std::size_t k = 0; k < gradients.size(); ++k) {
        float most = 0;
        for (const float g : torch_gradients[k]) most = std::max(most, std::abs(g));
        for (std::size_t i = 0; i < gradients[k].size(); ++i)
            ASSERT_NEAR(gradients[k][i], torch_gradients[k][i], 1e-4f * most) << trainedNames(weights)[k];
    }
}

TEST(Adapter, BeginsAsTheIdentityAndIsTheSameOnAnyNumberOfThreads) {
    ProjectorWeights weights = initialAdapter(24, 16, 7, "tuning").weights;
    Matrix x(300, 24), y(300, 24), z(300, 24);
    Rng rng(5);
    rng.fillNormal(x.data(), x.size());
    normalizeRows(x);
    ResidualAdapter(weights).apply(x.view(), y.data());
    for (std::size_t i = 0; i < x.size(); ++i) ASSERT_NEAR(y.data()[i], x.data()[i], 1e-6);
    rng.fillNormal(weights.layers[1].weight.data(), weights.layers[1].weight.size(), 0.2f);
    const ResidualAdapter adapter(weights);
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    adapter.apply(x.view(), y.data());
    omp_set_num_threads(3);
    adapter.apply(x.view(), z.data());
    omp_set_num_threads(threads);
    for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(y.data()[i], z.data()[i]);
    EXPECT_THROW(ResidualAdapter(twoLayers(24, 16, 24)), Error);
}

}  // namespace
}  // namespace engine
