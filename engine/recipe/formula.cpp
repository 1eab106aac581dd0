// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The formula in force, as a reader of the paper writes it.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/recipe/route_plan.h"

namespace engine {
namespace {

// "Ψ_CLAP_g", or "Ψ_CLAP_g[5/7]" where some of its projectors are switched off.
std::string meanText(const Recipe& recipe, const RoutePlan& plan, std::size_t step, std::size_t expert,
                     const std::string& name) {
    for (const auto& r : plan.reactions) {
        if (r.step != step || r.expert != expert) continue;
        const std::size_t active = activeProjectors(recipe, plan, step, expert).size();
        if (active < r.subsets.size())
            return "Ψ_" + name + "[" + std::to_string(active) + "/" + std::to_string(r.subsets.size()) + "]";
    }
    return "Ψ_" + name;
}

std::string ensembleText(const Recipe& recipe, const ReactionStep& step, std::size_t index, const RoutePlan& plan,
                         const Modality& modality) {
    std::vector<std::string> parts;
    double sum = 0;
    bool equal = true;
    std::vector<double> weights;
    for (std::size_t e = 0; e < step.experts.size(); ++e) {
        const auto& use = step.experts[e];
        const SpaceInfo* space = plan.space(use.space);
        if (!use.enabled || use.weight == 0 || !space || !contains(space->modalities, modality)) continue;
        weights.push_back(use.weight);
        equal = equal && use.weight == weights.front();
        sum += use.weight;
        parts.push_back(meanText(recipe, plan, index, e, expertKey(recipe, index, e)));
    }
    if (parts.empty()) return {};
    if (parts.size() == 1) return parts[0];
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        text += (i ? " + " : "") + (equal ? "" : concise(weights[i]) + "·") + parts[i];
    }
    const std::string whole = concise(equal ? static_cast<double>(parts.size()) : sum);
    return whole == "1" ? text : "(" + text + ")/" + whole;
}

}  // namespace

std::string formula(const Recipe& recipe, const RoutePlan& plan, const Modality& modality) {
    const SpaceInfo* base = plan.space(recipe.base);
    std::string z = base && contains(base->modalities, modality) ? recipe.base : "";
    const bool tuned = std::any_of(plan.tunings.begin(), plan.tunings.end(),
                                   [&](const PlannedTuning& t) { return t.modality == modality; });
    if (tuned && !z.empty()) z += "†";
    for (std::size_t i = 0; i < recipe.route.size(); ++i) {
        const ReactionStep& step = recipe.route[i];
        if (step.kind == ReactionKind::Tuning) {
            if (!step.space.empty() && step.modality == modality) z = step.space;
            continue;
        }
        const auto given = step.factors.find(modality);
        const double share = given != step.factors.end() ? given->second : defaultFactor(step.kind);
        const std::string ensemble = ensembleText(recipe, step, i, plan, modality);
        if (step.kind == ReactionKind::Displacement) {
            const std::string expert = ensemble.empty() ? "" : step.experts[0].space;
            const std::string moved =
                z.empty() ? "" : "N(" + meanText(recipe, plan, i, 0, step.experts[0].space) + "(" + z + "))";
            if (z.empty()) z = expert;
            else if (expert.empty()) z = moved;
            else z = "N(" + concise(share) + "·" + expert + " + " + concise(1 - share) + "·" + moved + ")";
        } else {
            if (step.against == "joint" && !z.empty()) z = "N(Ψ′_" + step.experts[0].space + "(" + z + "))";
            if (ensemble.empty()) continue;
            if (z.empty()) z = "N(" + ensemble + ")";
            else z = "N(" + concise(share) + "·N(" + ensemble + ") + " + concise(1 - share) + "·" + z + ")";
        }
    }
    return modalityLetter(modality) + " = " + z;
}

}  // namespace engine
