// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Some of the rows of a source, and what is chosen by them: rows, entries of lists, places in messages. Thread-safe as
// what is chosen from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/store/workspace.h"

namespace engine {

// Some rows, in order; `of` is the number of rows they were chosen from, 0 if not known.
struct RowSelection {
    bool all = true;
    std::vector<std::uint64_t> rows;
    std::uint64_t of = 0;
    std::string origin;  // for messages

    std::uint64_t count(std::uint64_t rows_of_source) const { return all ? rows_of_source : rows.size(); }
};

// The chosen rows of a reader. Throws if a row is beyond it, or if the selection was made from another number of rows.
RowReader selectRows(RowReader reader, const RowSelection& selection);
std::vector<std::string> selectItems(std::vector<std::string> items, const RowSelection& selection,
                                     const std::string& origin);
RowPlace selectPlaces(RowPlace place, const RowSelection& selection);

}  // namespace engine
