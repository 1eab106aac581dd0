// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/idle_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace engine {
namespace {

using testing::UnorderedElementsAre;

std::vector<std::string> idle(const ReactionStep& step) {
    std::vector<std::string> out;
    for (const auto& entry : reactionOptionTable().entries()) {
        if (!whyIdle(step, entry.key).empty()) out.push_back(entry.key);
    }
    return out;
}

TEST(IdleOptions, FollowFromTheObjectiveAndTheHead) {
    ReactionStep step;
    step.options.validation_set = "set";
    EXPECT_THAT(idle(step), UnorderedElementsAre("noise_variance", "intra_weight"));
    EXPECT_EQ(whyIdle(step, "noise_variance"), "Of no effect with the objective freebind.");
    step.options.objective = "c-mcr";
    EXPECT_THAT(idle(step), UnorderedElementsAre("hidden_width"));
    step.options.head = "freebind";
    EXPECT_THAT(idle(step), testing::IsEmpty());
    step.options.objective = "ex-mcr";
    EXPECT_THAT(idle(step), UnorderedElementsAre("noise_variance"));
    step.options.validation_set.clear();
    EXPECT_THAT(idle(step), UnorderedElementsAre("noise_variance", "validation_steps"));
}

TEST(IdleOptions, ATuningHasNoPseudoPairsAndNoProjectors) {
    ReactionStep step;
    step.kind = ReactionKind::Tuning;
    const auto found = idle(step);
    EXPECT_THAT(found, testing::IsSupersetOf({"retrieval_temperature", "centred", "projectors", "objective", "head",
                                              "batch_norm", "validation_set"}));
    EXPECT_THAT(found, testing::Not(testing::Contains("learning_rate")));
    EXPECT_THAT(found, testing::Not(testing::Contains("hidden_width")));
}

}  // namespace
}  // namespace engine
