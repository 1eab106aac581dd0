// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/report_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/recipe/reaction_identity.h"
#include "engine/report/measured.h"
#include "engine/report/published.h"
#include "engine/report/reaction_store.h"
#include "engine/store/synthetic_world.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

class Plans : public testing::Test {
protected:
    Plans() {
        makeWorld(folder_.path() / "world", {"tiny", 0}, {});
        workspace_.emplace(folder_.path() / "world");
    }
    ReportPlan plan(const ReportOptions& options = {}) {
        return planReport(reportSpec(), *workspace_, options, {{"hidden_width", 32}});
    }
    test::TestFolder folder_;
    std::optional<Workspace> workspace_;
};

TEST_F(Plans, AWholeWorldFeedsEveryRowThatTheProgramHas) {
    const ReportPlan whole = plan();
    EXPECT_EQ(whole.tables, (std::vector<int>{3, 4, 5, 6, 7, 8, 9}));
    for (const auto& row : whole.rows) {
        // What is missing is missing in the program, and says what it needs.
        if (!row.missing.empty()) {
            EXPECT_FALSE(row.spec->needs.empty()) << row.spec->id;
            EXPECT_THAT(row.missing, testing::StartsWith("needs ")) << row.spec->id;
        }
        EXPECT_TRUE(row.lacking.empty()) << row.spec->id;
        for (const int number : row.spec->tables) {
            for (const auto& r : publishedPaper().table(number).rows) {
                if (r.row != row.spec->row || (!row.spec->group.empty() && r.group != row.spec->group)) continue;
                for (const auto* f : r.figures) {
                    if (!f->value || !row.missing.empty()) continue;
                    EXPECT_THAT(row.sets, testing::Contains(f->place.column)) << row.spec->id;
                }
            }
        }
    }
    for (const auto& product : whole.products) {
        EXPECT_EQ(product.recipe.route[0].options.hidden_width, 32);
        EXPECT_FALSE(product.rows.empty()) << product.recipe.name;
    }
}

TEST_F(Plans, ATableAloneAsksForItsRowsOnly) {
    ReportOptions options;
    options.tables = {"7"};
    const ReportPlan seven = plan(options);
    EXPECT_EQ(seven.rows.size(), 4u);
    EXPECT_TRUE(seven.surfaces.empty());
    ASSERT_EQ(seven.products.size(), 1u);
    EXPECT_EQ(seven.products[0].recipe.name, "ImageBind++");
    EXPECT_EQ(seven.row("ψ_A"), nullptr);
    options.figures = {"5"};
    EXPECT_EQ(plan(options).surfaces.size(), 1u);
    // A figure alone asks for what it is compared with.
    options.tables = {"8"};
    EXPECT_NE(plan(options).row("CLAP_g"), nullptr);
}

TEST_F(Plans, WhatAWorkspaceLacksIsNamed) {
    // A workspace with sounds and texts alone.
    const WorldInput world = describeWorld({"tiny", 0}, worldFits());
    WorkspaceWriter writer(folder_.path() / "part", {{"part", 1}}, true);
    for (auto set : world.sets) {
        if (set.name != "ESC-50" && set.name != "Clotho") continue;
        const auto keep = [&](TableInput& table) {
            std::erase_if(table.embeddings, [](const auto& e) { return e.first != "CLAP_g"; });
        };
        keep(set.first);
        keep(set.second);
        set.name = set.name == "Clotho" ? "Clotho2" : set.name;
        writer.addSet(set, {});
    }
    writer.finish();
    workspace_.emplace(folder_.path() / "part");
    ReportPlan part = plan();
    EXPECT_TRUE(part.products.empty());
    EXPECT_EQ(part.row("InternVL")->missing, "space InternVL is missing");
    EXPECT_EQ(part.row("ImageBind++(Ver.)")->missing, "spaces ImageBind, CLAP_m are missing");
    const RowPlan& clap = *part.row("CLAP_g");
    EXPECT_EQ(clap.sets, (std::vector<std::string>{"ESC-50"}));
    EXPECT_EQ(clap.lacking.at("Clotho"), "set Clotho is missing");
    for (const auto& s : part.surfaces) EXPECT_FALSE(s.missing.empty());
    // Under another name.
    ReportOptions options;
    options.names = {"Clotho=Clotho2", "CLAP_m=CLAP_g"};
    part = plan(options);
    EXPECT_THAT(part.row("CLAP_g")->sets, testing::UnorderedElementsAre("ESC-50", "Clotho"));
    EXPECT_THAT(part.row("CLAP_m")->sets, testing::UnorderedElementsAre("ESC-50", "Clotho"));
    options.names = {"Clotho=Clotho3"};
    EXPECT_THROW(plan(options), Error);
    options.names = {"Clotho"};
    EXPECT_THROW(plan(options), Error);
}

TEST_F(Plans, SeedsAreWholeNumbersEachOnce) {
    ReportOptions options;
    options.seeds = {"7", "0"};
    EXPECT_EQ(seedsOf(options), (std::vector<std::uint64_t>{0, 7}));
    for (const auto& bad : std::vector<std::vector<std::string>>{{}, {"a"}, {"-1"}, {"1", "1"}, {""}, {"1.5"}}) {
        options.seeds = bad;
        EXPECT_THROW(seedsOf(options), Error);
    }
}

TEST_F(Plans, ReactionsThatAreOneAndTheSameHaveOneName) {
    const ReportPlan whole = plan();
    const ReactionStore store(folder_.path() / "store", workspace_->fingerprint());
    std::map<std::string, std::map<std::string, std::string>> keys;  // recipe, reaction -> name
    for (const auto& p : whole.products) {
        for (const auto& r : p.plan.reactions) keys[p.recipe.name][r.key] = store.key(p.recipe, p.plan, r, 0);
    }
    EXPECT_EQ(keys["InternVL_IB"]["1-InternVL"], keys["InternVL_IB++"]["1-InternVL"]);
    EXPECT_EQ(keys["InternVL_IB"]["1-InternVL"], keys["Only_Seq"]["1-InternVL"]);
    EXPECT_EQ(keys["IB_Cr_InternVL"]["1-InternVL"], keys["Only_Para"]["1-InternVL"]);
    EXPECT_EQ(keys["ImageBind++"]["1-CLAP_g"], keys["Only_Para"]["2-CLAP_g"]);
    EXPECT_EQ(keys["ImageBind++"]["1-CLAP_m"], keys["Only_Para"]["2-CLAP_m"]);
    EXPECT_EQ(keys["InternVL_IB"]["1-InternVL"], keys["InternVL_IB†++"]["1-InternVL"]);
    // The tuned product is another one to train against; another objective is another reaction.
    EXPECT_NE(keys["InternVL_IB++"]["2-CLAP_g"], keys["InternVL_IB†++"]["3-CLAP_g"]);
    EXPECT_NE(keys["InternVL_IB"]["1-InternVL"], keys["InternVL_IB by C-MCR"]["1-InternVL"]);
    std::vector<std::string> tunings;
    for (const auto& p : whole.products) {
        for (const auto& t : p.plan.tunings) tunings.push_back(store.key(p.recipe, p.plan, t, 0));
    }
    ASSERT_EQ(tunings.size(), 2u);
    EXPECT_EQ(tunings[0], tunings[1]);
    // A displacement is no combination; against the product is not against the base; experts and seeds differ.
    EXPECT_NE(keys["InternVL_IB"]["1-InternVL"], keys["IB_Cr_InternVL"]["1-InternVL"]);
    EXPECT_NE(keys["ImageBind++"]["1-CLAP_g"], keys["InternVL_IB++"]["2-CLAP_g"]);
    EXPECT_NE(keys["ImageBind++"]["1-CLAP_g"], keys["ImageBind++"]["1-CLAP_m"]);
    const auto& first = whole.products.front();
    EXPECT_NE(store.key(first.recipe, first.plan, first.plan.reactions[0], 0),
              store.key(first.recipe, first.plan, first.plan.reactions[0], 1));
    // Other weights of the pairs are another reaction; the default of an option that came later is not said.
    Recipe centred = first.recipe;
    centred.route[0].options.centred = true;
    EXPECT_NE(store.key(first.recipe, first.plan, first.plan.reactions[0], 0),
              store.key(centred, first.plan, first.plan.reactions[0], 0));
    EXPECT_FALSE(
        reactionIdentity(first.recipe, first.plan, first.plan.reactions[0])["reaction"]["options"].contains("centred"));
}

TEST_F(Plans, MeasuredFiguresComeBackAsTheyWere) {
    MeasuredRow row;
    row.sets["AudioCaps"] = {{{"R@1", 12.5}, {"R@5", 1.0 / 3}}, 60, 300, 360, "as it is"};
    row.sets["AudioSet"] = {{{"mAP", 3.25}}, 60, 10, 60, "so"};
    row.influence["AudioSet"] = {0.25f, -0.25f};
    row.hits["AudioCaps"].forward = {{1, 0, 0}, {0.5f, 0, 0}};
    row.hits["AudioCaps"].backward = {{0, 0, 0}};
    row.sets["ESC-50"] = {{{"top-1", 50}}, 2, 2, 2, "thus"};
    row.hits["ESC-50"].forward = {{1, 0, 0}, {0, 0, 0}};
    const MeasuredStore store(folder_.path() / "measured");
    EXPECT_FALSE(store.row("key", {}));
    store.put("key", {{"space", "X"}}, row);
    const auto again = store.row("key", {});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->sets.at("AudioCaps").figures, row.sets["AudioCaps"].figures);
    EXPECT_EQ(again->sets.at("AudioCaps").queries, 360u);
    EXPECT_EQ(again->hits.at("AudioCaps").forward, row.hits["AudioCaps"].forward);
    EXPECT_EQ(again->hits.at("ESC-50").forward, row.hits["ESC-50"].forward);
    EXPECT_FALSE(again->hits.count("AudioSet"));
    EXPECT_EQ(again->influence, row.influence);
    // Without influences a set of several labels is measured again, and nothing else is.
    row.influence.clear();
    store.put("without", {{"space", "X"}}, row);
    EXPECT_FALSE(store.row("without", {})->sets.count("AudioSet"));
    EXPECT_EQ(store.row("without", {})->sets.size(), 2u);
    // What is damaged is forgotten, not believed.
    writeFileWhole(folder_.path() / "measured" / "key.json", "{\"format\": \"molspace measured 1\"");
    EXPECT_FALSE(store.row("key", {}));
}

}  // namespace
}  // namespace engine
