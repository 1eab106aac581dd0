// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/vector_math.h"

#include <immintrin.h>

#include <algorithm>
#include <limits>

namespace engine {
namespace {

// e^x = 2^n · e^r with r in [-ln2/2, ln2/2]; the polynomial is Cephes' expf.
inline __m256 exp8(__m256 x) {
    const __m256 lowest = _mm256_set1_ps(-87.3f), highest = _mm256_set1_ps(88.3f);
    const __m256 too_small = _mm256_cmp_ps(x, lowest, _CMP_LT_OQ);
    x = _mm256_min_ps(_mm256_max_ps(x, lowest), highest);
    const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504088896341f)),
                                     _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);
    r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), r);
    __m256 p = _mm256_set1_ps(1.9875691500e-4f);
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.3981999507e-3f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(8.3334519073e-3f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.1665795894e-2f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.6666665459e-1f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(5.0000001201e-1f));
    p = _mm256_fmadd_ps(_mm256_mul_ps(r, r), p, _mm256_add_ps(r, _mm256_set1_ps(1.0f)));
    const __m256i exponent = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_andnot_ps(too_small, _mm256_mul_ps(p, _mm256_castsi256_ps(exponent)));
}

inline float sum8(__m256 v) {
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

}  // namespace

float maximum(const float* x, std::size_t n) {
    float best = -std::numeric_limits<float>::infinity();
    std::size_t i = 0;
    if (n >= 8) {
        __m256 m = _mm256_loadu_ps(x);
        for (i = 8; i + 8 <= n; i += 8) m = _mm256_max_ps(m, _mm256_loadu_ps(x + i));
        alignas(32) float lanes[8];
        _mm256_store_ps(lanes, m);
        best = *std::max_element(lanes, lanes + 8);
    }
    for (; i < n; ++i) best = std::max(best, x[i]);
    return best;
}

float expInPlace(float* x, std::size_t n, float scale, float shift) {
    const __m256 a = _mm256_set1_ps(scale), b = _mm256_set1_ps(shift);
    __m256 sum = _mm256_setzero_ps(), other = _mm256_setzero_ps();
    std::size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m256 e = exp8(_mm256_fmsub_ps(_mm256_loadu_ps(x + i), a, b));
        const __m256 f = exp8(_mm256_fmsub_ps(_mm256_loadu_ps(x + i + 8), a, b));
        _mm256_storeu_ps(x + i, e);
        _mm256_storeu_ps(x + i + 8, f);
        sum = _mm256_add_ps(sum, e);
        other = _mm256_add_ps(other, f);
    }
    float total = sum8(_mm256_add_ps(sum, other));
    for (; i < n; i += 8) {
        const std::size_t left = std::min<std::size_t>(8, n - i);
        alignas(32) float lanes[8] = {};
        std::copy_n(x + i, left, lanes);
        _mm256_store_ps(lanes, exp8(_mm256_fmsub_ps(_mm256_load_ps(lanes), a, b)));
        std::copy_n(lanes, left, x + i);
        for (std::size_t j = 0; j < left; ++j) total += lanes[j];
    }
    return total;
}

}  // namespace engine
