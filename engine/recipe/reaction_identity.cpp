// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/reaction_identity.h"

#include "engine/base/error.h"

namespace engine {
namespace {

// How the work is done, not what comes out.
constexpr const char* kWorkOptions[] = {"checkpoint_minutes"};

Json withoutWork(Json step) {
    for (const char* key : kWorkOptions) step["options"].erase(key);
    return step;
}

}  // namespace

bool againstBase(const Recipe& recipe, const PlannedReaction& reaction) {
    return reaction.step == 0 || recipe.route.at(reaction.step).against == "base";
}

std::string reactionStream(const Recipe& recipe, const PlannedReaction& reaction) {
    const std::string& expert = recipe.route.at(reaction.step).experts.at(reaction.expert).space;
    return againstBase(recipe, reaction) ? "1-" + expert : reaction.key;
}

Json reactionIdentity(const Recipe& recipe, const RoutePlan& plan, const PlannedReaction& reaction) {
    // From the recipe's own JSON, so that whatever a step may say counts unless it is known not to.
    const Json route = recipeToJson(recipe).at("route");
    Json own = withoutWork(route.at(reaction.step));
    // A validation set chooses among epochs by the blended product.
    if (recipe.route.at(reaction.step).options.validation_set.empty()) own.erase("factors");
    own.erase("against");
    const std::string& expert = recipe.route.at(reaction.step).experts.at(reaction.expert).space;
    own["experts"] = Json::array({expert});
    Json out{{"base", recipe.base}, {"reaction", own}, {"before", Json::array()}};
    if (!againstBase(recipe, reaction)) {
        for (std::size_t s = 0; s < reaction.step; ++s) {
            Json before = withoutWork(route.at(s));
            before["shares"] = Json::object();
            for (const auto& f : plan.factors) {
                if (f.step == s) before["shares"][f.modality] = f.value;
            }
            before.erase("factors");
            out["before"].push_back(std::move(before));
        }
    }
    out["stream"] = reactionStream(recipe, reaction);
    out["subsets"] = reaction.subsets;
    out["epochs"] = reaction.epochs;
    out["pools"] = {{"unified", reaction.unified_modalities}, {"expert", reaction.expert_modalities}};
    out["widths"] = {reaction.source_width, reaction.target_width};
    return out;
}

}  // namespace engine
