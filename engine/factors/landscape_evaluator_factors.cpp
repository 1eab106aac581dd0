// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which factors the landscapes of an evaluator are of, and what they hold of everything else.
#include <algorithm>
#include <cmath>

#include "engine/factors/landscape_evaluator.h"

namespace engine {
namespace {

bool isOneOf(const std::string& name, const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool anyOn(const std::vector<double>& weights) {
    return std::any_of(weights.begin(), weights.end(), [](double w) { return w != 0; });
}

bool isFree(const FactorInfo& f, const std::vector<std::string>& free) {
    return f.live && (free.empty() ? !f.isWeight() : isOneOf(f.name, free));
}

// Whether a layer has rows of the weight's own expert, and of others.
std::pair<bool, bool> sidesOf(const Components::Layer& layer, const FactorInfo& weight) {
    bool own = false, others = false;
    for (const auto& part : layer.parts) (part.expert == weight.experts.front().key ? own : others) = true;
    return {own, others};
}

}  // namespace

LandscapeEvaluator::Layout LandscapeEvaluator::layoutOf(const SetComponents& set,
                                                        const std::vector<std::string>& free) const {
    Layout out;
    // The factor's place in the box.
    const auto dimOf = [&](const FactorInfo& factor) {
        const auto known =
            std::find_if(out.box.begin(), out.box.end(), [&](const auto& r) { return r.factor == factor.name; });
        const auto dim = static_cast<int>(known - out.box.begin());
        if (known != out.box.end()) return dim;
        const auto range = options_.box.find(factor.name);
        out.box.push_back(range == options_.box.end() ? FactorRange{factor.name, 0, 1} : range->second);
        out.factors.push_back(factor);
        out.weights = out.weights || factor.isWeight();
        return dim;
    };
    const auto axes = this->axes();
    for (const bool second : {false, true}) {
        const Components& side = second ? set.second : set.first;
        std::size_t atoms = 1 + side.layers.size();
        for (const auto& layer : side.layers) {
            LayerDims own;
            for (const auto& f : axes) {
                if (f.step != layer.step || !isFree(f, free)) continue;
                if (!f.isWeight()) {
                    if (f.modality == side.modality) own.share = dimOf(f);
                    continue;
                }
                const auto [its, others] = sidesOf(layer, f);
                out.switches = out.switches || its != others;
                if (!its || !others || own.weight >= 0) continue;
                own.weight = dimOf(f);
                ++atoms;
            }
            (second ? out.second : out.first).push_back(own);
        }
        if (atoms > kMostAtoms) out.refusal = "its route has more than 4 live reactions and free weights";
    }
    if (out.box.size() > kMostDims) out.refusal = "it depends on more than 6 factors";
    return out;
}

void LandscapeEvaluator::setFree(std::vector<std::string> free) {
    options_.free = std::move(free);
    for (std::size_t s = 0; s < slots_.size(); ++s)
        if (isMadeFor(s, options_.free)) slots_[s].free = options_.free;
}

bool LandscapeEvaluator::isMadeFor(std::size_t set, const std::vector<std::string>& free) const {
    const Layout& is = slots_[set].layout;
    if (slots_[set].free == free) return true;
    const Layout would = layoutOf(slots_[set].set, free);
    return would.switches == is.switches &&
           std::equal(would.factors.begin(), would.factors.end(), is.factors.begin(), is.factors.end(),
                      [](const FactorInfo& a, const FactorInfo& b) { return a.name == b.name; });
}

bool LandscapeEvaluator::runsAlong(std::size_t set, const FactorInfo& axis) const {
    const Slot& slot = slots_[set];
    if (isFree(axis, slot.free)) return true;
    for (const Components* side : {&slot.set.first, &slot.set.second}) {
        for (const auto& layer : side->layers) {
            if (layer.step != axis.step) continue;
            const auto [own, others] = axis.isWeight() ? sidesOf(layer, axis) : std::pair(true, true);
            if (axis.isWeight() ? own || others : axis.modality == side->modality) return false;
        }
    }
    return true;
}

std::vector<std::string> LandscapeEvaluator::freeFor(const RoutePlan& plan, const std::vector<std::string>& axes) {
    for (const auto& weight : plan.weights)
        if (isOneOf(weight.name, axes)) return axes;
    return {};
}

void LandscapeEvaluator::takeMiddle(const Slot& slot, Setting& setting) const {
    for (const auto& f : slot.layout.factors)
        if (f.isWeight() && anyExpertOn(f, setting)) setFactor(setting, f, 0.5);
}

// Ratios of weights that are kept while another moves are so up to the last digits.
bool LandscapeEvaluator::sameHeld(const Slot& slot, const std::vector<double>& key) const {
    const double apart = slot.layout.weights ? 1e-13 : 0;
    return std::equal(key.begin(), key.end(), slot.made_for.begin(), slot.made_for.end(),
                      [&](double x, double y) { return std::fabs(x - y) <= apart; });
}

std::vector<double> LandscapeEvaluator::heldKey(const Slot& slot, const Setting& setting) const {
    std::vector<double> key;
    Setting at_middle = setting;
    takeMiddle(slot, at_middle);
    const auto add = [&](const Components& side, const std::vector<LayerDims>& dims) {
        BlendWeights weights = model_->weights(side.modality, side, setting);
        const BlendWeights middle = slot.layout.weights ? model_->weights(side.modality, side, at_middle) : weights;
        for (std::size_t k = 0; k < dims.size(); ++k) {
            if (dims[k].weight >= 0) weights.layers[k] = middle.layers[k];
            // Shares that are factors are not held; a layer that is switched off is.
            if (dims[k].share >= 0) weights.layers[k].share = anyOn(weights.layers[k].weights) ? 1 : 0;
        }
        for (const double value : weightsKey(weights)) key.push_back(value);
    };
    add(slot.set.first, slot.layout.first);
    add(slot.set.second, slot.layout.second);
    return key;
}

bool LandscapeEvaluator::sameSetting(const Slot& slot, const Setting& setting) const {
    if (slot.layout.switches || setting.projectors != slot.made_at.projectors) return false;
    for (const auto& f : factors())
        if (!isFree(f, slot.free) && factorAt(f, setting) != factorAt(f, slot.made_at)) return false;
    if (!slot.layout.weights) return setting.expert_weights == slot.made_at.expert_weights;
    Setting middle;
    middle.expert_weights = setting.expert_weights;
    takeMiddle(slot, middle);
    return middle.expert_weights == slot.made_at.expert_weights;
}

LandscapeRequest LandscapeEvaluator::requestOf(const Slot& slot, const Setting& setting,
                                               std::uint64_t memory_bytes) const {
    LandscapeRequest request;
    request.set = slot.set;
    request.first_dims = slot.layout.first;
    request.second_dims = slot.layout.second;
    Setting at_middle = setting;
    takeMiddle(slot, at_middle);
    const auto take = [&](const Components& side, std::vector<LayerDims>& dims) {
        BlendWeights weights = model_->weights(side.modality, side, setting);
        const BlendWeights middle = model_->weights(side.modality, side, at_middle);
        for (std::size_t k = 0; k < dims.size(); ++k) {
            if (dims[k].weight < 0) continue;
            weights.layers[k] = middle.layers[k];
            const auto& own = slot.layout.factors[static_cast<std::size_t>(dims[k].weight)].experts.front().key;
            if (!anyOn(middle.layers[k].weights)) dims[k].weight = -1;  // all are off
            const auto& parts = side.layers[k].parts;
            for (std::size_t p = 0; p < parts.size(); ++p)
                if (parts[p].expert == own && middle.layers[k].weights[p] != 0) dims[k].part = p;
        }
        return weights;
    };
    request.first = take(slot.set.first, request.first_dims);
    request.second = take(slot.set.second, request.second_dims);
    request.box = slot.layout.box;
    request.backward = slot.set.set.kind == SetKind::Retrieval || options_.eval.class_retrieval;
    request.memory_bytes = memory_bytes;
    const std::uint64_t pairs = static_cast<std::uint64_t>(slot.set.first.rows()) * slot.set.second.rows();
    if (options_.device != "auto" || pairs >= kGpuPairs)
        request.open_device = [device = options_.device] { return openSiftDevice(device); };
    return request;
}

}  // namespace engine
