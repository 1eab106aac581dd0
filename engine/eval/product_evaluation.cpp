// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/product_evaluation.h"

#include <algorithm>
#include <cstdio>

#include "engine/base/error.h"

namespace engine {

namespace {

constexpr std::size_t kBlendRows = 2048;  // between two looks for a stop

std::string shortNumber(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}

}  // namespace

ProductRows::ProductRows(const Components& components, const BlendWeights& weights, const JobContext& job)
    : components_(components), weights_(weights), rows_(components.rows(), components.width()) {
    for (std::size_t first = 0; first < rows_.rows(); first += kBlendRows) {
        job.checkStop();
        blend(components, weights, first, std::min(kBlendRows, rows_.rows() - first), rows_.row(first));
    }
}

RowSource ProductRows::source() const {
    RowSource source;
    source.rows = rows_.view();
    source.exact = [this](std::size_t row, double* out) { blendRow(components_, weights_, row, out); };
    return source;
}

SetMetrics evaluateProductSet(const SetComponents& set, const BlendWeights& first, const BlendWeights& second,
                              const std::string& score, const EvalOptions& options, const JobContext& job,
                              bool reference) {
    const ProductRows x(set.first, first, job), y(set.second, second, job);
    return reference ? evaluateSetReference(set.set, x.source(), y.source(), score, options, job)
                     : evaluateSet(set.set, x.source(), y.source(), score, options, job);
}

MetricsTable evaluateProduct(const ProductModel& model, const std::vector<SetComponents>& sets, const Setting& setting,
                             const EvalOptions& options, const JobContext& job, bool reference) {
    if (!model.isLive(setting)) {
        throw Error(ErrorCode::InvalidInput, model.recipe().name,
                    "the setting changes a factor that later reactions were computed from",
                    "set it in the recipe and evaluate that");
    }
    MetricsTable table;
    table.subject = productSubject(model, setting);
    table.setting = settingToJson(setting);
    const std::string score = "inner product of unit rows in " + table.subject;
    for (const auto& set : sets) {
        const BlendWeights first = model.weights(set.first.modality, set.first, setting);
        const BlendWeights second = model.weights(set.second.modality, set.second, setting);
        table.sets.push_back(evaluateProductSet(set, first, second, score, options, job, reference));
    }
    return table;
}

std::string productSubject(const ProductModel& model, const Setting& setting) {
    std::string text = model.recipe().name, changes;
    const auto say = [&changes](const std::string& name, double value) {
        changes += (changes.empty() ? " at " : ", ") + name + "=" + shortNumber(value);
    };
    for (const auto& [name, value] : setting.factors) say(name, value);
    for (const auto& [name, value] : setting.expert_weights) say(name, value);
    for (const auto& [name, on] : setting.projectors) {
        if (!on) changes += (changes.empty() ? " at " : ", ") + name + "=off";
    }
    return text + changes;
}

}  // namespace engine
