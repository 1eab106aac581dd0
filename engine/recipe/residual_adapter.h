// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What stands in for a tuned encoder where there are embeddings alone (method §5): y = N( x + W2 relu(W1 x + b1) + b2
// ).
#pragma once

#include "engine/base/matrix.h"
#include "engine/recipe/projector_weights.h"

namespace engine {

// Two Linears without BatchNorm, width -> hidden ReLU -> width, filled with zeros: x itself.
ProjectorWeights emptyAdapter(std::size_t width, std::size_t hidden);

// Thread-safe after construction.
class ResidualAdapter {
public:
    // Throws Error{InvalidInput} for layers of another kind.
    explicit ResidualAdapter(ProjectorWeights weights);
    std::size_t width() const { return weights_.in(); }
    // x [n, width] -> y [n, width], rows unit length; y may not be x. The same bits with any number of threads.
    void apply(MatrixView x, float* y) const;

private:
    ProjectorWeights weights_;
};

}  // namespace engine
