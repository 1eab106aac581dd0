// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The paper's own figures: Tables 3 to 9, as printed, each with its place (resources/published/figures.json). They are
// of types of their own, which nothing turns into measured ones; a table of a report holds both side by side. Immutable
// once read, thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace engine {

struct PublishedColumn {
    std::string group, column, metric;  // "Audio-Text", "AudioCaps", "R@1"
    // "AudioCaps R@1": how rows and claims name a figure.
    std::string name() const { return column + " " + metric; }
    bool operator==(const PublishedColumn&) const = default;
};

struct PublishedFigure {
    int table = 0;
    std::string row_group, row;  // row_group is empty where the table has none
    PublishedColumn place;
    std::optional<double> value;  // percent; nothing where the paper has a dash
    std::string text;             // as printed: "29.16", "-"
    std::string mark;             // "bold" (best), "underline" (second), or empty
};

struct PublishedRow {
    std::string group, row;
    std::vector<const PublishedFigure*> figures;  // one for each column
};

struct PublishedTable {
    int number = 0;
    std::string caption;
    std::vector<PublishedColumn> columns;
    std::vector<PublishedRow> rows;
};

struct PublishedPaper {
    PublishedPaper() = default;
    PublishedPaper(PublishedPaper&&) = default;  // tables point into figures
    PublishedPaper& operator=(PublishedPaper&&) = default;

    std::string source;
    std::map<std::string, std::string> footnotes;
    std::map<std::string, std::size_t> items;  // of each evaluation set, as the paper says
    std::vector<PublishedFigure> figures;      // all, in the order of the tables
    std::vector<PublishedTable> tables;        // the same, arranged

    const PublishedTable& table(int number) const;  // throws Error{NotFound}
};

// Read at the first call. Throws Error{InvalidInput} naming the figure where the file is damaged: a place that comes
// twice, a row that lacks a column, a text that is not the value's.
const PublishedPaper& publishedPaper();
PublishedPaper readPublished(const std::string& json_text, const std::string& name);

}  // namespace engine
