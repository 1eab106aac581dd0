// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What pseudo pairs can be made of the pools, before any is made: how sharp the softmax averages W(X, Y) Y of Eq. 4-6
// and 11-13 would be in each space, whether spaces agree on what belongs together, and how far apart a space keeps its
// modalities. Measured on some rows of each pool, drawn by seed and the same in every space, against whole pools;
// blocks of a pool are read once for each space, twice where weights are centred. Blocking job; deterministic whatever
// the number of threads.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/json.h"
#include "engine/base/option_table.h"
#include "engine/store/workspace.h"

namespace engine {

struct PoolQualityOptions {
    // Of the reaction and of the run, so not in the table.
    double retrieval_temperature = 0.01;  // tau_d
    bool centred = false;                 // by rows as seen from their modality's mean (engine/space/centring.h)
    std::uint64_t seed = 0;               // of the rows that ask
    std::int64_t asked_rows = 256;        // of each pool
    std::int64_t neighbours = 10;         // the nearest rows on which two spaces should agree
    std::int64_t examples = 3;            // queries that are shown with what they would retrieve
};
const OptionTable<PoolQualityOptions>& poolQualityOptionTable();

// W(X, Y) in one space, X rows of one modality's pool, Y the pool of another.
struct RetrievalQuality {
    struct Neighbour {
        std::string id;
        double weight = 0;
    };
    struct Example {
        std::string id;
        std::vector<Neighbour> nearest;  // three, the heaviest first
    };
    std::string space;
    Modality from, to;
    std::size_t queries = 0, memory = 0;  // rows that ask, rows of the pool that answers
    double rows_averaged = 0;             // mean over queries of exp(entropy of the weights): 1, one row is taken;
                                          // `memory`, the mean of the pool
    double top_weight = 0;                // mean weight of the nearest row
    double top_similarity = 0;            // mean inner product with it
    double distinct = 0;                  // share of queries whose nearest row is no other query's nearest
    std::vector<Example> examples;
};

// Whether two spaces find the same rows nearest.
struct SpaceAgreement {
    std::string one, other;
    Modality from, to;  // equal: neighbours among the same pool, without the row itself
    std::size_t queries = 0, neighbours = 0;
    double shared = 0;     // mean share of the nearest rows that are the other's too, 0..1
    double by_chance = 0;  // what two random choices would share
};

// How far apart a space keeps two modalities (Liang et al. 2022): the distance of the means of their unit rows.
struct ModalityGap {
    std::string space;
    Modality one, other;
    double distance = 0;                  // |mean - mean|
    double one_cone = 0, other_cone = 0;  // |mean| of each: 0, rows point everywhere; 1, all the same way
};

struct PoolQuality {
    bool synthetic = false;
    PoolQualityOptions options;
    std::vector<RetrievalQuality> retrievals;
    std::vector<SpaceAgreement> agreements;
    std::vector<ModalityGap> gaps;  // of the rows as they are, centred or not

    Json toJson() const;
    std::string toText() const;
};

// `spaces`: empty takes all that have a pool. Throws Error{NotFound} for an unknown one, Error{InvalidInput} where no
// space has a pool.
PoolQuality measurePools(const Workspace& workspace, std::vector<std::string> spaces, const PoolQualityOptions& options,
                         const JobContext& job);

}  // namespace engine
