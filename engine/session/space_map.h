// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A map of an evaluation set's items, both sides, in a product or in a raw space: projections onto two or three axes
// that are fitted at one setting and then stay. Every product vector is a weighted sum of fixed vectors of its item
// (Components), brought to unit length, so those are projected once and another setting costs some tens of
// multiplications an item: 20,000 points in about 2 ms on one thread.
//
// Immutable once made; any number of threads may read. Keeps the components' owners alive; rows without an owner must
// outlive it. Memory: 80 to 300 bytes an item and 50 to 130 a pair; while it is made 4 bytes a value of the drawn rows.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/option_table.h"
#include "engine/eval/product_evaluation.h"
#include "engine/session/atom_blend.h"
#include "engine/store/workspace.h"

namespace engine {

struct MapOptions {
    std::string axes = "principal";   // or "gap": the first axis runs from the first side's mean to the second's
    std::int64_t components = 2;      // axes
    std::int64_t most_items = 20000;  // of both sides together; beyond it whole pairs are drawn at random
    std::int64_t seed = 0;            // of the drawing
};
const OptionTable<MapOptions>& mapOptionTable();

// Where the drawn items stand at a setting.
struct MapPlaces {
    std::size_t axes = 0;
    std::vector<float> first, second;             // [items][axes] about the centre; NaN where a vector vanishes
    std::vector<double> first_mean, second_mean;  // [axes] of those that do not vanish
    double pair_cosine = 0;                       // mean over the drawn pairs; NaN without any
    std::size_t vanished = 0;                     // items without a direction
};

class SpaceMap {
public:
    // Fits the axes at the setting of these weights. Throws Error{InvalidInput} for wrong options, more than 15
    // experts on a side, and vectors that vanish. Blocking job.
    static std::shared_ptr<const SpaceMap> make(const SetComponents& set, const BlendWeights& first,
                                                const BlendWeights& second, const MapOptions& options,
                                                const JobContext& job);

    MapPlaces places(const BlendWeights& first, const BlendWeights& second) const;
    // The distance between the mean vectors of the two sides' drawn items in the whole space, not in the map. Reads
    // all their components. Blocking job.
    double gap(const BlendWeights& first, const BlendWeights& second, const JobContext& job) const;

    const MapOptions& options() const { return options_; }
    std::size_t axes() const { return explained_.size(); }
    const std::vector<float>& axis(std::size_t i) const { return axis_[i]; }  // [width], unit length
    // Share of all variance about the common mean that each axis holds at the setting of the fit, 0..1.
    const std::vector<double>& explained() const { return explained_; }
    // Rows of the set that are drawn, ascending: point i of a side is item rows(side)[i].
    const std::vector<std::uint32_t>& rows(bool first) const { return first ? first_.rows : second_.rows; }
    std::size_t items(bool first) const { return first ? first_.components.rows() : second_.components.rows(); }
    // Between drawn points: (index into rows(true), index into rows(false)).
    const PairList& pairs() const { return pairs_; }

private:
    struct Side {
        Components components;
        std::vector<std::uint32_t> rows;
        std::size_t atoms = 1;      // the base, then every part of every layer
        std::vector<float> places;  // [items][atoms][axes]
        std::vector<double> gram;   // [items][atoms][atoms]
        void takeGram(const JobContext& job);
        void takePlaces(const std::vector<std::vector<float>>& axes, const JobContext& job);
        const float* atom(std::size_t item, std::size_t j) const { return atomRow(components, rows[item], j); }
        bool combine(std::size_t item, const BlendWeights& weights, double* a) const {
            return atomWeights(gram.data() + item * atoms * atoms, atoms, weights, a);
        }
    };
    SpaceMap() = default;
    void draw(const SetComponents& set);
    void fit(const BlendWeights& first, const BlendWeights& second, const JobContext& job);
    void takeCross(const JobContext& job);
    std::vector<double> meanOf(const Side& side, const BlendWeights& weights, const JobContext& job) const;

    MapOptions options_;
    Side first_, second_;
    PairList pairs_;
    std::vector<double> cross_;  // [pairs][atoms of first][atoms of second]: inner products
    std::vector<std::vector<float>> axis_;
    std::vector<double> centre_, explained_;  // along each axis
};

// A set's rows in a raw space as components without layers, to be mapped with weights of no layers.
SetComponents spaceComponents(const Workspace& workspace, const std::string& set, const std::string& space,
                              const JobContext& job);

}  // namespace engine
