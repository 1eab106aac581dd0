// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/headroom.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/first_error.h"
#include "engine/factors/flips.h"
#include "engine/factors/router_features.h"
#include "engine/factors/unit_hits.h"

namespace engine {

namespace {

using PlaceHits = std::vector<std::array<float, kHitPlaces.size()>>;

// Values along each factor of the oracles' grids and of the router's settings, by the number of factors.
constexpr std::array<std::size_t, kMostDims + 1> kOracleSteps{1, 41, 21, 9, 5, 3, 3};
constexpr std::array<std::size_t, kMostDims + 1> kRouterSteps{1, 11, 5, 3, 1, 1, 1};

// Rows of a group's hits.
enum Row : std::size_t { Current, Best, ByOwn, ByAll, One, Routed, Fitted, OfSettings, Rows };

// Factors that act on the queries and not on the candidates.
std::vector<std::size_t> ownDims(const SetLandscape& landscape, bool forward) {
    const auto& mine = (forward ? landscape.first() : landscape.second()).dims();
    const auto& others = (forward ? landscape.second() : landscape.first()).dims();
    std::vector<std::size_t> out;
    std::set_difference(mine.begin(), mine.end(), others.begin(), others.end(), std::back_inserter(out));
    return out;
}

// `point`, then a lattice of `steps` values of each of `dims` over the box (the last dim runs fastest) without it.
std::vector<std::vector<double>> lattice(const FactorGrid& grid, const std::vector<double>& point,
                                         const std::vector<std::size_t>& dims, std::size_t steps) {
    std::vector<std::vector<double>> out{point};
    if (dims.empty() || steps < 2) return out;
    std::size_t count = 1;
    for (std::size_t d = 0; d < dims.size(); ++d) count *= steps;
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<double> at = point;
        std::size_t rest = i;
        for (std::size_t d = dims.size(); d-- > 0; rest /= steps)
            at[dims[d]] = grid.border(dims[d], rest % steps, steps - 1);
        if (at != point) out.push_back(std::move(at));
    }
    return out;
}

// The most that each query hits at any of `points`, into `most`.
void raise(PlaceHits& most, const SetLandscape& landscape, const std::vector<std::vector<double>>& points, bool forward,
           TieRule ties, const JobContext& job) {
    FirstError failure;
#pragma omp parallel
    {
        PlaceHits own;
#pragma omp for schedule(dynamic, 1)
        for (std::size_t i = 0; i < points.size(); ++i) {
            if (failure.any()) continue;
            failure.guard([&] {
                job.checkStop();
                own.resize(most.size());
                const PlaceHits hits = landscape.hits(points[i].data(), forward, ties);
                for (std::size_t q = 0; q < own.size(); ++q)
                    for (std::size_t k = 0; k < kHitPlaces.size(); ++k) own[q][k] = std::max(own[q][k], hits[q][k]);
            });
        }
        // The largest of several does not depend on their order.
#pragma omp critical(headroom)
        for (std::size_t q = 0; q < own.size(); ++q)
            for (std::size_t k = 0; k < kHitPlaces.size(); ++k) most[q][k] = std::max(most[q][k], own[q][k]);
    }
    failure.rethrow();
}

// "R@1 audio→text" with another K; empty if the sets have none.
std::string metricAt(const std::string& metric, std::size_t place, const std::vector<HeadroomSet>& sets) {
    const std::size_t begin = metric.find_first_of("@-");
    if (begin == std::string::npos) return {};
    const std::size_t end = std::min(metric.find_first_not_of("0123456789", begin + 1), metric.size());
    for (const auto& set : sets)
        if (set.landscape->set().set.kind == SetKind::Classification && kHitPlaces[place] > 5) return {};
    return metric.substr(0, begin + 1) + std::to_string(kHitPlaces[place]) + metric.substr(end);
}

// Percent of the queries that have a unit.
double rate(const std::vector<float>& hits, const std::vector<std::uint32_t>& unit) {
    double sum = 0, queries = 0;
    for (std::size_t q = 0; q < hits.size(); ++q) {
        if (unit[q] == kNoUnit) continue;
        sum += static_cast<double>(hits[q]);
        queries += 1;
    }
    return queries == 0 ? 0 : 100 * sum / queries;
}

std::vector<float> at(const PlaceHits& hits, std::size_t place) {
    std::vector<float> out;
    for (const auto& h : hits) out.push_back(h[place]);
    return out;
}

PlaceHits everywhere(const std::vector<float>& hits) {
    PlaceHits out(hits.size());
    for (std::size_t q = 0; q < hits.size(); ++q) out[q].fill(hits[q]);
    return out;
}

// Legendre polynomials of the settings' factors over the box, up to the second degree, products of two included.
std::vector<double> basisOf(const std::vector<std::vector<double>>& settings, const FactorGrid& grid,
                            const std::vector<std::size_t>& dims) {
    std::vector<double> out;
    for (const auto& point : settings) {
        std::vector<double> u;
        for (const std::size_t d : dims) {
            const double width = grid.high[d] - grid.low[d];
            u.push_back(width > 0 ? 2 * (point[d] - grid.low[d]) / width - 1 : 0);
        }
        for (std::size_t d = 0; d < u.size(); ++d) {
            out.push_back(std::sqrt(3) * u[d]);
            out.push_back(std::sqrt(5) * (3 * u[d] * u[d] - 1) / 2);
            for (std::size_t e = 0; e < d; ++e) out.push_back(3 * u[d] * u[e]);
        }
    }
    return out;
}

// Hits of one direction for every Row.
using RowHits = std::array<PlaceHits, Rows>;

struct Job {
    TieRule ties;
    const HeadroomOptions& options;
    const ConfidenceOptions& confidence;
    const JobContext& job;
};

void route(const HeadroomSet& of, const GroupHits::Set& set, bool forward, const Job& run, DirectionHeadroom& out,
           RowHits& hits) {
    const auto& unit = forward ? set.units.first : set.units.second;
    const auto settings = routerSettings(*of.landscape, of.best, forward);
    RouterData data;
    data.settings = settings.size();
    data.unit = unit;
    data.units = set.units.count;
    data.basis = basisOf(settings, of.landscape->grid(), ownDims(*of.landscape, forward));
    data.hits.resize(unit.size() * settings.size());
    FirstError failure;
#pragma omp parallel for schedule(dynamic, 1)
    for (std::size_t m = 0; m < settings.size(); ++m) {
        if (failure.any()) continue;
        failure.guard([&] {
            run.job.checkStop();
            const PlaceHits found = of.landscape->hits(settings[m].data(), forward, run.ties);
            for (std::size_t q = 0; q < found.size(); ++q) data.hits[q * settings.size() + m] = found[q][set.place];
        });
    }
    failure.rethrow();
    const Components& queries = forward ? of.landscape->set().first : of.landscape->set().second;
    RouterFeatures features = routerFeatures(queries, run.options.router_directions, run.confidence.seed, run.job);
    data.features = features.count;
    data.x = std::move(features.x);
    data.spread = std::move(features.spread);
    RouterOptions options;
    options.splits = run.options.router_splits;
    options.folds = run.options.router_folds;
    options.examples = run.options.router_examples;
    options.seed = run.confidence.seed;
    const RouterTrial trial = tryRouter(data, options, set.name, run.job);
    std::vector<float> most(unit.size());
    for (std::size_t q = 0; q < most.size(); ++q)
        most[q] = *std::max_element(data.hitsOf(q), data.hitsOf(q) + data.settings);
    out.settings = settings.size();
    out.differing = trial.differing;
    out.believed = trial.believed;
    out.share = trial.share;
    for (const auto& point : settings) {
        out.values.emplace_back();
        for (const std::size_t d : ownDims(*of.landscape, forward)) out.values.back().push_back(point[d]);
    }
    hits[One] = everywhere(trial.one);
    hits[Routed] = everywhere(trial.router);
    hits[Fitted] = everywhere(trial.fitted);
    hits[OfSettings] = everywhere(most);
}

DirectionHeadroom direction(const HeadroomSet& of, const GroupHits::Set& set, bool forward, const Job& run,
                            RowHits& hits) {
    const SetLandscape& landscape = *of.landscape;
    const auto& unit = forward ? set.units.first : set.units.second;
    DirectionHeadroom out;
    out.name = directionName(landscape.set().set, forward);
    out.queries =
        static_cast<std::size_t>(std::count_if(unit.begin(), unit.end(), [](auto u) { return u != kNoUnit; }));
    OracleHits oracle = oracleHits(landscape, of.best, forward, run.ties, run.job);
    for (const std::size_t d : oracle.own) out.own_factors.push_back(landscape.grid().factors[d]);
    out.exact = oracle.exact;
    out.own_points = oracle.own_points;
    out.all_points = oracle.all_points;
    hits[Current] = landscape.hits(of.current.data(), forward, run.ties);
    hits[Best] = landscape.hits(of.best.data(), forward, run.ties);
    hits[ByOwn] = std::move(oracle.by_own);
    hits[ByAll] = std::move(oracle.by_all);
    if (oracle.own.empty()) {
        for (const Row row : {One, Routed, Fitted, OfSettings}) hits[row] = hits[Best];
    } else {
        route(of, set, forward, run, out, hits);
    }
    for (std::size_t k = 0; k < kHitPlaces.size(); ++k) {
        out.rates.current[k] = rate(at(hits[Current], k), unit);
        out.rates.best[k] = rate(at(hits[Best], k), unit);
        out.rates.by_own[k] = rate(at(hits[ByOwn], k), unit);
        out.rates.by_all[k] = rate(at(hits[ByAll], k), unit);
    }
    out.one = rate(at(hits[One], set.place), unit);
    out.router = rate(at(hits[Routed], set.place), unit);
    out.router_fitted = rate(at(hits[Fitted], set.place), unit);
    out.of_settings = rate(at(hits[OfSettings], set.place), unit);
    return out;
}

}  // namespace

const OptionTable<HeadroomOptions>& headroomOptionTable() {
    static const OptionTable<HeadroomOptions> table = [] {
        OptionTable<HeadroomOptions> t;
        t.add(
            "router_splits", &HeadroomOptions::router_splits,
            {.help = "How often the items are split into a half that routers are fitted on and one they are tried on.",
             .min = 1,
             .max = 1000,
             .scale = OptionScale::Log});
        t.add("router_folds", &HeadroomOptions::router_folds,
              {.help = "Folds of the cross-validation that chooses a router's penalty.",
               .min = 2,
               .max = 20,
               .advanced = true});
        t.add(
            "router_directions", &HeadroomOptions::router_directions,
            {.help = "Principal directions of the queries' embeddings that a router sees, beside lengths and cosines.",
             .min = 1,
             .max = 512,
             .scale = OptionScale::Log,
             .advanced = true});
        t.add("router_examples", &HeadroomOptions::router_examples,
              {.help = "Most queries with something to choose that one router is fitted on.",
               .min = 10,
               .max = 1e6,
               .scale = OptionScale::Log,
               .unit = "queries",
               .advanced = true});
        return t;
    }();
    return table;
}

std::vector<std::vector<double>> routerSettings(const SetLandscape& landscape, const std::vector<double>& point,
                                                bool forward) {
    const auto own = ownDims(landscape, forward);
    return lattice(landscape.grid(), point, own, kRouterSteps[own.size()]);
}

OracleHits oracleHits(const SetLandscape& landscape, const std::vector<double>& point, bool forward, TieRule ties,
                      const JobContext& job) {
    const FactorGrid& grid = landscape.grid();
    ENGINE_CHECK(point.size() == grid.dims() && grid.contains(point.data()), "the point of an oracle");
    OracleHits out;
    out.own = ownDims(landscape, forward);
    out.by_own = landscape.hits(point.data(), forward, ties);
    // Where the line of one factor is searched, its lattice only adds what holds at single places: ties at the ends.
    auto points = lattice(grid, point, out.own, kOracleSteps[out.own.size()]);
    out.own_points = points.size();
    raise(out.by_own, landscape, points, forward, ties, job);
    if (out.own.size() <= 1) out.exact = true;
    if (out.own.size() == 1) {
        const std::size_t dim = out.own[0];
        const LineHits line = flipsAlong(landscape, {point, dim, grid.low[dim], grid.high[dim]}, forward, ties, job);
        for (std::size_t q = 0; q < line.start.size(); ++q)
            for (std::size_t k = 0; k < kHitPlaces.size(); ++k)
                out.by_own[q][k] = std::max(out.by_own[q][k], static_cast<float>(line.start[q][k]));
        for (const Flip& flip : line.flips) {
            float& most = out.by_own[flip.query][flip.place];
            most = std::max(most, static_cast<float>(flip.after));
        }
    }
    out.by_all = out.by_own;
    std::vector<std::size_t> all(grid.dims());
    std::iota(all.begin(), all.end(), std::size_t{0});
    points = lattice(grid, point, all, kOracleSteps[all.size()]);
    out.all_points = points.size();
    if (all != out.own) raise(out.by_all, landscape, points, forward, ties, job);
    return out;
}

HeadroomResult headroom(const DeltaGroup& group, const std::vector<HeadroomSet>& sets, TieRule ties,
                        const HeadroomOptions& options, const ConfidenceOptions& confidence, const JobContext& job) {
    throwIfAny(headroomOptionTable().validate(options), "headroom of " + group.name);
    std::vector<GroupHits::SetSize> sizes;
    for (const auto& set : sets) {
        const SetComponents& of = set.landscape->set();
        sizes.push_back({of.set, of.first.rows(), of.second.rows()});
    }
    GroupHits hits(group, sizes, Rows, false);
    std::array<std::unique_ptr<GroupHits>, kHitPlaces.size()> places;
    HeadroomResult out;
    for (std::size_t k = 0; k < kHitPlaces.size(); ++k) {
        DeltaGroup other = group;
        out.metrics[k] = other.metric = metricAt(group.metric, k, sets);
        if (!other.metric.empty()) places[k] = std::make_unique<GroupHits>(other, sizes, ByAll + 1, false);
    }
    const Job run{ties, options, confidence, job};
    for (std::size_t s = 0; s < sets.size(); ++s) {
        SetHeadroom of{hits.sets()[s].name, hits.sets()[s].share, {}};
        RowHits forward, backward;
        for (auto& rows : forward) rows.resize(sizes[s].first_items);
        for (auto& rows : backward) rows.resize(sizes[s].second_items);
        for (const auto& d : hits.sets()[s].directions) {
            of.directions.push_back(direction(sets[s], hits.sets()[s], d.forward, run, d.forward ? forward : backward));
            out.routed = out.routed || of.directions.back().settings > 1;
        }
        for (std::size_t row = 0; row < Rows; ++row) {
            const QueryHits both{std::move(forward[row]), std::move(backward[row])};
            hits.put(s, row, both);
            for (auto& place : places)
                if (place && row <= ByAll) place->put(s, row, both);
        }
        out.sets.push_back(std::move(of));
    }
    out.figure = hits.name();
    out.splits = options.router_splits;
    for (std::size_t k = 0; k < kHitPlaces.size(); ++k) {
        if (!places[k]) continue;
        out.rates.current[k] = places[k]->value(Current);
        out.rates.best[k] = places[k]->value(Best);
        out.rates.by_own[k] = places[k]->value(ByOwn);
        out.rates.by_all[k] = places[k]->value(ByAll);
    }
    out.one = hits.value(One);
    out.router = hits.value(Routed);
    out.router_fitted = hits.value(Fitted);
    out.of_settings = hits.value(OfSettings);
    if (out.routed) {
        out.gain = bootstrapDifference(hits, Routed, One, confidence, job);
        out.test = permutationTest(hits, Routed, One, confidence, job);
    }
    return out;
}

HeadroomResult headroom(const LandscapeEvaluator& evaluator, const DeltaGroup& group, const Setting& current,
                        const Setting& best, const HeadroomOptions& options, const ConfidenceOptions& confidence,
                        const JobContext& job) {
    // Names what is unknown or not ready.
    queryHits(evaluator, group, current);
    queryHits(evaluator, group, best);
    std::vector<HeadroomSet> sets;
    for (const auto& name : group.sets) {
        for (std::size_t s = 0; s < evaluator.sets().size(); ++s) {
            if (evaluator.sets()[s].name != name) continue;
            sets.push_back({evaluator.landscape(s), evaluator.pointOf(s, current), evaluator.pointOf(s, best)});
        }
    }
    HeadroomResult out = headroom(group, sets, evaluator.ties(), options, confidence, job);
    out.synthetic = evaluator.synthetic();
    return out;
}

}  // namespace engine
