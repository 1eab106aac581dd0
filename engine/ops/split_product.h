// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Products of float32 matrices on a GPU's tensor cores, nearly as exact as float32's own and twice as fast. These cores
// take numbers of 11 significant bits (TF32), so a matrix goes there in two parts, x = high + low, and
//   A B = low·low + low·high + high·low + high·high,   of which low·low, 2^-22 |A||B| at most, is left out.
// Sums are float32, but cut off and not rounded at every few terms: relative to |a||b| an entry is off by 5e-8 (root
// mean square) at 512 terms and 1.5e-7 at 4096, where float32 has 1.8e-8; TF32 alone has 1e-5. Where all terms of long
// sums have one sign the cutting adds up: take such sums in parts. Includes ATen.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "engine/ops/split_tile.h"

namespace engine {

// One matrix [m, n] float32 of a product. Values finite, and below 1e38.
struct Operand {
    at::Tensor whole;
    at::Tensor high, low;  // undefined where it is not split

    std::int64_t size(std::int64_t dimension) const { return (low.defined() ? low : whole).size(dimension); }

    Operand t() const;
    Operand narrow(std::int64_t dimension, std::int64_t first, std::int64_t count) const;
};

// `split`: as haveSplitProducts() says of its device, or never.
Operand operand(const at::Tensor& matrix, bool split);
// The same of a contiguous matrix that is not needed any more: its high parts take its place, and `whole` is undefined
// where it is split.
Operand operandInPlace(const at::Tensor& matrix, bool split);

// a [m, k], b [k, n], both split or both not, on one device. Only queues work on a GPU. For a moment PyTorch's switch
// for TF32 is on, which belongs to the process: no other thread may multiply with LibTorch then.
at::Tensor product(const Operand& a, const Operand& b);
// c [m, n] += scale · a b.
void addProduct(at::Tensor& c, const Operand& a, const Operand& b, double scale = 1);

}  // namespace engine
