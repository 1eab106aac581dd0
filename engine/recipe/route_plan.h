// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What follows from a recipe and the spaces of a workspace, before anything is trained: which modalities each step can
// touch, widths, factors with their names and whether they are live, the reactions to train, the formula in force.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/recipe/recipe.h"
#include "engine/store/workspace.h"

namespace engine {

struct SpaceInfo {
    std::string name;
    std::size_t width = 0;  // one width for all modalities of a space
    std::vector<Modality> modalities;
    std::vector<Modality> pools;  // those of `modalities` with a pool to train on
};

// One factor of the product: an expert's share of a modality, or an expert's weight among those of its step. Live: no
// later displacement takes its result as input (design: factors without recomputation), so it can change without
// running a projector.
struct FactorInfo {
    // "sigma_a"; with several steps of the kind "sigma2_a" (step numbers count from 1); a weight: "weight_CLAP_g"
    std::string name;
    std::string symbol;  // "σ_a", "w_CLAP_g"
    std::size_t step = 0;
    Modality modality;  // of a share
    double value = 0;   // the recipe's, 0..1
    bool live = true;
    // Of a weight: all experts of the step with the recipe's weights (0: off), its own first.
    struct Expert {
        std::string key;
        double weight = 1;
    };
    std::vector<Expert> experts = {};

    bool isWeight() const { return !experts.empty(); }
};

// A factor's value in a setting, 0..1. A weight's is its part of the sum of the step's weights, 0 where all are off.
double factorAt(const FactorInfo& factor, const Setting& setting);
// Of a weight: whether any expert of its step is on.
bool anyExpertOn(const FactorInfo& weight, const Setting& setting);
// Sets it. Of a weight: the expert's own to `value`, and the others' so that they keep their ratio (the recipe's where
// they were off, else equal ones) and all add up to 1.
void setFactor(Setting& setting, const FactorInfo& factor, double value);

// One reaction to train: one expert of one step.
struct PlannedReaction {
    std::string key;  // "1-InternVL": folder name inside a product
    std::size_t step = 0, expert = 0;
    ReactionKind kind = ReactionKind::Combination;
    bool joint = false;  // the unified space is projected too, by a head of baseHeadKey(key)
    std::size_t source_width = 0, target_width = 0;
    // With pools: what is trained on. Canonical order.
    std::vector<Modality> unified_modalities;  // those of the space it is trained against
    std::vector<Modality> expert_modalities;
    std::vector<Modality> shared;      // at least one
    std::vector<Modality> starts;      // pools D_X to make: all of the two spaces
    std::vector<std::string> subsets;  // projectors to train: "T", "V", ..., "TVA"
    std::int64_t epochs = 0;
};

// One tuning to train.
struct PlannedTuning {
    std::string key;  // "2-tuning"
    std::size_t step = 0;
    Modality modality, towards;
    std::string pool;       // empty: the only paired pool that has both
    std::size_t width = 0;  // of the base
    std::int64_t epochs = 0;
};

// A tuned encoder's rows, which are there: from `step` on the product's rows of `modality` are those of `space`, after
// all displacements so far.
struct TunedRows {
    std::size_t step = 0;
    Modality modality;
    std::string space;
};

struct RoutePlan {
    std::vector<SpaceInfo> spaces;     // base first, then the experts in order of use
    std::vector<Modality> modalities;  // of the product: the base's, and those that only an expert brings
    std::size_t width = 0;             // of the product
    std::vector<FactorInfo> factors;   // shares
    std::vector<FactorInfo> weights;   // of every expert that has company in its step
    std::vector<PlannedReaction> reactions;
    std::vector<PlannedTuning> tunings;
    std::vector<TunedRows> tuned;
    std::vector<std::string> warnings;  // recipe lint: dead factors, shares of 0 or 1, ...

    // What gives the rows of a modality within the first `steps` steps; null: the base does.
    const TunedRows* tunedRows(const Modality& modality, std::size_t steps) const;
    const FactorInfo* factor(const std::string& name) const;  // a share
    std::vector<FactorInfo> axes() const;                     // shares, then weights: what can run over a range
    const SpaceInfo* space(const std::string& name) const;
};

// The last of the first `steps` steps that moves the product (movesProduct()); nothing if there is none. What comes
// before it is not live.
std::optional<std::size_t> lastDisplacement(const Recipe& recipe, std::size_t steps);

// The key of the heads that take the unified space into the joint space of a reaction: "1-CLAP/base".
std::string baseHeadKey(const std::string& reaction_key);
// Every projector of a plan, and every adapter of a tuning, whose subset is its modality: files
// reactions/<key>/<subset>.safetensors of a product.
struct ProjectorPlace {
    std::string key, subset;
};
std::vector<ProjectorPlace> projectorPlaces(const RoutePlan& plan);
std::vector<ProjectorPlace> projectorPlaces(const PlannedReaction& reaction);

// The step whose experts bring `modality` into the product, where the base lacks it: its share is 1 there and no
// factor.
std::optional<std::size_t> broughtByStep(const Recipe& recipe, const RoutePlan& plan, const Modality& modality);

// The spaces of a workspace as a plan sees them.
std::vector<SpaceInfo> spacesOf(const Workspace& workspace);

// Throws Error{InvalidInput} with every problem: unknown spaces, no shared modality, a factor on a modality that the
// expert lacks, a displacement with several experts, widths that cannot be blended.
RoutePlan planRoute(const Recipe& recipe, const std::vector<SpaceInfo>& spaces);

// The subset projectors of an expert that its mean is taken of, in the plan's order ("T", "V", ..., "TVA"): those that
// the recipe names, else all trained.
std::vector<std::string> activeProjectors(const Recipe& recipe, const RoutePlan& plan, std::size_t step,
                                          std::size_t expert);

// The recipe with a setting's factors, weights and projectors put in. Throws on an unknown name (nearest known one
// named), and where an expert would be left without a projector.
Recipe withSetting(const Recipe& recipe, const RoutePlan& plan, const Setting& setting);

// What of a setting components and landscapes are made for: its switches, and the factors that are not live where they
// have another value than the recipe's.
Setting withoutLiveFactors(const Setting& setting, const RoutePlan& plan);
// True where that is the same of both; quick.
bool sameButLiveFactors(const Setting& a, const Setting& b, const RoutePlan& plan);

// "T = N( σ_t·N((Ψ_CLAP_g + Ψ_CLAP_m)/2) + (1−σ_t)·ImageBind )" with the numbers of the recipe in place. Where not all
// projectors of an expert are active, their number stands behind it: "Ψ_CLAP_g[5/7]".
std::string formula(const Recipe& recipe, const RoutePlan& plan, const Modality& modality);

// Text, image, audio, then the others by name.
std::vector<Modality> canonicalOrder(std::vector<Modality> modalities);

// Names of the subsets of `starts` (modalities in canonical order text, image, audio, others): "T", "V", "A", "TV",
// "TA", "VA", "TVA". With a modality that has no letter, names are joined by '+': "depth+T".
std::vector<std::string> subsetNames(const std::vector<Modality>& starts);
std::vector<Modality> subsetMembers(const std::string& subset, const std::vector<Modality>& starts);

}  // namespace engine
