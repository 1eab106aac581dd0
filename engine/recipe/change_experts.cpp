// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/change_experts.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace engine {
namespace {

struct Place {
    std::size_t step = 0, expert = 0;
};

Place placeOf(const Recipe& recipe, const std::string& key) {
    std::vector<std::string> keys;
    for (std::size_t s = 0; s < recipe.route.size(); ++s) {
        for (std::size_t e = 0; e < recipe.route[s].experts.size(); ++e) {
            keys.push_back(expertKey(recipe, s, e));
            if (keys.back() == key) return {s, e};
        }
    }
    const std::string known = joined(keys);
    const std::string near = nearestName(key, keys);
    throw Error(ErrorCode::NotFound, "recipe " + recipe.name, "there is no expert '" + key + "'",
                near.empty() ? "there are " + known : "did you mean '" + near + "'?");
}

// Where the old recipe's experts are in the new one; nothing: gone. A step is where its first expert is.
using Moves = std::function<std::optional<Place>(Place)>;

Setting moved(const Setting& setting, const Recipe& before, const RoutePlan& plan_before, const Recipe& after,
              const RoutePlan& plan_after, const Moves& moves) {
    Setting out;
    for (const auto& [name, value] : setting.factors) {
        const FactorInfo* factor = plan_before.factor(name);
        if (!factor) continue;
        // Of its step, whichever of the step's experts are left.
        std::optional<std::size_t> step;
        for (std::size_t e = 0; e < before.route[factor->step].experts.size(); ++e) {
            if (const auto to = moves({factor->step, e})) step = to->step;
        }
        for (const auto& f : plan_after.factors) {
            if (f.step == step && f.modality == factor->modality) out.factors[f.name] = value;
        }
    }
    for (std::size_t s = 0; s < before.route.size(); ++s) {
        for (std::size_t e = 0; e < before.route[s].experts.size(); ++e) {
            const auto to = moves({s, e});
            if (!to) continue;
            const std::string key = expertKey(before, s, e), now = expertKey(after, to->step, to->expert);
            if (const auto it = setting.expert_weights.find(key); it != setting.expert_weights.end())
                out.expert_weights[now] = it->second;
            for (const auto& r : plan_after.reactions) {
                if (r.step != to->step || r.expert != to->expert) continue;
                for (const auto& subset : r.subsets) {
                    const auto it = setting.projectors.find(projectorKey(key, subset));
                    if (it != setting.projectors.end()) out.projectors[projectorKey(now, subset)] = it->second;
                }
            }
        }
    }
    return out;
}

// Named settings of the new recipe, which is checked by the way.
void settle(const Recipe& before, const std::vector<SpaceInfo>& spaces, const Moves& moves, Recipe& after) {
    const RoutePlan plan_before = planRoute(before, spaces), plan_after = planRoute(after, spaces);
    after.settings.clear();
    for (const auto& [name, setting] : before.settings)
        after.settings[name] = moved(setting, before, plan_before, after, plan_after, moves);
}

}  // namespace

Recipe withExpert(const Recipe& recipe, const std::vector<SpaceInfo>& spaces, const std::string& space) {
    Recipe out = recipe;
    out.name += " with " + space;
    ExpertUse use;
    use.space = space;
    const auto step = std::find_if(out.route.rbegin(), out.route.rend(), [](const ReactionStep& s) {
        return s.kind == ReactionKind::Combination && s.against != "joint";
    });
    if (step == out.route.rend()) {
        ReactionStep own;
        own.experts = {use};
        out.route.push_back(std::move(own));
    } else if (std::any_of(step->experts.begin(), step->experts.end(),
                           [&](const ExpertUse& there) { return there.space == space; })) {
        throw Error(ErrorCode::InvalidInput, "recipe " + recipe.name,
                    "its last combination has the expert " + space + " already");
    } else {
        step->experts.push_back(use);
    }
    settle(
        recipe, spaces, [](Place p) { return p; }, out);
    return out;
}

Recipe withoutExpert(const Recipe& recipe, const std::vector<SpaceInfo>& spaces, const std::string& key) {
    const Place gone = placeOf(recipe, key);
    const RoutePlan before = planRoute(recipe, spaces);
    Recipe out = recipe;
    out.name += " without " + key;
    const auto step = out.route.begin() + static_cast<std::ptrdiff_t>(gone.step);
    const bool whole_step = step->experts.size() == 1;
    if (whole_step) {
        out.route.erase(step);
    } else {
        step->experts.erase(step->experts.begin() + static_cast<std::ptrdiff_t>(gone.expert));
        // A share needs an expert that has the modality.
        std::erase_if(step->factors, [&](const auto& factor) {
            return std::none_of(step->experts.begin(), step->experts.end(), [&](const ExpertUse& use) {
                const SpaceInfo* space = before.space(use.space);
                return space && contains(space->modalities, factor.first);
            });
        });
    }
    const auto moves = [&](Place p) -> std::optional<Place> {
        if (p.step == gone.step && p.expert == gone.expert) return std::nullopt;
        if (p.step == gone.step && p.expert > gone.expert) --p.expert;
        if (whole_step && p.step > gone.step) --p.step;
        return p;
    };
    settle(recipe, spaces, moves, out);
    return out;
}

Recipe withStep(const Recipe& recipe, const std::vector<SpaceInfo>& spaces, std::size_t at, const ReactionStep& step) {
    Recipe out = recipe;
    out.route.insert(out.route.begin() + static_cast<std::ptrdiff_t>(at), step);
    settle(
        recipe, spaces,
        [at](Place p) {
            return Place{p.step < at ? p.step : p.step + 1, p.expert};
        },
        out);
    return out;
}

}  // namespace engine
