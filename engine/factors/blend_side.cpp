// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/blend_side.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <unordered_map>

#include "engine/base/error.h"
#include "engine/base/first_error.h"
#include "engine/eval/score_kernel.h"
#include "engine/factors/interval_jet.h"

namespace engine {

namespace {

constexpr double kShortest = 1e-6;  // as blend()
constexpr std::size_t kBlockRows = 2048;

// Σ w part, rounded once.
Matrix expertSum(const Components::Layer& layer, const std::vector<double>& weights, const JobContext& job) {
    const MatrixView shape = layer.parts.front().rows;
    Matrix out(shape.rows, shape.cols);
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
                    for (std::size_t d = 0; d < shape.cols; ++d) sum[d] += weights[p] * static_cast<double>(x[d]);
                }
                for (std::size_t d = 0; d < shape.cols; ++d) out.row(i)[d] = static_cast<float>(sum[d]);
            });
        }
        failure.rethrow();
    }
    return out;
}

std::vector<double> ofSumOne(std::vector<double> weights) {
    double total = 0;
    for (const double w : weights) total += w;
    for (double& w : weights) w /= total;
    return weights;
}

}  // namespace

BlendWeights weightsAtPoint(const BlendWeights& base, const std::vector<LayerDims>& dims, const double* point) {
    BlendWeights out = base;
    for (std::size_t k = 0; k < dims.size(); ++k) {
        auto& layer = out.layers[k];
        if (dims[k].share >= 0 && !layer.brings) layer.share = point[dims[k].share];
        if (dims[k].weight >= 0) {
            const double w = point[dims[k].weight];
            for (std::size_t p = 0; p < layer.weights.size(); ++p)
                layer.weights[p] *= p == dims[k].part ? 2 * w : 2 * (1 - w);
        }
        const auto off = [](double w) { return w == 0; };
        if (std::all_of(layer.weights.begin(), layer.weights.end(), off)) layer.share = 0;
    }
    return out;
}

void BlendSide::takeLayers(const Components& components, const BlendWeights& weights,
                           const std::vector<LayerDims>& dims, const JobContext* job) {
    ENGINE_CHECK(weights.layers.size() == components.layers.size() && dims.size() == components.layers.size(),
                 "weights belong to other components");
    items_ = components.rows();
    width_ = components.width();
    atoms_.push_back(components.base);
    sums_.reserve(2 * components.layers.size());
    const auto addAtom = [&](std::size_t k, const std::vector<double>& use) {
        const auto isOn = [](double w) { return w != 0; };
        const auto active = std::count_if(use.begin(), use.end(), isOn);
        ENGINE_CHECK(active > 0, "an atom of no expert");
        atom_sums_.push_back({k, ofSumOne(use)});
        if (active == 1) {
            const auto only = std::find_if(use.begin(), use.end(), isOn) - use.begin();
            atoms_.push_back(components.layers[k].parts[static_cast<std::size_t>(only)].rows);
        } else if (job) {
            sums_.push_back(expertSum(components.layers[k], atom_sums_.back().weights, *job));
            atoms_.push_back(sums_.back().view());
        } else {
            atoms_.push_back({});
        }
    };
    for (std::size_t k = 0; k < components.layers.size(); ++k) {
        const auto& use = weights.layers[k];
        const int share = use.brings ? -1 : dims[k].share, weight = dims[k].weight;
        const bool active = std::any_of(use.weights.begin(), use.weights.end(), [](double w) { return w != 0; });
        if (!active || (share < 0 && use.share == 0)) continue;  // never has a part in the blend
        layers_.push_back({share, weight, use.share, atoms_.size()});
        if (share >= 0) own_dims_.push_back(static_cast<std::size_t>(share));
        if (weight < 0) {
            addAtom(k, use.weights);
            continue;
        }
        own_dims_.push_back(static_cast<std::size_t>(weight));
        std::vector<double> one(use.weights.size(), 0), others = use.weights;
        std::swap(one[dims[k].part], others[dims[k].part]);
        addAtom(k, one);
        addAtom(k, others);
        layers_.back().others = std::accumulate(others.begin(), others.end(), 0.0) / one[dims[k].part];
    }
    ENGINE_CHECK(atoms_.size() <= kMostAtoms, "more atoms than a landscape has room for");
    std::sort(own_dims_.begin(), own_dims_.end());
    own_dims_.erase(std::unique(own_dims_.begin(), own_dims_.end()), own_dims_.end());
}

BlendSide::BlendSide(const Components& components, const BlendWeights& weights, const std::vector<LayerDims>& dims,
                     Stored stored)
    : stored_(std::move(stored)) {
    takeLayers(components, weights, dims, nullptr);
    if (stored_.inverse.size() != items_ * atoms_.size() || stored_.classes.size() != items_ ||
        stored_.cosine.size() != items_ * (atoms_.size() - 1) * atoms_.size()) {
        throw Error(ErrorCode::InvalidInput, components.modality, "the stored side belongs to other components");
    }
    takeMeanCosines();
}

BlendSide::BlendSide(const Components& components, const BlendWeights& weights, const std::vector<LayerDims>& dims,
                     const JobContext& job) {
    takeLayers(components, weights, dims, &job);
    const std::size_t n = atoms_.size(), rest = n - 1;  // atoms besides the base
    std::vector<double> inverse(items_ * n), cosine(items_ * rest * n, 0.0);
    std::vector<std::uint64_t> hashes(items_);
    // What the reference sees of an item: a sum of experts is rounded, and may be equal where they are not.
    std::vector<MatrixView> seen_rows{components.base};
    for (const auto& sum : atom_sums_) {
        const auto& parts = components.layers[sum.layer].parts;
        for (std::size_t p = 0; p < parts.size(); ++p)
            if (sum.weights[p] != 0) seen_rows.push_back(parts[p].rows);
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
            for (std::size_t k = 0; k < rest; ++k) {
                for (std::size_t j = 0; j <= k; ++j) {
                    cosine[(i * rest + k) * n + j] = score::dot(atoms_[k + 1].row(i), atoms_[j].row(i), width_) *
                                                     inverse[i * n + k + 1] * inverse[i * n + j];
                }
            }
        }
    }
    for (std::size_t k = 0; k < rest; ++k) {
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

bool BlendSide::within(const Layer& layer, const Shape& shape, double w, double* e) const {
    if (layer.weight_dim < 0) {
        e[0] = 1;
        return true;
    }
    const std::size_t x = layer.first;
    const double of_x = w / shape.inverse[x], of_y = (1 - w) * layer.others / shape.inverse[x + 1];
    const double square = of_x * of_x + of_y * of_y + 2 * of_x * of_y * shape.cosine[x * atoms_.size() + x];
    if (!(square > kShortest * kShortest)) return false;
    const double root = 1 / std::sqrt(square);
    e[0] = of_x * root;
    e[1] = of_y * root;
    return true;
}

template <bool Normalised>
bool BlendSide::combine(const Shape& shape, const double* factors, double* b) const {
    const std::size_t n = atoms_.size();
    b[0] = 1;
    bool found = shape.inverse[0] != 0;
    for (const Layer& layer : layers_) {
        const std::size_t first = layer.first, end = layer.end();
        const double s = layer.share_dim < 0 ? layer.share : factors[layer.share_dim];
        if (s == 0) {
            std::fill(b + first, b + end, 0.0);
            continue;
        }
        found = true;
        double e[2];
        if (!within(layer, shape, layer.weight_dim < 0 ? 1 : factors[layer.weight_dim], e)) return false;
        double root = 1;
        if (Normalised || end < n) {
            double rho = 0;
            for (std::size_t a = first; a < end; ++a) {
                double cosine = 0;
                for (std::size_t j = 0; j < first; ++j) cosine += b[j] * shape.cosine[(a - 1) * n + j];
                rho += e[a - first] * cosine;
            }
            const double square = 1 - 2 * s * (1 - s) * (1 - rho);
            if (!(square > kShortest * kShortest)) return false;
            root = 1 / std::sqrt(square);
        }
        for (std::size_t j = 0; j < first; ++j) b[j] *= (1 - s) * root;
        for (std::size_t a = first; a < end; ++a) b[a] = s * root * e[a - first];
    }
    for (std::size_t j = 0; j < n; ++j) b[j] *= shape.inverse[j];
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
    for (const Layer& layer : layers_) {
        if (part == Part::Direction && layer.end() == atoms_.size()) break;
        const double s = layer.share_dim < 0 ? layer.share : factors[layer.share_dim];
        level *= std::sqrt(1 - 2 * s * (1 - s) * (1 - layer.mean_cosine));
    }
    return level;
}

void BlendSide::takeMeanCosines() {
    const std::size_t n = atoms_.size(), pairs = (n - 1) * n;
    std::vector<double> sums(layers_.size(), 0);
    least_cosine_.assign(pairs, 1);
    most_cosine_.assign(pairs, -1);
    for (std::size_t i = 0; i < items_; ++i) {
        const Shape of = shape(i);
        for (std::size_t k = 0; k < pairs; ++k) {
            least_cosine_[k] = std::min(least_cosine_[k], of.cosine[k]);
            most_cosine_[k] = std::max(most_cosine_[k], of.cosine[k]);
        }
        double b[kMostAtoms] = {1};
        for (std::size_t l = 0; l < layers_.size(); ++l) {
            const Layer& layer = layers_[l];
            double e[2] = {1, 0};  // what stays where it vanishes
            within(layer, of, 0.5, e);
            double rho = 0;
            for (std::size_t a = layer.first; a < layer.end(); ++a) {
                double cosine = 0;
                for (std::size_t j = 0; j < layer.first; ++j) cosine += b[j] * of.cosine[(a - 1) * n + j];
                rho += e[a - layer.first] * cosine;
            }
            rho = std::clamp(rho, -1.0, 1.0);
            sums[l] += rho;
            const double root = 1 / std::sqrt(std::max(1 - 0.5 * (1 - rho), 1e-6));
            for (std::size_t j = 0; j < layer.first; ++j) b[j] *= 0.5 * root;
            for (std::size_t a = layer.first; a < layer.end(); ++a) b[a] = 0.5 * root * e[a - layer.first];
        }
    }
    // Kept away from -1, where the level would vanish.
    for (std::size_t l = 0; l < layers_.size(); ++l)
        layers_[l].mean_cosine = items_ == 0 ? 0 : std::max(sums[l] / static_cast<double>(items_), -0.5);
}

void BlendSide::direction(std::size_t item, const double* factors, double* a) const {
    direction(shape(item), factors, a);
}

namespace {

// Of unit atoms x̂ and ŷ with c|y|/|x| = ratio: their weights in the unit vector along w x + (1 − w) c y. The square of
// its length over |x| is (w + rc(1 − w))² + r²(1 − c²)(1 − w)², in which either part is known exactly.
void withinJets(const Jet& w, double ratio, double cosine, Jet* e) {
    const double along = ratio * cosine, across = ratio * ratio * std::max(0.0, 1 - cosine * cosine);
    Jet first = (1 - along) * w;
    first.value = first.value + Range{along, along};
    const Jet rest = oneMinus(w);
    const Jet root = inverseRoot(square(first) + across * square(rest));
    e[0] = w * root;
    e[1] = ratio * (rest * root);
}

}  // namespace

template <class CosineOf, class Within>
void BlendSide::boundUnit(const CosineOf& cosine, const Within& within, const double* low, const double* high,
                          Part part, bool level_it, double* error, double* slope) const {
    const std::size_t n = atoms_.size();
    std::fill_n(error, n, 0.0);
    for (std::size_t l = 0; l < own_dims_.size(); ++l) {
        const std::size_t variable = own_dims_[l];
        const double step = high[variable] - low[variable];
        if (slope) std::fill_n(slope + l * n, n, 0.0);
        if (step == 0) continue;
        const auto factor = [&](int dim) {
            Jet out = constantJet({low[dim], high[dim]});
            if (static_cast<std::size_t>(dim) == variable) out.slope = {1, 1};
            return out;
        };
        // `b` are the unit vector's weights, for the cosines; `f` those that are asked for. level = Π √n̄ so far.
        Jet b[kMostAtoms], f[kMostAtoms], level = constantJet({1, 1});
        b[0] = f[0] = constantJet({1, 1});
        for (const Layer& layer : layers_) {
            const std::size_t first = layer.first, end = layer.end();
            const Jet s = layer.share_dim < 0 ? constantJet({layer.share, layer.share}) : factor(layer.share_dim);
            const Jet rest = oneMinus(s);
            Jet e[2] = {constantJet({1, 1}), {}};
            if (layer.weight_dim >= 0) within(layer, factor(layer.weight_dim), e);
            if (part == Part::Direction && end == n) {
                for (std::size_t j = 0; j < first; ++j) f[j] = f[j] * rest;
                for (std::size_t a = first; a < end; ++a) f[a] = s * level * e[a - first];
                break;
            }
            Jet rho{};
            for (std::size_t a = first; a < end; ++a) {
                Jet sum = cosine(a - 1, 0) * b[0];
                for (std::size_t j = 1; j < first; ++j) sum = sum + cosine(a - 1, j) * b[j];
                rho = rho + e[a - first] * sum;
            }
            // A cosine, whatever interval arithmetic makes of it.
            rho.value = {std::clamp(rho.value.low, -1.0, 1.0), std::clamp(rho.value.high, -1.0, 1.0)};
            const Jet product = shareProduct(s);
            const Jet root = inverseRoot(oneMinus(2.0 * (product * oneMinus(rho))));
            // √(n̄/n) with n̄/n = 1 + 2 s(1−s)(mean − ρ)/n: near 1 and flat.
            const double mean = layer.mean_cosine;
            Jet apart = -1.0 * rho;
            apart.value = apart.value + Range{mean, mean};
            Jet levelled = 2.0 * (product * apart) * (root * root);
            levelled.value = levelled.value + Range{1, 1};
            levelled = level_it ? squareRoot(levelled) : root;
            for (std::size_t j = 0; j < first; ++j) f[j] = f[j] * (rest * levelled);
            for (std::size_t a = first; a < end; ++a) f[a] = s * (level * levelled) * e[a - first];
            if (end == n) break;
            for (std::size_t j = 0; j < first; ++j) b[j] = b[j] * (rest * root);
            for (std::size_t a = first; a < end; ++a) b[a] = s * root * e[a - first];
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
    boundUnit([&](std::size_t k, std::size_t j) { return own.cosine[k * n + j]; },
              [&](const Layer& layer, const Jet& w, Jet* e) {
                  const double ratio = layer.others * own.inverse[layer.first] / own.inverse[layer.first + 1];
                  withinJets(w, ratio, own.cosine[layer.first * n + layer.first], e);
              },
              low, high, part, level, error, slope);
    for (std::size_t j = 0; j < n; ++j) {
        error[j] *= own.inverse[j];
        for (std::size_t l = 0; slope && l < own_dims_.size(); ++l) slope[l * n + j] *= own.inverse[j];
    }
}

void BlendSide::boundAll(const double* low, const double* high, Part part, double* error) const {
    ENGINE_CHECK(!hasWeights(), "a bound for all items where a weight is a factor");
    const std::size_t n = atoms_.size();
    boundUnit(
        [&](std::size_t k, std::size_t j) {
            return Range{least_cosine_[k * n + j], most_cosine_[k * n + j]};
        },
        [](const Layer&, const Jet&, Jet*) {}, low, high, part, true, error, nullptr);
}

}  // namespace engine
