// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/reaction/encoder_tuner.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/rng.h"
#include "engine/base/text.h"
#include "engine/base/version.h"
#include "engine/ops/device.h"
#include "engine/ops/torch_support.h"
#include "engine/projector/encoder_step.h"
#include "engine/reaction/product_rows.h"
#include "engine/reaction/tuning.h"
#include "engine/recipe/change_experts.h"
#include "engine/store/add_space.h"
#include "engine/store/encoder_inputs.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kCompared = 256;  // items whose rows show whether the encoder is that of the base
constexpr double kSameEncoder = 0.98;   // cosine above which it is

class EncoderTuner {
public:
    EncoderTuner(const EncoderRequest& request, const JobContext& job)
        : request_(request),
          job_(job),
          workspace_(request.workspace),
          product_(loadProduct(request.product)),
          model_(*product_.model),
          steps_(stepsBeforeTuning(model_.recipe(), model_.plan(), request.modality)),
          folder_(request.product / "encoders" / request.space),
          device_(resolveDevice(request.run.device)),
          inputs_(request.inputs) {
        check();
    }

    void run() {
        fs::create_directories(folder_);
        const WriterLock lock(folder_);
        job_.log("running the code of " + request_.encoder.string() + ": a TorchScript file is a program");
        torchCall([&] { encoder_ = std::make_unique<ScriptEncoder>(request_.encoder, at::Device(device_)); });
        compare();
        makeStep();
        learn();
        writeResults();
        addRows();
        fs::remove(folder_ / "state.safetensors");
        fs::remove_all(folder_ / "product-rows");
        writeJsonFile(folder_ / "encoder.json", record_);
    }

private:
    void check() {
        const auto& recipe = model_.recipe();
        const std::string where = "product " + recipe.name;
        std::vector<std::string> problems;
        const SpaceInfo* base = model_.plan().space(recipe.base);
        if (!base || !contains(base->modalities, request_.modality))
            problems.push_back("expected a modality of its base " + recipe.base + ", found '" + request_.modality +
                               "'");
        if (!contains(model_.plan().modalities, request_.towards) || request_.towards == request_.modality) {
            problems.push_back("expected another of its modalities to bring " + request_.modality + " to, found '" +
                               request_.towards + "'");
        }
        if (auto p = nameProblem(request_.space); !p.empty()) problems.push_back("space: " + p);
        for (const auto& space : model_.plan().spaces) {
            if (space.name == request_.space)
                problems.push_back("space: the product is made of " + space.name + " itself; choose another name");
        }
        if (!problems.empty()) throw joinProblems(ErrorCode::InvalidInput, where, problems);
        width_ = base->width;
        for (const auto& r : model_.plan().reactions) {
            if (r.step < steps_ && r.kind == ReactionKind::Displacement) width_ = r.target_width;
        }
        PlannedTuning like;
        like.key = "of the encoder";
        like.modality = request_.modality;
        like.towards = request_.towards;
        like.pool = request_.pool;
        const PoolInfo& paired = pairedPoolOf(workspace_, like);
        pairs_ = paired.name;
        const auto table = inputs_.pool(paired, request_.modality);
        if (!table) throw missing("/pools/" + paired.name + "/" + request_.modality, "the pairs to tune on");
        paired_ = *table;
        const PoolInfo* pool = workspace_.poolOf(request_.modality);
        if (pool && !inputs_.pool(*pool, request_.modality))
            throw missing("/pools/" + pool->name + "/" + request_.modality, "the pool that later steps are trained on");
    }

    Error missing(const std::string& dataset, const std::string& what) const {
        return Error(ErrorCode::NotFound, inputs_.path().string(),
                     "expected the encoder's inputs of " + what + " in the dataset " + dataset + ", found none",
                     "row i must be the item of row i in the workspace");
    }

    // Items [count, ...] on the device.
    at::Tensor items(const EncoderInputs::Table& table, std::size_t first, std::size_t count) const {
        std::vector<std::int64_t> shape{static_cast<std::int64_t>(count)};
        shape.insert(shape.end(), inputs_.shape().begin(), inputs_.shape().end());
        at::Tensor out = at::empty(shape, at::kFloat);
        inputs_.read(table, first, count, out.mutable_data_ptr<float>());
        return out.to(at::Device(device_));
    }

    // Whether the encoder gives the rows that the workspace has of the base: other inputs or weights show here.
    void compare() {
        const auto base = workspace_.pool(pairs_, request_.modality, model_.recipe().base);
        const std::size_t count = std::min(kCompared, base->rows());
        Matrix rows(count, base->cols());
        base->read(0, count, rows.data());
        normalizeRows(rows);
        torchCall([&] {
            const c10::DeviceGuard current{at::Device(device_)};
            const c10::NoGradGuard no_gradients;
            const at::Tensor out = encoder_->forward(items(paired_, 0, count));
            if (out.size(1) != static_cast<std::int64_t>(rows.cols())) {
                throw Error(ErrorCode::InvalidInput, request_.encoder.string(),
                            "expected embeddings of " + model_.recipe().base + ", of width " +
                                std::to_string(rows.cols()) + ", found " + std::to_string(out.size(1)),
                            "give the encoder of the product's base space");
            }
            const at::Tensor own = unitRowsOf(out).to(at::kCPU);
            const at::Tensor theirs =
                hostView(rows.data(), static_cast<std::int64_t>(count), static_cast<std::int64_t>(rows.cols()));
            agreement_ = (own * theirs).sum(1).mean().item<double>();
        });
        if (!(agreement_ >= kSameEncoder)) {
            job_.log("before tuning, the encoder's embeddings have a mean cosine of " + std::to_string(agreement_) +
                     " with those of " + model_.recipe().base +
                     " in the workspace: it is another encoder, or its inputs are prepared otherwise");
        }
    }

    // The active projectors of the displacements on the way.
    FrozenRoute route() {
        FrozenRoute out;
        for (const auto& r : model_.plan().reactions) {
            if (r.step >= steps_ || r.kind != ReactionKind::Displacement) continue;
            auto& heads = out.emplace_back();
            auto& places = places_.emplace_back();
            for (const auto& subset : activeProjectors(model_.recipe(), model_.plan(), r.step, r.expert)) {
                places.push_back({r.key, subset});
                heads.push_back(readProjector(projectorPath(product_.folder, places.back())));
            }
        }
        return out;
    }

    void makeStep() {
        const auto& o = request_.options;
        batch_ = std::min(static_cast<std::size_t>(o.batch_size), paired_.rows);
        if (batch_ < 2) {
            throw Error(ErrorCode::InvalidInput, "pool " + pairs_,
                        "expected at least 2 pairs to tune on, found " + std::to_string(paired_.rows));
        }
        EncoderStepOptions options;
        options.temperature = o.temperature;
        options.direction = infoDirection(o.info_direction);
        options.weight_decay = o.weight_decay;
        options.train_heads = o.heads == "trained";
        torchCall([&] {
            step_ = std::make_unique<EncoderStep>(options, *encoder_, route(), request_.modality, at::Device(device_));
        });
    }

    // Of all that the tuned encoder follows from.
    std::string identity() const {
        const Json options = encoderOptionTable().toJson(request_.options);
        std::string projectors;
        for (const auto& heads : places_) {
            for (const auto& place : heads) projectors += hashHex(readFile(projectorPath(product_.folder, place)));
        }
        return hashHex(options.dump() + std::to_string(request_.run.seed) + workspace_.fingerprint() + pairs_ +
                       hashHex(readFile(request_.encoder)) + fs::absolute(inputs_.path()).string() +
                       std::to_string(fs::file_size(inputs_.path())) + recipeToJson(model_.recipe()).dump() +
                       projectors + request_.modality + request_.towards);
    }

    void learn() {
        const auto& o = request_.options;
        const auto partner = productRows(
            workspace_, model_, steps_, pairedPool(), request_.towards, width_,
            folder_ / "product-rows" / hashHex(identity()).substr(0, 8) / (request_.towards + ".f32"), job_);
        const std::size_t per_epoch = paired_.rows / batch_;
        const auto state = folder_ / "state.safetensors", log = folder_ / "log.csv";
        const std::string id = identity();
        std::string rows = "step,epoch,loss\n";
        if (fs::exists(state) && fs::exists(log) && torchCall([&] { return step_->load(state, id); })) {
            rows = readFile(log);
            readLosses(rows, per_epoch);
            job_.log("going on after epoch " + std::to_string(losses_.size()));
        }
        const std::size_t total = static_cast<std::size_t>(o.epochs) * per_epoch;
        ProgressMeter meter(job_, "tuning the encoder of " + request_.modality, "steps", total,
                            static_cast<std::uint64_t>(step_->steps()));
        Matrix y(batch_, width_);
        std::vector<float> x(batch_ * inputs_.numbers());
        std::vector<std::int64_t> shape{static_cast<std::int64_t>(batch_)};
        shape.insert(shape.end(), inputs_.shape().begin(), inputs_.shape().end());
        while (losses_.size() < static_cast<std::size_t>(o.epochs)) {
            const std::size_t epoch = losses_.size();
            Rng rng(request_.run.seed, "encoder/shuffle", epoch);
            const auto order = randomOrder(paired_.rows, rng);
            double sum = 0;
            for (std::size_t k = 0; k < per_epoch; ++k) {
                for (std::size_t i = 0; i < batch_; ++i) {
                    if (i % 64 == 0) job_.checkStop();
                    const std::size_t row = order[k * batch_ + i];
                    inputs_.read(paired_, row, 1, x.data() + i * inputs_.numbers());
                    partner->read(row, 1, y.row(i));
                }
                const double loss = torchCall([&] {
                    const at::Device device(device_);
                    const c10::DeviceGuard current(device);
                    const at::Tensor in =
                        at::from_blob(x.data(), shape, at::TensorOptions().dtype(at::kFloat)).to(device);
                    const at::Tensor target =
                        hostView(y.data(), static_cast<std::int64_t>(batch_), static_cast<std::int64_t>(width_))
                            .to(device);
                    return step_->step(in, target, o.learning_rate, job_);
                });
                if (!std::isfinite(loss)) {
                    throw Error(ErrorCode::InvalidInput, "tuning the encoder", "the loss is not finite",
                                "lower the learning rate");
                }
                sum += loss;
                char row[64];
                std::snprintf(row, sizeof row, "%zu,%zu,%.9g\n", epoch * per_epoch + k + 1, epoch + 1, loss);
                rows += row;
                meter.value("loss", loss);
                meter.advance(1);
            }
            losses_.push_back(sum / static_cast<double>(per_epoch));
            writeFileWhole(log, rows);
            torchCall([&] { step_->save(state, {{"identity", id}}); });
        }
        meter.finish();
    }

    // The means of the epochs that the log has, which are those of the state.
    void readLosses(std::string& rows, std::size_t per_epoch) {
        std::size_t at = rows.find('\n') + 1;
        const auto epochs = static_cast<std::size_t>(step_->steps()) / per_epoch;
        double sum = 0;
        for (std::size_t k = 0; k < epochs * per_epoch; ++k) {
            const std::size_t end = rows.find('\n', at);
            if (end == std::string::npos) {
                throw Error(ErrorCode::InvalidInput, (folder_ / "log.csv").string(),
                            "it ends before the state that it belongs to", "remove the folder and begin anew");
            }
            sum += std::strtod(rows.c_str() + rows.rfind(',', end) + 1, nullptr);
            at = end + 1;
            if ((k + 1) % per_epoch == 0) {
                losses_.push_back(sum / static_cast<double>(per_epoch));
                sum = 0;
            }
        }
        rows.resize(at);
    }

    const PoolInfo& pairedPool() const {
        const auto& pools = workspace_.pools();
        return *std::find_if(pools.begin(), pools.end(), [&](const PoolInfo& p) { return p.name == pairs_; });
    }

    void writeResults() {
        torchCall([&] { encoder_->save(folder_ / "encoder.pt"); });
        if (request_.options.heads == "trained") {
            const FrozenRoute heads = torchCall([&] { return step_->heads(); });
            for (std::size_t d = 0; d < heads.size(); ++d) {
                for (std::size_t p = 0; p < heads[d].size(); ++p) {
                    const auto path = folder_ / "heads" / places_[d][p].key / (places_[d][p].subset + ".safetensors");
                    fs::create_directories(path.parent_path());
                    writeProjector(path, heads[d][p],
                                   {{"reaction", places_[d][p].key},
                                    {"subset", places_[d][p].subset},
                                    {"kind", "head tuned with an encoder of " + request_.modality}});
                }
            }
        }
        ReactionStep tuned;
        tuned.kind = ReactionKind::Tuning;
        tuned.modality = request_.modality;
        tuned.towards = request_.towards;
        tuned.pool = pairs_;
        tuned.space = request_.space;
        auto spaces = model_.plan().spaces;
        spaces.push_back({request_.space, width_, {request_.modality}, {request_.modality}});
        Recipe recipe = withStep(model_.recipe(), spaces, steps_, tuned);
        recipe.name += " with " + request_.space;
        writeJsonFile(folder_ / "recipe.json", recipeToJson(recipe));
        record_ = {{"encoder", fs::absolute(request_.encoder).lexically_normal().string()},
                   {"encoder_hash", hashHex(readFile(request_.encoder))},
                   {"tuned_hash", hashHex(readFile(folder_ / "encoder.pt"))},
                   {"inputs", fs::absolute(inputs_.path()).lexically_normal().string()},
                   {"product", model_.recipe().name},
                   {"after_steps", steps_},
                   {"modality", request_.modality},
                   {"towards", request_.towards},
                   {"pool", pairs_},
                   {"space", request_.space},
                   {"recipe", (folder_ / "recipe.json").string()},
                   {"recipe_name", recipe.name},
                   {"pairs", paired_.rows},
                   {"batch", batch_},
                   {"tensors",
                    {{"encoder", encoder_->trained().size()},
                     {"heads", step_->tensors() - encoder_->trained().size()},
                     {"frozen", encoder_->frozen()}}},
                   {"agreement_before", agreement_},
                   {"losses", losses_},
                   {"options", encoderOptionTable().toJson(request_.options)},
                   {"seed", request_.run.seed},
                   {"device", device_},
                   {"synthetic", workspace_.synthetic() || product_.record.synthetic},
                   {"workspace", workspace_.fingerprint()},
                   {"version", programVersion()},
                   {"commit", programCommit()},
                   {"created", utcNow()}};
    }

    RowReader reader(const EncoderInputs::Table& table) const {
        RowReader out;
        out.rows = table.rows;
        out.width = width_;
        out.origin = "tuned encoder of " + request_.modality + ", " + table.dataset;
        out.read = [this, table](std::size_t first, std::size_t count, float* to) {
            torchCall([&] {
                const at::Device device(device_);
                const c10::DeviceGuard current(device);
                for (std::size_t done = 0; done < count; done += batch_) {
                    job_.checkStop();
                    const std::size_t n = std::min(batch_, count - done);
                    const at::Tensor z = step_->embed(items(table, first + done, n), job_).to(at::kCPU).contiguous();
                    std::copy_n(z.const_data_ptr<float>(), n * width_, to + done * width_);
                }
            });
        };
        return out;
    }

    void addRows() {
        AddedSpace space;
        space.name = request_.space;
        space.origin = {{"encoder", "tuned"}, {"product", model_.recipe().name}, {"hash", record_["tuned_hash"]}};
        std::vector<std::string> there, left_out;
        for (const auto& pool : workspace_.pools()) {
            const bool has = std::any_of(pool.tables.begin(), pool.tables.end(),
                                         [&](const ItemTable& t) { return t.modality == request_.modality; });
            const auto table = has ? inputs_.pool(pool, request_.modality) : std::nullopt;
            if (table) space.pools[pool.name].emplace(request_.modality, reader(*table));
        }
        for (const auto& set : workspace_.sets()) {
            bool wanted = false, whole = true;
            for (const auto side : {Workspace::Side::First, Workspace::Side::Second}) {
                if ((side == Workspace::Side::First ? set.first : set.second).modality != request_.modality) continue;
                wanted = true;
                const auto table = inputs_.set(set, side);
                if (table) space.sets[set.name].emplace(side, reader(*table));
                else whole = false;
            }
            if (wanted) (whole ? there : left_out).push_back(set.name);
        }
        for (const auto& name : left_out)
            job_.log("there are no inputs of " + name + ": products with the tuned encoder are not measured on it");
        record_["sets"] = there;
        record_["sets_left_out"] = left_out;
        addSpace(request_.workspace, space, job_);
    }

    const EncoderRequest& request_;
    const JobContext& job_;
    Workspace workspace_;
    LoadedProduct product_;
    const ProductModel& model_;
    std::size_t steps_;
    fs::path folder_;
    std::string device_;
    EncoderInputs inputs_;
    std::size_t width_ = 0, batch_ = 0;
    std::string pairs_;  // the paired pool
    EncoderInputs::Table paired_;
    std::vector<std::vector<ProjectorPlace>> places_;  // of the heads on the way
    std::unique_ptr<ScriptEncoder> encoder_;
    std::unique_ptr<EncoderStep> step_;
    double agreement_ = 0;
    std::vector<double> losses_;  // means of the epochs
    Json record_;
};

}  // namespace

std::size_t stepsBeforeTuning(const Recipe& recipe, const RoutePlan& plan, const Modality& modality) {
    for (std::size_t s = 0; s < recipe.route.size(); ++s) {
        const ReactionStep& step = recipe.route[s];
        if (step.against == "joint" || (step.kind == ReactionKind::Tuning && step.modality == modality)) return s;
        for (const auto& use : step.experts) {
            const SpaceInfo* space = plan.space(use.space);
            if (space && contains(space->modalities, modality)) return s;
        }
    }
    return recipe.route.size();
}

void tuneEncoder(const EncoderRequest& request, const JobContext& job) {
    EncoderTuner(request, job).run();
}

}  // namespace engine
