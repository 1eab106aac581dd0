// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/factor_evaluator.h"

#include <algorithm>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace engine {

namespace {

constexpr std::size_t kKnownPoints = 20000;  // of one set; beyond it the memory of earlier points starts anew

}  // namespace

std::vector<MetricMap> FactorEvaluator::figures(const Setting& setting, const JobContext& job) {
    std::vector<MetricMap> out;
    for (const auto& set : evaluate(setting, job).sets) out.push_back(set.values());
    return out;
}

std::vector<Protocol> FactorEvaluator::protocols(const Setting& setting, const JobContext& job) {
    std::vector<Protocol> out;
    for (auto& set : evaluate(setting, job).sets) out.push_back(std::move(set.protocol));
    return out;
}

std::vector<IntervalMap> FactorEvaluator::intervals(const Setting&, const JobContext&) {
    return std::vector<IntervalMap>(sets().size());
}

std::vector<std::vector<MetricMap>> FactorEvaluator::figuresAt(const std::vector<Setting>& settings,
                                                               const JobContext& job) {
    std::vector<std::vector<MetricMap>> out;
    for (const auto& setting : settings) out.push_back(figures(setting, job));
    return out;
}

// Rows of one side at the weights they were last asked for.
struct DirectEvaluator::Side {
    Side(const Components& components, BlendWeights blend_weights, const JobContext& job)
        : weights(std::move(blend_weights)), key(weightsKey(weights)), rows(components, weights, job) {}
    BlendWeights weights;
    std::vector<double> key;
    ProductRows rows;  // refers to `weights`, so a Side stays where it is
};

DirectEvaluator::DirectEvaluator(std::shared_ptr<const ProductModel> model, std::vector<SetComponents> sets,
                                 Options options)
    : model_(std::move(model)),
      sets_(std::move(sets)),
      options_(std::move(options)),
      known_(sets_.size()),
      rows_(2 * sets_.size()) {
    for (const auto& set : sets_) outlines_.push_back({set.set.name, set.set.kind, set.set.first, set.set.second});
    tieRule(options_.eval.ties);
}

DirectEvaluator::~DirectEvaluator() = default;

DirectEvaluator::Side& DirectEvaluator::blended(std::size_t set, bool second, BlendWeights weights,
                                                const JobContext& job) {
    auto& side = rows_[2 * set + (second ? 1 : 0)];
    if (!side || side->key != weightsKey(weights)) {
        side.reset();
        side = std::make_unique<Side>(second ? sets_[set].second : sets_[set].first, std::move(weights), job);
    }
    return *side;
}

const SetMetrics& DirectEvaluator::measure(std::size_t set, const Setting& setting, const std::string& score,
                                           const JobContext& job) {
    const SetComponents& data = sets_[set];
    BlendWeights first = model_->weights(data.first.modality, data.first, setting);
    BlendWeights second = model_->weights(data.second.modality, data.second, setting);
    std::vector<double> key = weightsKey(first);
    for (const double value : weightsKey(second)) key.push_back(value);
    auto& known = known_[set];
    if (const auto found = known.find(key); found != known.end()) return found->second;

    const RowSource x = blended(set, false, std::move(first), job).rows.source();
    const RowSource y = blended(set, true, std::move(second), job).rows.source();
    SetMetrics metrics = options_.reference ? evaluateSetReference(data.set, x, y, score, options_.eval, job)
                                            : evaluateSet(data.set, x, y, score, options_.eval, job);
    ++sets_measured_;
    std::size_t bytes = 0;
    for (std::size_t s = 0; s < rows_.size(); ++s) {
        if (rows_[s]) bytes += rows_[s]->rows.source().rows.rows * rows_[s]->rows.source().rows.cols * sizeof(float);
    }
    if (bytes > options_.cached_rows_bytes) {
        rows_[2 * set].reset();
        rows_[2 * set + 1].reset();
    }
    if (known.size() >= kKnownPoints) known.clear();
    return known.emplace(std::move(key), std::move(metrics)).first->second;
}

void DirectEvaluator::requireLive(const Setting& setting, std::size_t set) const {
    // Items that know how they were made say themselves whether the setting is theirs.
    if (!sets_[set].first.folded_how.empty() || model_->isLive(setting)) return;
    throw Error(ErrorCode::InvalidInput, subject(),
                "the setting changes something that later reactions were computed from",
                "set it in the recipe and train or evaluate that");
}

SetMetrics DirectEvaluator::evaluateSetAt(std::size_t set, const Setting& setting, const JobContext& job) {
    requireLive(setting, set);
    return measure(set, setting, "inner product of unit rows in " + subject(), job);
}

void DirectEvaluator::setComponents(std::size_t set, SetComponents components) {
    known_[set].clear();
    rows_[2 * set].reset();  // it refers to the old ones
    rows_[2 * set + 1].reset();
    sets_[set] = std::move(components);
}

MetricsTable DirectEvaluator::evaluate(const Setting& setting, const JobContext& job) {
    checkSetting(setting, factors(), subject());
    MetricsTable table;
    table.subject = productSubject(*model_, setting);
    table.synthetic = options_.synthetic;
    table.setting = settingToJson(setting);
    const std::string score = "inner product of unit rows in " + subject();
    for (std::size_t s = 0; s < sets_.size(); ++s) {
        job.checkStop();
        requireLive(setting, s);
        table.sets.push_back(measure(s, setting, score, job));
    }
    return table;
}

void checkSetting(const Setting& setting, const std::vector<FactorInfo>& factors, const std::string& subject) {
    std::vector<std::string> names, problems;
    for (const auto& factor : factors) names.push_back(factor.name);
    for (const auto& [name, value] : setting.factors) {
        const auto found = std::find_if(factors.begin(), factors.end(), [&](const auto& f) { return f.name == name; });
        if (found == factors.end()) {
            const std::string near = nearestName(name, names);
            const std::string known = joined(names);
            problems.push_back("unknown factor '" + name + "'; " +
                               (near.empty() ? "the factors are " + known : "did you mean '" + near + "'?"));
            continue;
        }
        if (!(value >= 0 && value <= 1)) {
            std::ostringstream text;
            text << name << ": expected a share from 0 to 1, found " << value;
            problems.push_back(text.str());
        }
    }
    if (!problems.empty()) throw joinProblems(ErrorCode::InvalidInput, subject, problems);
}

FactorInfo requireAxis(const std::string& name, double low, double high, const std::vector<FactorInfo>& axes,
                       const std::string& subject) {
    for (const double end : {low, high}) checkSetting({{{name, end}}}, axes, subject);
    const auto found = std::find_if(axes.begin(), axes.end(), [&](const auto& f) { return f.name == name; });
    if (found->live) return *found;
    throw Error(ErrorCode::InvalidInput, subject,
                name +
                    " is not live: a later displacement takes its result as input, so each value runs projectors "
                    "again",
                "`molspace evaluate --set " + name + "=VALUE` does that, and says how long it takes");
}

std::vector<std::string> axesProblems(const std::vector<FactorInfo>& axes) {
    std::vector<std::string> problems;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (axes[i].name == axes[j].name) {
                problems.push_back("expected different factors, found " + axes[i].name + " twice");
            } else if (axes[i].isWeight() && axes[j].isWeight() && axes[i].step == axes[j].step) {
                problems.push_back("expected one weight of a step, found " + axes[j].name + " and " + axes[i].name +
                                   ": all weights of a step add up to 1");
            }
        }
    }
    return problems;
}

std::vector<double> weightsKey(const BlendWeights& weights) {
    std::vector<double> key;
    for (const auto& layer : weights.layers) {
        key.push_back(layer.share);
        double sum = 0;
        for (const double w : layer.weights) sum += w;
        for (const double w : layer.weights) key.push_back(layer.share == 0 || sum == 0 ? 0 : w / sum);
    }
    return key;
}

}  // namespace engine
