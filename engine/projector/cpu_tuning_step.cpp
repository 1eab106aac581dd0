// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/base/error.h"
#include "engine/projector/plain_head.h"
#include "engine/projector/tiles.h"
#include "engine/projector/tuning_step.h"

namespace engine {
namespace {

// A projector as it is used, for rows of one modality: Linears alone, Head1 the first of them where they pass it.
ProjectorWeights folded(const ProjectorWeights& weights, const Modality& modality) {
    ProjectorWeights out;
    const auto& passes = weights.head1_modalities;
    if (weights.head1 && std::find(passes.begin(), passes.end(), modality) != passes.end())
        out.layers.push_back(*weights.head1);
    for (ProjectorLayer layer : weights.layers) {
        for (std::size_t i = 0; layer.norm && i < layer.out; ++i) {
            const double scale =
                static_cast<double>(layer.gamma[i]) / std::sqrt(static_cast<double>(layer.variance[i]) + kBatchNormEps);
            float* row = layer.weight.data() + i * layer.in;
            for (std::size_t j = 0; j < layer.in; ++j) row[j] = static_cast<float>(scale * static_cast<double>(row[j]));
            layer.bias[i] =
                static_cast<float>((static_cast<double>(layer.bias[i]) - static_cast<double>(layer.mean[i])) * scale +
                                   static_cast<double>(layer.beta[i]));
        }
        layer.norm = false;
        for (auto* values : {&layer.gamma, &layer.beta, &layer.mean, &layer.variance}) values->clear();
        out.layers.push_back(std::move(layer));
    }
    return out;
}

// Rows of the product on their way, and the gradient of them.
struct Rows {
    Matrix unit, gradient;
    std::vector<float> inverse;  // 1 / |before they were unit rows|

    Rows(std::size_t n, std::size_t width) : unit(n, width), gradient(n, width) {}
};

class CpuTuningStep : public ProjectorStep {
public:
    CpuTuningStep(const StepOptions& options, const FrozenRoute& route, const Modality& modality,
                  const TrainState& state)
        : options_(options),
          step_(state.step),
          adapter_(state.weights, state.first, state.second, 1, options.batch),
          info_(options.batch, options.out, options.temperature, options.direction, options.keep_logits),
          in_gradient_(options.batch, options.in) {
        rows_.emplace_back(options.batch, options.in);
        for (const auto& displacement : route) {
            auto& projectors = route_.emplace_back();
            for (const auto& weights : displacement)
                projectors.emplace_back(folded(weights, modality), Parameters{}, Parameters{}, 1, options.batch);
            rows_.emplace_back(options.batch, displacement.front().out());
        }
    }

    double gradients(const std::vector<const float*>& x, const std::vector<const float*>& y,
                     const JobContext& job) override {
        ENGINE_CHECK(x.size() == 1 && y.size() == 1, "one source and one target");
        adapter_.layer(0, x[0], job);
        adapter_.layer(1, adapter_.output(0), job);
        take(rows_[0], {x[0], adapter_.output(1)}, 1, job);
        for (std::size_t d = 0; d < route_.size(); ++d) {
            std::vector<const float*> parts;
            for (auto& projector : route_[d]) {
                projector.forward(rows_[d].unit.data(), job);
                parts.push_back(projector.lastOutput());
            }
            take(rows_[d + 1], parts, 1 / static_cast<double>(parts.size()), job);
        }
        Rows& last = rows_.back();
        std::fill_n(last.gradient.data(), last.gradient.size(), 0.0f);
        const double loss = info_.run(last.unit.data(), y[0], last.gradient.data(), job);
        backward(job);
        return loss;
    }

    void update(double rate) override { adapter_.update(options_, ++step_, rate); }
    TrainState state() const override { return {adapter_.weights(), {}, adapter_.first(), adapter_.second(), step_}; }
    Parameters lastGradients() const override { return adapter_.gradients(); }
    std::vector<float> lastOutputs() const override {
        const Matrix& unit = rows_.back().unit;
        return {unit.data(), unit.data() + unit.size()};
    }

private:
    // to = scale · the sum of the parts, all [batch, cols].
    void sum(float* to, std::size_t cols, const std::vector<const float*>& parts, double scale,
             const JobContext& job) const {
        const auto factor = static_cast<float>(scale);
        eachRow(options_.batch, job, [&](std::size_t i) {
            float* row = to + i * cols;
            std::fill_n(row, cols, 0.0f);
            for (const float* part : parts) {
                for (std::size_t j = 0; j < cols; ++j) row[j] += part[i * cols + j];
            }
            for (std::size_t j = 0; j < cols; ++j) row[j] *= factor;
        });
    }

    // The unit rows of that sum.
    void take(Rows& to, const std::vector<const float*>& parts, double scale, const JobContext& job) const {
        sum(to.unit.data(), to.unit.cols(), parts, scale, job);
        unitRows(to.unit.data(), options_.batch, to.unit.cols(), to.inverse, job);
    }

    void backward(const JobContext& job) {
        const std::size_t n = options_.batch;
        for (std::size_t d = route_.size(); d-- > 0;) {
            Rows &from = rows_[d], &to = rows_[d + 1];
            unitRowsBack(to.unit.data(), n, to.unit.cols(), to.inverse, to.gradient.data(), job);
            std::fill_n(from.gradient.data(), from.gradient.size(), 0.0f);
            if (in_gradient_.cols() != from.unit.cols()) in_gradient_ = Matrix(n, from.unit.cols());
            const double share = 1 / static_cast<double>(route_[d].size());
            for (auto& projector : route_[d]) {
                sum(projector.lastGradient(), to.unit.cols(), {to.gradient.data()}, share, job);
                projector.backward(job);
                projector.inputGradient(0, 0, n, in_gradient_.data(), job);
                eachRow(n, job, [&](std::size_t i) {
                    const float* more = in_gradient_.row(i);
                    float* row = from.gradient.row(i);
                    for (std::size_t j = 0; j < from.gradient.cols(); ++j) row[j] += more[j];
                });
            }
        }
        Rows& tuned = rows_[0];
        unitRowsBack(tuned.unit.data(), n, tuned.unit.cols(), tuned.inverse, tuned.gradient.data(), job);
        std::memcpy(adapter_.gradient(1), tuned.gradient.data(), tuned.gradient.size() * sizeof(float));
        adapter_.layerBack(1, job);
        adapter_.inputGradient(1, 0, n, adapter_.gradient(0), job);
        adapter_.layerBack(0, job);
    }

    StepOptions options_;
    std::int64_t step_;
    PlainHead adapter_;
    InfoLoss info_;
    std::vector<std::vector<PlainHead>> route_;
    std::vector<Rows> rows_;  // after the adapter, and after each displacement
    Matrix in_gradient_;
};

}  // namespace

std::unique_ptr<ProjectorStep> makeCpuTuningStep(const StepOptions& options, const FrozenRoute& route,
                                                 const Modality& modality, const TrainState& state) {
    return std::make_unique<CpuTuningStep>(options, route, modality, state);
}

}  // namespace engine
