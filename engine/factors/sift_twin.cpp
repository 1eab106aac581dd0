// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/sift_twin.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace engine {

void* SiftTwin::allocate(std::size_t bytes) {
    return std::malloc(std::max<std::size_t>(1, bytes));
}

void SiftTwin::release(void* memory) {
    std::free(memory);
}

const char* SiftTwin::upload(void* to, const void* from, std::size_t bytes) {
    if (bytes != 0) std::memcpy(to, from, bytes);
    return nullptr;
}

const char* SiftTwin::download(void* to, const void* from, std::size_t bytes) {
    return SiftTwin::upload(to, from, bytes);
}

const char* SiftTwin::multiply(const sift::Tile& tile) {
    const sift::Shape& shape = tile.shape;
    for (std::int64_t i = 0; i < shape.query_atoms; ++i) {
        for (std::int64_t j = 0; j < shape.candidate_atoms; ++j) {
            float* out = tile.products + (i * shape.candidate_atoms + j) * tile.rows * tile.cols;
            for (std::int64_t row = 0; row < tile.rows; ++row) {
                const float* x = tile.query_atoms + (i * tile.rows + row) * shape.width;
                for (std::int64_t c = 0; c < tile.cols; ++c) {
                    const float* y = tile.candidate_atoms + (j * shape.items + tile.first + c) * shape.width;
                    *out++ = sift::product(x, y, shape.width);
                }
            }
        }
    }
    return nullptr;
}

const char* SiftTwin::sortOut(const sift::Tile& tile) {
    for (std::int64_t unit = 0; unit < tile.rows * tile.segments(); ++unit) {
        const std::int64_t row = unit / tile.segments(), begin = unit % tile.segments() * sift::kSegment;
        const std::int64_t end = std::min(begin + sift::kSegment, tile.cols);
        std::uint32_t* kept = tile.kept + row * tile.cols + begin;
        std::uint32_t* counts = tile.counts + 2 * unit;
        counts[0] = counts[1] = 0;
        for (std::int64_t c = begin; c < end; ++c) {
            const sift::Standing standing = sift::standing(tile, row, c);
            if (standing == sift::Standing::Kept) kept[counts[0]++] = static_cast<std::uint32_t>(c);
            counts[1] += standing == sift::Standing::Always;
        }
    }
    return nullptr;
}

const char* SiftTwin::gather(const sift::Tile& tile) {
    for (std::int64_t unit = tile.first_unit; unit < tile.last_unit; ++unit) {
        const std::int64_t row = unit / tile.segments(), begin = unit % tile.segments() * sift::kSegment;
        const std::uint32_t* kept = tile.kept + row * tile.cols + begin;
        std::uint32_t* record = tile.records + tile.offset[unit - tile.first_unit] * (1 + tile.shape.pairs());
        for (std::uint32_t k = 0; k < tile.counts[2 * unit]; ++k, record += 1 + tile.shape.pairs())
            sift::writeRecord(tile, row, kept[k], record);
    }
    return nullptr;
}

}  // namespace engine
