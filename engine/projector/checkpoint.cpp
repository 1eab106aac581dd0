// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/checkpoint.h"

#include <ATen/ops/from_blob.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/store/safetensors.h"

namespace engine {
namespace {

constexpr std::size_t kLogColumns = 5, kNumbers = 3, kCounts = 4;

struct NamedStatistics {
    const char* name;
    std::vector<float> ProjectorWeights::*field;
};
constexpr NamedStatistics kStatistics[] = {{"mean1", &ProjectorWeights::mean1},
                                           {"variance1", &ProjectorWeights::variance1},
                                           {"mean2", &ProjectorWeights::mean2},
                                           {"variance2", &ProjectorWeights::variance2}};

template <class T, std::size_t N>
std::array<T, N> arrayOf(const SafetensorsFile& file, const char* name) {
    std::array<T, N> out;
    const TensorView& tensor = file.at(name);
    if (tensor.bytes.size() != sizeof out) throw Error(ErrorCode::InvalidInput, file.path().string() + ":" + name, "another size than expected");
    std::memcpy(out.data(), tensor.bytes.data(), sizeof out);
    return out;
}

}  // namespace

void writeCheckpoint(const std::filesystem::path& path, const std::string& identity, const ProjectorNet& net, const Adam& adam,
                     const TrainingCounts& counts) {
    SafetensorsWriter writer;
    std::vector<at::Tensor> kept;
    const auto add = [&](const std::string& name, const at::Tensor& t) {
        kept.push_back(t.to(at::kCPU).contiguous());
        const auto sizes = kept.back().sizes();
        writer.add(name, TensorType::F32, {sizes.begin(), sizes.end()}, kept.back().data_ptr<float>());
    };
    for (std::size_t i = 0; i < kLearned; ++i) {
        add("learned." + std::to_string(i), net.learned()[i]);
        add("first." + std::to_string(i), adam.first[i]);
        add("second." + std::to_string(i), adam.second[i]);
    }
    const ProjectorWeights running = net.statistics();
    for (const auto& s : kStatistics) writer.add(s.name, TensorType::F32, {(running.*s.field).size()}, (running.*s.field).data());
    std::vector<double> lines;
    for (const auto& l : counts.log) {
        lines.insert(lines.end(), {static_cast<double>(l.step), static_cast<double>(l.epoch), l.loss, l.rate, l.validation});
    }
    writer.add("log", TensorType::F64, {counts.log.size(), kLogColumns}, lines.data());
    const std::array<double, kNumbers> numbers = {counts.epoch_sum, counts.epoch_mean, counts.best_validation};
    const std::array<std::int64_t, kCounts> whole = {counts.step, adam.steps, running.batches1, running.batches2};
    writer.add("numbers", TensorType::F64, {kNumbers}, numbers.data());
    writer.add("counts", TensorType::I64, {kCounts}, whole.data());
    writer.write(path, {{"identity", identity}});
}

bool readCheckpoint(const std::filesystem::path& path, const std::string& identity, ProjectorNet& net, Adam& adam,
                    TrainingCounts& counts) {
    if (!std::filesystem::exists(path)) return false;
    const SafetensorsFile file(path);
    const auto found = file.metadata().find("identity");
    if (found == file.metadata().end() || found->second != identity) return false;
    const auto tensor = [&](const std::string& name, const at::Tensor& like) {
        const auto data = file.at(name).f32();
        if (data.size() != static_cast<std::size_t>(like.numel())) {
            throw Error(ErrorCode::InvalidInput, path.string() + ":" + name, "another size than expected",
                        "remove the checkpoint to train from the start");
        }
        return at::from_blob(const_cast<float*>(data.data()), like.sizes(), at::kFloat).clone().to(like.device());
    };
    for (std::size_t i = 0; i < kLearned; ++i) {
        net.learned()[i] = tensor("learned." + std::to_string(i), net.learned()[i]);
        adam.first[i] = tensor("first." + std::to_string(i), adam.first[i]);
        adam.second[i] = tensor("second." + std::to_string(i), adam.second[i]);
    }
    const auto numbers = arrayOf<double, kNumbers>(file, "numbers");
    const auto whole = arrayOf<std::int64_t, kCounts>(file, "counts");
    ProjectorWeights running;
    for (const auto& s : kStatistics) {
        const auto data = file.at(s.name).f32();
        (running.*s.field).assign(data.begin(), data.end());
    }
    running.batches1 = whole[2];
    running.batches2 = whole[3];
    net.restoreStatistics(running);
    counts.step = whole[0];
    adam.steps = whole[1];
    counts.epoch_sum = numbers[0];
    counts.epoch_mean = numbers[1];
    counts.best_validation = numbers[2];
    const TensorView& log = file.at("log");
    std::vector<double> lines(log.bytes.size() / sizeof(double));
    std::memcpy(lines.data(), log.bytes.data(), lines.size() * sizeof(double));
    counts.log.clear();
    for (std::size_t i = 0; i + kLogColumns <= lines.size(); i += kLogColumns) {
        counts.log.push_back({static_cast<std::int64_t>(lines[i]), static_cast<std::int64_t>(lines[i + 1]), lines[i + 2], lines[i + 3], lines[i + 4]});
    }
    return true;
}

void writeTrainingLog(const std::filesystem::path& path, const std::vector<LogLine>& log) {
    std::string text = "step,epoch,loss,steps_per_second,validation_r1\n";
    std::array<char, 128> part{};
    for (const auto& l : log) {
        std::snprintf(part.data(), part.size(), "%lld,%lld,%.9g,%.4g,", static_cast<long long>(l.step), static_cast<long long>(l.epoch), l.loss, l.rate);
        text += part.data();
        if (l.validation >= 0) {
            std::snprintf(part.data(), part.size(), "%.4f", l.validation);
            text += part.data();
        }
        text += '\n';
    }
    writeFileWhole(path, text);
}

}  // namespace engine
