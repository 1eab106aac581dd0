// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/score_kernel.h"

#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "engine/base/error.h"

namespace engine::score {

namespace {

constexpr std::size_t kChunkRows = 512;
constexpr std::size_t kBlockPairs = 128;

float largestMagnitude(const float* x, std::size_t n) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    __m256 best = _mm256_setzero_ps();
    std::size_t k = 0;
    for (; k + 8 <= n; k += 8) best = _mm256_max_ps(best, _mm256_andnot_ps(sign, _mm256_loadu_ps(x + k)));
    alignas(32) float lanes[8];
    _mm256_store_ps(lanes, best);
    float result = *std::max_element(lanes, lanes + 8);
    for (; k < n; ++k) result = std::max(result, std::fabs(x[k]));
    return result;
}

// Round to nearest of scale * x, as 16-bit values. The scale is float32 so that every place rounds alike.
void quantise(const float* x, std::size_t n, float scale, std::int16_t* out) {
    const __m256 s = _mm256_set1_ps(scale);
    std::size_t k = 0;
    for (; k + 16 <= n; k += 16) {
        const __m256i low = _mm256_cvtps_epi32(_mm256_mul_ps(s, _mm256_loadu_ps(x + k)));
        const __m256i high = _mm256_cvtps_epi32(_mm256_mul_ps(s, _mm256_loadu_ps(x + k + 8)));
        const __m256i both = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0b11011000);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + k), both);
    }
    for (; k < n; ++k) out[k] = static_cast<std::int16_t>(_mm_cvtss_si32(_mm_set_ss(scale * x[k])));
}

double residualSquared(const float* x, const std::int16_t* q, std::size_t n, double inverse) {
    const __m256d s = _mm256_set1_pd(inverse);
    __m256d sum0 = _mm256_setzero_pd(), sum1 = _mm256_setzero_pd();
    std::size_t k = 0;
    for (; k + 8 <= n; k += 8) {
        const __m256i wide = _mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(q + k)));
        const __m256 values = _mm256_loadu_ps(x + k);
        const __m256d d0 = _mm256_fnmadd_pd(_mm256_cvtepi32_pd(_mm256_castsi256_si128(wide)), s,
                                            _mm256_cvtps_pd(_mm256_castps256_ps128(values)));
        const __m256d d1 = _mm256_fnmadd_pd(_mm256_cvtepi32_pd(_mm256_extracti128_si256(wide, 1)), s,
                                            _mm256_cvtps_pd(_mm256_extractf128_ps(values, 1)));
        sum0 = _mm256_fmadd_pd(d0, d0, sum0);
        sum1 = _mm256_fmadd_pd(d1, d1, sum1);
    }
    alignas(32) double lanes[4];
    _mm256_store_pd(lanes, _mm256_add_pd(sum0, sum1));
    double sum = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
    for (; k < n; ++k) {
        const double d = x[k] - q[k] * inverse;
        sum += d * d;
    }
    return sum;
}

void atomicMax(std::atomic<double>& target, double value) {
    double seen = target.load(std::memory_order_relaxed);
    while (value > seen && !target.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
    }
}

void atomicMin(std::atomic<std::size_t>& target, std::size_t value) {
    std::size_t seen = target.load(std::memory_order_relaxed);
    while (value < seen && !target.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
    }
}

// acc += pairwise products of `value` and `column`. As one statement of assembly, because the compiler's scheduler
// moves products ahead of their sums and then has more live values than the 16 registers hold (half the speed).
#define ENGINE_MULTIPLY_ADD(acc, value, column)                             \
    {                                                                       \
        __m256i product;                                                    \
        asm volatile("vpmaddwd %[c], %[v], %[p]\n\tvpaddd %[p], %[a], %[a]" \
                     : [a] "+x"(acc), [p] "=&x"(product)                    \
                     : [v] "x"(value), [c] "x"(column));                    \
    }

// One micro-tile of 6 x 16 over `pairs` pairs of values; `a` [pairs][6][2], `b` [pairs][16][2]. Sums lie in `out` as
// 32-bit integers between the blocks of a row, and become scores with the last.
inline void microTile(const std::int16_t* a, const std::int16_t* b, std::size_t pairs, bool first, bool last,
                      float inverse, float* out, std::size_t ld) {
    __m256i acc00, acc01, acc10, acc11, acc20, acc21, acc30, acc31, acc40, acc41, acc50, acc51;
    if (first) {
        acc00 = acc01 = acc10 = acc11 = acc20 = acc21 = _mm256_setzero_si256();
        acc30 = acc31 = acc40 = acc41 = acc50 = acc51 = _mm256_setzero_si256();
    } else {
        const auto get = [out, ld](std::size_t row, std::size_t half) {
            return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(out + row * ld + 8 * half));
        };
        acc00 = get(0, 0), acc01 = get(0, 1), acc10 = get(1, 0), acc11 = get(1, 1);
        acc20 = get(2, 0), acc21 = get(2, 1), acc30 = get(3, 0), acc31 = get(3, 1);
        acc40 = get(4, 0), acc41 = get(4, 1), acc50 = get(5, 0), acc51 = get(5, 1);
    }
    const auto* rows = reinterpret_cast<const float*>(a);  // a pair of 16-bit values for each row
    for (std::size_t k = 0; k < pairs; ++k) {
        const __m256i b0 = _mm256_load_si256(reinterpret_cast<const __m256i*>(b));
        const __m256i b1 = _mm256_load_si256(reinterpret_cast<const __m256i*>(b + 16));
        __m256i value = _mm256_castps_si256(_mm256_broadcast_ss(rows));
        ENGINE_MULTIPLY_ADD(acc00, value, b0)
        ENGINE_MULTIPLY_ADD(acc01, value, b1)
        value = _mm256_castps_si256(_mm256_broadcast_ss(rows + 1));
        ENGINE_MULTIPLY_ADD(acc10, value, b0)
        ENGINE_MULTIPLY_ADD(acc11, value, b1)
        value = _mm256_castps_si256(_mm256_broadcast_ss(rows + 2));
        ENGINE_MULTIPLY_ADD(acc20, value, b0)
        ENGINE_MULTIPLY_ADD(acc21, value, b1)
        value = _mm256_castps_si256(_mm256_broadcast_ss(rows + 3));
        ENGINE_MULTIPLY_ADD(acc30, value, b0)
        ENGINE_MULTIPLY_ADD(acc31, value, b1)
        value = _mm256_castps_si256(_mm256_broadcast_ss(rows + 4));
        ENGINE_MULTIPLY_ADD(acc40, value, b0)
        ENGINE_MULTIPLY_ADD(acc41, value, b1)
        value = _mm256_castps_si256(_mm256_broadcast_ss(rows + 5));
        ENGINE_MULTIPLY_ADD(acc50, value, b0)
        ENGINE_MULTIPLY_ADD(acc51, value, b1)
        rows += kRowPanel;
        b += kColPanel * 2;
    }
    const __m256 factor = _mm256_set1_ps(inverse);
    const auto put = [factor, last](float* to, __m256i low, __m256i high) {
        const auto value = [factor, last](__m256i sum) {
            return last ? _mm256_mul_ps(_mm256_cvtepi32_ps(sum), factor) : _mm256_castsi256_ps(sum);
        };
        _mm256_storeu_ps(to, value(low));
        _mm256_storeu_ps(to + 8, value(high));
    };
    put(out, acc00, acc01);
    put(out + ld, acc10, acc11);
    put(out + 2 * ld, acc20, acc21);
    put(out + 3 * ld, acc30, acc31);
    put(out + 4 * ld, acc40, acc41);
    put(out + 5 * ld, acc50, acc51);
}

#undef ENGINE_MULTIPLY_ADD

}  // namespace

SideStats measureSide(MatrixView rows, const std::string& name, const JobContext& job) {
    const std::size_t chunks = (rows.rows + kChunkRows - 1) / kChunkRows;
    std::atomic<double> largest{0}, length{0}, length_error{0}, residual{0};
    std::atomic<std::size_t> bad{static_cast<std::size_t>(-1)};
#pragma omp parallel for schedule(dynamic)
    for (std::size_t c = 0; c < chunks; ++c) {
        if (job.stopRequested()) continue;
        double most = 0, longest = 0, off = 0;
        for (std::size_t i = c * kChunkRows; i < std::min(rows.rows, (c + 1) * kChunkRows); ++i) {
            const double norm = std::sqrt(dot(rows.row(i), rows.row(i), rows.cols));
            if (!(std::fabs(norm - 1) <= 1e-3)) {
                atomicMin(bad, i);
                break;
            }
            longest = std::max(longest, norm);
            off = std::max(off, std::fabs(norm - 1));
            most = std::max(most, static_cast<double>(largestMagnitude(rows.row(i), rows.cols)));
        }
        atomicMax(largest, most);
        atomicMax(length, longest);
        atomicMax(length_error, off);
    }
    job.checkStop();
    if (const std::size_t row = bad.load(); row != static_cast<std::size_t>(-1)) {
        const double norm = std::sqrt(dot(rows.row(row), rows.row(row), rows.cols));
        throw Error(ErrorCode::InvalidInput, name + " row " + std::to_string(row),
                    "expected a row of unit length, found length " + std::to_string(norm),
                    "check the embeddings with `molspace inspect`");
    }

    SideStats stats;
    // |q| <= S|x| + 0.51 sqrt(width) must stay below sqrt(2^31 - 1) = 46340.9 on both sides, and each value within 16
    // bits.
    const double room = 46339.0 - 0.51 * std::sqrt(static_cast<double>(rows.cols));
    stats.scale = room / std::max(length.load(), 1e-3);
    if (largest.load() > 0) stats.scale = std::min(stats.scale, 32760.0 / largest.load());
    stats.scale = static_cast<double>(static_cast<float>(stats.scale * (1 - 0x1p-20)));
    stats.length = length.load();
    stats.length_error = length_error.load();

#pragma omp parallel for schedule(dynamic)
    for (std::size_t c = 0; c < chunks; ++c) {
        if (job.stopRequested()) continue;
        std::vector<std::int16_t> q(rows.cols);
        double worst = 0;
        for (std::size_t i = c * kChunkRows; i < std::min(rows.rows, (c + 1) * kChunkRows); ++i) {
            quantise(rows.row(i), rows.cols, static_cast<float>(stats.scale), q.data());
            worst = std::max(worst, residualSquared(rows.row(i), q.data(), rows.cols, 1 / stats.scale));
        }
        atomicMax(residual, std::sqrt(worst));
    }
    job.checkStop();
    stats.residual = residual.load() * (1 + 1e-9) + 1e-12;  // rounding of the measurement itself
    return stats;
}

double approximateBound(const SideStats& first, const SideStats& second, std::size_t width) {
    const double rows = first.residual * second.length + second.residual * (first.length + first.residual);
    // Integer to float32, the float32 inverse of the scales, and their product: 2^-24 each, of scores up to 1.002.
    return rows * (1 + 1e-9) + 4 * 0x1p-24 * 1.01 + static_cast<double>(width) * 0x1p-52;
}

void Packed::resize(std::size_t values) {
    if (values <= capacity_) return;
    data_.reset(static_cast<std::int16_t*>(::operator new[](values * sizeof(std::int16_t), std::align_val_t{64})));
    capacity_ = values;
}

void pack(MatrixView rows, std::size_t first, std::size_t count, double scale, std::size_t panel, std::int16_t* out) {
    const std::size_t pairs = (rows.cols + 1) / 2;
    std::vector<std::int16_t> line(pairs * 2, 0);
    for (std::size_t start = 0; start < count; start += panel) {
        for (std::size_t r = 0; r < panel; ++r) {
            if (start + r < count) {
                quantise(rows.row(first + start + r), rows.cols, static_cast<float>(scale), line.data());
            } else {
                std::fill(line.begin(), line.end(), std::int16_t{0});
            }
            std::int16_t* to = out + r * 2;
            for (std::size_t k = 0; k < pairs; ++k, to += panel * 2) std::memcpy(to, line.data() + k * 2, 4);
        }
        out += pairs * 2 * panel;
    }
}

void scoreTile(const std::int16_t* a, std::size_t row_panels, const std::int16_t* b, std::size_t col_panels,
               std::size_t width, float inverse, float* out, std::size_t ld) {
    const std::size_t pairs = (width + 1) / 2;
    // Rows are taken in blocks so that a column panel (8 KiB of it) stays in the first-level cache.
    for (std::size_t k = 0; k < pairs; k += kBlockPairs) {
        const std::size_t count = std::min(kBlockPairs, pairs - k);
        const bool first = k == 0, last = k + count == pairs;
        for (std::size_t j = 0; j < col_panels; ++j) {
            const std::int16_t* column = b + (j * pairs + k) * 2 * kColPanel;
            const std::int16_t* next = column + pairs * 2 * kColPanel;  // the same block of the next panel
            const std::size_t values = j + 1 < col_panels ? count * 2 * kColPanel : 0;
            for (std::size_t i = 0; i < row_panels; ++i) {
                for (std::size_t v = values * i / row_panels; v < values * (i + 1) / row_panels; v += 32) {
                    _mm_prefetch(reinterpret_cast<const char*>(next + v), _MM_HINT_T0);
                }
                microTile(a + (i * pairs + k) * 2 * kRowPanel, column, count, first, last, inverse,
                          out + i * kRowPanel * ld + j * kColPanel, ld);
            }
        }
    }
}

double dot(const float* x, const float* y, std::size_t n) {
    __m256d sum[4];
    for (auto& s : sum) s = _mm256_setzero_pd();
    std::size_t k = 0;
    for (; k + 16 <= n; k += 16) {
        for (std::size_t i = 0; i < 4; ++i) {
            sum[i] = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(x + k + 4 * i)),
                                     _mm256_cvtps_pd(_mm_loadu_ps(y + k + 4 * i)), sum[i]);
        }
    }
    alignas(32) double lanes[4];
    _mm256_store_pd(lanes, _mm256_add_pd(_mm256_add_pd(sum[0], sum[1]), _mm256_add_pd(sum[2], sum[3])));
    double result = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
    for (; k < n; ++k) result += static_cast<double>(x[k]) * y[k];
    return result;
}

double dot(const double* x, const double* y, std::size_t n) {
    __m256d sum[4];
    for (auto& s : sum) s = _mm256_setzero_pd();
    std::size_t k = 0;
    for (; k + 16 <= n; k += 16) {
        for (std::size_t i = 0; i < 4; ++i) {
            sum[i] = _mm256_fmadd_pd(_mm256_loadu_pd(x + k + 4 * i), _mm256_loadu_pd(y + k + 4 * i), sum[i]);
        }
    }
    alignas(32) double lanes[4];
    _mm256_store_pd(lanes, _mm256_add_pd(_mm256_add_pd(sum[0], sum[1]), _mm256_add_pd(sum[2], sum[3])));
    double result = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
    for (; k < n; ++k) result += x[k] * y[k];
    return result;
}

}  // namespace engine::score
