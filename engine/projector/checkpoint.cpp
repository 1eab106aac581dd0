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

struct Field {
    const char* name;
    std::vector<float> ProjectorWeights::*field;
};
constexpr std::array<Field, 12> kFields = {{{"w1", &ProjectorWeights::w1},
                                            {"b1", &ProjectorWeights::b1},
                                            {"gamma1", &ProjectorWeights::gamma1},
                                            {"beta1", &ProjectorWeights::beta1},
                                            {"mean1", &ProjectorWeights::mean1},
                                            {"variance1", &ProjectorWeights::variance1},
                                            {"w2", &ProjectorWeights::w2},
                                            {"b2", &ProjectorWeights::b2},
                                            {"gamma2", &ProjectorWeights::gamma2},
                                            {"beta2", &ProjectorWeights::beta2},
                                            {"mean2", &ProjectorWeights::mean2},
                                            {"variance2", &ProjectorWeights::variance2}}};

// Hexadecimal: reads back with the same bits.
std::string exactly(double x) {
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%a", x);
    return text.data();
}

void addWeights(SafetensorsWriter& writer, const std::string& prefix, const ProjectorWeights& w) {
    for (const auto& f : kFields)
        writer.add(prefix + f.name, TensorType::F32, {(w.*f.field).size()}, (w.*f.field).data());
    writer.add(prefix + "batches1", TensorType::I64, {1}, &w.batches1);
    writer.add(prefix + "batches2", TensorType::I64, {1}, &w.batches2);
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

    ProjectorWeights weights(const std::string& prefix) const {
        ProjectorWeights w;
        w.in = static_cast<std::size_t>(integer("in"));
        w.hidden = static_cast<std::size_t>(integer("hidden"));
        w.out = static_cast<std::size_t>(integer("out"));
        for (const auto& f : kFields) {
            const std::string name = f.name;
            const std::size_t size = name == "w1"         ? w.hidden * w.in
                                     : name == "w2"       ? w.out * w.hidden
                                     : name.back() == '1' ? w.hidden
                                                          : w.out;
            w.*f.field = floats(prefix + name, size);
        }
        w.batches1 = counter(prefix + "batches1");
        w.batches2 = counter(prefix + "batches2");
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
    for (std::size_t k = 0; k < kTrained.size(); ++k) {
        writer.add(std::string("adam.m.") + kTrainedNames[k], TensorType::F32, {c.state.first[k].size()},
                   c.state.first[k].data());
        writer.add(std::string("adam.v.") + kTrainedNames[k], TensorType::F32, {c.state.second[k].size()},
                   c.state.second[k].data());
    }
    if (c.best) addWeights(writer, "best.", *c.best);
    writer.write(path, {{"format", kFormat},
                        {"identity", c.identity},
                        {"in", std::to_string(c.state.weights.in)},
                        {"hidden", std::to_string(c.state.weights.hidden)},
                        {"out", std::to_string(c.state.weights.out)},
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

Checkpoint readCheckpoint(const std::filesystem::path& path, const std::string& identity) {
    const Reader reader(path);
    if (reader.text("format") != kFormat) throw reader.broken("format " + reader.text("format"));
    Checkpoint c;
    c.identity = reader.text("identity");
    if (c.identity != identity) {
        throw Error(ErrorCode::InvalidInput, path.string(),
                    "it belongs to a training with other options, pairs or seed",
                    "remove it to begin anew, or train into another folder");
    }
    c.state.weights = reader.weights("");
    for (std::size_t k = 0; k < kTrained.size(); ++k) {
        const std::size_t size = (c.state.weights.*kTrained[k]).size();
        c.state.first[k] = reader.floats(std::string("adam.m.") + kTrainedNames[k], size);
        c.state.second[k] = reader.floats(std::string("adam.v.") + kTrainedNames[k], size);
    }
    if (reader.text("best") == "yes") c.best = reader.weights("best.");
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
