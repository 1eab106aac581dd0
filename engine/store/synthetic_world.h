// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A generated world of items that several spaces embed, for demonstrations and tests: no encoder and none of the
// paper's embeddings can be shipped. Everything that is measured on it says "synthetic world" (guide:
// synthetic-world.md).
//
//   item    z = (shared semantics, acoustic detail, visual detail), each from a topic, a sub-topic and itself
//   view    of an item in a modality (a clip, one caption): what of z it tells + noise that ALL spaces see, times the
//           set's difficulty
//   space   N( N( Σ_aspect M_aspect gain · (view + the space's own noise) ) + offset of the modality ); most of that
//           noise has one direction in all spaces, a size of its own in each
//
// Every row comes from random streams of its own, addressed by (seed, what, row): any block can be made alone, with the
// same bits whatever the blocks and the number of threads. Nothing whole lies in memory. Blocking job.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/option_table.h"
#include "engine/store/workspace.h"

namespace engine {

struct WorldOptions {
    std::string preset = "small";  // tiny, small, paper-eval, paper
    std::uint64_t seed = 0;
    std::int64_t pool_rows = 0;  // of every pool; 0: the preset's
};

const OptionTable<WorldOptions>& worldOptionTable();

// What was fitted for one evaluation set: how much its views hide, and each space's own noise on it (1: as on pools).
struct WorldFit {
    double difficulty = 1.7;
    std::map<std::string, double> noise;
};
// By set; the constants in force.
const std::map<std::string, WorldFit>& worldFits();

// The world as input of a WorkspaceWriter. `fits` replace the constants (fitting); `only` names the sets to make, all
// if empty. Pools are named after their modality; the paired one is "audio-image".
struct WorldInput {
    std::vector<PoolInput> pools;
    std::vector<SetInput> sets;
};
WorldInput describeWorld(const WorldOptions& options, const std::map<std::string, WorldFit>& fits,
                         const std::vector<std::string>& only = {});

// What a workspace that holds this world says of its origin.
Json worldOrigin(const WorldOptions& options);
// Throws Error{NoSpace} before anything is written if it cannot fit the disk.
void makeWorld(const std::filesystem::path& folder, const WorldOptions& options, const JobContext& job);
std::uint64_t estimateWorldBytes(const WorldOptions& options);

}  // namespace engine
