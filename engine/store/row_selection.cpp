// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/row_selection.h"

#include <memory>

#include "engine/base/error.h"

namespace engine {
namespace {

// Throws where a selection was made from another number of `what` than there are, or names one beyond them.
void checkSelection(const RowSelection& selection, std::uint64_t count, const std::string& what,
                    const std::string& where) {
    if (selection.of != 0 && selection.of != count) {
        throw Error(ErrorCode::InvalidInput, where,
                    "it has " + std::to_string(count) + " " + what + ", but " + selection.origin + " describes " +
                        std::to_string(selection.of),
                    "they must describe the same items in the same order");
    }
    for (const auto row : selection.rows) {
        if (row >= count) {
            throw Error(ErrorCode::InvalidInput, where,
                        "row " + std::to_string(row) + " asked for by " + selection.origin + " is beyond its " +
                            std::to_string(count) + " " + what);
        }
    }
}

}  // namespace

RowReader selectRows(RowReader reader, const RowSelection& selection) {
    if (selection.all) return reader;
    checkSelection(selection, reader.rows, "rows", reader.origin);
    RowReader out = reader;
    out.rows = selection.rows.size();
    auto rows = std::make_shared<const std::vector<std::uint64_t>>(selection.rows);
    out.read = [rows, read = reader.read, width = reader.width](std::size_t first, std::size_t count, float* into) {
        for (std::size_t i = 0; i < count;) {
            std::size_t run = 1;  // consecutive rows are read at once
            while (i + run < count && (*rows)[first + i + run] == (*rows)[first + i] + run) ++run;
            read((*rows)[first + i], run, into + i * width);
            i += run;
        }
    };
    out.place = [rows, whole = std::move(reader)](std::size_t row) { return whole.placeOf((*rows)[row]); };
    return out;
}

RowPlace selectPlaces(RowPlace place, const RowSelection& selection) {
    if (selection.all) return place;
    return [place = std::move(place), rows = selection.rows](std::size_t row) { return place(rows[row]); };
}

std::vector<std::string> selectItems(std::vector<std::string> items, const RowSelection& selection,
                                     const std::string& origin) {
    if (selection.all) return items;
    checkSelection(selection, items.size(), "entries", origin);
    std::vector<std::string> out;
    out.reserve(selection.rows.size());
    for (const auto row : selection.rows) out.push_back(items[row]);
    return out;
}

}  // namespace engine
