// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Enough of CUDA's language to run the kernels of engine/ops/cuda on the CPU: a thread for each thread of a block, one
// block after another, shared memory that the threads share, and barriers that they all have to reach. Include it
// before a .cu, in a single file of a program.
#pragma once

#include <algorithm>
#include <barrier>
#include <thread>
#include <vector>

#define __global__
#define __device__
#define __shared__ static  // one block at a time
#define __launch_bounds__(threads)

struct dim3 {
    explicit dim3(unsigned x_, unsigned y_ = 1) : x(x_), y(y_) {}
    unsigned x, y;
};

namespace engine::cuda {

inline thread_local dim3 threadIdx{0}, blockIdx{0}, gridDim{0};
inline std::barrier<>* block_barrier = nullptr;

inline void __syncthreads() {
    block_barrier->arrive_and_wait();
}

// Three blocks at most, so that they have to loop over their work.
template <typename Tile>
const char* launch(void (*kernel)(Tile), unsigned blocks, dim3 threads, const Tile& tile, int, void*) {
    blocks = std::min(blocks, 3u);
    std::barrier barrier(static_cast<std::ptrdiff_t>(threads.x * threads.y));
    block_barrier = &barrier;
    std::vector<std::jthread> all;
    for (unsigned y = 0; y < threads.y; ++y) {
        for (unsigned x = 0; x < threads.x; ++x) {
            all.emplace_back([=, &tile] {
                threadIdx = dim3(x, y);
                gridDim = dim3(blocks);
                for (unsigned b = 0; b < blocks; ++b) {
                    blockIdx = dim3(b);
                    kernel(tile);
                    __syncthreads();  // the next block comes when this one has ended
                }
            });
        }
    }
    all.clear();
    return nullptr;
}

}  // namespace engine::cuda
