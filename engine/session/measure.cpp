// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "engine/base/error.h"
#include "engine/factors/landscape_evaluator.h"
#include "engine/factors/sweep.h"
#include "engine/factors/sweep_output.h"
#include "engine/session/session.h"
#include "engine/session/subject.h"

namespace engine {
namespace {

constexpr const char* kDefaultRange = "=0:1:0.1";

// σ of audio and text where both are live, else the first two live factors.
std::vector<std::string> defaultAxes(const RoutePlan& plan) {
    std::vector<std::string> live;
    for (const auto& f : plan.factors) {
        if (f.live) live.push_back(f.name);
    }
    const auto has = [&](const char* name) { return std::find(live.begin(), live.end(), name) != live.end(); };
    if (has("sigma_a") && has("sigma_t")) live = {"sigma_a", "sigma_t"};
    if (live.size() > 2) live.resize(2);
    for (auto& name : live) name += kDefaultRange;
    return live;
}

std::vector<std::string> namesOf(const std::vector<DeltaGroup>& groups) {
    std::vector<std::string> names;
    for (const auto& g : groups) {
        for (const auto& set : g.sets) {
            if (std::find(names.begin(), names.end(), set) == names.end()) names.push_back(set);
        }
    }
    return names;
}

}  // namespace

const std::vector<OptionEntry>& evaluateOptions() {
    return evalOptionTable().entries();
}

Outcome evaluate(const EvaluateRequest& request, const JobContext& job) {
    const Workspace workspace = workspaceFor(request.workspace, request.subject.product);
    const auto options = readOptions(evalOptionTable(), request.options, "evaluation options");
    const SubjectReader subject(workspace, request.subject);
    const MetricsTable table = subject.measure(request.sets, options, request.reference, job);
    return {toJson(table), toText(table)};
}

Outcome sweepFactors(const SweepRequestText& request, const JobContext& job) {
    const Workspace workspace = workspaceFor(request.workspace, request.subject.product);
    if (request.subject.product.empty()) {
        throw Error(ErrorCode::InvalidInput, "", "a sweep needs a product", "name its folder with --product");
    }
    const SubjectReader subject(workspace, request.subject);
    const Recipe& recipe = subject.product().model->recipe();

    Subject base;
    base.space = recipe.base;
    const SubjectReader baseline(workspace, request.baseline.value_or(base));

    SweepRequest sweep_request;
    for (const auto& axis : request.axes.empty() ? defaultAxes(subject.product().model->plan()) : request.axes) {
        sweep_request.axes.push_back(parseAxis(axis));
    }
    sweep_request.fixed = subject.setting();
    for (const auto& axis : sweep_request.axes) sweep_request.fixed.factors.erase(axis.factor);
    sweep_request.groups = recipe.delta_groups;

    // Measured: what is named; else the members of the Δ groups that both sides can be measured on.
    auto sets = request.sets;
    if (sets.empty()) {
        const auto mine = subject.sets(), theirs = baseline.sets();
        std::vector<SetOutline> both;
        for (const auto& name : mine) {
            if (std::find(theirs.begin(), theirs.end(), name) == theirs.end()) continue;
            const SetInfo& info = workspace.set(name);
            both.push_back({name, info.kind, info.first.modality, info.second.modality});
        }
        sets = namesOf(recipe.delta_groups.empty() ? defaultGroups(both) : recipe.delta_groups);
    }
    if (sets.empty()) {
        throw Error(ErrorCode::NotFound, workspace.folder().string(),
                    "there is no retrieval set that both " + recipe.name + " and the baseline can be measured on",
                    "`molspace inspect` shows which sets have which spaces");
    }
    const auto eval = readOptions(evalOptionTable(), request.options, "evaluation options");
    sweep_request.baseline = baseline.measure(sets, eval, false, job);
    std::vector<SetComponents> components;
    for (const auto& name : sets) components.push_back(loadSetComponents(workspace, subject.product(), name, job));
    const auto run = [&](FactorEvaluator& evaluator) { return sweep(evaluator, sweep_request, job); };
    SweepSurface surface;
    if (request.reference) {
        DirectEvaluator evaluator(subject.product().model, std::move(components),
                                  {eval, workspace.synthetic(), true, std::size_t{1} << 30});
        surface = run(evaluator);
    } else {
        LandscapeEvaluator evaluator(
            subject.product().model, std::move(components),
            {eval, workspace.synthetic(), kLandscapeBytes, landscapeFolder(subject.product()), {}});
        evaluator.prepare(sweep_request.fixed, job);
        surface = run(evaluator);
    }
    if (!request.output.empty()) writeSweep(request.output, surface);
    std::string text = toText(surface);
    if (!request.output.empty()) text += "written: " + request.output.string() + "\n";
    return {toJson(surface), text};
}

}  // namespace engine
