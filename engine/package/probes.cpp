// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/package/probes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <list>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/store/safetensors.h"

namespace engine {
namespace {

constexpr std::uint64_t kSeed = 20240508;  // of random directions: any fixed number will do

bool coversSpaces(const ItemTable& table, const Modality& modality, const std::vector<std::string>& spaces) {
    return table.modality == modality && table.rows > 0 &&
           std::all_of(spaces.begin(), spaces.end(), [&](const auto& s) { return table.find(s) != nullptr; });
}

Matrix spread(const EmbeddingSource& source, std::size_t count) {
    const std::size_t n = std::min(count, source.rows());
    Matrix out(n, source.cols());
    for (std::size_t i = 0; i < n; ++i) source.read(i * source.rows() / n, 1, out.row(i));
    normalizeRows(out);
    return out;
}

Matrix randomDirections(const std::string& name, std::size_t count, std::size_t width) {
    Matrix out(count, width);
    Rng rng(kSeed, name);
    rng.fillNormal(out.data(), out.size());
    normalizeRows(out);
    return out;
}

std::string inputName(const Modality& modality, const std::string& space) {
    return modality + "/input/" + space;
}
std::string expectedName(const Modality& modality) {
    return modality + "/expected";
}

Matrix productOf(const ProductModel& model, const Modality& modality, const SpaceRows& rows, const JobContext& job) {
    const Components components = model.components(modality, rows, job);
    return blendAll(components, model.weights(modality, components));
}

MatrixView matrixOf(const SafetensorsFile& file, const std::string& name) {
    const TensorView& tensor = file.at(name);
    if (tensor.shape.size() != 2) {
        throw Error(ErrorCode::InvalidInput, file.path().string() + ":" + name, "expected a table of two dimensions");
    }
    return {tensor.f32().data(), static_cast<std::size_t>(tensor.shape[0]), static_cast<std::size_t>(tensor.shape[1])};
}

}  // namespace

ProbeInputs chooseProbes(const ProductModel& model, const Modality& modality, const Workspace* workspace,
                         std::size_t count) {
    const auto spaces = model.spacesNeeded(modality);
    ProbeInputs out;
    if (workspace != nullptr && !spaces.empty()) {
        const auto take = [&](const std::string& source, const auto& rows_of) {
            for (const auto& space : spaces) out.rows.emplace(space, spread(*rows_of(space), count));
            out.source = source;
        };
        for (const auto& set : workspace->sets()) {
            for (const auto side : {Workspace::Side::First, Workspace::Side::Second}) {
                const ItemTable& table = side == Workspace::Side::First ? set.first : set.second;
                if (!coversSpaces(table, modality, spaces)) continue;
                take(modality + " of " + set.name,
                     [&](const auto& s) { return workspace->setRows(set.name, side, s); });
                return out;
            }
        }
        for (const auto& pool : workspace->pools()) {
            for (const auto& table : pool.tables) {
                if (!coversSpaces(table, modality, spaces)) continue;
                take(modality + " of pool " + pool.name,
                     [&](const auto& s) { return workspace->pool(pool.name, modality, s); });
                return out;
            }
        }
    }
    for (const auto& space : spaces) {
        out.rows.emplace(space, randomDirections(modality + "/" + space, count, model.plan().space(space)->width));
    }
    out.source = "random directions";
    return out;
}

Json writeProbes(const std::filesystem::path& path, const ProductModel& model, const Workspace* workspace,
                 std::size_t count, const JobContext& job) {
    SafetensorsWriter writer;
    std::list<Matrix> kept;  // until the file is written
    Json about = Json::object();
    for (const auto& modality : model.plan().modalities) {
        job.checkStop();
        ProbeInputs inputs = chooseProbes(model, modality, workspace, count);
        SpaceRows rows;
        for (auto& [space, matrix] : inputs.rows) {
            const Matrix& m = kept.emplace_back(std::move(matrix));
            rows[space] = m.view();
            writer.add(inputName(modality, space), TensorType::F32, {m.rows(), m.cols()}, m.data());
        }
        const Matrix& expected = kept.emplace_back(productOf(model, modality, rows, job));
        writer.add(expectedName(modality), TensorType::F32, {expected.rows(), expected.cols()}, expected.data());
        about[modality] = {{"rows", expected.rows()}, {"source", inputs.source}};
    }
    writer.write(path, {{"format", "molspace probes 1"}, {"about", about.dump()}});
    return about;
}

std::map<Modality, ProbeCheck> checkProbes(const std::filesystem::path& path, const ProductModel& model,
                                           const JobContext& job) {
    const SafetensorsFile file(path);
    std::map<Modality, ProbeCheck> out;
    for (const auto& modality : model.plan().modalities) {
        SpaceRows rows;
        for (const auto& space : model.spacesNeeded(modality)) rows[space] = matrixOf(file, inputName(modality, space));
        const MatrixView expected = matrixOf(file, expectedName(modality));
        const Matrix found = productOf(model, modality, rows, job);
        if (expected.rows != found.rows() || expected.cols != found.cols() || found.rows() == 0) {
            throw Error(ErrorCode::InvalidInput, path.string() + ":" + expectedName(modality),
                        "expected [" + std::to_string(found.rows()) + ", " + std::to_string(found.cols()) +
                            "] and at least one row, found [" + std::to_string(expected.rows) + ", " +
                            std::to_string(expected.cols) + "]");
        }
        ProbeCheck check{found.rows(), 0};
        for (std::size_t i = 0; i < found.rows(); ++i) {
            for (std::size_t j = 0; j < found.cols(); ++j) {
                const double difference =
                    std::fabs(static_cast<double>(found.row(i)[j]) - static_cast<double>(expected.row(i)[j]));
                // Not a number compares as false, and must not pass for small.
                if (!(difference <= check.worst)) {
                    check.worst = std::isfinite(difference) ? difference : std::numeric_limits<double>::infinity();
                }
            }
        }
        out[modality] = check;
    }
    return out;
}

}  // namespace engine
