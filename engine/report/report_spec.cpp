// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/report_spec.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "engine/base/error.h"
#include "engine/base/resources.h"
#include "engine/base/text.h"
#include "engine/report/published.h"

namespace engine {
namespace {

using Problems = std::vector<std::string>;
constexpr const char* kHint = "install the program again";

std::string numberText(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}

RowSpec rowFromJson(const Json& json, Problems& problems) {
    RowSpec row;
    row.row = json.at("row").get<std::string>();
    row.id = json.value("id", row.row);
    const std::string where = "row " + row.id;
    collectUnknownKeys(json,
                       {"tables", "row", "group", "id", "space", "recipe", "setting", "change", "projectors", "after",
                        "needs", "note"},
                       where, problems);
    row.tables = json.at("tables").get<std::vector<int>>();
    row.group = json.value("group", "");
    row.subject.space = json.value("space", "");
    row.subject.recipe = json.value("recipe", "");
    row.subject.setting = json.value("setting", "");
    if (json.contains("change")) row.subject.change = settingFromJson(json["change"], where + ".change", problems);
    if (json.contains("projectors"))
        row.subject.projectors = json["projectors"].get<std::map<std::string, std::vector<std::string>>>();
    row.after = json.value("after", "");
    row.needs = json.value("needs", "");
    row.note = json.value("note", "");
    if (row.subject.space.empty() == row.subject.recipe.empty())
        problems.push_back(where + ": expected either a space or a recipe");
    return row;
}

SurfaceSpec surfaceFromJson(const Json& json) {
    SurfaceSpec s;
    s.figure = json.at("figure").get<int>();
    s.title = json.at("title").get<std::string>();
    s.recipe = json.at("recipe").get<std::string>();
    s.axes = json.at("axes").get<std::vector<std::string>>();
    s.baseline = json.at("baseline").get<std::string>();
    s.plane_group = json.at("plane").at("group").get<std::string>();
    s.plane_row = json.at("plane").at("row").get<std::string>();
    s.needs = json.value("needs", "");
    s.note = json.value("note", "");
    return s;
}

ClaimTest testFromJson(const Json& json, const std::string& where, Problems& problems) {
    ClaimTest test;
    if (json.contains("better")) {
        collectUnknownKeys(json, {"better", "than", "on", "mean_of", "by"}, where, problems);
        RowComparison c;
        c.left = json.at("better").get<std::string>();
        c.right = json.at("than").get<std::string>();
        c.mean = json.contains("mean_of");
        c.figures = json.at(c.mean ? "mean_of" : "on").get<std::vector<std::string>>();
        c.margin = json.value("by", 0.0);
        test.rows = std::move(c);
        return test;
    }
    collectUnknownKeys(json, {"surface", "group", "where", "points", "above", "below", "above_row", "or_overall"},
                       where, problems);
    SurfaceComparison c;
    c.figure = json.at("surface").get<int>();
    c.group = json.at("group").get<std::string>();
    for (const auto& [factor, range] : json.at("where").items())
        c.where[factor] = {range.at(0).get<double>(), range.at(1).get<double>()};
    const std::string points = json.at("points").get<std::string>();
    if (points != "every" && points != "some" && points != "most")
        problems.push_back(where + ": expected every, some or most points, found '" + points + "'");
    c.points = points == "every" ? Points::Every : points == "most" ? Points::Most : Points::Some;
    if (json.contains("above") + json.contains("below") + json.contains("above_row") != 1)
        problems.push_back(where + ": expected one of above, below, above_row");
    c.row = json.value("above_row", "");
    c.above = !json.contains("below");
    c.level = json.value(c.above ? "above" : "below", 0.0);
    c.or_overall = json.value("or_overall", false);
    if (c.or_overall && !c.above) problems.push_back(where + ": or_overall goes with above and above_row");
    test.surface = std::move(c);
    return test;
}

void checkSpec(const ReportSpec& spec, Problems& problems) {
    std::set<std::string> ids;
    for (const auto& row : spec.rows) {
        if (!ids.insert(row.id).second) problems.push_back("row " + row.id + ": the id comes twice");
    }
    const auto known = [&](const std::string& id, const std::string& where) {
        if (!ids.count(id)) problems.push_back(where + ": there is no row '" + id + "'");
    };
    const PublishedPaper& paper = publishedPaper();
    std::set<std::string> columns;
    for (const auto& table : paper.tables) {
        for (const auto& c : table.columns) columns.insert(c.name());
        for (const auto& row : table.rows) {
            const auto count = std::count_if(spec.rows.begin(), spec.rows.end(), [&](const RowSpec& r) {
                const bool in = std::find(r.tables.begin(), r.tables.end(), table.number) != r.tables.end();
                return in && r.row == row.row && (r.group.empty() || r.group == row.group);
            });
            if (count == 1) continue;
            problems.push_back("Table " + std::to_string(table.number) + ", " + row.row +
                               ": expected one row of the report, found " + std::to_string(count));
        }
    }
    for (const auto& row : spec.rows) {
        if (!row.after.empty()) known(row.after, "row " + row.id);
    }
    const auto group = [&](const std::string& name, const std::string& where) {
        if (std::none_of(spec.groups.begin(), spec.groups.end(), [&](const DeltaGroup& g) { return g.name == name; }))
            problems.push_back(where + ": there is no group '" + name + "'");
    };
    for (const auto& s : spec.surfaces) {
        const std::string where = "Figure " + std::to_string(s.figure);
        known(s.baseline, where);
        known(s.plane_row, where);
        group(s.plane_group, where);
        if (s.axes.size() != 2) problems.push_back(where + ": expected two axes");
    }
    for (const auto& claim : spec.claims) {
        const std::string where = "claim " + claim.id;
        if (claim.tests.empty()) problems.push_back(where + ": it has no test");
        for (const auto& test : claim.tests) {
            if (test.rows) {
                known(test.rows->left, where);
                known(test.rows->right, where);
                for (const auto& figure : test.rows->figures) {
                    if (!columns.count(figure)) problems.push_back(where + ": no table has a column '" + figure + "'");
                }
            } else {
                const auto& s = *test.surface;
                group(s.group, where);
                if (!s.row.empty()) known(s.row, where);
                const auto surface = std::find_if(spec.surfaces.begin(), spec.surfaces.end(),
                                                  [&](const SurfaceSpec& f) { return f.figure == s.figure; });
                if (surface == spec.surfaces.end()) {
                    problems.push_back(where + ": there is no Figure " + std::to_string(s.figure));
                    continue;
                }
                for (const auto& [factor, range] : s.where) {
                    if (std::find(surface->axes.begin(), surface->axes.end(), factor) == surface->axes.end())
                        problems.push_back(where + ": '" + factor + "' is no axis of Figure " +
                                           std::to_string(s.figure));
                }
                // Planes are of one row and one group.
                if (!s.row.empty() && (s.row != surface->plane_row || s.group != surface->plane_group))
                    problems.push_back(where + ": Figure " + std::to_string(s.figure) + " has no plane of " + s.row +
                                       " in Δ_" + s.group);
            }
        }
    }
}

}  // namespace

Json RowSubject::toJson() const {
    if (!space.empty()) return {{"space", space}};
    Json out{{"recipe", recipe}};
    if (!setting.empty()) out["setting"] = setting;
    if (const Json c = settingToJson(change); !c.empty()) out["change"] = c;
    if (!projectors.empty()) out["projectors"] = projectors;
    return out;
}

std::string testText(const ClaimTest& test) {
    if (test.rows) {
        const RowComparison& c = *test.rows;
        const std::string on = joined(c.figures);
        return c.left + " − " + c.right + " > " + numberText(c.margin) + (c.mean ? " in the mean of " : " on ") + on;
    }
    const SurfaceComparison& c = *test.surface;
    std::string text = "Figure " + std::to_string(c.figure) + ": Δ_" + c.group + (c.above ? " > " : " < ") +
                       (c.row.empty() ? numberText(c.level) : "that of " + c.row) +
                       (c.or_overall ? ", or the mean of all Δ > 0," : "") +
                       (c.points == Points::Every  ? " at every point with "
                        : c.points == Points::Some ? " at some point with "
                                                   : " at most points with ");
    bool first = true;
    for (const auto& [factor, range] : c.where) {
        text +=
            (first ? "" : ", ") + factor +
            (range.first == range.second ? " = " + numberText(range.first)
                                         : " in [" + numberText(range.first) + ", " + numberText(range.second) + "]");
        first = false;
    }
    return text;
}

const RowSpec& ReportSpec::row(const std::string& id) const {
    std::vector<std::string> known;
    for (const auto& r : rows) {
        if (r.id == id) return r;
        known.push_back(r.id);
    }
    const std::string near = nearestName(id, known);
    throw Error(ErrorCode::NotFound, "report", "there is no row '" + id + "'",
                near.empty() ? "" : "did you mean '" + near + "'?");
}

const RowSpec& ReportSpec::rowAt(int table, const std::string& group, const std::string& name) const {
    for (const auto& r : rows) {
        const bool in = std::find(r.tables.begin(), r.tables.end(), table) != r.tables.end();
        if (in && r.row == name && (r.group.empty() || r.group == group)) return r;
    }
    throw Error(ErrorCode::NotFound, "report", "Table " + std::to_string(table) + " has no row '" + name + "'");
}

ReportSpec readReportSpec(const Json& rows, const Json& surfaces, const Json& claims) {
    ReportSpec spec;
    Problems problems;
    try {
        for (const auto& r : rows.at("rows")) spec.rows.push_back(rowFromJson(r, problems));
        for (const auto& g : surfaces.at("groups")) {
            DeltaGroup group;
            group.name = g.at("name").get<std::string>();
            group.sets = g.at("sets").get<std::vector<std::string>>();
            spec.groups.push_back(std::move(group));
        }
        for (const auto& s : surfaces.at("surfaces")) spec.surfaces.push_back(surfaceFromJson(s));
        for (const auto& c : claims.at("claims")) {
            ClaimSpec claim;
            claim.id = c.at("id").get<std::string>();
            claim.place = c.at("place").get<std::string>();
            claim.sentence = c.at("sentence").get<std::string>();
            claim.reading = c.at("reading").get<std::string>();
            for (const auto& t : c.at("tests")) claim.tests.push_back(testFromJson(t, "claim " + claim.id, problems));
            spec.claims.push_back(std::move(claim));
        }
    } catch (const Json::exception& error) {
        throw Error(ErrorCode::InvalidInput, "report", std::string("its description is damaged: ") + error.what(),
                    kHint);
    }
    checkSpec(spec, problems);
    if (!problems.empty()) throw joinProblems(ErrorCode::InvalidInput, "report", problems, kHint);
    return spec;
}

const ReportSpec& reportSpec() {
    static const ReportSpec spec = [] {
        const auto folder = resourceFolder() / "report";
        return readReportSpec(readJsonFile(folder / "rows.json"), readJsonFile(folder / "surfaces.json"),
                              readJsonFile(folder / "claims.json"));
    }();
    return spec;
}

FigureName figureName(const std::string& name) {
    const auto space = name.rfind(' ');
    ENGINE_CHECK(space != std::string::npos, "'" + name + "' names no metric");
    const std::string metric = name.substr(space + 1);
    return {name.substr(0, space), metric == "Acc" ? "top-1" : metric};
}

}  // namespace engine
