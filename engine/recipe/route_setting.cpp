// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A setting upon a route: the recipe with it put in, and single factors of it.
#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/recipe/route_plan.h"

namespace engine {
namespace {

// Switches of single projectors over the recipe's own.
void switchProjectors(Recipe& recipe, const RoutePlan& plan, const std::map<std::string, bool>& switches,
                      std::vector<std::string>& problems) {
    if (switches.empty()) return;
    std::vector<std::string> known;
    for (const auto& r : plan.reactions) {
        const std::string expert = expertKey(recipe, r.step, r.expert);
        const auto before = activeProjectors(recipe, plan, r.step, r.expert);
        std::vector<std::string> after;
        bool named = false;
        for (const auto& subset : r.subsets) {
            known.push_back(projectorKey(expert, subset));
            const auto found = switches.find(known.back());
            named = named || found != switches.end();
            if (found != switches.end() ? found->second : contains(before, subset)) after.push_back(subset);
        }
        if (!named) continue;
        if (after.empty()) {
            problems.push_back(expert + ": no projector would be left on; " +
                               (r.kind == ReactionKind::Displacement
                                    ? "a displacement needs at least one of " + joined(r.subsets)
                                    : "switch the expert itself off instead: " + expert + "=off"));
            continue;
        }
        if (after.size() == r.subsets.size()) after.clear();  // all trained
        recipe.route[r.step].experts[r.expert].projectors = std::move(after);
    }
    for (const auto& [name, on] : switches) {
        if (contains(known, name)) continue;
        const std::string near = nearestName(name, known);
        problems.push_back("there is no projector '" + name + "'" +
                           (near.empty() ? "; there are " + joined(known) : "; did you mean '" + near + "'?"));
    }
}

double expertWeight(const FactorInfo::Expert& expert, const Setting& setting) {
    const auto named = setting.expert_weights.find(expert.key);
    return named == setting.expert_weights.end() ? expert.weight : named->second;
}

}  // namespace

Recipe withSetting(const Recipe& recipe, const RoutePlan& plan, const Setting& setting) {
    Recipe out = recipe;
    std::vector<std::string> problems;
    for (const auto& [name, value] : setting.factors) {
        const FactorInfo* factor = plan.factor(name);
        if (!factor) {
            std::vector<std::string> names;
            for (const auto& f : plan.factors) names.push_back(f.name);
            const std::string near = nearestName(name, names);
            problems.push_back("there is no factor '" + name + "'" +
                               (near.empty() ? "; there are " + joined(names) : "; did you mean '" + near + "'?"));
        } else if (!(value >= 0 && value <= 1)) {
            problems.push_back(name + ": expected an expert's share from 0 to 1, found " + concise(value));
        } else {
            out.route[factor->step].factors[factor->modality] = value;
        }
    }
    for (const auto& [key, weight] : setting.expert_weights) {
        std::vector<std::string> names;
        bool found = false;
        for (std::size_t s = 0; s < recipe.route.size(); ++s) {
            for (std::size_t e = 0; e < recipe.route[s].experts.size(); ++e) {
                names.push_back(expertKey(recipe, s, e));
                if (names.back() != key) continue;
                found = true;
                if (!(weight >= 0 && weight <= 1e6)) {
                    problems.push_back(key + ": expected a weight of 0 or more, found " + concise(weight));
                    continue;
                }
                // A switch: a weight of 0 keeps the recipe's weight for the day it is switched on again.
                out.route[s].experts[e].enabled = weight > 0;
                if (weight > 0) out.route[s].experts[e].weight = weight;
            }
        }
        if (!found) {
            const std::string near = nearestName(key, names);
            problems.push_back("there is no expert '" + key + "'" +
                               (near.empty() ? "; there are " + joined(names) : "; did you mean '" + near + "'?"));
        }
    }
    switchProjectors(out, plan, setting.projectors, problems);
    if (!problems.empty()) throw joinProblems(ErrorCode::InvalidInput, "recipe " + recipe.name, problems);
    return out;
}

double factorAt(const FactorInfo& factor, const Setting& setting) {
    if (!factor.isWeight()) {
        const auto named = setting.factors.find(factor.name);
        return named == setting.factors.end() ? factor.value : named->second;
    }
    double sum = 0;
    for (const auto& expert : factor.experts) sum += expertWeight(expert, setting);
    return sum == 0 ? 0 : expertWeight(factor.experts.front(), setting) / sum;
}

bool anyExpertOn(const FactorInfo& weight, const Setting& setting) {
    return std::any_of(weight.experts.begin(), weight.experts.end(),
                       [&](const auto& expert) { return expertWeight(expert, setting) != 0; });
}

void setFactor(Setting& setting, const FactorInfo& factor, double value) {
    if (!factor.isWeight()) {
        setting.factors[factor.name] = value;
        return;
    }
    std::vector<double> others;
    const auto takeOthers = [&](const auto& weightOf) {
        others.clear();
        double sum = 0;
        for (std::size_t e = 1; e < factor.experts.size(); ++e) {
            others.push_back(weightOf(factor.experts[e]));
            sum += others.back();
        }
        for (double& w : others) w /= sum;
        return sum > 0;
    };
    if (!takeOthers([&](const auto& e) { return expertWeight(e, setting); }) &&
        !takeOthers([](const auto& e) { return e.weight; }))
        takeOthers([](const auto&) { return 1.0; });
    setting.expert_weights[factor.experts.front().key] = value;
    for (std::size_t e = 1; e < factor.experts.size(); ++e)
        setting.expert_weights[factor.experts[e].key] = (1 - value) * others[e - 1];
}

Setting withoutLiveFactors(const Setting& setting, const RoutePlan& plan) {
    Setting out = setting;
    std::erase_if(out.factors, [&](const auto& named) {
        const FactorInfo* factor = plan.factor(named.first);
        return factor && (factor->live || factor->value == named.second);
    });
    return out;
}

bool sameButLiveFactors(const Setting& a, const Setting& b, const RoutePlan& plan) {
    if (a.expert_weights != b.expert_weights || a.projectors != b.projectors) return false;
    return std::all_of(plan.factors.begin(), plan.factors.end(),
                       [&](const FactorInfo& f) { return f.live || factorAt(f, a) == factorAt(f, b); });
}

}  // namespace engine
