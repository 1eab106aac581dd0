// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One block for each row; neighbouring threads read neighbouring values. Made for tiles of hundreds of rows and some
// thousand columns or more; right for any.
#include "engine/base/cuda/launch.cuh"
#include "engine/ops/block_arithmetic.h"
#include "engine/ops/cuda/launch.h"

namespace engine::cuda {
namespace {

using block::kRowThreads;

__global__ void __launch_bounds__(kRowThreads) softmaxTileKernel(SoftmaxTile tile) {
    __shared__ float maxima[kRowThreads];
    __shared__ double sums[kRowThreads];
    const int t = static_cast<int>(threadIdx.x);
    for (std::int64_t row = blockIdx.x; row < tile.rows; row += gridDim.x) {
        float* const x = tile.logits + row * tile.stride;
        const float before = tile.maximum[row];  // every thread has it before the first fold ends
        const float most =
            foldBlock<kRowThreads, 1>(block::largest(x, t, tile.cols, kRowThreads, 1), maxima, t, 0, block::Larger());
        const float top = block::raised(before, most, tile.scale);
        const double sum = foldBlock<kRowThreads, 1>(
            block::writeExponentials(x, t, tile.cols, kRowThreads, tile.scale, top), sums, t, 0, block::Plus());
        if (t == 0) {
            const float shrink = block::shrinkage(before, top);
            tile.maximum[row] = top;
            tile.sum[row] = tile.sum[row] * static_cast<double>(shrink) + sum;
            tile.shrink[row] = shrink;
        }
    }
}

}  // namespace

const char* launchSoftmaxTile(const SoftmaxTile& tile, int gpu, void* stream) {
    return launch(softmaxTileKernel, blocksFor(tile.rows), dim3(kRowThreads), tile, gpu, stream);
}

}  // namespace engine::cuda
