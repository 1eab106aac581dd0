// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Log sums and weights of an InfoNCE, in one tile and in several, against the definition in float64.
#include "engine/ops/info_tile.h"

#include <cmath>
#include <limits>

#include "engine/base/rng.h"
#include "tests/ops/device_array.h"

namespace engine {
namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();

std::vector<float> part(const std::vector<float>& all, std::size_t begin, std::size_t count) {
    return {all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(begin + count)};
}

class InfoTileTest : public TileTest {};

TEST_P(InfoTileTest, EqualsTheDefinition) {
    struct Case {
        std::size_t batch, tile;
        float scale, row_share;
    };
    for (const Case& c : {Case{1, 1, 50, 0.5f}, Case{5, 5, 50, 1}, Case{33, 10, 50, 0}, Case{300, 300, 14, 0.5f},
                          Case{300, 128, 1000, 0.5f}, Case{1025, 1024, 50, 0.5f}}) {
        const std::size_t b = c.batch;
        std::vector<float> x(b * b);
        Rng rng(b, "info");
        for (float& v : x) v = static_cast<float>(2 * rng.uniform() - 1);
        const auto s = [&](std::size_t i, std::size_t j) { return static_cast<double>(c.scale) * x[i * b + j]; };
        std::vector<double> rows(b), columns(b);
        for (std::size_t i = 0; i < b; ++i) {
            double most_row = -INFINITY, most_column = -INFINITY;
            for (std::size_t j = 0; j < b; ++j) {
                most_row = std::max(most_row, s(i, j));
                most_column = std::max(most_column, s(j, i));
            }
            for (std::size_t j = 0; j < b; ++j) {
                rows[i] += std::exp(s(i, j) - most_row);
                columns[i] += std::exp(s(j, i) - most_column);
            }
            rows[i] = most_row + std::log(rows[i]);
            columns[i] = most_column + std::log(columns[i]);
        }
        const double last_place = 1.2e-7 * static_cast<double>(c.scale);  // of float32 values of the size of s

        DeviceArray<float> maximum(std::vector<float>(b, kLowest), device());
        DeviceArray<double> sum(std::vector<double>(b), device());
        const auto tileAt = [&](std::size_t first, DeviceArray<float>& logits, DeviceArray<float>& row_log_sum,
                                float* column_log_sum) {
            return InfoTile{logits.data(),
                            static_cast<std::int64_t>(std::min(c.tile, b - first)),
                            static_cast<std::int64_t>(b),
                            static_cast<std::int64_t>(b),
                            static_cast<std::int64_t>(first),
                            c.scale,
                            c.row_share,
                            1 - c.row_share,
                            row_log_sum.data(),
                            maximum.data(),
                            sum.data(),
                            column_log_sum};
        };
        std::vector<DeviceArray<float>> row_sums;
        for (std::size_t first = 0; first < b; first += c.tile) {
            const std::size_t count = std::min(c.tile, b - first);
            const std::vector<float> before = part(x, first * b, count * b);
            DeviceArray<float> logits(before, device());
            row_sums.emplace_back(std::vector<float>(count), device());
            infoSums(tileAt(first, logits, row_sums.back(), nullptr), device());
            EXPECT_EQ(logits.host(), before);
            const std::vector<float> found = row_sums.back().host();
            for (std::size_t i = 0; i < count; ++i) ASSERT_NEAR(found[i], rows[first + i], 2 * last_place);
        }
        std::vector<float> column_sums(b);
        for (std::size_t j = 0; j < b; ++j) {
            column_sums[j] = static_cast<float>(maximum.host()[j] + std::log(sum.host()[j]));
            ASSERT_NEAR(column_sums[j], columns[j], 2 * last_place);
        }
        DeviceArray<float> column_log_sum(column_sums, device());
        for (std::size_t first = 0, t = 0; first < b; first += c.tile, ++t) {
            const std::size_t count = std::min(c.tile, b - first);
            DeviceArray<float> logits(part(x, first * b, count * b), device());
            infoWeights(tileAt(first, logits, row_sums[t], column_log_sum.data()), device());
            const std::vector<float> found = logits.host();
            for (std::size_t i = first; i < first + count; ++i) {
                for (std::size_t j = 0; j < b; ++j) {
                    const double weight =
                        c.row_share * std::exp(s(i, j) - rows[i]) + (1 - c.row_share) * std::exp(s(i, j) - columns[j]);
                    // A positive's weight keeps its own rounding when one is taken from it.
                    ASSERT_NEAR(found[(i - first) * b + j], weight - (i == j ? 1 : 0), 1e-6 + 4 * last_place * weight)
                        << b << " " << i << " " << j;
                }
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(On, InfoTileTest, testing::Values("cpu", "cuda:0"), deviceTestName);

}  // namespace
}  // namespace engine
