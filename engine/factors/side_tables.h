// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What cutting needs of one side, made once for all its items: the weights of BlendSide at the nodes of a grid, and how
// far they can be from their interpolation within its cells. Internal to engine/factors.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "engine/factors/blend_side.h"
#include "engine/factors/factor_grid.h"

namespace engine {

// One side in one of its two parts: as queries (BlendSide::Part::Direction) or as candidates (Weights), levelled.
class SideTables {
public:
    enum class Part { Query, Candidate };
    // `with_slopes`: also bounds of the slopes, needed where both sides depend on one factor; candidates then need the
    // `queries` that they are sorted out for.
    SideTables(const BlendSide& side, const FactorGrid& grid, Part part, bool with_slopes, const JobContext& job,
               const SideTables* queries = nullptr);

    const BlendSide& side() const { return side_; }
    std::size_t atoms() const { return side_.atoms(); }

    // Weights at a node given by its place along each dim of the grid, in leaves: [atoms].
    const float* node(std::size_t item, const std::size_t* place) const {
        return nodes_.data() + (item * own_nodes_ + ownIndex(place, nodes_along_)) * atoms();
    }
    // Interpolation error in a cell of a level (1..levels) given by its place along each dim in cells of it: [atoms].
    const float* error(std::size_t item, std::size_t level, const std::size_t* place) const {
        return errors_.data() + cellIndex(item, level, place) * atoms();
    }
    // Slopes along the side's l-th own dim: [own dims][atoms].
    const float* slope(std::size_t item, std::size_t level, const std::size_t* place) const {
        return slopes_.data() + cellIndex(item, level, place) * atoms() * side_.dims().size();
    }
    bool exact() const { return exact_; }  // no interpolation error anywhere
    // At least Σ_j b_j |atom_j| anywhere in the box.
    float reach(std::size_t item) const { return reach_[item]; }
    const float* reachOfAll() const { return reach_.data(); }

    // For sorting candidates out: weights at the nodes of the coarse grid, item by item side by side,
    // [coarse node][atom][item], and the largest interpolation error, [atom][item]. The product of two weights that
    // change with one factor curves by 2 a' b' more than each does: candidates' errors have h²/4 a' b' in them, as a
    // part of the query's weight, a' <= steepness · (the most that a is).
    const float* coarse(std::size_t node, std::size_t atom) const {
        return coarse_.data() + (node * atoms() + atom) * side_.items();
    }
    const float* coarseError(std::size_t atom) const { return coarse_errors_.data() + atom * side_.items(); }
    const float* coarseMost(std::size_t atom) const { return coarse_most_.data() + atom * side_.items(); }
    std::size_t coarseNode(const std::size_t* place) const { return ownIndex(place, coarse_along_); }
    std::size_t coarseNodes() const { return coarse_nodes_; }
    // Of a dim of the grid: |a'| of any item's weight over the most that the weight is, at most. 0: not its own.
    double steepness(std::size_t dim) const { return steepness_[dim]; }

private:
    std::size_t ownIndex(const std::size_t* place, std::size_t along) const {
        std::size_t index = 0;
        for (const std::size_t d : side_.dims()) index = index * along + place[d];
        return index;
    }
    std::size_t cellIndex(std::size_t item, std::size_t level, const std::size_t* place) const {
        return item * own_cells_ + first_cell_[level] + ownIndex(place, cells_along_[level]);
    }

    const BlendSide& side_;
    std::size_t nodes_along_, own_nodes_, coarse_along_, coarse_nodes_;
    std::vector<std::size_t> cells_along_, first_cell_;
    std::size_t own_cells_ = 0;
    bool exact_ = true;
    std::array<double, kMostDims> steepness_{};
    std::vector<float> nodes_, errors_, slopes_, reach_, coarse_, coarse_errors_, coarse_most_;
};

}  // namespace engine
