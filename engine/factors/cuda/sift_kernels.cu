// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Made for tiles of some hundred queries against tens of thousands of candidates at widths of hundreds; right for any.
#include "engine/base/cuda/launch.cuh"
#include "engine/factors/cuda/launch_sift.h"

namespace engine::cuda {
namespace {

// A block of products: kEdge queries against kEdge candidates, taken kDepth terms at a time through shared memory. Each
// thread sums 8 × 8 of them, four neighbours and four that are half an edge away, so that what neighbouring threads
// read and write lies side by side.
constexpr int kEdge = 128, kHalf = kEdge / 2, kDepth = 16, kSide = 16, kProductThreads = kSide * kSide;
constexpr int kShare = kEdge * kDepth / kProductThreads;  // values of a slice that a thread brings
constexpr int kPadded = kEdge + 4;                        // rows of a slice apart, against conflicts of banks
static_assert(sift::kSumBlock % kDepth == 0, "a block of terms is whole slices");
constexpr std::int64_t kSlicesOfBlock = sift::kSumBlock / kDepth;

// Terms begin..begin+kDepth-1 of kEdge rows; zero beyond the last row and the last term. Thread t has term t % kDepth
// of rows t / kDepth, t / kDepth + kProductThreads / kDepth, ...
__device__ void loadShare(const float* rows, std::int64_t count, std::int64_t width, std::int64_t begin, int t,
                          float* share) {
    const std::int64_t k = begin + t % kDepth;
    for (int n = 0; n < kShare; ++n) {
        const std::int64_t row = t / kDepth + n * (kProductThreads / kDepth);
        share[n] = row < count && k < width ? rows[row * width + k] : 0.0f;
    }
}

__device__ void storeShare(const float* share, int t, float* slice) {
    for (int n = 0; n < kShare; ++n)
        slice[t % kDepth * kPadded + t / kDepth + n * (kProductThreads / kDepth)] = share[n];
}

// Where the n-th of a thread's 8 rows or columns lies along an edge.
__device__ int placeOf(int thread, int n) {
    return n / 4 * kHalf + thread * 4 + n % 4;
}

__global__ void __launch_bounds__(kProductThreads) multiplyKernel(sift::Tile tile) {
    alignas(16) __shared__ float queries[kDepth * kPadded];
    alignas(16) __shared__ float candidates[kDepth * kPadded];
    const sift::Shape& shape = tile.shape;
    const int t = static_cast<int>(threadIdx.x), tx = t % kSide, ty = t / kSide;
    const std::int64_t row_edges = (tile.rows + kEdge - 1) / kEdge, col_edges = (tile.cols + kEdge - 1) / kEdge;
    const std::int64_t slices = (shape.width + kDepth - 1) / kDepth;
    // Blocks at work side by side share candidates, which come from far; the few queries are near.
    for (std::int64_t work = blockIdx.x; work < row_edges * col_edges * shape.pairs(); work += gridDim.x) {
        const std::int64_t row0 = work % row_edges * kEdge;
        const std::int64_t i = work / row_edges % shape.query_atoms;
        const std::int64_t j = work / row_edges / shape.query_atoms % shape.candidate_atoms;
        const std::int64_t col0 = work / row_edges / shape.pairs() * kEdge;
        const float* const x = tile.query_atoms + (i * tile.rows + row0) * shape.width;
        const float* const y = tile.candidate_atoms + (j * shape.items + tile.first + col0) * shape.width;
        float sum[8][8] = {}, block[8][8], share_x[kShare], share_y[kShare];
        loadShare(x, tile.rows - row0, shape.width, 0, t, share_x);
        loadShare(y, tile.cols - col0, shape.width, 0, t, share_y);
        for (std::int64_t slice = 0; slice < slices; ++slice) {
            storeShare(share_x, t, queries);
            storeShare(share_y, t, candidates);
            __syncthreads();
            if (slice + 1 < slices) {  // on its way while this slice is at work
                loadShare(x, tile.rows - row0, shape.width, (slice + 1) * kDepth, t, share_x);
                loadShare(y, tile.cols - col0, shape.width, (slice + 1) * kDepth, t, share_y);
            }
            if (slice % kSlicesOfBlock == 0) {
                for (int r = 0; r < 8; ++r) {
                    for (int c = 0; c < 8; ++c) block[r][c] = 0;
                }
            }
            for (int k = 0; k < kDepth; ++k) {
                float a[8], b[8];
                for (int n = 0; n < 8; ++n) a[n] = queries[k * kPadded + placeOf(ty, n)];
                for (int n = 0; n < 8; ++n) b[n] = candidates[k * kPadded + placeOf(tx, n)];
                for (int r = 0; r < 8; ++r) {
                    for (int c = 0; c < 8; ++c) block[r][c] = fmaf(a[r], b[c], block[r][c]);
                }
            }
            if ((slice + 1) % kSlicesOfBlock == 0 || slice + 1 == slices) {
                for (int r = 0; r < 8; ++r) {
                    for (int c = 0; c < 8; ++c) sum[r][c] += block[r][c];
                }
            }
            __syncthreads();
        }
        float* const out = tile.products + (i * shape.candidate_atoms + j) * tile.rows * tile.cols;
        for (int r = 0; r < 8; ++r) {
            const std::int64_t row = row0 + placeOf(ty, r);
            for (int c = 0; c < 8; ++c) {
                const std::int64_t col = col0 + placeOf(tx, c);
                if (row < tile.rows && col < tile.cols) out[row * tile.cols + col] = sum[r][c];
            }
        }
    }
}

constexpr int kSiftThreads = 128;

// A block for each segment of a row, in rounds of neighbouring candidates. Both counts travel in one sum.
__global__ void __launch_bounds__(kSiftThreads) sortOutKernel(sift::Tile tile) {
    __shared__ unsigned sums[2 * kSiftThreads];
    static_assert(sift::kSegment < (1 << 15), "two counts in one number");
    constexpr unsigned kAlways = 1u << 16;
    const int t = static_cast<int>(threadIdx.x);
    const std::int64_t segments = tile.segments();
    for (std::int64_t unit = blockIdx.x; unit < tile.rows * segments; unit += gridDim.x) {
        const std::int64_t row = unit / segments, begin = unit % segments * sift::kSegment;
        const std::int64_t end = begin + sift::kSegment < tile.cols ? begin + sift::kSegment : tile.cols;
        std::uint32_t* const kept = tile.kept + row * tile.cols + begin;
        unsigned found = 0;
        for (std::int64_t round = begin; round < end; round += kSiftThreads) {
            const std::int64_t c = round + t;
            const sift::Standing standing = c < end ? sift::standing(tile, row, c) : sift::Standing::Out;
            const unsigned share =
                standing == sift::Standing::Kept ? 1 : (standing == sift::Standing::Always ? kAlways : 0);
            unsigned all = 0;
            const unsigned before = found + sumBefore<kSiftThreads>(share, sums, t, all);
            if (share == 1) kept[before % kAlways] = static_cast<std::uint32_t>(c);
            found += all;
        }
        if (t == 0) {
            tile.counts[2 * unit] = found % kAlways;
            tile.counts[2 * unit + 1] = found / kAlways;
        }
    }
}

__global__ void __launch_bounds__(kSiftThreads) gatherKernel(sift::Tile tile) {
    const std::int64_t words = 1 + tile.shape.pairs();
    for (std::int64_t unit = tile.first_unit + blockIdx.x; unit < tile.last_unit; unit += gridDim.x) {
        const std::int64_t row = unit / tile.segments(), begin = unit % tile.segments() * sift::kSegment;
        const std::uint32_t* const kept = tile.kept + row * tile.cols + begin;
        std::uint32_t* const records = tile.records + std::int64_t{tile.offset[unit - tile.first_unit]} * words;
        for (std::int64_t k = threadIdx.x; k < tile.counts[2 * unit]; k += kSiftThreads)
            sift::writeRecord(tile, row, kept[k], records + k * words);
    }
}

}  // namespace

const char* launchMultiply(const sift::Tile& tile, int gpu, void* stream) {
    const std::int64_t work =
        ((tile.rows + kEdge - 1) / kEdge) * ((tile.cols + kEdge - 1) / kEdge) * tile.shape.pairs();
    return launch(multiplyKernel, blocksFor(work), dim3(kProductThreads), tile, gpu, stream);
}

const char* launchSortOut(const sift::Tile& tile, int gpu, void* stream) {
    return launch(sortOutKernel, blocksFor(tile.rows * tile.segments()), dim3(kSiftThreads), tile, gpu, stream);
}

const char* launchGather(const sift::Tile& tile, int gpu, void* stream) {
    return launch(gatherKernel, blocksFor(tile.last_unit - tile.first_unit), dim3(kSiftThreads), tile, gpu, stream);
}

}  // namespace engine::cuda
