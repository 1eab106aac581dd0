// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/query_sample.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/rng.h"

namespace engine {

namespace {

constexpr double kNormal95 = 1.959963984540054;

// 20000 -> "20,000".
std::string grouped(std::size_t value) {
    std::string text = std::to_string(value);
    for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
    return text;
}

struct DirectionSums {
    std::vector<double> hits, queries;  // by unit
    double rate = 0, total = 0;
};

DirectionSums sumsOf(const std::vector<std::uint32_t>& units, std::size_t count,
                     const std::vector<std::array<float, kHitPlaces.size()>>& hits, std::size_t place) {
    DirectionSums out;
    out.hits.assign(count, 0);
    out.queries.assign(count, 0);
    double sum = 0;
    for (std::size_t q = 0; q < hits.size(); ++q) {
        if (units[q] == kNoUnit) continue;
        out.hits[units[q]] += static_cast<double>(hits[q][place]);
        out.queries[units[q]] += 1;
        sum += static_cast<double>(hits[q][place]);
        out.total += 1;
    }
    out.rate = out.total == 0 ? 0 : sum / out.total;
    return out;
}

RateInterval intervalOf(const std::vector<const DirectionSums*>& directions, const QuerySample& sample) {
    double rate = 0;
    for (const auto* d : directions) rate += d->rate / static_cast<double>(directions.size());
    const double units = static_cast<double>(sample.units), left_out = 1 - sample.share();
    RateInterval out{100 * rate, 100 * rate, 100 * rate};
    if (left_out <= 0) return out;
    if (sample.units < 2) return {100 * rate, 0, 100};
    double squares = 0;
    for (std::size_t u = 0; u < directions.front()->hits.size(); ++u) {
        double e = 0;
        for (const auto* d : directions) {
            if (d->total != 0) e += (d->hits[u] - d->rate * d->queries[u]) / d->total;
        }
        e /= static_cast<double>(directions.size());
        squares += e * e;
    }
    const double variance = left_out * units / (units - 1) * squares, spread = rate * (1 - rate);
    // Rates of 0 and 100 leave rounding only.
    const double draws = variance > 1e-15 && spread > 1e-15 ? spread / variance : units / left_out;
    const double z = kNormal95, z2 = z * z / draws;
    const double middle = (rate + z2 / 2) / (1 + z2);
    const double half = z * std::sqrt(std::max(0.0, spread) / draws + z2 / (4 * draws)) / (1 + z2);
    out.low = 100 * std::clamp(middle - half, 0.0, rate);
    out.high = 100 * std::clamp(middle + half, rate, 1.0);
    return out;
}

}  // namespace

std::string QuerySample::text() const {
    return "sample of " + grouped(queries) + " of " + grouped(of_queries) + " queries, seed " + std::to_string(seed);
}

std::size_t unitsIn(const LandscapeRequest& request) {
    return unitsOf(request.set.set, request.set.first.rows(), request.set.second.rows()).count;
}

std::size_t unitsOfQueries(const LandscapeRequest& request, std::size_t queries) {
    const SetUnits all = unitsOf(request.set.set, request.set.first.rows(), request.set.second.rows());
    const auto asking = [](const std::vector<std::uint32_t>& side) {
        return side.size() - static_cast<std::size_t>(std::count(side.begin(), side.end(), kNoUnit));
    };
    const bool both = request.backward && request.set.set.kind != SetKind::Classification;
    const double all_queries = static_cast<double>(asking(all.first) + (both ? asking(all.second) : 0));
    const double units = static_cast<double>(queries) * static_cast<double>(all.count) / std::max(1.0, all_queries);
    return std::clamp<std::size_t>(static_cast<std::size_t>(units), 1, std::max<std::size_t>(1, all.count));
}

LandscapeRequest sampledRequest(LandscapeRequest request, std::size_t units, std::uint64_t seed) {
    SetDescription& set = request.set.set;
    ENGINE_CHECK(set.kind != SetKind::MultiLabel, "queries of a set of several labels are not sampled");
    if (set.kind == SetKind::Classification) request.backward = false;
    const SetUnits all = unitsOf(set, request.set.first.rows(), request.set.second.rows());
    ENGINE_CHECK(units >= 1 && units <= all.count, "a sample of " + std::to_string(units) + " units");
    Rng rng(seed, "sample of queries");
    const std::vector<std::uint32_t> order = randomOrder(all.count, rng);
    std::vector<char> drawn(all.count, 0);
    for (std::size_t i = 0; i < units; ++i) drawn[order[i]] = 1;
    QuerySample sample{seed, units, all.count, 0, 0};
    const auto count = [&](const std::vector<std::uint32_t>& side) {
        for (const std::uint32_t u : side) {
            if (u == kNoUnit) continue;
            ++sample.of_queries;
            if (drawn[u] != 0) ++sample.queries;
        }
    };
    count(all.first);
    if (request.backward) count(all.second);
    std::erase_if(set.pairs, [&](const auto& pair) { return drawn[all.first[pair[0]]] == 0; });
    request.sample = sample;
    return request;
}

IntervalMap sampleIntervals(const SetDescription& set, const QueryHits& hits, const QuerySample& sample) {
    const SetUnits units = unitsOf(set, hits.forward.size(), hits.backward.size());
    IntervalMap out;
    for (std::size_t k = 0; k < kHitPlaces.size(); ++k) {
        const std::string at = std::to_string(kHitPlaces[k]);
        const DirectionSums forward = sumsOf(units.first, units.count, hits.forward, k);
        if (set.kind == SetKind::Classification) {
            if (kHitPlaces[k] <= 5) out["top-" + at] = intervalOf({&forward}, sample);
            continue;
        }
        const DirectionSums backward = sumsOf(units.second, units.count, hits.backward, k);
        out["R@" + at] = intervalOf({&forward, &backward}, sample);
        out["R@" + at + " " + directionName(set, true)] = intervalOf({&forward}, sample);
        out["R@" + at + " " + directionName(set, false)] = intervalOf({&backward}, sample);
    }
    return out;
}

IntervalMap sampleIntervals(const SetLandscape& landscape, const double* point, TieRule ties) {
    const auto& request = landscape.request();
    if (!request.sample) return {};
    return sampleIntervals(request.set.set, queryHits(landscape, point, ties), *request.sample);
}

}  // namespace engine
