// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/tune.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace engine {

namespace {

constexpr std::size_t kKept = 16;  // of the best places, around which the next finer lattice is looked at
constexpr double kSame = 1e-9;     // objectives closer than this are equal

using Place = std::vector<int>;  // in steps of the finest lattice

class Search {
public:
    Search(FactorEvaluator& evaluator, const TuneRequest& request, TuneResult& result, const JobContext& job)
        : evaluator_(evaluator),
          request_(request),
          result_(result),
          job_(job),
          steps_(std::max(1, static_cast<int>(std::lround(1 / request.step)))),
          meter_(job, "tuning of " + evaluator.subject(), "settings", 0) {}

    void run() {
        const std::size_t dims = result_.factors.size();
        Place start;
        bool on_lattice = true;
        for (const auto& factor : result_.factors) {
            start_.push_back(factorAt(factor, request_.fixed));
            start.push_back(static_cast<int>(std::lround(start_.back() * steps_)));
            on_lattice = on_lattice && std::fabs(valueOf(start.back()) - start_.back()) < kSame;
        }
        look(start);
        // Between places of the lattice the start is one of its own: the place next to it and one coordinate more.
        if (!on_lattice) start.push_back(0);
        result_.start = points_.at(look(start));
        // The first lattice takes at most a third of the evaluations, and 21 places along each factor.
        std::size_t along = 2;
        while (along < 21 &&
               std::pow(static_cast<double>(along + 1), dims) * 3 <= static_cast<double>(request_.most_points))
            ++along;
        int stride = 1;
        while ((steps_ + stride - 1) / stride + 1 > static_cast<int>(along)) stride *= 2;
        Place place(dims, 0);
        lattice(0, stride, place);
        for (; stride >= 1; stride /= 2) {
            for (const Place& kept : best(kKept)) around(kept, stride);
        }
        // Downhill all ways from the best, until nothing near is better.
        for (Place at = best(1).front();;) {
            around(at, 1);
            const Place next = best(1).front();
            if (next == at) break;
            at = next;
        }
        result_.best = points_.at(best(1).front());
        result_.front = front();
        result_.evaluated = points_.size();
        meter_.finish();
    }

private:
    double valueOf(int step) const { return std::round(static_cast<double>(step) / steps_ * 1e12) / 1e12; }

    const Place& look(const Place& place) {
        const auto [at, is_new] = points_.try_emplace(place);
        if (!is_new) return at->first;
        job_.checkStop();
        TunePoint& point = at->second;
        for (std::size_t d = 0; d < start_.size(); ++d)
            point.factors.push_back(place.size() > start_.size() ? start_[d] : valueOf(place[d]));
        const auto figures =
            evaluator_.figures(settingOf(result_, point, request_.fixed), JobContext(job_.stopToken()));
        for (std::size_t g = 0; g < result_.groups.size(); ++g) {
            point.change.push_back(groupValue(result_.groups[g], evaluator_.sets(), figures) -
                                   result_.baseline_values[g]);
        }
        for (const auto& [group, weight] : request_.maximize)
            point.objective += weight * point.change[groupIndex(group)];
        for (const auto& c : request_.constraints)
            point.violation += std::max(0.0, c.at_least - point.change[groupIndex(c.group)] - kSame);
        meter_.advance(1);
        return at->first;
    }

    std::size_t groupIndex(const std::string& name) const {
        std::size_t g = 0;
        while (g < result_.groups.size() && result_.groups[g].name != name) ++g;
        return g;
    }

    void lattice(std::size_t dim, int stride, Place& place) {
        if (dim == place.size()) {
            look(place);
            return;
        }
        for (int i = 0;; i += stride) {
            place[dim] = std::min(i, steps_);
            lattice(dim + 1, stride, place);
            if (i >= steps_) break;
        }
    }

    // Neighbours at `stride`: all 3^n - 1 with up to three factors, else those that differ in one or two.
    void around(const Place& center, int stride) {
        const std::size_t dims = start_.size();
        Place move(dims, -1);
        for (;;) {
            if (points_.size() >= request_.most_points) return;
            const auto moved = std::count_if(move.begin(), move.end(), [](int m) { return m != 0; });
            if (moved != 0 && (dims <= 3 || moved <= 2)) {
                Place place(dims);
                for (std::size_t d = 0; d < dims; ++d) place[d] = std::clamp(center[d] + move[d] * stride, 0, steps_);
                look(place);
            }
            std::size_t d = 0;
            while (d < dims && move[d] == 1) move[d++] = -1;
            if (d == dims) return;
            ++move[d];
        }
    }

    // Rounded, so that equally many steps are equally far.
    long distance(const TunePoint& point) const {
        double sum = 0;
        for (std::size_t d = 0; d < start_.size(); ++d) sum += std::fabs(point.factors[d] - start_[d]);
        return std::lround(sum / kSame);
    }

    std::vector<Place> best(std::size_t count) const {
        std::vector<const std::pair<const Place, TunePoint>*> order;
        for (const auto& entry : points_) order.push_back(&entry);
        const auto better = [&](const auto* a, const auto* b) {
            const TunePoint &x = a->second, &y = b->second;
            if ((x.violation == 0) != (y.violation == 0)) return x.violation == 0;
            if (std::fabs(x.violation - y.violation) > kSame) return x.violation < y.violation;
            // Rounded, so that "equal" holds from one to the next.
            const double p = std::round(x.objective / kSame), q = std::round(y.objective / kSame);
            if (p != q) return p > q;
            const long m = distance(x), n = distance(y);
            return m != n ? m < n : a->first < b->first;
        };
        count = std::min(count, order.size());
        std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(), better);
        std::vector<Place> out;
        for (std::size_t i = 0; i < count; ++i) out.push_back(order[i]->first);
        return out;
    }

    // Of points with the same changes the one nearest to the start stays.
    std::vector<TunePoint> front() const {
        std::map<std::vector<long>, std::pair<long, const TunePoint*>> distinct;
        for (const auto& [place, point] : points_) {
            std::vector<long> key;
            for (const double c : point.change) key.push_back(std::lround(c / kSame));
            const long far = distance(point);
            const auto [at, is_new] = distinct.try_emplace(key, far, &point);
            if (!is_new && far < at->second.first) at->second = {far, &point};
        }
        std::vector<TunePoint> out;
        // Descending by the first group: whatever dominates a point comes before it.
        std::vector<std::vector<long>> kept;
        for (auto it = distinct.rbegin(); it != distinct.rend(); ++it) {
            const auto& key = it->first;
            const bool dominated = std::any_of(kept.begin(), kept.end(), [&](const std::vector<long>& other) {
                for (std::size_t g = 0; g < key.size(); ++g) {
                    if (other[g] < key[g]) return false;
                }
                return true;
            });
            if (dominated) continue;
            kept.push_back(key);
            out.push_back(*it->second.second);
        }
        return out;
    }

    FactorEvaluator& evaluator_;
    const TuneRequest& request_;
    TuneResult& result_;
    const JobContext& job_;
    int steps_;
    std::vector<double> start_;
    std::map<Place, TunePoint> points_;
    ProgressMeter meter_;
};

std::string number(double value, const char* format = "%.4g") {
    char text[32];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

std::string settingText(const TuneResult& r, const TunePoint& p) {
    std::string text;
    for (std::size_t d = 0; d < r.factors.size(); ++d)
        text += (d == 0 ? "" : ", ") + r.factors[d].name + "=" + number(p.factors[d]);
    return text;
}

std::string changeText(const TuneResult& r, const TunePoint& p) {
    std::string text;
    for (std::size_t g = 0; g < r.groups.size(); ++g)
        text += (g == 0 ? "Δ" : "  Δ") + r.groups[g].name + " " + number(p.change[g], "%+.2f");
    return text;
}

Json pointJson(const TuneResult& r, const TunePoint& p) {
    Json factors = Json::object(), change = Json::object();
    for (std::size_t d = 0; d < r.factors.size(); ++d) factors[r.factors[d].name] = p.factors[d];
    for (std::size_t g = 0; g < r.groups.size(); ++g) change[r.groups[g].name] = p.change[g];
    return {{"factors", factors}, {"change", change}, {"objective", p.objective}, {"violation", p.violation}};
}

}  // namespace

Setting settingOf(const TuneResult& result, const TunePoint& point, const Setting& fixed) {
    Setting setting = fixed;
    for (std::size_t d = 0; d < result.factors.size(); ++d) setFactor(setting, result.factors[d], point.factors[d]);
    return setting;
}

TuneResult tune(FactorEvaluator& evaluator, const TuneRequest& request, const JobContext& job) {
    TuneResult result;
    result.subject = evaluator.subject();
    result.baseline = request.baseline.subject;
    result.synthetic = request.baseline.synthetic;
    result.groups = request.groups;
    if (result.groups.empty()) {
        std::vector<SetOutline> both;
        for (const auto& set : evaluator.sets()) {
            if (request.baseline.find(set.name) != nullptr) both.push_back(set);
        }
        result.groups = defaultGroups(both);
    }
    const auto isAskedFor = [&](const DeltaGroup& group) {
        return std::any_of(request.maximize.begin(), request.maximize.end(),
                           [&](const auto& m) { return m.first == group.name; }) ||
               std::any_of(request.constraints.begin(), request.constraints.end(),
                           [&](const auto& c) { return c.group == group.name; });
    };
    std::erase_if(result.groups, [&](const auto& g) { return isMedianRank(g.metric) && !isAskedFor(g); });
    std::vector<std::string> problems = groupProblems(result.groups, evaluator, request.baseline), names;
    for (const auto& group : result.groups) {
        names.push_back(group.name);
        if (isMedianRank(group.metric))
            problems.push_back("Δ group " + group.name + ": expected a figure that is the better the larger it is, " +
                               "found '" + group.metric + "'");
    }
    const auto checkGroupName = [&](const std::string& name, const std::string& what) {
        if (std::find(names.begin(), names.end(), name) != names.end()) return;
        const std::string near = nearestName(name, names);
        const std::string known = joined(names);
        problems.push_back(what + ": there is no Δ group '" + name + "'" +
                           (near.empty() ? "; there are " + known : "; did you mean '" + near + "'?"));
    };
    if (request.maximize.empty()) problems.push_back("expected at least one Δ group to make as large as possible");
    for (const auto& [group, weight] : request.maximize) checkGroupName(group, "maximize");
    for (const auto& c : request.constraints) checkGroupName(c.group, "constraint");
    for (const auto& f : evaluator.factors())
        if (f.live && request.factors.empty()) result.factors.push_back(f);
    const auto axes = evaluator.axes();
    for (const auto& name : request.factors) {
        try {
            result.factors.push_back(requireAxis(name, 0, 1, axes, evaluator.subject()));
        } catch (const Error& e) {
            problems.push_back(e.message() + (e.hint().empty() ? "" : "; " + e.hint()));
        }
    }
    if (result.factors.empty() && request.factors.empty()) problems.push_back("expected at least one live factor");
    for (auto& problem : axesProblems(result.factors)) problems.push_back(std::move(problem));
    if (!(request.step > 0 && request.step <= 0.5)) {
        problems.push_back("step: expected more than 0 and at most 0.5");
    } else if (std::fabs(1 / request.step - std::round(1 / request.step)) > 1e-6) {
        problems.push_back("step: expected one that divides 1, for example 0.1 or 0.05, found " + number(request.step));
    }
    if (!problems.empty()) throw joinProblems(ErrorCode::InvalidInput, "tuning of " + evaluator.subject(), problems);
    for (const auto& group : result.groups) result.baseline_values.push_back(groupValue(group, request.baseline));
    Search(evaluator, request, result, job).run();
    const Setting best = settingOf(result, result.best, request.fixed);
    const JobContext quiet(job.stopToken());
    const auto intervals = evaluator.intervals(best, quiet);
    const bool sampled = std::any_of(intervals.begin(), intervals.end(), [](const auto& of) { return !of.empty(); });
    if (!sampled) return result;
    for (const auto& protocol : evaluator.protocols(best, quiet))
        if (!protocol.sample.empty()) result.samples[protocol.set] = protocol.sample;
    for (std::size_t g = 0; g < result.groups.size(); ++g) {
        result.best_intervals.push_back(
            groupInterval(result.groups[g], evaluator.sets(), intervals, result.best.change[g]));
    }
    return result;
}

std::string toText(const TuneResult& r) {
    std::string text = "tuning of " + r.subject + " against " + r.baseline +
                       (r.synthetic ? "  [synthetic world]" : "") + ", " + std::to_string(r.evaluated) + " settings\n";
    if (!r.feasible()) {
        text +=
            "  no setting meets the constraints; the nearest misses " + number(r.best.violation, "%.2f") + " points\n";
    }
    text += "  best   " + changeText(r, r.best) + "  at " + settingText(r, r.best) + "\n";
    for (std::size_t g = 0; g < r.best_intervals.size(); ++g) {
        if (const auto& of = r.best_intervals[g]) {
            text += "         Δ" + r.groups[g].name + " within [" + number(of->low, "%+.2f") + ", " +
                    number(of->high, "%+.2f") + "], 95 %\n";
        }
    }
    text += "  start  " + changeText(r, r.start) + "  at " + settingText(r, r.start) + "\n";
    text += "  " + std::to_string(r.front.size()) + " settings that no other betters in every group, for example\n";
    const std::size_t shown = std::min<std::size_t>(5, r.front.size());
    for (std::size_t i = 0; i < shown; ++i) {
        const TunePoint& p = r.front[shown == 1 ? 0 : i * (r.front.size() - 1) / (shown - 1)];
        text += "         " + changeText(r, p) + "  at " + settingText(r, p) + "\n";
    }
    for (const auto& [set, sample] : r.samples) text += "  " + set + ": estimated from a " + sample + "\n";
    return text;
}

Json toJson(const TuneResult& r) {
    Json groups = Json::array(), front = Json::array();
    for (std::size_t g = 0; g < r.groups.size(); ++g) {
        groups.push_back({{"name", r.groups[g].name},
                          {"sets", r.groups[g].sets},
                          {"metric", r.groups[g].metric},
                          {"baseline", r.baseline_values[g]}});
    }
    for (const auto& p : r.front) front.push_back(pointJson(r, p));
    std::vector<std::string> names;
    for (const auto& f : r.factors) names.push_back(f.name);
    Json out{{"subject", r.subject},
             {"baseline", r.baseline},
             {"synthetic", r.synthetic},
             {"factors", names},
             {"groups", groups},
             {"best", pointJson(r, r.best)},
             {"start", pointJson(r, r.start)},
             {"front", front},
             {"evaluated", r.evaluated},
             {"feasible", r.feasible()}};
    if (!r.samples.empty()) {
        out["samples"] = r.samples;
        out["best_intervals"] = Json::object();
        for (std::size_t g = 0; g < r.best_intervals.size(); ++g) {
            if (const auto& of = r.best_intervals[g]) out["best_intervals"][r.groups[g].name] = {of->low, of->high};
        }
    }
    return out;
}

}  // namespace engine
