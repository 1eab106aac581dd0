// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/sweep.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace engine {

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMostAxes = 4;
constexpr std::chrono::milliseconds kShownEvery{100};

double parseNumber(const std::string& text, const std::string& whole) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
        throw Error(ErrorCode::InvalidInput, "factor axis '" + whole + "'", "expected a number, found '" + text + "'",
                    "write factor=first:last:step, for example sigma_a=0:1:0.05");
    }
    return value;
}

double weightOf(const DeltaGroup& group, std::size_t i) {
    return group.weights.empty() ? 1 : group.weights[i];
}

void checkGroup(const DeltaGroup& group, const std::vector<SetOutline>& sets, const MetricsTable& baseline,
                std::vector<std::string>& problems) {
    const std::string name = "Δ group " + group.name + ": ";
    std::vector<std::string> known;
    for (const auto& set : sets) known.push_back(set.name);
    if (group.sets.empty()) problems.push_back(name + "expected at least one evaluation set, found none");
    for (const auto& set : group.sets) {
        if (std::find(known.begin(), known.end(), set) == known.end()) {
            const std::string near = nearestName(set, known);
            problems.push_back(name + "the product has no evaluation set '" + set + "'" +
                               (near.empty() ? "" : "; did you mean '" + near + "'?"));
            continue;
        }
        const SetMetrics* metrics = baseline.find(set);
        if (metrics == nullptr) {
            problems.push_back(name + "the baseline " + baseline.subject + " has no figures of '" + set + "'");
        } else if (const MetricMap values = metrics->values(); !values.contains(group.metric)) {
            std::string has;
            for (const auto& [metric, ignored] : values) has += (has.empty() ? "" : ", ") + metric;
            problems.push_back(name + "'" + set + "' has no metric '" + group.metric + "'; it has " + has);
        }
    }
    if (group.weights.empty()) return;
    double sum = 0;
    bool negative = false;
    for (const double w : group.weights) {
        negative = negative || !(w >= 0);
        sum += w;
    }
    if (group.weights.size() != group.sets.size() || negative || !(sum > 0)) {
        problems.push_back(name + "expected one weight of at least 0 for each set, with a sum above 0");
    }
}

// The factor of each axis.
std::vector<FactorInfo> checkRequest(const SweepRequest& request, const std::vector<DeltaGroup>& groups,
                                     const FactorEvaluator& evaluator) {
    std::vector<FactorInfo> factors;
    const auto known = evaluator.axes();
    std::vector<std::string> problems;
    if (request.axes.empty() || request.axes.size() > kMostAxes) {
        problems.push_back("expected one to four factors, found " + std::to_string(request.axes.size()));
    }
    double points = 1;
    for (const auto& axis : request.axes) {
        points *= static_cast<double>(axis.steps);
        if (axis.steps == 0) problems.push_back(axis.factor + ": expected at least one step");
        if (request.fixed.factors.contains(axis.factor)) problems.push_back(axis.factor + ": both swept and fixed");
        try {
            factors.push_back(requireAxis(axis.factor, axis.first, axis.last, known, evaluator.subject()));
        } catch (const Error& e) {
            problems.push_back(e.message() + (e.hint().empty() ? "" : "; " + e.hint()));
        }
    }
    for (auto& problem : axesProblems(factors)) problems.push_back(std::move(problem));
    if (points > static_cast<double>(kMostSweepPoints)) {
        problems.push_back("expected at most " + std::to_string(kMostSweepPoints) + " points, found " +
                           fixed(points, 0) + "; larger steps make fewer");
    }
    for (auto& problem : groupProblems(groups, evaluator, request.baseline)) problems.push_back(std::move(problem));
    if (!problems.empty()) throw joinProblems(ErrorCode::InvalidInput, "sweep of " + evaluator.subject(), problems);
    return factors;
}

// The figures of one point into their places.
void store(const std::vector<MetricMap>& figures, const std::vector<SetOutline>& sets, std::size_t index,
           SweepSurface& surface) {
    for (auto& group : surface.groups) group.change[index] = groupValue(group.group, sets, figures) - group.baseline;
    for (std::size_t s = 0; s < figures.size(); ++s) {
        for (const auto& [metric, value] : figures[s]) {
            auto& values = surface.sets[s].values[metric];
            if (values.empty()) values.assign(surface.total, kUnknown);
            values[index] = value;
        }
    }
    ++surface.done;
}

}  // namespace

double FactorAxis::value(std::size_t i) const {
    if (steps < 2 || i == 0) return first;
    if (i + 1 == steps) return last;
    // 0.05 * 3 is written 0.15, as a user would.
    const double exact = first + (last - first) * static_cast<double>(i) / static_cast<double>(steps - 1);
    return std::round(exact * 1e12) / 1e12;
}

FactorAxis parseAxis(const std::string& text) {
    FactorAxis axis;
    const auto equals = text.find('=');
    axis.factor = text.substr(0, equals);
    if (axis.factor.empty()) {
        throw Error(ErrorCode::InvalidInput, "factor axis '" + text + "'", "expected the name of a factor",
                    "write factor=first:last:step, for example sigma_a=0:1:0.05");
    }
    if (equals == std::string::npos) return axis;
    std::vector<double> numbers;
    for (std::size_t from = equals + 1; from <= text.size();) {
        const auto to = std::min(text.find(':', from), text.size());
        numbers.push_back(parseNumber(text.substr(from, to - from), text));
        from = to + 1;
    }
    if (numbers.size() < 2 || numbers.size() > 3) {
        throw Error(ErrorCode::InvalidInput, "factor axis '" + text + "'",
                    "expected first:last or first:last:step, found " + std::to_string(numbers.size()) + " numbers");
    }
    axis.first = numbers[0];
    axis.last = numbers[1];
    if (numbers.size() == 2) return axis;
    const double count = (axis.last - axis.first) / numbers[2];
    if (!(numbers[2] != 0) || !(count >= 0) || count > 10000 || std::fabs(count - std::round(count)) > 1e-6) {
        throw Error(ErrorCode::InvalidInput, "factor axis '" + text + "'",
                    "expected a step that divides the range into at most 10000 parts");
    }
    axis.steps = static_cast<std::size_t>(std::llround(count)) + 1;
    return axis;
}

std::size_t SweepSurface::columns() const {
    std::size_t out = 1;
    for (std::size_t a = 1; a < axes.size(); ++a) out *= axes[a].steps;
    return out;
}

std::vector<double> SweepSurface::at(std::size_t index) const {
    std::vector<double> out(axes.size());
    for (std::size_t a = axes.size(); a-- > 0; index /= axes[a].steps) out[a] = axes[a].value(index % axes[a].steps);
    return out;
}

Setting SweepSurface::settingAt(std::size_t index) const {
    Setting out = fixed;
    const auto values = at(index);
    for (std::size_t a = 0; a < axes.size(); ++a) setFactor(out, factors[a], values[a]);
    return out;
}

std::vector<DeltaGroup> defaultGroups(const std::vector<SetOutline>& sets) {
    std::map<std::string, DeltaGroup> groups;
    for (const auto& set : sets) {
        if (set.kind != SetKind::Retrieval || set.first == set.second) continue;
        std::string a = modalityLetter(set.first), b = modalityLetter(set.second);
        if (b < a) std::swap(a, b);
        const std::string name = a + (a.size() > 1 || b.size() > 1 ? "-" : "") + b;
        groups[name].name = name;
        groups[name].sets.push_back(set.name);
    }
    std::vector<DeltaGroup> out;
    for (auto& [name, group] : groups) out.push_back(std::move(group));
    return out;
}

bool isMedianRank(const std::string& metric) {
    return metric.starts_with("median rank");
}

double groupValue(const DeltaGroup& group, const MetricsTable& table) {
    double sum = 0, weights = 0;
    for (std::size_t i = 0; i < group.sets.size(); ++i) {
        sum += weightOf(group, i) * table.at(group.sets[i]).value(group.metric);
        weights += weightOf(group, i);
    }
    return sum / weights;
}

double groupValue(const DeltaGroup& group, const std::vector<SetOutline>& sets, const std::vector<MetricMap>& figures) {
    double sum = 0, weights = 0;
    for (std::size_t i = 0; i < group.sets.size(); ++i) {
        const auto set =
            std::find_if(sets.begin(), sets.end(), [&](const SetOutline& s) { return s.name == group.sets[i]; });
        const MetricMap& values = figures[static_cast<std::size_t>(set - sets.begin())];
        const auto found = values.find(group.metric);
        if (found == values.end()) {
            throw Error(ErrorCode::NotFound, group.sets[i], "there is no metric '" + group.metric + "'");
        }
        sum += weightOf(group, i) * found->second;
        weights += weightOf(group, i);
    }
    return sum / weights;
}

std::optional<RateInterval> groupInterval(const DeltaGroup& group, const std::vector<SetOutline>& sets,
                                          const std::vector<IntervalMap>& intervals, double change) {
    double weights = 0, below = 0, above = 0;
    bool sampled = false;
    for (std::size_t i = 0; i < group.sets.size(); ++i) {
        const double w = weightOf(group, i);
        weights += w;
        const auto set =
            std::find_if(sets.begin(), sets.end(), [&](const SetOutline& s) { return s.name == group.sets[i]; });
        const IntervalMap& of = intervals[static_cast<std::size_t>(set - sets.begin())];
        const auto found = of.find(group.metric);
        if (found == of.end()) continue;
        sampled = true;
        below += std::pow(w * (found->second.estimate - found->second.low), 2);
        above += std::pow(w * (found->second.high - found->second.estimate), 2);
    }
    if (!sampled) return std::nullopt;
    return RateInterval{change, change - std::sqrt(below) / weights, change + std::sqrt(above) / weights};
}

std::vector<std::string> groupProblems(const std::vector<DeltaGroup>& groups, const FactorEvaluator& evaluator,
                                       const MetricsTable& baseline) {
    std::vector<std::string> problems;
    for (const auto& group : groups) checkGroup(group, evaluator.sets(), baseline, problems);
    return problems;
}

std::vector<std::vector<std::size_t>> progressiveOrder(const std::vector<std::size_t>& steps) {
    std::size_t stride = 1, total = 1;
    for (const std::size_t n : steps) {
        total *= n;
        while (stride * 4 < n) stride *= 2;
    }
    std::vector<char> taken(total, 0);
    std::vector<std::vector<std::size_t>> levels;
    for (; stride >= 1; stride /= 2) {
        std::vector<std::size_t> level;
        for (std::size_t index = 0; index < total; ++index) {
            bool on_level = taken[index] == 0;
            for (std::size_t a = steps.size(), rest = index; on_level && a-- > 0; rest /= steps[a]) {
                const std::size_t i = rest % steps[a];
                on_level = i % stride == 0 || i + 1 == steps[a];
            }
            if (!on_level) continue;
            taken[index] = 1;
            level.push_back(index);
        }
        if (!level.empty()) levels.push_back(std::move(level));
    }
    return levels;
}

std::size_t bestPoint(const GroupSurface& group) {
    const double sign = isMedianRank(group.group.metric) ? -1 : 1;
    std::size_t best = group.change.size();
    for (std::size_t i = 0; i < group.change.size(); ++i) {
        if (std::isnan(group.change[i])) continue;
        if (best == group.change.size() || sign * group.change[i] > sign * group.change[best]) best = i;
    }
    if (best == group.change.size())
        throw Error(ErrorCode::NotFound, "Δ " + group.group.name, "no point is computed yet");
    return best;
}

SweepSurface sweep(FactorEvaluator& evaluator, const SweepRequest& request, const JobContext& job,
                   const SweepSink& sink) {
    std::vector<DeltaGroup> groups = request.groups;
    if (groups.empty()) {
        std::vector<SetOutline> both;
        for (const auto& set : evaluator.sets()) {
            if (request.baseline.find(set.name) != nullptr) both.push_back(set);
        }
        groups = defaultGroups(both);
    }
    SweepSurface surface;
    surface.factors = checkRequest(request, groups, evaluator);
    surface.subject = evaluator.subject();
    surface.baseline = request.baseline.subject;
    surface.synthetic = request.baseline.synthetic || evaluator.synthetic();
    surface.axes = request.axes;
    surface.fixed = request.fixed;
    for (const auto& factor : surface.factors) {
        if (!factor.isWeight()) continue;
        // Of the others their ratio is fixed, of a single one nothing.
        auto& weights = surface.fixed.expert_weights;
        weights.erase(factor.experts.front().key);
        if (factor.experts.size() == 2) weights.erase(factor.experts.back().key);
    }
    surface.total = request.axes[0].steps * surface.columns();
    for (const auto& group : groups) {
        surface.groups.push_back(
            {group, std::vector<double>(surface.total, kUnknown), groupValue(group, request.baseline)});
    }
    surface.sets.resize(evaluator.sets().size());
    for (std::size_t s = 0; s < surface.sets.size(); ++s) {
        if (const auto* found = request.baseline.find(evaluator.sets()[s].name))
            surface.sets[s].baseline = found->values();
    }

    auto protocols = evaluator.protocols(surface.settingAt(0), JobContext(job.stopToken()));
    for (std::size_t s = 0; s < surface.sets.size(); ++s) surface.sets[s].protocol = std::move(protocols[s]);

    const bool whole =
        std::any_of(groups.begin(), groups.end(), [](const DeltaGroup& g) { return isMedianRank(g.metric); });

    // The sets' own progress would flicker: the sweep counts points.
    const JobContext quiet(job.stopToken(), {}, [&job](const std::string& line) { job.log(line); });
    ProgressMeter meter(job, "sweep of " + evaluator.subject(), "points", surface.total);
    using Clock = std::chrono::steady_clock;
    auto last = Clock::now();
    Clock::duration pause = kShownEvery;
    const std::size_t at_once = whole ? 1 : evaluator.pointsAtOnce();
    std::vector<std::size_t> steps;
    for (const auto& axis : request.axes) steps.push_back(axis.steps);
    for (const auto& level : progressiveOrder(steps)) {
        for (std::size_t first = 0; first < level.size(); first += at_once) {
            job.checkStop();
            const std::size_t count = std::min(at_once, level.size() - first);
            std::vector<Setting> settings;
            for (std::size_t i = 0; i < count; ++i) settings.push_back(surface.settingAt(level[first + i]));
            std::vector<std::vector<MetricMap>> figures;
            if (whole) {
                figures.emplace_back();
                for (const auto& set : evaluator.evaluate(settings[0], quiet).sets) figures[0].push_back(set.values());
            } else {
                figures = evaluator.figuresAt(settings, quiet);
            }
            for (std::size_t i = 0; i < count; ++i) store(figures[i], evaluator.sets(), level[first + i], surface);
            meter.set(surface.done);
            const auto now = Clock::now();
            if (sink && now - last > pause) {
                sink(surface);
                last = Clock::now();
                // Whoever copies a large grid shall not take most of the time.
                pause = std::max<Clock::duration>(kShownEvery, 20 * (last - now));
            }
        }
        if (sink) sink(surface);
    }
    if (whole) {  // every point was measured on all queries
        for (auto& set : surface.sets) set.protocol.sample.clear();
    } else {
        for (auto& group : surface.groups) {
            const std::size_t best = bestPoint(group);
            group.best_interval = groupInterval(
                group.group, evaluator.sets(), evaluator.intervals(surface.settingAt(best), quiet), group.change[best]);
        }
    }
    meter.finish();
    return surface;
}

}  // namespace engine
