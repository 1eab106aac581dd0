// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The state of a training after a whole step, on disk: enough to go on with the same bits. Written whole, then renamed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/projector/projector_net.h"

namespace engine {

struct LogLine {
    std::int64_t step = 0, epoch = 0;
    double loss = 0, rate = 0;
    double validation = -1;   // R@1, percent; below 0: not measured
};

// What is counted beside the tensors.
struct TrainingCounts {
    std::int64_t step = 0;
    double epoch_sum = 0, epoch_mean = 0;    // of the loss: so far in this epoch; over the last whole one
    double best_validation = -1;             // below 0: none yet
    std::vector<LogLine> log;
};

// `identity` says what the state depends on besides itself; a checkpoint of another identity is not read.
void writeCheckpoint(const std::filesystem::path& path, const std::string& identity, const ProjectorNet& net, const Adam& adam,
                     const TrainingCounts& counts);
// False if there is none of this identity; then nothing is changed.
bool readCheckpoint(const std::filesystem::path& path, const std::string& identity, ProjectorNet& net, Adam& adam,
                    TrainingCounts& counts);

// step,epoch,loss,steps_per_second,validation_r1
void writeTrainingLog(const std::filesystem::path& path, const std::vector<LogLine>& log);

}  // namespace engine
