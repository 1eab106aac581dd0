// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tensors of a basis file: "<table>/base" and "<table>/<step>/<expert>"; the header's metadata describes the tables.
#include "engine/base/error.h"
#include "engine/recipe/product.h"
#include "engine/store/safetensors.h"

namespace engine {
namespace {

constexpr const char* kFormat = "molspace basis 1";

std::string partName(const std::string& table, std::size_t step, const std::string& expert) {
    return table + "/" + std::to_string(step) + "/" + expert;
}

MatrixView rowsOf(const SafetensorsFile& file, const std::string& name) {
    const TensorView& tensor = file.at(name);
    if (tensor.shape.size() != 2) {
        throw Error(ErrorCode::InvalidInput, file.path().string() + ":" + name, "expected two dimensions");
    }
    return {tensor.f32().data(), tensor.shape[0], tensor.shape[1]};
}

}  // namespace

void writeBasis(const std::filesystem::path& path, const std::vector<std::pair<std::string, Components>>& tables) {
    SafetensorsWriter writer;
    std::vector<Matrix> packed;  // views with gaps between rows are closed up
    const auto add = [&](const std::string& name, MatrixView rows) {
        const float* data = rows.data;
        if (rows.stride != rows.cols) data = packed.emplace_back(copyOf(rows)).data();
        writer.add(name, TensorType::F32, {rows.rows, rows.cols}, data);
    };
    Json about = Json::object();
    for (const auto& [name, c] : tables) {
        add(name + "/base", c.base);
        Json layers = Json::array();
        for (const auto& layer : c.layers) {
            Json experts = Json::array();
            for (const auto& part : layer.parts) {
                add(partName(name, layer.step, part.expert), part.rows);
                experts.push_back(part.expert);
            }
            layers.push_back({{"step", layer.step}, {"reaction", reactionName(layer.kind)}, {"experts", experts}});
        }
        about[name] = {{"modality", c.modality}, {"layers", layers}};
    }
    writer.write(path, {{"format", kFormat}, {"tables", about.dump()}});
}

std::map<std::string, Components> readBasis(const std::filesystem::path& path) {
    const SafetensorsFile file(path);
    const auto& metadata = file.metadata();
    const auto format = metadata.find("format");
    const auto about = metadata.find("tables");
    if (format == metadata.end() || format->second != kFormat || about == metadata.end()) {
        throw Error(ErrorCode::InvalidInput, path.string(), "expected a file of format '" + std::string(kFormat) + "'",
                    "run `molspace train` again: it makes the basis anew");
    }
    std::map<std::string, Components> out;
    try {
        const Json tables = parseJson(about->second, path.string());
        for (const auto& [name, table] : tables.items()) {
            Components c;
            c.modality = table.at("modality").get<std::string>();
            c.base = rowsOf(file, name + "/base");
            c.owner = file.mapping();
            for (const auto& l : table.at("layers")) {
                Components::Layer layer;
                layer.step = l.at("step").get<std::size_t>();
                layer.kind =
                    l.at("reaction") == "displacement" ? ReactionKind::Displacement : ReactionKind::Combination;
                for (const auto& e : l.at("experts")) {
                    const auto expert = e.get<std::string>();
                    const MatrixView rows = rowsOf(file, partName(name, layer.step, expert));
                    if (rows.rows != c.base.rows || rows.cols != c.base.cols) {
                        throw Error(ErrorCode::InvalidInput, path.string() + ":" + partName(name, layer.step, expert),
                                    "expected as many rows and columns as the base has");
                    }
                    layer.parts.push_back({expert, rows});
                }
                c.layers.push_back(std::move(layer));
            }
            out.emplace(name, std::move(c));
        }
    } catch (const Json::exception& error) {
        throw Error(ErrorCode::InvalidInput, path.string(), std::string("its description is damaged: ") + error.what());
    }
    return out;
}

}  // namespace engine
