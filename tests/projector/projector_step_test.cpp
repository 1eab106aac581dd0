// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One step against PyTorch (tests/data/make_projector_goldens.py), for both implementations, with and without the
// kernels of tiles (their twins on CPU), and both ways of the loss.
#include "engine/projector/projector_step.h"

#include <gtest/gtest.h>

#include <omp.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/ops/device.h"
#include "engine/projector/cpu_step.h"
#include "engine/projector/tiles.h"
#include "tests/projector/golden_file.h"

namespace engine {
namespace {

struct Way {
    const char* name;
    const char* device;  // of the LibTorch step; none: the plain C++ one
    bool keep_logits, tile_kernels;
};
constexpr Way kWays[] = {
    {"Cpu", nullptr, true, false},       {"CpuTiles", nullptr, false, false}, {"Torch", "cpu", true, false},
    {"TorchTiles", "cpu", false, false}, {"TorchTwins", "cpu", true, true},   {"TorchTwinsTiles", "cpu", false, true},
    {"Gpu", "cuda:0", true, true},       {"GpuTiles", "cuda:0", false, true}, {"GpuTensorOps", "cuda:0", true, false}};

std::unique_ptr<ProjectorStep> makeStep(const Way& way, StepOptions options, const TrainState& state) {
    options.keep_logits = way.keep_logits;
    options.tile_kernels = way.tile_kernels;
    return way.device ? makeTorchStep(options, state, way.device) : makeCpuStep(options, state);
}

// Why a way cannot be tested here, or nothing.
std::string lacking(const Way& way) {
    if (!way.device) return {};
    try {
        resolveDevice(way.device);
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

class ProjectorStepGolden : public testing::TestWithParam<std::tuple<Way, std::string, std::string>>,
                            protected test::GoldenFile {
protected:
    ProjectorStepGolden() : GoldenFile("projector_goldens.safetensors") {}
};

TEST_P(ProjectorStepGolden, EqualsPyTorch) {
    const auto& [way, direction, norm] = GetParam();
    if (const std::string why = lacking(way); !why.empty()) GTEST_SKIP() << why;
    const std::string name = direction + "." + norm + ".";
    const auto shape = shapeOf("start.w1");
    StepOptions options;
    options.hidden = shape[0];
    options.in = shape[1];
    options.out = shapeOf("start.w2")[0];
    options.sources = 2;
    options.targets = 3;
    options.batch = shapeOf("x0")[0];
    options.joint_batch_norm = norm == "joint";
    options.direction = infoDirection(direction);
    TrainState state = initialState(options.in, options.hidden, options.out, 0, "golden");
    const auto names = trainedNames(state.weights);
    for (std::size_t k = 0; k < names.size(); ++k) *trainedOf(state.weights)[k] = tensor("start." + names[k]);
    const auto step = makeStep(way, options, state);
    std::vector<std::vector<float>> rows;
    for (const char* n : {"x0", "x1", "y0", "y1", "y2"}) rows.push_back(tensor(n));
    const double loss =
        step->gradients({rows[0].data(), rows[1].data()}, {rows[2].data(), rows[3].data(), rows[4].data()}, {});
    EXPECT_NEAR(loss, tensor(name + "loss")[0], 1e-5 * loss);
    expectNear(step->lastOutputs(), name + "outputs");
    const Parameters gradients = step->lastGradients();
    for (std::size_t k = 0; k < names.size(); ++k) {
        const std::string& parameter = names[k];
        if (parameter == "b1" || parameter == "b2") {
            // Zero but for rounding, in PyTorch too; here exactly.
            for (const float g : gradients[k]) EXPECT_EQ(g, 0);
            for (const float g : tensor(name + "gradient." + parameter)) EXPECT_NEAR(g, 0, 1e-9);
        } else {
            expectNear(gradients[k], name + "gradient." + parameter);
        }
    }
    step->update(1e-3);
    const TrainState after = step->state();
    for (std::size_t k = 0; k < names.size(); ++k) {
        const std::string& parameter = names[k];
        if (parameter != "b1" && parameter != "b2")
            expectNear(*trainedOf(after.weights)[k], name + "after." + parameter);
    }
    expectNear(after.weights.layers[0].mean, name + "mean1");
    expectNear(after.weights.layers[0].variance, name + "variance1");
    expectNear(after.weights.layers[1].mean, name + "mean2");
    expectNear(after.weights.layers[1].variance, name + "variance2");
}

INSTANTIATE_TEST_SUITE_P(All, ProjectorStepGolden,
                         testing::Combine(testing::ValuesIn(kWays),
                                          testing::Values("symmetric", "source_to_target", "target_to_source"),
                                          testing::Values("per_modality", "joint")),
                         [](const auto& test) {
                             return std::string(std::get<0>(test.param).name) + "_" + std::get<1>(test.param) + "_" +
                                    std::get<2>(test.param);
                         });

// A batch of more rows than the LibTorch step takes at a time, with a remainder.
class ProjectorStepOfManyRows : public testing::TestWithParam<Way> {};

TEST_P(ProjectorStepOfManyRows, EqualsThePlainOne) {
    const Way& way = GetParam();
    if (const std::string why = lacking(way); !why.empty()) GTEST_SKIP() << why;
    StepOptions options;
    options.in = 6;
    options.hidden = 12;
    options.out = 10;
    options.sources = options.targets = 1;
    options.batch = 1100;
    options.temperature = 0.05;
    Matrix x(options.batch, options.in), y(options.batch, options.out);
    Rng rng(3);
    rng.fillNormal(x.data(), x.size());
    rng.fillNormal(y.data(), y.size());
    normalizeRows(x);
    normalizeRows(y);
    const TrainState state = initialState(options.in, options.hidden, options.out, 1, "rows");
    const auto expected = makeStep(kWays[0], options, state), found = makeStep(way, options, state);
    const double loss = expected->gradients({x.data()}, {y.data()}, {});
    EXPECT_NEAR(found->gradients({x.data()}, {y.data()}, {}), loss, 1e-5 * loss);
    const Parameters a = expected->lastGradients(), b = found->lastGradients();
    for (std::size_t k = 0; k < a.size(); ++k) {
        float most = 1e-4f;
        for (const float g : a[k]) most = std::max(most, std::abs(g));
        for (std::size_t i = 0; i < a[k].size(); ++i)
            ASSERT_NEAR(a[k][i], b[k][i], 2e-5f * most) << trainedNames(state.weights)[k];
    }
}

INSTANTIATE_TEST_SUITE_P(All, ProjectorStepOfManyRows, testing::ValuesIn(kWays),
                         [](const auto& test) { return std::string(test.param.name); });

// A step that is stopped is as if it had not begun.
class StoppedStep : public testing::Test {
protected:
    StoppedStep() {
        StepOptions options;
        options.in = options.out = kWidth;
        options.hidden = 128;
        options.sources = options.targets = 1;
        options.batch = x_.rows();
        step_ = makeCpuStep(options, initialState(kWidth, 128, kWidth, 1, "stop"));
        Rng(1).fillNormal(x_.data(), x_.size());
        normalizeRows(x_);
        before_ = step_->state();
    }
    void gradients(const std::stop_source& stop) {
        step_->gradients({x_.data()}, {x_.data()}, JobContext(stop.get_token()));
    }
    void TearDown() override {
        const auto after = step_->state();
        EXPECT_EQ(after.step, 0);
        EXPECT_EQ(after.weights.layers[0].weight, before_.weights.layers[0].weight);
        EXPECT_EQ(after.weights.layers[0].mean, before_.weights.layers[0].mean);
    }

    static constexpr std::size_t kWidth = 32;
    Matrix x_{4096, kWidth};
    std::unique_ptr<ProjectorStep> step_;
    TrainState before_;
};

// Asked for while tiles are worked on: each thread ends the one that it has.
TEST_F(StoppedStep, EndsWithTheTilesAtHand) {
    bool stopped = false;
    // The step may be over before the other thread gets its turn: then once more.
    for (int tries = 0; tries < 20 && !stopped; ++tries) {
        std::stop_source stop;
        const auto begin = tiles_done.load();
        std::atomic<std::uint64_t> at_stop{0};
        std::atomic<bool> over{false};
        std::thread other([&] {
            while (tiles_done.load() == begin && !over) std::this_thread::yield();
            stop.request_stop();
            at_stop = tiles_done.load();
        });
        try {
            gradients(stop);
        } catch (const Cancelled&) {
            stopped = true;
        }
        over = true;
        other.join();
        const auto most = at_stop + static_cast<std::uint64_t>(omp_get_max_threads());
        EXPECT_TRUE(!stopped || tiles_done.load() <= most) << tiles_done.load() << " tiles, at most " << most;
    }
    EXPECT_TRUE(stopped);
}

TEST_F(StoppedStep, BeginsNoTile) {
    std::stop_source stop;
    stop.request_stop();
    const auto tiles = tiles_done.load();
    EXPECT_THROW(gradients(stop), Cancelled);
    EXPECT_EQ(tiles_done.load(), tiles);
}

}  // namespace
}  // namespace engine
