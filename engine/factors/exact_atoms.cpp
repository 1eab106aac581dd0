// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/exact_atoms.h"

#include <algorithm>
#include <cmath>

#include "engine/eval/score_kernel.h"

namespace engine {

namespace {

constexpr double kShortest = 1e-6;  // as blend()

}  // namespace

void ExactAtoms::take(std::size_t item, Item& out) const {
    const std::size_t n = side_.atoms(), width = side_.width();
    out.rows.resize(n * width);
    const auto row = [&](std::size_t j) { return out.rows.data() + j * width; };
    std::copy_n(components_.base.row(item), width, row(0));
    for (std::size_t j = 1; j < n; ++j) {
        const BlendSide::Sum& sum = side_.sumOf(j);
        const auto& parts = components_.layers[sum.layer].parts;
        std::fill_n(row(j), width, 0.0);
        for (std::size_t p = 0; p < parts.size(); ++p) {
            if (sum.weights[p] == 0) continue;
            const float* x = parts[p].rows.row(item);
            for (std::size_t d = 0; d < width; ++d) row(j)[d] += sum.weights[p] * static_cast<double>(x[d]);
        }
    }
    for (std::size_t j = 0; j < n; ++j) {
        const double length = std::sqrt(score::dot(row(j), row(j), width));
        out.inverse[j] = length < kShortest ? 0 : 1 / length;
    }
    for (std::size_t k = 0; k + 1 < n; ++k) {
        for (std::size_t j = 0; j <= k; ++j) {
            out.cosine[k * n + j] = score::dot(row(k + 1), row(j), width) * out.inverse[k + 1] * out.inverse[j];
        }
    }
}

}  // namespace engine
