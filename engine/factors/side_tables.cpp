// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/side_tables.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/error.h"

namespace engine {

namespace {

constexpr std::size_t kBlockItems = 1024;

std::size_t power(std::size_t base, std::size_t exponent) {
    std::size_t out = 1;
    for (std::size_t i = 0; i < exponent; ++i) out *= base;
    return out;
}

float roundedUp(double value) {
    return std::nextafter(static_cast<float>(value), std::numeric_limits<float>::infinity());
}

// Calls visit(place) for all places 0..along-1 on the own dims, the last running fastest; other dims stay 0.
template <class Visit>
void forPlaces(const std::vector<std::size_t>& dims, std::size_t along, const Visit& visit) {
    std::array<std::size_t, kMostDims> place{};
    const std::size_t total = power(along, dims.size());
    for (std::size_t i = 0; i < total; ++i) {
        std::size_t rest = i;
        for (std::size_t k = dims.size(); k-- > 0; rest /= along) place[dims[k]] = rest % along;
        visit(i, place.data());
    }
}

}  // namespace

SideTables::SideTables(const BlendSide& side, const FactorGrid& grid, Part part, bool with_slopes,
                       const JobContext& job, const SideTables* queries)
    : side_(side) {
    ENGINE_CHECK(!with_slopes || part == Part::Query || queries, "candidates without their queries");
    const auto& dims = side.dims();
    const std::size_t n = side.atoms(), items = side.items(), own = dims.size();
    const std::size_t leaves = grid.leavesAlong(), coarse_cells = coarseCells(grid.dims());
    nodes_along_ = leaves + 1;
    own_nodes_ = power(nodes_along_, own);
    coarse_along_ = coarse_cells + 1;
    coarse_nodes_ = power(coarse_along_, own);
    cells_along_.push_back(1);
    first_cell_.push_back(0);
    for (std::size_t v = 1; v <= grid.levels(); ++v) {
        cells_along_.push_back(grid.cellsAlong(v));
        first_cell_.push_back(own_cells_);
        own_cells_ += power(cells_along_.back(), own);
    }
    nodes_.resize(items * own_nodes_ * n);
    errors_.resize(items * own_cells_ * n);
    if (with_slopes) slopes_.resize(items * own_cells_ * n * own);
    reach_.resize(items);
    coarse_.resize(coarse_nodes_ * n * items);
    coarse_errors_.resize(n * items);
    coarse_most_.resize(n * items);

    const auto bounded = part == Part::Query ? BlendSide::Part::Direction : BlendSide::Part::Weights;
    const auto weightsAt = [&](std::size_t item, const double* point, double* b) {
        if (!side.levelled(item, point, bounded, b)) std::fill_n(b, n, 0.0);  // its bounds are infinite there
    };
    const auto corners = [&](const std::size_t* place, std::size_t cells, double* low, double* high) {
        for (std::size_t d = 0; d < grid.dims(); ++d) low[d] = grid.low[d], high[d] = grid.high[d];
        for (const std::size_t d : dims) {
            low[d] = grid.border(d, place[d], cells);
            high[d] = grid.border(d, place[d] + 1, cells);
        }
    };
    std::vector<char> inexact(items, 0);
    std::vector<double> steepest(with_slopes ? items * own : 0, 0);  // of each item
    for (std::size_t first = 0; first < items; first += kBlockItems) {
        job.checkStop();
        const std::size_t last = std::min(first + kBlockItems, items);
#pragma omp parallel for schedule(static)
        for (std::size_t i = first; i < last; ++i) {
            double b[kMostAtoms], error[kMostAtoms], slope[kMostDims * kMostAtoms], low[kMostDims], high[kMostDims];
            double reach = 0, worst = 0, lengths[kMostAtoms];
            for (std::size_t j = 0; j < n; ++j)
                lengths[j] = side.inverseLength(i, j) == 0 ? 0 : 1 / side.inverseLength(i, j);
            forPlaces(dims, nodes_along_, [&](std::size_t node, const std::size_t* place) {
                for (std::size_t d = 0; d < grid.dims(); ++d) low[d] = grid.border(d, place[d], leaves);
                weightsAt(i, low, b);
                double sum = 0;
                for (std::size_t j = 0; j < n; ++j) {
                    nodes_[(i * own_nodes_ + node) * n + j] = static_cast<float>(b[j]);
                    sum += b[j] * lengths[j];
                }
                reach = std::max(reach, sum);
            });
            for (std::size_t v = 1; v <= grid.levels(); ++v) {
                forPlaces(dims, cells_along_[v], [&](std::size_t cell, const std::size_t* place) {
                    corners(place, cells_along_[v], low, high);
                    side.bound(i, low, high, bounded, true, error, slope);
                    const std::size_t at = i * own_cells_ + first_cell_[v] + cell;
                    double sum = 0;
                    for (std::size_t j = 0; j < n; ++j) {
                        errors_[at * n + j] = error[j] == 0 ? 0 : roundedUp(error[j]);
                        sum += error[j] * lengths[j];
                    }
                    if (v == grid.levels()) worst = std::max(worst, sum);
                    for (std::size_t k = 0; with_slopes && k < own * n; ++k)
                        slopes_[at * own * n + k] = roundedUp(slope[k]);
                });
            }
            reach_[i] = roundedUp(reach + worst);
            inexact[i] = worst > 0;
            double most[kMostAtoms] = {}, largest[kMostAtoms] = {}, steep[kMostDims * kMostAtoms] = {};
            forPlaces(dims, coarse_along_, [&](std::size_t node, const std::size_t* place) {
                for (std::size_t d = 0; d < grid.dims(); ++d) low[d] = grid.border(d, place[d], coarse_cells);
                weightsAt(i, low, b);
                for (std::size_t j = 0; j < n; ++j) {
                    coarse_[(node * n + j) * items + i] = static_cast<float>(b[j]);
                    most[j] = std::max(most[j], b[j]);
                }
            });
            forPlaces(dims, coarse_cells, [&](std::size_t, const std::size_t* place) {
                corners(place, coarse_cells, low, high);
                side.bound(i, low, high, bounded, true, error, slope);
                for (std::size_t j = 0; j < n; ++j) {
                    double e = error[j];
                    for (std::size_t k = 0; with_slopes && k < own; ++k) {
                        const double h = high[dims[k]] - low[dims[k]];
                        steep[k * n + j] = std::max(steep[k * n + j], slope[k * n + j]);
                        if (queries) e += h * h / 4 * queries->steepness(dims[k]) * slope[k * n + j] * (1 + 1e-6);
                    }
                    largest[j] = std::max(largest[j], e);
                }
            });
            for (std::size_t j = 0; j < n; ++j) {
                coarse_errors_[j * items + i] = largest[j] == 0 ? 0 : roundedUp(largest[j]);
                const float at_most = coarse_most_[j * items + i] = roundedUp(most[j] + largest[j]);
                for (std::size_t k = 0; with_slopes && k < own; ++k) {
                    if (steep[k * n + j] == 0) continue;
                    // A weight that never is more than m has no true slope of more than 6 m over a cell's width: what
                    // is far beyond is the looseness of its bound.
                    const double part_of = steep[k * n + j] / static_cast<double>(at_most) * (1 + 1e-6);
                    steepest[i * own + k] = std::max(steepest[i * own + k], std::min(part_of, 1e12));
                }
            }
        }
    }
    for (std::size_t k = 0; k < steepest.size(); ++k)
        steepness_[dims[k % own]] = std::max(steepness_[dims[k % own]], steepest[k]);
    exact_ = std::none_of(inexact.begin(), inexact.end(), [](char x) { return x != 0; });
}

}  // namespace engine
