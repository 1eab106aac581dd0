// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Shapley values: the shares of a change that several players made together. With v(S) the value where the players in S
// have moved,
//   φ_i = Σ_{S ∌ i} |S|! (n − |S| − 1)! / n! · (v(S ∪ i) − v(S)),   Σ φ_i = v(all) − v(none):
// the mean of what i adds over all orders of moving. With many players, over a random sample of orders. A plan says
// which coalitions must be valued, so that they can be valued for many things at once. Values only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace engine {

struct ShapleyValues {
    std::vector<double> shares;
    std::vector<double> errors;  // standard errors of the shares; 0 where exact
};

class ShapleyPlan {
public:
    // Exact for up to `exact_players`, else `orders` random ones (at least 2), by `seed`. At most 63 players.
    ShapleyPlan(std::size_t players, std::size_t exact_players, std::size_t orders, std::uint64_t seed);

    std::size_t players() const { return players_; }
    bool exact() const { return orders_.empty(); }
    // Bit i: player i has moved. Ascending: the first is none; all is among them.
    const std::vector<std::uint64_t>& coalitions() const { return coalitions_; }
    // `values`: of the coalitions, in their order.
    ShapleyValues values(std::span<const double> values) const;

private:
    std::size_t indexOf(std::uint64_t coalition) const;

    std::size_t players_;
    std::vector<std::vector<std::uint32_t>> orders_;
    std::vector<std::uint64_t> coalitions_;
};

}  // namespace engine
