// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One subset projector ψ as trained, and its inference without LibTorch: layers in a row, then L2-normalise. FreeBind's
// has two (method §1.1), x -> Linear -> BatchNorm -> ReLU -> Linear -> BatchNorm; so has C-MCR's; Ex-MCR's has four,
// and a Linear before them that only some modalities pass (method §2.1, §2.2).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/matrix.h"
#include "engine/space/modality.h"

namespace engine {

// Linear, then BatchNorm1d and ReLU where it has them. float32, row-major, PyTorch's shapes. BatchNorm eps is 1e-5.
struct ProjectorLayer {
    std::size_t in = 0, out = 0;
    bool norm = true, relu = false;
    std::vector<float> weight, bias;                 // [out, in], [out]
    std::vector<float> gamma, beta, mean, variance;  // [out]; empty without a BatchNorm
    std::int64_t batches = 0;                        // num_batches_tracked

    bool operator==(const ProjectorLayer&) const = default;
};

struct ProjectorWeights {
    std::vector<ProjectorLayer> layers;  // at least one; each takes the width that the one before gives
    // Ex-MCR's f_l: a Linear alone (no norm, no ReLU), layers.front().in wide on both sides, that rows of
    // `head1_modalities` pass before the layers. What it gives is not normalised.
    std::optional<ProjectorLayer> head1;
    std::vector<Modality> head1_modalities;

    std::size_t in() const { return layers.front().in; }
    std::size_t hidden() const { return layers.front().out; }
    std::size_t out() const { return layers.back().out; }
    bool operator==(const ProjectorWeights&) const = default;
};

// Zeros, with variances and gammas of one: shapes to be filled. `relu` says after which layers one stands.
ProjectorLayer emptyLayer(std::size_t in, std::size_t out, bool norm, bool relu);
// FreeBind's and C-MCR's two layers; Ex-MCR's four (in -> hidden -> out -> hidden2 -> out), without Head1.
ProjectorWeights twoLayers(std::size_t in, std::size_t hidden, std::size_t out);
ProjectorWeights fourLayers(std::size_t in, std::size_t hidden, std::size_t out, std::size_t hidden2);
// "512 -> 2048 BN ReLU -> 1024 BN": for messages, and to tell shapes apart.
std::string shapeText(const ProjectorWeights& weights);

// One tensor of a state_dict: floats, or the counter of a BatchNorm.
template <class Floats, class Counter>
struct NamedTensor {
    std::string name;
    std::vector<std::uint64_t> shape;  // empty for a counter
    Floats* values = nullptr;          // or
    Counter* counter = nullptr;
    bool trained = false;  // what an optimiser moves; else statistics
};
using WeightTensor = NamedTensor<std::vector<float>, std::int64_t>;
using ConstWeightTensor = NamedTensor<const std::vector<float>, const std::int64_t>;

// Names of a layer's two modules in a state_dict: "Head2.mlps.0" and "Head2.mlps.1". The second is not used where the
// layer has no BatchNorm.
struct LayerNames {
    std::string linear, norm;
};
// Positions in one nn.Sequential of all layers: "Head2.mlps.0", "Head2.mlps.1", ReLU, "Head2.mlps.3", ... (FreeBind's)
std::vector<LayerNames> sequentialNames(const ProjectorWeights& weights);
// All tensors in PyTorch's order, Head1's first: "<linear>.weight", "<linear>.bias", "<norm>.weight", "<norm>.bias",
// "<norm>.running_mean", "<norm>.running_var", "<norm>.num_batches_tracked" of each layer. They point into `weights`.
std::vector<WeightTensor> tensorsOf(ProjectorWeights& weights, const std::vector<LayerNames>& names);
std::vector<ConstWeightTensor> tensorsOf(const ProjectorWeights& weights, const std::vector<LayerNames>& names);
// What an optimiser moves, in that order: of two layers weight, bias, gamma, beta of the first, then of the second.
std::vector<std::vector<float>*> trainedOf(ProjectorWeights& weights);
std::vector<const std::vector<float>*> trainedOf(const ProjectorWeights& weights);
// "w1", "b1", "gamma1", "beta1", "w2", ... beside each of trainedOf; "head1.w", "head1.b" of Head1.
std::vector<std::string> trainedNames(const ProjectorWeights& weights);

// Throws Error{InvalidInput} with `where` and the tensor for numbers that are not finite, for a negative variance, and
// for shapes that do not follow each other.
void checkWeights(const ProjectorWeights& weights, const std::vector<LayerNames>& names, const std::string& where);

// safetensors with the names of sequentialNames(). `metadata` is kept in the file's header, where "last_layer": "relu"
// and "head1": "audio" say what names cannot.
void writeProjector(const std::filesystem::path& path, const ProjectorWeights& weights,
                    const std::map<std::string, std::string>& metadata);
// Checks names, shapes and finiteness.
ProjectorWeights readProjector(const std::filesystem::path& path);

// y = normalise( W2' relu(W1' x + b1') + b2' ), BatchNorm and Head1 folded in; as many layers as there are. Thread-safe
// after construction.
class FoldedProjector {
public:
    explicit FoldedProjector(const ProjectorWeights& weights);
    std::size_t in() const { return layers_.front().w.cols(); }
    std::size_t out() const { return layers_.back().w.rows(); }
    double rowFlop() const;  // that a row takes: two for each weight
    // x [n, in] -> y [n, out], rows unit length; `modality` decides whether they pass Head1. The bits do not depend on
    // the number of threads; those of a row depend on its place among the others by rounding.
    void forward(MatrixView x, float* y, const Modality& modality = {}) const;

private:
    struct Layer {
        Matrix w;  // [out, in]
        std::vector<float> b;
        bool relu = false;
    };
    static Layer fold(const ProjectorLayer& layer, const ProjectorLayer* before);

    std::vector<Layer> layers_;
    std::optional<Layer> through_head1_;  // the first one for rows that pass Head1
    std::vector<Modality> head1_modalities_;
};

}  // namespace engine
