// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/workspace_evaluation.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "engine/base/error.h"
#include "engine/store/npy.h"
#include "tests/recipe/recipe_support.h"
#include "tests/store/reader_of.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

using test::readerOf;
using test::TestFolder;

constexpr std::size_t kItems = 30;

// An audio-text set in all spaces but InternVL's, and an image-text set in ImageBind alone.
struct World {
    TestFolder folder;
    std::vector<Matrix> rows;  // ImageBind, CLAP_g, CLAP_m of audio, then of text, then ImageBind of image

    World() {
        for (const std::size_t width : {12, 8, 8, 12, 8, 8, 12})
            rows.push_back(test::randomRows(kItems, width, rows.size() + 1));
        WorkspaceWriter writer(folder / "world", Json{{"made", "by a test"}}, true);
        SetInput clips;
        clips.name = "AudioCaps";
        clips.first = {
            "audio",
            {},
            {},
            {{"ImageBind", readerOf(rows[0])}, {"CLAP_g", readerOf(rows[1])}, {"CLAP_m", readerOf(rows[2])}}};
        clips.second = {
            "text",
            {},
            {},
            {{"ImageBind", readerOf(rows[3])}, {"CLAP_g", readerOf(rows[4])}, {"CLAP_m", readerOf(rows[5])}}};
        SetInput photos;
        photos.name = "COCO";
        photos.first = {"image", {}, {}, {{"ImageBind", readerOf(rows[6])}}};
        photos.second = {"text", {}, {}, {{"ImageBind", readerOf(rows[3])}}};
        for (std::uint32_t i = 0; i < kItems; ++i) {
            clips.pairs.push_back({i, i});
            photos.pairs.push_back({i, i});
        }
        writer.addSet(clips, {});
        writer.addSet(photos, {});
        writer.finish();
    }
    Workspace open() const { return Workspace(folder / "world"); }
};

std::shared_ptr<ProductModel> imageBindPlus() {
    const Recipe recipe = test::recipeOf(test::kImageBindPlus);
    auto model = std::make_shared<ProductModel>(recipe, planRoute(recipe, test::paperSpaces()));
    test::addRandomProjectors(*model);
    return model;
}

TEST(WorkspaceEvaluation, MeasuresSpacesOnTheSetsTheyHave) {
    const World world;
    const Workspace workspace = world.open();
    EXPECT_EQ(setsOfSpace(workspace, "ImageBind"), (std::vector<std::string>{"AudioCaps", "COCO"}));
    EXPECT_EQ(setsOfSpace(workspace, "CLAP_g"), (std::vector<std::string>{"AudioCaps"}));
    const MetricsTable table = evaluateSpace(workspace, "CLAP_g", {}, {}, {});
    ASSERT_EQ(table.sets.size(), 1u);
    EXPECT_TRUE(table.synthetic);
    RowSource x, y;
    x.rows = world.rows[1].view();
    y.rows = world.rows[4].view();
    const auto direct = evaluateSet(describeSet(workspace, "AudioCaps"), x, y, table.sets[0].protocol.score, {}, {});
    EXPECT_EQ(toJson(table.sets[0])["metrics"], toJson(direct)["metrics"]);
    EXPECT_NE(table.sets[0].protocol.score.find("CLAP_g"), std::string::npos);
    EXPECT_EQ(toJson(evaluateSpace(workspace, "CLAP_g", {}, {}, {}, true))["sets"][0]["metrics"],
              toJson(direct)["metrics"]);
    try {
        evaluateSpace(workspace, "CLAP_g", {"COCO"}, {}, {});
        FAIL();
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), ErrorCode::NotFound);
        EXPECT_NE(std::string(e.what()).find("COCO/image"), std::string::npos) << e.what();
    }
}

TEST(WorkspaceEvaluation, MeasuresProductsFromStoredOrComputedComponents) {
    const World world;
    const Workspace workspace = world.open();
    LoadedProduct product;
    product.folder = world.folder / "product";
    product.model = imageBindPlus();
    product.record.fingerprint = workspace.fingerprint();
    EXPECT_EQ(setsOfProduct(workspace, *product.model),
              (std::vector<std::string>{"AudioCaps"}));  // COCO's text lacks the CLAPs

    const SetComponents computed = loadSetComponents(workspace, product, "AudioCaps", {});
    ASSERT_EQ(computed.first.layers.size(), 1u);
    ASSERT_EQ(computed.first.layers[0].parts.size(), 2u);
    EXPECT_EQ(computed.second.rows(), kItems);
    const Setting setting{{{"sigma_a", 0.8}, {"sigma_t", 0.5}}, {}};
    const MetricsTable table = evaluateProduct(*product.model, {computed}, setting, {}, {});
    EXPECT_EQ(table.subject, "ImageBind++ at sigma_a=0.8, sigma_t=0.5");

    // With both shares 0 the product is its base.
    const auto base = evaluateProduct(*product.model, {computed}, {{{"sigma_a", 0}, {"sigma_t", 0}}, {}}, {}, {});
    EXPECT_EQ(toJson(base)["sets"][0]["metrics"],
              toJson(evaluateSpace(workspace, "ImageBind", {"AudioCaps"}, {}, {}))["sets"][0]["metrics"]);

    // Stored components are taken as they are, as long as they belong to this workspace.
    std::filesystem::create_directories(product.folder / "basis");
    const auto basis = product.folder / "basis" / "AudioCaps.safetensors";
    writeBasis(basis, {{kBasisFirst, computed.first}, {kBasisSecond, computed.second}});
    const SetComponents stored = loadSetComponents(workspace, product, "AudioCaps", {});
    EXPECT_NE(stored.first.base.data, computed.first.base.data);
    EXPECT_EQ(toJson(evaluateProduct(*product.model, {stored}, setting, {}, {})), toJson(table));

    Components other = computed.first;
    other.base = world.rows[6].view();
    writeBasis(basis, {{kBasisFirst, other}, {kBasisSecond, computed.second}});
    EXPECT_EQ(loadSetComponents(workspace, product, "AudioCaps", {}).first.base.row(3)[2], world.rows[6].row(3)[2]);
    product.record.fingerprint = "that of another workspace";
    EXPECT_EQ(loadSetComponents(workspace, product, "AudioCaps", {}).first.base.row(3)[2], world.rows[0].row(3)[2]);

    product.record.fingerprint = workspace.fingerprint();
    writeBasis(basis, {{kBasisFirst, computed.first}});  // half of it
    std::vector<std::string> said;
    const JobContext job({}, {}, [&](const std::string& line) { said.push_back(line); });
    EXPECT_EQ(loadSetComponents(workspace, product, "AudioCaps", job).second.rows(), kItems);
    ASSERT_EQ(said.size(), 1u);
    EXPECT_NE(said[0].find("computed again"), std::string::npos);
}

// A choice of projectors on a stored product gives what a product whose recipe names them gives.
TEST(WorkspaceEvaluation, SwitchedProjectorsAreThoseOfARecipeThatNamesThem) {
    const World world;
    const Workspace workspace = world.open();
    LoadedProduct product;
    product.folder = world.folder / "product";
    product.model = imageBindPlus();
    product.record.fingerprint = workspace.fingerprint();
    const SetComponents own = loadSetComponents(workspace, product, "AudioCaps", {});
    std::filesystem::create_directories(product.folder / "basis");
    writeBasis(product.folder / "basis" / "AudioCaps.safetensors",
               {{kBasisFirst, own.first}, {kBasisSecond, own.second}});

    Recipe named = product.model->recipe();
    named.route[0].experts[0].projectors = {"T", "V", "TV", "TA", "VA", "TVA"};
    ProductModel other(named, planRoute(named, test::paperSpaces()));
    test::addRandomProjectors(other);
    const SetComponents theirs = computeSetComponents(workspace, other, "AudioCaps", {});

    const Setting setting{{{"sigma_a", 0.8}}, {}, {{"CLAP_g:A", false}}};
    LoadedProduct switched = product;
    switched.stored = product.model;
    switched.model = product.model->at(setting);
    const SetComponents ours = loadSetComponents(workspace, switched, "AudioCaps", {});
    for (const bool first : {true, false}) {
        const Components &a = first ? ours.first : ours.second, &b = first ? theirs.first : theirs.second;
        const Matrix x = blendAll(a, switched.model->weights(a.modality, a)),
                     y = blendAll(b, other.weights(b.modality, b, {{{"sigma_a", 0.8}}}));
        EXPECT_TRUE(std::equal(x.data(), x.data() + x.size(), y.data()));
    }
    const auto figures = [](const MetricsTable& table) { return toJson(table)["sets"][0]["metrics"]; };
    const Json expected = figures(evaluateProduct(other, {theirs}, {{{"sigma_a", 0.8}}}, {}, {}, true));
    EXPECT_EQ(figures(evaluateProduct(*switched.model, {ours}, setting, {}, {})), expected);
    EXPECT_NE(figures(evaluateProduct(*product.model, {own}, {{{"sigma_a", 0.8}}}, {}, {})), expected);
    // The items of the recipe's own projectors are refused for it.
    EXPECT_THROW(evaluateProduct(*product.model, {own}, setting, {}, {}), Error);
    EXPECT_EQ(evaluateProduct(*switched.model, {ours}, setting, {}, {}).subject,
              "ImageBind++ at sigma_a=0.8, CLAP_g:A=off");
    // For both settings at once.
    const SetComponents both = loadSetComponents(workspace, product, "AudioCaps", {Setting(), setting}, {});
    EXPECT_EQ(figures(evaluateProduct(*product.model, {both}, setting, {}, {})), expected);
    EXPECT_EQ(toJson(evaluateProduct(*product.model, {both}, {}, {}, {})),
              toJson(evaluateProduct(*product.model, {own}, {}, {}, {})));
}

TEST(WorkspaceEvaluation, RefusesSettingsThatAreNotLive) {
    const World world;
    const Workspace workspace = world.open();
    const Recipe recipe = test::recipeOf(R"({"name": "Two", "base": "ImageBind", "route": [
        {"reaction": "combination", "experts": ["CLAP_g"]}, {"reaction": "displacement", "experts": ["CLAP_m"]}]})");
    ProductModel model(recipe, planRoute(recipe, test::paperSpaces()));
    test::addRandomProjectors(model);
    const SetComponents set = computeSetComponents(workspace, model, "AudioCaps", {});
    EXPECT_NO_THROW(evaluateProduct(model, {set}, {{{"lambda_a", 0.4}}, {}}, {}, {}));
    EXPECT_THROW(evaluateProduct(model, {set}, {{{"sigma_a", 0.4}}, {}}, {}, {}), Error);
}

// The published figures are of the rows as they came, up to 5.7e-4 off unit length: storing them must not scale them.
TEST(WorkspaceEvaluation, KeepsThePublishedFiguresThroughAWorkspace) {
    REQUIRE_REAL_DATA(folder);
    const NpyArray features(folder / "coco500-clip" / "features.npy");
    Matrix image(500, 512), text(500, 512);
    features.readRows(0, 0, 500, image.data());
    features.readRows(1, 0, 500, text.data());
    const TestFolder made;
    {
        WorkspaceWriter writer(made / "world", Json{{"made", "by a test"}}, false);
        SetInput set;
        set.name = "COCO-500";
        set.first = {"image", {}, {}, {{"CLIP", readerOf(image)}}};
        set.second = {"text", {}, {}, {{"CLIP", readerOf(text)}}};
        for (std::uint32_t i = 0; i < 500; ++i) set.pairs.push_back({i, i});
        writer.addSet(set, {});
        writer.finish();
    }
    const auto m = evaluateSpaceSet(Workspace(made / "world"), "COCO-500", "CLIP", {}, {});
    const auto printed = [&](const char* metric) {
        char value[32];
        std::snprintf(value, sizeof value, "%.2f", m.value(metric));
        return std::string(value);
    };
    EXPECT_EQ(printed("R@1 image→text"), "55.20");
    EXPECT_EQ(printed("R@1 text→image"), "50.60");
    EXPECT_EQ(printed("R@5 text→image"), "76.40");
    EXPECT_EQ(printed("R@10 text→image"), "86.20");
}

}  // namespace
}  // namespace engine
