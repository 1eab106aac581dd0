// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/measure.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "engine/base/error.h"
#include "engine/factors/confidence.h"
#include "engine/factors/sweep.h"

namespace engine {
namespace {

EvalOptions evalOptions() {
    EvalOptions options;
    options.class_retrieval = false;  // no table has it
    return options;
}

// A row of a product, ready: its setting, and a model of its own where the product's components are not those it needs.
struct Subject {
    std::shared_ptr<const ProductModel> model;
    Setting setting;
    bool own_components = false;
};

Subject subjectOf(const LoadedProduct& product, const RowSubject& spec, const NameMap& names) {
    const Recipe& recipe = product.model->recipe();
    Subject out;
    if (!spec.setting.empty()) {
        const auto it = recipe.settings.find(spec.setting);
        if (it == recipe.settings.end())
            throw Error(ErrorCode::NotFound, "recipe " + recipe.name, "there is no setting '" + spec.setting + "'");
        out.setting = it->second;
    }
    for (const auto& [factor, value] : spec.change.factors) out.setting.factors[factor] = value;
    for (const auto& [expert, weight] : spec.change.expert_weights) out.setting.expert_weights[names(expert)] = weight;
    for (const auto& r : product.model->plan().reactions) {
        const std::string expert = expertKey(recipe, r.step, r.expert);
        for (const auto& [space, active] : spec.projectors) {
            if (recipe.route[r.step].experts[r.expert].space != names(space)) continue;
            for (const auto& subset : r.subsets) {
                out.setting.projectors[projectorKey(expert, subset)] =
                    std::find(active.begin(), active.end(), subset) != active.end();
            }
        }
    }
    if (product.model->isLive(out.setting) && spec.projectors.empty()) {
        out.model = product.model;
        return out;
    }
    out.model = product.model->at(out.setting);
    out.setting = {};
    out.own_components = true;
    return out;
}

std::size_t queriesOf(const SetMetrics& metrics) {
    if (metrics.retrieval) return metrics.retrieval->forward.queries + metrics.retrieval->backward.queries;
    return metrics.classification ? metrics.classification->items
           : metrics.multi_label  ? metrics.multi_label->items
                                  : 0;
}

double meanOf(const DeltaGroup& group, const MeasuredRow& row) {
    double sum = 0;
    for (const auto& set : group.sets) sum += row.sets.at(set).figures.at("R@1");
    return sum / static_cast<double>(group.sets.size());
}

}  // namespace

void ReportMeasurer::keep(const std::string& set, const SetMetrics& metrics, const PairRanks& ranks,
                          MeasuredRow& row) const {
    row.sets[set] = {metrics.values(), metrics.protocol.first_items, metrics.protocol.second_items, queriesOf(metrics),
                     protocolText(metrics.protocol)};
    if (metrics.multi_label) row.influence[set] = ranks.influence;
    else row.hits[set] = queryHits(ranks, tieRule(evalOptions().ties));
}

void ReportMeasurer::measureSpace(const std::string& space, const std::vector<std::string>& sets, MeasuredRow& row,
                                  const JobContext& job) const {
    for (const auto& set : sets) {
        job.checkStop();
        PairRanks ranks;
        const SetMetrics metrics = evaluateSpaceSet(workspace_, names_(set), space, evalOptions(), job, false, &ranks);
        keep(set, metrics, ranks, row);
    }
}

void ReportMeasurer::measureProduct(const LoadedProduct& product, const std::vector<Wanted>& wanted,
                                    const JobContext& job) const {
    std::vector<Subject> subjects;
    std::vector<std::string> sets;
    std::size_t total = 0;
    for (const auto& w : wanted) {
        subjects.push_back(subjectOf(product, *w.subject, names_));
        total += w.sets.size();
        for (const auto& set : w.sets) {
            if (std::find(sets.begin(), sets.end(), set) == sets.end()) sets.push_back(set);
        }
    }
    ProgressMeter meter(job, "measuring " + product.model->recipe().name, "figures", total);
    for (const auto& set : sets) {
        std::unique_ptr<const SetComponents> shared;
        // Rows whose blends agree on this set (a factor of a modality that it lacks) have the same ranks.
        struct Known {
            std::vector<double> first, second;
            SetMetrics metrics;
            PairRanks ranks;
        };
        std::vector<Known> known;
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            if (std::find(wanted[i].sets.begin(), wanted[i].sets.end(), set) == wanted[i].sets.end()) continue;
            job.checkStop();
            const Subject& subject = subjects[i];
            std::unique_ptr<const SetComponents> own;
            if (subject.own_components) {
                own =
                    std::make_unique<SetComponents>(computeSetComponents(workspace_, *subject.model, names_(set), job));
            } else if (!shared) {
                shared = std::make_unique<SetComponents>(loadSetComponents(workspace_, product, names_(set), job));
            }
            const SetComponents& components = own ? *own : *shared;
            const BlendWeights first =
                subject.model->weights(components.first.modality, components.first, subject.setting);
            const BlendWeights second =
                subject.model->weights(components.second.modality, components.second, subject.setting);
            const auto first_key = weightsKey(first), second_key = weightsKey(second);
            const auto same = std::find_if(known.begin(), known.end(), [&](const Known& k) {
                return !own && k.first == first_key && k.second == second_key;
            });
            if (same != known.end()) {
                keep(set, same->metrics, same->ranks, *wanted[i].row);
            } else {
                const ProductRows x(components.first, first, job), y(components.second, second, job);
                PairRanks ranks;
                SetMetrics metrics =
                    evaluateSet(components.set, x.source(), y.source(),
                                "inner product of unit rows in " + productSubject(*subject.model, subject.setting),
                                evalOptions(), job, &ranks);
                keep(set, metrics, ranks, *wanted[i].row);
                if (!own) known.push_back({first_key, second_key, std::move(metrics), std::move(ranks)});
            }
            meter.advance(1);
        }
    }
    meter.finish();
}

std::vector<double> ReportMeasurer::gridValues() const {
    const auto steps = std::llround(1 / options_.grid);
    if (steps < 1 || std::fabs(static_cast<double>(steps) * options_.grid - 1) > 1e-9) {
        throw Error(ErrorCode::InvalidInput, "grid",
                    "expected a step that divides 1, found " + Json(options_.grid).dump(), "for example 0.1 or 0.05");
    }
    std::vector<double> values;
    for (long long i = 0; i <= steps; ++i) values.push_back(static_cast<double>(i) / static_cast<double>(steps));
    return values;
}

MeasuredSurface ReportMeasurer::measureSurface(const LoadedProduct& product, const SurfacePlan& surface,
                                               const MeasuredRow& baseline, const MeasuredRow* plane,
                                               const JobContext& job) const {
    MeasuredSurface out;
    out.axes = surface.spec->axes;
    out.values = gridValues();
    std::vector<SetComponents> components;
    for (const auto& group : surface.groups) {
        for (const auto& set : group.sets)
            components.push_back(loadSetComponents(workspace_, product, names_(set), job));
    }
    LandscapeEvaluator::Options options;
    options.eval = evalOptions();
    options.synthetic = workspace_.synthetic();
    options.memory_bytes = memory_bytes_;
    options.free = out.axes;
    LandscapeEvaluator evaluator(product.model, std::move(components), options);
    const auto prepared = evaluator.prepare({}, job);
    for (const auto& [set, why] : prepared.direct) job.log(set + " is computed directly, which is slow: " + why);

    std::vector<Setting> settings;
    for (const double x : out.values) {
        for (const double y : out.values) {
            Setting setting;
            setting.factors = {{out.axes.at(0), x}, {out.axes.at(1), y}};
            settings.push_back(std::move(setting));
        }
    }
    ProgressMeter meter(job, "surface of " + product.model->recipe().name, "points",
                        settings.size() * surface.groups.size());
    const auto figures = evaluator.figuresAt(settings, job);
    ConfidenceOptions confidence;
    confidence.level = options_.level;
    confidence.resamples = static_cast<std::uint32_t>(options_.resamples);
    for (const auto& group : surface.groups) {
        DeltaGroup mine = group;
        for (auto& set : mine.sets) set = names_(set);
        MeasuredSurface::Group values;
        values.baseline = meanOf(group, baseline);
        for (const auto& point : figures)
            values.change.push_back(groupValue(mine, evaluator.sets(), point) - values.baseline);
        // Standard errors of the difference to a row, over items; NaN where a set has no landscape, or one item only.
        const auto errors = [&](const MeasuredRow& row) {
            std::map<std::string, QueryHits> against;
            bool there = true;
            for (std::size_t i = 0; i < group.sets.size(); ++i) {
                const auto hits = row.hits.find(group.sets[i]);
                there = there && hits != row.hits.end();
                if (there) against[mine.sets[i]] = hits->second;
                for (std::size_t s = 0; s < evaluator.sets().size(); ++s) {
                    if (evaluator.sets()[s].name == mine.sets[i]) there = there && evaluator.landscape(s) != nullptr;
                }
            }
            std::vector<double> found(settings.size(), std::numeric_limits<double>::quiet_NaN());
            if (!there) return found;
            const GroupHits hits = groupHits(evaluator, mine, settings, against, job);
            if (!canBeDrawn(hits)) return found;
            for (std::size_t q = 0; q < settings.size(); ++q)
                found[q] = bootstrap(hits, q, confidence, job).standard_error;
            return found;
        };
        values.error = errors(baseline);
        if (plane && group.name == surface.spec->plane_group) {
            values.plane = meanOf(group, *plane) - values.baseline;
            values.plane_error = errors(*plane);
        }
        out.groups[group.name] = std::move(values);
        meter.advance(settings.size());
    }
    meter.finish();
    return out;
}

}  // namespace engine
