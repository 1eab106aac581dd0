// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The metrics of one evaluation set from the rows of its two sides, in whatever space (method: evaluation protocol).
// Equal to a float64 reference, ties included (engine/eval/ranks.h). Blocking job; the result does not depend on the
// number of threads.
#pragma once

#include <string>

#include "engine/base/job.h"
#include "engine/eval/metrics.h"
#include "engine/eval/ranks.h"

namespace engine {

// An evaluation set without its vectors.
struct SetDescription {
    std::string name;
    SetKind kind = SetKind::Retrieval;
    Modality first, second;  // classification and multi-label: items, classes
    PairList pairs;          // retrieval: any number either way; classification: one for each item
    std::string prompt;      // classification: template of the class prompts, where known
};

// `score` completes the protocol: "inner product of unit rows in ImageBind".
// `ranks`, where it is not null, gets the ranks that the figures come from; of a set of several labels the influences.
SetMetrics evaluateSet(const SetDescription& set, const RowSource& first, const RowSource& second,
                       const std::string& score, const EvalOptions& options, const JobContext& job,
                       PairRanks* ranks = nullptr);

// The same by brute force in float64: slow, for --reference and tests.
SetMetrics evaluateSetReference(const SetDescription& set, const RowSource& first, const RowSource& second,
                                const std::string& score, const EvalOptions& options, const JobContext& job);

// The protocol of a set of so many items on each side.
Protocol protocolOf(const SetDescription& set, std::size_t first_items, std::size_t second_items,
                    const std::string& score, TieRule ties);

// Half of the ranks are at most this; the mean of the middle two where they are even in number. 0 without any.
double medianOf(std::vector<double> values);

// Probability (0..1) that the query's best positive is within the first k, and its rank, by the rule for ties.
double hitAt(const QueryRank& rank, std::size_t k, TieRule ties);
double rankOf(const QueryRank& rank, TieRule ties);

// "audio→text"; "first→second" where both sides have the same modality.
std::string directionName(const SetDescription& set, bool forward);

}  // namespace engine
