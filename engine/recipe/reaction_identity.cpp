// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/reaction_identity.h"

#include "engine/base/error.h"

namespace engine {
namespace {

// How the work is done, not what comes out.
constexpr const char* kWorkOptions[] = {"checkpoint_minutes"};
// What came when there were kept reactions already counts where it is not its default.
constexpr const char* kLaterOptions[] = {"centred"};

Json withoutWork(Json step) {
    if (step.contains("options")) {
        Json& options = step["options"];
        for (const char* key : kWorkOptions) options.erase(key);
        const Json defaults = reactionOptionTable().toJson(ReactionOptions{});
        for (const char* key : kLaterOptions) {
            if (options.contains(key) && options[key] == defaults.at(key)) options.erase(key);
        }
    }
    return step;
}

// Steps 0..count-1 as the later ones meet them: with the shares that are in force, named or not.
Json stepsBefore(const Json& route, const RoutePlan& plan, std::size_t count) {
    Json out = Json::array();
    for (std::size_t s = 0; s < count; ++s) {
        Json before = withoutWork(route.at(s));
        before["shares"] = Json::object();
        for (const auto& f : plan.factors) {
            if (f.step == s) before["shares"][f.modality] = f.value;
        }
        before.erase("factors");
        out.push_back(std::move(before));
    }
    return out;
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
    if (!reaction.joint) own.erase("against");
    own["experts"] = Json::array({recipe.route.at(reaction.step).experts.at(reaction.expert).space});
    Json out{{"base", recipe.base}, {"reaction", own}};
    out["before"] = stepsBefore(route, plan, againstBase(recipe, reaction) ? 0 : reaction.step);
    out["stream"] = reactionStream(recipe, reaction);
    out["subsets"] = reaction.subsets;
    out["epochs"] = reaction.epochs;
    out["pools"] = {{"unified", reaction.unified_modalities}, {"expert", reaction.expert_modalities}};
    out["widths"] = {reaction.source_width, reaction.target_width};
    return out;
}

Json tuningIdentity(const Recipe& recipe, const RoutePlan& plan, const PlannedTuning& tuning) {
    const Json route = recipeToJson(recipe).at("route");
    Json out{{"base", recipe.base}, {"tuning", withoutWork(route.at(tuning.step))}};
    out["before"] = stepsBefore(route, plan, tuning.step);
    out["stream"] = tuning.key;
    out["epochs"] = tuning.epochs;
    out["width"] = tuning.width;
    return out;
}

}  // namespace engine
