// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One subset projector ψ as trained, and its inference without LibTorch (method §1.1):
//   x -> Linear -> BatchNorm -> ReLU -> Linear -> BatchNorm -> L2-normalise
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/base/matrix.h"

namespace engine {

// float32, row-major, PyTorch's shapes. BatchNorm eps is 1e-5.
struct ProjectorWeights {
    std::size_t in = 0, hidden = 0, out = 0;
    std::vector<float> w1, b1;                           // [hidden, in], [hidden]
    std::vector<float> gamma1, beta1, mean1, variance1;  // [hidden]
    std::vector<float> w2, b2;                           // [out, hidden], [out]
    std::vector<float> gamma2, beta2, mean2, variance2;  // [out]
    std::int64_t batches1 = 0, batches2 = 0;             // num_batches_tracked
};

// safetensors with FreeBind's tensor names (Head2.mlps.0.weight, ...). `metadata` is kept in the file's header.
void writeProjector(const std::filesystem::path& path, const ProjectorWeights& weights,
                    const std::map<std::string, std::string>& metadata);
// Checks names, shapes and finiteness.
ProjectorWeights readProjector(const std::filesystem::path& path);

// y = normalise( W2' relu(W1' x + b1') + b2' ), BatchNorm folded in. Thread-safe after construction.
class FoldedProjector {
public:
    explicit FoldedProjector(const ProjectorWeights& weights);
    std::size_t in() const { return w1_.cols(); }
    std::size_t out() const { return w2_.rows(); }
    // x [n, in] -> y [n, out], rows unit length. The bits do not depend on the number of threads; those of a row depend
    // on its place among the others by rounding.
    void forward(MatrixView x, float* y) const;

private:
    Matrix w1_, w2_;  // [hidden, in], [out, hidden]
    std::vector<float> b1_, b2_;
};

}  // namespace engine
