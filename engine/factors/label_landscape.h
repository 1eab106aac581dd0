// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The landscape of a multi-label set: mean average precision at any point of the factors. Average precision needs every
// item's place, so nothing can be left out: the inner products of all atoms are kept (4 bytes each), a point weighs and
// orders them. Scores nearer than their rounding are decided in float64 as the reference has them. Immutable once made;
// thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/job.h"
#include "engine/eval/product_evaluation.h"
#include "engine/factors/blend_side.h"
#include "engine/factors/direction_cells.h"
#include "engine/factors/factor_grid.h"
#include "engine/factors/landscape_request.h"

namespace engine {

struct LabelPoint {
    double mean_average_precision = 0;  // percent, over classes that have any item
    std::size_t classes = 0, classes_without_items = 0, tied_classes = 0;
    std::uint64_t resolved = 0;  // scores taken in float64
};

class LabelLandscape {
public:
    // Items are the first side, classes the second. Throws Error{NoSpace} where the products do not fit the request's
    // memory.
    static std::shared_ptr<const LabelLandscape> build(LandscapeRequest request, const JobContext& job);

    const SetComponents& set() const { return request_.set; }
    const FactorGrid& grid() const { return grid_; }  // without cuts
    std::uint64_t bytes() const { return inner_.size() * sizeof(float); }
    LabelPoint at(const double* point, TieRule ties) const;

private:
    LabelLandscape(LandscapeRequest request, const JobContext& job);

    LandscapeRequest request_;
    FactorGrid grid_;
    std::unique_ptr<const BlendSide> items_, classes_;
    std::vector<std::vector<std::uint32_t>> members_;  // items of each class
    std::vector<float> inner_;                         // [class][class atom * item atom][item]
    double most_inner_ = 0;                            // the largest magnitude of them
    // Lengths and cosines of both sides in float64, of experts that were summed in float64 too: the products' rounding
    // to float32 is then the only error of a score. As BlendSide::Shape, item by item.
    std::vector<double> item_inverse_, item_cosine_, class_inverse_, class_cosine_;
};

}  // namespace engine
