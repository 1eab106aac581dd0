// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/csv.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"

namespace engine {

namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{4} << 30;

}  // namespace

CsvTable::CsvTable(const std::filesystem::path& path) : name_(path.string()) {
    const std::string text = readFile(path, kMaxBytes);
    parse(text, path.extension() == ".tsv" ? '\t' : ',');
}

CsvTable::CsvTable(std::string_view text, const std::string& name, char separator) : name_(name) {
    parse(text, separator);
}

void CsvTable::parse(std::string_view text, char separator) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    std::size_t line = 1;
    const auto refuse = [&](const std::string& message, const std::string& hint = {}) {
        throw Error(ErrorCode::InvalidInput, name_ + " line " + std::to_string(line), message, hint);
    };
    if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
        line +=
            static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n'));
        refuse("found a zero byte: this is not a text table", "save it as UTF-8 text");
    }
    cells_.reserve(text.size());
    std::size_t fields = 0, wanted = 0, at = 0;
    const auto endRow = [&]() {
        if (wanted == 0) {
            wanted = fields;
            for (std::size_t i = 0; i < wanted; ++i) {
                const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
                columns_.push_back(cells_.substr(begin, ends_[i] - begin));
                if (std::count(columns_.begin(), columns_.end(), columns_.back()) > 1) {
                    refuse("the header has two columns named '" + columns_.back() + "'", "give each its own name");
                }
            }
        } else if (fields != wanted) {
            refuse("expected " + std::to_string(wanted) + " fields as in the header, found " + std::to_string(fields),
                   "fields that hold a separator need quotes");
        }
        fields = 0;
    };
    while (at < text.size()) {
        const std::size_t row_line = line;
        if (text[at] == '"') {
            ++at;
            while (true) {
                const auto quote = text.find('"', at);
                if (quote == std::string_view::npos) {
                    line = row_line;
                    refuse("a quoted field is never closed", "the file is truncated, or a quote is missing");
                }
                const auto part = text.substr(at, quote - at);
                line += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
                cells_ += part;
                at = quote + 1;
                if (at >= text.size() || text[at] != '"') break;
                cells_ += '"';
                ++at;
            }
            if (at < text.size() && text[at] != separator && text[at] != '\n' && text[at] != '\r') {
                refuse("text follows the closing quote of a field", "double the quotes within a quoted field");
            }
        } else {
            auto end = at;
            while (end < text.size() && text[end] != separator && text[end] != '\n' && text[end] != '\r') {
                if (text[end] == '"') {
                    refuse("a quote stands within an unquoted field", "quote the field and double the quotes in it");
                }
                ++end;
            }
            cells_ += text.substr(at, end - at);
            at = end;
        }
        ends_.push_back(cells_.size());
        ++fields;
        if (at < text.size() && text[at] == separator) {
            ++at;
            if (at == text.size()) {  // an empty last field of a last line without a line break
                ends_.push_back(cells_.size());
                ++fields;
            } else {
                continue;
            }
        }
        if (at < text.size() && text[at] == '\r') {
            ++at;
            if (at < text.size() && text[at] != '\n') refuse("a carriage return stands alone", "save with LF or CRLF");
        }
        endRow();
        if (at < text.size()) ++at;
        ++line;
    }
    if (wanted == 0) refuse("the table is empty", "the first line names the columns");
}

std::size_t CsvTable::columnIndex(const std::string& column) const {
    const auto found = std::find(columns_.begin(), columns_.end(), column);
    if (found != columns_.end()) return static_cast<std::size_t>(found - columns_.begin());
    std::string all;
    for (const auto& c : columns_) all += (all.empty() ? "'" : ", '") + c + "'";
    const std::string near = nearestName(column, columns_);
    throw Error(ErrorCode::NotFound, name_, "there is no column '" + column + "'; there are " + all,
                near.empty() ? "" : "did you mean '" + near + "'?");
}

std::string_view CsvTable::at(std::size_t row, std::size_t column) const {
    const std::size_t cell = (row + 1) * columns_.size() + column;
    ENGINE_CHECK(column < columns_.size() && cell < ends_.size(), name_);
    return std::string_view(cells_).substr(ends_[cell - 1], ends_[cell] - ends_[cell - 1]);
}

std::vector<std::string> CsvTable::column(const std::string& name) const {
    const std::size_t index = columnIndex(name);
    std::vector<std::string> out;
    out.reserve(rows());
    for (std::size_t i = 0; i < rows(); ++i) out.emplace_back(at(i, index));
    return out;
}

}  // namespace engine
