// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Exponentials over rows of logits, eight at a time: the only passes over a tile between its two matrix products.
// Relative error below 2e-7; results below 1e-38 are 0 or about that. One thread each; the order of sums is fixed.
#pragma once

#include <cstddef>

namespace engine {

float maximum(const float* x, std::size_t n);
// x[i] = exp(scale * x[i] - shift); returns their sum.
float expInPlace(float* x, std::size_t n, float scale, float shift);

}  // namespace engine
