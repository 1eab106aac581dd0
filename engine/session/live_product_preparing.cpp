// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What has to be there before the figures of a setting are live: landscapes, along which factors, and what they cost.
#include <algorithm>
#include <map>
#include <numeric>

#include "engine/base/error.h"
#include "engine/recipe/recompute_cost.h"
#include "engine/session/live_product.h"

namespace engine {
namespace {

// Of the speed of projectors, while no landscape was built yet: beside its products one has bounds to prove.
constexpr double kLandscapeShare = 0.2;
constexpr double kLandscapeFlops = 5e10;  // likewise, of two cores, where that speed is not known
constexpr double kOneFactorMore = 6;      // times as long does a landscape of one factor more take

std::vector<std::size_t> allOf(std::size_t n) {
    std::vector<std::size_t> out(n);
    std::iota(out.begin(), out.end(), 0);
    return out;
}

// FLOP of the inner products that a landscape is built from, of every pair of atoms.
double landscapeFlop(const SetComponents& set) {
    const auto side = [](const Components& c) { return static_cast<double>(c.rows() * (1 + c.layers.size())); };
    return 2 * static_cast<double>(set.first.width()) * side(set.first) * side(set.second);
}

}  // namespace

MetricsTable LiveProduct::measure(const Setting& setting, const JobContext& job) const {
    // Its own: what is computed directly is not shared between threads.
    LandscapeEvaluator mine(*evaluator(), allOf(outlines_.size()));
    for (std::size_t s = 0; s < outlines_.size(); ++s) {
        if (mine.fits(s, setting)) continue;
        mine.setComponents(s, *components(s, setting, job));
        mine.prepare(setting, job, false, s);
    }
    return mine.evaluate(setting, job);
}

bool LiveProduct::setLiveWeight(const std::string& weight) {
    if (!weight.empty()) requireAxis(weight, 0, 1, plan().axes(), recipe().name);
    const std::lock_guard lock(mutex_);
    if (weight == live_weight_) return false;
    live_weight_ = weight;
    return true;
}

std::vector<FactorInfo> LiveProduct::axes() const {
    const std::lock_guard lock(mutex_);
    std::vector<FactorInfo> out;
    for (const auto& f : plan().axes())
        if (f.live && (!f.isWeight() || f.name == live_weight_)) out.push_back(f);
    return out;
}

std::optional<FactorInfo> LiveProduct::axis(const std::string& name) const {
    for (auto& f : axes())
        if (f.name == name) return f;
    return std::nullopt;
}

bool LiveProduct::acts(const FactorInfo& factor, std::size_t set) const {
    const SetOutline& of = sets()[set];
    if (!factor.isWeight()) return of.first == factor.modality || of.second == factor.modality;
    return std::any_of(experts().begin(), experts().end(), [&](const ExpertSwitch& expert) {
        const auto has = [&](const Modality& m) {
            return std::find(expert.modalities.begin(), expert.modalities.end(), m) != expert.modalities.end();
        };
        return expert.key == factor.experts.front().key && (has(of.first) || has(of.second));
    });
}

std::vector<std::string> LiveProduct::freeFactors() const {
    std::vector<std::string> out;
    bool weights = false;
    for (const auto& f : axes()) {
        out.push_back(f.name);
        weights = weights || f.isWeight();
    }
    return weights ? out : std::vector<std::string>();
}

bool LiveProduct::sameButAxes(const Setting& a, const Setting& b) const {
    Setting x = a, y = b;
    for (const auto& f : axes()) {
        if (!f.isWeight()) continue;
        for (Setting* s : {&x, &y})
            if (anyExpertOn(f, *s)) setFactor(*s, f, 0.5);
    }
    return sameButLiveFactors(x, y, plan());
}

std::vector<std::size_t> LiveProduct::missing(const Setting& setting) const {
    const auto current = evaluator();
    const auto free = freeFactors();
    std::vector<std::size_t> out;
    for (std::size_t s = 0; s < outlines_.size(); ++s) {
        const bool ready = current->ready(s, setting) && current->isMadeFor(s, free);
        if (!ready && whyNot(s, setting).empty()) out.push_back(s);
    }
    const auto cost = [&](std::size_t s) { return components_[s]->first.rows() * components_[s]->second.rows(); };
    std::stable_sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) { return cost(a) < cost(b); });
    return out;
}

bool LiveProduct::prepare(std::size_t set, const Setting& setting, const JobContext& job) {
    const std::lock_guard one_at_a_time(preparing_);
    // Readers go on with the old one until the new one is whole.
    auto next = std::make_shared<LandscapeEvaluator>(*evaluator(), allOf(outlines_.size()));
    const auto free = freeFactors();
    next->setFree(free);
    if (!next->fits(set, setting)) next->setComponents(set, *components(set, setting, job));
    const auto prepared = next->prepare(setting, job, true, set);
    const auto direct = prepared.direct.find(outlines_[set].name);
    std::map<std::vector<std::size_t>, std::shared_ptr<LandscapeEvaluator>> old;  // with `next`: freed without the lock
    const std::lock_guard lock(mutex_);
    // Under the lock: after a stop nothing changes any more for those who ask what is missing.
    job.checkStop();
    if (!prepared.built.empty() && free.empty()) {  // one of a weight too says nothing of the others' speed
        built_flop_ += landscapeFlop(next->components(set));
        built_seconds_ += prepared.seconds;
    }
    if (direct != prepared.direct.end()) {
        refusals_[set] = {setting, live_weight_, direct->second};
        return false;
    }
    refusals_[set] = {};
    evaluator_.swap(next);
    subsets_.swap(old);
    return true;
}

RecomputeEstimate LiveProduct::recomputeEstimate(const std::string& factor) const {
    const FactorInfo* info = plan().factor(factor);
    if (!info) throw Error(ErrorCode::NotFound, recipe().name, "there is no factor '" + factor + "'");
    RecomputeEstimate out;
    double landscapes = 0;
    for (const auto& set : components_) {
        const std::size_t before = out.rows;
        for (const Components* side : {&set->first, &set->second}) {
            if (side->modality == info->modality) out.rows += side->rows();
        }
        if (out.rows == before) continue;
        ++out.sets;
        landscapes += landscapeFlop(*set);
    }
    const double measured = model().measuredSpeed(), speed = measured > 0 ? measured : projectorSpeed();
    out.measured = measured > 0;
    double building = kLandscapeShare * speed;
    {
        const std::lock_guard lock(mutex_);
        if (built_seconds_ > 0) building = built_flop_ / built_seconds_;
    }
    out.seconds =
        static_cast<double>(out.rows) * foldedRowFlop(recipe(), plan(), info->modality) / speed + landscapes / building;
    return out;
}

RecomputeEstimate LiveProduct::liveWeightEstimate(const std::string& weight) const {
    const FactorInfo axis = requireAxis(weight, 0, 1, plan().axes(), recipe().name);
    RecomputeEstimate out;
    double flop = 0;
    for (const auto& set : components_) {
        bool touched = false;
        for (const Components* side : {&set->first, &set->second}) {
            for (const auto& layer : side->layers)
                touched = touched || (layer.step == axis.step && layer.parts.size() > 1);
        }
        if (!touched) continue;
        ++out.sets;
        flop += landscapeFlop(*set);
    }
    const std::lock_guard lock(mutex_);
    out.measured = built_seconds_ > 0;
    out.seconds = kOneFactorMore * flop / (out.measured ? built_flop_ / built_seconds_ : kLandscapeFlops);
    return out;
}

std::optional<QuerySample> LiveProduct::sample(std::size_t set) const {
    return evaluator()->sample(set);
}

bool LiveProduct::enlargeSample(std::size_t set, const Setting& setting, std::uint64_t memory_bytes,
                                const JobContext& job) {
    const std::lock_guard one_at_a_time(preparing_);
    auto next = std::make_shared<LandscapeEvaluator>(*evaluator(), allOf(outlines_.size()));
    if (!next->enlargeSample(set, setting, memory_bytes, job)) return false;
    std::map<std::vector<std::size_t>, std::shared_ptr<LandscapeEvaluator>> old;  // with `next`: freed without the lock
    const std::lock_guard lock(mutex_);
    job.checkStop();
    evaluator_.swap(next);
    subsets_.swap(old);
    return true;
}

bool LiveProduct::ready(std::size_t set, const Setting& setting) const {
    return evaluator()->ready(set, setting);
}

std::string LiveProduct::whyNot(std::size_t set, const Setting& setting) const {
    const std::lock_guard lock(mutex_);
    const Refusal& last = refusals_[set];
    // Other experts have another landscape, and leave it other room.
    return last.weight == live_weight_ && sameButLiveFactors(setting, last.at, plan()) ? last.why : std::string();
}

std::string LiveProduct::whyNot(std::size_t set) const {
    const std::lock_guard lock(mutex_);
    return refusals_[set].why;
}

}  // namespace engine
