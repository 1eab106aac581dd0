// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One training step of a projector with everything explicit: forward, BatchNorm with batch statistics, loss, gradients,
// Adam as in PyTorch. Implementations with one meaning: plain C++ on CPU (engine/projector/cpu_step.h; the same bits
// with any number of threads), and LibTorch calls on any device, here for FreeBind's objective on two layers, in
// engine/projector/objective_step.h for any. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/projector/info_loss.h"
#include "engine/recipe/projector_weights.h"

namespace engine {

struct StepOptions {
    std::size_t in = 0, hidden = 0, out = 0;
    std::size_t sources = 0, targets = 0;  // modalities
    std::size_t batch = 0;                 // rows of each
    bool joint_batch_norm = false;         // statistics over all sources together, else over each alone
    double temperature = 0.02;
    InfoDirection direction = InfoDirection::Symmetric;
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;
    bool decoupled_decay = false;  // AdamW's: of the step, not of the gradient
    bool keep_logits = true;       // one B×B matrix kept, else logits computed twice
    bool tile_kernels = true;  // of the LibTorch step: the loss by ops/info_tile.h, where it is built for the device
};

using Parameters = std::vector<std::vector<float>>;  // values beside each of trainedOf(weights): gradients, moments
// Zeros of the sizes of what is trained.
Parameters zeroParameters(const ProjectorWeights& weights);

struct TrainState {
    ProjectorWeights weights;
    std::optional<ProjectorWeights> partner;  // the targets' head where both sides are projected
    Parameters first, second;                 // Adam's moments
    std::int64_t step = 0;                    // updates made
};

// Batch statistics do not touch the running ones until update().
class ProjectorStep {
public:
    virtual ~ProjectorStep() = default;
    // Loss and gradients of a batch: `x` [sources][batch, in], `y` [targets][batch, out] float32, y of unit rows.
    // Throws Cancelled after a stop; nothing is changed then.
    virtual double gradients(const std::vector<const float*>& x, const std::vector<const float*>& y,
                             const JobContext& job) = 0;
    // Adam with the gradients, running statistics with those of the batch (momentum 0.1, source after source).
    virtual void update(double rate) = 0;
    virtual TrainState state() const = 0;
    virtual Parameters lastGradients() const = 0;        // for tests
    virtual std::vector<float> lastOutputs() const = 0;  // [what is projected · batch, out], unit rows; for tests
};

// Weights as PyTorch draws them (method §1.1), from the stream (seed, name); moments zero.
TrainState initialState(std::size_t in, std::size_t hidden, std::size_t out, std::uint64_t seed,
                        const std::string& name);

enum class WeightInit { Xavier, PyTorch };
// The same for any head: the weights of the layers as xavier_uniform_ or as PyTorch's own Linear draws them, Head1 the
// identity (method §2.2); biases as PyTorch draws them.
TrainState initialState(ProjectorWeights empty, WeightInit init, std::uint64_t seed, const std::string& name);

std::unique_ptr<ProjectorStep> makeTorchStep(const StepOptions& options, TrainState state, const std::string& device);

// Memory of a step of two layers on any device, in bytes.
std::uint64_t stepBytes(const StepOptions& options);

}  // namespace engine
