// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A recipe: base space, an ordered route of reactions with their experts, factors and training options, named settings
// and Δ groups. A recipe, a workspace and a seed rebuild the product. Schema: resources/guide/recipes.md.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/recipe/reaction_options.h"
#include "engine/space/modality.h"

namespace engine {

// Tuning is no reaction of the paper's but its dagger (†): rows of a tuned encoder, or what on embeddings alone can
// stand in for one.
enum class ReactionKind { Displacement, Combination, Tuning };

struct ExpertUse {
    std::string space;
    double weight = 1;  // among the experts of its step; 0 or `enabled` false: switched off
    bool enabled = true;
    std::vector<std::string> projectors;  // active subset projectors at inference ("T", "TV", ...); empty: all trained
};

// One step of the route. A combination takes any number of experts in parallel; a displacement takes one, a tuning
// none.
struct ReactionStep {
    ReactionKind kind = ReactionKind::Combination;
    std::vector<ExpertUse> experts;
    std::map<Modality, double> factors;  // λ or σ per modality: always the expert's share, 0..1; not named: see
                                         // defaultFactor()
    // Trained against the "product" so far (Eq. 9), or the "base" space; "joint": both sides are projected, with a head
    // each, into a space of their own (C-MCR, method §2.1), and the product moves there.
    std::string against = "product";
    ReactionOptions options;
    // Of a tuning alone: rows of `modality` in the base pass a small residual adapter, which is trained on pairs of a
    // paired pool against the product's rows of `towards` (method §5). It has no experts and no factors.
    Modality modality, towards;
    std::string pool;  // empty: the only paired pool that has both
    // Of a tuning whose encoder itself was tuned (engine/reaction/encoder_tuner.h): the space of the workspace with the
    // rows of `modality` that the product has from here on. Nothing is trained then.
    std::string space;
};

// True if the step moves the product into another space: a displacement, or a combination in a joint one. What comes
// before it is fixed.
bool movesProduct(const ReactionStep& step);

// λ 0.9, the paper's; σ 0.5.
double defaultFactor(ReactionKind kind);

// A point of inference: what sliders and switches say. Anything not named keeps the recipe's value.
struct Setting {
    std::map<std::string, double> factors = {};         // by factor name: "sigma_a", "lambda_t"
    std::map<std::string, double> expert_weights = {};  // by expert key: "CLAP_g"; 0: off
    std::map<std::string, bool> projectors = {};        // by projector key: "CLAP_g:TV"; true: active
    bool operator==(const Setting&) const = default;
};

// A group of evaluation sets whose mean change of one metric is drawn as a surface (Figures 3-6).
struct DeltaGroup {
    std::string name;  // "AT"
    std::vector<std::string> sets;
    std::string metric = "R@1";
    std::vector<double> weights;  // empty: equal
};

struct Recipe {
    std::string name;
    std::string description;
    std::string base;
    std::vector<ReactionStep> route;
    std::map<std::string, Setting> settings;  // "Versatile", "AT Expertise"
    std::vector<DeltaGroup> delta_groups;     // empty: one for each pair of modalities that has retrieval sets
};

Recipe recipeFromJson(const Json& json, const std::string& where);  // lists every problem at once
Json recipeToJson(const Recipe& recipe);
Recipe readRecipe(const std::filesystem::path& path);

Json settingToJson(const Setting& setting);
Setting settingFromJson(const Json& json, const std::string& where, std::vector<std::string>& problems);

// The expert's name in settings: its space, or "2-CLAP" (step from 1) where the space is used in several steps.
std::string expertKey(const Recipe& recipe, std::size_t step, std::size_t expert);
// A subset projector's name in settings: "CLAP_g:TV".
std::string projectorKey(const std::string& expert_key, const std::string& subset);

const char* reactionName(ReactionKind kind);  // "displacement", "combination", "tuning"

}  // namespace engine
