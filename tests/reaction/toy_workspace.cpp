// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/reaction/toy_workspace.h"

#include <algorithm>
#include <memory>
#include <set>

#include "engine/base/rng.h"

namespace engine::test {
namespace {

constexpr std::size_t kLatent = 12;

Matrix latents(std::size_t rows, std::uint64_t seed, const std::string& name) {
    Matrix z(rows, kLatent);
    Rng rng(seed, name);
    rng.fillNormal(z.data(), z.size());
    return z;
}

// N(M z + noise): M belongs to the space, so that its modalities agree.
Matrix seenThrough(const ToySpace& space, const Matrix& z, std::uint64_t seed, const std::string& items) {
    Matrix map(space.width, kLatent), out(z.rows(), space.width);
    Rng map_rng(seed, "map " + space.name), noise_rng(seed, "noise " + space.name + items);
    map_rng.fillNormal(map.data(), map.size());
    gemmNT(z.rows(), space.width, kLatent, 1, z.data(), kLatent, map.data(), kLatent, 0, out.data(), space.width);
    for (std::size_t i = 0; i < out.size(); ++i) out.data()[i] += 0.3f * static_cast<float>(noise_rng.normal());
    normalizeRows(out);
    return out;
}

TableInput table(const ToyOptions& o, const Modality& modality, const Matrix& z, const std::string& items) {
    TableInput out;
    out.modality = modality;
    for (const auto& space : o.spaces) {
        if (std::find(space.modalities.begin(), space.modalities.end(), modality) == space.modalities.end()) continue;
        auto rows = std::make_shared<Matrix>(seenThrough(space, z, o.seed, items + modality));
        RowReader reader;
        reader.rows = rows->rows();
        reader.width = rows->cols();
        reader.origin = "toy";
        reader.read = [rows](std::size_t first, std::size_t count, float* to) {
            std::copy_n(rows->row(first), count * rows->cols(), to);
        };
        out.embeddings.emplace_back(space.name, std::move(reader));
    }
    return out;
}

}  // namespace

void makeToyWorkspace(const std::filesystem::path& folder, const ToyOptions& o) {
    WorkspaceWriter writer(folder, {{"toy", o.seed}}, true);
    std::set<Modality> modalities;
    for (const auto& space : o.spaces) modalities.insert(space.modalities.begin(), space.modalities.end());
    for (const auto& m : modalities) {
        writer.addPool({m, {table(o, m, latents(o.pool_rows, o.seed, "pool " + m), "pool")}}, {});
    }
    if (o.paired_rows > 0) {
        const Matrix z = latents(o.paired_rows, o.seed, "paired");
        writer.addPool({"audio-image", {table(o, "audio", z, "paired"), table(o, "image", z, "paired")}}, {});
    }
    for (auto a = modalities.begin(); a != modalities.end(); ++a) {
        for (auto b = std::next(a); b != modalities.end(); ++b) {
            const std::string name = *a + "-" + *b;
            const Matrix z = latents(o.set_rows, o.seed, "set " + name);
            SetInput set{name, SetKind::Retrieval, table(o, *a, z, name), table(o, *b, z, name), {}, {}};
            for (std::uint32_t i = 0; i < o.set_rows; ++i) set.pairs.push_back({i, i});
            writer.addSet(set, {});
        }
    }
    writer.finish();
}

}  // namespace engine::test
