// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/atom_blend.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/eval/score_kernel.h"

namespace engine {
namespace {

constexpr double kShortest = 1e-6;  // as blend()

}  // namespace

std::size_t atomCount(const Components& components) {
    std::size_t atoms = 1;
    for (const auto& layer : components.layers) atoms += layer.parts.size();
    if (atoms > kMostParts) {
        throw Error(ErrorCode::InvalidInput, components.modality,
                    "expected at most 15 experts, found " + std::to_string(atoms - 1),
                    "explore a recipe with fewer experts");
    }
    return atoms;
}

const float* atomRow(const Components& components, std::size_t row, std::size_t atom) {
    if (atom == 0) return components.base.row(row);
    --atom;
    for (const auto& layer : components.layers) {
        if (atom < layer.parts.size()) return layer.parts[atom].rows.row(row);
        atom -= layer.parts.size();
    }
    return nullptr;
}

void atomGram(const Components& components, std::size_t row, std::size_t atoms, double* gram) {
    for (std::size_t j = 0; j < atoms; ++j) {
        for (std::size_t k = 0; k <= j; ++k)
            gram[j * atoms + k] = gram[k * atoms + j] =
                score::dot(atomRow(components, row, j), atomRow(components, row, k), components.width());
    }
}

bool atomWeights(const double* gram, std::size_t atoms, const BlendWeights& weights, double* a) {
    const double* g = gram;
    std::fill_n(a, atoms, 0.0);
    double square = g[0];  // of the vector so far
    a[0] = 1;
    if (square >= kShortest * kShortest) {
        a[0] = 1 / std::sqrt(square);
        square = 1;
    }
    std::size_t begin = 1;
    for (const auto& layer : weights.layers) {
        const std::size_t end = begin + layer.weights.size();
        const double s = layer.share;
        if (s != 0) {
            const double* w = layer.weights.data() - begin;
            double sum = 0;              // of the weights
            double mean = 0, along = 0;  // squared length of the experts' sum; its product with the vector so far
            for (std::size_t p = begin; p < end; ++p) {
                if (w[p] == 0) continue;
                double own = 0, with = 0;
                for (std::size_t q = begin; q < end; ++q) own += w[q] * g[p * atoms + q];
                for (std::size_t q = 0; q < begin; ++q) with += a[q] * g[p * atoms + q];
                sum += w[p];
                mean += w[p] * own;
                along += w[p] * with;
            }
            if (!(mean >= kShortest * kShortest * sum * sum)) return false;
            const double inverse = 1 / std::sqrt(mean);
            const double total = s * s + (1 - s) * (1 - s) * square + 2 * s * (1 - s) * along * inverse;
            if (!(total >= kShortest * kShortest)) return false;
            const double scale = 1 / std::sqrt(total);
            for (std::size_t q = 0; q < begin; ++q) a[q] *= (1 - s) * scale;
            for (std::size_t p = begin; p < end; ++p) a[p] = s * scale * inverse * w[p];
            square = 1;
        }
        begin = end;
    }
    return square >= kShortest * kShortest;
}

void checkWeights(const Components& components, const BlendWeights& weights) {
    ENGINE_CHECK(weights.layers.size() == components.layers.size(), "weights belong to other components");
    for (std::size_t k = 0; k < components.layers.size(); ++k) {
        ENGINE_CHECK(weights.layers[k].weights.size() == components.layers[k].parts.size(),
                     "weights belong to other components");
    }
}

}  // namespace engine
