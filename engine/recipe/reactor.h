// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The border to what trains. The library behind it links LibTorch (seconds and gigabytes), so it is loaded at the first
// call of loadReactor() and never before. std types only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/recipe/encoder_options.h"
#include "engine/recipe/product.h"
#include "engine/recipe/reaction_options.h"
#include "engine/recipe/space_router.h"

namespace engine {

struct DeviceInfo {
    std::string name;         // "cpu", "cuda:0"
    std::string description;  // processor or GPU model, cores, memory
    std::uint64_t memory_bytes = 0;
    bool usable = true;
    std::string why;  // why it is or is not used
};

struct TrainRequest {
    std::filesystem::path workspace;
    Recipe recipe;
    std::filesystem::path product;  // folder to write; resumed if it is there with the same recipe, seed and workspace
    RunOptions run;
    std::filesystem::path from;    // a finished product, of which is taken what is the same (recipe/reuse.h)
    std::int64_t more_epochs = 0;  // continue beyond the target by so many
    bool pairs_only = false;       // make the pseudo pairs, train nothing
};

struct RouterRequest {
    std::filesystem::path workspace, product;
    std::string name = "learned";  // product/routers/<name>, replaced
    SpaceRouterOptions options;
    RunOptions run;
};

struct EncoderRequest {
    std::filesystem::path workspace, product;
    std::filesystem::path encoder;  // TorchScript: a program, run as it is
    std::filesystem::path inputs;   // HDF5 (engine/store/encoder_inputs.h)
    Modality modality = "audio", towards = "image";
    std::string pool;   // paired; empty: the only one that has both
    std::string space;  // to be written into the workspace
    EncoderOptions options;
    RunOptions run;
};

class Reactor {
public:
    virtual ~Reactor() = default;
    // Pseudo pairs, projectors and basis of every reaction of the recipe. Resumes what is there. Blocking job.
    virtual void train(const TrainRequest& request, const JobContext& job) = 0;
    // Learned routing (engine/recipe/space_router.h). Blocking job.
    virtual void trainRouter(const RouterRequest& request, const JobContext& job) = 0;
    // Tunes a user's own encoder (engine/reaction/encoder_tuner.h). Blocking job.
    virtual void tuneEncoder(const EncoderRequest& request, const JobContext& job) = 0;
    virtual std::vector<DeviceInfo> devices() = 0;
};

// Loads libmolspace_reactor beside this library. Throws Error{NotFound} with the reason if it cannot.
Reactor& loadReactor();

}  // namespace engine
