// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The noise of C-MCR (method §2.1, Eq. 3, 4). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace engine {

// Rows x [n, width] become N(x + θ), θ of independent normal numbers of that variance from the stream (seed, name,
// index): the same for any number of threads.
void addNoise(float* x, std::size_t rows, std::size_t width, double variance, std::uint64_t seed,
              const std::string& name, std::uint64_t index);

}  // namespace engine
