// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/package/apply.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/package/manifest.h"
#include "engine/store/npy.h"

namespace engine {
namespace {

constexpr std::size_t kProjectorRows = 256;

// Everything that can be said before a row is read.
void checkRequest(const ProductModel& model, const ApplyOptions& options) {
    const auto& modalities = model.plan().modalities;
    const std::string where = "product " + model.recipe().name;
    if (!contains(modalities, options.modality)) {
        const std::string near = nearestName(options.modality, modalities);
        throw Error(ErrorCode::InvalidInput, where,
                    "it has no modality '" + options.modality + "'; it has " + joined(modalities),
                    near.empty() ? "" : "did you mean '" + near + "'?");
    }
    const auto needed = model.spacesNeeded(options.modality);
    std::vector<std::string> problems;
    for (const auto& [space, source] : options.inputs) {
        if (contains(needed, space)) continue;
        const std::string near = nearestName(space, needed);
        problems.push_back(options.modality + " takes no embeddings of '" + space + "'; it takes " + joined(needed) +
                           (near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
    if (options.inputs.empty()) problems.push_back("expected embeddings of " + joined(needed) + ", found none");
    const auto ending = options.output.extension();
    if (ending != ".npy" && ending != ".safetensors") {
        problems.push_back("expected an output that ends in .npy or .safetensors, found '" + options.output.string() +
                           "'");
    }
    if (options.block_rows == 0) problems.push_back("expected blocks of at least one row");
    if (!problems.empty()) throw joinProblems(ErrorCode::InvalidInput, where, problems);
}

// What stands before the rows.
std::string headerOf(const std::filesystem::path& path, std::size_t rows, std::size_t width) {
    if (path.extension() == ".npy") return npyHeader("<f4", {rows, width});
    const std::uint64_t bytes = std::uint64_t{rows} * width * sizeof(float);
    std::string json =
        Json{{"embeddings", {{"dtype", "F32"}, {"shape", {rows, width}}, {"data_offsets", {0, bytes}}}}}.dump();
    json.resize((json.size() + 7) / 8 * 8, ' ');
    std::string out;
    for (int i = 0; i < 8; ++i) out += static_cast<char>(static_cast<std::uint64_t>(json.size()) >> (8 * i) & 0xFF);
    return out + json;
}

void unitRows(Matrix& rows, std::size_t count, std::size_t first, const std::string& origin) {
    for (std::size_t i = 0; i < count; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < rows.cols(); ++j)
            sum += static_cast<double>(rows.row(i)[j]) * static_cast<double>(rows.row(i)[j]);
        if (std::isfinite(sum) && sum > 1e-24) continue;
        throw Error(ErrorCode::InvalidInput, origin + " row " + std::to_string(first + i),
                    std::isfinite(sum) ? "the embedding has length 0" : "the embedding has values that are not finite",
                    "leave the item out, or embed it again");
    }
    normalizeRows(rows.data(), count, rows.cols());
}

}  // namespace

std::size_t projectorBlock(std::size_t rows) {
    return (std::max<std::size_t>(rows, 1) + kProjectorRows - 1) / kProjectorRows * kProjectorRows;
}

std::pair<std::string, SourceSpec> parseInput(const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
        throw Error(ErrorCode::InvalidInput, "--input " + text, "expected SPACE=FILE",
                    "for example ImageBind=clips.npy");
    }
    SourceSpec source;
    const std::string file = text.substr(equals + 1);
    const auto hash = file.rfind('#');
    source.file = file.substr(0, hash);
    if (hash != std::string::npos) source.dataset = file.substr(hash + 1);
    return {text.substr(0, equals), source};
}

Json applyPackage(const std::filesystem::path& folder, const ApplyOptions& options, const JobContext& job) {
    const LoadedProduct product = withSettingInForce(loadProduct(folder), options.setting);
    const ProductModel& model = *product.model;
    checkRequest(model, options);

    SourceFiles files;
    std::map<std::string, RowReader> readers;
    std::size_t rows = 0;
    std::string counted;
    for (const auto& [space, source] : options.inputs) {
        RowReader reader = files.openRows(source);
        const std::size_t width = model.plan().space(space)->width;
        if (reader.width != width) {
            throw Error(ErrorCode::InvalidInput, reader.origin,
                        "expected rows of " + space + ", width " + std::to_string(width) + "; found width " +
                            std::to_string(reader.width));
        }
        if (!counted.empty() && reader.rows != rows) {
            throw Error(ErrorCode::InvalidInput, reader.origin,
                        "expected " + std::to_string(rows) + " rows as in " + counted + ", found " +
                            std::to_string(reader.rows),
                        "all inputs describe the same items in the same order");
        }
        rows = reader.rows;
        counted = reader.origin;
        readers.emplace(space, std::move(reader));
    }
    const std::size_t width = model.plan().width;
    requireDisk(options.output, std::uint64_t{rows} * width * sizeof(float) + 4096, "the product vectors");

    const std::size_t block = projectorBlock(options.block_rows);
    std::map<std::string, Matrix> buffers;
    for (const auto& [space, reader] : readers) buffers.emplace(space, Matrix(block, reader.width));
    Matrix out(block, width);

    Staging staging(options.output);
    std::ofstream file(staging.path(), std::ios::binary);
    const std::string header = headerOf(options.output, rows, width);
    file.write(header.data(), static_cast<std::streamsize>(header.size()));
    ProgressMeter meter(job, "product vectors of " + options.modality, "rows", rows);
    for (std::size_t first = 0; first < rows && file; first += block) {
        job.checkStop();
        const std::size_t count = std::min(block, rows - first);
        SpaceRows views;
        for (const auto& [space, reader] : readers) {
            Matrix& buffer = buffers.at(space);
            reader.read(first, count, buffer.data());
            unitRows(buffer, count, first, reader.origin);
            views[space] = buffer.view().slice(0, count);
        }
        const Components components = model.components(options.modality, views, job);
        try {
            blend(components, model.weights(options.modality, components), 0, count, out.data());
        } catch (const Error& error) {
            // Its row counts within the block.
            throw Error(error.code(), error.where() + " of the block from row " + std::to_string(first),
                        error.message(), error.hint());
        }
        file.write(reinterpret_cast<const char*>(out.data()),
                   static_cast<std::streamsize>(count * width * sizeof(float)));
        meter.advance(count);
    }
    file.close();
    if (!file)
        throw Error(ErrorCode::Io, options.output.string(), "cannot write the product vectors", "free some disk space");
    staging.commit();
    meter.finish();
    std::vector<std::string> spaces;
    for (const auto& [space, reader] : readers) spaces.push_back(space);
    return {{"output", options.output.string()},
            {"product", model.recipe().name},
            {"synthetic", product.record.synthetic},
            {"modality", options.modality},
            {"spaces", spaces},
            {"rows", rows},
            {"width", width}};
}

}  // namespace engine
