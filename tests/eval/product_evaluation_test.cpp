// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/product_evaluation.h"

#include <gtest/gtest.h>

#include "tests/eval/eval_support.h"

namespace engine {
namespace {

// A side with a displacement layer under a combination of two experts, as ++ products have.
struct Side {
    Matrix base, expert, first_mean, second_mean;
    Components components;

    Side(const Modality& modality, const Matrix& latent, Rng& rng)
        : base(near(latent, 1.2f, rng)),
          expert(near(latent, 0.9f, rng)),
          first_mean(near(latent, 1.0f, rng)),
          second_mean(near(latent, 1.1f, rng)) {
        for (std::size_t i = 0; i < first_mean.size(); ++i) first_mean.data()[i] *= 0.8f;  // means are not unit rows
        components.modality = modality;
        components.base = base.view();
        components.layers.push_back({0, ReactionKind::Displacement, {{"InternVL", expert.view()}}});
        components.layers.push_back(
            {1, ReactionKind::Combination, {{"CLAP_g", first_mean.view()}, {"CLAP_m", second_mean.view()}}});
    }

    static Matrix near(const Matrix& latent, float noise, Rng& rng) {
        Matrix m(latent.rows(), latent.cols());
        rng.fillNormal(m.data(), m.size(), noise / std::sqrt(static_cast<float>(m.cols())));
        for (std::size_t i = 0; i < m.size(); ++i) m.data()[i] += latent.data()[i];
        normalizeRows(m);
        return m;
    }
};

BlendWeights shares(double lambda, double sigma, double g = 1, double m = 1) {
    return {{{lambda, {1}}, {sigma, {g, m}}}};
}

TEST(ProductEvaluation, EqualsBruteForceInFloat64) {
    Rng rng(41);
    Matrix items = test::randomUnitRows(150, 64, rng);
    Matrix captions(450, 64);
    for (std::size_t i = 0; i < 450; ++i) std::copy_n(items.row(i / 3), 64, captions.row(i));
    Side audio("audio", items, rng), text("text", captions, rng);
    // Twins: two clips and two captions that are the same in every component.
    for (Matrix* m : {&audio.base, &audio.expert, &audio.first_mean, &audio.second_mean}) {
        std::copy_n(m->row(0), 64, m->row(77));
    }
    for (Matrix* m : {&text.base, &text.expert, &text.first_mean, &text.second_mean}) {
        std::copy_n(m->row(3), 64, m->row(301));
    }
    SetComponents set;
    set.set = {"toy", SetKind::Retrieval, "audio", "text", {}, ""};
    for (std::uint32_t i = 0; i < 450; ++i) set.set.pairs.push_back({i / 3, i});
    set.first = audio.components;
    set.second = text.components;
    const std::vector<std::pair<BlendWeights, BlendWeights>> settings{{shares(0, 0), shares(0, 0)},
                                                                      {shares(0.9, 0.5), shares(0.9, 0.1)},
                                                                      {shares(0, 0.8), shares(0, 0.5)},
                                                                      {shares(1, 1), shares(1, 1)},
                                                                      {shares(0, 1, 0, 1), shares(0.3, 0.2, 1, 0)},
                                                                      {shares(0.5, 0), shares(0, 0.5, 2, 1)}};
    double lowest = 100, highest = 0;
    std::size_t tied = 0;
    for (const auto& [first, second] : settings) {
        const auto fast = evaluateProductSet(set, first, second, "cosine", {}, {});
        const auto slow = evaluateProductSet(set, first, second, "cosine", {}, {}, true);
        EXPECT_EQ(toJson(fast)["metrics"], toJson(slow)["metrics"]);
        EXPECT_EQ(toJson(fast)["directions"], toJson(slow)["directions"]);
        lowest = std::min(lowest, fast.value("R@1"));
        highest = std::max(highest, fast.value("R@1"));
        tied += fast.retrieval->forward.tied_queries + fast.retrieval->backward.tied_queries;
    }
    EXPECT_LT(lowest + 1, highest);  // the settings differ, so the comparison is of several sets of ranks
    EXPECT_GT(tied, 0u);
}

}  // namespace
}  // namespace engine
