// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/factors/landscape_support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace engine {

namespace {

Matrix rowsAround(const Matrix& center, const std::vector<std::size_t>& of, double sign, double noise, Rng& rng) {
    Matrix m(of.size(), center.cols());
    rng.fillNormal(m.data(), m.size(), static_cast<float>(noise / std::sqrt(static_cast<double>(m.cols()))));
    for (std::size_t i = 0; i < of.size(); ++i) {
        for (std::size_t d = 0; d < m.cols(); ++d) m.row(i)[d] += static_cast<float>(sign) * center.row(of[i])[d];
    }
    normalizeRows(m);
    return m;
}

}  // namespace

const std::vector<SetCase>& setCases() {
    static const std::vector<SetCase> cases{
        {"OneFactorOnEachSide", {}},
        {"OneFactorOfTheFirst", {.second_layers = 0}},
        {"OneFactorOfTheSecond", {.first_layers = 0}},
        {"NoFactor", {.first_layers = 0, .second_layers = 0, .near_ties = 0.2}},
        {"NestedOnOneSide", {.second_layers = 2}},
        {"NestedOnBoth", {.first_layers = 2, .second_layers = 2, .experts = 1}},
        {"ManyPositives", {.first_items = 40, .second_items = 200, .positives = 5}},
        {"NearTiesAndDuplicates", {.noise = 0.6, .near_ties = 0.3, .duplicates = 0.3}},
        {"TiesOfManyPositives",
         {.second_items = 150, .positives = 3, .noise = 0.6, .near_ties = 0.3, .duplicates = 0.3}},
        {"OpposedExperts", {.noise = 0.5, .opposed = true}},
        {"OneFactorOfBoth", {.same_modality = true}},
        {"TwoFactorsOfBoth", {.first_layers = 2, .second_layers = 2, .same_modality = true}},
        {"BroughtByALayer", {.second_layers = 2, .brought = true}},
        {"AWeightOfOneSide", {.first_layers = 0, .weights = true}},
        {"AWeightOfBothSides", {.weights = true}},
        {"AWeightOfThree", {.first_layers = 0, .experts = 3, .near_ties = 0.2, .duplicates = 0.2, .weights = true}},
        {"NestedWeights", {.first_layers = 0, .second_layers = 2, .weights = true}},
        {"AWeightOfOpposedExperts", {.first_layers = 0, .noise = 0.5, .opposed = true, .weights = true}},
        {"AWeightOfWhatBrings", {.first_layers = 0, .brought = true, .weights = true}},
    };
    return cases;
}

RandomSetOptions anySet(Rng& rng) {
    RandomSetOptions options;
    options.first_items = 1 + rng.below(80);
    options.second_items = 1 + rng.below(160);
    options.width = 2 + rng.below(160);
    options.first_layers = rng.below(3);
    options.second_layers = rng.below(3);
    options.experts = 1 + rng.below(3);
    options.positives = 1 + rng.below(4);
    options.same_modality = rng.below(4) == 0;
    options.noise = 0.3 + rng.uniform() * 2;
    options.near_ties = rng.below(2) ? 0.2 * rng.uniform() : 0;
    options.duplicates = rng.below(2) ? 0.2 * rng.uniform() : 0;
    options.weights = options.first_layers + options.second_layers <= 2 && rng.below(3) == 0;
    return options;
}

RandomSet::RandomSet(const RandomSetOptions& o, std::uint64_t seed) {
    Rng rng(seed, "landscape");
    rows.reserve(64);
    Matrix center(o.first_items, o.width);
    rng.fillNormal(center.data(), center.size());
    normalizeRows(center);
    std::vector<std::size_t> first(o.first_items), second(o.second_items);
    for (std::size_t i = 0; i < first.size(); ++i) first[i] = i;
    for (std::size_t i = 0; i < second.size(); ++i) second[i] = i / o.positives % o.first_items;
    request.set.set = {"Random", SetKind::Retrieval, "audio", o.same_modality ? "audio" : "text", {}, ""};
    for (std::uint32_t i = 0; i < second.size(); ++i) {
        if (i / o.positives < o.first_items)
            request.set.set.pairs.push_back({static_cast<std::uint32_t>(second[i]), i});
    }
    const auto copies = [&](Matrix& m) {
        for (std::size_t i = 0; i < m.rows(); ++i) {
            const double draw = rng.uniform();
            if (draw >= o.near_ties + o.duplicates || i == 0) continue;
            const std::size_t from = rng.below(i);
            std::copy_n(m.row(from), m.cols(), m.row(i));
            if (draw < o.near_ties) m.row(i)[rng.below(m.cols())] += 1e-7f;
        }
    };
    const auto side = [&](const std::vector<std::size_t>& of, std::size_t layers, bool is_second, Components& c,
                          BlendWeights& weights, std::vector<LayerDims>& dims) {
        // Copies are made in every table alike, so that copied items tie at every point.
        const std::uint64_t copied = rng.next64();
        const auto table = [&](double sign, double noise) {
            Matrix m = rowsAround(center, of, sign, noise, rng);
            if (is_second) {
                const Rng kept = rng;
                rng = Rng(copied);
                copies(m);
                rng = kept;
            }
            rows.push_back(std::move(m));
            return rows.back().view();
        };
        c.modality = is_second ? request.set.set.second : request.set.set.first;
        c.base = table(1, o.noise * 1.3);
        const bool brought = is_second && o.brought;
        if (brought) std::fill_n(rows.back().data(), rows.back().size(), 0.0f);
        for (std::size_t k = 0; k < layers; ++k) {
            Components::Layer layer;
            layer.step = k;
            BlendWeights::Layer use;
            use.brings = brought && k == 0;
            use.share = use.brings ? 1 : 0.5;
            for (std::size_t e = 0; e < o.experts; ++e) {
                layer.parts.push_back({"E" + std::to_string(e), table(o.opposed ? -1 : 1, o.noise)});
                use.weights.push_back(1 + static_cast<double>(e));
            }
            c.layers.push_back(layer);
            weights.layers.push_back(use);
            const auto newDim = [&] {
                request.box.push_back({"f" + std::to_string(request.box.size()), 0, 1});
                return static_cast<int>(request.box.size()) - 1;
            };
            const LayerDims* other = is_second && k < o.first_layers ? &request.first_dims[k] : nullptr;
            LayerDims own(o.same_modality && other ? other->share : newDim());
            if (o.weights && o.experts > 1) {
                own.weight = other ? other->weight : newDim();
                own.part = rng.below(o.experts);
            }
            dims.push_back(own);
        }
    };
    side(first, o.first_layers, false, request.set.first, request.first, request.first_dims);
    side(second, o.second_layers, true, request.set.second, request.second, request.second_dims);
}

std::vector<double> RandomSet::randomPoint(Rng& rng) const {
    std::vector<double> point;
    for (std::size_t d = 0; d < request.box.size(); ++d) {
        const double draw = rng.uniform();
        // Corners and borders of cells as often as places inside.
        point.push_back(draw < 0.15  ? 0
                        : draw < 0.3 ? 1
                        : draw < 0.5 ? static_cast<double>(rng.below(17)) / 16
                                     : rng.uniform());
    }
    return point;
}

void expectEqualsReference(const SetLandscape& landscape, const std::vector<double>& point) {
    const auto& set = landscape.set();
    const BlendWeights first = landscape.request().firstAt(point.data()),
                       second = landscape.request().secondAt(point.data());
    const JobContext job;
    const ProductRows x(set.first, first, job), y(set.second, second, job);
    const PairRanks expected = rankPairsReference(x.source(), y.source(), set.set.pairs, Directions::Both, job);
    const SetPoint found = landscape.at(point.data(), TieRule::Expected);
    std::string where = "at";
    for (const double v : point) where += " " + std::to_string(v);
    for (const bool forward : {true, false}) {
        const auto& want = forward ? expected.forward : expected.backward;
        const auto have = landscape.ranks(point.data(), forward);
        const auto own = landscape.hits(point.data(), forward, TieRule::Expected);
        ASSERT_EQ(want.size(), have.size());
        ASSERT_EQ(want.size(), own.size());
        double hits[3] = {};
        std::uint32_t queries = 0;
        for (std::size_t q = 0; q < want.size(); ++q) {
            EXPECT_EQ(want[q].positives != 0, have[q].positives != 0);
            if (want[q].positives == 0) continue;
            ++queries;
            EXPECT_EQ(want[q].beaten_by, have[q].beaten_by) << where << " query " << q << (forward ? "" : " back");
            EXPECT_EQ(want[q].tied, have[q].tied) << where << " query " << q << (forward ? "" : " back");
            EXPECT_EQ(want[q].tied_before, have[q].tied_before) << where << " query " << q;
            if (want[q].tied != 0) {
                EXPECT_EQ(want[q].tied_positives, have[q].tied_positives) << where;
            }
            for (std::size_t k = 0; k < 3; ++k) {
                const double hit = hitAt(want[q], kHitPlaces[k], TieRule::Expected);
                EXPECT_NEAR(own[q][k], hit, 1e-6) << where << " query " << q << (forward ? "" : " back");
                hits[k] += hit;
            }
        }
        const DirectionPoint& count = forward ? found.forward : found.backward;
        EXPECT_EQ(count.queries, queries);
        for (std::size_t k = 0; k < 3; ++k)
            EXPECT_NEAR(count.count.hits[k], hits[k], 1e-9)
                << where << " K " << kHitPlaces[k] << (forward ? "" : " back");
    }
}

}  // namespace engine
