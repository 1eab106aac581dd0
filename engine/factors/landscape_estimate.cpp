// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/landscape_estimate.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "engine/base/file.h"
#include "engine/factors/query_sample.h"
#include "engine/factors/set_landscape.h"

namespace engine {

namespace {

constexpr std::size_t kMeasuredUnits = 64;
constexpr std::uint64_t kMeasuredSeed = 0x1a5d;  // of the units that are measured: always the same ones

// Rules of thumb, from the sets of the synthetic worlds.
constexpr double kSurvivors = 30, kSurvivingShare = 0.004;  // of a query's candidates
constexpr double kOpenPairs = 20;                           // of a query
constexpr double kOpenBytesOfLeaf = 3;                      // of a query
constexpr double kProductsPerSecond = 1.5e10;               // multiplications of a thread
constexpr double kPairNodesPerSecond = 2e9;

// Atoms of a side: the base, and one or two of a layer where an expert is in force.
std::size_t atomsOf(const BlendWeights& weights, const std::vector<LayerDims>& dims) {
    std::size_t atoms = 1;
    for (std::size_t k = 0; k < weights.layers.size(); ++k) {
        const auto& use = weights.layers[k].weights;
        if (std::any_of(use.begin(), use.end(), [](double w) { return w != 0; })) atoms += dims[k].weight < 0 ? 1 : 2;
    }
    return atoms;
}

// Values of the tables of one side for each of its rows; a bound, for it takes every factor for the side's own.
double tableValues(const FactorGrid& grid, std::size_t atoms, const std::vector<LayerDims>& dims) {
    double own = 0, cells = 0;
    for (const auto& layer : dims) own += (layer.share >= 0) + (layer.weight >= 0);
    for (std::size_t v = 1; v <= grid.levels(); ++v) cells += std::pow(grid.cellsAlong(v), own);
    return static_cast<double>(atoms) *
           (std::pow(grid.leavesAlong() + 1, own) + cells + std::pow(coarseCells(grid.dims()) + 1, own));
}

double sumBytes(const Components& side, const BlendWeights& weights) {
    double bytes = 0;
    for (const auto& layer : weights.layers) {
        if (std::count_if(layer.weights.begin(), layer.weights.end(), [](double w) { return w != 0; }) > 1)
            bytes += 4.0 * static_cast<double>(side.rows() * side.width());
    }
    return bytes;
}

}  // namespace

std::uint64_t LandscapeEstimate::bytesOf(std::size_t of) const {
    return static_cast<std::uint64_t>(std::max(0.0, fixed_bytes + unit_bytes * static_cast<double>(of)));
}

std::size_t LandscapeEstimate::unitsWithin(std::uint64_t memory_bytes) const {
    const double room = static_cast<double>(memory_bytes) - fixed_bytes;
    if (room <= 0) return 0;
    if (unit_bytes <= 0) return of_units;
    return static_cast<std::size_t>(std::min(room / unit_bytes, static_cast<double>(of_units)));
}

std::string LandscapeEstimate::text() const {
    char time[32];
    std::snprintf(time, sizeof time, seconds() < 10 ? "%.1f s" : "%.0f s", seconds());
    return "about " + humanBytes(bytes()) + " of memory, " + humanBytes(diskBytes()) + " on disk, " + time +
           " to build";
}

LandscapeEstimate estimateLandscape(const LandscapeRequest& request) {
    LandscapeEstimate out;
    const auto n = static_cast<double>(request.set.first.rows()), m = static_cast<double>(request.set.second.rows());
    const FactorGrid grid = request.grid();
    const double leaves = static_cast<double>(grid.leaves());
    const std::size_t a = atomsOf(request.first, request.first_dims), b = atomsOf(request.second, request.second_dims);
    const double products = static_cast<double>(a * b), width = static_cast<double>(request.set.first.width());
    if (request.set.set.kind == SetKind::MultiLabel) {
        out.units = out.of_units = 1;
        out.fixed_bytes = n * m * products * sizeof(float);
        out.fixed_seconds = 2 * n * m * products * width / (kProductsPerSecond * omp_get_max_threads());
        return out;  // kept in memory alone
    }
    const SetUnits units = unitsOf(request.set.set, request.set.first.rows(), request.set.second.rows());
    out.units = units.count;
    out.of_units = request.sample ? request.sample->of_units : units.count;
    const auto asking = [](const std::vector<std::uint32_t>& side) {
        return static_cast<double>(std::count_if(side.begin(), side.end(), [](auto u) { return u != kNoUnit; }));
    };
    double coarse_nodes = std::pow(coarseCells(grid.dims()) + 1, grid.dims());
    for (const bool forward : {true, false}) {
        if (!forward && !request.backward) continue;
        const double rows = forward ? n : m, candidates = forward ? m : n;
        double queries = asking(forward ? units.first : units.second);
        if (!forward && request.set.set.kind == SetKind::Classification) queries = m;
        out.fixed_bytes += rows * (leaves + 16) + leaves * 28 + 24;
        const double entries = std::min(candidates, kSurvivors + kSurvivingShare * candidates);
        const double bytes = entries * (4 + 4 * products) + kOpenPairs * (4 + 4 * products) + leaves * kOpenBytesOfLeaf;
        const double seconds = candidates *
                               (products * width / kProductsPerSecond + coarse_nodes / kPairNodesPerSecond) /
                               omp_get_max_threads();
        const double of_units = std::max<double>(1, static_cast<double>(units.count));
        out.unit_bytes += bytes * queries / of_units;
        out.unit_seconds += seconds * queries / of_units;
    }
    const double tables = n * tableValues(grid, a, request.first_dims) + m * tableValues(grid, b, request.second_dims);
    out.fixed_seconds = tables * (request.backward ? 2 : 1) * 5e-8 / omp_get_max_threads();
    const double tiles = products * 4 * static_cast<double>(request.tile * request.tile * 4) * omp_get_max_threads();
    out.working_bytes = static_cast<std::uint64_t>(4 * tables + tiles + sumBytes(request.set.first, request.first) +
                                                   sumBytes(request.set.second, request.second));
    const auto stored = [](double rows, std::size_t atoms) {
        return rows * static_cast<double>(atoms * atoms * 8 + 4);
    };
    out.disk_extra = static_cast<std::uint64_t>(stored(n, a) + stored(m, b));
    return out;
}

LandscapeEstimate measureLandscape(const LandscapeRequest& request, const JobContext& job) {
    LandscapeEstimate out = estimateLandscape(request);
    if (out.units == 0) return out;
    LandscapeRequest some = sampledRequest(request, std::min(kMeasuredUnits, out.units), kMeasuredSeed);
    some.memory_bytes = std::numeric_limits<std::uint64_t>::max();
    const double units = static_cast<double>(some.sample->units);
    // Classes as queries are not among what was measured: they stay a rule of thumb.
    const LandscapeEstimate ruled = estimateLandscape(some);
    const auto built = SetLandscape::build(some, JobContext(job.stopToken()));
    const double bytes = (static_cast<double>(built->bytes()) - ruled.fixed_bytes) / units;
    const double seconds = built->buildSeconds().queries / units;
    if (request.backward == some.backward) {
        out.unit_bytes = bytes;
        out.unit_seconds = seconds;
    } else {
        out.unit_bytes += bytes - ruled.unit_bytes;
        out.unit_seconds += seconds - ruled.unit_seconds;
    }
    out.fixed_seconds = built->buildSeconds().rows;
    out.measured = true;
    return out;
}

}  // namespace engine
