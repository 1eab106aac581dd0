// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/sweep_output.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/store/hdf5_file.h"

namespace engine {

namespace {

// The shortest text that reads back as the same number; empty for a point that is not computed.
std::string number(double value) {
    if (std::isnan(value)) return {};
    char text[32];
    const auto [end, error] = std::to_chars(text, text + sizeof text, value);
    return error == std::errc() ? std::string(text, end) : std::string();
}

std::string quoted(const std::string& field) {
    if (field.find_first_of(",\"\n\r") == std::string::npos) return field;
    std::string out = "\"";
    for (const char c : field) out += c == '"' ? "\"\"" : std::string(1, c);
    return out + "\"";
}

std::string comment(const std::string& text) {
    std::string out = "# ";
    for (const char c : text) out += c == '\n' || c == '\r' ? ' ' : c;
    return out + "\n";
}

// Lists within lists, one deeper for each axis from `axis` on.
Json rows(const double*& next, const SweepSurface& surface, std::size_t axis) {
    if (axis == surface.axes.size()) {
        const double value = *next++;
        return std::isnan(value) ? Json() : Json(value);
    }
    Json out = Json::array();
    for (std::size_t i = 0; i < surface.axes[axis].steps; ++i) out.push_back(rows(next, surface, axis + 1));
    return out;
}

Json rows(const std::vector<double>& values, const SweepSurface& surface) {
    const double* next = values.data();
    return rows(next, surface, 0);
}

Json surenessJson(const BestSureness& sure, std::size_t points) {
    if (!sure.not_told.empty()) return {{"not_told", sure.not_told}};
    return {{"points", points},
            {"tied_with_best", sure.tied},
            {"chosen_on_one_half", sure.tuned},
            {"on_the_other_half", sure.held_out}};
}

std::string surenessText(const GroupSurface& group, std::size_t points) {
    const BestSureness& sure = *group.sureness;
    if (!sure.not_told.empty()) return "    how sure: not told, because " + sure.not_told + "\n";
    return "    " + std::to_string(sure.tied) + " of " + std::to_string(points) + " points tie with it; chosen on " +
           "half of the items, " + group.group.metric + " is " + fixed(sure.tuned) + " there and " +
           fixed(sure.held_out) + " on the other half\n";
}

// Names of sets and metrics come from people and hold "/" only if somebody means it as text.
std::string h5Name(const std::string& name) {
    std::string out = name;
    for (char& c : out) c = c == '/' ? '_' : c;
    return out.empty() || out == "." ? "_" : out;
}

void writeHdf5(const std::filesystem::path& path, const SweepSurface& surface) {
    Hdf5File file = Hdf5File::create(path);
    file.setAttribute("/", "format", "molspace sweep 1.0");
    file.setAttribute("/", "subject", surface.subject);
    file.setAttribute("/", "baseline", surface.baseline);
    file.setAttribute("/", "synthetic", surface.synthetic ? 1.0 : 0.0);
    file.setAttribute("/", "fixed", settingToJson(surface.fixed).dump());
    file.setAttribute("/", "points", static_cast<double>(surface.total));
    file.setAttribute("/", "computed", static_cast<double>(surface.done));
    std::vector<std::uint64_t> shape;
    for (const auto& axis : surface.axes) shape.push_back(axis.steps);
    file.makeGroup("axes");
    for (std::size_t a = 0; a < surface.axes.size(); ++a) {
        std::vector<double> values;
        for (std::size_t i = 0; i < surface.axes[a].steps; ++i) values.push_back(surface.axes[a].value(i));
        const std::string name = "axes/" + std::to_string(a);
        file.writeDoubles(name, values, {values.size()});
        file.setAttribute(name, "factor", surface.axes[a].factor);
    }
    file.makeGroup("groups");
    for (const auto& group : surface.groups) {
        const std::string name = "groups/" + h5Name(group.group.name);
        file.writeDoubles(name, group.change, shape);
        file.setAttribute(name, "metric", group.group.metric);
        file.setAttribute(name, "sets", Json(group.group.sets).dump());
        file.setAttribute(name, "weights", Json(group.group.weights).dump());
        file.setAttribute(name, "baseline", group.baseline);
    }
    file.makeGroup("sets");
    for (const auto& set : surface.sets) {
        const std::string name = "sets/" + h5Name(set.protocol.set);
        file.makeGroup(name);
        file.setAttribute(name, "protocol", toJson(set.protocol).dump());
        for (const auto& [metric, values] : set.values) {
            const std::string dataset = name + "/" + h5Name(metric);
            file.writeDoubles(dataset, values, shape);
            if (const auto found = set.baseline.find(metric); found != set.baseline.end()) {
                file.setAttribute(dataset, "baseline", found->second);
            }
        }
    }
    file.close();
}

}  // namespace

std::string toCsv(const SweepSurface& surface) {
    std::string out = comment("sweep of " + surface.subject + " against " + surface.baseline +
                              (surface.synthetic ? " (synthetic world)" : ""));
    if (!surface.complete()) {
        out += comment(std::to_string(surface.done) + " of " + std::to_string(surface.total) + " points computed");
    }
    if (surface.fixed != Setting()) {
        out += comment("fixed: " + settingToJson(surface.fixed).dump());
    }
    for (const auto& set : surface.sets) out += comment(protocolText(set.protocol));

    std::string header;
    for (const auto& axis : surface.axes) header += quoted(axis.factor) + ",";
    for (const auto& group : surface.groups) header += quoted("Δ" + group.group.name + " " + group.group.metric) + ",";
    for (const auto& set : surface.sets) {
        for (const auto& [metric, values] : set.values) header += quoted(set.protocol.set + " " + metric) + ",";
    }
    header.back() = '\n';
    out += header;
    for (std::size_t i = 0; i < surface.total; ++i) {
        std::string line;
        for (const double factor : surface.at(i)) line += number(factor) + ",";
        for (const auto& group : surface.groups) line += number(group.change[i]) + ",";
        for (const auto& set : surface.sets) {
            for (const auto& [metric, values] : set.values) line += number(values[i]) + ",";
        }
        line.back() = '\n';
        out += line;
    }
    return out;
}

Json toJson(const SweepSurface& surface) {
    Json json{{"subject", surface.subject}, {"baseline", surface.baseline}, {"synthetic", surface.synthetic},
              {"points", surface.total},    {"computed", surface.done},     {"fixed", settingToJson(surface.fixed)},
              {"axes", Json::array()},      {"groups", Json::array()},      {"sets", Json::array()}};
    for (const auto& axis : surface.axes) {
        Json values = Json::array();
        for (std::size_t i = 0; i < axis.steps; ++i) values.push_back(axis.value(i));
        json["axes"].push_back({{"factor", axis.factor}, {"values", std::move(values)}});
    }
    for (const auto& group : surface.groups) {
        json["groups"].push_back({{"name", group.group.name},
                                  {"sets", group.group.sets},
                                  {"metric", group.group.metric},
                                  {"weights", group.group.weights},
                                  {"baseline", group.baseline},
                                  {"change", rows(group.change, surface)}});
        if (group.best_interval)
            json["groups"].back()["best_interval"] = {group.best_interval->low, group.best_interval->high};
        if (group.sureness) json["groups"].back()["best_how_sure"] = surenessJson(*group.sureness, surface.total);
    }
    for (const auto& set : surface.sets) {
        Json metrics = Json::object(), baseline = Json::object();
        for (const auto& [metric, values] : set.values) metrics[metric] = rows(values, surface);
        for (const auto& [metric, value] : set.baseline) baseline[metric] = value;
        json["sets"].push_back({{"set", set.protocol.set},
                                {"protocol", toJson(set.protocol)},
                                {"baseline", std::move(baseline)},
                                {"metrics", std::move(metrics)}});
    }
    return json;
}

std::string toText(const SweepSurface& surface) {
    std::string out = "sweep of " + surface.subject + " against " + surface.baseline +
                      (surface.synthetic ? "  [synthetic world]" : "") + ", " + std::to_string(surface.done) + " of " +
                      std::to_string(surface.total) + " points\n";
    if (surface.done == 0) return out;
    for (const auto& group : surface.groups) {
        const std::size_t best = bestPoint(group);
        char change[64];
        std::snprintf(change, sizeof change, "%+.2f (baseline %.2f)", group.change[best], group.baseline);
        out += "  best Δ" + group.group.name + " of " + group.group.metric + "  " + change;
        if (group.best_interval) {
            std::snprintf(change, sizeof change, "  [%+.2f, %+.2f]", group.best_interval->low,
                          group.best_interval->high);
            out += change;
        }
        out += "  at";
        const auto factors = surface.at(best);
        for (std::size_t a = 0; a < factors.size(); ++a) {
            out += (a == 0 ? " " : ", ") + surface.axes[a].factor + "=" + number(factors[a]);
        }
        out += "\n";
        if (group.sureness) out += surenessText(group, surface.total);
    }
    for (const auto& set : surface.sets) {
        if (!set.protocol.sample.empty())
            out += "  " + set.protocol.set + ": estimated from a " + set.protocol.sample + "; [95 % interval]\n";
    }
    return out;
}

void requireSweepFile(const std::filesystem::path& path) {
    const std::string ending = path.extension().string();
    if (contains<std::string>({".csv", ".json", ".h5", ".hdf5"}, ending)) return;
    throw Error(ErrorCode::InvalidInput, path.string(),
                "expected a file that ends in .csv, .json, .h5 or .hdf5, found '" + ending + "'",
                "choose one of these endings");
}

void writeSweep(const std::filesystem::path& path, const SweepSurface& surface) {
    requireSweepFile(path);
    const std::string ending = path.extension().string();
    if (ending == ".csv") return writeFileWhole(path, toCsv(surface));
    if (ending == ".json") return writeFileWhole(path, toJson(surface).dump(1) + "\n");
    Staging staging(path);
    writeHdf5(staging.path(), surface);
    staging.commit();
}

}  // namespace engine
