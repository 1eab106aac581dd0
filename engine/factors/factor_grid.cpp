// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/factor_grid.h"

#include <algorithm>

namespace engine {

namespace {

constexpr std::size_t kMostLeafQueries = 32'000'000;

}  // namespace

std::size_t FactorGrid::cellsAlong(std::size_t level) const {
    std::size_t cells = 1;
    for (std::size_t v = 0; v < level; ++v) cells *= parts[v];
    return cells;
}

std::size_t FactorGrid::leaves() const {
    std::size_t cells = 1;
    for (std::size_t d = 0; d < dims(); ++d) cells *= leavesAlong();
    return cells;
}

double FactorGrid::border(std::size_t dim, std::size_t i, std::size_t cells) const {
    if (i == cells) return high[dim];
    return low[dim] + (high[dim] - low[dim]) * (static_cast<double>(i) / static_cast<double>(cells));
}

bool FactorGrid::contains(const double* point) const {
    for (std::size_t d = 0; d < dims(); ++d) {
        if (!(point[d] >= low[d] && point[d] <= high[d])) return false;
    }
    return true;
}

void FactorGrid::placeOf(const double* point, std::size_t cells, std::size_t* place) const {
    for (std::size_t d = 0; d < dims(); ++d) {
        const double width = high[d] - low[d];
        const double at = width > 0 ? (point[d] - low[d]) / width * static_cast<double>(cells) : 0;
        auto i = static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(cells - 1)));
        // Division may round across a border.
        while (i > 0 && point[d] < border(d, i, cells)) --i;
        while (i + 1 < cells && point[d] > border(d, i + 1, cells)) ++i;
        place[d] = i;
    }
}

std::size_t FactorGrid::leafOf(const double* point) const {
    std::size_t place[kMostDims], leaf = 0;
    placeOf(point, leavesAlong(), place);
    for (std::size_t d = 0; d < dims(); ++d) leaf = leaf * leavesAlong() + place[d];
    return leaf;
}

std::vector<std::size_t> gridParts(std::size_t dims, std::size_t queries) {
    // Leaves times queries that building and memory bear.
    const std::size_t most = std::max<std::size_t>(1, kMostLeafQueries / std::max<std::size_t>(1, queries));
    const auto fits = [&](std::size_t along) {
        std::size_t leaves = 1;
        for (std::size_t d = 0; d < dims; ++d) leaves *= along;
        return leaves <= most;
    };
    switch (dims) {
        case 0:
            return {};
        case 1:
            return {8, 8};
        case 2:
            return {4, 4};
        case 3:
            return fits(8) ? std::vector<std::size_t>{4, 2} : std::vector<std::size_t>{4};
        default:
            return fits(3) ? std::vector<std::size_t>{3} : std::vector<std::size_t>{2};
    }
}

std::size_t coarseCells(std::size_t dims) {
    switch (dims) {
        case 0:
            return 1;
        case 1:
            return 16;
        case 2:
            return 8;
        case 3:
            return 6;
        default:
            return 3;
    }
}

}  // namespace engine
