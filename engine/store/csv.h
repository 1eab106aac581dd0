// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tables as comma-separated values (RFC 4180): a header line with different names, the same number of fields in every
// row, quotes around fields that hold separators, quotes or line breaks. Tabs separate in a .tsv. UTF-8, with or
// without a byte order mark; LF or CRLF. Errors name file and line. The whole text is held in memory; reading is
// thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

class CsvTable {
public:
    explicit CsvTable(const std::filesystem::path& path);
    CsvTable(std::string_view text, const std::string& name, char separator = ',');

    const std::vector<std::string>& columns() const { return columns_; }
    std::size_t rows() const { return columns_.empty() ? 0 : (ends_.size() - columns_.size()) / columns_.size(); }
    // Throws NotFound with the nearest column's name.
    std::size_t columnIndex(const std::string& column) const;
    std::string_view at(std::size_t row, std::size_t column) const;
    std::vector<std::string> column(const std::string& name) const;

private:
    void parse(std::string_view text, char separator);

    std::string name_;
    std::vector<std::string> columns_;
    std::string cells_;                // unquoted text of every field, the header's first
    std::vector<std::uint64_t> ends_;  // end of each field in cells_
};

}  // namespace engine
