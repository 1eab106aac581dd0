// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Work cut into tiles whose shapes depend on the problem alone, shared out among threads: a tile is computed by one
// thread in one order, so the result does not depend on how many there are. A stop is looked for before every tile (and
// within long ones); tiles are cut to take some tens of milliseconds of one core.
#pragma once

#include <omp.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/base/first_error.h"
#include "engine/base/job.h"
#include "engine/base/matrix.h"

namespace engine {

// Tiles done by this process; tests count with it how many were begun after a stop.
inline std::atomic<std::uint64_t> tiles_done{0};

// Calls tile(i) for each i < count on all threads, then checks for a stop (throws Cancelled; tiles may be missing
// then). The first exception of a tile is thrown again. `progress`, if given, is called on the calling thread now and
// then.
template <typename Tile>
void parallelTiles(std::size_t count, const JobContext& job, const Tile& tile,
                   const std::function<void()>& progress = {}) {
    FirstError failure;
#pragma omp parallel for schedule(dynamic, 1)
    for (std::size_t i = 0; i < count; ++i) {
        if (failure.any() || job.stopRequested()) continue;
        failure.guard([&] {
            tile(i);
            tiles_done.fetch_add(1, std::memory_order_relaxed);
            if (progress && omp_get_thread_num() == 0) progress();
        });
    }
    failure.rethrow();
    job.checkStop();
}

// One buffer for each thread, made when it is first asked for.
class ThreadScratch {
public:
    explicit ThreadScratch(std::size_t floats)
        : floats_(floats), buffers_(static_cast<std::size_t>(omp_get_max_threads())) {}
    float* get() {
        Matrix& buffer = buffers_[static_cast<std::size_t>(omp_get_thread_num())];
        if (buffer.empty()) buffer = Matrix(1, floats_);
        return buffer.data();
    }

private:
    std::size_t floats_;
    std::vector<Matrix> buffers_;
};

enum class Form { AB, ABt, AtB };

// c[m, n] = a b (+ c), row-major float32; a and b as they lie in memory: AB a[m, k] b[k, n], ABt a[m, k] b[n, k],
// AtB a[k, m] b[k, n]. To be called within a tile: it uses one core.
void tileGemm(Form form, std::size_t m, std::size_t n, std::size_t k, const float* a, std::size_t lda, const float* b,
              std::size_t ldb, bool add, float* c, std::size_t ldc);

// The same cut into tiles on all cores, a stop looked for at each.
void tiledGemm(Form form, std::size_t m, std::size_t n, std::size_t k, const float* a, std::size_t lda, const float* b,
               std::size_t ldb, float* c, std::size_t ldc, const JobContext& job);

}  // namespace engine
