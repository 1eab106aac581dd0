// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What one query's hits depend on, in every cell of the grid. With s_c the score of a candidate and s_p that of a
// positive,
//   D_c = s_c − max_p s_p;   a hit at K if fewer than K candidates have D_c > 0.
// s is a sum of products a_i(σ_q) b_j(σ_c) <x_i, y_j>, so within a cell it differs from the interpolation between its
// corners by no more than Σ |<x_i, y_j>| (error of a_i · b_j + a_i · error of b_j). The difference is bounded at the
// corners, not the two scores apart, so the bound is as tight as the cell is small. Internal to engine/factors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/factors/factor_grid.h"
#include "engine/factors/side_tables.h"

namespace engine {

inline constexpr std::array<std::uint32_t, 3> kHitPlaces = {1, 5, 10};

// Margins beneath which a difference of scores is left undecided though the bound decides it: far above the tie
// tolerance of eval/ranks.h, far below float32.
inline constexpr double kDecided = 1e-10;

// A query's positives and the candidates that can beat them, with approximate inner products of atoms.
struct QueryEntries {
    std::uint32_t query = 0;
    std::uint32_t positives = 0;  // the first entries
    std::uint32_t always = 0;     // candidates that surely beat every positive in the whole box; not among `items`
    const std::uint32_t* items = nullptr;  // [count]
    const float* products = nullptr;       // [query atoms * candidate atoms][count]
    std::size_t count = 0;
    double product_error = 0;  // |approximate − exact| <= this times the lengths of the atoms
};

// What is undecided in one leaf: its entries are indices into QueryEntries, positives first.
struct LeafPart {
    std::size_t leaf = 0;
    std::uint32_t beaten = 0;     // by candidates that surely beat every positive
    std::uint32_t positives = 0;  // of the entries
    std::vector<std::uint32_t> entries;
};

// Cuts one query after another; keeps scratch between them. One for each thread.
class QueryCutter {
public:
    QueryCutter(const FactorGrid& grid, const SideTables& queries, const SideTables& candidates);

    // Appends what is undecided to `parts` and notes sure hits: sure[leaf * stride] gets bit k for kHitPlaces[k].
    void cut(const QueryEntries& query, std::vector<LeafPart>& parts, std::uint8_t* sure, std::size_t stride);

private:
    using Place = std::array<std::size_t, kMostDims>;
    struct Alive {  // a query's undecided entries at some level
        std::vector<std::uint32_t> entries;
        std::uint32_t positives = 0, beaten = 0;
    };
    void cutCell(const QueryEntries& query, std::size_t level, const Place& cell, const Alive& alive,
                 std::vector<LeafPart>& parts);
    void addSure(std::size_t level, const Place& cell, std::uint32_t beaten) const;
    std::size_t leafNumber(const Place& leaf) const;

    const FactorGrid& grid_;
    const SideTables& queries_;
    const SideTables& candidates_;
    std::vector<std::size_t> shared_;  // dims of both sides
    struct Level {
        std::vector<float> scores, weights, mixed, highest, lowest, slack, products;
        Alive child;
    };
    std::vector<Level> levels_;
    std::uint8_t* sure_ = nullptr;
    std::size_t stride_ = 0;
};

}  // namespace engine
