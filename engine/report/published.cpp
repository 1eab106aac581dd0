// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/published.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/resources.h"

namespace engine {
namespace {

constexpr const char* kFormat = "molspace published figures";

std::string placeOf(const PublishedFigure& f) {
    return "Table " + std::to_string(f.table) + ", " + (f.row_group.empty() ? "" : f.row_group + ", ") + f.row + ", " +
           f.place.name();
}

void checkText(const PublishedFigure& f, const std::string& name) {
    if (f.value) {
        char text[32];
        std::snprintf(text, sizeof text, "%.2f", *f.value);
        if (f.text == text) return;
    } else if (f.text == "-") {
        return;
    }
    throw Error(ErrorCode::InvalidInput, name + ": " + placeOf(f),
                "the printed text '" + f.text + "' is not that of the value", "install the program again");
}

void arrange(PublishedPaper& paper, const std::string& name) {
    for (const auto& f : paper.figures) {
        if (paper.tables.empty() || paper.tables.back().number != f.table) {
            PublishedTable table;
            table.number = f.table;
            paper.tables.push_back(std::move(table));
        }
        auto& columns = paper.tables.back().columns;
        if (std::find(columns.begin(), columns.end(), f.place) == columns.end()) columns.push_back(f.place);
    }
    std::set<int> numbers;
    for (const auto& table : paper.tables) {
        if (numbers.insert(table.number).second) continue;
        throw Error(ErrorCode::InvalidInput, name + ": Table " + std::to_string(table.number),
                    "its figures are not together", "install the program again");
    }
    for (auto& table : paper.tables) {
        for (const auto& f : paper.figures) {
            if (f.table != table.number) continue;
            auto row = std::find_if(table.rows.begin(), table.rows.end(),
                                    [&](const PublishedRow& r) { return r.group == f.row_group && r.row == f.row; });
            if (row == table.rows.end()) {
                table.rows.push_back(
                    {f.row_group, f.row, std::vector<const PublishedFigure*>(table.columns.size(), nullptr)});
                row = table.rows.end() - 1;
            }
            const auto column = std::find(table.columns.begin(), table.columns.end(), f.place);
            auto& cell = row->figures[static_cast<std::size_t>(column - table.columns.begin())];
            if (cell) {
                throw Error(ErrorCode::InvalidInput, name + ": " + placeOf(f), "the place comes twice",
                            "install the program again");
            }
            cell = &f;
        }
        for (const auto& row : table.rows) {
            for (std::size_t c = 0; c < row.figures.size(); ++c) {
                if (row.figures[c]) continue;
                throw Error(ErrorCode::InvalidInput, name + ": Table " + std::to_string(table.number) + ", " + row.row,
                            "the figure of " + table.columns[c].name() + " is missing", "install the program again");
            }
        }
    }
}

}  // namespace

const PublishedTable& PublishedPaper::table(int number) const {
    for (const auto& table : tables) {
        if (table.number == number) return table;
    }
    throw Error(ErrorCode::NotFound, "published figures", "there is no Table " + std::to_string(number),
                "the paper's tables with figures are 3 to 9");
}

PublishedPaper readPublished(const std::string& json_text, const std::string& name) {
    PublishedPaper paper;
    try {
        const Json json = parseJson(json_text, name);
        if (json.at("format") != kFormat)
            throw Error(ErrorCode::InvalidInput, name, "expected format '" + std::string(kFormat) + "'");
        paper.source = json.at("source").get<std::string>();
        for (const auto& [key, text] : json.at("footnotes").items()) paper.footnotes[key] = text.get<std::string>();
        for (const auto& [set, n] : json.at("items").items()) paper.items[set] = n.get<std::size_t>();
        for (const auto& f : json.at("figures")) {
            PublishedFigure figure;
            figure.table = f.at("table").get<int>();
            figure.row_group = f.at("row_group").get<std::string>();
            figure.row = f.at("row").get<std::string>();
            figure.place = {f.at("column_group").get<std::string>(), f.at("column").get<std::string>(),
                            f.at("metric").get<std::string>()};
            if (!f.at("value").is_null()) figure.value = f.at("value").get<double>();
            figure.text = f.at("text").get<std::string>();
            figure.mark = f.value("mark", "");
            checkText(figure, name);
            paper.figures.push_back(std::move(figure));
        }
        arrange(paper, name);
        for (auto& table : paper.tables)
            table.caption = json.at("captions").at(std::to_string(table.number)).get<std::string>();
    } catch (const Json::exception& error) {
        throw Error(ErrorCode::InvalidInput, name, std::string("the file is damaged: ") + error.what(),
                    "install the program again");
    }
    return paper;
}

const PublishedPaper& publishedPaper() {
    static const PublishedPaper paper = [] {
        const auto path = resourceFolder() / "published" / "figures.json";
        return readPublished(readFile(path), path.string());
    }();
    return paper;
}

}  // namespace engine
