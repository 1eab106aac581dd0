// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/checkpoint.h"

#include <array>
#include <cstdio>
#include <cstdlib>

#include "engine/base/error.h"
#include "engine/store/safetensors.h"

namespace engine {
namespace {

constexpr const char* kFormat = "molspace training 1";

// Names of a layer's numbers: "w1", "b1", "gamma1", ... of the first, "head1.w" of Head1.
struct Field {
    const char* name;
    std::vector<float> ProjectorLayer::*field;
};
constexpr std::array<Field, 6> kFields = {{{"w", &ProjectorLayer::weight},
                                           {"b", &ProjectorLayer::bias},
                                           {"gamma", &ProjectorLayer::gamma},
                                           {"beta", &ProjectorLayer::beta},
                                           {"mean", &ProjectorLayer::mean},
                                           {"variance", &ProjectorLayer::variance}}};

// use(layer, name of a field in the file) for each layer.
template <class Weights, class Use>
void eachLayer(Weights& weights, const Use& use) {
    if (weights.head1) use(*weights.head1, [](const char* field) { return std::string("head1.") + field; });
    for (std::size_t k = 0; k < weights.layers.size(); ++k)
        use(weights.layers[k], [k](const char* field) { return field + std::to_string(k + 1); });
}

// Hexadecimal: reads back with the same bits.
std::string exactly(double x) {
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%a", x);
    return text.data();
}

void addWeights(SafetensorsWriter& writer, const std::string& prefix, const ProjectorWeights& w) {
    eachLayer(w, [&](const ProjectorLayer& layer, const auto& name) {
        for (const auto& f : kFields) {
            if (!(layer.*f.field).empty())
                writer.add(prefix + name(f.name), TensorType::F32, {(layer.*f.field).size()}, (layer.*f.field).data());
        }
        if (layer.norm) writer.add(prefix + name("batches"), TensorType::I64, {1}, &layer.batches);
    });
}

class Reader {
public:
    explicit Reader(const std::filesystem::path& path) : file_(path) {}

    const std::string& text(const std::string& key) const {
        const auto it = file_.metadata().find(key);
        if (it == file_.metadata().end()) throw broken("it lacks " + key);
        return it->second;
    }
    double number(const std::string& key) const { return std::strtod(text(key).c_str(), nullptr); }
    std::int64_t integer(const std::string& key) const { return std::strtoll(text(key).c_str(), nullptr, 10); }

    std::vector<float> floats(const std::string& name, std::size_t size) const {
        const auto values = file_.at(name).f32();
        if (values.size() != size) {
            throw broken("expected " + std::to_string(size) + " numbers in " + name + ", found " +
                         std::to_string(values.size()));
        }
        return {values.begin(), values.end()};
    }

    // Weights of the shape of `w`.
    ProjectorWeights weights(const std::string& prefix, ProjectorWeights w) const {
        eachLayer(w, [&](ProjectorLayer& layer, const auto& name) {
            for (const auto& f : kFields) {
                if (!(layer.*f.field).empty()) layer.*f.field = floats(prefix + name(f.name), (layer.*f.field).size());
            }
            if (layer.norm) layer.batches = counter(prefix + name("batches"));
        });
        return w;
    }

    Error broken(const std::string& what) const {
        return Error(ErrorCode::InvalidInput, file_.path().string(), "not a checkpoint of this program: " + what,
                     "remove it; training begins anew");
    }

private:
    std::int64_t counter(const std::string& name) const {
        const TensorView& t = file_.at(name);
        if (t.type != TensorType::I64 || t.bytes.size() != sizeof(std::int64_t)) throw broken(name + " is no counter");
        std::int64_t value = 0;
        __builtin_memcpy(&value, t.bytes.data(), sizeof value);
        return value;
    }

    SafetensorsFile file_;
};

}  // namespace

void writeCheckpoint(const std::filesystem::path& path, const Checkpoint& c) {
    SafetensorsWriter writer;
    addWeights(writer, "", c.state.weights);
    std::vector<std::string> names = trainedNames(c.state.weights);
    for (auto& name : names) name = "adam.?." + name;
    if (c.state.partner) {
        addWeights(writer, "partner.", *c.state.partner);
        for (const auto& name : trainedNames(*c.state.partner)) names.push_back("partner.adam.?." + name);
    }
    for (std::size_t k = 0; k < names.size(); ++k) {
        for (const auto& [moment, values] : {std::pair{'m', &c.state.first[k]}, std::pair{'v', &c.state.second[k]}}) {
            std::string name = names[k];
            name[name.find('?')] = moment;
            writer.add(name, TensorType::F32, {values->size()}, values->data());
        }
    }
    if (c.best) addWeights(writer, "best.", *c.best);
    writer.write(path, {{"format", kFormat},
                        {"identity", c.identity},
                        {"shape", shapeText(c.state.weights)},
                        {"step", std::to_string(c.state.step)},
                        {"logged", std::to_string(c.logged)},
                        {"last_loss", exactly(c.last_loss)},
                        {"epoch_sum", exactly(c.epoch_sum)},
                        {"epoch_steps", std::to_string(c.epoch_steps)},
                        {"final_loss", exactly(c.final_loss)},
                        {"best_validation", exactly(c.best_validation)},
                        {"best", c.best ? "yes" : "no"},
                        {"seconds", exactly(c.seconds)}});
}

Checkpoint readCheckpoint(const std::filesystem::path& path, const std::string& identity, const ProjectorWeights& shape,
                          const ProjectorWeights* partner) {
    const Reader reader(path);
    if (reader.text("format") != kFormat) throw reader.broken("format " + reader.text("format"));
    Checkpoint c;
    c.identity = reader.text("identity");
    if (c.identity != identity) {
        throw Error(ErrorCode::InvalidInput, path.string(),
                    "it belongs to a training with other options, pairs or seed",
                    "remove it to begin anew, or train into another folder");
    }
    c.state.weights = reader.weights("", shape);
    if (partner) c.state.partner = reader.weights("partner.", *partner);
    for (const auto* head : {&shape, partner}) {
        if (!head) continue;
        const std::string prefix = head == partner ? "partner." : "";
        const auto names = trainedNames(*head);
        const auto values = trainedOf(*head);
        for (std::size_t k = 0; k < names.size(); ++k) {
            c.state.first.push_back(reader.floats(prefix + "adam.m." + names[k], values[k]->size()));
            c.state.second.push_back(reader.floats(prefix + "adam.v." + names[k], values[k]->size()));
        }
    }
    if (reader.text("best") == "yes") c.best = reader.weights("best.", shape);
    c.state.step = reader.integer("step");
    c.logged = reader.integer("logged");
    c.last_loss = reader.number("last_loss");
    c.epoch_sum = reader.number("epoch_sum");
    c.epoch_steps = reader.integer("epoch_steps");
    c.final_loss = reader.number("final_loss");
    c.best_validation = reader.number("best_validation");
    c.seconds = reader.number("seconds");
    return c;
}

}  // namespace engine
