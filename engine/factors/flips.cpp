// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/flips.h"

#include <algorithm>
#include <memory>

#include "engine/base/error.h"
#include "engine/base/first_error.h"
#include "engine/factors/line_solver.h"

namespace engine {

namespace {

constexpr std::size_t kBlockQueries = 128;

void checkLine(const SetLandscape& landscape, const FactorLine& line, bool forward) {
    const FactorGrid& grid = landscape.grid();
    const std::string where = "line in " + landscape.set().set.name;
    if (line.point.size() != grid.dims() || line.dim >= grid.dims()) {
        throw Error(ErrorCode::InvalidInput, where,
                    "expected a point of " + std::to_string(grid.dims()) + " factors and one of them to change");
    }
    std::vector<double> low = line.point, high = line.point;
    low[line.dim] = line.low;
    high[line.dim] = line.high;
    if (!(line.low <= line.high) || !grid.contains(low.data()) || !grid.contains(high.data())) {
        throw Error(ErrorCode::InvalidInput, where,
                    "the line of " + grid.factors[line.dim] + " leaves the box that the landscape was built for");
    }
    if (landscape.cells(forward).open_at.size() == 0)
        throw Error(ErrorCode::InvalidInput, where, "the landscape was built without this direction");
}

}  // namespace

LineHits flipsAlong(const SetLandscape& landscape, const FactorLine& line, bool forward, TieRule ties,
                    const JobContext& job) {
    checkLine(landscape, line, forward);
    const auto& positives = landscape.survivors(forward).positives;
    const std::size_t n = positives.size();
    LineHits out;
    out.low = line.low;
    out.high = line.high;
    out.queries = landscape.cells(forward).queries;
    out.start.resize(n);
    const std::vector<LinePiece> pieces = piecesOf(landscape.grid(), line);
    if (pieces.empty()) {
        std::vector<double> point = line.point;
        point[line.dim] = line.low;
        const auto hits = landscape.hits(point.data(), forward, ties);
        for (std::size_t q = 0; q < n; ++q) std::copy(hits[q].begin(), hits[q].end(), out.start[q].begin());
        return out;
    }
    const std::size_t blocks = (n + kBlockQueries - 1) / kBlockQueries;
    std::vector<std::vector<Flip>> found(blocks);
    FirstError failure;
#pragma omp parallel
    {
        std::unique_ptr<LineSolver> solver;
        failure.guard([&] { solver = std::make_unique<LineSolver>(landscape, line, pieces, forward, ties); });
#pragma omp for schedule(dynamic, 1)
        for (std::size_t b = 0; b < blocks; ++b) {
            if (failure.any()) continue;
            failure.guard([&] {
                const std::size_t first = b * kBlockQueries, last = std::min(first + kBlockQueries, n);
                solver->seek(static_cast<std::uint32_t>(first));
                for (std::size_t q = first; q < last; ++q) {
                    job.checkStop();
                    if (positives[q] != 0) solver->solve(static_cast<std::uint32_t>(q), out.start[q], found[b]);
                }
            });
        }
    }
    failure.rethrow();
    for (const auto& block : found) out.flips.insert(out.flips.end(), block.begin(), block.end());
    // Blocks are in the order of the queries, and a query's flips in that of the places.
    std::stable_sort(out.flips.begin(), out.flips.end(), [](const Flip& a, const Flip& b) { return a.at < b.at; });
    return out;
}

double HitCurve::at(double factor) const {
    return values[static_cast<std::size_t>(std::upper_bound(breaks.begin(), breaks.end(), factor) - breaks.begin())];
}

HitCurve hitCurve(const LineHits& hits, std::size_t place) {
    HitCurve out;
    out.low = hits.low;
    out.high = hits.high;
    const double percent = hits.queries == 0 ? 0 : 100.0 / hits.queries;
    double sum = 0;
    for (const auto& start : hits.start) sum += start[place];
    out.values.push_back(percent * sum);
    for (std::size_t i = 0; i < hits.flips.size();) {
        const double at = hits.flips[i].at, before = sum;
        for (; i < hits.flips.size() && hits.flips[i].at == at; ++i) {
            if (hits.flips[i].place == place) sum += hits.flips[i].after - hits.flips[i].before;
        }
        if (sum == before) continue;
        out.breaks.push_back(at);
        out.values.push_back(percent * sum);
    }
    return out;
}

HitCurve meanCurve(const HitCurve& a, const HitCurve& b) {
    ENGINE_CHECK(a.low == b.low && a.high == b.high, "curves of different lines");
    HitCurve out;
    out.low = a.low;
    out.high = a.high;
    out.values.push_back((a.values[0] + b.values[0]) / 2);
    for (std::size_t i = 0, j = 0; i < a.breaks.size() || j < b.breaks.size();) {
        const double at = std::min(i < a.breaks.size() ? a.breaks[i] : out.high + 1,
                                   j < b.breaks.size() ? b.breaks[j] : out.high + 1);
        if (i < a.breaks.size() && a.breaks[i] == at) ++i;
        if (j < b.breaks.size() && b.breaks[j] == at) ++j;
        const double value = (a.values[i] + b.values[j]) / 2;
        if (value == out.values.back()) continue;
        out.breaks.push_back(at);
        out.values.push_back(value);
    }
    return out;
}

}  // namespace engine
