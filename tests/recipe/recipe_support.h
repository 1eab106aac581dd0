// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Small recipes, spaces and projectors for tests of the recipe library and of what stands on it.
#pragma once

#include <string>
#include <vector>

#include "engine/base/rng.h"
#include "engine/recipe/product.h"

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

// Every projector of the plan, random.
inline void addRandomProjectors(ProductModel& model, std::size_t hidden = 16) {
    std::uint64_t seed = 100;
    for (const auto& r : model.plan().reactions) {
        for (const auto& subset : r.subsets) {
            model.addProjector(r.key, subset, randomProjector(r.source_width, hidden, r.target_width, seed++));
        }
    }
}

}  // namespace engine::test
