// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Groups of evaluation sets without landscapes, with hits as a test wants them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/factors/unit_hits.h"

namespace engine {

// `units` clips with `captions` each.
inline GroupHits::SetSize clips(const std::string& name, std::size_t units, std::size_t captions) {
    GroupHits::SetSize out{{name, SetKind::Retrieval, "audio", "text", {}, ""}, units, units * captions};
    for (std::uint32_t i = 0; i < units * captions; ++i)
        out.set.pairs.push_back({static_cast<std::uint32_t>(i / captions), i});
    return out;
}

// Hits of every query by a function of (forward, row), the same at every K.
inline QueryHits hitsBy(const GroupHits::SetSize& set, const std::function<double(bool, std::size_t)>& hit) {
    QueryHits out;
    out.forward.resize(set.first_items);
    out.backward.resize(set.second_items);
    for (std::size_t q = 0; q < set.first_items; ++q) out.forward[q].fill(static_cast<float>(hit(true, q)));
    for (std::size_t q = 0; q < set.second_items; ++q) out.backward[q].fill(static_cast<float>(hit(false, q)));
    return out;
}

inline GroupHits groupOf(const std::vector<GroupHits::SetSize>& sets, const std::vector<double>& weights,
                         const std::vector<std::vector<QueryHits>>& hits, bool baseline = false,
                         const std::string& metric = "R@1") {
    DeltaGroup group{"AT", {}, metric, weights};
    for (const auto& set : sets) group.sets.push_back(set.set.name);
    const std::size_t settings = hits[0].size() - (baseline ? 1 : 0);
    GroupHits out(group, sets, settings, baseline);
    for (std::size_t s = 0; s < sets.size(); ++s)
        for (std::size_t i = 0; i < hits[s].size(); ++i)
            out.put(s, i < settings ? i : GroupHits::kBaseline, hits[s][i]);
    return out;
}

}  // namespace engine
