// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One tile of a streaming softmax in place: two reads and one write of the tile, where separate operations take five
// passes or more. By a kernel on a GPU (ops/cuda); on CPU by a twin with the same arithmetic in the same order, which
// is slow and there to test the kernel with. Only queues work on a GPU; reentrant.
#pragma once

#include <cstdint>
#include <string>

namespace engine {

// Everything in the memory of one device; no two arrays overlap. Values finite.
struct SoftmaxTile {
    float* logits = nullptr;  // [rows, cols], rows `stride` apart; in: products; out: exp(scale·product - maximum)
    std::int64_t rows = 0, cols = 0, stride = 0;
    float scale = 1;           // 1/temperature, above 0
    float* maximum = nullptr;  // [rows], of all scaled products so far, -infinity before the first tile; updated
    double* sum = nullptr;     // [rows], of exponentials relative to `maximum`, 0 before the first tile; updated
    float* shrink = nullptr;   // [rows], written: what other sums of earlier tiles are to be multiplied with
};

// Whether there are kernels for a device: always on "cpu" (twins), on "cuda:N" where they were built.
bool haveTileKernels(const std::string& device);

// `device`: "cpu" or "cuda:N". On a GPU it runs in the calling thread's current LibTorch stream of that GPU, which must
// be the thread's current one. Throws Error{Device} where the kernel cannot be launched.
void softmaxTile(const SoftmaxTile& tile, const std::string& device);

}  // namespace engine
