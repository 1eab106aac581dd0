// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/report.h"

#include <algorithm>

namespace engine {

std::size_t Report::filled() const {
    std::size_t n = 0;
    for (const auto& table : tables) {
        for (const auto& row : table.rows) {
            for (const auto& cell : row.cells) n += cell.published && cell.published->value && cell.measured;
        }
    }
    return n;
}

std::size_t Report::published() const {
    std::size_t n = 0;
    for (const auto& table : tables) {
        for (const auto& row : table.rows) {
            for (const auto& cell : row.cells) n += cell.published && cell.published->value;
        }
    }
    return n;
}

std::size_t Report::count(Verdict verdict) const {
    return static_cast<std::size_t>(
        std::count_if(claims.begin(), claims.end(), [&](const ClaimResult& c) { return c.verdict == verdict; }));
}

}  // namespace engine
