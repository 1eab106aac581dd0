// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What one query of a set finds at any setting: its best answers with positives and ties marked, its margin, and which
// factor or expert moved that between two settings. Inner products of the query's atoms with those of every candidate
// are taken once, in float64 (0.1 to 0.2 s for 25,000 candidates of width 1024); a setting then costs some tens of
// multiplications a candidate. Scores are those of the float64 reference within 1e-13.
//
// Immutable once made; keeps the set, which must outlive it. Memory: 200 to 400 bytes a candidate.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/eval/product_evaluation.h"
#include "engine/factors/why.h"

namespace engine {

struct TopAnswer {
    std::uint32_t row = 0;  // of the candidates' side
    double score = 0;       // inner product of unit vectors
    bool positive = false;
    bool tied = false;  // another candidate has the same score (kTieTolerance)
};

struct TopAnswers {
    std::vector<TopAnswer> best;       // highest first; of equal scores the lower row
    std::vector<TopAnswer> positives;  // all of the query's, likewise
    double rank = 0;                   // of the best positive, from 1, by the tie rule; 0: none
};

class QueryAnswers {
public:
    // Blocking job on all threads of the caller.
    QueryAnswers(const SetComponents& set, bool forward, std::uint32_t query, const JobContext& job);

    // Throws Error{InvalidInput} where a vector vanishes.
    TopAnswers at(const BlendWeights& first, const BlendWeights& second, std::size_t count, TieRule ties) const;
    // Score of the best positive less that of the best other candidate; nothing where there is not one of each.
    std::optional<double> margin(const BlendWeights& first, const BlendWeights& second) const;
    // Of every candidate.
    std::vector<double> scores(const BlendWeights& first, const BlendWeights& second) const;
    bool isPositive(std::uint32_t candidate) const { return positive_[candidate] != 0; }
    const SetComponents& set() const { return set_; }

private:
    const SetComponents& set_;
    bool forward_;
    std::uint32_t query_;
    const Components &asking_, &asked_;
    std::size_t asking_atoms_, asked_atoms_;
    std::vector<double> own_;     // Gram matrix of the query's atoms
    std::vector<double> gram_;    // [candidates][atoms][atoms]
    std::vector<double> cross_;   // [candidates][atoms of the query][atoms]
    std::vector<char> positive_;  // [candidates]
};

// What moved a query's margin between two settings, as explainChange() says it of a whole set. Empty shares where it
// has no margin or nothing differs.
struct QueryShares {
    std::vector<Mover> movers;  // moversBetween() the settings
    double margin_before = 0, margin_after = 0;
    std::vector<double> shares, errors;  // Shapley values and their standard errors; the sum is the margin's change
};
QueryShares explainQuery(const ProductModel& model, const QueryAnswers& query, const Setting& before,
                         const Setting& after, const JobContext& job);

}  // namespace engine
