// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Landscapes over real embeddings: CLIP on 500 images and captions of COCO. What such sets have and random rows have
// not (captions that say the same, uneven neighbourhoods, a gap between modalities) must not change a hit. The experts
// are stand-ins: the same rows under a random orthogonal map, with noise, so they know what CLIP knows in other
// coordinates.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/rng.h"
#include "engine/store/npy.h"
#include "tests/factors/landscape_support.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

constexpr std::size_t kItems = 500, kWidth = 512;

// A random orthogonal map: Gram-Schmidt of normal rows.
Matrix orthogonal(Rng& rng) {
    Matrix q(kWidth, kWidth);
    rng.fillNormal(q.data(), q.size());
    for (std::size_t i = 0; i < kWidth; ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            double dot = 0;
            for (std::size_t d = 0; d < kWidth; ++d) dot += static_cast<double>(q.row(i)[d]) * q.row(k)[d];
            for (std::size_t d = 0; d < kWidth; ++d) q.row(i)[d] -= static_cast<float>(dot) * q.row(k)[d];
        }
        normalizeRows(q.row(i), 1, kWidth);
    }
    return q;
}

Matrix standIn(MatrixView rows, const Matrix& map, double noise, Rng& rng) {
    Matrix out(rows.rows, kWidth), random(rows.rows, kWidth);
    gemmNT(rows.rows, kWidth, kWidth, 1, rows.data, rows.stride, map.data(), kWidth, 0, out.data(), kWidth);
    rng.fillNormal(random.data(), random.size(), static_cast<float>(noise / std::sqrt(double(kWidth))));
    for (std::size_t i = 0; i < out.size(); ++i) out.data()[i] += random.data()[i];
    normalizeRows(out);
    return out;
}

// Hits of every query at every node of a 21 x 21 grid, against exact ranks of the blended rows; the slow float64
// reference at some.
void expectExactOnTheGrid(const SetLandscape& landscape) {
    const SetComponents& set = landscape.set();
    for (int i = 0; i <= 20; ++i) {
        for (int j = 0; j <= 20; ++j) {
            const std::vector<double> point{i / 20.0, j / 20.0};
            const BlendWeights first = landscape.request().firstAt(point.data()),
                               second = landscape.request().secondAt(point.data());
            const ProductRows x(set.first, first, {}), y(set.second, second, {});
            const PairRanks ranks = rankPairs(x.source(), y.source(), set.set.pairs, Directions::Both, "grid", {});
            for (const bool forward : {true, false}) {
                const auto hits = landscape.hits(point.data(), forward, TieRule::Expected);
                const auto& expected = forward ? ranks.forward : ranks.backward;
                for (std::size_t q = 0; q < hits.size(); ++q) {
                    for (std::size_t k = 0; k < kHitPlaces.size(); ++k) {
                        ASSERT_NEAR(hits[q][k], hitAt(expected[q], kHitPlaces[k], TieRule::Expected), 1e-6)
                            << "query " << q << " at " << point[0] << ", " << point[1];
                    }
                }
            }
            if (i % 10 == 0 && j % 10 == 0) expectEqualsReference(landscape, point);
        }
    }
}

TEST(RealLandscape, EqualsExactRanksOnStandInsOfRealRows) {
    REQUIRE_REAL_DATA(folder);
    const NpyArray features(folder / "coco500-clip" / "features.npy");  // [2, 500, 512]: images, captions
    Rng rng(23, "stand-ins");
    std::vector<Matrix> kept;
    kept.reserve(16);
    const auto keep = [&](Matrix m) {
        kept.push_back(std::move(m));
        return kept.back().view();
    };
    Matrix image(kItems, kWidth), text(kItems, kWidth);
    features.readRows(0, 0, kItems, image.data());
    features.readRows(1, 0, kItems, text.data());
    normalizeRows(image);
    normalizeRows(text);
    const Matrix map = orthogonal(rng), other = orthogonal(rng);

    LandscapeRequest request;
    request.set.set = {"COCO-500", SetKind::Retrieval, "image", "text", {}, ""};
    for (std::uint32_t i = 0; i < kItems; ++i) request.set.set.pairs.push_back({i, i});
    // The base is a noisy stand-in; two experts on each side under one map, of different noise.
    for (const bool second : {false, true}) {
        const Matrix& rows = second ? text : image;
        Components& side = second ? request.set.second : request.set.first;
        side.modality = second ? "text" : "image";
        side.base = keep(standIn(rows.view(), map, 0.8, rng));
        side.layers.push_back(
            {0,
             ReactionKind::Combination,
             {{"A", keep(standIn(rows.view(), other, 0.2, rng))}, {"B", keep(standIn(rows.view(), other, 0.4, rng))}}});
        (second ? request.second : request.first).layers.push_back({0.5, {1, 1}});
        (second ? request.second_dims : request.first_dims).push_back(second ? 1 : 0);
    }
    request.box = {{"sigma_v", 0, 1}, {"sigma_t", 0, 1}};
    expectExactOnTheGrid(*SetLandscape::build(request, {}));

    // As a displacement has it: one expert, of unit length, beside the base.
    for (Components* side : {&request.set.first, &request.set.second}) {
        side->layers[0].kind = ReactionKind::Displacement;
        side->layers[0].parts.resize(1);
    }
    request.first.layers[0].weights.resize(1);
    request.second.layers[0].weights.resize(1);
    expectExactOnTheGrid(*SetLandscape::build(request, {}));
}

}  // namespace
}  // namespace engine
