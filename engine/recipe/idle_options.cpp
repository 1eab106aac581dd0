// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/idle_options.h"

#include <algorithm>

#include "engine/recipe/projector_head.h"

namespace engine {
namespace {

// A tuning has pairs, a loss and an adapter of its own (engine/reaction/tuning.h); these are left of the table.
constexpr const char* kOfTuning[] = {
    "hidden_width",  "union_order", "temperature", "info_direction", "batch_size",   "epochs",   "optimiser",
    "learning_rate", "beta1",       "beta2",       "epsilon",        "weight_decay", "schedule", "checkpoint_minutes"};

}  // namespace

std::string whyIdle(const ReactionStep& step, const std::string& option) {
    const ReactionOptions& o = step.options;
    if (step.kind == ReactionKind::Tuning) {
        const bool used =
            std::any_of(std::begin(kOfTuning), std::end(kOfTuning), [&](const char* key) { return option == key; });
        return used ? "" : "Of no effect in a tuning.";
    }
    if (option == "noise_variance" && o.objective != "c-mcr")
        return "Of no effect with the objective " + o.objective + ".";
    if (option == "intra_weight" && o.objective == "freebind") return "Of no effect with the objective freebind.";
    if (option == "hidden_width" && headKind(o) != "freebind")
        return "Of no effect with the head of " + headKind(o) + ".";
    if (o.validation_set.empty() && option == "validation_steps") return "Of no effect without a validation set.";
    if (step.against == "joint" && option == "validation_set")
        return "A joint space is not validated while it is trained.";
    return {};
}

}  // namespace engine
