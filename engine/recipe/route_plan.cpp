// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/route_plan.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace engine {
namespace {

constexpr std::size_t kMostStarts = 6;  // 63 projectors

std::vector<Modality> united(const std::vector<Modality>& a, const std::vector<Modality>& b) {
    std::vector<Modality> out = a;
    for (const auto& m : b) {
        if (!contains(out, m)) out.push_back(m);
    }
    return canonicalOrder(out);
}

std::vector<Modality> common(const std::vector<Modality>& a, const std::vector<Modality>& b) {
    std::vector<Modality> out;
    for (const auto& m : a) {
        if (contains(b, m)) out.push_back(m);
    }
    return canonicalOrder(out);
}

const char* greek(ReactionKind kind) {
    return kind == ReactionKind::Displacement ? "λ" : "σ";
}
const char* latin(ReactionKind kind) {
    return kind == ReactionKind::Displacement ? "lambda" : "sigma";
}

// What the product is after some of its steps.
struct ProductShape {
    std::size_t width = 0;
    std::vector<Modality> modalities, pools;
};

class Planner {
public:
    Planner(const Recipe& recipe, const std::vector<SpaceInfo>& spaces) : recipe_(recipe), known_(spaces) {}

    RoutePlan run() {
        const SpaceInfo* base = take(recipe_.base, "base");
        if (base) now_ = base_ = {base->width, canonicalOrder(base->modalities), canonicalOrder(base->pools)};
        for (const auto kind : {ReactionKind::Displacement, ReactionKind::Combination, ReactionKind::Tuning}) {
            several_[kind] = std::count_if(recipe_.route.begin(), recipe_.route.end(),
                                           [&](const ReactionStep& s) { return s.kind == kind; }) > 1;
        }
        for (std::size_t i = 0; i < recipe_.route.size() && base; ++i) planStep(i);
        plan_.modalities = now_.modalities;
        plan_.width = now_.width;
        planWeights();
        markLive();
        if (!problems_.empty()) {
            throw joinProblems(ErrorCode::InvalidInput, "recipe " + recipe_.name, problems_,
                               "`molspace inspect` shows the spaces of a workspace and their modalities");
        }
        return std::move(plan_);
    }

private:
    const SpaceInfo* take(const std::string& name, const std::string& where) {
        const auto it = std::find_if(known_.begin(), known_.end(), [&](const SpaceInfo& s) { return s.name == name; });
        if (it == known_.end()) {
            std::vector<std::string> names;
            for (const auto& s : known_) names.push_back(s.name);
            const std::string near = nearestName(name, names);
            problems_.push_back(where + ": there is no space '" + name + "'" +
                                (near.empty() ? "; there are " + joined(names) : "; did you mean '" + near + "'?"));
            return nullptr;
        }
        if (!plan_.space(name)) plan_.spaces.push_back(*it);
        return &*it;
    }

    void planStep(std::size_t i) {
        const ReactionStep& step = recipe_.route[i];
        const std::string where = "step " + std::to_string(i + 1) + " (" + reactionName(step.kind) + ")";
        if (step.kind == ReactionKind::Tuning) return planTuning(i, where);
        const bool against_base = step.against == "base";
        if (against_base && step.kind == ReactionKind::Displacement && i > 0) {
            problems_.push_back(where + ": only a combination can be trained against the base of a longer route");
        }
        if (against_base && lastDisplacement(recipe_, i)) {
            problems_.push_back(where +
                                ": it cannot be trained against the base, because an earlier step moved the product "
                                "into another space");
        }
        const ProductShape unified = against_base ? base_ : now_;
        std::vector<Modality> touched;
        std::size_t width = now_.width;
        for (std::size_t e = 0; e < step.experts.size(); ++e) {
            const SpaceInfo* expert = take(step.experts[e].space, where);
            if (!expert) continue;
            touched = united(touched, canonicalOrder(expert->modalities));
            planReaction(i, e, unified, *expert, where);
            if (step.kind == ReactionKind::Displacement) width = expert->width;
            if (step.experts[e].weight == 0 || !step.experts[e].enabled) {
                plan_.warnings.push_back(where + ": expert " + expert->name + " is switched off");
            }
        }
        planFactors(i, touched, where);
        now_.width = width;
        now_.modalities = united(now_.modalities, touched);
        for (const auto& use : step.experts) {
            if (const SpaceInfo* s = plan_.space(use.space)) now_.pools = united(now_.pools, s->pools);
        }
    }

    // The rows that are tuned have to be those of the base, re-mapped at most: what an expert blends in is not tuned.
    void planTuning(std::size_t i, const std::string& where) {
        const ReactionStep& step = recipe_.route[i];
        const ReactionOptions &o = step.options, usual;
        for (const auto& [name, given] :
             {std::pair{"objective", o.objective != usual.objective}, std::pair{"head", o.head != usual.head},
              std::pair{"batch_norm", o.batch_norm != usual.batch_norm}, std::pair{"select", o.select != usual.select},
              std::pair{"validation_set", o.validation_set != usual.validation_set},
              std::pair{"projectors", o.projectors != usual.projectors}}) {
            if (given)
                plan_.warnings.push_back(
                    where + ".options." + name +
                    " has no effect: a tuning has one adapter, one loss, and keeps the last weights");
        }
        for (const auto& [what, modality] :
             {std::pair{"modality", step.modality}, std::pair{"towards", step.towards}}) {
            if (modality.empty() && !step.space.empty()) continue;
            if (!contains(now_.modalities, modality)) {
                problems_.push_back(where + "." + what + ": the product has no '" + modality + "' there; it has " +
                                    joined(now_.modalities));
                return;
            }
        }
        if (!contains(base_.modalities, step.modality)) {
            problems_.push_back(where + ".modality: only what the base has can be tuned: " + joined(base_.modalities));
        }
        for (std::size_t earlier = 0; earlier < i; ++earlier) {
            const ReactionStep& before = recipe_.route[earlier];
            if (before.against == "joint") {
                problems_.push_back(where + ": a product in a joint space cannot be tuned");
            }
            for (const auto& use : before.experts) {
                const SpaceInfo* expert = plan_.space(use.space);
                if (expert && contains(expert->modalities, step.modality)) {
                    problems_.push_back(where + ".modality: " + use.space + " of step " + std::to_string(earlier + 1) +
                                        " has " + step.modality +
                                        " too; only what earlier experts lack can be tuned, so tune before that step");
                }
            }
        }
        if (!step.space.empty()) return planTunedRows(i, where);
        if (plan_.tunedRows(step.modality, i)) {
            problems_.push_back(where + ".modality: " + step.modality +
                                " has a tuned encoder's rows already; tune that encoder further instead");
        }
        PlannedTuning t;
        t.key = std::to_string(i + 1) + "-tuning";
        t.step = i;
        t.modality = step.modality;
        t.towards = step.towards;
        t.pool = step.pool;
        t.width = plan_.spaces.front().width;
        t.epochs = step.options.epochs > 0 ? step.options.epochs : 5;
        plan_.tunings.push_back(std::move(t));
    }

    void planTunedRows(std::size_t i, const std::string& where) {
        const ReactionStep& step = recipe_.route[i];
        const SpaceInfo* space = take(step.space, where + ".space");
        if (!space) return;
        if (!contains(space->modalities, step.modality)) {
            problems_.push_back(where + ".space: expected rows of " + step.modality + " in " + space->name +
                                ", which has " + joined(space->modalities));
        } else if (space->width != now_.width) {
            problems_.push_back(where + ".space: expected rows of the product there, of width " +
                                std::to_string(now_.width) + ", found " + space->name + " of width " +
                                std::to_string(space->width));
        } else if (contains(now_.pools, step.modality) && !contains(space->pools, step.modality)) {
            problems_.push_back(where + ".space: " + space->name + " has no pool of " + step.modality +
                                " to train later steps on; give the tuned encoder the inputs of that pool too");
        }
        plan_.tuned.push_back({i, step.modality, step.space});
    }

    void planReaction(std::size_t i, std::size_t e, const ProductShape& unified, const SpaceInfo& expert,
                      const std::string& where) {
        const ReactionStep& step = recipe_.route[i];
        PlannedReaction r;
        r.key = std::to_string(i + 1) + "-" + expert.name;
        r.step = i;
        r.expert = e;
        r.kind = step.kind;
        r.joint = step.against == "joint";
        const bool displaces = step.kind == ReactionKind::Displacement;
        r.source_width = displaces ? unified.width : expert.width;
        r.target_width = displaces ? expert.width : unified.width;
        r.unified_modalities = canonicalOrder(unified.pools);
        r.expert_modalities = canonicalOrder(expert.pools);
        r.shared = common(r.unified_modalities, r.expert_modalities);
        r.starts = united(r.unified_modalities, r.expert_modalities);
        r.epochs = step.options.epochs > 0 ? step.options.epochs : displaces ? 5 : 20;
        if (r.shared.empty()) {
            problems_.push_back(where + ": " + expert.name +
                                " shares no modality with the space it reacts with, in which "
                                "both have pools: " +
                                expert.name + " has " + joined(r.expert_modalities) + ", the other " +
                                joined(r.unified_modalities) + "; a reaction needs at least one");
            return;
        }
        if (r.starts.size() > kMostStarts) {
            problems_.push_back(where + ": " + std::to_string(r.starts.size()) + " modalities make " +
                                std::to_string((1u << r.starts.size()) - 1) + " projectors; expected at most " +
                                std::to_string(kMostStarts) + " modalities");
            return;
        }
        const auto all = subsetNames(r.starts);
        for (const auto& name : step.options.projectors) {
            if (!contains(all, name)) {
                problems_.push_back(where + ".options.projectors: expected some of " + joined(all) + ", found '" +
                                    name + "'");
            }
        }
        for (const auto& name : all) {
            if (step.options.projectors.empty() || contains(step.options.projectors, name)) r.subsets.push_back(name);
        }
        if (r.joint && step.options.projectors.empty()) r.subsets = {subsetNames(r.shared).front()};
        if (r.joint && step.options.objective != "c-mcr") {
            problems_.push_back(where + ".options.objective: expected c-mcr for a joint space, found " +
                                step.options.objective);
        }
        if (r.joint && (!step.options.validation_set.empty() || step.options.select == "best")) {
            problems_.push_back(where + ".options.validation_set: a joint space is not validated while it is trained");
        }
        if (r.subsets.size() > 1 && r.joint) {
            problems_.push_back(where + ".options.projectors: expected one union of pools, found " + joined(r.subsets) +
                                "; each pair of heads makes a joint space of its own");
        }
        for (const auto& name : step.experts[e].projectors) {
            if (!contains(r.subsets, name)) {
                problems_.push_back(where + ", expert " + expert.name + ": expected active projectors out of " +
                                    joined(r.subsets) + ", found '" + name + "'");
            }
        }
        plan_.reactions.push_back(std::move(r));
    }

    void planFactors(std::size_t i, const std::vector<Modality>& touched, const std::string& where) {
        const ReactionStep& step = recipe_.route[i];
        const auto blended = common(now_.modalities, touched);
        for (const auto& [modality, value] : step.factors) {
            if (!contains(blended, modality)) {
                problems_.push_back(where + ": a factor is given for '" + modality + "', but only " + joined(blended) +
                                    " are in both the product and its experts");
            }
            if (value == 0)
                plan_.warnings.push_back(where + ": the expert's share for " + modality + " is 0: it has no effect");
            if (value == 1)
                plan_.warnings.push_back(where + ": the expert's share for " + modality +
                                         " is 1: only the expert counts");
        }
        const std::string count = several_[step.kind] ? std::to_string(i + 1) : "";
        for (const auto& modality : blended) {
            const auto given = step.factors.find(modality);
            FactorInfo f;
            f.name = latin(step.kind) + count + "_" + modalitySuffix(modality);
            f.symbol = greek(step.kind) + count + "_" + modalitySuffix(modality);
            f.step = i;
            f.modality = modality;
            f.value = given != step.factors.end() ? given->second : defaultFactor(step.kind);
            plan_.factors.push_back(std::move(f));
        }
    }

    // Of experts that have a modality in common with another of their step: elsewhere a weight is a mere switch.
    void planWeights() {
        for (std::size_t i = 0; i < recipe_.route.size(); ++i) {
            const auto& experts = recipe_.route[i].experts;
            double sum = 0;
            for (const auto& use : experts) sum += use.enabled ? use.weight : 0;
            for (std::size_t e = 0; e < experts.size(); ++e) {
                const std::string key = expertKey(recipe_, i, e);
                FactorInfo f;
                f.name = "weight_" + key;
                f.symbol = "w_" + key;
                f.step = i;
                bool company = false;
                for (std::size_t o = 0; o < experts.size(); ++o) {
                    const double weight = experts[o].enabled ? experts[o].weight : 0;
                    const FactorInfo::Expert one{expertKey(recipe_, i, o), weight};
                    f.experts.insert(o == e ? f.experts.begin() : f.experts.end(), one);
                    const SpaceInfo *a = plan_.space(experts[e].space), *b = plan_.space(experts[o].space);
                    company = company || (o != e && a && b && !common(a->modalities, b->modalities).empty());
                }
                f.value = sum == 0 ? 0 : f.experts.front().weight / sum;
                if (company) plan_.weights.push_back(std::move(f));
            }
        }
    }

    void markLive() {
        const auto last = lastDisplacement(recipe_, recipe_.route.size());
        for (auto& w : plan_.weights) w.live = !last || w.step >= *last;
        for (auto& f : plan_.factors) {
            f.live = !last || f.step >= *last;
            if (!f.live) {
                plan_.warnings.push_back(f.name + " is not live: step " + std::to_string(*last + 1) +
                                         " takes its result as input, so a change runs projectors again");
            }
        }
    }

    const Recipe& recipe_;
    const std::vector<SpaceInfo>& known_;
    RoutePlan plan_;
    ProductShape base_, now_;
    std::map<ReactionKind, bool> several_;
    std::vector<std::string> problems_;
};

}  // namespace

const TunedRows* RoutePlan::tunedRows(const Modality& modality, std::size_t steps) const {
    const TunedRows* found = nullptr;
    for (const auto& t : tuned) {
        if (t.step < steps && t.modality == modality) found = &t;
    }
    return found;
}

const FactorInfo* RoutePlan::factor(const std::string& name) const {
    const auto it = std::find_if(factors.begin(), factors.end(), [&](const FactorInfo& f) { return f.name == name; });
    return it == factors.end() ? nullptr : &*it;
}

std::vector<FactorInfo> RoutePlan::axes() const {
    std::vector<FactorInfo> out = factors;
    out.insert(out.end(), weights.begin(), weights.end());
    return out;
}

const SpaceInfo* RoutePlan::space(const std::string& name) const {
    const auto it = std::find_if(spaces.begin(), spaces.end(), [&](const SpaceInfo& s) { return s.name == name; });
    return it == spaces.end() ? nullptr : &*it;
}

std::optional<std::size_t> lastDisplacement(const Recipe& recipe, std::size_t steps) {
    for (std::size_t i = std::min(steps, recipe.route.size()); i-- > 0;) {
        if (movesProduct(recipe.route[i])) return i;
    }
    return std::nullopt;
}

std::optional<std::size_t> broughtByStep(const Recipe& recipe, const RoutePlan& plan, const Modality& modality) {
    const SpaceInfo* base = plan.space(recipe.base);
    if (base && contains(base->modalities, modality)) return std::nullopt;
    for (std::size_t i = 0; i < recipe.route.size(); ++i) {
        for (const auto& use : recipe.route[i].experts) {
            const SpaceInfo* space = plan.space(use.space);
            if (space && contains(space->modalities, modality)) return i;
        }
    }
    return std::nullopt;
}

std::vector<std::string> activeProjectors(const Recipe& recipe, const RoutePlan& plan, std::size_t step,
                                          std::size_t expert) {
    std::vector<std::string> out;
    const auto& chosen = recipe.route.at(step).experts.at(expert).projectors;
    for (const auto& r : plan.reactions) {
        if (r.step != step || r.expert != expert) continue;
        for (const auto& subset : r.subsets) {
            if (chosen.empty() || contains(chosen, subset)) out.push_back(subset);
        }
    }
    return out;
}

std::vector<SpaceInfo> spacesOf(const Workspace& workspace) {
    std::vector<SpaceInfo> out;
    for (const auto& space : workspace.spaces()) {
        SpaceInfo info{space.name, space.width, canonicalOrder(space.modalities), {}};
        for (const auto& pool : workspace.pools()) {
            if (pool.paired) continue;
            for (const auto& table : pool.tables) {
                if (table.rows > 0 && table.find(space.name)) info.pools.push_back(table.modality);
            }
        }
        info.pools = canonicalOrder(info.pools);
        out.push_back(std::move(info));
    }
    return out;
}

std::string baseHeadKey(const std::string& reaction_key) {
    return reaction_key + "/base";
}

std::vector<ProjectorPlace> projectorPlaces(const PlannedReaction& reaction) {
    std::vector<ProjectorPlace> out;
    for (const auto& subset : reaction.subsets) {
        out.push_back({reaction.key, subset});
        if (reaction.joint) out.push_back({baseHeadKey(reaction.key), subset});
    }
    return out;
}

std::vector<ProjectorPlace> projectorPlaces(const RoutePlan& plan) {
    std::vector<ProjectorPlace> out;
    for (const auto& reaction : plan.reactions) {
        for (auto& place : projectorPlaces(reaction)) out.push_back(std::move(place));
    }
    for (const auto& tuning : plan.tunings) out.push_back({tuning.key, tuning.modality});
    return out;
}

RoutePlan planRoute(const Recipe& recipe, const std::vector<SpaceInfo>& spaces) {
    return Planner(recipe, spaces).run();
}

std::vector<Modality> canonicalOrder(std::vector<Modality> modalities) {
    const auto rank = [](const Modality& m) { return m == "text" ? 0 : m == "image" ? 1 : m == "audio" ? 2 : 3; };
    std::sort(modalities.begin(), modalities.end(),
              [&](const Modality& a, const Modality& b) { return rank(a) != rank(b) ? rank(a) < rank(b) : a < b; });
    modalities.erase(std::unique(modalities.begin(), modalities.end()), modalities.end());
    return modalities;
}

std::vector<std::string> subsetNames(const std::vector<Modality>& starts) {
    std::vector<std::string> names;
    const std::size_t n = starts.size();
    for (std::size_t size = 1; size <= n; ++size) {
        // Members in canonical order, smaller indices first: T, V, A, TV, TA, VA, TVA.
        std::vector<bool> chosen(n, false);
        std::fill(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(size), true);
        do {
            std::string name;
            bool letters = true;
            for (std::size_t i = 0; i < n; ++i)
                letters = letters && (!chosen[i] || modalityLetter(starts[i]).size() == 1);
            for (std::size_t i = 0; i < n; ++i) {
                if (chosen[i]) name += (name.empty() || letters ? "" : "+") + modalityLetter(starts[i]);
            }
            names.push_back(name);
        } while (std::prev_permutation(chosen.begin(), chosen.end()));
    }
    return names;
}

std::vector<Modality> subsetMembers(const std::string& subset, const std::vector<Modality>& starts) {
    for (std::size_t mask = 1; mask < (std::size_t{1} << starts.size()); ++mask) {
        std::vector<Modality> members;
        for (std::size_t i = 0; i < starts.size(); ++i) {
            if (mask >> i & 1) members.push_back(starts[i]);
        }
        if (subsetNames(members).back() == subset) return members;
    }
    throw Error(ErrorCode::InvalidInput, "", "'" + subset + "' is no union of the pools " + joined(starts),
                "expected one of " + joined(subsetNames(starts)));
}

}  // namespace engine
