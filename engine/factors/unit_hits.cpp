// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/unit_hits.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/first_error.h"

namespace engine {

namespace {

struct MetricParts {
    std::size_t place = kHitPlaces.size();  // in kHitPlaces; its size: no such metric
    bool forward = false, backward = false;
};

MetricParts partsOf(const SetDescription& set, const std::string& metric) {
    for (std::size_t k = 0; k < kHitPlaces.size(); ++k) {
        const std::string at = std::to_string(kHitPlaces[k]);
        if (set.kind == SetKind::Retrieval) {
            if (metric == "R@" + at) return {k, true, true};
            if (metric == "R@" + at + " " + directionName(set, true)) return {k, true, false};
            if (metric == "R@" + at + " " + directionName(set, false)) return {k, false, true};
        }
        if (set.kind == SetKind::Classification && kHitPlaces[k] <= 5 && metric == "top-" + at) return {k, true, false};
    }
    return {};
}

std::string metricsOf(const SetDescription& set) {
    switch (set.kind) {
        case SetKind::Retrieval:
            return "R@1, R@5, R@10, each also in one direction (R@1 " + directionName(set, true) + ")";
        case SetKind::Classification:
            return "top-1, top-5";
        case SetKind::MultiLabel:
            break;
    }
    return "none";
}

std::size_t indexOf(const LandscapeEvaluator& evaluator, const std::string& set) {
    std::vector<std::string> known;
    for (const auto& outline : evaluator.sets()) {
        if (outline.name == set) return known.size();
        known.push_back(outline.name);
    }
    const std::string near = nearestName(set, known);
    throw Error(ErrorCode::NotFound, evaluator.subject(), "the product has no evaluation set '" + set + "'",
                near.empty() ? "" : "did you mean '" + near + "'?");
}

const SetLandscape& landscapeAt(const LandscapeEvaluator& evaluator, std::size_t set, const Setting& setting) {
    const auto landscape = evaluator.landscape(set);
    if (!landscape || !evaluator.ready(set, setting)) {
        throw Error(ErrorCode::InvalidInput, evaluator.sets()[set].name,
                    "expected a landscape that covers the setting, found none: single queries' hits are not known",
                    "prepare the set's landscape at the setting first");
    }
    return *landscape;
}

}  // namespace

SetUnits unitsOf(const SetDescription& set, std::size_t first_items, std::size_t second_items) {
    for (const auto& pair : set.pairs) {
        if (pair[0] < first_items && pair[1] < second_items) continue;
        throw Error(ErrorCode::InvalidInput, set.name,
                    "expected pairs of " + std::to_string(first_items) + " and " + std::to_string(second_items) +
                        " items, found (" + std::to_string(pair[0]) + ", " + std::to_string(pair[1]) + ")");
    }
    SetUnits out;
    out.first.assign(first_items, kNoUnit);
    out.second.assign(second_items, kNoUnit);
    std::vector<char> paired(first_items, 0);
    for (const auto& pair : set.pairs) paired[pair[0]] = 1;
    if (set.kind != SetKind::Retrieval) {
        for (std::size_t i = 0; i < first_items; ++i)
            if (paired[i] != 0) out.first[i] = static_cast<std::uint32_t>(out.count++);
        return out;
    }
    // Components by union: rows of the first side, then of the second. The root is always the lowest row, so a root is
    // met before its other rows, and lies on the first side.
    std::vector<std::uint32_t> parent(first_items + second_items);
    std::iota(parent.begin(), parent.end(), 0u);
    const auto root = [&](std::uint32_t i) {
        while (parent[i] != i) i = parent[i] = parent[parent[i]];
        return i;
    };
    for (const auto& pair : set.pairs) {
        const std::uint32_t a = root(pair[0]), b = root(static_cast<std::uint32_t>(first_items + pair[1]));
        parent[std::max(a, b)] = std::min(a, b);
    }
    for (std::size_t i = 0; i < first_items; ++i) {
        if (paired[i] == 0) continue;
        const std::uint32_t r = root(static_cast<std::uint32_t>(i));
        out.first[i] = r == i ? static_cast<std::uint32_t>(out.count++) : out.first[r];
    }
    for (const auto& pair : set.pairs) out.second[pair[1]] = out.first[pair[0]];
    return out;
}

QueryHits queryHits(const PairRanks& ranks, TieRule ties) {
    QueryHits out;
    const auto fill = [ties](const std::vector<QueryRank>& from, auto& to) {
        to.resize(from.size());
        for (std::size_t q = 0; q < from.size(); ++q)
            for (std::size_t k = 0; k < kHitPlaces.size(); ++k)
                to[q][k] = static_cast<float>(hitAt(from[q], kHitPlaces[k], ties));
    };
    fill(ranks.forward, out.forward);
    fill(ranks.backward, out.backward);
    return out;
}

QueryHits queryHits(const SetLandscape& landscape, const double* point, TieRule ties) {
    return {landscape.hits(point, true, ties), landscape.hits(point, false, ties)};
}

GroupHits::GroupHits(const DeltaGroup& group, const std::vector<SetSize>& sets, std::size_t settings, bool baseline)
    : name_(group.name + " " + group.metric), settings_(settings), baseline_(baseline) {
    std::vector<std::string> problems;
    if (sets.empty()) problems.push_back("expected at least one evaluation set, found none");
    if (sets.size() != group.sets.size()) {
        problems.push_back("expected " + std::to_string(group.sets.size()) + " sets, found " +
                           std::to_string(sets.size()));
    }
    for (auto set = group.sets.begin(); set != group.sets.end(); ++set)
        if (std::find(group.sets.begin(), set, *set) != set) problems.push_back("'" + *set + "' is named twice");
    if (settings == 0) problems.push_back("expected at least one setting, found none");
    double sum = 0;
    bool negative = false;
    for (const double w : group.weights) {
        negative = negative || !(w >= 0);
        sum += w;
    }
    const bool equal = group.weights.empty();
    if (!equal && (group.weights.size() != sets.size() || negative || !(sum > 0) || !std::isfinite(sum)))
        problems.push_back("expected one weight of at least 0 for each set, with a sum above 0");
    for (const auto& size : sets) {
        if (partsOf(size.set, group.metric).place == kHitPlaces.size()) {
            problems.push_back("'" + size.set.name + "' has no metric '" + group.metric +
                               "' that is a mean over queries; it has " + metricsOf(size.set));
        }
        if (size.set.pairs.empty()) problems.push_back("'" + size.set.name + "' has no pairs, so no query with a hit");
    }
    if (!problems.empty()) throw joinProblems(ErrorCode::InvalidInput, "figure " + name_, problems);

    for (std::size_t s = 0; s < sets.size(); ++s) {
        Set set;
        set.name = sets[s].set.name;
        set.share = equal ? 1 / static_cast<double>(sets.size()) : group.weights[s] / sum;
        set.units = unitsOf(sets[s].set, sets[s].first_items, sets[s].second_items);
        const MetricParts parts = partsOf(sets[s].set, group.metric);
        set.place = parts.place;
        for (const bool forward : {true, false}) {
            if (!(forward ? parts.forward : parts.backward)) continue;
            Direction direction{forward, Matrix(rows() + 1, set.units.count)};
            std::fill_n(direction.sums.data(), direction.sums.size(), 0.0f);
            for (const std::uint32_t u : forward ? set.units.first : set.units.second)
                if (u != kNoUnit) direction.sums.row(rows())[u] += 1;
            set.directions.push_back(std::move(direction));
        }
        sets_.push_back(std::move(set));
    }
    there_.assign(sets_.size() * rows(), 0);
}

std::size_t GroupHits::rowOf(std::size_t setting) const {
    if (setting == kBaseline) {
        ENGINE_CHECK(baseline_, name_ + " has no baseline");
        return settings_;
    }
    ENGINE_CHECK(setting < settings_, name_ + " at setting " + std::to_string(setting));
    return setting;
}

void GroupHits::put(std::size_t set, std::size_t setting, const QueryHits& hits) {
    ENGINE_CHECK(set < sets_.size(), name_ + " set " + std::to_string(set));
    const std::size_t row = rowOf(setting);
    Set& to = sets_[set];
    std::vector<double> sums(to.units.count);
    for (auto& direction : to.directions) {
        const auto& units = direction.forward ? to.units.first : to.units.second;
        const auto& from = direction.forward ? hits.forward : hits.backward;
        if (from.size() != units.size()) {
            throw Error(
                ErrorCode::InvalidInput, to.name,
                "expected hits of " + std::to_string(units.size()) + " queries, found " + std::to_string(from.size()),
                "a baseline must be measured on the same set, in both directions");
        }
        std::fill(sums.begin(), sums.end(), 0.0);
        for (std::size_t q = 0; q < units.size(); ++q)
            if (units[q] != kNoUnit) sums[units[q]] += static_cast<double>(from[q][to.place]);
        for (std::size_t u = 0; u < sums.size(); ++u) direction.sums.row(row)[u] = static_cast<float>(sums[u]);
    }
    there_[set * rows() + row] = 1;
}

void GroupHits::requireComplete() const {
    ENGINE_CHECK(std::find(there_.begin(), there_.end(), 0) == there_.end(), name_ + " lacks hits of some setting");
}

double GroupHits::value(std::size_t setting) const {
    const std::size_t row = rowOf(setting);
    double out = 0;
    for (const auto& set : sets_) {
        for (const auto& direction : set.directions) {
            const float* hits = direction.sums.row(row);
            const float* queries = direction.sums.row(rows());
            out += set.share * 100 / static_cast<double>(set.directions.size()) *
                   std::accumulate(hits, hits + set.units.count, 0.0) /
                   std::accumulate(queries, queries + set.units.count, 0.0);
        }
    }
    return out;
}

HitsMoved hitsMoved(const GroupHits::Set& set, const QueryHits& before, const QueryHits& after) {
    HitsMoved out;
    for (const auto& direction : set.directions) {
        const auto& from = direction.forward ? before.forward : before.backward;
        const auto& to = direction.forward ? after.forward : after.backward;
        const auto& unit = direction.forward ? set.units.first : set.units.second;
        for (std::size_t q = 0; q < to.size(); ++q) {
            if (unit[q] == kNoUnit) continue;
            const double d = static_cast<double>(to[q][set.place]) - static_cast<double>(from[q][set.place]);
            (d > 0 ? out.gained : out.lost) += std::fabs(d);
        }
    }
    return out;
}

std::map<std::string, QueryHits> queryHits(const LandscapeEvaluator& evaluator, const DeltaGroup& group,
                                           const Setting& setting) {
    checkSetting(setting, evaluator.factors(), evaluator.subject());
    std::map<std::string, QueryHits> out;
    for (const auto& name : group.sets) {
        const std::size_t set = indexOf(evaluator, name);
        const SetLandscape& landscape = landscapeAt(evaluator, set, setting);
        out[name] = queryHits(landscape, evaluator.pointOf(set, setting).data(), evaluator.ties());
    }
    return out;
}

GroupHits groupHits(const LandscapeEvaluator& evaluator, const DeltaGroup& group, const std::vector<Setting>& settings,
                    const std::map<std::string, QueryHits>& baseline, const JobContext& job) {
    for (const auto& setting : settings) checkSetting(setting, evaluator.factors(), evaluator.subject());
    std::vector<std::size_t> places;
    std::vector<GroupHits::SetSize> sizes;
    for (const auto& name : group.sets) {
        const std::size_t set = indexOf(evaluator, name);
        for (const auto& setting : settings) landscapeAt(evaluator, set, setting);
        if (!baseline.empty() && !baseline.contains(name)) {
            throw Error(ErrorCode::InvalidInput, "Δ group " + group.name, "the baseline has no hits of '" + name + "'");
        }
        const SetComponents& of = evaluator.landscape(set)->set();
        sizes.push_back({of.set, of.first.rows(), of.second.rows()});
        places.push_back(set);
    }
    GroupHits out(group, sizes, settings.size(), !baseline.empty());
    if (!baseline.empty()) {
        for (std::size_t s = 0; s < places.size(); ++s) out.put(s, GroupHits::kBaseline, baseline.at(group.sets[s]));
    }
    const std::size_t tasks = places.size() * settings.size();
    FirstError failure;
#pragma omp parallel for schedule(dynamic, 1)
    for (std::size_t t = 0; t < tasks; ++t) {
        if (job.stopRequested()) continue;
        failure.guard([&] {
            const std::size_t s = t / settings.size(), i = t % settings.size();
            const std::vector<double> point = evaluator.pointOf(places[s], settings[i]);
            out.put(s, i, queryHits(*evaluator.landscape(places[s]), point.data(), evaluator.ties()));
        });
    }
    failure.rethrow();
    job.checkStop();
    return out;
}

}  // namespace engine
