// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a landscape is made of and for: one evaluation set, which of its layers' shares are factors, and the box of
// those; of all queries or of a sample of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/eval/product_evaluation.h"
#include "engine/factors/blend_side.h"
#include "engine/factors/factor_grid.h"
#include "engine/factors/sift_device.h"

namespace engine {

// A range of one factor; [low, high] within 0..1.
struct FactorRange {
    std::string factor;
    double low = 0, high = 1;
};

// Which queries of a set are asked where not all are (engine/factors/query_sample.h): whole units, drawn at random.
struct QuerySample {
    std::uint64_t seed = 0;
    std::size_t units = 0, of_units = 0;
    std::size_t queries = 0, of_queries = 0;  // with a positive, of both directions

    double share() const { return static_cast<double>(units) / static_cast<double>(of_units); }
    std::string text() const;  // "sample of 500 of 20,000 queries, seed 1"
};

struct LandscapeRequest {
    SetComponents set;
    BlendWeights first, second;                      // fixes what is no factor of the set
    std::vector<LayerDims> first_dims, second_dims;  // of each layer; indices into `box`
    std::vector<FactorRange> box;                    // of the set's factors, those that any layer names
    bool backward = true;                            // also queries from the second side
    std::uint64_t memory_bytes = std::uint64_t{4} << 30;
    std::uint64_t close_up_bytes = std::uint64_t{32} << 20;  // for closer looks beside it (SetLandscape); 0: none
    // Where it is there, set.set.pairs are those of the sample: the other rows are candidates and ask nothing.
    std::optional<QuerySample> sample;
    std::size_t tile = 256;  // queries that a thread takes at a time; changes memory and time, not hits
    // What sorts candidates out: none, or one that gives nullptr, is the CPU. Changes time, not hits. Throws
    // Error{Device}.
    std::function<std::unique_ptr<SiftDevice>()> open_device;

    // The box with its cuts (a set of several labels has none).
    FactorGrid grid() const {
        FactorGrid out;
        for (const auto& range : box) {
            out.factors.push_back(range.factor);
            out.low.push_back(range.low);
            out.high.push_back(range.high);
        }
        if (set.set.kind != SetKind::MultiLabel)
            out.parts = gridParts(box.size(), set.first.rows() + set.second.rows());
        return out;
    }
    // The weights of both sides at a point, as blend() takes them.
    BlendWeights firstAt(const double* point) const { return weightsAtPoint(first, first_dims, point); }
    BlendWeights secondAt(const double* point) const { return weightsAtPoint(second, second_dims, point); }
};

}  // namespace engine
