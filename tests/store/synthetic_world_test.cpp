// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/synthetic_world.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>

#include "engine/base/error.h"

namespace engine {
namespace {

std::vector<float> rowsOf(const RowReader& reader, std::size_t first, std::size_t count) {
    std::vector<float> out(count * reader.width);
    reader.read(first, count, out.data());
    return out;
}

WorldInput tiny(std::uint64_t seed) {
    WorldOptions options;
    options.preset = "tiny";
    options.seed = seed;
    return describeWorld(options, worldFits());
}

TEST(SyntheticWorld, AnyBlockHasTheSameBitsAloneAndOnAnyNumberOfThreads) {
    const WorldInput world = tiny(3);
    const int threads = omp_get_max_threads();
    for (const auto& pool : world.pools) {
        for (const auto& [space, reader] : pool.tables.front().embeddings) {
            omp_set_num_threads(threads);
            const auto whole = rowsOf(reader, 0, reader.rows);
            omp_set_num_threads(1);
            EXPECT_EQ(rowsOf(reader, 0, reader.rows), whole) << space;
            for (const std::size_t first : {std::size_t{0}, std::size_t{127}, reader.rows - 3}) {
                const auto block = rowsOf(reader, first, 3);
                // A matrix product sums rows at its rim in another order: rounding, nothing more.
                for (std::size_t i = 0; i < block.size(); ++i) {
                    ASSERT_NEAR(block[i], whole[first * reader.width + i], 1e-6) << space << " row " << first;
                }
            }
        }
    }
    omp_set_num_threads(threads);
}

TEST(SyntheticWorld, TheSeedIsTheWorld) {
    const WorldInput a = tiny(1), b = tiny(1), c = tiny(2);
    const auto& reader = [](const WorldInput& w) -> const RowReader& {
        return w.pools[0].tables[0].embeddings[0].second;
    };
    EXPECT_EQ(rowsOf(reader(a), 0, 50), rowsOf(reader(b), 0, 50));
    EXPECT_NE(rowsOf(reader(a), 0, 50), rowsOf(reader(c), 0, 50));
}

TEST(SyntheticWorld, RowsAreUnitAndSpacesHaveAModalityGap) {
    const WorldInput world = tiny(0);
    std::map<std::string, std::map<Modality, std::vector<double>>> means;
    for (const auto& pool : world.pools) {
        for (const auto& [space, reader] : pool.tables.front().embeddings) {
            const auto rows = rowsOf(reader, 0, reader.rows);
            auto& mean = means[space][pool.tables.front().modality];
            mean.assign(reader.width, 0);
            for (std::size_t i = 0; i < reader.rows; ++i) {
                double sum = 0;
                for (std::size_t j = 0; j < reader.width; ++j) {
                    const double v = rows[i * reader.width + j];
                    sum += v * v;
                    mean[j] += v / static_cast<double>(reader.rows);
                }
                ASSERT_NEAR(sum, 1, 1e-5);
            }
        }
    }
    for (const auto& [space, modalities] : means) {
        ASSERT_GE(modalities.size(), 2u) << space;
        const auto& first = modalities.begin()->second;
        const auto& second = modalities.rbegin()->second;
        double gap = 0;
        for (std::size_t j = 0; j < first.size(); ++j) gap += (first[j] - second[j]) * (first[j] - second[j]);
        EXPECT_GT(std::sqrt(gap), 0.2) << space;
    }
}

TEST(SyntheticWorld, PairsAreInRangeAndEveryItemHasOne) {
    for (const auto& set : tiny(0).sets) {
        const std::size_t n = set.first.embeddings.front().second.rows, m = set.second.embeddings.front().second.rows;
        std::vector<bool> seen(n);
        for (const auto& [i, j] : set.pairs) {
            ASSERT_LT(i, n) << set.name;
            ASSERT_LT(j, m) << set.name;
            seen[i] = true;
        }
        EXPECT_EQ(std::count(seen.begin(), seen.end(), true), static_cast<std::ptrdiff_t>(n)) << set.name;
    }
}

}  // namespace
}  // namespace engine
