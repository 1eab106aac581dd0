// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/reaction/product_rows.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kBlock = 8192;

struct CloseFile {
    void operator()(std::FILE* f) const { std::fclose(f); }
};

const ItemTable& tableOf(const PoolInfo& pool, const Modality& modality) {
    const auto it = std::find_if(pool.tables.begin(), pool.tables.end(),
                                 [&](const ItemTable& t) { return t.modality == modality; });
    ENGINE_CHECK(it != pool.tables.end(), "a pool of this modality");
    return *it;
}

void write(const Workspace& workspace, const ProductModel& model, std::size_t steps, const PoolInfo& pool,
           const Modality& modality, std::size_t rows, std::size_t width, const fs::path& file, const JobContext& job) {
    std::map<std::string, EmbeddingSourcePtr> sources;
    std::map<std::string, Matrix> blocks;
    for (const auto& space : model.spacesNeeded(modality, steps)) {
        // Experts of later steps are not needed yet; those of earlier ones must be there.
        if (!tableOf(pool, modality).find(space)) continue;
        sources[space] = workspace.pool(pool.name, modality, space);
        blocks.emplace(space, Matrix(kBlock, sources[space]->cols()));
    }
    requireDisk(file, static_cast<std::uint64_t>(rows) * width * sizeof(float),
                "the product's rows of pool " + pool.name);
    Staging staging(file);
    const auto failed = [&] {
        const bool full = errno == ENOSPC;
        return Error(full ? ErrorCode::NoSpace : ErrorCode::Io, file.string(),
                     std::string("cannot write: ") + std::strerror(errno),
                     full ? "free some disk space and run the same command again" : "");
    };
    {
        const std::unique_ptr<std::FILE, CloseFile> out(std::fopen(staging.path().c_str(), "wb"));
        if (!out) throw failed();
        ProgressMeter meter(job, "product rows of " + pool.name, "rows", rows);
        for (std::size_t first = 0; first < rows; first += kBlock) {
            job.checkStop();
            const std::size_t count = std::min(kBlock, rows - first);
            SpaceRows views;
            for (auto& [space, source] : sources) {
                Matrix& block = blocks.at(space);
                source->read(first, count, block.data());
                views[space] = MatrixView(block.data(), count, block.cols());
            }
            const Components c = model.components(modality, views, job, steps);
            const Matrix z = blendAll(c, model.weights(modality, c));
            ENGINE_CHECK(z.cols() == width, "a product of another width");
            if (std::fwrite(z.data(), sizeof(float), z.size(), out.get()) != z.size()) throw failed();
            meter.advance(count);
        }
        if (std::fflush(out.get()) != 0) throw failed();
        meter.finish();
    }
    staging.commit();
}

}  // namespace

EmbeddingSourcePtr productRows(const Workspace& workspace, const ProductModel& model, std::size_t steps,
                               const PoolInfo& pool, const Modality& modality, std::size_t width, const fs::path& file,
                               const JobContext& job) {
    const std::size_t rows = tableOf(pool, modality).rows;
    const std::uint64_t bytes = static_cast<std::uint64_t>(rows) * width * sizeof(float);
    if (!fs::exists(file) || fs::file_size(file) != bytes) {
        write(workspace, model, steps, pool, modality, rows, width, file, job);
    }
    auto mapped = std::make_shared<MappedFile>(file);
    const auto* data = reinterpret_cast<const float*>(mapped->data());
    return std::make_shared<MatrixSource>(MatrixView(data, rows, width), std::move(mapped));
}

}  // namespace engine
