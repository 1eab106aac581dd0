// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/cuda/launch.cuh"
#include "engine/ops/block_arithmetic.h"
#include "engine/ops/cuda/launch.h"

namespace engine::cuda {
namespace {

constexpr int kSplitThreads = 256;
constexpr std::int64_t kMostBlocks = 4096;  // some waves on the largest GPU

__global__ void __launch_bounds__(kSplitThreads) splitKernel(SplitTile tile) {
    const std::int64_t step = std::int64_t{gridDim.x} * kSplitThreads;
    for (std::int64_t i = std::int64_t{blockIdx.x} * kSplitThreads + threadIdx.x; i < tile.count; i += step) {
        const float x = tile.x[i], high = block::highPart(x);
        tile.high[i] = high;
        tile.low[i] = x - high;
    }
}

}  // namespace

const char* launchSplitTile(const SplitTile& tile, int gpu, void* stream) {
    const std::int64_t blocks = std::min(kMostBlocks, (tile.count + kSplitThreads - 1) / kSplitThreads);
    return launch(splitKernel, blocksFor(blocks), dim3(kSplitThreads), tile, gpu, stream);
}

#ifdef __CUDACC__
const char* computeCapability(int gpu, int* major) {
    const cudaError_t error = cudaDeviceGetAttribute(major, cudaDevAttrComputeCapabilityMajor, gpu);
    if (error == cudaSuccess) return nullptr;
    cudaGetLastError();  // not to be found by the next launch
    return cudaGetErrorString(error);
}
#endif

}  // namespace engine::cuda
