// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a report measures: for every row of the paper's tables the space, or the product and its setting, that it is;
// for every figure its surface; for every claim of the text the comparisons that decide it (resources/report/*.json).
// Values only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/recipe/recipe.h"

namespace engine {

// What a row is measured on: a space as it is, or a product at a setting with some of its projectors.
struct RowSubject {
    std::string space;                                           // or
    std::string recipe;                                          // name of a recipe that ships
    std::string setting;                                         // one of the recipe's; empty: its factors
    Setting change;                                              // over that
    std::map<std::string, std::vector<std::string>> projectors;  // active ones at inference, by expert space

    Json toJson() const;
};

struct RowSpec {
    std::string id;           // unique; the row's name unless said otherwise
    std::vector<int> tables;  // empty: in no table, measured for claims
    std::string group, row;   // as published; the group only where the name alone is not unique in its table
    RowSubject subject;
    std::string after;  // not published: stands in its tables after the row of this id
    std::string needs;  // what the program must have for the recipe to be there
    std::string note;
};

// A surface of Figures 3 to 6: Δ of each group over two factors against a baseline row.
struct SurfaceSpec {
    int figure = 0;
    std::string title, recipe;
    std::vector<std::string> axes;  // two factors
    std::string baseline;           // id of a row
    std::string plane_group, plane_row;
    std::string needs, note;
};

// `left` is better than `right` by more than `margin` points: on each of `figures`, or in their mean.
struct RowComparison {
    std::string left, right;           // ids of rows
    std::vector<std::string> figures;  // "COCO R@1"
    bool mean = false;
    double margin = 0;
};

// Points of a surface, within [low, high] of each named factor, lie above (or below) a level: points of the change, or
// the figure of a row.
enum class Points { Every, Some, Most };
struct SurfaceComparison {
    int figure = 0;
    std::string group;
    std::map<std::string, std::pair<double, double>> where;
    Points points = Points::Every;
    bool above = true;
    double level = 0;
    std::string row;          // instead of a level
    bool or_overall = false;  // or the mean of the changes of all groups is above 0
};

struct ClaimTest {
    std::optional<RowComparison> rows;
    std::optional<SurfaceComparison> surface;
};

// As a reader sees it: "InternVL_IB − ImageBind > 0 on COCO R@1, Flickr30K R@1".
std::string testText(const ClaimTest& test);

struct ClaimSpec {
    std::string id, place, sentence, reading;  // where the paper says it; its words; how they are read here
    std::vector<ClaimTest> tests;              // all must hold
};

struct ReportSpec {
    std::vector<RowSpec> rows;
    std::vector<DeltaGroup> groups;
    std::vector<SurfaceSpec> surfaces;
    std::vector<ClaimSpec> claims;

    const RowSpec& row(const std::string& id) const;  // throws Error{NotFound} with the nearest id
    // The row that stands at a published place; throws Error{NotFound}.
    const RowSpec& rowAt(int table, const std::string& group, const std::string& row) const;
};

// Checks that every published row has its own, and that whatever is named is there; throws with every problem.
ReportSpec readReportSpec(const Json& rows, const Json& surfaces, const Json& claims);
// The one that ships.
const ReportSpec& reportSpec();

// A figure's name in its parts: "COCO R@1" -> set, metric. "Acc" is the metric "top-1".
struct FigureName {
    std::string set, metric;
};
FigureName figureName(const std::string& name);

}  // namespace engine
