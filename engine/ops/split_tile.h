// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Float32 values in two parts for tensor cores (ops/split_product.h): x = high + low exactly, high of 11 significant
// bits. Kernels and twins as in softmax_tile.h.
#pragma once

#include <cstdint>
#include <string>

namespace engine {

// Everything in the memory of one device. Values finite and below 1e38.
struct SplitTile {
    const float* x = nullptr;  // [count]
    float* high = nullptr;     // [count], may be x
    float* low = nullptr;      // [count]
    std::int64_t count = 0;
};

// Whether products gain by it: on GPUs from compute capability 8.0 on, where the kernels were built; on "cpu" by twins
// always, which is slow and there for tests.
bool haveSplitProducts(const std::string& device);

void splitTile(const SplitTile& tile, const std::string& device);

}  // namespace engine
