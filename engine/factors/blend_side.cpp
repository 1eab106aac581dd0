// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/blend_side.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include "engine/base/error.h"
#include "engine/base/first_error.h"
#include "engine/eval/score_kernel.h"
#include "engine/factors/interval_jet.h"

namespace engine {

namespace {

constexpr double kShortest = 1e-6;  // as blend()
constexpr std::size_t kBlockRows = 2048;

// Σ w part / Σ w, rounded once.
Matrix expertSum(const Components::Layer& layer, const std::vector<double>& weights, const JobContext& job) {
    const MatrixView shape = layer.parts.front().rows;
    Matrix out(shape.rows, shape.cols);
    double total = 0;
    for (const double w : weights) total += w;
    for (std::size_t first = 0; first < shape.rows; first += kBlockRows) {
        job.checkStop();
        const std::size_t last = std::min(first + kBlockRows, shape.rows);
        FirstError failure;  // memory may run out
#pragma omp parallel for schedule(static)
        for (std::size_t i = first; i < last; ++i) {
            failure.guard([&] {
                std::vector<double> sum(shape.cols, 0.0);
                for (std::size_t p = 0; p < layer.parts.size(); ++p) {
                    if (weights[p] == 0) continue;
                    const float* x = layer.parts[p].rows.row(i);
                    for (std::size_t d = 0; d < shape.cols; ++d)
                        sum[d] += weights[p] / total * static_cast<double>(x[d]);
                }
                for (std::size_t d = 0; d < shape.cols; ++d) out.row(i)[d] = static_cast<float>(sum[d]);
            });
        }
        failure.rethrow();
    }
    return out;
}

}  // namespace

BlendWeights weightsAtPoint(const BlendWeights& base, const std::vector<int>& dims, const double* point) {
    BlendWeights out = base;
    for (std::size_t k = 0; k < dims.size(); ++k) {
        auto& layer = out.layers[k];
        if (dims[k] >= 0 && !layer.brings) layer.share = point[dims[k]];
        const auto off = [](double w) { return w == 0; };
        if (std::all_of(layer.weights.begin(), layer.weights.end(), off)) layer.share = 0;
    }
    return out;
}

void BlendSide::takeLayers(const Components& components, const BlendWeights& weights, const std::vector<int>& dims,
                           const JobContext* job) {
    ENGINE_CHECK(weights.layers.size() == components.layers.size() && dims.size() == components.layers.size(),
                 "weights belong to other components");
    items_ = components.rows();
    width_ = components.width();
    atoms_.push_back(components.base);
    sums_.reserve(components.layers.size());
    for (std::size_t k = 0; k < components.layers.size(); ++k) {
        const auto& use = weights.layers[k];
        const int dim = use.brings ? -1 : dims[k];
        std::size_t active = 0, only = 0;
        for (std::size_t p = 0; p < use.weights.size(); ++p) {
            if (use.weights[p] == 0) continue;
            ++active;
            only = p;
        }
        if (active == 0 || (dim < 0 && use.share == 0)) continue;  // never has a part in the blend
        layers_.push_back({dim, use.share, k});
        if (dim >= 0) own_dims_.push_back(static_cast<std::size_t>(dim));
        if (active == 1) {
            atoms_.push_back(components.layers[k].parts[only].rows);
        } else if (job) {
            sums_.push_back(expertSum(components.layers[k], use.weights, *job));
            atoms_.push_back(sums_.back().view());
        } else {
            atoms_.push_back({});
        }
    }
    ENGINE_CHECK(layers_.size() <= kMostLayers, "more layers than a landscape has room for");
    std::sort(own_dims_.begin(), own_dims_.end());
    own_dims_.erase(std::unique(own_dims_.begin(), own_dims_.end()), own_dims_.end());
}

BlendSide::BlendSide(const Components& components, const BlendWeights& weights, const std::vector<int>& dims,
                     Stored stored)
    : stored_(std::move(stored)) {
    takeLayers(components, weights, dims, nullptr);
    if (stored_.inverse.size() != items_ * atoms_.size() || stored_.classes.size() != items_ ||
        stored_.cosine.size() != items_ * layers_.size() * atoms_.size()) {
        throw Error(ErrorCode::InvalidInput, components.modality, "the stored side belongs to other components");
    }
    takeMeanCosines();
}

BlendSide::BlendSide(const Components& components, const BlendWeights& weights, const std::vector<int>& dims,
                     const JobContext& job) {
    takeLayers(components, weights, dims, &job);
    const std::size_t n = atoms_.size(), layers = layers_.size();
    std::vector<double> inverse(items_ * n), cosine(items_ * layers * n, 0.0);
    std::vector<std::uint64_t> hashes(items_);
    // What the reference sees of an item: a sum of experts is rounded, and may be equal where they are not.
    std::vector<MatrixView> seen_rows{components.base};
    for (const auto& layer : layers_) {
        const auto& parts = components.layers[layer.source].parts;
        for (std::size_t p = 0; p < parts.size(); ++p)
            if (weights.layers[layer.source].weights[p] != 0) seen_rows.push_back(parts[p].rows);
    }
    for (std::size_t first = 0; first < items_; first += kBlockRows) {
        job.checkStop();
        const std::size_t last = std::min(first + kBlockRows, items_);
#pragma omp parallel for schedule(static)
        for (std::size_t i = first; i < last; ++i) {
            std::uint64_t hash = 0;
            for (std::size_t j = 0; j < n; ++j) {
                const float* row = atoms_[j].row(i);
                const double length = std::sqrt(score::dot(row, row, width_));
                inverse[i * n + j] = length < kShortest ? 0 : 1 / length;
            }
            for (const auto& rows : seen_rows) hash = XXH3_64bits_withSeed(rows.row(i), width_ * sizeof(float), hash);
            hashes[i] = hash;
            for (std::size_t k = 0; k < layers; ++k) {
                for (std::size_t j = 0; j <= k; ++j) {
                    cosine[(i * layers + k) * n + j] = score::dot(atoms_[k + 1].row(i), atoms_[j].row(i), width_) *
                                                       inverse[i * n + k + 1] * inverse[i * n + j];
                }
            }
        }
    }
    for (std::size_t k = 0; k < layers; ++k) {
        for (std::size_t i = 0; i < items_; ++i) {
            if (inverse[i * n + k + 1] != 0) continue;
            throw Error(ErrorCode::InvalidInput, components.modality + " row " + std::to_string(i),
                        "the mean of the experts has length 0, so it has no direction",
                        "choose experts that do not cancel each other");
        }
    }
    // Rows of one hash are compared, so that a class never holds rows that differ.
    std::vector<std::uint32_t> classes(items_);
    std::unordered_map<std::uint64_t, std::uint32_t> seen;
    seen.reserve(items_);
    for (std::size_t i = 0; i < items_; ++i) {
        const auto [at, is_new] = seen.emplace(hashes[i], static_cast<std::uint32_t>(i));
        bool equal = !is_new;
        for (std::size_t j = 0; equal && j < seen_rows.size(); ++j)
            equal = std::memcmp(seen_rows[j].row(i), seen_rows[j].row(at->second), width_ * sizeof(float)) == 0;
        classes[i] = equal ? at->second : static_cast<std::uint32_t>(i);
    }
    stored_.inverse = Array<double>(std::move(inverse));
    stored_.cosine = Array<double>(std::move(cosine));
    stored_.classes = Array<std::uint32_t>(std::move(classes));
    takeMeanCosines();
}

template <bool Normalised>
bool BlendSide::combine(const Shape& shape, const double* factors, double* b) const {
    const std::size_t n = atoms_.size(), layers = layers_.size();
    const double* inverse = shape.inverse;
    const double* cosine = shape.cosine;
    b[0] = 1;
    bool found = inverse[0] != 0;
    for (std::size_t k = 0; k < layers; ++k) {
        const double s = layers_[k].dim < 0 ? layers_[k].share : factors[layers_[k].dim];
        if (s == 0) {
            b[k + 1] = 0;
            continue;
        }
        found = true;
        double rho = 0;
        for (std::size_t j = 0; j <= k; ++j) rho += b[j] * cosine[k * n + j];
        double root = 1;
        if (Normalised || k + 1 < layers) {
            const double square = 1 - 2 * s * (1 - s) * (1 - rho);
            if (!(square > kShortest * kShortest)) return false;
            root = 1 / std::sqrt(square);
        }
        for (std::size_t j = 0; j <= k; ++j) b[j] *= (1 - s) * root;
        b[k + 1] = s * root;
    }
    for (std::size_t j = 0; j < n; ++j) b[j] *= inverse[j];
    return found;
}

bool BlendSide::weights(const Shape& shape, const double* factors, double* b) const {
    return combine<true>(shape, factors, b);
}

void BlendSide::direction(const Shape& shape, const double* factors, double* a) const {
    if (!combine<false>(shape, factors, a)) std::fill_n(a, atoms_.size(), 0.0);
}

bool BlendSide::weights(std::size_t item, const double* factors, double* b) const {
    return weights(shape(item), factors, b);
}

bool BlendSide::levelled(std::size_t item, const double* factors, Part part, double* b) const {
    if (!(part == Part::Weights ? combine<true>(shape(item), factors, b) : combine<false>(shape(item), factors, b)))
        return false;
    const double by = level(factors, part);
    for (std::size_t j = 0; j < atoms_.size(); ++j) b[j] *= by;
    return true;
}

double BlendSide::level(const double* factors, Part part) const {
    double level = 1;
    for (std::size_t k = 0; k < layers_.size(); ++k) {
        if (part == Part::Direction && k + 1 == layers_.size()) break;
        const double s = layers_[k].dim < 0 ? layers_[k].share : factors[layers_[k].dim];
        level *= std::sqrt(1 - 2 * s * (1 - s) * (1 - layers_[k].mean_cosine));
    }
    return level;
}

void BlendSide::takeMeanCosines() {
    const std::size_t n = atoms_.size(), layers = layers_.size();
    std::vector<double> sums(layers, 0);
    least_cosine_.assign(layers * n, 1);
    most_cosine_.assign(layers * n, -1);
    for (std::size_t i = 0; i < items_; ++i) {
        double b[kMostAtoms];
        for (std::size_t k = 0; k < layers * n; ++k) {
            least_cosine_[k] = std::min(least_cosine_[k], stored_.cosine[i * layers * n + k]);
            most_cosine_[k] = std::max(most_cosine_[k], stored_.cosine[i * layers * n + k]);
        }
        b[0] = 1;
        for (std::size_t k = 0; k < layers; ++k) {
            double rho = 0;
            for (std::size_t j = 0; j <= k; ++j) rho += b[j] * stored_.cosine[(i * layers + k) * n + j];
            rho = std::clamp(rho, -1.0, 1.0);
            sums[k] += rho;
            const double root = 1 / std::sqrt(std::max(1 - 0.5 * (1 - rho), 1e-6));
            for (std::size_t j = 0; j <= k; ++j) b[j] *= 0.5 * root;
            b[k + 1] = 0.5 * root;
        }
    }
    // Kept away from -1, where the level would vanish.
    for (std::size_t k = 0; k < layers; ++k)
        layers_[k].mean_cosine = items_ == 0 ? 0 : std::max(sums[k] / static_cast<double>(items_), -0.5);
}

void BlendSide::direction(std::size_t item, const double* factors, double* a) const {
    direction(shape(item), factors, a);
}

template <class CosineOf>
void BlendSide::boundUnit(const CosineOf& cosine, const double* low, const double* high, Part part, bool level_it,
                          double* error, double* slope) const {
    const std::size_t n = atoms_.size(), layers = layers_.size();
    std::fill_n(error, n, 0.0);
    for (std::size_t l = 0; l < own_dims_.size(); ++l) {
        const std::size_t variable = own_dims_[l];
        const double step = high[variable] - low[variable];
        if (slope) std::fill_n(slope + l * n, n, 0.0);
        if (step == 0) continue;
        // `b` are the unit vector's weights, for the cosines; `f` those that are asked for. level = Π √n̄ so far.
        Jet b[kMostAtoms], f[kMostAtoms], level = constantJet({1, 1});
        b[0] = f[0] = constantJet({1, 1});
        for (std::size_t k = 0; k < layers; ++k) {
            const int dim = layers_[k].dim;
            Jet s = dim < 0 ? constantJet({layers_[k].share, layers_[k].share}) : constantJet({low[dim], high[dim]});
            if (dim >= 0 && static_cast<std::size_t>(dim) == variable) s.slope = {1, 1};
            const Jet rest = oneMinus(s);
            if (part == Part::Direction && k + 1 == layers) {
                for (std::size_t j = 0; j <= k; ++j) f[j] = f[j] * rest;
                f[k + 1] = s * level;
                break;
            }
            Jet rho = cosine(k, 0) * b[0];
            for (std::size_t j = 1; j <= k; ++j) rho = rho + cosine(k, j) * b[j];
            // A cosine, whatever interval arithmetic makes of it.
            rho.value = {std::clamp(rho.value.low, -1.0, 1.0), std::clamp(rho.value.high, -1.0, 1.0)};
            const Jet product = shareProduct(s);
            const Jet root = inverseRoot(oneMinus(2.0 * (product * oneMinus(rho))));
            // √(n̄/n) with n̄/n = 1 + 2 s(1−s)(mean − ρ)/n: near 1 and flat.
            const double mean = layers_[k].mean_cosine;
            Jet apart = -1.0 * rho;
            apart.value = apart.value + Interval{mean, mean};
            Jet ratio = 2.0 * (product * apart) * (root * root);
            ratio.value = ratio.value + Interval{1, 1};
            ratio = level_it ? squareRoot(ratio) : root;
            for (std::size_t j = 0; j <= k; ++j) f[j] = f[j] * (rest * ratio);
            f[k + 1] = s * (level * ratio);
            if (k + 1 == layers) break;
            for (std::size_t j = 0; j <= k; ++j) b[j] = b[j] * (rest * root);
            b[k + 1] = s * root;
            if (level_it) level = level * squareRoot(oneMinus(2.0 * (1 - mean) * product));
        }
        for (std::size_t j = 0; j < n; ++j) {
            const double curve = f[j].curve.magnitude(), rate = f[j].slope.magnitude();
            // Not a number (0 times infinity) is no bound either.
            error[j] += curve < 1e12 ? step * step / 8 * curve * (1 + 1e-9) : 1e12;
            if (slope) slope[l * n + j] = rate < 1e12 ? rate * (1 + 1e-9) : 1e12;
        }
    }
}

void BlendSide::bound(std::size_t item, const double* low, const double* high, Part part, bool level, double* error,
                      double* slope) const {
    const std::size_t n = atoms_.size();
    const Shape own = shape(item);
    boundUnit([&](std::size_t k, std::size_t j) { return own.cosine[k * n + j]; }, low, high, part, level, error,
              slope);
    for (std::size_t j = 0; j < n; ++j) {
        error[j] *= own.inverse[j];
        for (std::size_t l = 0; l < own_dims_.size(); ++l) slope[l * n + j] *= own.inverse[j];
    }
}

void BlendSide::boundAll(const double* low, const double* high, Part part, double* error) const {
    const std::size_t n = atoms_.size();
    boundUnit(
        [&](std::size_t k, std::size_t j) {
            return Interval{least_cosine_[k * n + j], most_cosine_[k * n + j]};
        },
        low, high, part, true, error, nullptr);
}

}  // namespace engine
