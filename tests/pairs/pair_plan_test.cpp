// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/pairs/pair_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/base/error.h"

namespace engine {
namespace {

const std::vector<Modality> kImageBind = {"text", "image", "audio"};

// Each lookup as numbers of the equations: "A~u=W(V~u,Au)Au"; the start's own rows carry no tilde as a query.
std::vector<std::string> lookups(const Modality& start, const std::vector<Modality>& unified,
                                 const std::vector<Modality>& expert, const std::string& guidance = "auto",
                                 const std::string& hub = "auto") {
    const PairPlan plan = planPairs(start, unified, expert, guidance, hub);
    std::vector<std::string> lines;
    const auto letter = [](PairSide side) { return side == PairSide::Unified ? "u" : "e"; };
    for (const auto& step : plan.steps) {
        const std::string query =
            modalityLetter(step.query.modality) + (step.query.modality == start ? "" : "~") + letter(step.query.side);
        for (const auto side : step.value_sides) {
            const std::string m = modalityLetter(step.memory);
            lines.push_back(m + "~" + letter(side) + "=W(" + query + "," + m + letter(step.key_side) + ")" + m +
                            letter(side));
        }
    }
    return lines;
}

using testing::UnorderedElementsAre;

TEST(PairPlan, ImageTextExpertIsEquations4To6) {
    const std::vector<Modality> expert = {"text", "image"};
    EXPECT_THAT(lookups("text", kImageBind, expert),
                UnorderedElementsAre("V~e=W(Te,Ve)Ve", "V~u=W(Tu,Vu)Vu", "A~u=W(V~u,Au)Au"));
    EXPECT_THAT(lookups("image", kImageBind, expert),
                UnorderedElementsAre("T~e=W(Ve,Te)Te", "T~u=W(Vu,Tu)Tu", "A~u=W(Vu,Au)Au"));
    EXPECT_THAT(lookups("audio", kImageBind, expert),
                UnorderedElementsAre("V~u=W(Au,Vu)Vu", "V~e=W(Au,Vu)Ve", "T~u=W(V~u,Tu)Tu", "T~e=W(V~u,Tu)Te"));
}

TEST(PairPlan, AudioTextExpertIsEquations11To13) {
    const std::vector<Modality> expert = {"text", "audio"};
    EXPECT_THAT(lookups("text", kImageBind, expert),
                UnorderedElementsAre("A~e=W(Te,Ae)Ae", "A~u=W(Te,Ae)Au", "V~u=W(Tu,Vu)Vu"));
    EXPECT_THAT(lookups("audio", kImageBind, expert),
                UnorderedElementsAre("T~e=W(Ae,Te)Te", "T~u=W(Ae,Te)Tu", "V~u=W(Au,Vu)Vu"));
    EXPECT_THAT(lookups("image", kImageBind, expert),
                UnorderedElementsAre("T~u=W(Vu,Tu)Tu", "T~e=W(Vu,Tu)Te", "A~u=W(Vu,Au)Au", "A~e=W(Vu,Au)Ae"));
}

TEST(PairPlan, ReachesModalitiesThatOnlyTheExpertHas) {
    const std::vector<Modality> unified = {"text", "image"}, expert = {"text", "molecule"};
    EXPECT_THAT(lookups("molecule", unified, expert),
                UnorderedElementsAre("T~e=W(moleculee,Te)Te", "T~u=W(moleculee,Te)Tu", "V~u=W(T~u,Vu)Vu"));
    EXPECT_THAT(lookups("text", unified, expert), testing::Contains("molecule~e=W(Te,moleculee)moleculee"));
    EXPECT_THAT(lookups("image", unified, expert), testing::Contains("molecule~e=W(T~e,moleculee)moleculee"));
}

// Whatever the modalities, guidance and hub: every cell of both spaces is there once, made from what was there before.
TEST(PairPlan, MakesEveryCellOnceFromEarlierOnes) {
    const std::vector<std::string> all = {"text", "image", "audio", "depth"};
    int plans = 0;
    for (unsigned u = 1; u < 16; ++u) {
        for (unsigned e = 1; e < 16; ++e) {
            std::vector<Modality> unified, expert;
            for (unsigned i = 0; i < 4; ++i) {
                if (u >> i & 1) unified.push_back(all[i]);
                if (e >> i & 1) expert.push_back(all[i]);
            }
            for (const std::string guidance : {"auto", "own", "expert"}) {
                for (unsigned i = 0; i < 4; ++i) {
                    if (((u | e) >> i & 1) == 0) continue;
                    if ((u & e) == 0) {
                        EXPECT_THROW(planPairs(all[i], unified, expert, guidance, "auto"), Error);
                        continue;
                    }
                    const PairPlan plan = planPairs(all[i], unified, expert, guidance, "auto");
                    std::set<PairCell> there(plan.own.begin(), plan.own.end());
                    ASSERT_EQ(there.size(), (u >> i & 1) + (e >> i & 1));
                    for (const auto& step : plan.steps) {
                        ASSERT_TRUE(there.count(step.query)) << plan.text();
                        ASSERT_EQ(step.query.side, step.key_side) << plan.text();
                        for (const auto side : step.value_sides)
                            ASSERT_TRUE(there.insert({side, step.memory}).second) << plan.text();
                    }
                    ASSERT_EQ(there.size(), unified.size() + expert.size()) << plan.text();
                    ++plans;
                }
            }
        }
    }
    EXPECT_GT(plans, 1000);
}

TEST(PairPlan, RefusesAHubThatTheUnifiedSpaceLacks) {
    EXPECT_THROW(planPairs("text", {"text", "image"}, {"text"}, "auto", "audio"), Error);
}

}  // namespace
}  // namespace engine
