// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/report/report_plan.h"

#include <algorithm>

#include "engine/store/workspace.h"

namespace ui {

OutlookPtr lookAhead(const engine::ReportVerb& request, const WorkspaceFacts& facts, const engine::JobContext& job) {
    engine::ReportVerb ahead = request;
    ahead.plan = true;
    ahead.step = nullptr;
    const engine::Json json = engine::report(ahead, job).json;
    auto out = std::make_shared<ReportOutlook>();
    out->plan = reportFromJson(json, request.workspace.string());
    for (const auto& s : out->plan->surfaces) out->surfaces += s.pending;
    if (!json.contains("to_train")) return out;
    for (const auto& t : json.at("to_train")) {
        const auto name = t.at("product").get<std::string>();
        const auto wanted = t.at("projectors").get<std::vector<std::string>>();
        out->projectors += wanted.size();
        if (!out->products.contains(QString::fromStdString(name))) out->products << QString::fromStdString(name);
        const auto recipe = engine::recipeFromJson(json.at("recipes").at(name), "recipe " + name);
        const RunEstimate estimate = estimateRun(recipe, engine::planRoute(recipe, facts.spaces), facts);
        std::size_t found = 0;
        for (const auto& part : estimate.parts) {
            if (std::find(wanted.begin(), wanted.end(), part.label) == wanted.end()) continue;
            ++found;
            out->flops += part.flops;
        }
        // Pseudo pairs are made for those that are trained.
        if (!estimate.parts.empty())
            out->flops += estimate.pair_flops * static_cast<double>(found) / static_cast<double>(estimate.parts.size());
    }
    return out;
}

engine::Json usualTraining(const std::string& folder) {
    const engine::Workspace workspace{std::filesystem::path(folder)};
    const engine::Json origin = workspace.origin();
    if (!origin.is_object() || !origin.contains("synthetic_world")) return engine::Json::object();
    const auto preset = origin.at("synthetic_world").value("preset", std::string());
    return preset == "tiny" || preset == "small" ? engine::demoTraining(preset) : engine::Json::object();
}

}  // namespace ui
