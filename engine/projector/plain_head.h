// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A head of any layers on CPU while it is trained: forward, gradients, Adam or AdamW as in PyTorch, in plain C++ with
// every sum in an order that does not depend on the number of threads. What trained_head.h does by autograd on any
// device; as there, the bias before a BatchNorm has no gradient but rounding, so it counts as 0, and so does the beta
// of a BatchNorm that another Linear and BatchNorm follow at once. float32. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/matrix.h"
#include "engine/projector/batch_norm.h"
#include "engine/projector/projector_step.h"

namespace engine {

// x [rows, cols] becomes unit rows; `inverse` [rows] keeps 1 / |x|, at most 1e12.
void unitRows(float* x, std::size_t rows, std::size_t cols, std::vector<float>& inverse, const JobContext& job);
// d [rows, cols], the gradient of the unit rows p, becomes that of the rows before.
void unitRowsBack(const float* p, std::size_t rows, std::size_t cols, const std::vector<float>& inverse, float* d,
                  const JobContext& job);

class PlainHead {
public:
    // Rows come in `groups` of `group_rows`, each a batch of BatchNorm. `first`, `second`: Adam's moments, beside
    // trainedOf(weights); empty for a head that is only passed.
    PlainHead(ProjectorWeights weights, Parameters first, Parameters second, std::size_t groups,
              std::size_t group_rows);

    // --- One layer after the other ---

    // x [rows, in], which must stay as it is until layerBack(): Linear, BatchNorm and ReLU where the layer has them.
    void layer(std::size_t index, const float* x, const JobContext& job);
    float* output(std::size_t index) { return buffers_.at(index).output.data(); }      // of layer() [rows, out]
    float* gradient(std::size_t index) { return buffers_.at(index).gradient.data(); }  // of it; the caller's to fill
    // gradient(index) becomes that of the Linear's product; the gradients of the layer's parameters are kept.
    void layerBack(std::size_t index, const JobContext& job);
    // After layerBack(): of `count` rows from `first_row` of what went in, into d [count, in].
    void inputGradient(std::size_t index, std::size_t first_row, std::size_t count, float* d,
                       const JobContext& job) const;

    // --- All of them ---

    // x [rows, in], after Head1 where it has to pass it, which must stay as it is until backward(): unit rows in
    // lastOutput().
    void forward(const float* x, const JobContext& job);
    float* lastOutput() { return buffers_.back().output.data(); }
    const float* lastOutput() const { return buffers_.back().output.data(); }
    float* lastGradient() { return buffers_.back().gradient.data(); }  // of the unit rows; the caller's to fill
    void backward(const JobContext& job);

    // --- Head1 ---

    // y [n, in] = what x [n, in] becomes in it.
    void linear(const float* x, std::size_t n, float* y, const JobContext& job) const;
    void clearLinear();  // gradients 0
    // Adds to the gradients of the weight by d, of the bias by d_bias: gradients of y.
    void linearBack(const float* x, std::size_t n, const float* d, const float* d_bias, const JobContext& job);

    // Adam with the gradients, running statistics with those of the batches.
    void update(const StepOptions& options, std::int64_t step, double rate);

    std::size_t rows() const { return rows_; }
    std::size_t out() const { return weights_.out(); }
    const ProjectorWeights& weights() const { return weights_; }
    const Parameters& first() const { return first_; }
    const Parameters& second() const { return second_; }
    const Parameters& gradients() const { return gradients_; }  // beside trainedOf(weights())

private:
    struct Buffers {
        const float* input = nullptr;
        Matrix product, output, gradient;  // product: of the Linear without its bias, where a BatchNorm follows
        std::optional<BatchNorm> norm;
        std::size_t parameters = 0;  // of gradients_: where the layer's begin
    };

    bool trained() const { return !first_.empty(); }

    ProjectorWeights weights_;
    Parameters first_, second_, gradients_;
    std::size_t rows_;
    std::vector<Buffers> buffers_;
    std::vector<float> inverse_;  // 1 / |last layer's output|
};

}  // namespace engine
