// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Half-precision numbers of files, eight at a time; any alignment. To the nearest, ties to even.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace engine {

inline void halvesToFloats(const void* from, std::size_t count, float* out) {
    const auto* bytes = static_cast<const std::byte*>(from);
    std::size_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + i * 2))));
    for (; i < count; ++i) {
        std::uint16_t half = 0;
        std::memcpy(&half, bytes + i * 2, sizeof half);
        out[i] = _cvtsh_ss(half);
    }
}

inline void floatsToHalves(const float* from, std::size_t count, std::uint16_t* out) {
    std::size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i),
                         _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    }
    for (; i < count; ++i) out[i] = _cvtss_sh(from[i], _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

}  // namespace engine
