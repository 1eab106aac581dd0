// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A product's vectors as sides of evaluation sets. Rows are blended in float64 and rounded once to float32 for the fast
// path; blendRow gives the float64 row where ranks are near, so figures equal those of the float64 reference on the
// stored float32 components. Memory: 4 bytes a value of both sides of one set.
#pragma once

#include <functional>
#include <vector>

#include "engine/eval/set_evaluation.h"
#include "engine/recipe/product.h"

namespace engine {

// One evaluation set with the components of both sides.
struct SetComponents {
    SetDescription set;
    Components first, second;
};

// One side at one setting. Keeps references to `components` and `weights`: they must outlive it.
class ProductRows {
public:
    ProductRows(const Components& components, const BlendWeights& weights, const JobContext& job);
    RowSource source() const;

private:
    const Components& components_;
    const BlendWeights& weights_;
    Matrix rows_;
};

// The same sides by brute force with `reference`.
SetMetrics evaluateProductSet(const SetComponents& set, const BlendWeights& first, const BlendWeights& second,
                              const std::string& score, const EvalOptions& options, const JobContext& job,
                              bool reference = false);

// All of `sets` at the recipe's factors with `setting` put in. Throws Error{InvalidInput} if the setting is not live.
MetricsTable evaluateProduct(const ProductModel& model, const std::vector<SetComponents>& sets, const Setting& setting,
                             const EvalOptions& options, const JobContext& job, bool reference = false);

// "ImageBind++ at sigma_a=0.8, sigma_t=0.5, CLAP_g:T=off"; only what the setting names, of projectors those that are
// off.
std::string productSubject(const ProductModel& model, const Setting& setting);

}  // namespace engine
