// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What all kernels share: shares of a block put together, in the order of ops/tile_twins.cpp, and the checked launch.
// The kernels are also compiled by the host compiler, for tests that run their threads on the CPU
// (tests/support/threads_as_gpu.h); the launch is then the tests'.
#pragma once

#include <algorithm>
#include <cstdint>

#ifdef __CUDACC__
#include <cuda_runtime.h>
#endif

namespace engine::cuda {

// Folds count · kWidth shares, share (t, lane) at shared[t · kWidth + lane], over t for every lane; every thread (t,
// lane) of the block calls it with its own share and gets its lane's result. `shared` can be used again after it.
template <int kCount, int kWidth, typename T, typename Combine>
__device__ T foldBlock(T share, T* shared, int t, int lane, Combine combine) {
    static_assert((kCount & (kCount - 1)) == 0, "halving needs a power of two");
    shared[t * kWidth + lane] = share;
    __syncthreads();
    for (int half = kCount / 2; half > 0; half /= 2) {
        if (t < half) {
            shared[t * kWidth + lane] = combine(shared[t * kWidth + lane], shared[(t + half) * kWidth + lane]);
        }
        __syncthreads();
    }
    const T result = shared[lane];
    __syncthreads();  // all have read before anyone writes the next shares
    return result;
}

// The sum of the shares of threads 0..t-1, and in `all` that of the whole block. Every thread of a block of kCount
// calls it; `shared` has 2 · kCount places and can be used again after it.
template <int kCount>
__device__ unsigned sumBefore(unsigned share, unsigned* shared, int t, unsigned& all) {
    unsigned* from = shared;
    unsigned* to = shared + kCount;
    from[t] = share;
    __syncthreads();
    for (int step = 1; step < kCount; step *= 2) {
        to[t] = from[t] + (t < step ? 0 : from[t - step]);
        unsigned* const read = from;
        from = to;
        to = read;
        __syncthreads();
    }
    const unsigned before = t == 0 ? 0 : from[t - 1];
    all = from[kCount - 1];
    __syncthreads();  // all have read before anyone writes the next shares
    return before;
}

// Blocks for `count` pieces of work; kernels loop where there are more pieces than blocks.
inline unsigned blocksFor(std::int64_t count) {
    return static_cast<unsigned>(std::min<std::int64_t>(count, 1 << 30));
}

#ifdef __CUDACC__
// Launches on `stream` of `gpu`. This runtime is not LibTorch's: it is told the GPU, and knows nothing of its errors.
template <typename Tile>
const char* launch(void (*kernel)(Tile), unsigned blocks, dim3 threads, const Tile& tile, int gpu, void* stream) {
    cudaError_t error = cudaSetDevice(gpu);
    if (error == cudaSuccess) {
        kernel<<<blocks, threads, 0, static_cast<cudaStream_t>(stream)>>>(tile);
        error = cudaGetLastError();
    }
    return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}
#endif

}  // namespace engine::cuda
