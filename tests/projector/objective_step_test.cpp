// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One step of C-MCR's and Ex-MCR's objectives and heads against PyTorch (tests/data/make_objective_goldens.py): loss,
// outputs, gradients, weights after it, running statistics.
#include "engine/projector/objective_step.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/ops/device.h"
#include "engine/projector/cpu_step.h"
#include "engine/recipe/projector_head.h"
#include "tests/projector/golden_file.h"

namespace engine {
namespace {

struct Case {
    const char *name, *objective;
    std::vector<Modality> sources, targets;
    const char* optimiser;
    double temperature, weight_decay;
    bool joint_batch_norm;
    bool joint = false;  // a head for the targets too
};
const std::vector<Modality> kAll = {"text", "image", "audio"}, kImageText = {"text", "image"},
                            kAudioText = {"text", "audio"};
const Case kCases[] = {{"c_mcr_displacement", "c-mcr", kAll, kImageText, "adam", 0.01, 0, false},
                       {"c_mcr_joint_norm", "c-mcr", kAudioText, kAll, "adamw", 0.01, 0.02, true},
                       {"ex_mcr_displacement", "ex-mcr", kAll, kImageText, "adam", 0.02, 0, false},
                       {"ex_mcr_extension", "ex-mcr", kAudioText, kImageText, "adam", 0.02, 0, false},
                       {"ex_mcr_nothing_lacking", "ex-mcr", kImageText, kAll, "adam", 0.02, 0.02, false},
                       {"c_mcr_system", "c-mcr", kAudioText, kImageText, "adamw", 0.01, 0.02, false, true}};

struct Way {
    const char* name;
    const char* device;  // of the LibTorch step; none: the plain C++ one
};
constexpr Way kWays[] = {{"Cpu", nullptr}, {"Torch", "cpu"}, {"Gpu", "cuda:0"}};

std::unique_ptr<ProjectorStep> makeStep(const Way& way, const StepOptions& options, const Objective& objective,
                                        const std::vector<bool>& passes_head1, const TrainState& state) {
    return way.device ? makeTorchObjectiveStep(options, objective, passes_head1, state, way.device)
                      : makeCpuStep(options, objective, passes_head1, state);
}

std::vector<bool> passesHead1(const ProjectorWeights& weights, const std::vector<Modality>& sources) {
    const auto& head1 = weights.head1_modalities;
    std::vector<bool> out;
    for (const auto& m : sources) out.push_back(std::find(head1.begin(), head1.end(), m) != head1.end());
    return out;
}

class ObjectiveStepGolden : public testing::TestWithParam<std::tuple<Way, Case>>, protected test::GoldenFile {
protected:
    ObjectiveStepGolden() : GoldenFile("objective_goldens.safetensors") {}
};

TEST_P(ObjectiveStepGolden, EqualsPyTorch) {
    const auto& [way, c] = GetParam();
    try {
        resolveDevice(way.device ? way.device : "cpu");
    } catch (const Error& error) {
        GTEST_SKIP() << error.what();
    }
    const std::string name = std::string(c.name) + ".";
    const auto rows = [&](const std::string& side, std::size_t count) {
        std::vector<std::vector<float>> out;
        for (std::size_t i = 0; i < count; ++i) out.push_back(tensor(name + side + std::to_string(i)));
        return out;
    };
    const auto xs = rows("x", c.sources.size()), ys = rows("y", c.targets.size());
    const auto x_shape = shapeOf(name + "x0"), y_shape = shapeOf(name + "y0");
    ReactionOptions options;
    options.objective = c.objective;
    StepOptions step_options;
    step_options.sources = c.sources.size();
    step_options.targets = c.targets.size();
    step_options.batch = x_shape[0];
    step_options.temperature = c.temperature;
    step_options.joint_batch_norm = c.joint_batch_norm;
    step_options.weight_decay = c.weight_decay;
    step_options.decoupled_decay = std::string(c.optimiser) == "adamw";
    TrainState state;
    state.weights = emptyHead(options, x_shape[1], y_shape[1], c.sources, c.targets);
    if (c.joint) state.partner = emptyHead(options, y_shape[1], y_shape[1], c.targets, c.targets);
    // Every parameter by its name in the file, those of the targets' head after those of the other.
    std::vector<std::string> names = trainedNames(state.weights);
    const auto valuesOf = [](TrainState& s) {
        auto values = trainedOf(s.weights);
        if (s.partner) {
            for (auto* v : trainedOf(*s.partner)) values.push_back(v);
        }
        return values;
    };
    if (c.joint) {
        for (const auto& n : trainedNames(*state.partner)) names.push_back("partner." + n);
    }
    const auto values = valuesOf(state);
    for (std::size_t k = 0; k < names.size(); ++k) {
        const auto start = tensor(name + "start." + names[k]);
        ASSERT_EQ(values[k]->size(), start.size()) << names[k];
        *values[k] = start;
        state.first.emplace_back(start.size(), 0.0f);
    }
    state.second = state.first;
    const auto step = makeStep(way, step_options, objectiveOf(options, c.sources, c.targets, c.joint),
                               passesHead1(state.weights, c.sources), state);

    std::vector<const float*> x, y;
    for (const auto& r : xs) x.push_back(r.data());
    for (const auto& r : ys) y.push_back(r.data());
    const double loss = step->gradients(x, y, {});
    EXPECT_NEAR(loss, tensor(name + "loss")[0], 1e-5 * loss);
    expectNear(step->lastOutputs(), name + "outputs");
    const Parameters gradients = step->lastGradients();
    const bool ex_mcr = headKind(options) == "ex-mcr";
    const auto isFrozen = [ex_mcr](std::string parameter) {
        if (parameter.starts_with("partner.")) parameter.erase(0, 8);
        // A beta that another Linear and BatchNorm follow at once, and the biases before a BatchNorm.
        return parameter == "beta2" ? ex_mcr : parameter[0] == 'b' && parameter[1] != 'e';
    };
    for (std::size_t k = 0; k < names.size(); ++k) {
        if (isFrozen(names[k])) {
            // Zero but for rounding, in PyTorch too; here exactly.
            for (const float g : gradients[k]) EXPECT_EQ(g, 0);
            for (const float g : tensor(name + "gradient." + names[k])) EXPECT_NEAR(g, 0, 1e-9);
        } else {
            expectNear(gradients[k], name + "gradient." + names[k]);
        }
    }
    EXPECT_EQ(step->state().weights, state.weights) << "nothing moves before update()";
    step->update(1e-3);
    TrainState after = step->state();
    EXPECT_EQ(after.step, 1);
    const auto moved = valuesOf(after);
    for (std::size_t k = 0; k < names.size(); ++k) {
        if (!isFrozen(names[k])) expectNear(*moved[k], name + "after." + names[k]);
    }
    for (const bool partner : {false, true}) {
        if (partner && !c.joint) continue;
        const auto& layers = partner ? after.partner->layers : after.weights.layers;
        const std::string prefix = name + (partner ? "partner." : "");
        for (std::size_t k = 0; k < layers.size(); ++k) {
            expectNear(layers[k].mean, prefix + "mean" + std::to_string(k + 1));
            expectNear(layers[k].variance, prefix + "variance" + std::to_string(k + 1));
            const auto& modalities = partner ? c.targets : c.sources;
            EXPECT_EQ(layers[k].batches, c.joint_batch_norm ? 1 : static_cast<std::int64_t>(modalities.size()));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, ObjectiveStepGolden,
                         testing::Combine(testing::ValuesIn(kWays), testing::ValuesIn(kCases)), [](const auto& test) {
                             return std::string(std::get<0>(test.param).name) + "_" + std::get<1>(test.param).name;
                         });

// Sizes of which nothing is a multiple, and several tiles of rows and of what Adam moves.
class ObjectiveStepThreads : public testing::TestWithParam<Case> {};

TEST_P(ObjectiveStepThreads, SameBitsWithAnyNumber) {
    const Case& c = GetParam();
    ReactionOptions options;
    options.objective = c.objective;
    StepOptions o;
    o.sources = c.sources.size();
    o.targets = c.targets.size();
    o.batch = 601;
    o.temperature = c.temperature;
    o.joint_batch_norm = c.joint_batch_norm;
    o.weight_decay = c.weight_decay;
    o.decoupled_decay = std::string(c.optimiser) == "adamw";
    constexpr std::size_t kIn = 131, kOut = 93;
    TrainState state = initialState(emptyHead(options, kIn, kOut, c.sources, c.targets), WeightInit::Xavier, 3, "head");
    if (c.joint) {
        const TrainState other =
            initialState(emptyHead(options, kOut, kOut, c.targets, c.targets), WeightInit::Xavier, 3, "partner");
        state.partner = other.weights;
        state.first.insert(state.first.end(), other.first.begin(), other.first.end());
        state.second.insert(state.second.end(), other.second.begin(), other.second.end());
    }
    std::vector<Matrix> rows;
    std::vector<const float*> x, y;
    Rng rng(11);
    for (std::size_t i = 0; i < o.sources + o.targets; ++i) {
        rows.emplace_back(o.batch, i < o.sources ? kIn : kOut);
        rng.fillNormal(rows.back().data(), rows.back().size());
        normalizeRows(rows.back());
    }
    for (std::size_t i = 0; i < rows.size(); ++i) (i < o.sources ? x : y).push_back(rows[i].data());
    const int before = omp_get_max_threads();
    std::vector<double> losses[3];
    TrainState after[3];
    for (int threads = 1; threads <= 3; ++threads) {
        omp_set_num_threads(threads);
        const auto step = makeCpuStep(o, objectiveOf(options, c.sources, c.targets, c.joint),
                                      passesHead1(state.weights, c.sources), state);
        for (int k = 0; k < 3; ++k) {
            losses[threads - 1].push_back(step->gradients(x, y, {}));
            step->update(1e-3);
        }
        after[threads - 1] = step->state();
    }
    omp_set_num_threads(before);
    for (const int k : {1, 2}) {
        EXPECT_EQ(losses[k], losses[0]);
        EXPECT_EQ(after[k].weights, after[0].weights);
        EXPECT_EQ(after[k].partner, after[0].partner);
        EXPECT_EQ(after[k].first, after[0].first);
        EXPECT_EQ(after[k].second, after[0].second);
    }
}

INSTANTIATE_TEST_SUITE_P(All, ObjectiveStepThreads, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

// FreeBind's objective and head are one case of the step by autograd: it has to give what the plain one gives.
TEST(ObjectiveStep, FreeBindIsACase) {
    ReactionOptions options;
    options.hidden_width = 20;
    StepOptions o;
    o.in = 12;
    o.hidden = 20;
    o.out = 16;
    o.sources = 2;
    o.targets = 3;
    o.batch = 64;
    const std::vector<Modality> sources = kAudioText, targets = kAll;
    const TrainState state = initialState(o.in, o.hidden, o.out, 4, "case");
    std::vector<Matrix> rows;
    std::vector<const float*> x, y;
    Rng rng(8);
    for (std::size_t i = 0; i < 5; ++i) {
        rows.emplace_back(o.batch, i < 2 ? o.in : o.out);
        rng.fillNormal(rows.back().data(), rows.back().size());
        normalizeRows(rows.back());
    }
    for (std::size_t i = 0; i < 5; ++i) (i < 2 ? x : y).push_back(rows[i].data());
    const auto plain = makeCpuStep(o, state);
    const auto general =
        makeTorchObjectiveStep(o, objectiveOf(options, sources, targets), {false, false}, state, "cpu");
    for (int k = 0; k < 3; ++k) {
        const double expected = plain->gradients(x, y, {});
        EXPECT_NEAR(general->gradients(x, y, {}), expected, 1e-5 * expected);
        plain->update(1e-3);
        general->update(1e-3);
    }
    const auto a = plain->state(), b = general->state();
    const auto expected = trainedOf(a.weights), found = trainedOf(b.weights);
    for (std::size_t k = 0; k < expected.size(); ++k) {
        for (std::size_t i = 0; i < expected[k]->size(); ++i) ASSERT_NEAR((*found[k])[i], (*expected[k])[i], 1e-4) << k;
    }
}

class ObjectiveStepStop : public testing::TestWithParam<Way> {};

TEST_P(ObjectiveStepStop, ChangesNothing) {
    const Way& way = GetParam();
    try {
        resolveDevice(way.device ? way.device : "cpu");
    } catch (const Error& error) {
        GTEST_SKIP() << error.what();
    }
    ReactionOptions options;
    options.objective = "ex-mcr";
    StepOptions o;
    o.sources = o.targets = 2;
    o.batch = 64;
    TrainState state;
    state.weights = emptyHead(options, 8, 8, kAudioText, kImageText);
    state.first = state.second = zeroParameters(state.weights);
    const auto step = makeStep(way, o, objectiveOf(options, kAudioText, kImageText), {false, true}, state);
    Matrix x(64, 8);
    Rng rng(1);
    rng.fillNormal(x.data(), x.size());
    normalizeRows(x);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(step->gradients({x.data(), x.data()}, {x.data(), x.data()}, JobContext(stop.get_token())), Cancelled);
    EXPECT_EQ(step->state().weights, state.weights);
    EXPECT_EQ(step->state().step, 0);
}

INSTANTIATE_TEST_SUITE_P(All, ObjectiveStepStop, testing::ValuesIn(kWays),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace engine
