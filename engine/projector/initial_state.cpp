// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "engine/base/rng.h"
#include "engine/projector/projector_step.h"

namespace engine {

TrainState initialState(ProjectorWeights empty, WeightInit init, std::uint64_t seed, const std::string& name) {
    TrainState state;
    state.weights = std::move(empty);
    Rng rng(seed, name + "/init");
    const auto fill = [&](std::vector<float>& values, double bound) {
        for (float& v : values) v = static_cast<float>((2 * rng.uniform() - 1) * bound);
    };
    for (auto& layer : state.weights.layers) {
        const double own = 1 / std::sqrt(static_cast<double>(layer.in));
        fill(layer.weight,
             init == WeightInit::Xavier ? std::sqrt(6.0 / static_cast<double>(layer.in + layer.out)) : own);
        fill(layer.bias, own);
    }
    if (auto& head1 = state.weights.head1) {
        for (std::size_t i = 0; i < head1->out; ++i) head1->weight[i * head1->in + i] = 1;
        fill(head1->bias, 1 / std::sqrt(static_cast<double>(head1->in)));
    }
    state.first = state.second = zeroParameters(state.weights);
    return state;
}

TrainState initialState(std::size_t in, std::size_t hidden, std::size_t out, std::uint64_t seed,
                        const std::string& name) {
    return initialState(twoLayers(in, hidden, out), WeightInit::Xavier, seed, name);
}

Parameters zeroParameters(const ProjectorWeights& weights) {
    Parameters out;
    for (const auto* values : trainedOf(weights)) out.emplace_back(values->size(), 0.0f);
    return out;
}

}  // namespace engine
