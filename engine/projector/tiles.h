// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Work cut into tiles whose shapes depend on the problem alone, shared out among threads: a tile is computed by one
// thread in one order, so the result does not depend on how many there are. A stop is looked for before every tile (and
// within long ones); tiles are cut to take some tens of milliseconds of one core.
#pragma once

#include <omp.h>

#include <algorithm>
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

constexpr std::size_t kRowsOfTile = 256;  // of the passes over rows below

// The same where the tiles are small: one alone is not worth waking the threads.
template <typename Tile>
void eachTile(std::size_t tiles, const JobContext& job, const Tile& tile) {
    if (tiles > 1) return parallelTiles(tiles, job, tile);
    job.checkStop();
    tile(0);
}

// row(i) for each of the rows.
template <typename Row>
void eachRow(std::size_t rows, const JobContext& job, const Row& row) {
    eachTile((rows + kRowsOfTile - 1) / kRowsOfTile, job, [&](std::size_t t) {
        for (std::size_t i = t * kRowsOfTile; i < std::min(rows, (t + 1) * kRowsOfTile); ++i) row(i);
    });
}

struct ColumnSums {
    std::vector<double> first, second;
};

// Sums over rows of two functions of a row's elements, tile by tile in float32, then in float64 over the tiles:
// row(i, a, b) adds row i to the partial sums a and b.
template <typename AddRow>
ColumnSums columnSums(std::size_t rows, std::size_t cols, const JobContext& job, const AddRow& add_row) {
    const std::size_t tiles = (rows + kRowsOfTile - 1) / kRowsOfTile;
    Matrix a(tiles, cols), b(tiles, cols);
    eachTile(tiles, job, [&](std::size_t t) {
        std::fill(a.row(t), a.row(t) + cols, 0.0f);
        std::fill(b.row(t), b.row(t) + cols, 0.0f);
        for (std::size_t i = t * kRowsOfTile; i < std::min(rows, (t + 1) * kRowsOfTile); ++i)
            add_row(i, a.row(t), b.row(t));
    });
    ColumnSums sums{std::vector<double>(cols), std::vector<double>(cols)};
    for (std::size_t t = 0; t < tiles; ++t) {
        for (std::size_t j = 0; j < cols; ++j) {
            sums.first[j] += static_cast<double>(a.row(t)[j]);
            sums.second[j] += static_cast<double>(b.row(t)[j]);
        }
    }
    return sums;
}

enum class Form { AB, ABt, AtB };

// c[m, n] = a b (+ c), row-major float32; a and b as they lie in memory: AB a[m, k] b[k, n], ABt a[m, k] b[n, k],
// AtB a[k, m] b[k, n]. To be called within a tile: it uses one core.
void tileGemm(Form form, std::size_t m, std::size_t n, std::size_t k, const float* a, std::size_t lda, const float* b,
              std::size_t ldb, bool add, float* c, std::size_t ldc);

// The same cut into tiles on all cores, a stop looked for at each.
void tiledGemm(Form form, std::size_t m, std::size_t n, std::size_t k, const float* a, std::size_t lda, const float* b,
               std::size_t ldb, float* c, std::size_t ldc, const JobContext& job);

}  // namespace engine
