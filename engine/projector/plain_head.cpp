// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/plain_head.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/projector/tiles.h"

namespace engine {
namespace {

// Adds the sums over the rows of d [rows, cols] to out.
void addColumnSums(const float* d, std::size_t rows, std::size_t cols, std::vector<float>& out, const JobContext& job) {
    const ColumnSums sums = columnSums(rows, cols, job, [&](std::size_t i, float* a, float*) {
        const float* row = d + i * cols;
        for (std::size_t j = 0; j < cols; ++j) a[j] += row[j];
    });
    for (std::size_t j = 0; j < cols; ++j) out[j] += static_cast<float>(sums.first[j]);
}

// y += b in every row, then ReLU if asked.
void addBias(float* y, std::size_t rows, const std::vector<float>& bias, bool relu, const JobContext& job) {
    const std::size_t cols = bias.size();
    const float floor = relu ? 0.0f : -__builtin_huge_valf();
    eachRow(rows, job, [&](std::size_t i) {
        float* row = y + i * cols;
        for (std::size_t j = 0; j < cols; ++j) {
            const float v = row[j] + bias[j];
            row[j] = v > floor ? v : floor;
        }
    });
}

}  // namespace

void unitRows(float* x, std::size_t rows, std::size_t cols, std::vector<float>& inverse, const JobContext& job) {
    inverse.resize(rows);
    eachRow(rows, job, [&](std::size_t i) {
        float* row = x + i * cols;
        double sum = 0;
        for (std::size_t j = 0; j < cols; ++j) sum += static_cast<double>(row[j]) * static_cast<double>(row[j]);
        inverse[i] = static_cast<float>(1 / std::max(std::sqrt(sum), 1e-12));
        for (std::size_t j = 0; j < cols; ++j) row[j] *= inverse[i];
    });
}

void unitRowsBack(const float* p, std::size_t rows, std::size_t cols, const std::vector<float>& inverse, float* d,
                  const JobContext& job) {
    eachRow(rows, job, [&](std::size_t i) {
        const float* unit = p + i * cols;
        float* row = d + i * cols;
        double along = 0;
        for (std::size_t j = 0; j < cols; ++j) along += static_cast<double>(unit[j]) * static_cast<double>(row[j]);
        const float dot = static_cast<float>(along);
        for (std::size_t j = 0; j < cols; ++j) row[j] = (row[j] - unit[j] * dot) * inverse[i];
    });
}

PlainHead::PlainHead(ProjectorWeights weights, Parameters first, Parameters second, std::size_t groups,
                     std::size_t group_rows)
    : weights_(std::move(weights)), first_(std::move(first)), second_(std::move(second)), rows_(groups * group_rows) {
    if (trained()) {
        gradients_ = zeroParameters(weights_);
        ENGINE_CHECK(first_.size() == gradients_.size() && second_.size() == gradients_.size(),
                     "moments of every parameter");
    }
    std::size_t next = weights_.head1 ? 2 : 0;
    for (const auto& layer : weights_.layers) {
        Buffers b;
        if (layer.norm) {
            b.product = Matrix(rows_, layer.out);
            b.norm.emplace(layer.out, groups, group_rows);
        }
        b.output = Matrix(rows_, layer.out);
        b.gradient = Matrix(rows_, layer.out);
        b.parameters = next;
        next += layer.norm ? 4 : 2;
        buffers_.push_back(std::move(b));
    }
}

void PlainHead::layer(std::size_t index, const float* x, const JobContext& job) {
    const ProjectorLayer& l = weights_.layers.at(index);
    Buffers& b = buffers_.at(index);
    b.input = x;
    float* product = l.norm ? b.product.data() : b.output.data();
    tiledGemm(Form::ABt, rows_, l.out, l.in, x, l.in, l.weight.data(), l.in, product, l.out, job);
    if (!l.norm) return addBias(b.output.data(), rows_, l.bias, l.relu, job);
    b.norm->measure(product, job);
    b.norm->apply(product, l.gamma.data(), l.beta.data(), l.relu, b.output.data(), job);
}

void PlainHead::layerBack(std::size_t index, const JobContext& job) {
    const ProjectorLayer& l = weights_.layers.at(index);
    Buffers& b = buffers_.at(index);
    float* d = b.gradient.data();
    const float* active = l.relu ? b.output.data() : nullptr;
    if (l.norm) {
        std::vector<float> gamma(l.out, 0.0f), beta(l.out, 0.0f);
        b.norm->backward(b.product.data(), active, l.gamma.data(), d, gamma, beta, job);
        if (trained()) {
            const bool cancels = !l.relu && index + 1 < weights_.layers.size() && weights_.layers[index + 1].norm;
            gradients_[b.parameters + 2] = std::move(gamma);
            if (!cancels) gradients_[b.parameters + 3] = std::move(beta);
        }
    } else {
        if (active) {
            eachRow(rows_, job, [&](std::size_t i) {
                const float* mask = active + i * l.out;
                float* row = d + i * l.out;
                for (std::size_t j = 0; j < l.out; ++j) row[j] = mask[j] > 0 ? row[j] : 0.0f;
            });
        }
        if (trained()) {
            auto& bias = gradients_[b.parameters + 1];
            std::fill(bias.begin(), bias.end(), 0.0f);
            addColumnSums(d, rows_, l.out, bias, job);
        }
    }
    if (!trained()) return;
    tiledGemm(Form::AtB, l.out, l.in, rows_, d, l.out, b.input, l.in, gradients_[b.parameters].data(), l.in, job);
}

void PlainHead::inputGradient(std::size_t index, std::size_t first_row, std::size_t count, float* d,
                              const JobContext& job) const {
    const ProjectorLayer& l = weights_.layers.at(index);
    tiledGemm(Form::AB, count, l.in, l.out, buffers_.at(index).gradient.row(first_row), l.out, l.weight.data(), l.in, d,
              l.in, job);
}

void PlainHead::forward(const float* x, const JobContext& job) {
    for (std::size_t k = 0; k < buffers_.size(); ++k) {
        layer(k, x, job);
        x = output(k);
    }
    unitRows(lastOutput(), rows_, out(), inverse_, job);
}

void PlainHead::backward(const JobContext& job) {
    unitRowsBack(lastOutput(), rows_, out(), inverse_, lastGradient(), job);
    for (std::size_t k = buffers_.size(); k-- > 0;) {
        layerBack(k, job);
        if (k > 0) inputGradient(k, 0, rows_, gradient(k - 1), job);
    }
}

void PlainHead::linear(const float* x, std::size_t n, float* y, const JobContext& job) const {
    ENGINE_CHECK(weights_.head1, "a head without Head1");
    const ProjectorLayer& l = *weights_.head1;
    tiledGemm(Form::ABt, n, l.out, l.in, x, l.in, l.weight.data(), l.in, y, l.out, job);
    addBias(y, n, l.bias, false, job);
}

void PlainHead::clearLinear() {
    for (std::size_t k = 0; k < 2; ++k) std::fill(gradients_.at(k).begin(), gradients_[k].end(), 0.0f);
}

void PlainHead::linearBack(const float* x, std::size_t n, const float* d, const float* d_bias, const JobContext& job) {
    ENGINE_CHECK(weights_.head1 && trained(), "a head without Head1");
    const ProjectorLayer& l = *weights_.head1;
    Matrix part(l.out, l.in);
    tiledGemm(Form::AtB, l.out, l.in, n, d, l.out, x, l.in, part.data(), l.in, job);
    for (std::size_t i = 0; i < part.size(); ++i) gradients_[0][i] += part.data()[i];
    addColumnSums(d_bias, n, l.out, gradients_[1], job);
}

void PlainHead::update(const StepOptions& o, std::int64_t step, double rate) {
    ENGINE_CHECK(trained(), "a head that is only passed");
    for (std::size_t k = 0; k < buffers_.size(); ++k) {
        ProjectorLayer& l = weights_.layers[k];
        if (l.norm) buffers_[k].norm->updateRunning(l.bias, l.mean, l.variance, l.batches);
    }
    const double t = static_cast<double>(step);
    const double correction = 1 - std::pow(o.beta1, t);
    const float root = static_cast<float>(std::sqrt(1 - std::pow(o.beta2, t)));
    const float size = static_cast<float>(rate / correction);
    const float decay = o.decoupled_decay ? 0.0f : static_cast<float>(o.weight_decay);
    const float keep = o.decoupled_decay ? static_cast<float>(1 - rate * o.weight_decay) : 1.0f;
    const float b1 = static_cast<float>(1 - o.beta1), b2 = static_cast<float>(o.beta2),
                c2 = static_cast<float>(1 - o.beta2), eps = static_cast<float>(o.epsilon);
    const auto values = trainedOf(weights_);
    for (std::size_t k = 0; k < values.size(); ++k) {
        float* value = values[k]->data();
        const float* gradient = gradients_[k].data();
        float *m = first_[k].data(), *v = second_[k].data();
        const std::size_t n = gradients_[k].size();
#pragma omp parallel for schedule(static) if (n > 65536)
        for (std::size_t i = 0; i < n; ++i) {
            const float g = gradient[i] + decay * value[i];
            m[i] += b1 * (g - m[i]);
            v[i] = b2 * v[i] + c2 * g * g;
            value[i] = keep * value[i] - size * (m[i] / (std::sqrt(v[i]) / root + eps));
        }
    }
}

}  // namespace engine
