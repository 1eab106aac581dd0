// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/train_projector.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <numbers>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/rng.h"
#include "engine/ops/device.h"
#include "engine/projector/checkpoint.h"
#include "engine/projector/cpu_step.h"
#include "engine/projector/noise.h"
#include "engine/projector/objective_step.h"
#include "engine/recipe/projector_head.h"
#include "engine/recipe/stages.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
constexpr std::size_t kFewestRows = 8;
constexpr const char* kLogHeader = "step,epoch,loss,rate,validation\n";

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

PairSide sourceSide(const ProjectorTask& task) {
    return task.kind == ReactionKind::Displacement ? PairSide::Unified : PairSide::Expert;
}
PairSide targetSide(const ProjectorTask& task) {
    return task.kind == ReactionKind::Displacement ? PairSide::Expert : PairSide::Unified;
}

StepOptions stepOptions(const ProjectorTask& task, std::size_t sources, std::size_t targets, std::size_t rows) {
    const ReactionOptions& o = task.options;
    StepOptions s;
    s.in = task.in;
    s.hidden = headWidths(o, task.in, task.out)[1];
    s.out = task.out;
    s.sources = sources;
    s.targets = targets;
    s.batch = std::min(static_cast<std::size_t>(o.batch_size), rows);
    s.joint_batch_norm = o.batch_norm == "joint";
    s.temperature = o.temperature;
    s.direction = infoDirection(o.info_direction);
    s.beta1 = o.beta1;
    s.beta2 = o.beta2;
    s.epsilon = o.epsilon;
    s.weight_decay = o.weight_decay;
    s.decoupled_decay = o.optimiser == "adamw";
    return s;
}

// Two gathered batches, of this step and the next: host rows of every source and target modality.
std::uint64_t batchBytes(const StepOptions& s) {
    return 2 * static_cast<std::uint64_t>(s.batch) * (s.sources * s.in + s.targets * s.out) * sizeof(float);
}

// Whether the general step is needed: FreeBind's objective on two layers has a faster one on GPUs.
bool isGeneral(const ReactionOptions& o, std::size_t in, std::size_t out) {
    return o.objective != "freebind" || headWidths(o, in, out).size() != 3;
}

std::uint64_t bytesOf(const StepOptions& s, const ReactionOptions& o, bool joint) {
    const std::uint64_t step =
        isGeneral(o, s.in, s.out) ? objectiveStepBytes(s, headWidths(o, s.in, s.out)) : stepBytes(s);
    return joint ? 2 * step : step;
}

std::size_t unionRows(const ProjectorTask& task) {
    std::size_t rows = 0;
    for (const auto& m : task.members) rows += task.pairs->rows(m);
    return rows;
}

class Trainer {
public:
    Trainer(const ProjectorTask& task, const JobContext& job)
        : task_(task), job_(job), sources_(task.sources), targets_(task.targets), rows_(unionRows(task)) {
        check();
        options_ = stepOptions(task, sources_.size(), targets_.size(), rows_);
        if (!task.custom) objective_ = objectiveOf(task.options, sources_, targets_, task.joint());
        general_ = isGeneral(task.options, task.in, task.out);
        fitMemory();
        steps_per_epoch_ = static_cast<std::int64_t>(rows_ / options_.batch);
        first_target_ = task.epochs * steps_per_epoch_;
        total_ = (task.epochs + task.more_epochs) * steps_per_epoch_;
        for (auto& batch : batches_) {
            for (const auto& m : sources_)
                batch.emplace(PairCell{sourceSide(task), m}, hostMatrix(options_.batch, options_.in, task.device));
            for (const auto& m : targets_)
                batch.emplace(PairCell{targetSide(task), m}, hostMatrix(options_.batch, options_.out, task.device));
        }
    }

    ProjectorRecord run() {
        load();
        if (fs::exists(task_.weights) && here_.state.step >= total_ && here_.logged == here_.state.step)
            return record();
        step_ = makeStep();
        openLog();
        const auto start = Clock::now();
        const double before = here_.seconds;
        auto saved = start;
        ProgressMeter meter(job_, "training " + task_.label, "steps", static_cast<std::uint64_t>(total_),
                            static_cast<std::uint64_t>(here_.state.step));
        const auto save = [&] {
            here_.seconds = before + secondsSince(start);
            saveCheckpoint();
            saved = Clock::now();
        };
        try {
            while (true) {
                if (here_.logged < here_.state.step) closeStep(meter);
                keepStages();
                if (here_.state.step >= total_) break;
                if (secondsSince(saved) > 60.0 * static_cast<double>(task_.options.checkpoint_minutes)) save();
                job_.checkStop();
                takeStep();
                meter.value("loss", here_.last_loss);
                meter.advance(1);
            }
        } catch (const Cancelled&) {
            job_.log("stopping: keeping step " + std::to_string(here_.state.step) + " of " + task_.label);
            save();
            throw;
        }
        meter.finish();
        save();
        const bool best = task_.options.select == "best" && here_.best;
        auto metadata = task_.metadata;
        metadata["steps"] = std::to_string(here_.state.step);
        if (task_.joint()) writeProjector(task_.base_weights, *here_.state.partner, metadata);
        writeProjector(task_.weights, best ? *here_.best : here_.state.weights, metadata);
        return record();
    }

private:
    void check() const {
        const std::string where = "training " + task_.label;
        const ReactionOptions& o = task_.options;
        if (sources_.empty() || targets_.empty()) {
            throw Error(ErrorCode::InvalidInput, where, "expected pools with a modality of both spaces, found none");
        }
        for (const auto& [side, width, what] : {std::tuple{sourceSide(task_), task_.in, "sources"},
                                                std::tuple{targetSide(task_), task_.out, "targets"}}) {
            if (task_.pairs->width(side) != width) {
                throw Error(ErrorCode::InvalidInput, where,
                            std::string("expected ") + what + " of width " + std::to_string(width) +
                                ", found pools of " + std::to_string(task_.pairs->width(side)));
            }
        }
        if (rows_ < kFewestRows) {
            throw Error(ErrorCode::InvalidInput, where,
                        "expected at least " + std::to_string(kFewestRows) + " rows to train on, found " +
                            std::to_string(rows_),
                        "bring in a larger pool");
        }
        throwIfAny(reactionOptionTable().validate(o), where);
        if (task_.joint() && (task_.validate || o.select == "best")) {
            throw Error(ErrorCode::InvalidInput, "select", "a joint space is not validated while it is trained");
        }
        if (task_.epochs + task_.more_epochs < 1) throw Error(ErrorCode::InvalidInput, "epochs", "expected at least 1");
    }

    void fitMemory() {
        const std::uint64_t budget = task_.memory_bytes ? task_.memory_bytes : availableMemoryBytes() / 2;
        const auto bytes = [&] {
            const std::uint64_t step =
                task_.custom ? task_.custom->bytes(options_) : bytesOf(options_, task_.options, task_.joint());
            return batchBytes(options_) + (task_.device == "cpu" ? step : 2 * step);  // split matrices come twice
        };
        options_.keep_logits = bytes() <= budget;
        requireMemory(bytes(), budget, "a batch of " + std::to_string(options_.batch) + " rows");
    }

    // Everything that the result depends on, but not how far it goes.
    std::string identity() const {
        const ReactionOptions& o = task_.options;
        std::string text = task_.stream + "|" + std::to_string(task_.seed) + "|" + reactionName(task_.kind) + "|" +
                           std::to_string(rows_) + "|" + o.batch_norm + "|" + o.info_direction + "|" + o.schedule +
                           "|" + o.select + "|" + o.validation_set + "|" + o.union_order + "|" +
                           task_.pairs->fingerprint();
        for (const auto* list : {&task_.members, &sources_, &targets_}) {
            text += "|";
            for (const auto& m : *list) text += m + ",";
        }
        for (const std::size_t n : {options_.in, options_.hidden, options_.out, options_.batch})
            text += "|" + std::to_string(n);
        std::array<char, 32> number{};
        for (const double v : {o.temperature, o.learning_rate, o.beta1, o.beta2, o.epsilon, o.weight_decay}) {
            std::snprintf(number.data(), number.size(), "|%a", v);
            text += number.data();
        }
        // What other objectives, heads and optimisers add; nothing where a task is FreeBind's.
        if (o.objective != "freebind") {
            text += "|" + objectiveText(objective_, sources_, targets_);
            for (const double v : {objective_.noise_variance, o.intra_weight}) {
                std::snprintf(number.data(), number.size(), "|%a", v);
                text += number.data();
            }
        }
        if (task_.joint()) text += "|joint";
        if (task_.custom) text += "|" + task_.custom->identity;
        if (headKind(o) != "freebind") text += "|" + headKind(o);
        if (o.optimiser != "adam") text += "|" + o.optimiser;
        return hashHex(text);
    }

    void load() {
        const std::string id = identity();
        const WeightInit init = headKind(task_.options) == "c-mcr" ? WeightInit::PyTorch : WeightInit::Xavier;
        TrainState start = task_.custom
                               ? task_.custom->start()
                               : initialState(emptyHead(task_.options, options_.in, options_.out, sources_, targets_),
                                              init, task_.seed, task_.stream);
        if (task_.joint()) {
            TrainState other = initialState(emptyHead(task_.options, options_.out, options_.out, targets_, targets_),
                                            init, task_.seed, task_.stream + "/base");
            start.partner = std::move(other.weights);
            for (auto& moments : other.first) start.first.push_back(std::move(moments));
            for (auto& moments : other.second) start.second.push_back(std::move(moments));
        }
        if (fs::exists(task_.checkpoint)) {
            here_ = readCheckpoint(task_.checkpoint, id, start.weights, start.partner ? &*start.partner : nullptr);
            if (here_.state.step > 0 && here_.state.step < total_) {
                job_.log("training " + task_.label + ": going on after step " + std::to_string(here_.state.step) +
                         " of " + std::to_string(total_));
            }
            return;
        }
        here_.identity = id;
        here_.state = std::move(start);
    }

    std::unique_ptr<ProjectorStep> makeStep() const {
        if (task_.custom) return task_.custom->step(options_, here_.state);
        const bool cpu = task_.device == "cpu";
        if (!cpu && !general_) return makeTorchStep(options_, here_.state, task_.device);
        const auto& head1 = here_.state.weights.head1_modalities;
        std::vector<bool> passes;
        for (const auto& m : sources_) passes.push_back(std::find(head1.begin(), head1.end(), m) != head1.end());
        if (cpu) return makeCpuStep(options_, objective_, passes, here_.state);
        return makeTorchObjectiveStep(options_, objective_, passes, here_.state, task_.device);
    }

    // The log holds the rows of the steps of the checkpoint; those written after it are made again.
    void openLog() {
        std::string kept = kLogHeader;
        if (fs::exists(task_.log) && here_.logged > 0) {
            const std::string text = readFile(task_.log);
            std::size_t at = text.find('\n');
            at = at == std::string::npos ? text.size() : at + 1;
            for (std::size_t end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
                if (std::strtoll(text.c_str() + at, nullptr, 10) > here_.logged) break;
                kept += text.substr(at, end + 1 - at);
            }
        }
        fs::create_directories(task_.log.parent_path());
        writeFileWhole(task_.log, kept);
        log_.reset(std::fopen(task_.log.c_str(), "ab"));
        if (!log_) throw logFailure();
    }

    Error logFailure() const {
        const int code = errno;
        return Error(code == ENOSPC ? ErrorCode::NoSpace : ErrorCode::Io, task_.log.string(),
                     std::string("cannot write: ") + std::strerror(code),
                     code == ENOSPC ? "free some disk space and run the same command again" : "");
    }

    // From step to step of the first target; what lies beyond begins again.
    double rate(std::int64_t step) const {
        const double full = task_.options.learning_rate;
        if (task_.options.schedule == "constant") return full;
        const bool beyond = step >= first_target_;
        const double from = beyond ? static_cast<double>(first_target_) : 0;
        const double to = static_cast<double>(beyond ? total_ : first_target_);
        return full * 0.5 * (1 + std::cos(std::numbers::pi * (static_cast<double>(step) - from) / (to - from)));
    }

    void takeStep() {
        const std::int64_t step = here_.state.step;
        const PairBatch& batch = batchOf(step);
        std::vector<const float*> x, y;
        for (const auto& m : sources_) x.push_back(batch.at({sourceSide(task_), m}).data());
        for (const auto& m : targets_) y.push_back(batch.at({targetSide(task_), m}).data());
        const double loss = step_->gradients(x, y, job_);
        if (!std::isfinite(loss)) {
            throw Error(ErrorCode::InvalidInput, "training " + task_.label,
                        "the loss of step " + std::to_string(step + 1) + " is not finite", "lower the learning rate");
        }
        step_->update(rate(step));
        ++here_.state.step;
        here_.last_loss = loss;
    }

    // What follows a step: validation, its row in the log.
    void closeStep(ProgressMeter& meter) {
        const std::int64_t step = here_.state.step;
        const bool epoch_ends = step % steps_per_epoch_ == 0;
        const std::int64_t every = task_.options.validation_steps;
        const bool due = task_.validate && (every > 0 ? step % every == 0 || step == total_ : epoch_ends);
        std::string validation;
        if (due) {
            const ProjectorWeights weights = step_->state().weights;
            const double score = task_.validate(weights);
            job_.checkStop();  // a score that a stop cut short does not count
            std::array<char, 32> text{};
            std::snprintf(text.data(), text.size(), "%.4f", score);
            validation = text.data();
            if (score > here_.best_validation) {
                here_.best_validation = score;
                if (task_.options.select == "best") here_.best = weights;
            }
            meter.value("R@1", score);
        }
        here_.epoch_sum += here_.last_loss;
        ++here_.epoch_steps;
        std::array<char, 160> row{};
        const int size = std::snprintf(row.data(), row.size(), "%lld,%lld,%.9g,%.9g,%s\n", static_cast<long long>(step),
                                       static_cast<long long>((step - 1) / steps_per_epoch_ + 1), here_.last_loss,
                                       rate(step - 1), validation.c_str());
        if (std::fwrite(row.data(), 1, static_cast<std::size_t>(size), log_.get()) != static_cast<std::size_t>(size) ||
            std::fflush(log_.get()) != 0) {
            throw logFailure();
        }
        if (epoch_ends) {
            here_.final_loss = here_.epoch_sum / static_cast<double>(here_.epoch_steps);
            here_.epoch_sum = 0;
            here_.epoch_steps = 0;
        }
        here_.logged = step;
    }

    void keepStages() const {
        const std::int64_t step = here_.state.step;
        for (const auto& stage : task_.stages) {
            if (first_target_ * stage.part / stage.of != step || fs::exists(stage.weights)) continue;
            auto metadata = task_.metadata;
            metadata.merge(stageMetadata({step, here_.last_loss}));
            const TrainState state = step_->state();
            fs::create_directories(stage.weights.parent_path());
            if (task_.joint()) {
                fs::create_directories(stage.base_weights.parent_path());
                writeProjector(stage.base_weights, *state.partner, metadata);
            }
            writeProjector(stage.weights, state.weights, metadata);
        }
    }

    // The batch of a step; that of the next is gathered by another thread while this one is at work. Where rows are
    // made anew for every batch, that is work for the same processors, and nothing is gained.
    const PairBatch& batchOf(std::int64_t step) {
        const auto place = [](std::int64_t of) { return static_cast<std::size_t>(of % 2); };
        if (next_.valid()) {
            next_.get();
        } else {
            gather(step, batches_[place(step)]);
        }
        if (task_.options.pair_storage != "none" && step + 1 < total_) {
            next_ = std::async(std::launch::async, [this, step, place, threads = omp_get_max_threads()] {
                omp_set_num_threads(threads);  // each thread has a number of its own
                gather(step + 1, batches_[place(step + 1)]);
            });
        }
        return batches_[place(step)];
    }

    // The rows of a step in its epoch's order. The loss does not depend on the order within a batch, so rows of one
    // pool stand together, in the order in which they lie on the disk.
    void gather(std::int64_t step, PairBatch& to) {
        const std::int64_t epoch = step / steps_per_epoch_, within = step % steps_per_epoch_;
        if (epoch != order_epoch_) {
            if (task_.options.union_order == "shuffled") {
                Rng rng(task_.seed, task_.stream + "/shuffle", static_cast<std::uint64_t>(epoch));
                order_ = randomOrder(rows_, rng);
            } else {
                order_.resize(rows_);
                std::iota(order_.begin(), order_.end(), 0u);
            }
            order_epoch_ = epoch;
        }
        const auto first =
            order_.begin() + static_cast<std::ptrdiff_t>(within) * static_cast<std::ptrdiff_t>(options_.batch);
        std::vector<std::uint32_t> batch(first, first + static_cast<std::ptrdiff_t>(options_.batch));
        std::sort(batch.begin(), batch.end());
        std::size_t at = 0, base = 0;
        for (const auto& start : task_.members) {
            const std::size_t count = task_.pairs->rows(start);
            std::size_t end = at;
            while (end < batch.size() && batch[end] < base + count) batch[end++] -= static_cast<std::uint32_t>(base);
            const std::span<const std::uint32_t> rows(batch.data() + at, end - at);
            if (!rows.empty()) task_.pairs->gather(start, rows, to, at, job_);
            base += count;
            at = end;
        }
        for (auto& [cell, rows] : to) {
            addNoise(rows.data(), rows.rows(), rows.cols(), objective_.noise_variance, task_.seed,
                     task_.stream + "/noise/" + cellName(cell), static_cast<std::uint64_t>(step));
        }
        // Similarities are cosines, also where pseudo embeddings are kept as they were averaged.
        if (!task_.options.normalise_pseudo) {
            for (const auto& m : targets_) normalizeRows(to.at({targetSide(task_), m}));
        }
    }

    void saveCheckpoint() {
        const std::int64_t step = here_.state.step;
        here_.state = step_->state();
        ENGINE_CHECK(here_.state.step == step, "a step that was not whole");
        writeCheckpoint(task_.checkpoint, here_);
    }

    ProjectorRecord record() const {
        ProjectorRecord r;
        r.steps = here_.state.step;
        r.epochs = here_.state.step / steps_per_epoch_;
        r.final_loss = here_.final_loss;
        r.seconds = here_.seconds;
        r.best_validation = std::max(0.0, here_.best_validation);
        r.batch = options_.batch;
        return r;
    }

    struct CloseFile {
        void operator()(std::FILE* f) const { std::fclose(f); }
    };
    const ProjectorTask& task_;
    const JobContext& job_;
    std::vector<Modality> sources_, targets_;
    std::size_t rows_;
    StepOptions options_;
    Objective objective_;
    bool general_ = false;
    std::int64_t steps_per_epoch_ = 1, first_target_ = 0, total_ = 0;
    Checkpoint here_;
    std::unique_ptr<ProjectorStep> step_;
    std::unique_ptr<std::FILE, CloseFile> log_;
    std::vector<std::uint32_t> order_;
    std::int64_t order_epoch_ = -1;
    std::array<PairBatch, 2> batches_;  // of even and of odd steps
    std::future<void> next_;  // the gathering of the next one; last, so that it has ended before all else goes
};

}  // namespace

std::uint64_t trainingBytes(const ReactionOptions& options, std::size_t in, std::size_t out, std::size_t sources,
                            std::size_t targets, std::size_t rows, bool joint,
                            const std::function<std::uint64_t(const StepOptions&)>& step) {
    StepOptions s;
    s.in = in;
    s.hidden = headWidths(options, in, out)[1];
    s.out = out;
    s.sources = sources;
    s.targets = targets;
    s.batch = std::min(static_cast<std::size_t>(options.batch_size), rows);
    s.keep_logits = false;
    return (step ? step(s) : bytesOf(s, options, joint)) + batchBytes(s);
}

ProjectorRecord trainProjector(const ProjectorTask& task, const JobContext& job) {
    return Trainer(task, job).run();
}

}  // namespace engine
