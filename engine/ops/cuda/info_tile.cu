// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rows: one block for each. Columns: one block for kColumns of them, each shared by kColumnThreads threads, so that a
// warp reads neighbouring values of one row. Made for batches of some thousands; right for any.
#include "engine/base/cuda/launch.cuh"
#include "engine/ops/block_arithmetic.h"
#include "engine/ops/cuda/launch.h"

namespace engine::cuda {
namespace {

using block::kColumns;
using block::kColumnThreads;
using block::kRowThreads;

__global__ void __launch_bounds__(kRowThreads) rowSumsKernel(InfoTile tile) {
    __shared__ float maxima[kRowThreads];
    __shared__ double sums[kRowThreads];
    const int t = static_cast<int>(threadIdx.x);
    for (std::int64_t row = blockIdx.x; row < tile.rows; row += gridDim.x) {
        const float* const x = tile.logits + row * tile.stride;
        const float most =
            foldBlock<kRowThreads, 1>(block::largest(x, t, tile.cols, kRowThreads, 1), maxima, t, 0, block::Larger());
        const float top = tile.scale * most;
        const double sum = foldBlock<kRowThreads, 1>(
            block::sumOfExponentials(x, t, tile.cols, kRowThreads, 1, tile.scale, top), sums, t, 0, block::Plus());
        if (t == 0) tile.row_log_sum[row] = block::logSum(top, sum);
    }
}

__global__ void __launch_bounds__(kColumns* kColumnThreads) columnSumsKernel(InfoTile tile) {
    __shared__ float maxima[kColumnThreads * kColumns];
    __shared__ double sums[kColumnThreads * kColumns];
    const int lane = static_cast<int>(threadIdx.x), t = static_cast<int>(threadIdx.y);
    // The same number of rounds for all threads of a block: all take part in its barriers, those beyond the last column
    // with empty shares.
    for (std::int64_t start = std::int64_t{blockIdx.x} * kColumns; start < tile.cols;
         start += std::int64_t{gridDim.x} * kColumns) {
        const std::int64_t column = start + lane;
        const bool inside = column < tile.cols;
        const std::int64_t rows = inside ? tile.rows : 0;
        const float* const x = tile.logits + (inside ? column : 0);
        const float before = inside ? tile.column_maximum[column] : 0.0f;
        const float most = foldBlock<kColumnThreads, kColumns>(block::largest(x, t, rows, kColumnThreads, tile.stride),
                                                               maxima, t, lane, block::Larger());
        const float top = block::raised(before, most, tile.scale);
        const double sum = foldBlock<kColumnThreads, kColumns>(
            block::sumOfExponentials(x, t, rows, kColumnThreads, tile.stride, tile.scale, top), sums, t, lane,
            block::Plus());
        if (inside && t == 0) {
            tile.column_maximum[column] = top;
            tile.column_sum[column] =
                tile.column_sum[column] * static_cast<double>(block::shrinkage(before, top)) + sum;
        }
    }
}

__global__ void __launch_bounds__(kRowThreads) weightsKernel(InfoTile tile) {
    for (std::int64_t row = blockIdx.x; row < tile.rows; row += gridDim.x) {
        float* const x = tile.logits + row * tile.stride;
        const float row_log_sum = tile.row_log_sum[row];
        for (std::int64_t j = threadIdx.x; j < tile.cols; j += kRowThreads) {
            x[j] = block::infoWeight(x[j], tile.scale, row_log_sum, tile.column_log_sum[j], tile.row_share,
                                     tile.column_share, j == tile.first + row);
        }
    }
}

}  // namespace

const char* launchInfoSums(const InfoTile& tile, int gpu, void* stream) {
    if (const char* failed = launch(rowSumsKernel, blocksFor(tile.rows), dim3(kRowThreads), tile, gpu, stream)) {
        return failed;
    }
    return launch(columnSumsKernel, blocksFor((tile.cols + kColumns - 1) / kColumns), dim3(kColumns, kColumnThreads),
                  tile, gpu, stream);
}

const char* launchInfoWeights(const InfoTile& tile, int gpu, void* stream) {
    return launch(weightsKernel, blocksFor(tile.rows), dim3(kRowThreads), tile, gpu, stream);
}

}  // namespace engine::cuda
