// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Sorting candidates out on a GPU (factors/cuda), in the arithmetic that its kernels share with their twins on the CPU
// (sift_twin.cpp). A tile, `rows` queries against `cols` candidates, takes three steps:
//   multiply   products[ij][row][c] = <x_i, y_j> of all pairs of atoms
//   sort out   out of each row the candidates that can come before the query's positives, and the number of those that
//              always do
//   gather     their products, side by side
// Every product and sum is written as fmaf or stands alone, so that no compiler has a choice and kernels and twins
// agree to the bit. For nvcc as well, so C++17 and no header of ours that is more.
#pragma once

#include <cmath>
#include <cstdint>

#include "engine/base/cuda/host_device.h"

namespace engine::sift {

constexpr int kAtoms = 5;                // of a side at most
constexpr int kSumBlock = 128;           // inner products are summed in blocks, which bounds their rounding
constexpr std::int64_t kSegment = 2048;  // candidates of a row that are counted and listed for themselves
constexpr float kSlackSums = 1 + 1e-5f;  // the float32 sums of the slack itself

// What is known before a tile: sizes that stay for a whole direction.
struct Shape {
    std::int32_t query_atoms = 0, candidate_atoms = 0;
    std::int32_t query_nodes = 0, nodes = 0;  // of the coarse grid: the queries' own, and all
    std::int64_t items = 0, width = 0;        // of the candidates' side

    MOLSPACE_HOST_DEVICE std::int64_t pairs() const { return std::int64_t{query_atoms} * candidate_atoms; }
    // A query's record, float32: kArithmetic, kBest, kTop; most and error of its weights [atoms] each; its weights at
    // its nodes [query_nodes][atoms]; scores of the leading positive and of the best one at all nodes [nodes] each.
    enum : std::int32_t { kArithmetic, kBest, kTop, kNumbers };
    MOLSPACE_HOST_DEVICE std::int64_t mostAt() const { return kNumbers; }
    MOLSPACE_HOST_DEVICE std::int64_t errorAt() const { return mostAt() + query_atoms; }
    MOLSPACE_HOST_DEVICE std::int64_t weightsAt() const { return errorAt() + query_atoms; }
    MOLSPACE_HOST_DEVICE std::int64_t bestAt() const { return weightsAt() + std::int64_t{query_nodes} * query_atoms; }
    MOLSPACE_HOST_DEVICE std::int64_t topAt() const { return bestAt() + nodes; }
    MOLSPACE_HOST_DEVICE std::int64_t record() const { return topAt() + nodes; }
};

// Arrays are in the memory of one device; no two overlap. Values finite.
struct Tile {
    Shape shape;
    std::int64_t rows = 0, cols = 0, first = 0;  // candidates first..first+cols-1
    const float* query_atoms = nullptr;          // [query_atoms][rows][width]
    const float* queries = nullptr;              // [rows][record()]
    const float* candidate_atoms = nullptr;      // [candidate_atoms][items][width]
    const float* coarse = nullptr;               // [candidates' own nodes][candidate_atoms][items]
    const float* error = nullptr;                // [candidate_atoms][items]
    const float* most = nullptr;                 // [candidate_atoms][items]
    const float* reach = nullptr;                // [items]
    const std::uint32_t* node_begin = nullptr;   // [query_nodes + 1], into:
    const std::uint32_t* node = nullptr;         // [nodes], the candidates' own node of each

    float* products = nullptr;        // [pairs()][rows][cols], written by multiply
    std::uint32_t* kept = nullptr;    // [rows][cols], written by sort out: places of those kept, ascending, by segment
    std::uint32_t* counts = nullptr;  // [rows * segments()][2], written by sort out: kept, always

    // Segments first_unit..last_unit-1, one row after another; where the entries of each begin among `records`.
    std::int64_t first_unit = 0, last_unit = 0;
    const std::uint32_t* offset = nullptr;  // [last_unit - first_unit]
    std::uint32_t* records = nullptr;       // [entries][1 + pairs()], written by gather: the item, its products' bits

    MOLSPACE_HOST_DEVICE std::int64_t segments() const { return (cols + kSegment - 1) / kSegment; }
};

// <x, y> in float32: off by (min(width, kSumBlock) + width / kSumBlock) 2^-24 |x| |y| at most, second order aside.
MOLSPACE_HOST_DEVICE inline float product(const float* x, const float* y, std::int64_t width) {
    float sum = 0;
    for (std::int64_t begin = 0; begin < width; begin += kSumBlock) {
        const std::int64_t end = begin + kSumBlock < width ? begin + kSumBlock : width;
        float block = 0;
        for (std::int64_t k = begin; k < end; ++k) block = fmaf(x[k], y[k], block);
        sum += block;
    }
    return sum;
}

enum class Standing { Out, Kept, Always };

// Where candidate `c` of a tile stands to the positives of the query `row`: Out if it comes before them nowhere in the
// box, Always if everywhere. With D the difference of the scores: over the nodes D lies in [lowest, highest], and
// anywhere else it is no further from their interpolation than the slack of both.
MOLSPACE_HOST_DEVICE inline Standing standing(const Tile& tile, std::int64_t row, std::int64_t c) {
    const Shape& shape = tile.shape;
    const std::int32_t qa = shape.query_atoms, ca = shape.candidate_atoms;
    const std::int64_t item = tile.first + c, pitch = tile.rows * tile.cols;
    const float* const query = tile.queries + row * shape.record();
    const float* const best = query + shape.bestAt();
    const float* const top = query + shape.topAt();
    const float* const p = tile.products + row * tile.cols + c;
    float highest = -INFINITY, lowest = INFINITY;
    for (std::int32_t n = 0; n < shape.query_nodes; ++n) {
        const float* const a = query + shape.weightsAt() + std::int64_t{n} * qa;
        float v[kAtoms] = {};
        for (int j = 0; j < kAtoms; ++j) {  // a fixed number of rounds keeps v in registers
            for (std::int32_t i = 0; j < ca && i < qa; ++i) v[j] = fmaf(a[i], p[(i * ca + j) * pitch], v[j]);
        }
        for (std::uint32_t k = tile.node_begin[n]; k < tile.node_begin[n + 1]; ++k) {
            const float* const b = tile.coarse + std::int64_t{tile.node[k]} * ca * shape.items + item;
            float score = 0;
            for (int j = 0; j < kAtoms; ++j) {
                if (j < ca) score = fmaf(b[j * shape.items], v[j], score);
            }
            highest = fmaxf(highest, score - best[k]);
            lowest = fminf(lowest, score - top[k]);
        }
    }
    const float* const most_a = query + shape.mostAt();
    const float* const error_a = query + shape.errorAt();
    float slack = query[Shape::kArithmetic] * tile.reach[item];
    for (std::int32_t j = 0; j < ca; ++j) {
        const float error_b = tile.error[j * shape.items + item], most_b = tile.most[j * shape.items + item];
        for (std::int32_t i = 0; i < qa; ++i) {
            slack = fmaf(fabsf(p[(i * ca + j) * pitch]), fmaf(most_a[i], error_b, error_a[i] * most_b), slack);
        }
    }
    if (fmaf(slack, kSlackSums, highest) + query[Shape::kBest] < 0) return Standing::Out;
    return fmaf(-slack, kSlackSums, lowest) - query[Shape::kTop] > 0 ? Standing::Always : Standing::Kept;
}

// The bits of a product in a record.
MOLSPACE_HOST_DEVICE inline void writeRecord(const Tile& tile, std::int64_t row, std::int64_t c,
                                             std::uint32_t* record) {
    record[0] = static_cast<std::uint32_t>(tile.first + c);
    float* const products = reinterpret_cast<float*>(record + 1);
    const float* const p = tile.products + row * tile.cols + c;
    for (std::int64_t ij = 0; ij < tile.shape.pairs(); ++ij) products[ij] = p[ij * tile.rows * tile.cols];
}

}  // namespace engine::sift
