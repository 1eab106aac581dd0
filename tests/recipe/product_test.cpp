// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/product.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/recipe/space_router.h"
#include "tests/recipe/recipe_support.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

using test::randomRows;
using test::recipeOf;

// A product with the rows of ten items in every space.
struct Fixture {
    ProductModel model;
    Matrix ib = randomRows(10, 12, 1), vl = randomRows(10, 10, 2), g = randomRows(10, 8, 3), m = randomRows(10, 8, 4);

    explicit Fixture(const char* json, std::vector<SpaceInfo> spaces = test::paperSpaces())
        : model(recipeOf(json), planRoute(recipeOf(json), spaces)) {
        test::addRandomProjectors(model);
    }

    SpaceRows rows(const Modality& modality) const {
        SpaceRows all{{"ImageBind", ib.view()}, {"InternVL", vl.view()}, {"CLAP_g", g.view()}, {"CLAP_m", m.view()}};
        SpaceRows out;
        for (const auto& space : model.spacesNeeded(modality)) out[space] = all.at(space);
        return out;
    }
    Matrix product(const Modality& modality, const Setting& setting = {}) const {
        const SpaceRows r = rows(modality);
        const Components c = model.components(modality, r, {});
        return blendAll(c, model.weights(modality, c, setting));
    }
};

std::vector<double> normalised(std::vector<double> x) {
    double sum = 0;
    for (const double v : x) sum += v * v;
    for (double& v : x) v /= std::sqrt(sum);
    return x;
}

// Σ_j ψ_j(x) / 7 with the projectors that addRandomProjectors() made: seeds follow the order of the plan.
std::vector<double> ensemble(const ProductModel& model, std::size_t reaction, const std::vector<float>& x) {
    std::uint64_t seed = 100;
    for (std::size_t r = 0; r < reaction; ++r) seed += model.plan().reactions[r].subsets.size();
    const auto& planned = model.plan().reactions[reaction];
    std::vector<double> mean(planned.target_width);
    for (std::size_t j = 0; j < planned.subsets.size(); ++j) {
        const FoldedProjector p(test::randomProjector(planned.source_width, 16, planned.target_width, seed + j));
        std::vector<float> y(planned.target_width);
        p.forward({x.data(), 1, x.size()}, y.data());
        for (std::size_t k = 0; k < y.size(); ++k)
            mean[k] += static_cast<double>(y[k]) / static_cast<double>(planned.subsets.size());
    }
    return mean;
}

std::vector<float> rowOf(const Matrix& m, std::size_t i) {
    return {m.row(i), m.row(i) + m.cols()};
}

TEST(Product, CombinationPoolsTheProjectorsOfAllExperts) {
    const Fixture f(test::kImageBindPlus);
    const Matrix z = f.product("audio", {{{"sigma_a", 0.8}}, {}});
    for (std::size_t i = 0; i < 10; ++i) {
        const auto g = ensemble(f.model, 0, rowOf(f.g, i)), m = ensemble(f.model, 1, rowOf(f.m, i));
        std::vector<double> mean(12), out(12);
        for (std::size_t j = 0; j < 12; ++j) mean[j] = (g[j] + m[j]) / 2;  // = 1/14 of all fourteen outputs
        mean = normalised(mean);
        for (std::size_t j = 0; j < 12; ++j) out[j] = 0.8 * mean[j] + 0.2 * f.ib.row(i)[j];
        out = normalised(out);
        for (std::size_t j = 0; j < 12; ++j) EXPECT_NEAR(z.row(i)[j], out[j], 1e-6);
    }
}

TEST(Product, DisplacementReMapsAndBlends) {
    const Fixture f(R"({"name": "InternVL_IB", "base": "ImageBind", "route": [
        {"reaction": "displacement", "experts": ["InternVL"], "factors": {"image": 0.9, "text": 0.7}}]})");
    const Matrix text = f.product("text"), audio = f.product("audio");
    for (std::size_t i = 0; i < 10; ++i) {
        const auto r = normalised(ensemble(f.model, 0, rowOf(f.ib, i)));
        std::vector<double> out(10);
        for (std::size_t j = 0; j < 10; ++j) out[j] = 0.7 * f.vl.row(i)[j] + 0.3 * r[j];
        out = normalised(out);
        for (std::size_t j = 0; j < 10; ++j) {
            EXPECT_NEAR(text.row(i)[j], out[j], 1e-6);
            EXPECT_NEAR(audio.row(i)[j], r[j], 1e-6);  // InternVL has no audio: R itself
        }
    }
}

TEST(Product, WhatComesBeforeADisplacementIsFoldedAtTheRecipesFactors) {
    const Fixture f(R"({"name": "Seq", "base": "ImageBind", "route": [
        {"reaction": "combination", "experts": ["CLAP_g"], "factors": {"audio": 0.6}},
        {"reaction": "displacement", "experts": ["InternVL"]}]})");
    const Matrix z = f.product("audio");
    for (std::size_t i = 0; i < 10; ++i) {
        const auto m = normalised(ensemble(f.model, 0, rowOf(f.g, i)));
        std::vector<double> inner(12);
        for (std::size_t j = 0; j < 12; ++j) inner[j] = 0.6 * m[j] + 0.4 * f.ib.row(i)[j];
        inner = normalised(inner);
        const auto r = normalised(ensemble(f.model, 1, {inner.begin(), inner.end()}));
        for (std::size_t j = 0; j < 10; ++j) EXPECT_NEAR(z.row(i)[j], r[j], 1e-5);
    }
    EXPECT_FALSE(f.model.isLive({{{"sigma_a", 0.7}}, {}}));
    EXPECT_TRUE(f.model.isLive({{{"sigma_a", 0.6}, {"lambda_t", 0.2}}, {}}));
    EXPECT_FALSE(f.model.isLive({{}, {{"CLAP_g", 0}}}));
}

TEST(Product, AModalityThatOnlyAnExpertHasArrivesThroughItsProjectors) {
    const std::vector<Modality> text = {"text"}, at = {"text", "audio"};
    const std::vector<SpaceInfo> spaces = {{"ImageBind", 12, text, text}, {"CLAP_g", 8, at, at}};
    const Fixture f(
        R"({"name": "C", "base": "ImageBind", "route": [{"reaction": "combination", "experts": ["CLAP_g"]}]})", spaces);
    const Matrix z = f.product("audio");
    for (std::size_t i = 0; i < 10; ++i) {
        const auto m = normalised(ensemble(f.model, 0, rowOf(f.g, i)));
        for (std::size_t j = 0; j < 12; ++j) EXPECT_NEAR(z.row(i)[j], m[j], 1e-6);
    }
    EXPECT_THROW(f.product("image"), Error);
}

// Where the step that brings a modality is off, the next one in force brings it, whatever its share.
TEST(Product, TheFirstExpertInForceBringsAModality) {
    const std::vector<Modality> text = {"text"}, at = {"text", "audio"};
    const std::vector<SpaceInfo> spaces = {{"ImageBind", 12, text, text}, {"CLAP_g", 8, at, at}, {"CLAP_m", 8, at, at}};
    const Fixture f(R"({"name": "C", "base": "ImageBind", "route": [
        {"reaction": "combination", "experts": ["CLAP_g"]},
        {"reaction": "combination", "experts": ["CLAP_m"]}]})",
                    spaces);
    const auto& factors = f.model.plan().factors;
    const auto own = std::find_if(factors.begin(), factors.end(), [](const auto& x) { return x.modality == "audio"; });
    ASSERT_NE(own, factors.end());
    for (const double share : {0.0, 0.4}) {
        const Matrix z = f.product("audio", {{{own->name, share}}, {{"CLAP_g", 0}}});
        for (std::size_t i = 0; i < 10; ++i) {
            const auto m = normalised(ensemble(f.model, 1, rowOf(f.m, i)));
            for (std::size_t j = 0; j < 12; ++j) EXPECT_NEAR(z.row(i)[j], m[j], 1e-6);
        }
    }
}

// C-MCR: both sides go through heads of their own, by hand.
TEST(Product, InAJointSpaceBothSidesAreProjected) {
    const Recipe recipe = recipeOf(test::kCMcr);
    const RoutePlan plan = planRoute(recipe, test::textLinkedSpaces());
    ASSERT_EQ(plan.reactions.size(), 1u);
    const PlannedReaction& r = plan.reactions[0];
    EXPECT_EQ(r.subsets, std::vector<std::string>{"T"});
    EXPECT_EQ(plan.width, 12u);
    EXPECT_TRUE(plan.factor("sigma_t")->live);
    ProductModel model(recipe, plan);
    const ProjectorPlace expert{"1-CLAP", "T"}, base{"1-CLAP/base", "T"};
    const ProjectorWeights expert_head = test::randomHead(recipe, r, expert, 16, 1),
                           base_head = test::randomHead(recipe, r, base, 16, 2);
    model.addProjector(expert.key, expert.subset, expert_head);
    model.addProjector(base.key, base.subset, base_head);
    const Matrix clip = randomRows(10, 12, 1), clap = randomRows(10, 8, 2);
    Matrix from_clip(10, 12), from_clap(10, 12);
    FoldedProjector(base_head).forward(clip.view(), from_clip.data());
    FoldedProjector(expert_head).forward(clap.view(), from_clap.data());
    const auto product = [&](const Modality& modality, const SpaceRows& rows) {
        const Components c = model.components(modality, rows, {});
        return blendAll(c, model.weights(modality, c));
    };
    const Matrix text = product("text", {{"CLIP", clip.view()}, {"CLAP", clap.view()}});
    const Matrix image = product("image", {{"CLIP", clip.view()}}), audio = product("audio", {{"CLAP", clap.view()}});
    for (std::size_t i = 0; i < 10; ++i) {
        std::vector<double> z(12);
        for (std::size_t j = 0; j < 12; ++j) z[j] = 0.3 * from_clap.row(i)[j] + 0.7 * from_clip.row(i)[j];
        z = normalised(z);
        for (std::size_t j = 0; j < 12; ++j) {
            EXPECT_NEAR(text.row(i)[j], z[j], 1e-6);
            EXPECT_NEAR(image.row(i)[j], from_clip.row(i)[j], 1e-6);
            EXPECT_NEAR(audio.row(i)[j], from_clap.row(i)[j], 1e-6);
        }
    }
    EXPECT_EQ(formula(recipe, plan, "text"), "T = N(0.3·N(Ψ_CLAP) + 0.7·N(Ψ′_CLAP(CLIP)))");
    EXPECT_EQ(formula(recipe, plan, "image"), "V = N(Ψ′_CLAP(CLIP))");
}

TEST(Product, SwitchesAndMissingRows) {
    const Fixture f(test::kImageBindPlus);
    const Matrix off = f.product("text", {{{"sigma_t", 0.9}}, {{"CLAP_g", 0}, {"CLAP_m", 0}}});
    for (std::size_t i = 0; i < off.size(); ++i) EXPECT_NEAR(off.data()[i], f.ib.data()[i], 1e-6);
    SpaceRows rows = f.rows("text");
    rows.erase("CLAP_m");
    EXPECT_THROW(f.model.components("text", rows, {}), Error);
    rows = f.rows("text");
    rows["CLAP_g"] = f.ib.view();
    EXPECT_THROW(f.model.components("text", rows, {}), Error);
    Fixture untrained(test::kImageBindPlus);
    const ProductModel empty(untrained.model.recipe(), untrained.model.plan());
    EXPECT_THROW(empty.components("text", f.rows("text"), {}), Error);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(f.model.components("text", f.rows("text"), JobContext(stop.get_token())), Cancelled);
}

// Nested as in InternVL_IB++: what a later layer takes is taken from all that come before it, in equal parts.
TEST(Product, SharesByHandAreThoseOfTheNestedFormula) {
    const Fixture f(R"({"name": "InternVL_IB++", "base": "ImageBind", "route": [
        {"reaction": "displacement", "experts": ["InternVL"], "factors": {"image": 0.9, "text": 0.9}},
        {"reaction": "combination", "experts": ["CLAP_g", "CLAP_m"], "factors": {"audio": 0.5, "text": 0.1}}]})");
    const auto shares = [&](const Modality& modality, const Setting& setting) {
        const SpaceRows rows = f.rows(modality);
        const Components c = f.model.components(modality, rows, {});
        std::map<std::string, double> out;
        const auto spaces = routedRows(f.model, c).spaces;
        const auto values = sharesByHand(f.model, c, f.model.weights(modality, c, setting));
        double sum = 0;
        for (std::size_t i = 0; i < spaces.size(); ++i) sum += out[spaces[i]] = values.at(i);
        EXPECT_NEAR(sum, 1, 1e-12);
        return out;
    };
    const auto text = shares("text", {});
    EXPECT_NEAR(text.at("ImageBind"), 0.9 * 0.1, 1e-12);
    EXPECT_NEAR(text.at("InternVL"), 0.9 * 0.9, 1e-12);
    EXPECT_NEAR(text.at("CLAP_g"), 0.05, 1e-12);
    EXPECT_NEAR(text.at("CLAP_m"), 0.05, 1e-12);
    const auto audio = shares("audio", {{{"sigma_a", 0.8}}, {{"CLAP_g", 3}}});
    EXPECT_NEAR(audio.at("ImageBind"), 0.2, 1e-12);
    EXPECT_NEAR(audio.at("CLAP_g"), 0.6, 1e-12);
    EXPECT_NEAR(audio.at("CLAP_m"), 0.2, 1e-12);
    EXPECT_FALSE(audio.count("InternVL"));
    // Experts that are off have no share, and leave all to the others.
    const auto off = shares("text", {{}, {{"CLAP_g", 0}, {"CLAP_m", 0}}});
    EXPECT_NEAR(off.at("InternVL"), 0.9, 1e-12);
    EXPECT_EQ(off.at("CLAP_g"), 0);
}

// Rows equal bit by bit.
void expectSame(MatrixView a, MatrixView b) {
    ASSERT_EQ(a.rows, b.rows);
    ASSERT_EQ(a.cols, b.cols);
    for (std::size_t i = 0; i < a.rows; ++i) {
        for (std::size_t j = 0; j < a.cols; ++j) ASSERT_EQ(a.row(i)[j], b.row(i)[j]) << i << " " << j;
    }
}

void expectSame(const Components& a, const Components& b) {
    expectSame(a.base, b.base);
    EXPECT_EQ(a.folded_how, b.folded_how);
    ASSERT_EQ(a.layers.size(), b.layers.size());
    for (std::size_t k = 0; k < a.layers.size(); ++k) {
        ASSERT_EQ(a.layers[k].parts.size(), b.layers[k].parts.size());
        for (std::size_t p = 0; p < a.layers[k].parts.size(); ++p) {
            EXPECT_EQ(a.layers[k].parts[p].expert, b.layers[k].parts[p].expert);
            EXPECT_EQ(a.layers[k].parts[p].projectors, b.layers[k].parts[p].projectors);
            expectSame(a.layers[k].parts[p].rows, b.layers[k].parts[p].rows);
        }
    }
}

TEST(Product, SwitchedProjectorsRecomputeOnlyWhatTheyTouch) {
    const Fixture f(R"({"name": "Three", "base": "ImageBind", "route": [
        {"reaction": "combination", "experts": ["CLAP_m"], "factors": {"audio": 0.6}},
        {"reaction": "displacement", "experts": ["InternVL"]},
        {"reaction": "combination", "experts": ["CLAP_g", "CLAP_m"]}]})");
    const SpaceRows rows = f.rows("audio");
    const Components own = f.model.components("audio", rows, {});
    EXPECT_TRUE(f.model.fits(own));
    std::vector<std::string> read;
    const SpaceReader reader = [&](const std::string& space) {
        read.push_back(space);
        return rows.at(space);
    };
    const auto at = [&](const Components& have, const Setting& setting) {
        read.clear();
        const auto model = f.model.at(setting);
        const Components c = model->recomputed(have, reader, {}, "", {});
        expectSame(c, model->components("audio", rows, {}));
        EXPECT_TRUE(f.model.fits(c, setting));
        return c;
    };
    const Setting live{{}, {}, {{"CLAP_g:TV", false}, {"CLAP_g:A", false}}};
    EXPECT_FALSE(f.model.fits(own, live));
    EXPECT_THROW(f.model.weights("audio", own, live), Error);
    const Components after = at(own, live);
    EXPECT_EQ(read, std::vector<std::string>{"CLAP_g"});
    EXPECT_EQ(after.base.data, own.base.data);
    EXPECT_EQ(after.layers[0].parts[1].rows.data, own.layers[0].parts[1].rows.data);
    EXPECT_NE(after.layers[0].parts[0].rows.data, own.layers[0].parts[0].rows.data);
    EXPECT_FALSE(f.model.fits(after));
    // Back again: what is not at hand is computed, the rest is shared.
    expectSame(at(after, {}), own);

    // Of a displacement, and of what it takes as input: the base is another, later means stay.
    for (const Setting& setting : {Setting{{}, {}, {{"InternVL:T", false}}}, Setting{{}, {}, {{"1-CLAP_m:VA", false}}},
                                   Setting{{}, {{"1-CLAP_m", 0}}}, Setting{{{"sigma1_a", 0.3}}}}) {
        const Components moved = at(own, setting);
        EXPECT_NE(moved.base.data, own.base.data);
        EXPECT_EQ(moved.layers[0].parts[0].rows.data, own.layers[0].parts[0].rows.data);
        EXPECT_THROW(f.model.weights("audio", moved), Error);
    }
    // An expert that is off asks for none of its projectors.
    EXPECT_TRUE(f.model.fits(own, {{}, {{"CLAP_g", 0}}, {{"CLAP_g:TV", false}}}));

    // Both choices at once: a setting takes its own.
    const Components both = merged(own, after);
    EXPECT_EQ(both.layers[0].parts.size(), 3u);
    for (const Setting& setting : {Setting(), live}) {
        const Components& one = setting == live ? after : own;
        expectSame(blendAll(both, f.model.weights("audio", both, setting)),
                   blendAll(one, f.model.weights("audio", one, setting)));
    }
    EXPECT_THROW(merged(own, at(own, {{}, {}, {{"InternVL:T", false}}})), Error);
}

TEST(Product, ComputedRowsAreKeptWithTheLatestChoices) {
    const test::TestFolder folder;
    const ComputedRows kept(folder / "switched", "AudioCaps-first", "world");
    int computed = 0;
    const auto get = [&](const ComputedRows& from, const std::string& key, std::size_t count = 4) {
        return from.get("1-CLAP_g", key, count, 12,
                        [&] {
                            ++computed;
                            return randomRows(count, 12, 7 + key.size());
                        },
                        {});
    };
    const auto files = [&] {
        return std::distance(std::filesystem::directory_iterator(folder / "switched"),
                             std::filesystem::directory_iterator());
    };
    expectSame(get(kept, "a").view, randomRows(4, 12, 8));
    EXPECT_EQ(computed, 1);
    expectSame(get(kept, "a").view, randomRows(4, 12, 8));  // from its file
    EXPECT_EQ(computed, 1);
    get(kept, "a", 5);  // other items
    EXPECT_EQ(computed, 2);
    get(kept, "a");  // that replaced it
    EXPECT_EQ(computed, 3);
    get({folder / "switched", "AudioCaps-first", "another world"}, "a");
    EXPECT_EQ(computed, 4);
    for (const char* key : {"bb", "ccc", "dddd"}) get(kept, key);
    EXPECT_EQ(files(), 3);
    EXPECT_EQ(computed, 7);
    get(kept, "");  // what depends on something that has no name is not kept
    get(kept, "");
    EXPECT_EQ(computed, 9);
    for (const auto& file : std::filesystem::directory_iterator(folder / "switched"))
        std::filesystem::resize_file(file.path(), 20);
    expectSame(get(kept, "dddd").view, randomRows(4, 12, 11));
    EXPECT_EQ(computed, 10);
}

TEST(Product, IsReadBackFromItsFolder) {
    const test::TestFolder folder;
    const Fixture f(test::kInternVlPlus);
    std::uint64_t seed = 100;
    for (const auto& r : f.model.plan().reactions) {
        for (const auto& subset : r.subsets) {
            writeProjector(folder.path() / "reactions" / r.key / (subset + ".safetensors"),
                           test::randomProjector(r.source_width, 16, r.target_width, seed++), {});
        }
    }
    ProductRecord record;
    record.workspace = "somewhere";
    record.synthetic = true;
    record.seed = 18446744073709551615u;
    writeProductFile(folder.path(), f.model, record);
    const LoadedProduct loaded = loadProduct(folder.path());
    EXPECT_EQ(loaded.record.seed, record.seed);
    EXPECT_TRUE(loaded.record.synthetic);
    const SpaceRows rows = f.rows("text");
    const Components a = f.model.components("text", rows, {}), b = loaded.model->components("text", rows, {});
    const Matrix za = blendAll(a, f.model.weights("text", a)), zb = blendAll(b, loaded.model->weights("text", b));
    for (std::size_t i = 0; i < za.size(); ++i) EXPECT_EQ(za.data()[i], zb.data()[i]);

    std::filesystem::remove(folder.path() / "reactions/2-CLAP_m/TV.safetensors");
    try {
        loadProduct(folder.path());
        FAIL() << "a missing projector must be named";
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("TV.safetensors"), std::string::npos);
    }
    EXPECT_THROW(loadProduct(folder.path() / "reactions"), Error);
}

// Rows of a tuned encoder in a space of the workspace.
const char* kTunedAfter = R"({"name": "Tuned", "base": "ImageBind", "route": [
    {"reaction": "displacement", "experts": ["InternVL"], "factors": {"image": 0.9, "text": 0.9}},
    {"reaction": "tuning", "modality": "audio", "towards": "image", "space": "Own"},
    {"reaction": "combination", "experts": ["CLAP_g"], "factors": {"audio": 0.3, "text": 0.1}}]})";
const char* kTunedBefore = R"({"name": "Tuned", "base": "ImageBind", "route": [
    {"reaction": "tuning", "modality": "audio", "space": "Own"},
    {"reaction": "displacement", "experts": ["InternVL"]}]})";

std::vector<SpaceInfo> withOwn(std::size_t width, const std::vector<Modality>& pools = {"audio"}) {
    auto spaces = test::paperSpaces();
    spaces.push_back({"Own", width, {"audio"}, pools});
    return spaces;
}

TEST(Product, ATunedEncodersRowsTakeThePlaceOfAllBeforeThem) {
    const Recipe recipe = recipeOf(kTunedAfter);
    ProductModel model(recipe, planRoute(recipe, withOwn(10)));
    test::addRandomProjectors(model);
    EXPECT_TRUE(model.plan().tunings.empty()) << "nothing is trained for it";
    EXPECT_EQ(model.spacesNeeded("audio"), (std::vector<std::string>{"Own", "CLAP_g"}));
    EXPECT_EQ(model.spacesNeeded("audio", 1), (std::vector<std::string>{"ImageBind", "CLAP_g"}));
    EXPECT_EQ(model.spacesNeeded("image"), (std::vector<std::string>{"ImageBind", "InternVL"}));
    const Matrix own = randomRows(10, 10, 5), g = randomRows(10, 8, 3);
    const SpaceRows rows{{"Own", own.view()}, {"CLAP_g", g.view()}};
    const Components c = model.components("audio", rows, {});
    EXPECT_EQ(c.base.data, own.data());
    ASSERT_EQ(c.layers.size(), 1u);
    const Matrix z = blendAll(c, model.weights("audio", c));
    for (std::size_t i = 0; i < 10; ++i) {
        const auto part = normalised(ensemble(model, 1, rowOf(g, i)));
        std::vector<double> out(10);
        for (std::size_t j = 0; j < 10; ++j) out[j] = 0.3 * part[j] + 0.7 * static_cast<double>(own.row(i)[j]);
        out = normalised(out);
        for (std::size_t j = 0; j < 10; ++j) EXPECT_NEAR(static_cast<double>(z.row(i)[j]), out[j], 1e-6);
    }
    // Other projectors of the displacement leave them as they are.
    const Setting fewer{{}, {}, {{"InternVL:T", false}}};
    const auto at = model.at(fewer);
    EXPECT_FALSE(at->fits(c));
    const Components again = at->recomputed(c, [](const std::string&) -> MatrixView { throw Cancelled(); }, {}, "", {});
    EXPECT_EQ(again.base.data, own.data());
    EXPECT_TRUE(at->fits(again));
    EXPECT_THROW(model.components("audio", {{"CLAP_g", g.view()}}, {}), Error) << "the rows are needed";
    EXPECT_NE(formula(recipe, model.plan(), "audio").find("0.7·Own"), std::string::npos)
        << formula(recipe, model.plan(), "audio");
}

TEST(Product, ATunedEncodersRowsAreDisplacedLikeTheBases) {
    const Recipe recipe = recipeOf(kTunedBefore);
    ProductModel model(recipe, planRoute(recipe, withOwn(12)));
    const Recipe plain = recipeOf(R"({"name": "Plain", "base": "ImageBind", "route": [
        {"reaction": "displacement", "experts": ["InternVL"]}]})");
    ProductModel without(plain, planRoute(plain, test::paperSpaces()));
    test::addRandomProjectors(model);
    test::addRandomProjectors(without);
    const Matrix own = randomRows(10, 12, 5);
    const Components a = model.components("audio", {{"Own", own.view()}}, {});
    const Components b = without.components("audio", {{"ImageBind", own.view()}}, {});
    EXPECT_EQ(model.spacesNeeded("audio"), std::vector<std::string>{"Own"});
    for (std::size_t i = 0; i < 10; ++i) {
        for (std::size_t j = 0; j < 10; ++j) EXPECT_EQ(a.base.row(i)[j], b.base.row(i)[j]);
    }
}

TEST(Product, ATunedEncodersRowsMustFitTheRoute) {
    const auto said = [](const char* json, const std::vector<SpaceInfo>& spaces) -> std::string {
        try {
            planRoute(recipeOf(json), spaces);
        } catch (const Error& e) {
            return e.what();
        }
        return {};
    };
    EXPECT_EQ(said(kTunedAfter, withOwn(10)), "");
    EXPECT_NE(
        said(kTunedAfter, withOwn(12)).find("expected rows of the product there, of width 10, found Own of width 12"),
        std::string::npos);
    EXPECT_NE(said(kTunedAfter, withOwn(10, {})).find("Own has no pool of audio"), std::string::npos);
    EXPECT_NE(said(kTunedAfter, test::paperSpaces()).find("there is no space 'Own'"), std::string::npos);
    // It goes through JSON and back.
    const Recipe recipe = recipeOf(kTunedAfter);
    EXPECT_EQ(recipeToJson(recipeFromJson(recipeToJson(recipe), "test")), recipeToJson(recipe));
}

}  // namespace
}  // namespace engine
