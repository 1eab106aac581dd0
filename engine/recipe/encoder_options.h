// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Options of tuning a user's own encoder (engine/reaction/encoder_tuner.h). The paper says neither loss nor rate nor
// whether heads move (method §5): every choice is an option.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/option_table.h"

namespace engine {

struct EncoderOptions {
    std::string heads = "frozen";  // the displacements' heads on its way: frozen, trained (a copy, for this modality)
    double temperature = 0.02;     // tau of InfoNCE
    std::string info_direction = "symmetric";
    std::int64_t batch_size = 128;
    std::int64_t epochs = 5;
    double learning_rate = 1e-5, weight_decay = 0;
};

const OptionTable<EncoderOptions>& encoderOptionTable();

}  // namespace engine
