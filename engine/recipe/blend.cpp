// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/first_error.h"
#include "engine/recipe/product.h"

namespace engine {
namespace {

// Below it the direction is float32's rounding, not the blend's.
constexpr double kShortest = 1e-6;

double length(const double* x, std::size_t width) {
    double sum = 0;
    for (std::size_t j = 0; j < width; ++j) sum += x[j] * x[j];
    return std::sqrt(sum);
}

[[noreturn]] void refuseZero(const Components& c, std::size_t row, const std::string& what) {
    throw Error(ErrorCode::InvalidInput, c.modality + " row " + std::to_string(row),
                what + " has length 0, so it has no direction",
                "choose factors and experts that do not cancel each other");
}

// z becomes N(share · N(Σ w part / Σ w) + (1 − share) · z); `mean` is scratch of the same width.
void addLayer(const Components& c, const Components::Layer& layer, const BlendWeights::Layer& use, std::size_t row,
              double* z, double* mean) {
    const std::size_t width = c.width();
    if (use.share == 0) return;
    std::fill(mean, mean + width, 0.0);
    const double sum = std::accumulate(use.weights.begin(), use.weights.end(), 0.0);
    for (std::size_t p = 0; p < layer.parts.size(); ++p) {
        if (use.weights[p] == 0) continue;
        const double w = use.weights[p] / sum;
        const float* x = layer.parts[p].rows.row(row);
        for (std::size_t j = 0; j < width; ++j) mean[j] += w * static_cast<double>(x[j]);
    }
    const double norm = length(mean, width);
    if (norm < kShortest) refuseZero(c, row, "the mean of the experts");
    const double a = use.share / norm, b = 1 - use.share;
    for (std::size_t j = 0; j < width; ++j) z[j] = a * mean[j] + b * z[j];
    const double total = length(z, width);
    if (total < kShortest) refuseZero(c, row, "the blend");
    for (std::size_t j = 0; j < width; ++j) z[j] /= total;
}

void checkShape(const Components& c, const BlendWeights& weights) {
    ENGINE_CHECK(weights.layers.size() == c.layers.size(), "weights belong to other components");
    for (std::size_t k = 0; k < c.layers.size(); ++k) {
        ENGINE_CHECK(weights.layers[k].weights.size() == c.layers[k].parts.size(),
                     "weights belong to other components");
    }
}

void blendInto(const Components& c, const BlendWeights& weights, std::size_t row, double* z, double* mean) {
    const float* base = c.base.row(row);
    for (std::size_t j = 0; j < c.width(); ++j) z[j] = static_cast<double>(base[j]);
    // Stored rows are rounded; a share is one of unit vectors. A base of zeros (the base space lacks the modality)
    // stays.
    const double base_length = length(z, c.width());
    if (base_length >= kShortest) {
        for (std::size_t j = 0; j < c.width(); ++j) z[j] /= base_length;
    }
    for (std::size_t k = 0; k < c.layers.size(); ++k) addLayer(c, c.layers[k], weights.layers[k], row, z, mean);
    if (length(z, c.width()) < kShortest) refuseZero(c, row, "the product vector");
}

}  // namespace

void blendRow(const Components& components, const BlendWeights& weights, std::size_t row, double* out) {
    checkShape(components, weights);
    std::vector<double> mean(components.width());
    blendInto(components, weights, row, out, mean.data());
}

void blend(const Components& components, const BlendWeights& weights, std::size_t first, std::size_t count,
           float* out) {
    checkShape(components, weights);
    const std::size_t width = components.width();
    FirstError failure;
#pragma omp parallel if (count * width > 65536)
    {
        std::vector<double> z, mean;
#pragma omp for schedule(static)
        for (std::size_t i = 0; i < count; ++i) {
            failure.guard([&] {
                z.resize(width);
                mean.resize(width);
                blendInto(components, weights, first + i, z.data(), mean.data());
                for (std::size_t j = 0; j < width; ++j) out[i * width + j] = static_cast<float>(z[j]);
            });
        }
    }
    failure.rethrow();
}

Matrix blendAll(const Components& components, const BlendWeights& weights) {
    Matrix out(components.rows(), components.width());
    blend(components, weights, 0, components.rows(), out.data());
    return out;
}

}  // namespace engine
