// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What of a LiveProduct lies along one factor: curves of groups, and the hits that come and go.
#include <algorithm>

#include "engine/session/live_product.h"

namespace engine {
namespace {

std::size_t placeOf(const std::string& metric) {
    if (metric == "R@1") return 0;
    if (metric == "R@5") return 1;
    if (metric == "R@10") return 2;
    return kHitPlaces.size();
}

// Σ share · curve, less `offset`: breaks of all, merged.
HitCurve weightedCurve(const std::vector<HitCurve>& curves, const std::vector<double>& shares, double offset) {
    HitCurve out;
    out.low = curves.front().low;
    out.high = curves.front().high;
    for (const auto& c : curves) out.breaks.insert(out.breaks.end(), c.breaks.begin(), c.breaks.end());
    std::sort(out.breaks.begin(), out.breaks.end());
    out.breaks.erase(std::unique(out.breaks.begin(), out.breaks.end()), out.breaks.end());
    std::vector<std::size_t> at(curves.size(), 0);
    for (std::size_t i = 0; i <= out.breaks.size(); ++i) {
        double value = -offset;
        for (std::size_t c = 0; c < curves.size(); ++c) {
            const auto& breaks = curves[c].breaks;
            while (i > 0 && at[c] < breaks.size() && breaks[at[c]] <= out.breaks[i - 1]) ++at[c];
            value += shares[c] * curves[c].values[at[c]];
        }
        out.values.push_back(value);
    }
    return out;
}

}  // namespace

std::optional<LiveCurve> LiveProduct::curve(const DeltaGroup& group, const std::string& factor, const Setting& setting,
                                            const MetricsTable& baseline, const JobContext& job) const {
    const std::size_t place = placeOf(group.metric);
    if (place == kHitPlaces.size()) return std::nullopt;
    const FactorInfo axis = requireAxis(factor, 0, 1, plan().axes(), recipe().name);
    const auto current = evaluator();
    const TieRule ties = current->ties();
    std::vector<HitCurve> curves;
    std::vector<double> shares;
    double sum = 0;
    std::vector<IntervalMap> intervals(outlines_.size());
    for (std::size_t i = 0; i < group.sets.size(); ++i) {
        const std::size_t s = setIndex(group.sets[i]);
        intervals[s] = current->readyIntervals(s, setting);
        const auto landscape = current->landscape(s);
        if (!landscape || !current->ready(s, setting) || !current->runsAlong(s, axis)) return std::nullopt;
        shares.push_back(group.weights.empty() ? 1 : group.weights[i]);
        sum += shares.back();
        FactorLine line;
        line.point = current->pointOf(s, setting);
        const auto& names = landscape->grid().factors;
        const auto dim = std::find(names.begin(), names.end(), factor);
        if (dim == names.end()) {  // this set does not depend on it
            const SetPoint at = landscape->at(line.point.data(), ties);
            curves.push_back({0, 1, {}, {(at.forward.rate(place) + at.backward.rate(place)) / 2}});
            continue;
        }
        line.dim = static_cast<std::size_t>(dim - names.begin());
        curves.push_back(meanCurve(hitCurve(flipsAlong(*landscape, line, true, ties, job), place),
                                   hitCurve(flipsAlong(*landscape, line, false, ties, job), place)));
    }
    for (auto& share : shares) share /= sum;
    LiveCurve out{factor, group, weightedCurve(curves, shares, groupValue(group, baseline)), {}};
    const double here = factorAt(axis, setting);
    out.interval = groupInterval(group, outlines_, intervals, out.change.at(here));
    return out;
}

std::optional<LineHits> LiveProduct::flips(std::size_t set, bool forward, const std::string& factor,
                                           const Setting& setting, const JobContext& job) const {
    const FactorInfo axis = requireAxis(factor, 0, 1, plan().axes(), recipe().name);
    const auto current = evaluator();
    const auto landscape = current->landscape(set);
    if (!landscape || !current->runsAlong(set, axis) || !current->ready(set, setting) ||
        landscape->cells(forward).queries == 0)
        return std::nullopt;
    FactorLine line;
    line.point = current->pointOf(set, setting);
    const auto& names = landscape->grid().factors;
    const auto dim = std::find(names.begin(), names.end(), factor);
    if (dim != names.end()) {
        line.dim = static_cast<std::size_t>(dim - names.begin());
        return flipsAlong(*landscape, line, forward, current->ties(), job);
    }
    LineHits still;  // this set does not depend on it
    still.queries = landscape->cells(forward).queries;
    for (const auto& hits : landscape->hits(line.point.data(), forward, current->ties())) {
        still.start.emplace_back();
        std::copy(hits.begin(), hits.end(), still.start.back().begin());
    }
    return still;
}

}  // namespace engine
