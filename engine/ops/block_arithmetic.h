// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The arithmetic of the kernels in ops/cuda, for their twins on CPU too: what one thread does with its share of a row
// or a column, and how the shares of a block are put together. For nvcc as well, so C++17 and no header of ours that is
// more. All inputs are finite; sums of exponentials are float64, as there may be 10^5 of them in one.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "engine/base/cuda/host_device.h"

namespace engine::block {

// Threads that share a row; that share a column (beside kColumns of which a block stands). Powers of two.
constexpr int kRowThreads = 256;
constexpr int kColumnThreads = 32;
constexpr int kColumns = 32;

struct Larger {
    MOLSPACE_HOST_DEVICE float operator()(float a, float b) const { return fmaxf(a, b); }
};
struct Plus {
    MOLSPACE_HOST_DEVICE double operator()(double a, double b) const { return a + b; }
};

// exp(scale·x - shift) with one rounding before the exponential.
MOLSPACE_HOST_DEVICE inline float exponential(float x, float scale, float shift) {
    return expf(fmaf(x, scale, -shift));
}

// A share is x[begin · pitch], x[(begin + step) · pitch], ... before x[end · pitch].

// The largest of a share, -infinity of none.
MOLSPACE_HOST_DEVICE inline float largest(const float* x, std::int64_t begin, std::int64_t end, std::int64_t step,
                                          std::int64_t pitch) {
    float most = -INFINITY;
    for (std::int64_t i = begin; i < end; i += step) most = fmaxf(most, x[i * pitch]);
    return most;
}

// The sum of a share's exponentials.
MOLSPACE_HOST_DEVICE inline double sumOfExponentials(const float* x, std::int64_t begin, std::int64_t end,
                                                     std::int64_t step, std::int64_t pitch, float scale, float shift) {
    double sum = 0;
    for (std::int64_t i = begin; i < end; i += step) {
        sum += static_cast<double>(exponential(x[i * pitch], scale, shift));
    }
    return sum;
}

// The same; the exponentials take the place of the values. Sums what is written, not something more exact: the weights
// and their sum must agree.
MOLSPACE_HOST_DEVICE inline double writeExponentials(float* x, std::int64_t begin, std::int64_t end, std::int64_t step,
                                                     float scale, float shift) {
    double sum = 0;
    for (std::int64_t i = begin; i < end; i += step) {
        const float e = exponential(x[i], scale, shift);
        x[i] = e;
        sum += static_cast<double>(e);
    }
    return sum;
}

// The running maximum of scaled values (-infinity at the start) after a tile whose largest unscaled one is `most`.
MOLSPACE_HOST_DEVICE inline float raised(float before, float most, float scale) {
    return fmaxf(before, scale * most);
}

// What sums relative to `before` are to be multiplied with to be relative to `after`; 0 at the start.
MOLSPACE_HOST_DEVICE inline float shrinkage(float before, float after) {
    return expf(before - after);
}

MOLSPACE_HOST_DEVICE inline float logSum(float maximum, double sum) {
    return static_cast<float>(static_cast<double>(maximum) + log(sum));
}

// d info / ds of one pair, times batch: s is scale·x, and the positive pair has one taken away.
MOLSPACE_HOST_DEVICE inline float infoWeight(float x, float scale, float row_log_sum, float column_log_sum,
                                             float row_share, float column_share, bool positive) {
    float weight = row_share > 0 ? row_share * exponential(x, scale, row_log_sum) : 0.0f;
    if (column_share > 0) weight += column_share * exponential(x, scale, column_log_sum);
    return positive ? weight - (row_share + column_share) : weight;
}

// x to 11 significant bits, halves away from zero.
MOLSPACE_HOST_DEVICE inline float highPart(float x) {
    std::uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    bits = (bits + 0x1000u) & ~0x1fffu;
    float high;
    std::memcpy(&high, &bits, sizeof high);
    return high;
}

}  // namespace engine::block
