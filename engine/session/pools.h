// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What pseudo pairs the pools of a workspace can give a recipe, or one step of it, before any is made: figures and what
// they mean. A blocking job; loads no LibTorch, writes nothing; errors are Error. Any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/json.h"
#include "engine/eval/pool_findings.h"
#include "engine/recipe/recipe.h"

namespace engine {

struct PoolsRequest {
    std::filesystem::path workspace;
    Recipe recipe;  // as it is, saved or not
    // Counted from 0: the base and this step's experts, by this step's retrieval options. Nothing: all spaces of the
    // recipe, by those of its first reaction.
    std::optional<std::size_t> step;
    Json options = Json::object();  // see poolQualityOptions()
    std::uint64_t seed = 0;         // of the run: which rows ask
};

struct PoolsAnswer {
    PoolQuality quality;
    std::vector<PoolFinding> findings;
};

// The step is trained against the product of the steps before it, which is not there yet: the base stands in for it in
// lookAtPools(), which says so.
bool baseStandsIn(const Recipe& recipe, std::size_t step);

// Throws Error{InvalidInput} for a step that the recipe lacks, and for a tuning, which makes no pseudo pairs.
PoolsAnswer lookAtPools(const PoolsRequest& request, const JobContext& job);

}  // namespace engine
