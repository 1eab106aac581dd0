// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/objective_step.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "engine/ops/torch_support.h"
#include "engine/projector/torch_info.h"
#include "engine/projector/trained_head.h"

namespace engine {
namespace {

std::int64_t size(std::size_t n) {
    return static_cast<std::int64_t>(n);
}

// The gradient of what stands in autograd's graph, collected from the terms of the loss.
struct Output {
    at::Tensor graph, rows, gradient;  // rows: the same numbers outside of the graph

    void set(at::Tensor made) {
        graph = std::move(made);
        rows = graph.detach().contiguous();
        gradient = at::zeros_like(rows);
    }
};

class ObjectiveStep : public ProjectorStep {
public:
    ObjectiveStep(const StepOptions& options, Objective objective, std::vector<bool> passes_head1, TrainState state,
                  const std::string& device)
        : options_(options),
          objective_(std::move(objective)),
          passes_head1_(std::move(passes_head1)),
          device_(device),
          step_(state.step),
          head_(state.weights, ownMoments(state, state.first), ownMoments(state, state.second), device_),
          info_({options.temperature, options.direction, options.keep_logits, options.tile_kernels}) {
        ENGINE_CHECK(passes_head1_.size() == options_.sources, "of every source");
        ENGINE_CHECK(objective_.joint == state.partner.has_value(), "a head for the targets of a joint space");
        if (state.partner) {
            partner_.emplace(*state.partner, partnerMoments(state, state.first), partnerMoments(state, state.second),
                             device_);
        }
    }

    double gradients(const std::vector<const float*>& x, const std::vector<const float*>& y,
                     const JobContext& job) override {
        ENGINE_CHECK(x.size() == options_.sources && y.size() == options_.targets, "as many as there are modalities");
        return torchCall([&] {
            const c10::DeviceGuard current(device_);
            inputs_.clear();
            targets_.clear();
            for (const float* rows : x) inputs_.push_back(upload(rows, head_.shape().in()));
            for (const float* rows : y)
                targets_.push_back(upload(rows, partner_ ? partner_->shape().in() : head_.shape().out()));
            forward(job);
            double loss = 0;
            {
                const c10::NoGradGuard no_gradients;
                for (const auto& term : objective_.info) loss += term.weight * info(term, job);
                for (const auto& term : objective_.pull) loss += term.weight * pull(term);
            }
            job.checkStop();
            backward();
            return loss;
        });
    }

    void update(double rate) override {
        torchCall([&] {
            head_.update(options_, ++step_, rate);
            if (partner_) partner_->update(options_, step_, rate);
        });
    }

    TrainState state() const override {
        return torchCall([&] {
            TrainState out;
            out.weights = head_.weights();
            head_.appendMoments(out.first, out.second);
            if (partner_) {
                out.partner = partner_->weights();
                partner_->appendMoments(out.first, out.second);
            }
            out.step = step_;
            return out;
        });
    }

    Parameters lastGradients() const override {
        return torchCall([&] {
            Parameters out;
            head_.appendGradients(out);
            if (partner_) partner_->appendGradients(out);
            return out;
        });
    }

    std::vector<float> lastOutputs() const override {
        return torchCall([&] {
            std::vector<at::Tensor> parts;
            for (const auto* list : {&projected_, &projected_targets_}) {
                for (const auto& p : *list) parts.push_back(p.rows);
            }
            const at::Tensor all = at::cat(parts, 0).to(at::kCPU).contiguous();
            const float* data = all.const_data_ptr<float>();
            return std::vector<float>(data, data + all.numel());
        });
    }

private:
    // Reading the loss waits for these copies, so the rows may change after gradients().
    at::Tensor upload(const float* rows, std::size_t width) const {
        return hostView(rows, size(options_.batch), size(width)).to(device_, /*non_blocking=*/true);
    }

    static Parameters ownMoments(const TrainState& state, const Parameters& all) {
        const auto own = static_cast<std::ptrdiff_t>(trainedOf(state.weights).size());
        return {all.begin(), all.begin() + own};
    }
    static Parameters partnerMoments(const TrainState& state, const Parameters& all) {
        const auto own = static_cast<std::ptrdiff_t>(trainedOf(state.weights).size());
        return {all.begin() + own, all.end()};
    }

    void forward(const JobContext& job) {
        const c10::AutoGradMode gradients(true);
        head_.beginStep();
        linear_.assign(options_.sources, {});
        std::vector<at::Tensor> in;
        for (std::size_t s = 0; s < options_.sources; ++s) {
            at::Tensor passed = inputs_[s];
            // Over all modalities together the bias of one does not cancel.
            if (passes_head1_[s]) {
                linear_[s].set(head_.linear(inputs_[s], options_.joint_batch_norm ? nullptr : &passed));
                if (options_.joint_batch_norm) passed = linear_[s].graph;
            }
            in.push_back(passed);
        }
        projectAll(head_, in, projected_, job);
        if (!partner_) return;
        partner_->beginStep();
        projectAll(*partner_, targets_, projected_targets_, job);
    }

    void projectAll(TrainedHead& head, const std::vector<at::Tensor>& in, std::vector<Output>& out,
                    const JobContext& job) const {
        out.assign(in.size(), {});
        if (options_.joint_batch_norm) {
            const auto parts = head.forward(at::cat(in, 0)).split(size(options_.batch));
            for (std::size_t s = 0; s < in.size(); ++s) out[s].set(parts[s]);
            job.checkStop();
            return;
        }
        for (std::size_t s = 0; s < in.size(); ++s) {
            out[s].set(head.forward(in[s]));
            job.checkStop();
        }
    }

    // The loss of a term; its gradient goes to that of the source, and of the target where that is projected.
    double info(const InfoTerm& term, const JobContext& job) {
        Output& p = projected_[term.source];
        if (!partner_) return info_.towardsSource(p.rows, targets_[term.target], term.weight, p.gradient, job);
        Output& q = projected_targets_[term.target];
        info_.towardsTarget(p.rows, q.rows, term.weight, q.gradient, job);
        return info_.towardsSource(p.rows, q.rows, term.weight, p.gradient, job);
    }

    double pull(const PullTerm& term) {
        auto& projected = term.targets ? projected_targets_ : projected_;
        Output& a = term.linear ? linear_[term.from] : projected[term.from];
        const at::Tensor difference = a.rows - (term.linear ? inputs_[term.to] : projected[term.to].rows);
        const at::Tensor distance = at::linalg_vector_norm(difference, 2, {1}, true);
        // Where two rows are the same the distance has no direction, and counts as flat.
        const at::Tensor d =
            difference / distance.clamp_min(1e-12) * (term.weight / static_cast<double>(options_.batch));
        a.gradient.add_(d);
        if (!term.linear) projected[term.to].gradient.sub_(d);
        return distance.mean(at::kDouble).item<double>();
    }

    void backward() {
        std::vector<at::Tensor> outputs, gradients;
        for (auto* list : {&projected_, &linear_, &projected_targets_}) {
            for (auto& o : *list) {
                if (!o.graph.defined()) continue;
                outputs.push_back(std::move(o.graph));
                gradients.push_back(o.gradient);
            }
        }
        const c10::AutoGradMode on(true);
        std::vector<at::Tensor> leaves = head_.leaves();
        const auto own = static_cast<std::ptrdiff_t>(leaves.size());
        if (partner_) {
            for (const auto& leaf : partner_->leaves()) leaves.push_back(leaf);
        }
        const auto found = torch::autograd::grad(outputs, leaves, gradients, false, false, true);
        const c10::NoGradGuard no_gradients;
        head_.keepGradients({found.begin(), found.begin() + own});
        if (partner_) partner_->keepGradients({found.begin() + own, found.end()});
    }

    StepOptions options_;
    Objective objective_;
    std::vector<bool> passes_head1_;
    at::Device device_;
    std::int64_t step_;
    TrainedHead head_;
    std::optional<TrainedHead> partner_;  // of the targets in a joint space
    TensorInfo info_;
    std::vector<at::Tensor> inputs_, targets_;
    std::vector<Output> linear_, projected_;  // of each source; linear where it passes Head1
    std::vector<Output> projected_targets_;   // in a joint space
};

}  // namespace

std::unique_ptr<ProjectorStep> makeTorchObjectiveStep(const StepOptions& options, const Objective& objective,
                                                      const std::vector<bool>& passes_head1, TrainState state,
                                                      const std::string& device) {
    return torchCall(
        [&] { return std::make_unique<ObjectiveStep>(options, objective, passes_head1, std::move(state), device); });
}

std::uint64_t objectiveStepBytes(const StepOptions& o, const std::vector<std::size_t>& widths) {
    // Of a layer autograd keeps what goes in, before and after the BatchNorm, and makes a gradient of each.
    const std::uint64_t rows = o.sources * o.batch;
    std::uint64_t floats = rows * (2 * widths.front() + 3 * widths.back());
    for (std::size_t k = 1; k < widths.size(); ++k) floats += 4 * rows * widths[k] + 5 * widths[k - 1] * widths[k];
    return floats * sizeof(float) + InfoLoss::scratchBytes(o.batch, o.keep_logits);
}

}  // namespace engine
