// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/measured.h"

#include <array>
#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/store/safetensors.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
constexpr const char* kFormat = "molspace measured 1";

Json numbers(const std::vector<double>& values) {
    Json out = Json::array();
    for (const double v : values) out.push_back(std::isnan(v) ? Json() : Json(v));
    return out;
}

std::vector<double> numbersOf(const Json& json) {
    std::vector<double> out;
    for (const auto& v : json) out.push_back(v.is_null() ? std::numeric_limits<double>::quiet_NaN() : v.get<double>());
    return out;
}

using PlaceHits = std::vector<std::array<float, kHitPlaces.size()>>;

std::vector<float> firstPlace(const PlaceHits& hits) {
    std::vector<float> out(hits.size());
    for (std::size_t i = 0; i < hits.size(); ++i) out[i] = hits[i][0];
    return out;
}

PlaceHits placesOf(const TensorView& tensor) {
    const auto values = tensor.f32();
    PlaceHits out(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) out[i] = {values[i]};
    return out;
}

// Reads through `read`; what is damaged (or of another version) is measured anew.
template <class T, class Read>
std::optional<T> readOrForget(const fs::path& path, const JobContext& job, const Read& read) {
    if (!fs::exists(path)) return std::nullopt;
    try {
        const Json json = readJsonFile(path);
        if (json.at("format") != kFormat) return std::nullopt;
        return read(json);
    } catch (const Json::exception& error) {
        job.log(path.string() + " is damaged and measured anew: " + error.what());
    } catch (const Error& error) {
        job.log(path.string() + " cannot be read and is measured anew: " + error.message());
    }
    return std::nullopt;
}

}  // namespace

std::optional<MeasuredRow> MeasuredStore::row(const std::string& key, const JobContext& job) const {
    return readOrForget<MeasuredRow>(folder_ / (key + ".json"), job, [&](const Json& json) {
        MeasuredRow row;
        for (const auto& [name, s] : json.at("sets").items()) {
            MeasuredRow::Set set;
            for (const auto& [metric, value] : s.at("figures").items()) set.figures[metric] = value.get<double>();
            set.first_items = s.at("items").at(0).get<std::size_t>();
            set.second_items = s.at("items").at(1).get<std::size_t>();
            set.queries = s.at("queries").get<std::size_t>();
            set.protocol = s.at("protocol").get<std::string>();
            row.sets[name] = std::move(set);
        }
        const SafetensorsFile hits(folder_ / (key + ".safetensors"));
        const auto& tensors = hits.tensors();
        for (const auto& [name, set] : row.sets) {
            if (const auto found = tensors.find(name + "/influence"); found != tensors.end()) {
                const auto values = found->second.f32();
                row.influence[name].assign(values.begin(), values.end());
            }
            const auto forward = tensors.find(name + "/forward"), backward = tensors.find(name + "/backward");
            if (forward == tensors.end()) continue;
            row.hits[name].forward = placesOf(forward->second);
            if (backward != tensors.end()) row.hits[name].backward = placesOf(backward->second);
        }
        std::erase_if(row.sets, [&](const auto& set) {
            return set.second.figures.count("mAP") && !row.influence.count(set.first);
        });
        return row;
    });
}

void MeasuredStore::put(const std::string& key, const Json& about, const MeasuredRow& row) const {
    fs::create_directories(folder_);
    SafetensorsWriter writer;
    std::vector<std::vector<float>> kept;
    for (const auto& [name, hits] : row.hits) {
        for (const auto& [side, values] :
             {std::pair{"/forward", &hits.forward}, std::pair{"/backward", &hits.backward}}) {
            if (values->empty()) continue;  // a classification asks one way
            kept.push_back(firstPlace(*values));
            writer.add(name + side, TensorType::F32, {kept.back().size()}, kept.back().data());
        }
    }
    for (const auto& [name, values] : row.influence)
        writer.add(name + "/influence", TensorType::F32, {values.size()}, values.data());
    writer.write(folder_ / (key + ".safetensors"));
    Json json{{"format", kFormat}, {"of", about}, {"sets", Json::object()}};
    for (const auto& [name, set] : row.sets) {
        Json figures = Json::object();
        for (const auto& [metric, value] : set.figures) figures[metric] = value;
        json["sets"][name] = {{"figures", figures},
                              {"items", {set.first_items, set.second_items}},
                              {"queries", set.queries},
                              {"protocol", set.protocol}};
    }
    writeJsonFile(folder_ / (key + ".json"), json);
}

std::optional<MeasuredSurface> MeasuredStore::surface(const std::string& key, const JobContext& job) const {
    return readOrForget<MeasuredSurface>(folder_ / (key + ".json"), job, [&](const Json& json) {
        MeasuredSurface surface;
        surface.axes = json.at("axes").get<std::vector<std::string>>();
        surface.values = json.at("values").get<std::vector<double>>();
        for (const auto& [name, g] : json.at("groups").items()) {
            MeasuredSurface::Group group;
            group.change = numbersOf(g.at("change"));
            group.error = numbersOf(g.at("error"));
            group.baseline = g.at("baseline").get<double>();
            if (!g.at("plane").is_null()) group.plane = g.at("plane").get<double>();
            group.plane_error = numbersOf(g.at("plane_error"));
            surface.groups[name] = std::move(group);
        }
        return surface;
    });
}

void MeasuredStore::put(const std::string& key, const Json& about, const MeasuredSurface& surface) const {
    fs::create_directories(folder_);
    Json json{{"format", kFormat}, {"of", about}, {"axes", surface.axes}, {"values", surface.values}};
    json["groups"] = Json::object();
    for (const auto& [name, g] : surface.groups) {
        json["groups"][name] = {{"change", numbers(g.change)},
                                {"error", numbers(g.error)},
                                {"baseline", g.baseline},
                                {"plane", g.plane ? Json(*g.plane) : Json()},
                                {"plane_error", numbers(g.plane_error)}};
    }
    writeJsonFile(folder_ / (key + ".json"), json);
}

}  // namespace engine
