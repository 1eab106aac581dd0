// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The atoms of a BlendSide in float64, from the components themselves: experts are summed in float64, not taken from
// float32 rows, so what is computed from them agrees with blendRow() up to the rounding of float64. For the few entries
// that stored products are too coarse for. Thread-safe. Internal to engine/factors.
#pragma once

#include <vector>

#include "engine/factors/blend_side.h"

namespace engine {

class ExactAtoms {
public:
    // One item: rows [atoms, width] and its shape.
    struct Item {
        std::vector<double> rows;
        double inverse[kMostAtoms], cosine[(kMostAtoms - 1) * kMostAtoms];

        BlendSide::Shape shape() const { return {inverse, cosine}; }
    };

    // `components` are those that `side` was made of; both must outlive it.
    ExactAtoms(const Components& components, const BlendSide& side) : components_(components), side_(side) {}
    void take(std::size_t item, Item& out) const;

private:
    const Components& components_;
    const BlendSide& side_;
};

}  // namespace engine
