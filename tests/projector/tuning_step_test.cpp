// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One step of the adapter of a tuning against PyTorch (tests/data/make_tuning_goldens.py), and what the adapter then
// gives without LibTorch.
#include "engine/projector/tuning_step.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/ops/device.h"
#include "engine/recipe/residual_adapter.h"
#include "engine/store/safetensors.h"

namespace engine {
namespace {

class TuningGolden : public testing::TestWithParam<const char*> {
protected:
    TuningGolden() : file_(std::string(MOLSPACE_SOURCE_DIR) + "/tests/data/tuning_goldens.safetensors") {}

    std::vector<float> tensor(const std::string& name) const {
        const auto v = file_.at(name).f32();
        return {v.begin(), v.end()};
    }
    // Within 1e-5 of the largest.
    void expectNear(const std::vector<float>& found, const std::string& name) const {
        const auto expected = tensor(name);
        ASSERT_EQ(found.size(), expected.size()) << name;
        float most = 0, worst = 0;
        for (std::size_t i = 0; i < found.size(); ++i) {
            most = std::max(most, std::abs(expected[i]));
            worst = std::max(worst, std::abs(expected[i] - found[i]));
        }
        EXPECT_LE(worst, 1e-5f * std::max(most, 1e-3f)) << name;
    }

    ProjectorWeights projector(const std::string& prefix) const {
        const auto first = file_.at(prefix + "w1").shape, second = file_.at(prefix + "w2").shape;
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

    SafetensorsFile file_;
};

TEST_P(TuningGolden, EqualsPyTorch) {
    try {
        resolveDevice(GetParam());
    } catch (const Error& error) {
        GTEST_SKIP() << error.what();
    }
    StepOptions options;
    options.batch = file_.at("x").shape[0];
    options.in = file_.at("x").shape[1];
    options.out = file_.at("y").shape[1];
    options.hidden = file_.at("start.w1").shape[0];
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
    const auto step = makeTuningStep(options, route, "audio", state, GetParam());
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

INSTANTIATE_TEST_SUITE_P(All, TuningGolden, testing::Values("cpu", "cuda:0"),
                         [](const auto& test) { return std::string(test.param)[1] == 'p' ? "Cpu" : "Gpu"; });

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
