// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>

#include "engine/base/matrix.h"
#include "engine/store/workspace.h"

namespace engine::test {

// Rows of a matrix, which must live as long, to be written into a workspace.
inline RowReader readerOf(const Matrix& m, StoredType type = StoredType::Float32) {
    RowReader r;
    r.rows = m.rows();
    r.width = m.cols();
    r.type = type;
    r.read = [&m](std::size_t first, std::size_t count, float* out) {
        std::copy_n(m.row(first), count * m.cols(), out);
    };
    r.origin = "made by the test";
    return r;
}

}  // namespace engine::test
