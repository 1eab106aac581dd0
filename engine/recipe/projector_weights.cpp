// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/projector_weights.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"

namespace engine {
namespace {

template <class Layer, class Out>
void addLayer(Layer& layer, const LayerNames& names, Out& out) {
    const std::uint64_t in = layer.in, width = layer.out;
    out.push_back({names.linear + ".weight", {width, in}, &layer.weight, nullptr, true});
    out.push_back({names.linear + ".bias", {width}, &layer.bias, nullptr, true});
    if (!layer.norm) return;
    out.push_back({names.norm + ".weight", {width}, &layer.gamma, nullptr, true});
    out.push_back({names.norm + ".bias", {width}, &layer.beta, nullptr, true});
    out.push_back({names.norm + ".running_mean", {width}, &layer.mean, nullptr, false});
    out.push_back({names.norm + ".running_var", {width}, &layer.variance, nullptr, false});
    out.push_back({names.norm + ".num_batches_tracked", {}, nullptr, &layer.batches, false});
}

template <class Tensor, class Weights>
std::vector<Tensor> allTensors(Weights& weights, const std::vector<LayerNames>& names) {
    ENGINE_CHECK(names.size() == weights.layers.size(), "names of every layer");
    std::vector<Tensor> out;
    if (weights.head1) addLayer(*weights.head1, {"Head1", ""}, out);
    for (std::size_t k = 0; k < names.size(); ++k) addLayer(weights.layers[k], names[k], out);
    return out;
}

template <class Floats, class Weights>
std::vector<Floats*> allTrained(Weights& weights) {
    std::vector<Floats*> out;
    for (auto& t : tensorsOf(weights, sequentialNames(weights))) {
        if (t.trained) out.push_back(t.values);
    }
    return out;
}

}  // namespace

ProjectorLayer emptyLayer(std::size_t in, std::size_t out, bool norm, bool relu) {
    ProjectorLayer layer;
    layer.in = in;
    layer.out = out;
    layer.norm = norm;
    layer.relu = relu;
    layer.weight.assign(out * in, 0.0f);
    layer.bias.assign(out, 0.0f);
    if (norm) {
        layer.gamma.assign(out, 1.0f);
        layer.beta.assign(out, 0.0f);
        layer.mean.assign(out, 0.0f);
        layer.variance.assign(out, 1.0f);
    }
    return layer;
}

ProjectorWeights twoLayers(std::size_t in, std::size_t hidden, std::size_t out) {
    ProjectorWeights w;
    w.layers = {emptyLayer(in, hidden, true, true), emptyLayer(hidden, out, true, false)};
    return w;
}

ProjectorWeights fourLayers(std::size_t in, std::size_t hidden, std::size_t out, std::size_t hidden2) {
    ProjectorWeights w;
    w.layers = {emptyLayer(in, hidden, true, true), emptyLayer(hidden, out, true, false),
                emptyLayer(out, hidden2, true, true), emptyLayer(hidden2, out, true, false)};
    return w;
}

std::string shapeText(const ProjectorWeights& weights) {
    std::string text;
    if (weights.head1) text = std::to_string(weights.head1->in) + " (Head1) -> ";
    text += std::to_string(weights.in());
    for (const auto& layer : weights.layers) {
        text += " -> " + std::to_string(layer.out) + (layer.norm ? " BN" : "") + (layer.relu ? " ReLU" : "");
    }
    return text;
}

std::vector<LayerNames> sequentialNames(const ProjectorWeights& weights) {
    std::vector<LayerNames> names;
    std::size_t at = 0;
    for (const auto& layer : weights.layers) {
        const std::string place = "Head2.mlps.";
        names.push_back({place + std::to_string(at), place + std::to_string(at + 1)});
        at += 1 + (layer.norm ? 1 : 0) + (layer.relu ? 1 : 0);
    }
    return names;
}

std::vector<WeightTensor> tensorsOf(ProjectorWeights& weights, const std::vector<LayerNames>& names) {
    return allTensors<WeightTensor>(weights, names);
}

std::vector<ConstWeightTensor> tensorsOf(const ProjectorWeights& weights, const std::vector<LayerNames>& names) {
    return allTensors<ConstWeightTensor>(weights, names);
}

std::vector<std::vector<float>*> trainedOf(ProjectorWeights& weights) {
    return allTrained<std::vector<float>>(weights);
}

std::vector<const std::vector<float>*> trainedOf(const ProjectorWeights& weights) {
    return allTrained<const std::vector<float>>(weights);
}

std::vector<std::string> trainedNames(const ProjectorWeights& weights) {
    std::vector<std::string> names;
    if (weights.head1) names = {"head1.w", "head1.b"};
    for (std::size_t k = 0; k < weights.layers.size(); ++k) {
        const std::string place = std::to_string(k + 1);
        for (const char* name : {"w", "b"}) names.push_back(name + place);
        if (!weights.layers[k].norm) continue;
        for (const char* name : {"gamma", "beta"}) names.push_back(name + place);
    }
    return names;
}

void checkWeights(const ProjectorWeights& weights, const std::vector<LayerNames>& names, const std::string& where) {
    const auto wrong = [&](const std::string& tensor, const std::string& what) {
        return Error(ErrorCode::InvalidInput, where + ":" + tensor, what);
    };
    for (std::size_t k = 0; k < weights.layers.size(); ++k) {
        const auto& layer = weights.layers[k];
        const std::string name = names[k].linear + ".weight";
        if (layer.in == 0 || layer.out == 0) throw wrong(name, "expected widths of 1 or more");
        const std::size_t before = k > 0 ? weights.layers[k - 1].out : weights.head1 ? weights.head1->out : layer.in;
        if (layer.in != before) {
            throw wrong(name, "expected " + std::to_string(before) +
                                  " columns, as many as the layer before has rows, " + "found " +
                                  std::to_string(layer.in));
        }
    }
    for (const auto& t : tensorsOf(weights, names)) {
        if (!t.values) continue;
        std::uint64_t elements = 1;
        for (const auto n : t.shape) elements *= n;
        ENGINE_CHECK(t.values->size() == elements, t.name + " has another size than its shape");
        const auto bad = std::find_if_not(t.values->begin(), t.values->end(), [](float v) { return std::isfinite(v); });
        if (bad != t.values->end()) {
            throw wrong(t.name, "expected finite numbers, found " + std::to_string(*bad) + " at element " +
                                    std::to_string(bad - t.values->begin()));
        }
    }
    for (std::size_t k = 0; k < weights.layers.size(); ++k) {
        const auto& variance = weights.layers[k].variance;
        const auto bad = std::find_if(variance.begin(), variance.end(), [](float v) { return v < 0; });
        if (bad != variance.end()) {
            throw wrong(names[k].norm + ".running_var", "expected variances of 0 or more, found " +
                                                            std::to_string(*bad) + " at element " +
                                                            std::to_string(bad - variance.begin()));
        }
    }
}

}  // namespace engine
