// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/pools.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/base/error.h"
#include "engine/session/session.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

class Pools : public testing::Test {
protected:
    Pools() {
        synth({folder_ / "w", {{"preset", "tiny"}}}, {});
        request_.workspace = folder_ / "w";
        request_.recipe = findRecipe("InternVL_IB++");
        request_.recipe.route[1].options.retrieval_temperature = 0.05;
        request_.recipe.route[1].options.centred = true;
    }
    std::set<std::string> spacesOf(const PoolsAnswer& answer) const {
        std::set<std::string> spaces;
        for (const auto& r : answer.quality.retrievals) spaces.insert(r.space);
        return spaces;
    }
    static bool standsIn(const PoolsAnswer& answer) {
        return std::any_of(answer.findings.begin(), answer.findings.end(),
                           [](const auto& f) { return f.text.find("stands in") != std::string::npos; });
    }
    test::TestFolder folder_;
    PoolsRequest request_;
};

TEST_F(Pools, AStepHasItsSpacesAndOptions) {
    request_.step = 0;
    const auto first = lookAtPools(request_, {});
    EXPECT_EQ(spacesOf(first), (std::set<std::string>{"ImageBind", "InternVL"}));
    EXPECT_EQ(first.quality.options.retrieval_temperature, 0.01);
    EXPECT_FALSE(first.quality.options.centred);
    EXPECT_FALSE(standsIn(first));
    request_.step = 1;
    auto second = lookAtPools(request_, {});
    EXPECT_EQ(spacesOf(second), (std::set<std::string>{"ImageBind", "CLAP_g", "CLAP_m"}));
    EXPECT_EQ(second.quality.options.retrieval_temperature, 0.05);
    EXPECT_TRUE(second.quality.options.centred);
    EXPECT_TRUE(standsIn(second));
    request_.recipe.route[1].against = "base";
    EXPECT_FALSE(standsIn(lookAtPools(request_, {})));
}

TEST_F(Pools, AWholeRecipeHasTheOptionsOfItsFirstReaction) {
    const auto whole = lookAtPools(request_, {});
    EXPECT_EQ(spacesOf(whole), (std::set<std::string>{"ImageBind", "InternVL", "CLAP_g", "CLAP_m"}));
    EXPECT_EQ(whole.quality.options.retrieval_temperature, 0.01);
    EXPECT_FALSE(standsIn(whole));
}

TEST_F(Pools, TheVerbSaysTheSame) {
    request_.step = 1;
    request_.seed = 7;
    request_.recipe = findRecipe("InternVL_IB++");
    for (auto& step : request_.recipe.route) step.options.centred = true;
    const auto answer = lookAtPools(request_, {});
    ReactRequest verb;
    verb.workspace = request_.workspace;
    verb.recipe = "InternVL_IB++";
    verb.reaction_options = {{"centred", true}};
    verb.run_options = {{"seed", 7}};
    const Outcome said = poolQuality(verb, Json::object(), 2, {});
    EXPECT_EQ(said.json["retrievals"], answer.quality.toJson()["retrievals"]);
    EXPECT_EQ(said.json["centred"], true);
    ASSERT_EQ(said.json["findings"].size(), answer.findings.size());
    for (std::size_t i = 0; i < answer.findings.size(); ++i) {
        EXPECT_EQ(said.json["findings"][i]["text"], answer.findings[i].text);
        EXPECT_THAT(said.text, testing::HasSubstr(answer.findings[i].text));
    }
}

TEST_F(Pools, WhatHasNoPseudoPairsIsRefused) {
    request_.step = 2;
    EXPECT_THROW(lookAtPools(request_, {}), Error);
    request_.recipe.route[1] = {};
    request_.recipe.route[1].kind = ReactionKind::Tuning;
    request_.step = 1;
    try {
        lookAtPools(request_, {});
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_THAT(error.message(), testing::HasSubstr("tuning"));
    }
}

}  // namespace
}  // namespace engine
