// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Training of one subset projector (method §4.3-4.6): batches of pseudo pairs from the union of some pools, the sum of
// InfoNCE terms over all pairs of a source and a target modality, Adam. A displacement projects the unified space's
// modalities onto the expert's (Eq. 7), a combination the expert's onto the unified space's (Eq. 8).
//
// The state after a whole step is kept at intervals, at a stop and at the end; a stop is acknowledged within a tile of
// the loss and abandons the step in work. On CPU a resumed run gives the same bits as one that was not interrupted,
// whatever the numbers of threads. GPUs sum in an order of their own.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/pairs/pseudo_pairs.h"
#include "engine/projector/projector_step.h"
#include "engine/recipe/projector_weights.h"
#include "engine/recipe/recipe.h"

namespace engine {

struct ProjectorTask {
    std::shared_ptr<const PseudoPairs> pairs;
    std::vector<Modality> members;  // starts whose pools are united
    ReactionKind kind = ReactionKind::Combination;
    std::vector<Modality> sources, targets;  // modalities of the source space and of the target space
    std::size_t in = 0, out = 0;
    ReactionOptions options;
    std::int64_t epochs = 1;       // the target
    std::int64_t more_epochs = 0;  // beyond it
    std::uint64_t seed = 0;
    std::string stream;  // names the random streams: one projector's do not touch another's
    std::string device = "cpu";
    std::uint64_t memory_bytes = std::uint64_t{1} << 30;
    // In a joint space the targets are projected too, and this is where their head is written; else empty.
    std::filesystem::path base_weights;
    bool joint() const { return !base_weights.empty(); }
    std::filesystem::path weights, log, checkpoint;  // .safetensors, .csv (step, epoch, loss, rate, validation), state
    std::map<std::string, std::string> metadata;     // into the header of `weights`
    std::function<double(const ProjectorWeights&)> validate;  // R@1, percent; may be empty
    std::string label;                                        // "1-CLAP_g TV", for progress
    // States to keep in passing, weights alone: when `part` of `of` equal parts of the target's steps are done. Those
    // that are there are left.
    struct Stage {
        std::int64_t part = 0, of = 1;
        std::filesystem::path weights, base_weights;  // the latter of a joint space
    };
    std::vector<Stage> stages;
    // In place of the head and the objective that the options name: what is trained, and how.
    struct Custom {
        std::string identity;  // of all that the result depends on beside the options and the pairs
        std::function<TrainState()> start;
        std::function<std::unique_ptr<ProjectorStep>(const StepOptions&, TrainState)> step;
        std::function<std::uint64_t(const StepOptions&)> bytes;  // memory of a step
    };
    std::optional<Custom> custom;
};

struct ProjectorRecord {
    std::int64_t steps = 0, epochs = 0;
    std::size_t batch = 0;
    double final_loss = 0;  // mean over the last epoch
    double seconds = 0;     // of training, in all runs that it took
    double best_validation = 0;
};

// The least memory that training takes, before there is anything to train on; `joint`: in a joint space. `step`: memory
// of a step of a custom task, in place of that of the head and the objective that the options name.
std::uint64_t trainingBytes(const ReactionOptions& options, std::size_t in, std::size_t out, std::size_t sources,
                            std::size_t targets, std::size_t rows, bool joint,
                            const std::function<std::uint64_t(const StepOptions&)>& step = {});

// Throws Error{InvalidInput} for fewer than 8 rows or a loss that is not finite, Cancelled on a stop.
ProjectorRecord trainProjector(const ProjectorTask& task, const JobContext& job);

}  // namespace engine
