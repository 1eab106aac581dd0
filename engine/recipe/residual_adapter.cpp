// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/residual_adapter.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/first_error.h"

namespace engine {
namespace {

constexpr std::size_t kBlock = 128;
constexpr double kShortest = 1e-6;

}  // namespace

ProjectorWeights emptyAdapter(std::size_t width, std::size_t hidden) {
    ProjectorWeights w;
    w.layers = {emptyLayer(width, hidden, false, true), emptyLayer(hidden, width, false, false)};
    return w;
}

ResidualAdapter::ResidualAdapter(ProjectorWeights weights) : weights_(std::move(weights)) {
    const auto& layers = weights_.layers;
    const bool fits = layers.size() == 2 && !layers[0].norm && layers[0].relu && !layers[1].norm && !layers[1].relu &&
                      layers[0].in == layers[1].out && !weights_.head1;
    if (!fits) {
        throw Error(ErrorCode::InvalidInput, "adapter",
                    "expected two Linears with a ReLU between, back to the same width, found " + shapeText(weights_));
    }
}

void ResidualAdapter::apply(MatrixView x, float* y) const {
    ENGINE_CHECK(x.cols == width(), "rows of another width");
    const auto &first = weights_.layers[0], &second = weights_.layers[1];
    FirstError failure;
    // A block has one shape (the last is filled up with zeros) and is one thread's.
#pragma omp parallel
    {
        Matrix in, hidden, change;
        std::vector<double> z;
#pragma omp for schedule(static)
        for (std::size_t at = 0; at < x.rows; at += kBlock) {
            failure.guard([&] {
                if (in.empty()) {
                    in = Matrix(kBlock, first.in);
                    hidden = Matrix(kBlock, first.out);
                    change = Matrix(kBlock, second.out);
                    z.resize(width());
                }
                const std::size_t count = std::min(kBlock, x.rows - at);
                std::fill(in.data(), in.data() + in.size(), 0.0f);
                for (std::size_t i = 0; i < count; ++i) std::copy_n(x.row(at + i), first.in, in.row(i));
                gemmNT(kBlock, first.out, first.in, 1, in.data(), first.in, first.weight.data(), first.in, 0,
                       hidden.data(), first.out);
                for (std::size_t i = 0; i < kBlock; ++i) {
                    for (std::size_t j = 0; j < first.out; ++j)
                        hidden.row(i)[j] = std::max(hidden.row(i)[j] + first.bias[j], 0.0f);
                }
                gemmNT(kBlock, second.out, second.in, 1, hidden.data(), second.in, second.weight.data(), second.in, 0,
                       change.data(), second.out);
                for (std::size_t i = 0; i < count; ++i) {
                    double length = 0;
                    for (std::size_t j = 0; j < width(); ++j) {
                        z[j] = static_cast<double>(in.row(i)[j]) + static_cast<double>(change.row(i)[j]) +
                               static_cast<double>(second.bias[j]);
                        length += z[j] * z[j];
                    }
                    length = std::sqrt(length);
                    if (length < kShortest) {
                        throw Error(ErrorCode::InvalidInput, "adapter, row " + std::to_string(at + i),
                                    "the tuned vector has length 0, so it has no direction");
                    }
                    for (std::size_t j = 0; j < width(); ++j)
                        y[(at + i) * width() + j] = static_cast<float>(z[j] / length);
                }
            });
        }
    }
    failure.rethrow();
}

}  // namespace engine
