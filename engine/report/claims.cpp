// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/claims.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/eval/average_precision.h"
#include "engine/eval/workspace_evaluation.h"
#include "engine/factors/confidence.h"

namespace engine {
namespace {

constexpr double kSamePoint = 1e-9;

std::string shortNumber(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}

class Judge {
public:
    Judge(const ReportPlan& plan, const Measurements& measured, const Workspace& workspace, const NameMap& names,
          const ReportOptions& options, const JobContext& job)
        : plan_(plan), measured_(measured), workspace_(workspace), names_(names), options_(options), job_(job) {
        confidence_.level = options.level;
        confidence_.resamples = static_cast<std::uint32_t>(options.resamples);
    }

    ClaimResult claim(const ClaimSpec& claim) {
        ClaimResult out;
        out.claim = &claim;
        for (const auto& test : claim.tests) {
            if (test.rows) compareRows(*test.rows, out.comparisons);
            else out.comparisons.push_back(comparePoints(*test.surface));
        }
        for (const auto& c : out.comparisons) out.measured += c.missing.empty();
        std::vector<Verdict> verdicts;
        for (auto& c : out.comparisons) {
            if (c.points == 0 && c.missing.empty())
                c.verdict = judge(c.evidence, c.margin, c.above, options_.level, out.measured);
            verdicts.push_back(c.verdict);
        }
        out.verdict = allOf(verdicts);
        return out;
    }

private:
    const SetDescription& describe(const std::string& set) {
        const auto it = described_.find(set);
        if (it != described_.end()) return it->second;
        return described_.emplace(set, describeSet(workspace_, names_(set))).first->second;
    }

    // Why a row has no such figure.
    std::string missingOf(const std::string& id, const FigureName& figure) const {
        const RowPlan* row = plan_.row(id);
        if (!row) return id + " was not asked for";
        if (!row->missing.empty()) return id + ": " + row->missing;
        const auto it = row->lacking.find(figure.set);
        return id + ": " + (it != row->lacking.end() ? it->second : figure.set + " is not measured");
    }

    const std::vector<MeasuredRow>* rowsOf(const std::string& id) const {
        const auto it = measured_.rows.find(id);
        return it == measured_.rows.end() || it->second.empty() ? nullptr : &it->second;
    }

    static bool has(const std::vector<MeasuredRow>* rows, const FigureName& figure) {
        return rows && std::all_of(rows->begin(), rows->end(), [&](const MeasuredRow& r) {
                   const auto set = r.sets.find(figure.set);
                   return set != r.sets.end() && set->second.figures.count(figure.metric);
               });
    }

    // Standard error over items of the mean difference of two rows on these sets; NaN where it is not known: hits are
    // not there, or a set has one item only.
    double itemError(const MeasuredRow& left, const MeasuredRow& right, const std::vector<FigureName>& figures) {
        if (figures.size() == 1 && figures.front().metric == "mAP") {
            const auto a = left.influence.find(figures.front().set), b = right.influence.find(figures.front().set);
            if (a == left.influence.end() || b == right.influence.end() || a->second.size() != b->second.size())
                return std::numeric_limits<double>::quiet_NaN();
            return 100 * precisionError(a->second, b->second);
        }
        DeltaGroup group;
        group.name = figures.front().set;
        group.metric = figures.front().metric;
        std::vector<GroupHits::SetSize> sizes;
        for (const auto& f : figures) {
            if (!left.hits.count(f.set) || !right.hits.count(f.set) || f.metric != group.metric ||
                (f.metric != "R@1" && f.metric != "top-1"))
                return std::numeric_limits<double>::quiet_NaN();
            const auto& set = left.sets.at(f.set);
            group.sets.push_back(f.set);
            sizes.push_back({describe(f.set), set.first_items, set.second_items});
        }
        GroupHits hits(group, sizes, 2, false);
        if (!canBeDrawn(hits)) return std::numeric_limits<double>::quiet_NaN();
        for (std::size_t s = 0; s < figures.size(); ++s) {
            hits.put(s, 0, left.hits.at(figures[s].set));
            hits.put(s, 1, right.hits.at(figures[s].set));
        }
        return bootstrapDifference(hits, 0, 1, confidence_, job_).standard_error;
    }

    void compareRows(const RowComparison& test, std::vector<Comparison>& out) {
        std::vector<std::vector<std::string>> parts;  // figures of each comparison
        if (test.mean) parts.push_back(test.figures);
        else
            for (const auto& f : test.figures) parts.push_back({f});
        for (const auto& part : parts) {
            job_.checkStop();
            Comparison c;
            const std::string on = joined(part);
            c.what = test.left + " − " + test.right + ", " + (part.size() > 1 ? "mean of " : "") + on;
            c.margin = test.margin;
            const auto *left = rowsOf(test.left), *right = rowsOf(test.right);
            std::vector<FigureName> figures;
            for (const auto& f : part) {
                figures.push_back(figureName(f));
                for (const auto& [id, rows] : {std::pair{test.left, left}, std::pair{test.right, right}}) {
                    if (c.missing.empty() && !has(rows, figures.back())) c.missing = missingOf(id, figures.back());
                }
            }
            if (c.missing.empty()) fill(c, test, *left, *right, figures);
            out.push_back(std::move(c));
        }
    }

    void fill(Comparison& c, const RowComparison& test, const std::vector<MeasuredRow>& left,
              const std::vector<MeasuredRow>& right, const std::vector<FigureName>& figures) {
        const bool left_trained = measured_.trained.at(test.left), right_trained = measured_.trained.at(test.right);
        const std::size_t n = !left_trained    ? right.size()
                              : !right_trained ? left.size()
                                               : std::min(left.size(), right.size());
        double squares = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const MeasuredRow &a = left[left_trained ? i : 0], &b = right[right_trained ? i : 0];
            double sum = 0;
            for (const auto& f : figures)
                sum += a.sets.at(f.set).figures.at(f.metric) - b.sets.at(f.set).figures.at(f.metric);
            c.evidence.by_seed.push_back(sum / static_cast<double>(figures.size()));
            const double error = itemError(a, b, figures);
            squares += error * error;
        }
        c.evidence.item_error = std::sqrt(squares / static_cast<double>(n));
        settle(c);
    }

    void settle(Comparison& c) const {
        c.difference = c.evidence.mean();
        const double half = c.evidence.halfWidth(options_.level);
        c.low = c.difference - half;
        c.high = c.difference + half;
    }

    Comparison comparePoints(const SurfaceComparison& test) const {
        Comparison out;
        out.what = testText({std::nullopt, test});
        out.margin = test.row.empty() ? test.level : 0;
        out.above = test.above;
        const auto found = measured_.surfaces.find(test.figure);
        for (const auto& s : plan_.surfaces) {
            if (s.spec->figure == test.figure && !s.missing.empty()) out.missing = s.missing;
        }
        if (out.missing.empty() && (found == measured_.surfaces.end() || found->second.empty())) {
            const bool asked = std::any_of(plan_.surfaces.begin(), plan_.surfaces.end(),
                                           [&](const SurfacePlan& s) { return s.spec->figure == test.figure; });
            out.missing =
                "Figure " + std::to_string(test.figure) + (asked ? " is not measured yet" : " was not asked for");
        }
        if (!out.missing.empty()) return out;
        const auto& surfaces = found->second;
        const MeasuredSurface& shape = surfaces.front();
        const auto group = shape.groups.find(test.group);
        if (group == shape.groups.end()) out.missing = "no set of Δ_" + test.group + " can be measured";
        else if (!test.row.empty() && !group->second.plane) out.missing = "row " + test.row + " is not measured";
        if (!out.missing.empty()) return out;

        const std::size_t n = shape.values.size();
        std::vector<Comparison> points;
        for (std::size_t i = 0; i < n * n; ++i) {
            const double at[2] = {shape.values[i / n], shape.values[i % n]};
            bool inside = true;
            for (const auto& [factor, range] : test.where) {
                const std::size_t axis = factor == shape.axes[0] ? 0 : 1;
                inside = inside && at[axis] >= range.first - kSamePoint && at[axis] <= range.second + kSamePoint;
            }
            if (!inside) continue;
            Comparison p = out;
            p.what = "Figure " + std::to_string(test.figure) + ": Δ_" + test.group +
                     (test.row.empty() ? "" : " beyond that of " + test.row) + " at " + shape.axes[0] + " = " +
                     shortNumber(at[0]) + ", " + shape.axes[1] + " = " + shortNumber(at[1]);
            double squares = 0;
            for (const auto& surface : surfaces) {
                const auto& g = surface.groups.at(test.group);
                p.evidence.by_seed.push_back(g.change[i] - (test.row.empty() ? 0 : *g.plane));
                const double error = (test.row.empty() ? g.error : g.plane_error)[i];
                squares += error * error;
            }
            p.evidence.item_error = std::sqrt(squares / static_cast<double>(surfaces.size()));
            if (test.or_overall) p = either(std::move(p), overall(surfaces, i));
            points.push_back(std::move(p));
        }
        if (points.empty()) {
            out.missing = "no point of the grid lies there; --grid 0.1 has some";
            return out;
        }
        return decide(test, std::move(points));
    }

    // The mean of the changes of all groups at a point; groups share no item.
    static Evidence overall(const std::vector<MeasuredSurface>& surfaces, std::size_t point) {
        Evidence out;
        double squares = 0;
        for (const auto& surface : surfaces) {
            const auto n = static_cast<double>(surface.groups.size());
            double sum = 0;
            for (const auto& [name, g] : surface.groups) {
                sum += g.change[point];
                squares += g.error[point] * g.error[point] / (n * n);
            }
            out.by_seed.push_back(sum / n);
        }
        out.item_error = std::sqrt(squares / static_cast<double>(surfaces.size()));
        return out;
    }

    // The one of two readings of a point that is surer to hold.
    Comparison either(Comparison point, Evidence overall) const {
        Comparison other = point;
        other.what = "the mean of all Δ, " + point.what;
        other.evidence = std::move(overall);
        other.margin = 0;
        const auto rank = [&](const Comparison& c) {
            const Verdict v = judge(c.evidence, c.margin, c.above, options_.level, 2);
            return std::pair(v == Verdict::Holds ? 2 : v == Verdict::Undecided ? 1 : 0, c.evidence.mean() - c.margin);
        };
        return rank(other) > rank(point) ? other : point;
    }

    static double strength(const Comparison& p) { return (p.above ? 1 : -1) * (p.evidence.mean() - p.margin); }

    // More than half of the points hold; or half of them or more fail. Shown is the point in the middle.
    Comparison decideMost(std::vector<Comparison> points) const {
        std::size_t held = 0, sure = 0, failed = 0;
        for (auto& p : points) {
            p.verdict = judge(p.evidence, p.margin, p.above, options_.level, 1);
            held += strength(p) > 0;
            sure += p.verdict == Verdict::Holds;
            failed += p.verdict == Verdict::Fails;
        }
        const std::size_t n = points.size();
        const auto middle = points.begin() + static_cast<std::ptrdiff_t>(n / 2);
        std::nth_element(points.begin(), middle, points.end(),
                         [](const Comparison& a, const Comparison& b) { return strength(a) > strength(b); });
        Comparison out = *middle;
        out.verdict = 2 * sure > n ? Verdict::Holds : 2 * failed >= n ? Verdict::Fails : Verdict::Undecided;
        settle(out);
        out.points = n;
        out.points_held = held;
        return out;
    }

    // Shown is the point that decides: of those with the claim's verdict the weakest if every point must hold, the
    // strongest if one must.
    Comparison decide(const SurfaceComparison& test, std::vector<Comparison> points) const {
        if (test.points == Points::Most) return decideMost(std::move(points));
        const bool every = test.points == Points::Every;
        std::size_t held = 0;
        // One must hold, and it was looked for: at a level divided by their number.
        const double strict = 1 - (1 - options_.level) / static_cast<double>(points.size());
        for (auto& p : points) {
            held += strength(p) > 0;
            p.verdict = judge(p.evidence, p.margin, p.above, options_.level, every ? points.size() : 1);
            if (!every && p.verdict == Verdict::Holds &&
                judge(p.evidence, p.margin, p.above, strict, 1) != Verdict::Holds)
                p.verdict = Verdict::Undecided;
        }
        const auto any = [&](Verdict v) {
            return std::any_of(points.begin(), points.end(), [v](const Comparison& p) { return p.verdict == v; });
        };
        const Verdict first = every ? Verdict::Fails : Verdict::Holds, last = every ? Verdict::Holds : Verdict::Fails;
        const Verdict verdict = any(first) ? first : any(Verdict::Undecided) ? Verdict::Undecided : last;
        const Comparison* shown = nullptr;
        for (const auto& p : points) {
            if (p.verdict != verdict) continue;
            const bool more = shown && strength(p) > strength(*shown), less = shown && strength(p) < strength(*shown);
            if (!shown || (every ? less : more)) shown = &p;
        }
        Comparison out = *shown;
        settle(out);
        out.points = points.size();
        out.points_held = held;
        return out;
    }

    const ReportPlan& plan_;
    const Measurements& measured_;
    const Workspace& workspace_;
    const NameMap& names_;
    const ReportOptions& options_;
    const JobContext& job_;
    ConfidenceOptions confidence_;
    std::map<std::string, SetDescription> described_;
};

}  // namespace

std::vector<ClaimResult> judgeClaims(const ReportSpec& spec, const ReportPlan& plan, const Measurements& measurements,
                                     const Workspace& workspace, const NameMap& names, const ReportOptions& options,
                                     const JobContext& job) {
    Judge court(plan, measurements, workspace, names, options, job);
    std::vector<ClaimResult> out;
    ProgressMeter meter(job, "claims", "claims", spec.claims.size());
    for (const auto& claim : spec.claims) {
        out.push_back(court.claim(claim));
        meter.advance(1);
    }
    meter.finish();
    return out;
}

}  // namespace engine
