// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/objective.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "engine/base/error.h"
#include "engine/recipe/projector_head.h"

namespace engine {
namespace {

bool has(const std::vector<Modality>& list, const Modality& m) {
    return std::find(list.begin(), list.end(), m) != list.end();
}

std::size_t at(const std::vector<Modality>& list, const Modality& m) {
    return static_cast<std::size_t>(std::find(list.begin(), list.end(), m) - list.begin());
}

template <class Term>
void shareOut(std::vector<Term>& terms, double weight) {
    for (auto& t : terms) t.weight = weight / static_cast<double>(terms.size());
}

std::vector<PullTerm> projectedPulls(std::size_t modalities, double weight, bool targets = false) {
    std::vector<PullTerm> out;
    for (std::size_t a = 0; a < modalities; ++a) {
        for (std::size_t b = a + 1; b < modalities; ++b) out.push_back({a, b, 1, false, targets});
    }
    shareOut(out, weight);
    return out;
}

// What links the two spaces: text where both have it.
Modality linkOf(const std::vector<Modality>& sources, const std::vector<Modality>& targets) {
    if (has(sources, "text") && has(targets, "text")) return "text";
    const auto shared =
        std::find_if(sources.begin(), sources.end(), [&](const Modality& m) { return has(targets, m); });
    if (shared == sources.end()) {
        throw Error(ErrorCode::InvalidInput, "objective c-mcr", "the two spaces share no modality");
    }
    return *shared;
}

std::vector<InfoTerm> linkedPairs(const std::vector<Modality>& sources, const std::vector<Modality>& targets) {
    const Modality link = linkOf(sources, targets);
    std::vector<InfoTerm> others;
    for (const bool equal : {false, true}) {
        if (!others.empty()) break;
        for (const auto& t : everyPair(sources.size(), targets.size())) {
            const Modality &x = sources[t.source], &y = targets[t.target];
            if (x != link && y != link && (x == y) == equal) others.push_back(t);
        }
    }
    shareOut(others, 1);
    others.insert(others.begin(), {at(sources, link), at(targets, link), 1});
    return others;
}

std::string weightText(double weight) {
    if (weight == 1) return {};
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.4g·", weight);
    return text.data();
}

}  // namespace

std::vector<InfoTerm> everyPair(std::size_t sources, std::size_t targets) {
    std::vector<InfoTerm> out;
    for (std::size_t s = 0; s < sources; ++s) {
        for (std::size_t t = 0; t < targets; ++t) out.push_back({s, t});
    }
    return out;
}

Objective objectiveOf(const ReactionOptions& options, const std::vector<Modality>& sources,
                      const std::vector<Modality>& targets, bool joint) {
    Objective out;
    out.joint = joint;
    if (joint && options.objective != "c-mcr") {
        throw Error(ErrorCode::InvalidInput, "objective",
                    "expected c-mcr for a joint space, found " + options.objective);
    }
    if (options.objective == "freebind") {
        out.info = everyPair(sources.size(), targets.size());
        return out;
    }
    if (options.objective == "c-mcr") {
        out.info = linkedPairs(sources, targets);
        out.pull = projectedPulls(sources.size(), options.intra_weight / (joint ? 2 : 1));
        if (joint) {
            for (const auto& t : projectedPulls(targets.size(), options.intra_weight / 2, true)) out.pull.push_back(t);
        }
        out.noise_variance = options.noise_variance;
        return out;
    }
    if (options.objective != "ex-mcr") {
        throw Error(ErrorCode::InvalidInput, "objective",
                    "expected freebind, c-mcr or ex-mcr, found " + options.objective);
    }
    out.info = everyPair(sources.size(), targets.size());
    shareOut(out.info, 1);
    if (headKind(options) == "ex-mcr") {
        for (std::size_t a = 0; a < sources.size(); ++a) {
            for (std::size_t b = 0; b < sources.size(); ++b) {
                if (!has(targets, sources[a]) && has(targets, sources[b])) out.pull.push_back({a, b, 1, true});
            }
        }
        shareOut(out.pull, options.intra_weight);
    }
    if (out.pull.empty()) out.pull = projectedPulls(sources.size(), options.intra_weight);
    return out;
}

std::string objectiveText(const Objective& objective, const std::vector<Modality>& sources,
                          const std::vector<Modality>& targets) {
    std::string text;
    const auto add = [&](double weight, const std::string& term) {
        text += (text.empty() ? "" : " + ") + weightText(weight) + term;
    };
    const auto psi = [&](std::size_t s) { return "Ψ(" + modalityLetter(sources.at(s)) + ")"; };
    const auto target = [&](std::size_t t) {
        const std::string letter = modalityLetter(targets.at(t));
        return objective.joint ? "Ψ′(" + letter + ")" : letter;
    };
    for (const auto& t : objective.info) add(t.weight, "info(" + psi(t.source) + ", " + target(t.target) + ")");
    for (const auto& t : objective.pull) {
        if (t.targets) {
            add(t.weight, "|" + target(t.from) + " − " + target(t.to) + "|");
            continue;
        }
        add(t.weight,
            t.linear ? "|f_l(" + modalityLetter(sources.at(t.from)) + ") − " + modalityLetter(sources.at(t.to)) + "|"
                     : "|" + psi(t.from) + " − " + psi(t.to) + "|");
    }
    return text;
}

}  // namespace engine
