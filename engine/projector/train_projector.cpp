// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/train_projector.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <numbers>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/projector/checkpoint.h"

namespace engine {
namespace {

constexpr std::size_t kFewestRows = 8;
using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Trainer {
public:
    Trainer(const ProjectorTask& task, const JobContext& job)
        : task_(task), job_(job), device_(task.device), rng_(task.seed, task.stream + "/init"),
          net_(task.in, static_cast<std::size_t>(task.options.hidden_width), task.out, rng_, device_),
          adam_(net_.learned(), task.options.beta1, task.options.beta2, task.options.epsilon, task.options.weight_decay) {
        for (const auto& m : task.members) starts_.push_back({m, task.pairs->rows(m)});
        for (const auto& s : starts_) rows_ += s.rows;
        if (rows_ < kFewestRows) {
            throw Error(ErrorCode::InvalidInput, task.label, "expected at least 8 pseudo pairs, found " + std::to_string(rows_),
                        "bring in larger pools");
        }
        batch_ = std::min(static_cast<std::size_t>(task.options.batch_size), rows_);
        steps_per_epoch_ = static_cast<std::int64_t>(rows_ / batch_);  // an incomplete last batch is dropped
        total_ = (task.epochs + task.more_epochs) * steps_per_epoch_;
        const bool displaces = task.kind == ReactionKind::Displacement;
        source_side_ = displaces ? PairSide::Unified : PairSide::Expert;
        target_side_ = displaces ? PairSide::Expert : PairSide::Unified;
        loss_.temperature = task.options.temperature;
        loss_.memory_bytes = task.memory_bytes;
        setDirection(loss_, task.options.info_direction);
        requireBudget();
    }

    ProjectorRecord run() {
        const auto begin = Clock::now();
        const c10::InferenceMode guard;
        resume();
        ProgressMeter meter(job_, "training " + task_.label, "steps", static_cast<std::uint64_t>(total_),
                            static_cast<std::uint64_t>(counts_.step));
        auto saved = Clock::now();
        try {
            while (counts_.step < total_) {
                const auto step_begin = Clock::now();
                const double loss = oneStep();
                afterStep(loss, 1 / std::max(1e-9, secondsSince(step_begin)), meter);
                meter.advance(1);
                if (secondsSince(saved) > 60.0 * static_cast<double>(task_.options.checkpoint_minutes)) {
                    save();
                    saved = Clock::now();
                }
            }
        } catch (const Cancelled&) {
            save();
            throw;
        }
        save();
        meter.finish();
        const bool best = task_.options.select == "best" && counts_.best_validation >= 0;
        writeProjector(task_.weights, best ? readProjector(bestPath()) : net_.weights(), task_.metadata);
        ProjectorRecord record;
        record.steps = counts_.step;
        record.epochs = counts_.step / steps_per_epoch_;
        record.batch = batch_;
        record.final_loss = counts_.epoch_mean;
        record.seconds = secondsSince(begin);
        record.best_validation = std::max(0.0, counts_.best_validation);
        return record;
    }

private:
    struct Start {
        Modality modality;
        std::size_t rows;
    };

    // What is alive at once: the batch, the activations of all sources, weights with gradients and moments, a strip of
    // logits.
    void requireBudget() const {
        const auto b = static_cast<std::uint64_t>(batch_), hidden = static_cast<std::uint64_t>(task_.options.hidden_width);
        const std::uint64_t floats = b * task_.sources.size() * (task_.in + 4 * hidden + 5 * task_.out) +
                                     b * task_.targets.size() * task_.out + hidden * (task_.in + task_.out) * 6 + 512 * b;
        requireMemory(floats * sizeof(float), task_.memory_bytes, "a batch of " + std::to_string(batch_) + " for " + task_.label);
    }

    double learningRate() const {
        if (task_.options.schedule != "cosine") return task_.options.learning_rate;
        const double share = static_cast<double>(counts_.step) / static_cast<double>(total_);
        return task_.options.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * share));
    }

    // A union of pools is their concatenation, in a new random order for each epoch.
    void shuffle(std::int64_t epoch) {
        if (epoch == shuffled_epoch_) return;
        Rng rng(task_.seed, task_.stream + "/shuffle", static_cast<std::uint64_t>(epoch));
        order_ = randomOrder(rows_, rng);
        shuffled_epoch_ = epoch;
    }

    at::Tensor onDevice(Matrix& m) const {
        return at::from_blob(m.data(), {static_cast<std::int64_t>(m.rows()), static_cast<std::int64_t>(m.cols())}, at::kFloat).to(device_);
    }

    // Sources stacked [k·B, in], each target [B, out]. Rows of one pool stand together: a loss over the whole batch does
    // not depend on their order.
    void loadBatch() {
        shuffle(counts_.step / steps_per_epoch_);
        const std::size_t first = static_cast<std::size_t>(counts_.step % steps_per_epoch_) * batch_;
        PairBatch batch;
        for (const auto& m : task_.sources) batch.emplace(PairCell{source_side_, m}, Matrix(batch_, task_.in));
        for (const auto& m : task_.targets) batch.emplace(PairCell{target_side_, m}, Matrix(batch_, task_.out));
        std::size_t at = 0, offset = 0;
        for (const auto& start : starts_) {
            std::vector<std::uint32_t> rows;
            for (std::size_t i = first; i < first + batch_; ++i) {
                if (order_[i] >= offset && order_[i] < offset + start.rows) rows.push_back(order_[i] - static_cast<std::uint32_t>(offset));
            }
            if (!rows.empty()) task_.pairs->gather(start.modality, rows, batch, at, job_);
            at += rows.size();
            offset += start.rows;
        }
        sources_host_ = Matrix(batch_ * task_.sources.size(), task_.in);
        for (std::size_t k = 0; k < task_.sources.size(); ++k) {
            const Matrix& m = batch.at({source_side_, task_.sources[k]});
            std::memcpy(sources_host_.row(k * batch_), m.data(), m.size() * sizeof(float));
        }
        sources_ = onDevice(sources_host_);
        targets_.clear();
        targets_host_.clear();
        for (const auto& m : task_.targets) targets_host_.push_back(std::move(batch.at({target_side_, m})));
        for (auto& m : targets_host_) targets_.push_back(onDevice(m));
    }

    // Learned weights change only when the whole gradient is there; a stop before puts the running statistics back.
    double oneStep() {
        job_.checkStop();
        loadBatch();
        const ProjectorWeights before = net_.statistics();
        const auto k = static_cast<std::int64_t>(task_.sources.size()), b = static_cast<std::int64_t>(batch_);
        double loss = 0;
        try {
            const at::Tensor z = net_.forward(sources_, k, task_.options.batch_norm == "joint");
            job_.checkStop();
            at::Tensor dz = at::zeros_like(z);
            for (std::int64_t s = 0; s < k; ++s) {
                at::Tensor dx = dz.slice(0, s * b, (s + 1) * b);
                for (const auto& target : targets_) loss += infoNce(z.slice(0, s * b, (s + 1) * b), target, loss_, dx, job_);
            }
            job_.checkStop();
            net_.backward(dz);
            job_.checkStop();
        } catch (const Cancelled&) {
            net_.restoreStatistics(before);
            throw;
        }
        if (!std::isfinite(loss)) {
            throw Error(ErrorCode::InvalidInput, task_.label,
                        "the loss is no longer a finite number at step " + std::to_string(counts_.step + 1),
                        "lower the learning rate (now " + std::to_string(task_.options.learning_rate) + ")");
        }
        adam_.step(net_.learned(), net_.gradients(), learningRate());
        ++counts_.step;
        return loss;
    }

    void afterStep(double loss, double rate, ProgressMeter& meter) {
        const bool epoch_end = counts_.step % steps_per_epoch_ == 0;
        LogLine line{counts_.step, (counts_.step - 1) / steps_per_epoch_ + 1, loss, rate, -1};
        meter.value("loss", loss);
        const auto every = task_.options.validation_steps;
        if (task_.validate && (every > 0 ? counts_.step % every == 0 : epoch_end)) {
            const ProjectorWeights weights = net_.weights();
            line.validation = task_.validate(weights);
            meter.value("R@1", line.validation);
            if (line.validation > counts_.best_validation) {
                counts_.best_validation = line.validation;
                if (task_.options.select == "best") writeProjector(bestPath(), weights, {});
            }
        }
        counts_.epoch_sum += loss;
        if (epoch_end) {
            counts_.epoch_mean = counts_.epoch_sum / static_cast<double>(steps_per_epoch_);
            counts_.epoch_sum = 0;
        }
        counts_.log.push_back(line);
    }

    std::filesystem::path bestPath() const { return task_.checkpoint.string() + ".best"; }

    // Everything that the state depends on besides itself.
    std::string identity() const {
        Json json = reactionOptionTable().toJson(task_.options);
        json.erase("epochs");  // a later target goes on from the same state
        json.erase("checkpoint_minutes");
        for (const auto& s : starts_) json["starts"][s.modality] = s.rows;
        json["sources"] = task_.sources;
        json["targets"] = task_.targets;
        json["shape"] = {task_.in, task_.out};
        json["kind"] = reactionName(task_.kind);
        json["stream"] = task_.stream;
        json["seed"] = task_.seed;
        return json.dump();
    }

    void save() const {
        writeCheckpoint(task_.checkpoint, identity(), net_, adam_, counts_);
        writeTrainingLog(task_.log, counts_.log);
    }

    void resume() {
        if (readCheckpoint(task_.checkpoint, identity(), net_, adam_, counts_)) return;
        if (std::filesystem::exists(task_.checkpoint)) {
            job_.log(task_.checkpoint.string() + " belongs to a training with other options and is not resumed");
        }
    }

    const ProjectorTask& task_;
    const JobContext& job_;
    at::Device device_;
    Rng rng_;
    ProjectorNet net_;
    Adam adam_;
    TrainingCounts counts_;
    std::vector<Start> starts_;
    std::size_t rows_ = 0, batch_ = 0;
    std::int64_t steps_per_epoch_ = 1, total_ = 0;
    PairSide source_side_ = PairSide::Expert, target_side_ = PairSide::Unified;
    InfoNceOptions loss_;
    std::vector<std::uint32_t> order_;
    std::int64_t shuffled_epoch_ = -1;
    Matrix sources_host_;
    std::vector<Matrix> targets_host_;
    at::Tensor sources_;
    std::vector<at::Tensor> targets_;
};

}  // namespace

ProjectorRecord trainProjector(const ProjectorTask& task, const JobContext& job) { return Trainer(task, job).run(); }

}  // namespace engine
