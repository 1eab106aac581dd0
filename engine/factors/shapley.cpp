// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/shapley.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/rng.h"

namespace engine {

ShapleyPlan::ShapleyPlan(std::size_t players, std::size_t exact_players, std::size_t orders, std::uint64_t seed)
    : players_(players) {
    ENGINE_CHECK(players < 64, "more players than a coalition has bits");
    if (players <= exact_players) {
        coalitions_.resize(std::size_t{1} << players);
        for (std::size_t s = 0; s < coalitions_.size(); ++s) coalitions_[s] = s;
        return;
    }
    Rng rng(seed, "shapley");
    coalitions_.push_back(0);
    for (std::size_t o = 0; o < std::max<std::size_t>(orders, 2); ++o) {
        orders_.push_back(randomOrder(players, rng));
        std::uint64_t moved = 0;
        for (const std::uint32_t i : orders_.back()) coalitions_.push_back(moved |= std::uint64_t{1} << i);
    }
    std::sort(coalitions_.begin(), coalitions_.end());
    coalitions_.erase(std::unique(coalitions_.begin(), coalitions_.end()), coalitions_.end());
}

std::size_t ShapleyPlan::indexOf(std::uint64_t coalition) const {
    return static_cast<std::size_t>(std::lower_bound(coalitions_.begin(), coalitions_.end(), coalition) -
                                    coalitions_.begin());
}

ShapleyValues ShapleyPlan::values(std::span<const double> values) const {
    ENGINE_CHECK(values.size() == coalitions_.size(), "values belong to another plan");
    ShapleyValues out;
    out.shares.assign(players_, 0);
    out.errors.assign(players_, 0);
    if (exact()) {
        std::vector<double> weight(players_);  // |S|! (n - |S| - 1)! / n!
        for (std::size_t size = 0; size < players_; ++size) {
            weight[size] = 1 / static_cast<double>(players_);
            for (std::size_t i = 1; i <= size; ++i)
                weight[size] *= static_cast<double>(i) / static_cast<double>(players_ - i);
        }
        for (std::size_t s = 0; s < values.size(); ++s) {
            for (std::size_t i = 0; i < players_; ++i) {
                if (s >> i & 1) continue;
                out.shares[i] +=
                    weight[static_cast<std::size_t>(std::popcount(s))] * (values[s | std::size_t{1} << i] - values[s]);
            }
        }
        return out;
    }
    std::vector<double> squares(players_, 0);
    const auto n = static_cast<double>(orders_.size());
    for (const auto& order : orders_) {
        std::uint64_t moved = 0;
        for (const std::uint32_t i : order) {
            const double before = values[indexOf(moved)];
            moved |= std::uint64_t{1} << i;
            const double added = values[indexOf(moved)] - before;
            out.shares[i] += added / n;
            squares[i] += added * added / n;
        }
    }
    for (std::size_t i = 0; i < players_; ++i)
        out.errors[i] = std::sqrt(std::max(0.0, squares[i] - out.shares[i] * out.shares[i]) / (n - 1));
    return out;
}

}  // namespace engine
