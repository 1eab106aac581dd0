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
        if (pool.tables.size() > 1) continue;  // of the same spaces
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

const TableInput& tableOf(const WorldInput& world, const std::string& name, const Modality& modality) {
    for (const auto& pool : world.pools) {
        for (const auto& table : pool.tables)
            if (pool.name == name && table.modality == modality) return table;
    }
    for (const auto& set : world.sets) {
        for (const auto* table : {&set.first, &set.second})
            if (set.name == name && table->modality == modality) return *table;
    }
    throw Error(ErrorCode::NotFound, name, "no such table");
}

std::vector<float> rowsIn(const TableInput& table, const std::string& space, std::size_t first, std::size_t count) {
    for (const auto& [name, reader] : table.embeddings)
        if (name == space) return rowsOf(reader, first, count);
    throw Error(ErrorCode::NotFound, space, "no such rows");
}

// Rows that people have trained on stay what they are.
TEST(SyntheticWorld, RowsAreThoseOfEarlierVersions) {
    const WorldInput world = tiny(0);
    const struct {
        const char *name, *modality, *space;
        std::size_t row;
        float values[4];
    } known[] = {{"text", "text", "ImageBind", 7, {-0.138180792f, 0.113183521f, -0.10348814f, -0.180797592f}},
                 {"audio", "audio", "CLAP_g", 299, {0.0561945848f, -0.413753003f, -0.421211332f, -0.396085352f}},
                 {"COCO", "text", "InternVL", 10, {0.0168123767f, -0.130533606f, 0.020943908f, -0.0632330179f}},
                 {"ESC-50", "audio", "CLAP_m", 3, {0.163588703f, 0.0888825655f, 0.10667491f, 0.127692237f}}};
    for (const auto& k : known) {
        const auto row = rowsIn(tableOf(world, k.name, k.modality), k.space, k.row, 1);
        for (std::size_t j = 0; j < 4; ++j) EXPECT_NEAR(row[j], k.values[j], 1e-6) << k.name << " " << k.space;
    }
}

TEST(SyntheticWorld, AnAudioEncoderTrainedIntoASpaceHasItsTextsAndImages) {
    const WorldInput world = tiny(0);
    for (const char* set : {"COCO", "AudioCaps", "ImageNet"}) {
        const TableInput& texts = tableOf(world, set, "text");
        EXPECT_EQ(rowsIn(texts, "WAV2CLIP", 0, 10), rowsIn(texts, "CLIP_B32", 0, 10)) << set;
        EXPECT_NE(rowsIn(texts, "AudioCLIP", 0, 1), rowsIn(texts, "CLIP_B32", 0, 1)) << set;
    }
    const TableInput& images = tableOf(world, "VGG-SS", "image");
    EXPECT_EQ(rowsIn(images, "WAV2CLIP", 0, 10), rowsIn(images, "CLIP_B32", 0, 10));
    EXPECT_THROW(rowsIn(tableOf(world, "VGG-SS", "audio"), "CLIP_B32", 0, 1), Error);
    // What is only measured has no pools.
    EXPECT_THROW(rowsIn(tableOf(world, "text", "text"), "AudioCLIP", 0, 1), Error);
    EXPECT_EQ(rowsIn(tableOf(world, "text", "text"), "CLIP_B32", 0, 2).size(), 2u * 36);
}

TEST(SyntheticWorld, ASmallerPoolHasTheFirstRowsOfALargerOne) {
    WorldOptions options;
    options.preset = "tiny";
    options.pool_rows = 130;
    const WorldInput small = describeWorld(options, worldFits()), whole = tiny(0);
    for (std::size_t p = 0; p < whole.pools.size(); ++p) {
        for (std::size_t t = 0; t < whole.pools[p].tables.size(); ++t) {
            const TableInput &few = small.pools[p].tables[t], &all = whole.pools[p].tables[t];
            for (std::size_t e = 0; e < all.embeddings.size(); ++e) {
                EXPECT_EQ(few.embeddings[e].second.rows, 130u);
                EXPECT_EQ(rowsOf(few.embeddings[e].second, 0, 128), rowsOf(all.embeddings[e].second, 0, 128));
            }
        }
    }
}

TEST(SyntheticWorld, RowsOfThePairedPoolBelongTogether) {
    const WorldInput world = tiny(0);
    const TableInput &audio = tableOf(world, "audio-image", "audio"), &image = tableOf(world, "audio-image", "image");
    const std::size_t n = audio.embeddings.front().second.rows, width = 48;
    const auto a = rowsIn(audio, "ImageBind", 0, n), v = rowsIn(image, "ImageBind", 0, n);
    ASSERT_EQ(v.size(), n * width);
    double own = 0, others = 0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            double dot = 0;
            for (std::size_t k = 0; k < width; ++k) dot += a[i * width + k] * v[j * width + k];
            (i == j ? own : others) += dot;
        }
    }
    EXPECT_GT(own / static_cast<double>(n), others / static_cast<double>(n * (n - 1)) + 0.1);
}

}  // namespace
}  // namespace engine
