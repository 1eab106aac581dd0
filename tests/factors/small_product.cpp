// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/factors/small_product.h"

#include <cmath>
#include <tuple>

namespace engine {

SmallProduct::SmallProduct(bool alike) {
    rng.fillNormal(latent.data(), latent.size());
    normalizeRows(latent);
    Recipe recipe;
    recipe.name = "Base++";
    recipe.base = "Base";
    ReactionStep step;
    step.kind = ReactionKind::Combination;
    step.experts.resize(2);
    step.experts[0].space = "ExpertG";
    step.experts[1].space = "ExpertM";
    step.factors = {{"audio", 0.5}, {"text", 0.1}};
    recipe.route = {step};
    const std::vector<Modality> all = {"audio", "image", "text"}, two = {"audio", "text"};
    const RoutePlan plan =
        planRoute(recipe, {{"Base", kWidth, all, all}, {"ExpertG", 32, two, two}, {"ExpertM", 32, two, two}});
    model = std::make_shared<ProductModel>(recipe, plan);
    kept.reserve(64);
    for (const auto& [name, first, second] :
         {std::tuple{"Clips", "audio", "text"}, {"Sounds", "audio", "image"}, {"Photos", "image", "text"}}) {
        SetComponents set;
        set.set = {name, SetKind::Retrieval, first, second, {}, ""};
        for (std::uint32_t i = 0; i < kItems; ++i) set.set.pairs.push_back({i, i});
        set.first = side(first, alike);
        set.second = side(second, alike);
        sets.push_back(std::move(set));
    }
}

MatrixView SmallProduct::rows(float noise) {
    Matrix m(latent.rows(), latent.cols());
    rng.fillNormal(m.data(), m.size(), noise / std::sqrt(static_cast<float>(m.cols())));
    for (std::size_t i = 0; i < m.size(); ++i) m.data()[i] += latent.data()[i];
    normalizeRows(m);
    kept.push_back(std::move(m));
    return kept.back().view();
}

Components SmallProduct::side(const Modality& modality, bool alike) {
    Components c;
    c.modality = modality;
    c.base = rows(1.6f);
    if (modality != "image") {
        const MatrixView g = rows(1.2f), m = rows(1.3f);
        c.layers.push_back({0, ReactionKind::Combination, {{"ExpertG", g}, {"ExpertM", alike ? g : m}}});
    }
    return c;
}

}  // namespace engine
