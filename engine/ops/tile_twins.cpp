// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/tile_twins.h"

#include <array>

#include "engine/ops/block_arithmetic.h"

namespace engine::twin {
namespace {

using block::kColumnThreads;
using block::kRowThreads;

// As foldBlock in ops/cuda, with share(t) what thread t brings.
template <typename T, int kCount, typename Share, typename Combine>
T fold(const Share& share, Combine combine) {
    std::array<T, kCount> shared;
    for (int t = 0; t < kCount; ++t) shared[static_cast<std::size_t>(t)] = share(t);
    for (std::size_t half = kCount / 2; half > 0; half /= 2) {
        for (std::size_t t = 0; t < half; ++t) shared[t] = combine(shared[t], shared[t + half]);
    }
    return shared[0];
}

}  // namespace

void softmaxTile(const SoftmaxTile& tile) {
    for (std::int64_t row = 0; row < tile.rows; ++row) {
        float* const x = tile.logits + row * tile.stride;
        const float before = tile.maximum[row];
        const auto most = fold<float, kRowThreads>(
            [&](int t) { return block::largest(x, t, tile.cols, kRowThreads, 1); }, block::Larger());
        const float top = block::raised(before, most, tile.scale);
        const auto sum = fold<double, kRowThreads>(
            [&](int t) { return block::writeExponentials(x, t, tile.cols, kRowThreads, tile.scale, top); },
            block::Plus());
        const float shrink = block::shrinkage(before, top);
        tile.maximum[row] = top;
        tile.sum[row] = tile.sum[row] * static_cast<double>(shrink) + sum;
        tile.shrink[row] = shrink;
    }
}

void infoSums(const InfoTile& tile) {
    for (std::int64_t row = 0; row < tile.rows; ++row) {
        const float* const x = tile.logits + row * tile.stride;
        const auto most = fold<float, kRowThreads>(
            [&](int t) { return block::largest(x, t, tile.cols, kRowThreads, 1); }, block::Larger());
        const float top = tile.scale * most;
        const auto sum = fold<double, kRowThreads>(
            [&](int t) { return block::sumOfExponentials(x, t, tile.cols, kRowThreads, 1, tile.scale, top); },
            block::Plus());
        tile.row_log_sum[row] = block::logSum(top, sum);
    }
    for (std::int64_t column = 0; column < tile.cols; ++column) {
        const float* const x = tile.logits + column;
        const float before = tile.column_maximum[column];
        const auto most = fold<float, kColumnThreads>(
            [&](int t) { return block::largest(x, t, tile.rows, kColumnThreads, tile.stride); }, block::Larger());
        const float top = block::raised(before, most, tile.scale);
        const auto sum = fold<double, kColumnThreads>(
            [&](int t) {
                return block::sumOfExponentials(x, t, tile.rows, kColumnThreads, tile.stride, tile.scale, top);
            },
            block::Plus());
        tile.column_maximum[column] = top;
        tile.column_sum[column] = tile.column_sum[column] * static_cast<double>(block::shrinkage(before, top)) + sum;
    }
}

void infoWeights(const InfoTile& tile) {
    for (std::int64_t row = 0; row < tile.rows; ++row) {
        float* const x = tile.logits + row * tile.stride;
        for (std::int64_t j = 0; j < tile.cols; ++j) {
            x[j] = block::infoWeight(x[j], tile.scale, tile.row_log_sum[row], tile.column_log_sum[j], tile.row_share,
                                     tile.column_share, j == tile.first + row);
        }
    }
}

void splitTile(const SplitTile& tile) {
    for (std::int64_t i = 0; i < tile.count; ++i) {
        const float x = tile.x[i], high = block::highPart(x);
        tile.high[i] = high;
        tile.low[i] = x - high;
    }
}

}  // namespace engine::twin
