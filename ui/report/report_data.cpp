// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/report/report_data.h"

#include <QObject>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <stdexcept>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace ui {
namespace {

using engine::Json;

QString text(const Json& json, const char* key) {
    return json.contains(key) ? QString::fromStdString(json.at(key).get<std::string>()) : QString();
}

double number(const Json& json) {
    return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

std::optional<double> maybe(const Json& json) {
    return json.is_null() ? std::nullopt : std::optional<double>(json.get<double>());
}

std::vector<double> numbers(const Json& list) {
    std::vector<double> out;
    for (const auto& v : list) out.push_back(number(v));
    return out;
}

QStringList texts(const Json& list) {
    QStringList out;
    for (const auto& t : list) out << QString::fromStdString(t.get<std::string>());
    return out;
}

ClaimVerdict verdict(const Json& json) {
    const auto name = json.get<std::string>();
    if (name == "holds") return ClaimVerdict::Holds;
    if (name == "fails") return ClaimVerdict::Fails;
    if (name == "undecided") return ClaimVerdict::Undecided;
    return ClaimVerdict::NotMeasured;
}

ReportData::Figure figure(const Json& json) {
    ReportData::Figure out;
    if (const Json& m = json.at("measured"); !m.is_null()) {
        out.measured = m.at("mean").get<double>();
        out.by_seed = numbers(m.at("by_seed"));
        if (m.contains("standard_deviation")) out.spread = m.at("standard_deviation").get<double>();
    }
    out.published = maybe(json.at("published"));
    out.in_paper = text(json, "in_paper");
    out.missing = text(json, "missing");
    out.pending = json.value("pending", false);
    return out;
}

ReportData::Table table(const Json& json) {
    ReportData::Table out;
    out.number = json.at("table").get<int>();
    out.caption = text(json, "caption");
    for (const auto& c : json.at("columns"))
        out.columns.push_back({text(c, "group"), text(c, "column"), text(c, "metric")});
    for (const auto& r : json.at("rows")) {
        ReportData::Row row{text(r, "group"), text(r, "row"), text(r, "measured_on"), text(r, "note"), {}};
        for (const auto& f : r.at("figures")) row.figures.push_back(figure(f));
        if (row.figures.size() != out.columns.size())
            throw std::length_error("row " + row.name.toStdString() + " has another number of figures than its table");
        out.rows.push_back(std::move(row));
    }
    return out;
}

ReportData::Claim claim(const Json& json) {
    ReportData::Claim out;
    out.id = text(json, "id");
    out.place = text(json, "place");
    out.sentence = text(json, "sentence");
    out.reading = text(json, "reading");
    out.verdict = verdict(json.at("verdict"));
    for (const auto& c : json.at("comparisons")) {
        ReportData::Comparison comparison;
        comparison.what = text(c, "what");
        comparison.verdict = verdict(c.at("verdict"));
        comparison.missing = text(c, "missing");
        if (comparison.missing.isEmpty()) {
            comparison.above = !text(c, "expected").startsWith(QLatin1Char('<'));
            comparison.margin = c.value("margin", 0.0);
            comparison.difference = number(c.at("difference"));
            comparison.low = number(c.at("low"));
            comparison.high = number(c.at("high"));
            if (c.contains("points")) {
                comparison.points = c.at("points").at("all").get<std::size_t>();
                comparison.points_held = c.at("points").at("on_that_side").get<std::size_t>();
            }
        }
        out.comparisons.push_back(std::move(comparison));
    }
    return out;
}

ReportData::Surface surface(const Json& json, bool synthetic) {
    ReportData::Surface out;
    out.number = json.at("figure").get<int>();
    out.title = text(json, "title");
    out.product = text(json, "product");
    out.against = text(json, "against");
    out.plane_of = text(json, "plane_of");
    out.note = text(json, "note");
    out.missing = text(json, "missing");
    out.pending = json.value("pending", false);
    if (!json.contains("groups") || json.at("groups").empty()) return out;
    auto shown = std::make_shared<engine::SweepSurface>();
    shown->subject = out.product.toStdString();
    shown->baseline = out.against.toStdString();
    shown->synthetic = synthetic;
    const auto values = numbers(json.at("values"));
    const std::size_t points = values.size() * values.size();
    const auto whole = [&](const std::vector<double>& list) {
        if (values.size() >= 2 && list.size() == points) return;
        throw std::length_error("Figure " + std::to_string(out.number) + " has another number of values than its grid");
    };
    for (const auto& axis : json.at("axes")) {
        if (shown->axes.size() < 2)
            shown->axes.push_back({axis.get<std::string>(), values.empty() ? 0 : values.front(),
                                   values.empty() ? 1 : values.back(), values.size()});
    }
    for (const auto& g : json.at("groups")) {
        engine::GroupSurface group;
        group.group.name = g.at("name").get<std::string>();
        group.group.sets = g.at("sets").get<std::vector<std::string>>();
        group.change = numbers(g.at("change"));
        group.baseline = g.at("baseline").get<double>();
        whole(group.change);
        out.spread.push_back(numbers(g.at("standard_deviation")));
        whole(out.spread.back());
        out.plane.push_back(maybe(g.at("plane")));
        shown->groups.push_back(std::move(group));
    }
    shown->done = shown->total = points;
    out.surface = std::move(shown);
    return out;
}

engine::Error damaged(const std::string& where, const std::string& what) {
    return {engine::ErrorCode::InvalidInput, where, "the report cannot be read: " + what,
            "make it again: what is measured is kept"};
}

template <class Count>
std::size_t figures(const ReportData& report, const Count& count) {
    std::size_t n = 0;
    for (const auto& table : report.tables) {
        for (const auto& row : table.rows) {
            for (const auto& f : row.figures) n += f.published && count(f);
        }
    }
    return n;
}

}  // namespace

QString verdictText(ClaimVerdict verdict) {
    switch (verdict) {
        case ClaimVerdict::Holds:
            return QObject::tr("holds");
        case ClaimVerdict::Fails:
            return QObject::tr("fails");
        case ClaimVerdict::Undecided:
            return QObject::tr("undecided");
        case ClaimVerdict::NotMeasured:
            break;
    }
    return QObject::tr("not measured");
}

QStringList ReportData::Table::reasons() const {
    std::vector<std::pair<QString, QStringList>> found;
    for (const auto& row : rows) {
        for (const auto& f : row.figures) {
            if (f.missing.isEmpty()) continue;
            auto it = std::find_if(found.begin(), found.end(), [&](const auto& r) { return r.first == f.missing; });
            if (it == found.end()) it = found.emplace(found.end(), f.missing, QStringList());
            if (!it->second.contains(row.name)) it->second << row.name;
        }
    }
    QStringList out;
    for (const auto& [why, names] : found) out << names.join(QStringLiteral(", ")) + QStringLiteral(": ") + why;
    return out;
}

std::size_t ReportData::published() const {
    return figures(*this, [](const Figure&) { return true; });
}

std::size_t ReportData::measured() const {
    return figures(*this, [](const Figure& f) { return f.measured.has_value(); });
}

std::size_t ReportData::pending() const {
    return figures(*this, [](const Figure& f) { return f.pending; });
}

std::size_t ReportData::count(ClaimVerdict verdict) const {
    return static_cast<std::size_t>(
        std::count_if(claims.begin(), claims.end(), [&](const Claim& c) { return c.verdict == verdict; }));
}

ReportPtr reportFromJson(const Json& json, const std::string& where) {
    try {
        if (!json.is_object() || json.value("format", std::string()) != "molspace report")
            throw engine::Error(engine::ErrorCode::InvalidInput, where, "expected a report of molspace",
                                "choose the folder that `molspace report` or this page has written");
        auto out = std::make_shared<ReportData>();
        out->workspace = text(json, "workspace");
        out->created = text(json, "created");
        out->version = text(json, "version");
        out->machine = text(json, "machine");
        out->device = text(json, "device");
        out->synthetic = json.at("synthetic").get<bool>();
        if (const Json& origin = json.at("origin"); origin.is_object() && origin.contains("synthetic_world"))
            out->preset = text(origin.at("synthetic_world"), "preset");
        for (const auto& seed : json.at("seeds")) out->seeds << QString::number(seed.get<std::uint64_t>());
        out->seeds_done = json.at("seeds_done").get<std::size_t>();
        out->level = json.at("options").value("level", 0.95);
        out->training_seconds = json.value("training_seconds", 0.0);
        for (const auto& t : json.at("tables")) out->tables.push_back(table(t));
        for (const auto& s : json.at("surfaces")) out->surfaces.push_back(surface(s, out->synthetic));
        for (const auto& c : json.at("claims")) out->claims.push_back(claim(c));
        for (const auto& s : json.at("sets")) {
            out->sets.push_back({text(s, "set"), text(s, "here"), text(s, "protocol"), s.at("items").get<std::size_t>(),
                                 s.at("published_items").get<std::size_t>(), s.at("queries").get<std::size_t>()});
        }
        out->warnings = texts(json.at("warnings"));
        out->products = texts(json.at("products"));
        return out;
    } catch (const Json::exception& error) {
        throw damaged(where, error.what());
    } catch (const std::length_error& error) {
        throw damaged(where, error.what());
    }
}

ReportPtr readReport(const std::string& folder) {
    const auto file = std::filesystem::path(folder) / "report.json";
    if (!std::filesystem::exists(file)) {
        throw engine::Error(engine::ErrorCode::NotFound, folder, "expected a folder with report.json, found none",
                            "choose the folder that `molspace report` or this page has written");
    }
    auto out = std::make_shared<ReportData>(*reportFromJson(engine::readJsonFile(file), file.string()));
    out->folder = QString::fromStdString(folder);
    return out;
}

}  // namespace ui
