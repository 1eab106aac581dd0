// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/base/error.h"
#include "engine/recipe/projector_weights.h"

namespace engine {
namespace {

constexpr double kBatchNormEps = 1e-5;
constexpr std::size_t kBlock = 128;

}  // namespace

// W' = diag(g / sqrt(v + eps)) W, b' = (b − m) g / sqrt(v + eps) + beta; with Head1 before it W' H, W' h + b'.
FoldedProjector::Layer FoldedProjector::fold(const ProjectorLayer& layer, const ProjectorLayer* before) {
    const std::size_t in = before ? before->in : layer.in, inner = layer.in;
    Layer out{Matrix(layer.out, in), std::vector<float>(layer.out), layer.relu};
    std::vector<double> row(in);
    for (std::size_t i = 0; i < layer.out; ++i) {
        double scale = 1, shift = 0, mean = 0;
        if (layer.norm) {
            scale =
                static_cast<double>(layer.gamma[i]) / std::sqrt(static_cast<double>(layer.variance[i]) + kBatchNormEps);
            shift = static_cast<double>(layer.beta[i]);
            mean = static_cast<double>(layer.mean[i]);
        }
        const float* weight = layer.weight.data() + i * inner;
        double bias = static_cast<double>(layer.bias[i]);
        if (before) {
            std::fill(row.begin(), row.end(), 0.0);
            for (std::size_t k = 0; k < inner; ++k) {
                const double w = static_cast<double>(weight[k]);
                bias += w * static_cast<double>(before->bias[k]);
                for (std::size_t j = 0; j < in; ++j) row[j] += w * static_cast<double>(before->weight[k * in + j]);
            }
        } else {
            for (std::size_t j = 0; j < in; ++j) row[j] = static_cast<double>(weight[j]);
        }
        for (std::size_t j = 0; j < in; ++j) out.w.row(i)[j] = static_cast<float>(scale * row[j]);
        out.b[i] = static_cast<float>((bias - mean) * scale + shift);
    }
    return out;
    // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): it does not see through the deleter of Matrix::Memory.
}

FoldedProjector::FoldedProjector(const ProjectorWeights& weights) : head1_modalities_(weights.head1_modalities) {
    for (const auto& layer : weights.layers) layers_.push_back(fold(layer, nullptr));
    if (weights.head1) through_head1_ = fold(weights.layers.front(), &*weights.head1);
}

double FoldedProjector::rowFlop() const {
    double weights = 0;
    for (const auto& layer : layers_)
        weights += static_cast<double>(layer.w.rows()) * static_cast<double>(layer.w.cols());
    return 2 * weights;
}

void FoldedProjector::forward(MatrixView x, float* y, const Modality& modality) const {
    ENGINE_CHECK(x.cols == in(), "rows of another width");
    const bool leads = through_head1_ && std::find(head1_modalities_.begin(), head1_modalities_.end(), modality) !=
                                             head1_modalities_.end();
    std::vector<const Layer*> layers;
    std::size_t widths = in();
    for (const auto& layer : layers_) {
        layers.push_back(&layer);
        widths += layer.w.rows();
    }
    if (leads) layers.front() = &*through_head1_;
    const std::size_t width = out();
    const auto threads = static_cast<std::size_t>(omp_get_max_threads());
    std::vector<Matrix> scratch;
    for (std::size_t t = 0; t < threads; ++t) scratch.emplace_back(kBlock, widths);
        // Every block has the same shape (the last is filled up with zeros) and is one thread's, so the bits of a row
        // do not depend on the number of threads.
#pragma omp parallel
    {
        float* padded = scratch[static_cast<std::size_t>(omp_get_thread_num())].data();
#pragma omp for schedule(static)
        for (std::size_t first = 0; first < x.rows; first += kBlock) {
            const std::size_t count = std::min(kBlock, x.rows - first);
            const float* source = x.row(first);
            std::size_t stride = x.stride;
            if (count < kBlock) {
                std::fill(padded, padded + kBlock * in(), 0.0f);
                for (std::size_t i = 0; i < count; ++i)
                    std::memcpy(padded + i * in(), x.row(first + i), in() * sizeof(float));
                source = padded;
                stride = in();
            }
            float* h = padded + kBlock * in();
            for (const Layer* layer : layers) {
                const std::size_t cols = layer->w.rows();
                gemmNT(kBlock, cols, layer->w.cols(), 1, source, stride, layer->w.data(), layer->w.cols(), 0, h, cols);
                for (std::size_t i = 0; i < kBlock; ++i) {
                    float* row = h + i * cols;
                    for (std::size_t j = 0; j < cols; ++j) row[j] += layer->b[j];
                    if (!layer->relu) continue;
                    for (std::size_t j = 0; j < cols; ++j) row[j] = std::max(row[j], 0.0f);
                }
                source = h;
                stride = cols;
                h += kBlock * cols;
            }
            for (std::size_t i = 0; i < count; ++i) {
                float* out_row = y + (first + i) * width;
                std::memcpy(out_row, source + i * width, width * sizeof(float));
                normalizeRows(out_row, 1, width);
            }
        }
    }
}

}  // namespace engine
