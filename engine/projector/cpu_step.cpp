// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/cpu_step.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "engine/base/error.h"
#include "engine/projector/plain_head.h"
#include "engine/projector/tiles.h"

namespace engine {
namespace {

// The moments of one head of two: `skip` parameters come before.
Parameters part(const Parameters& all, std::size_t skip, std::size_t count) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(skip);
    return {first, first + static_cast<std::ptrdiff_t>(count)};
}

// What is projected: rows of some modalities, one after the other, and their head.
struct Side {
    std::size_t batch = 0;
    Matrix in;
    PlainHead head;

    Side(const StepOptions& options, std::size_t modalities, const ProjectorWeights& weights, Parameters first,
         Parameters second)
        : batch(options.batch),
          in(modalities * options.batch, weights.in()),
          head(weights, std::move(first), std::move(second), options.joint_batch_norm ? 1 : modalities,
               options.joint_batch_norm ? modalities * options.batch : options.batch) {}

    float* rows(std::size_t modality) { return in.row(modality * batch); }
    const float* unit(std::size_t modality) const { return head.lastOutput() + modality * batch * head.out(); }
    float* gradient(std::size_t modality) { return head.lastGradient() + modality * batch * head.out(); }

    void take(std::size_t modality, const float* from) {
        std::memcpy(rows(modality), from, batch * in.cols() * sizeof(float));
    }
    void forward(const JobContext& job) {
        head.forward(in.data(), job);
        std::fill_n(head.lastGradient(), in.rows() * head.out(), 0.0f);
    }
};

class CpuStep : public ProjectorStep {
public:
    CpuStep(const StepOptions& options, Objective objective, std::vector<bool> passes_head1, const TrainState& state)
        : options_(options),
          objective_(std::move(objective)),
          passes_head1_(std::move(passes_head1)),
          step_(state.step),
          own_(trainedOf(state.weights).size()),
          sources_(options, options.sources, state.weights, part(state.first, 0, own_), part(state.second, 0, own_)),
          info_(options.batch, state.weights.out(), options.temperature, options.direction, options.keep_logits) {
        ENGINE_CHECK(passes_head1_.size() == options_.sources, "of every source");
        ENGINE_CHECK(objective_.joint == state.partner.has_value(), "a head for the targets of a joint space");
        if (state.weights.head1) {
            linear_gradient_ = Matrix(sources_.in.rows(), sources_.in.cols());
            in_gradient_ = Matrix(options.batch, sources_.in.cols());
        }
        if (!state.partner) return;
        const std::size_t others = state.first.size() - own_;
        targets_.emplace(options, options.targets, *state.partner, part(state.first, own_, others),
                         part(state.second, own_, others));
        towards_target_.emplace(options.batch, state.weights.out(), options.temperature, reversed(options.direction),
                                options.keep_logits);
    }

    double gradients(const std::vector<const float*>& x, const std::vector<const float*>& y,
                     const JobContext& job) override {
        ENGINE_CHECK(x.size() == options_.sources && y.size() == options_.targets, "as many as there are modalities");
        forward(x, y, job);
        double loss = 0;
        for (const auto& term : objective_.info) loss += term.weight * info(term, y, job);
        for (const auto& term : objective_.pull) loss += term.weight * pull(term, x, job);
        backward(x, job);
        return loss;
    }

    void update(double rate) override {
        ++step_;
        sources_.head.update(options_, step_, rate);
        if (targets_) targets_->head.update(options_, step_, rate);
    }

    TrainState state() const override {
        TrainState out{sources_.head.weights(), {}, sources_.head.first(), sources_.head.second(), step_};
        if (!targets_) return out;
        out.partner = targets_->head.weights();
        out.first.insert(out.first.end(), targets_->head.first().begin(), targets_->head.first().end());
        out.second.insert(out.second.end(), targets_->head.second().begin(), targets_->head.second().end());
        return out;
    }

    Parameters lastGradients() const override {
        Parameters out = sources_.head.gradients();
        if (targets_) out.insert(out.end(), targets_->head.gradients().begin(), targets_->head.gradients().end());
        return out;
    }

    std::vector<float> lastOutputs() const override {
        const auto rowsOf = [](const Side& side) {
            return std::pair{side.head.lastOutput(), side.head.lastOutput() + side.in.rows() * side.head.out()};
        };
        const auto [first, last] = rowsOf(sources_);
        std::vector<float> out(first, last);
        if (targets_) {
            const auto [more, end] = rowsOf(*targets_);
            out.insert(out.end(), more, end);
        }
        return out;
    }

private:
    void forward(const std::vector<const float*>& x, const std::vector<const float*>& y, const JobContext& job) {
        for (std::size_t s = 0; s < x.size(); ++s) {
            if (passes_head1_[s]) sources_.head.linear(x[s], options_.batch, sources_.rows(s), job);
            else sources_.take(s, x[s]);
        }
        if (!linear_gradient_.empty()) std::fill_n(linear_gradient_.data(), linear_gradient_.size(), 0.0f);
        sources_.forward(job);
        if (!targets_) return;
        for (std::size_t t = 0; t < y.size(); ++t) targets_->take(t, y[t]);
        targets_->forward(job);
    }

    // The loss of a term without its weight; its gradient goes to that of the source, and of the target where that is
    // projected.
    double info(const InfoTerm& term, const std::vector<const float*>& y, const JobContext& job) {
        const float* p = sources_.unit(term.source);
        const float* q = targets_ ? targets_->unit(term.target) : y[term.target];
        if (targets_) towards_target_->run(q, p, targets_->gradient(term.target), job, term.weight);
        return info_.run(p, q, sources_.gradient(term.source), job, term.weight);
    }

    double pull(const PullTerm& term, const std::vector<const float*>& x, const JobContext& job) {
        ENGINE_CHECK(!term.linear || passes_head1_[term.from], "a modality that passes Head1");
        Side& side = term.targets ? *targets_ : sources_;
        const std::size_t n = options_.batch, cols = term.linear ? side.in.cols() : side.head.out();
        const float* a = term.linear ? side.rows(term.from) : side.unit(term.from);
        const float* b = term.linear ? x[term.to] : side.unit(term.to);
        float* d_a = term.linear ? linear_gradient_.row(term.from * n) : side.gradient(term.from);
        float* d_b = term.linear ? nullptr : side.gradient(term.to);
        const double share = term.weight / static_cast<double>(n);
        std::vector<double> distance(n);
        eachRow(n, job, [&](std::size_t i) {
            const float *from = a + i * cols, *to = b + i * cols;
            double square = 0;
            for (std::size_t j = 0; j < cols; ++j) {
                const double d = static_cast<double>(from[j]) - static_cast<double>(to[j]);
                square += d * d;
            }
            distance[i] = std::sqrt(square);
            // Where two rows are the same the distance has no direction, and counts as flat.
            const auto scale = static_cast<float>(share / std::max(distance[i], 1e-12));
            for (std::size_t j = 0; j < cols; ++j) {
                const float d = (from[j] - to[j]) * scale;
                d_a[i * cols + j] += d;
                if (d_b) d_b[i * cols + j] -= d;
            }
        });
        double sum = 0;
        for (const double d : distance) sum += d;
        return sum / static_cast<double>(n);
    }

    void backward(const std::vector<const float*>& x, const JobContext& job) {
        sources_.head.backward(job);
        if (targets_) targets_->head.backward(job);
        if (linear_gradient_.empty()) return;
        sources_.head.clearLinear();
        const std::size_t n = options_.batch, cols = sources_.in.cols();
        for (std::size_t s = 0; s < x.size(); ++s) {
            if (!passes_head1_[s]) continue;
            const float* pulled = linear_gradient_.row(s * n);
            sources_.head.inputGradient(0, s * n, n, in_gradient_.data(), job);
            eachRow(n, job, [&](std::size_t i) {
                for (std::size_t j = 0; j < cols; ++j) in_gradient_.row(i)[j] += pulled[i * cols + j];
            });
            // A BatchNorm over these rows alone takes the bias out again.
            sources_.head.linearBack(x[s], n, in_gradient_.data(),
                                     options_.joint_batch_norm ? in_gradient_.data() : pulled, job);
        }
    }

    StepOptions options_;
    Objective objective_;
    std::vector<bool> passes_head1_;
    std::int64_t step_;
    std::size_t own_;  // parameters of the sources' head
    Side sources_;
    std::optional<Side> targets_;  // in a joint space
    InfoLoss info_;
    std::optional<InfoLoss> towards_target_;  // with the direction the other way round
    Matrix linear_gradient_, in_gradient_;    // of what Head1 gave [sources · batch, in], [batch, in]; with Head1
};

}  // namespace

std::unique_ptr<ProjectorStep> makeCpuStep(const StepOptions& options, const Objective& objective,
                                           const std::vector<bool>& passes_head1, const TrainState& state) {
    return std::make_unique<CpuStep>(options, objective, passes_head1, state);
}

std::unique_ptr<ProjectorStep> makeCpuStep(const StepOptions& options, const TrainState& state) {
    Objective objective;
    objective.info = everyPair(options.sources, options.targets);
    return makeCpuStep(options, objective, std::vector<bool>(options.sources, false), state);
}

std::uint64_t stepBytes(const StepOptions& o) {
    const std::uint64_t rows = o.sources * o.batch;
    const std::uint64_t parameters = o.hidden * (o.in + o.out);
    return sizeof(float) * (rows * (o.in + 3 * o.hidden + 3 * o.out) + 4 * parameters) +
           InfoLoss::scratchBytes(o.batch, o.keep_logits);
}

}  // namespace engine
