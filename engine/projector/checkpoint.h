// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The whole state of a training between two steps, in one safetensors file that is written whole, then renamed. Numbers
// are kept with all their bits, so that what goes on from it ends with the same ones.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "engine/projector/projector_step.h"

namespace engine {

struct Checkpoint {
    std::string identity;  // of the task: another one is another training
    TrainState state;
    std::int64_t logged = 0;  // steps whose row is in the log, validation done
    double last_loss = 0;     // of the step `state.step`
    double epoch_sum = 0;     // of the losses of the epoch so far
    std::int64_t epoch_steps = 0;
    double final_loss = 0;  // mean of the last whole epoch
    double best_validation = -1;
    std::optional<ProjectorWeights> best;
    double seconds = 0;
};

void writeCheckpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);
// Weights of the shape of `shape`. Throws Error{InvalidInput} for a damaged file or one of another identity.
Checkpoint readCheckpoint(const std::filesystem::path& path, const std::string& identity, const ProjectorWeights& shape,
                          const ProjectorWeights* partner = nullptr);

}  // namespace engine
