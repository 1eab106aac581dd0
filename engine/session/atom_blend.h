// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// An item's product vector as a weighted sum of its fixed vectors, its atoms: the base, then every part of every layer
// (Components). The weights follow from the atoms' inner products alone, for any setting, experts' weights included.
// Values only.
#pragma once

#include <cstddef>

#include "engine/recipe/product.h"

namespace engine {

inline constexpr std::size_t kMostParts = 16;  // atoms of an item

// Throws Error{InvalidInput} where there are more than kMostParts.
std::size_t atomCount(const Components& components);
const float* atomRow(const Components& components, std::size_t row, std::size_t atom);  // [width]
// gram [atoms][atoms] in float64.
void atomGram(const Components& components, std::size_t row, std::size_t atoms, double* gram);
// The weights of the atoms in the unit vector, as blendRow(); false where that vanishes.
bool atomWeights(const double* gram, std::size_t atoms, const BlendWeights& weights, double* a);
// Throws where the weights are not of these components.
void checkWeights(const Components& components, const BlendWeights& weights);

}  // namespace engine
