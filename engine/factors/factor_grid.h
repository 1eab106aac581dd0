// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The box of factors that a landscape is proven for, and its cuts: every level divides the cells of the one before into
// equal parts along each factor; the finest cells are the leaves. Values only.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace engine {

inline constexpr std::size_t kMostDims = 6;  // factors of one evaluation set

struct FactorGrid {
    std::vector<std::string> factors;  // names; their places are the dims
    std::vector<double> low, high;     // the box
    std::vector<std::size_t> parts;    // along each factor, for each level; empty with no factor

    std::size_t dims() const { return factors.size(); }
    std::size_t levels() const { return parts.size(); }
    // Cells along each factor at a level (0: the whole box).
    std::size_t cellsAlong(std::size_t level) const;
    std::size_t leavesAlong() const { return cellsAlong(levels()); }
    std::size_t leaves() const;
    // Place of the i-th of `cells` + 1 borders along a dim.
    double border(std::size_t dim, std::size_t i, std::size_t cells) const;
    bool contains(const double* point) const;
    // The cell that holds a point of the box, out of so many along each factor: its place along each dim.
    void placeOf(const double* point, std::size_t cells, std::size_t* place) const;
    // The leaf that holds a point of the box: its place along each dim, and its number (the last dim runs fastest).
    std::size_t leafOf(const double* point) const;
};

// The cuts for so many factors and queries: fine where there are few of them.
std::vector<std::size_t> gridParts(std::size_t dims, std::size_t queries);
// Cells along each factor by which candidates are sorted out at first.
std::size_t coarseCells(std::size_t dims);

}  // namespace engine
