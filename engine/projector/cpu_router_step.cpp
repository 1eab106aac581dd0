// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/base/error.h"
#include "engine/projector/plain_head.h"
#include "engine/projector/router_step.h"
#include "engine/projector/tiles.h"

namespace engine {
namespace {

double sigmoid(float x) {
    return 1 / (1 + std::exp(-static_cast<double>(x)));
}

// One modality of a batch.
struct Side {
    std::size_t spaces, batch, width;
    double sharpness;
    std::optional<PlainHead> head;
    const float* x = nullptr;        // [batch, spaces · width]
    Matrix weights, unit, gradient;  // w [batch, spaces], z [batch, width], dL/dz
    std::vector<float> inverse;      // 1 / |Σ w x|

    Side(const RouterStepOptions& options, const RouterSide& from)
        : spaces(from.spaces),
          batch(options.batch),
          width(options.width),
          sharpness(from.sharpness),
          weights(options.batch, from.spaces),
          unit(options.batch, options.width),
          gradient(options.batch, options.width) {
        ENGINE_CHECK(from.network.has_value() == (from.spaces > 1), "a network where there is a choice");
        if (!from.network) return;
        const Parameters zeros = zeroParameters(*from.network);
        head.emplace(*from.network, zeros, zeros, 1, options.batch);
    }

    void forward(const float* rows, const JobContext& job) {
        x = rows;
        if (head) {
            head->layer(0, x, job);
            head->layer(1, head->output(0), job);
            const std::size_t second = head->weights().layers[1].out;
            eachRow(batch, job, [&](std::size_t i) {
                float* row = head->output(1) + i * second;
                for (std::size_t j = 0; j < second; ++j)
                    row[j] = static_cast<float>(std::tanh(static_cast<double>(row[j])));
            });
            head->layer(2, head->output(1), job);
        }
        eachRow(batch, job, [&](std::size_t i) {
            float *w = weights.row(i), *z = unit.row(i);
            if (head) {
                const float* logits = head->output(2) + i * spaces;
                double sum = 0;
                // The largest exponent is `sharpness`: taken off, none overflows.
                for (std::size_t k = 0; k < spaces; ++k) sum += std::exp(sharpness * (sigmoid(logits[k]) - 1));
                for (std::size_t k = 0; k < spaces; ++k)
                    w[k] = static_cast<float>(std::exp(sharpness * (sigmoid(logits[k]) - 1)) / sum);
            } else {
                w[0] = 1;
            }
            std::fill_n(z, width, 0.0f);
            for (std::size_t k = 0; k < spaces; ++k) {
                const float* from = x + (i * spaces + k) * width;
                for (std::size_t j = 0; j < width; ++j) z[j] += w[k] * from[j];
            }
        });
        unitRows(unit.data(), batch, width, inverse, job);
        std::fill_n(gradient.data(), gradient.size(), 0.0f);
    }

    void backward(const JobContext& job) {
        if (!head) return;
        unitRowsBack(unit.data(), batch, width, inverse, gradient.data(), job);
        const std::size_t second = head->weights().layers[1].out;
        eachRow(batch, job, [&](std::size_t i) {
            const float *w = weights.row(i), *d = gradient.row(i), *logits = head->output(2) + i * spaces;
            float* d_logits = head->gradient(2) + i * spaces;
            double mean = 0;  // of dL/dw under w
            for (std::size_t k = 0; k < spaces; ++k) {
                const float* from = x + (i * spaces + k) * width;
                double along = 0;
                for (std::size_t j = 0; j < width; ++j)
                    along += static_cast<double>(d[j]) * static_cast<double>(from[j]);
                d_logits[k] = static_cast<float>(along);
                mean += static_cast<double>(w[k]) * along;
            }
            for (std::size_t k = 0; k < spaces; ++k) {
                const double s = sigmoid(logits[k]);
                d_logits[k] = static_cast<float>(static_cast<double>(w[k]) * (static_cast<double>(d_logits[k]) - mean) *
                                                 sharpness * s * (1 - s));
            }
        });
        head->layerBack(2, job);
        head->inputGradient(2, 0, batch, head->gradient(1), job);
        eachRow(batch, job, [&](std::size_t i) {
            const float* t = head->output(1) + i * second;
            float* d = head->gradient(1) + i * second;
            for (std::size_t j = 0; j < second; ++j) d[j] *= 1 - t[j] * t[j];
        });
        head->layerBack(1, job);
        head->inputGradient(1, 0, batch, head->gradient(0), job);
        head->layerBack(0, job);
    }
};

class CpuRouterStep : public RouterStep {
public:
    CpuRouterStep(const RouterStepOptions& options, const std::vector<RouterSide>& sides)
        : info_(options.batch, options.width, options.temperature, InfoDirection::Symmetric, options.keep_logits) {
        adam_.beta1 = options.beta1;
        adam_.beta2 = options.beta2;
        adam_.epsilon = options.epsilon;
        for (const auto& side : sides) sides_.emplace_back(options, side);
    }

    double gradients(const std::vector<const float*>& x, const JobContext& job) override {
        ENGINE_CHECK(x.size() == sides_.size(), "rows of every modality");
        for (std::size_t s = 0; s < sides_.size(); ++s) sides_[s].forward(x[s], job);
        double loss = 0;
        for (std::size_t a = 0; a < sides_.size(); ++a) {
            for (std::size_t b = a + 1; b < sides_.size(); ++b) {
                Side &p = sides_[a], &q = sides_[b];
                if (!p.head && !q.head) continue;
                loss += info_.run(p.unit.data(), q.unit.data(), p.gradient.data(), job);
                if (q.head) info_.run(q.unit.data(), p.unit.data(), q.gradient.data(), job);
            }
        }
        for (auto& side : sides_) side.backward(job);
        return loss;
    }

    void update(double rate) override {
        ++step_;
        for (auto& side : sides_) {
            if (side.head) side.head->update(adam_, step_, rate);
        }
    }

    ProjectorWeights network(std::size_t side) const override { return headOf(side).weights(); }
    Parameters lastGradients(std::size_t side) const override { return headOf(side).gradients(); }
    std::vector<float> lastWeights(std::size_t side) const override { return numbers(sides_.at(side).weights); }
    std::vector<float> lastVectors(std::size_t side) const override { return numbers(sides_.at(side).unit); }

private:
    const PlainHead& headOf(std::size_t side) const {
        ENGINE_CHECK(sides_.at(side).head, "a modality of one space");
        return *sides_[side].head;
    }
    static std::vector<float> numbers(const Matrix& m) { return {m.data(), m.data() + m.size()}; }

    StepOptions adam_;
    InfoLoss info_;
    std::vector<Side> sides_;
    std::int64_t step_ = 0;
};

}  // namespace

std::unique_ptr<RouterStep> makeCpuRouterStep(const RouterStepOptions& options, const std::vector<RouterSide>& sides) {
    return std::make_unique<CpuRouterStep>(options, sides);
}

std::uint64_t routerStepBytes(const RouterStepOptions& o, const std::vector<RouterSide>& sides) {
    std::uint64_t floats = 0;
    for (const auto& side : sides) {
        floats += o.batch * (2 * o.width + side.spaces);
        if (!side.network) continue;
        floats += o.batch * side.spaces * o.width;
        for (const auto& layer : side.network->layers) floats += 3 * o.batch * layer.out + 4 * layer.in * layer.out;
    }
    return floats * sizeof(float) + InfoLoss::scratchBytes(o.batch, o.keep_logits);
}

}  // namespace engine
