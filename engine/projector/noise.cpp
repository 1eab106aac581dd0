// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/noise.h"

#include <algorithm>
#include <cmath>

#include "engine/base/matrix.h"
#include "engine/base/rng.h"

namespace engine {
namespace {

constexpr std::size_t kNoiseRows = 64;  // rows of one stream of noise

}  // namespace

void addNoise(float* x, std::size_t rows, std::size_t width, double variance, std::uint64_t seed,
              const std::string& name, std::uint64_t index) {
    if (variance == 0) return;
    const float deviation = static_cast<float>(std::sqrt(variance));
    const std::size_t blocks = (rows + kNoiseRows - 1) / kNoiseRows;
#pragma omp parallel for schedule(dynamic, 1)
    for (std::size_t b = 0; b < blocks; ++b) {
        Rng rng(seed, name + "/" + std::to_string(b), index);
        for (std::size_t i = b * kNoiseRows; i < std::min(rows, (b + 1) * kNoiseRows); ++i) {
            float* row = x + i * width;
            for (std::size_t j = 0; j < width; ++j) row[j] += deviation * static_cast<float>(rng.normal());
            normalizeRows(row, 1, width);
        }
    }
}

}  // namespace engine
