// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/space/embedding_source.h"

#include <algorithm>
#include <cstring>

namespace engine {

void MatrixSource::read(std::size_t first, std::size_t count, float* out) const {
    for (std::size_t i = 0; i < count; ++i) {
        std::memcpy(out + i * view_.cols, view_.row(first + i), view_.cols * sizeof(float));
    }
}

Matrix readAll(const EmbeddingSource& source) {
    Matrix out(source.rows(), source.cols());
    constexpr std::size_t kBlock = 65536;
    for (std::size_t first = 0; first < source.rows(); first += kBlock) {
        source.read(first, std::min(kBlock, source.rows() - first), out.row(first));
    }
    return out;
}

}  // namespace engine
