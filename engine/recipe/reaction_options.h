// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Options of one reaction: how pseudo pairs are made and how projectors are trained (method: Sections 3.2, 4.1). Every
// choice on which the paper is silent is an option here, with the default that the guide explains.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/option_table.h"

namespace engine {

struct ReactionOptions {
    // Pseudo pairs (Eq. 4-6, 11-13)
    double retrieval_temperature = 0.01;   // tau_d
    bool normalise_pseudo = true;          // normalise every pseudo embedding
    bool centred = false;                  // weights between rows as seen from their modality's mean (not the paper's)
    std::string guidance = "auto";         // whose similarities retrieve the unified space: auto, own, expert
    std::string hub = "auto";              // modality through which the unified space binds; auto: image, else first
    std::string pair_storage = "float32";  // float32, float16, none (recomputed for each batch)
    // Projectors
    std::string head = "auto";  // auto (the objective's), freebind, c-mcr, ex-mcr
    std::int64_t hidden_width = 2048;
    std::vector<std::string> projectors;      // subset names ("T", "TV", ...); empty: all unions
    std::string batch_norm = "per_modality";  // per_modality, joint
    // Training
    std::string objective = "freebind";        // freebind, c-mcr, ex-mcr (engine/recipe/objective.h)
    double noise_variance = 0.004;             // of c-mcr: of each number of an embedding
    double intra_weight = 0.1;                 // lambda of c-mcr and ex-mcr
    std::string union_order = "shuffled";      // of the pools' rows in an epoch: shuffled, concatenated
    double temperature = 0.02;                 // tau of InfoNCE
    std::string info_direction = "symmetric";  // symmetric, source_to_target, target_to_source
    std::int64_t batch_size = 4096;
    std::int64_t epochs = 0;         // 0: the paper's, 5 for displacement and 20 for combination
    std::string optimiser = "adam";  // adam, adamw (weight decay apart from the gradient)
    double learning_rate = 1e-3;
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;
    std::string schedule = "constant";  // constant, cosine
    std::int64_t checkpoint_minutes = 5;
    std::string select = "last";        // last, best (validation R@1)
    std::string validation_set;         // evaluation set for R@1 during training; empty: none
    std::int64_t validation_steps = 0;  // every so many steps; 0: once an epoch
};

const OptionTable<ReactionOptions>& reactionOptionTable();

// Options of a run, not of the method: they do not change the result on CPU.
struct RunOptions {
    std::uint64_t seed = 0;
    std::string device = "auto";  // auto, cpu, cuda, cuda:1
    double memory_gib = 0;        // 0: half of what is available
    std::int64_t threads = 0;     // 0: all cores
    std::int64_t stages = 0;      // states of each projector kept on the way (recipe/stages.h)
};

const OptionTable<RunOptions>& runOptionTable();

}  // namespace engine
