// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The scores of a few queries at any setting, without touching an embedding again. A product vector is a sum of its
// parts (the base row and every expert's row of every layer, not summed): x = Σ_p a_p part_p, so
//   score(x, y) = Σ_pq a_p b_q <part_p of x, part_q of y>,
// where the coefficients follow from the setting and the item's own Gram matrix of parts. Unlike the atoms of BlendSide
// this also holds where experts' weights change. Everything in float64. Immutable; thread-safe. Internal to
// engine/factors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/job.h"
#include "engine/recipe/product.h"

namespace engine {

// The parts of some items of one side and their Gram matrices. Memory: 8 bytes times parts² an item.
class PartGrams {
public:
    // `components` must outlive it.
    PartGrams(const Components& components, std::vector<std::uint32_t> items, const JobContext& job);

    const Components& components() const { return components_; }
    std::size_t items() const { return items_.size(); }
    std::uint32_t row(std::size_t i) const { return items_[i]; }
    std::size_t parts() const { return parts_.size(); }
    MatrixView part(std::size_t p) const { return parts_[p]; }  // base, then the layers' parts in order
    // Coefficients [parts] of the unit product vector of items()[i]. Throws as blendRow() where it vanishes.
    void coefficients(std::size_t i, const BlendWeights& weights, double* out) const;

private:
    const Components& components_;
    std::vector<std::uint32_t> items_;
    std::vector<MatrixView> parts_;
    std::vector<double> grams_;  // [items][parts][parts]
};

// Coefficients of every item of `grams` at one setting: [items][parts].
std::vector<double> coefficientsOf(const PartGrams& grams, const BlendWeights& weights);

// The best positive and the best of the others for one query; inner products with unit vectors.
struct BestAnswers {
    double positive = 0, wrong = 0;
    std::uint32_t positive_row = 0, wrong_row = 0;

    double margin() const { return positive - wrong; }
};

// Inner products of all parts of several queries with all parts of every candidate. Memory: 8 bytes times query parts
// times candidate parts for each query and candidate.
class QueryField {
public:
    // Both must outlive it; `candidates` hold every row of their side in order.
    QueryField(const PartGrams& queries, const PartGrams& candidates, const JobContext& job);

    // Of the i-th query, with the coefficients of that query [parts] and of all candidates. `positives`: rows,
    // ascending; at least one, and not every candidate. The lower row wins where scores are equal.
    BestAnswers best(std::size_t i, const double* query, const std::vector<double>& candidates,
                     const std::vector<std::uint32_t>& positives) const;

private:
    std::size_t query_parts_, candidate_parts_, candidates_;
    std::vector<double> inner_;  // [queries][candidates][query parts][candidate parts]
};

}  // namespace engine
