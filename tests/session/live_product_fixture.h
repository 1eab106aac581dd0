// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Three products trained on a tiny world, once for all tests: with combinations alone, with a displacement before them,
// and with displacements in a row, where not every factor is live.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/recipe/reactor.h"
#include "engine/session/live_product.h"
#include "tests/support/test_folder.h"

namespace engine {

class LiveProductTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        try {
            loadReactor();
        } catch (const Error&) {
            return;
        }
        folder_ = new test::TestFolder;
        synth({*folder_ / "world", {{"preset", "tiny"}}}, {});
        for (const char* recipe : {"ImageBind++", "InternVL_IB++", "Only_Seq"}) {
            ReactRequest request;
            request.workspace = *folder_ / "world";
            request.recipe = recipe;
            request.product = *folder_ / recipe;
            request.reaction_options = {{"hidden_width", 24}, {"batch_size", 64}, {"epochs", 1}};
            train(request, {});
        }
    }
    static void TearDownTestSuite() {
        delete folder_;
        folder_ = nullptr;
    }
    void SetUp() override {
        if (!folder_) GTEST_SKIP() << "built without the reactor: nothing can be trained";
    }
    static std::shared_ptr<LiveProduct> open(const char* recipe) {
        LiveProduct::Request request;
        request.product = *folder_ / recipe;
        return LiveProduct::open(request, {});
    }
    static void prepareAll(LiveProduct& live, const Setting& setting) {
        for (const std::size_t set : live.missing(setting)) ASSERT_TRUE(live.prepare(set, setting, {}));
        ASSERT_TRUE(live.missing(setting).empty());
    }
    static Json evaluated(const char* recipe, const Setting& setting) {
        EvaluateRequest request;
        request.subject.product = *folder_ / recipe;
        for (const auto& [name, value] : setting.factors)
            request.subject.set.push_back(name + "=" + std::to_string(value));
        for (const auto& [name, value] : setting.expert_weights)
            request.subject.set.push_back(name + "=" + std::to_string(value));
        for (const auto& [name, on] : setting.projectors) request.subject.set.push_back(name + (on ? "=on" : "=off"));
        request.reference = true;
        return evaluate(request, {}).json;
    }
    // The figures of every set that is ready are those of the answer.
    static void expectFigures(const LiveProduct& live, const Setting& setting, const Json& answer) {
        const LiveFigures figures = live.figures(setting, true, {});
        ASSERT_EQ(answer["sets"].size(), live.sets().size());
        for (std::size_t s = 0; s < live.sets().size(); ++s) {
            const std::string& name = live.sets()[s].name;
            ASSERT_TRUE(figures.sets[s]) << name;
            const auto set = std::find_if(answer["sets"].begin(), answer["sets"].end(),
                                          [&](const Json& json) { return json["set"] == name; });
            ASSERT_TRUE(set != answer["sets"].end()) << name;
            for (const auto& [metric, value] : *figures.sets[s])
                EXPECT_NEAR(value, (*set)["metrics"][metric].get<double>(), 1e-9) << name << " " << metric;
        }
    }
    // ImageBind++ with these Δ groups in its recipe.
    static std::filesystem::path withGroups(const char* name, const char* groups) {
        const auto copy = *folder_ / name;
        std::filesystem::copy(*folder_ / "ImageBind++", copy, std::filesystem::copy_options::recursive);
        Json product = readJsonFile(copy / "product.json");
        product["recipe"]["delta_groups"] = Json::parse(groups);
        writeJsonFile(copy / "product.json", product);
        return copy;
    }
    static inline test::TestFolder* folder_ = nullptr;
};

}  // namespace engine
