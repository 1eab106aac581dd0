// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/recompute_cost.h"

#include <algorithm>
#include <chrono>

#include "engine/base/rng.h"
#include "engine/recipe/projector_weights.h"

namespace engine {
namespace {

constexpr std::size_t kProbeRows = 512, kProbeWidth = 256, kProbeHidden = 1024;
constexpr int kProbes = 3;  // the first one warms up

double measureSpeed() {
    Rng rng(1, "projector speed");
    ProjectorWeights weights = twoLayers(kProbeWidth, kProbeHidden, kProbeWidth);
    for (auto* values : trainedOf(weights)) rng.fillNormal(values->data(), values->size(), 0.05f);
    const FoldedProjector projector(weights);
    Matrix rows(kProbeRows, kProbeWidth), out(kProbeRows, kProbeWidth);
    rng.fillNormal(rows.data(), rows.size());
    double best = 0;
    for (int i = 0; i < kProbes; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        projector.forward(rows.view(), out.data());
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        best = std::max(best, static_cast<double>(kProbeRows) * projector.rowFlop() / std::max(seconds, 1e-9));
    }
    return best;
}

}  // namespace

double foldedRowFlop(const Recipe& recipe, const RoutePlan& plan, const Modality& modality) {
    const auto last = lastDisplacement(recipe, recipe.route.size());
    if (!last) return 0;
    double flop = 0;
    for (const auto& reaction : plan.reactions) {
        if (reaction.step > *last) continue;
        const ReactionStep& step = recipe.route[reaction.step];
        const auto active = static_cast<double>(activeProjectors(recipe, plan, reaction.step, reaction.expert).size());
        const double heads = 2 * active * static_cast<double>(step.options.hidden_width);
        const double through = heads * static_cast<double>(reaction.source_width + reaction.target_width);
        if (reaction.kind == ReactionKind::Displacement) {  // of the product so far
            flop += through;
            continue;
        }
        if (reaction.joint) flop += 2 * heads * static_cast<double>(reaction.target_width);
        const SpaceInfo* expert = plan.space(step.experts[reaction.expert].space);
        const bool has = expert && std::find(expert->modalities.begin(), expert->modalities.end(), modality) !=
                                       expert->modalities.end();
        if (has && reaction.step < *last) flop += through;
    }
    return flop;
}

double projectorSpeed() {
    static const double speed = measureSpeed();
    return speed;
}

}  // namespace engine
