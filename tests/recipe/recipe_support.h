// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Small recipes, spaces, projectors and products on disk, for tests of the recipe library and of what stands on it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/rng.h"
#include "engine/recipe/product.h"
#include "engine/recipe/projector_head.h"

namespace engine::test {

inline Recipe recipeOf(const std::string& json) {
    return recipeFromJson(parseJson(json, "test"), "test");
}

// The paper's spaces, narrow.
inline std::vector<SpaceInfo> paperSpaces() {
    const std::vector<Modality> all = {"text", "image", "audio"}, vt = {"text", "image"}, at = {"text", "audio"};
    return {{"ImageBind", 12, all, all}, {"InternVL", 10, vt, vt}, {"CLAP_g", 8, at, at}, {"CLAP_m", 8, at, at}};
}

inline const char* kImageBindPlus = R"({"name": "ImageBind++", "base": "ImageBind", "route": [
    {"reaction": "combination", "experts": ["CLAP_g", "CLAP_m"], "factors": {"audio": 0.5, "text": 0.1}}],
    "settings": {"AT Expertise": {"factors": {"sigma_a": 0.8, "sigma_t": 0.5}}}})";
inline const char* kInternVlPlus = R"({"name": "InternVL_IB++", "base": "ImageBind", "route": [
    {"reaction": "displacement", "experts": ["InternVL"], "factors": {"image": 0.9, "text": 0.9}},
    {"reaction": "combination", "experts": ["CLAP_g", "CLAP_m"], "factors": {"audio": 0.5, "text": 0.1}}]})";

// Spaces with one modality in common, and C-MCR's and Ex-MCR's ways to join them.
inline std::vector<SpaceInfo> textLinkedSpaces() {
    const std::vector<Modality> vt = {"text", "image"}, at = {"text", "audio"};
    return {{"CLIP", 12, vt, vt}, {"CLAP", 8, at, at}};
}
inline const char* kCMcr =
    R"({"name": "C-MCR", "base": "CLIP", "route": [{"reaction": "combination", "against": "joint",
    "experts": ["CLAP"], "factors": {"text": 0.3}, "options": {"objective": "c-mcr"}}]})";
inline const char* kExMcr = R"({"name": "Ex-MCR", "base": "CLIP", "route": [{"reaction": "combination",
    "experts": ["CLAP"], "factors": {"text": 0.2}, "options": {"objective": "ex-mcr", "projectors": ["TA", "TVA"]}}]})";

inline std::vector<float> randomFloats(std::size_t n, Rng& rng, float scale = 1) {
    std::vector<float> out(n);
    rng.fillNormal(out.data(), n, scale);
    return out;
}

// Random numbers in every tensor of a shape; gammas and variances are positive.
inline ProjectorWeights filledAtRandom(ProjectorWeights w, std::uint64_t seed) {
    Rng rng(seed, "projector");
    const auto positive = [&](std::size_t n) {
        auto v = randomFloats(n, rng, 0.2f);
        for (auto& x : v) x = 0.5f + std::abs(x);
        return v;
    };
    const auto fill = [&](ProjectorLayer& layer) {
        layer.weight = randomFloats(layer.weight.size(), rng, 0.3f);
        layer.bias = randomFloats(layer.out, rng, 0.1f);
        if (!layer.norm) return;
        layer.gamma = positive(layer.out);
        layer.beta = randomFloats(layer.out, rng, 0.1f);
        layer.mean = randomFloats(layer.out, rng, 0.1f);
        layer.variance = positive(layer.out);
        layer.batches = 3;
    };
    if (w.head1) fill(*w.head1);
    for (auto& layer : w.layers) fill(layer);
    return w;
}

inline ProjectorWeights randomProjector(std::size_t in, std::size_t hidden, std::size_t out, std::uint64_t seed) {
    return filledAtRandom(twoLayers(in, hidden, out), seed);
}

inline Matrix randomRows(std::size_t rows, std::size_t cols, std::uint64_t seed) {
    Matrix m(rows, cols);
    Rng rng(seed, "rows");
    rng.fillNormal(m.data(), m.size());
    normalizeRows(m);
    return m;
}

// The head that the recipe asks for at a place of the plan, random; FreeBind's of another hidden width.
inline ProjectorWeights randomHead(const Recipe& recipe, const PlannedReaction& r, const ProjectorPlace& place,
                                   std::size_t hidden, std::uint64_t seed) {
    ReactionOptions options = recipe.route[r.step].options;
    options.hidden_width = static_cast<std::int64_t>(hidden);
    const bool displaces = r.kind == ReactionKind::Displacement, base = place.key != r.key;
    const auto& sources = displaces ? r.unified_modalities : r.expert_modalities;
    const auto& targets = displaces ? r.expert_modalities : r.unified_modalities;
    return filledAtRandom(base ? emptyHead(options, r.target_width, r.target_width, targets, targets)
                               : emptyHead(options, r.source_width, r.target_width, sources, targets),
                          seed);
}

// Every projector of the plan, random.
inline void addRandomProjectors(ProductModel& model, std::size_t hidden = 16) {
    std::uint64_t seed = 100;
    for (const auto& r : model.plan().reactions) {
        for (const auto& place : projectorPlaces(r)) {
            model.addProjector(place.key, place.subset, randomHead(model.recipe(), r, place, hidden, seed++));
        }
    }
    for (const auto& t : model.plan().tunings) {
        model.addProjector(t.key, t.modality, filledAtRandom(emptyAdapter(t.width, hidden), seed++));
    }
}

// A product folder as training leaves it.
inline void writeProduct(const std::filesystem::path& folder, const char* recipe, std::size_t hidden = 24,
                         const std::vector<SpaceInfo>& spaces = paperSpaces()) {
    const Recipe r = recipeOf(recipe);
    const ProductModel model(r, planRoute(r, spaces));
    std::uint64_t seed = 500;
    for (const auto& reaction : model.plan().reactions) {
        for (const auto& place : projectorPlaces(reaction)) {
            const auto to = projectorPath(folder, place);
            std::filesystem::create_directories(to.parent_path());
            writeProjector(to, randomHead(r, reaction, place, hidden, seed++), {});
        }
    }
    for (const auto& tuning : model.plan().tunings) {
        const auto to = projectorPath(folder, {tuning.key, tuning.modality});
        std::filesystem::create_directories(to.parent_path());
        writeProjector(to, filledAtRandom(emptyAdapter(tuning.width, hidden), seed++), {});
    }
    ProductRecord record;
    record.name = r.name;
    record.workspace = "/somebody/private/world";
    record.fingerprint = "f00d";
    record.synthetic = true;
    record.seed = 7;
    record.device = "cpu";
    record.version = "0.1.0";
    record.commit = "abc";
    record.created = "2026-01-02T03:04:05Z";
    for (const auto& reaction : model.plan().reactions) {
        for (const auto& subset : reaction.subsets) {
            record.training[reaction.key][subset] = {
                {"epochs", 20}, {"steps", 400}, {"batch", 64}, {"final_loss", 0.125}};
        }
    }
    writeProductFile(folder, model, record);
}

}  // namespace engine::test
