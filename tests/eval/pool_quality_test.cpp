// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/pool_quality.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "tests/recipe/recipe_support.h"
#include "tests/store/reader_of.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

using test::readerOf;

constexpr std::size_t kTexts = 70, kImages = 55;

// Texts and images in space A; texts alone in B, which has the same neighbours (A's rows with their coordinates in
// another order), and in C, which has not.
struct Pools {
    test::TestFolder folder;
    Matrix text = test::randomRows(kTexts, 10, 1), image = test::randomRows(kImages, 10, 2), turned{kTexts, 10},
           other = test::randomRows(kTexts, 8, 3);

    Pools() {
        for (std::size_t r = 0; r < kTexts; ++r) std::reverse_copy(text.row(r), text.row(r) + 10, turned.row(r));
        WorkspaceWriter writer(folder / "w", Json{{"made", "by a test"}}, false);
        writer.addPool(
            {"text", {{"text", {}, {}, {{"A", readerOf(text)}, {"B", readerOf(turned)}, {"C", readerOf(other)}}}}}, {});
        writer.addPool({"image", {{"image", {}, {}, {{"A", readerOf(image)}}}}}, {});
        writer.finish();
    }
    PoolQuality measure(PoolQualityOptions options, std::vector<std::string> spaces = {}) const {
        return measurePools(Workspace(folder / "w"), std::move(spaces), options, {});
    }
};

PoolQualityOptions everyRow() {
    PoolQualityOptions options;
    options.asked_rows = 1000;
    options.retrieval_temperature = 0.05;
    return options;
}

const RetrievalQuality& retrievalOf(const PoolQuality& quality, const std::string& space, const Modality& from) {
    return *std::find_if(quality.retrievals.begin(), quality.retrievals.end(),
                         [&](const auto& r) { return r.space == space && r.from == from; });
}

const SpaceAgreement& agreementOf(const PoolQuality& quality, const std::string& one, const std::string& other) {
    return *std::find_if(quality.agreements.begin(), quality.agreements.end(),
                         [&](const auto& a) { return a.one == one && a.other == other; });
}

// Rows as the options ask for, in float64.
std::vector<std::vector<double>> plainRows(const Matrix& m, bool centred) {
    std::vector<std::vector<double>> rows;
    std::vector<double> mean(m.cols());
    for (std::size_t r = 0; r < m.rows(); ++r) {
        rows.emplace_back(m.row(r), m.row(r) + m.cols());
        for (std::size_t c = 0; c < m.cols(); ++c) mean[c] += rows[r][c] / double(m.rows());
    }
    if (!centred) return rows;
    for (auto& row : rows) {
        double length = 0;
        for (std::size_t c = 0; c < mean.size(); ++c) {
            row[c] -= mean[c];
            length += row[c] * row[c];
        }
        for (double& x : row) x /= std::sqrt(length);
    }
    return rows;
}

TEST(PoolQuality, EqualsTheSlowWay) {
    const Pools pools;
    for (const bool centred : {false, true}) {
        SCOPED_TRACE(centred);
        PoolQualityOptions options = everyRow();
        options.centred = centred;
        const auto quality = pools.measure(options);
        const auto& found = retrievalOf(quality, "A", "text");
        EXPECT_EQ(found.to, "image");
        EXPECT_EQ(found.queries, kTexts);
        EXPECT_EQ(found.memory, kImages);
        const auto queries = plainRows(pools.text, centred), memory = plainRows(pools.image, centred);
        double averaged = 0, top_weight = 0, similarity = 0, distinct = 0;
        std::vector<std::size_t> nearest;
        for (const auto& query : queries) {
            std::vector<double> score, weight;
            for (const auto& row : memory)
                score.push_back(std::inner_product(query.begin(), query.end(), row.begin(), 0.0));
            double sum = 0, entropy = 0;
            for (const double s : score) sum += std::exp(s / options.retrieval_temperature);
            for (const double s : score) {
                weight.push_back(std::exp(s / options.retrieval_temperature) / sum);
                entropy -= weight.back() * std::log(weight.back());
            }
            nearest.push_back(static_cast<std::size_t>(std::max_element(score.begin(), score.end()) - score.begin()));
            averaged += std::exp(entropy) / kTexts;
            top_weight += weight[nearest.back()] / kTexts;
            similarity += score[nearest.back()] / kTexts;
        }
        for (const auto row : nearest) distinct += std::count(nearest.begin(), nearest.end(), row) == 1;
        EXPECT_NEAR(found.rows_averaged, averaged, 1e-4);
        EXPECT_NEAR(found.top_weight, top_weight, 1e-5);
        EXPECT_NEAR(found.top_similarity, similarity, 1e-6);
        EXPECT_NEAR(found.distinct, distinct / kTexts, 1e-12);
        ASSERT_EQ(found.examples.size(), 3u);
        for (const auto& example : found.examples) {
            const std::size_t q = std::stoul(example.id.substr(example.id.find('/') + 1));
            ASSERT_EQ(example.nearest.size(), 3u);
            EXPECT_EQ(example.nearest[0].id, "image/" + std::to_string(nearest.at(q)));
            EXPECT_GE(example.nearest[0].weight, example.nearest[1].weight);
        }
    }
}

TEST(PoolQuality, SpacesWithTheSameNeighboursAgreeAndOthersByChance) {
    const Pools pools;
    PoolQualityOptions options = everyRow();
    options.neighbours = 5;
    const auto quality = pools.measure(options);
    ASSERT_EQ(quality.agreements.size(), 3u);  // text among text: A, B; A, C; B, C
    EXPECT_NEAR(agreementOf(quality, "A", "B").shared, 1, 1e-12);
    const auto& chance = agreementOf(quality, "A", "C");
    EXPECT_NEAR(chance.by_chance, 5.0 / 69, 1e-12);
    EXPECT_NEAR(chance.shared, chance.by_chance, 0.05);
}

TEST(PoolQuality, TheGapIsThatOfTheMeans) {
    const Pools pools;
    const auto quality = pools.measure(everyRow());
    ASSERT_EQ(quality.gaps.size(), 1u);
    const auto text = plainRows(pools.text, false), image = plainRows(pools.image, false);
    double distance = 0, cone = 0;
    for (std::size_t c = 0; c < 10; ++c) {
        double a = 0, b = 0;
        for (const auto& row : text) a += row[c] / kTexts;
        for (const auto& row : image) b += row[c] / kImages;
        distance += (a - b) * (a - b);
        cone += (quality.gaps[0].one == "text" ? a * a : b * b);
    }
    EXPECT_NEAR(quality.gaps[0].distance, std::sqrt(distance), 1e-6);
    EXPECT_NEAR(quality.gaps[0].one_cone, std::sqrt(cone), 1e-6);
}

TEST(PoolQuality, RowsAreDrawnBySeedAndTheSameInEverySpace) {
    const Pools pools;
    PoolQualityOptions options = everyRow();
    options.asked_rows = 12;
    const auto first = pools.measure(options), again = pools.measure(options);
    EXPECT_EQ(first.toJson().dump(), again.toJson().dump());
    EXPECT_EQ(first.toText(), again.toText());
    EXPECT_EQ(retrievalOf(first, "A", "text").queries, 12u);
    EXPECT_NEAR(agreementOf(first, "A", "B").shared, 1, 1e-12);
    options.seed = 1;
    EXPECT_NE(pools.measure(options).toJson()["retrievals"], first.toJson()["retrievals"]);
}

TEST(PoolQuality, AnUnknownSpaceIsSaid) {
    const Pools pools;
    try {
        pools.measure(everyRow(), {"A", "D"});
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::NotFound);
        EXPECT_NE(error.message().find("'D'"), std::string::npos);
    }
    EXPECT_EQ(pools.measure(everyRow(), {"B"}).retrievals.size(), 0u);
}

}  // namespace
}  // namespace engine
