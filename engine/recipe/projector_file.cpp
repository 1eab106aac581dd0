// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Projectors as safetensors. Which layers there are follows from the names: a weight of two dimensions is a Linear,
// what stands right behind it a BatchNorm, and one place left free before the next Linear a ReLU.
#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "engine/base/error.h"
#include "engine/recipe/projector_weights.h"
#include "engine/store/safetensors.h"

namespace engine {
namespace {

constexpr const char* kSequence = "Head2.mlps.";
constexpr const char* kHead1 = "Head1.weight";
constexpr const char* kLastLayer = "last_layer";
constexpr const char* kHead1Modalities = "head1";

std::string shapeText(const std::vector<std::uint64_t>& shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

// The places of the Linears by their weights; others are BatchNorms.
std::map<std::size_t, const TensorView*> linears(const SafetensorsFile& file) {
    std::map<std::size_t, const TensorView*> out;
    constexpr const char* kWeight = ".weight";
    for (const auto& [name, tensor] : file.tensors()) {
        if (!name.starts_with(kSequence) || !name.ends_with(kWeight) || tensor.shape.size() != 2) continue;
        const std::size_t begin = std::strlen(kSequence), end = name.size() - std::strlen(kWeight);
        std::size_t place = 0;
        for (std::size_t i = begin; i < end; ++i) {
            if (name[i] < '0' || name[i] > '9' || place > 1000) return {};
            place = place * 10 + static_cast<std::size_t>(name[i] - '0');
        }
        out[place] = &tensor;
    }
    return out;
}

// The shape of what the file holds, without numbers.
ProjectorWeights shapeIn(const SafetensorsFile& file) {
    const std::string where = file.path().string();
    const auto found = linears(file);
    if (found.empty() || found.begin()->first != 0) {
        file.at(std::string(kSequence) + "0.weight");  // says what is missing
        throw Error(ErrorCode::InvalidInput, where + ":" + kSequence + "0.weight",
                    "expected a weight of two dimensions");
    }
    ProjectorWeights w;
    for (auto it = found.begin(); it != found.end(); ++it) {
        const auto& [place, tensor] = *it;
        const std::string name = kSequence + std::to_string(place) + ".weight";
        if (tensor->shape[0] == 0 || tensor->shape[1] == 0)
            throw Error(ErrorCode::InvalidInput, where + ":" + name,
                        "expected widths of 1 or more, found " + shapeText(tensor->shape));
        const bool norm =
            !found.contains(place + 1) && file.tensors().contains(kSequence + std::to_string(place + 1) + ".weight");
        const auto next = std::next(it);
        const std::size_t end = place + (norm ? 2 : 1);
        bool relu = false;
        if (next != found.end()) {
            if (next->first < end || next->first > end + 1) {
                throw Error(ErrorCode::InvalidInput, where + ":" + kSequence + std::to_string(next->first) + ".weight",
                            "expected the next Linear at place " + std::to_string(end) + " or " +
                                std::to_string(end + 1) + ", found it at " + std::to_string(next->first),
                            "layers between that are not Linear, BatchNorm1d or ReLU cannot be read");
            }
            relu = next->first == end + 1;
        } else {
            const auto last = file.metadata().find(kLastLayer);
            relu = last != file.metadata().end() && last->second == "relu";
        }
        ProjectorLayer layer;
        layer.in = tensor->shape[1];
        layer.out = tensor->shape[0];
        layer.norm = norm;
        layer.relu = relu;
        w.layers.push_back(std::move(layer));
    }
    if (const auto head1 = file.tensors().find(kHead1); head1 != file.tensors().end()) {
        w.head1.emplace();
        w.head1->norm = false;
        w.head1->in = w.head1->out = w.in();
        if (const auto modalities = file.metadata().find(kHead1Modalities); modalities != file.metadata().end()) {
            std::size_t begin = 0;
            const std::string& text = modalities->second;
            while (begin < text.size()) {
                const std::size_t end = std::min(text.find(',', begin), text.size());
                w.head1_modalities.push_back(text.substr(begin, end - begin));
                begin = end + 1;
            }
        }
    }
    return w;
}

}  // namespace

void writeProjector(const std::filesystem::path& path, const ProjectorWeights& weights,
                    const std::map<std::string, std::string>& metadata) {
    SafetensorsWriter writer;
    for (const auto& t : tensorsOf(weights, sequentialNames(weights))) {
        std::uint64_t elements = 1;
        for (const auto n : t.shape) elements *= n;
        if (t.values) {
            ENGINE_CHECK(t.values->size() == elements, t.name + " has another size than its shape");
            writer.add(t.name, TensorType::F32, t.shape, t.values->data());
        } else {
            writer.add(t.name, TensorType::I64, {}, t.counter);
        }
    }
    auto about = metadata;
    if (weights.layers.back().relu) about[kLastLayer] = "relu";
    if (weights.head1) {
        std::string modalities;
        for (const auto& m : weights.head1_modalities) modalities += (modalities.empty() ? "" : ",") + m;
        about[kHead1Modalities] = modalities;
    }
    writer.write(path, about);
}

ProjectorWeights readProjector(const std::filesystem::path& path) {
    const SafetensorsFile file(path);
    ProjectorWeights w = shapeIn(file);
    const auto names = sequentialNames(w);
    std::set<std::string> known;
    for (const auto& t : tensorsOf(w, names)) {
        known.insert(t.name);
        const std::string where = path.string() + ":" + t.name;
        if (t.counter) {
            const auto it = file.tensors().find(t.name);
            if (it == file.tensors().end()) continue;
            if (it->second.type != TensorType::I64 || it->second.elements() != 1)
                throw Error(ErrorCode::InvalidInput, where, "expected one int64");
            std::memcpy(t.counter, it->second.bytes.data(), sizeof(std::int64_t));
            continue;
        }
        const TensorView& tensor = file.at(t.name);
        if (tensor.shape != t.shape) {
            throw Error(ErrorCode::InvalidInput, where,
                        "expected shape " + shapeText(t.shape) + ", found " + shapeText(tensor.shape));
        }
        if (tensor.type != TensorType::F32) throw Error(ErrorCode::InvalidInput, where, "expected float32");
        t.values->resize(tensor.bytes.size() / sizeof(float));
        std::memcpy(t.values->data(), tensor.bytes.data(), tensor.bytes.size());
    }
    for (const auto& [name, tensor] : file.tensors()) {
        if (name.starts_with(kSequence) && !known.contains(name)) {
            throw Error(ErrorCode::InvalidInput, path.string() + ":" + name,
                        "the tensor belongs to no layer: expected those of " + engine::shapeText(w));
        }
    }
    checkWeights(w, names, path.string());
    return w;
}

}  // namespace engine
