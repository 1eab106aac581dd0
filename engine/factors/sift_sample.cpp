// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/sift_sample.h"

#include <cmath>
#include <deque>

#include "engine/base/error.h"
#include "engine/base/rng.h"

namespace engine {

SiftSample::SiftSample(const sift::Shape& shape, const Place& place, std::uint64_t seed) {
    tile_.shape = shape;
    tile_.rows = place.rows;
    tile_.first = place.first;
    tile_.cols = place.cols;
    Rng rng(seed, "sift sample");
    const auto fill = [&](std::vector<float>& to, std::int64_t count, double low, double high) {
        to.resize(static_cast<std::size_t>(count));
        for (float& x : to) x = static_cast<float>(low + (high - low) * rng.uniform());
    };
    const std::int64_t ca = shape.candidate_atoms, items = shape.items;
    const double spread = std::sqrt(3.0 / static_cast<double>(shape.width));  // rows of about unit length
    fill(query_atoms_, shape.query_atoms * place.rows * shape.width, -spread, spread);
    fill(candidate_atoms_, ca * items * shape.width, -spread, spread);
    // The nodes go round the queries' own, in turn.
    std::uint32_t own = 0;
    for (std::int32_t n = 0; n < shape.query_nodes; ++n) {
        node_begin_.push_back(own);
        const std::int32_t more = shape.nodes / shape.query_nodes + (n < shape.nodes % shape.query_nodes);
        for (std::int32_t k = 0; k < more; ++k) node_.push_back(own++);
    }
    node_begin_.push_back(own);
    fill(coarse_, own * ca * items, 0, 1);
    fill(error_, ca * items, 0, 0.01);
    fill(most_, ca * items, 1, 1.01);
    fill(reach_, items, 1, 2);
    fill(queries_, place.rows * shape.record(), 0, 1);
    for (std::int64_t row = 0; row < place.rows; ++row) {
        float* query = queries_.data() + row * shape.record();
        query[sift::Shape::kArithmetic] *= 1e-5f;
        query[sift::Shape::kBest] *= 1e-3f;
        query[sift::Shape::kTop] *= 1e-3f;
        // Positives that few, about half or most of the candidates come before.
        const float place_of = static_cast<float>(row % 3 - 1) * 0.15f;
        for (std::int32_t i = 0; i < shape.query_atoms; ++i) query[shape.errorAt() + i] *= 0.01f;
        for (std::int32_t k = 0; k < shape.nodes; ++k) {
            query[shape.bestAt() + k] = place_of + 0.02f * query[shape.bestAt() + k];
            query[shape.topAt() + k] = place_of + 0.02f * query[shape.topAt() + k];
        }
    }
}

SiftSample::Found SiftSample::run(SiftDevice& device) const {
    std::deque<SiftMemory> held;
    const auto room = [&](std::size_t count) {
        held.emplace_back(device, count * sizeof(float));
        if (!held.back()) siftStep(device, "no memory for a small tile");
        return held.back().get();
    };
    const auto put = [&](const auto& values) {
        void* at = room(values.size());
        siftStep(device, device.upload(at, values.data(), values.size() * sizeof(float)));
        return at;
    };
    const auto floats = [](void* at) { return static_cast<float*>(at); };
    const auto words = [](void* at) { return static_cast<std::uint32_t*>(at); };
    sift::Tile tile = tile_;
    const auto pairs = static_cast<std::size_t>(tile.rows * tile.cols);
    const auto units = static_cast<std::size_t>(tile.rows * tile.segments());
    const auto products = static_cast<std::size_t>(tile.shape.pairs());
    tile.query_atoms = floats(put(query_atoms_));
    tile.queries = floats(put(queries_));
    tile.candidate_atoms = floats(put(candidate_atoms_));
    tile.coarse = floats(put(coarse_));
    tile.error = floats(put(error_));
    tile.most = floats(put(most_));
    tile.reach = floats(put(reach_));
    tile.node_begin = words(put(node_begin_));
    tile.node = words(put(node_));
    tile.products = floats(room(pairs * products));
    tile.kept = words(room(pairs));
    tile.counts = words(room(2 * units));

    Found out;
    out.products.resize(pairs * products);
    out.counts.resize(2 * units);
    std::vector<std::uint32_t> kept(pairs), offset;
    siftStep(device, device.multiply(tile));
    siftStep(device, device.sortOut(tile));
    siftStep(device, device.download(out.products.data(), tile.products, out.products.size() * sizeof(float)));
    siftStep(device, device.download(out.counts.data(), tile.counts, out.counts.size() * sizeof(float)));
    siftStep(device, device.download(kept.data(), tile.kept, kept.size() * sizeof(float)));
    std::uint32_t entries = 0;
    for (std::size_t u = 0; u < units; ++u) {
        offset.push_back(entries);
        const auto row = static_cast<std::int64_t>(u) / tile.segments();
        const auto begin = row * tile.cols + static_cast<std::int64_t>(u) % tile.segments() * sift::kSegment;
        if (out.counts[2 * u] > sift::kSegment) siftStep(device, "more candidates are kept than there are");
        for (std::uint32_t k = 0; k < out.counts[2 * u] && begin + k < static_cast<std::int64_t>(pairs); ++k)
            out.kept.push_back(kept[static_cast<std::size_t>(begin + k)]);
        entries += out.counts[2 * u];
    }
    if (entries == 0) return out;
    tile.last_unit = static_cast<std::int64_t>(units);
    tile.offset = words(put(offset));
    tile.records = words(room(entries * (1 + products)));
    siftStep(device, device.gather(tile));
    out.records.resize(entries * (1 + products));
    siftStep(device, device.download(out.records.data(), tile.records, out.records.size() * sizeof(float)));
    return out;
}

}  // namespace engine
