// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/reaction/router_trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/rng.h"
#include "engine/ops/device.h"
#include "engine/projector/router_step.h"
#include "engine/projector/tiles.h"
#include "engine/store/workspace.h"

namespace engine {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kNearestBlock = 512;
constexpr std::size_t kFewestTuples = 8;

// Drawn items of one modality.
struct Drawn {
    Modality modality;
    std::vector<std::string> spaces;
    Matrix rows;     // [n, spaces · width], an item's rows one after the other
    Matrix vectors;  // [n, width], as the recipe blends them
};

class RouterTrainer {
public:
    RouterTrainer(const RouterRequest& request, const JobContext& job)
        : request_(request),
          job_(job),
          workspace_(request.workspace),
          product_(loadProduct(request.product)),
          model_(*product_.model),
          device_(resolveDevice(request.run.device)),
          memory_(request.run.memory_gib > 0 ? bytesOfGib(request.run.memory_gib) : availableMemoryBytes() / 2) {}

    void run() {
        const auto folder = spaceRouterFolder(request_.product, request_.name);
        const WriterLock lock(request_.product);
        const auto start = Clock::now();
        draw();
        makeTuples();
        makeStep();
        learn();
        SpaceRouterRecord record;
        record.seed = request_.run.seed;
        record.options = spaceRouterOptionTable().toJson(request_.options);
        record.training = {{"losses", losses_},
                           {"tuples", tuples_.size()},
                           {"batch", batch_},
                           {"device", device_},
                           {"seconds", std::chrono::duration<double>(Clock::now() - start).count()}};
        std::map<Modality, ModalityRouter> routers;
        for (std::size_t s = 0; s < drawn_.size(); ++s) {
            ModalityRouter r{drawn_[s].spaces, sharpnessOf(drawn_[s].modality), {}};
            if (r.spaces.size() > 1) r.network = step_->network(s);
            routers[drawn_[s].modality] = std::move(r);
        }
        writeSpaceRouter(folder, product_, SpaceRouter(std::move(routers)), record);
    }

private:
    double sharpnessOf(const Modality& modality) const {
        return modality == "text" ? request_.options.text_sharpness : request_.options.sharpness;
    }

    void draw() {
        const auto& plan = model_.plan();
        for (const auto& modality : plan.modalities) {
            const PoolInfo* pool = workspace_.poolOf(modality);
            if (!pool) {
                throw Error(ErrorCode::NotFound, "workspace " + request_.workspace.string(),
                            "it has no pool of " + modality + " to learn a router on");
            }
            const std::size_t n =
                std::min<std::size_t>(pool->tables.front().rows, static_cast<std::size_t>(request_.options.examples));
            drawn_bytes_ += n * plan.width * sizeof(float) * (2 * model_.spacesNeeded(modality).size() + 2);
        }
        requireMemory(drawn_bytes_, memory_, "the drawn items of a router");
        ProgressMeter meter(job_, "items of the router", "modalities", plan.modalities.size());
        for (const auto& modality : plan.modalities) {
            drawn_.push_back(drawOf(modality));
            meter.advance(1);
        }
        meter.finish();
        if (std::none_of(drawn_.begin(), drawn_.end(), [](const Drawn& d) { return d.spaces.size() > 1; })) {
            throw Error(ErrorCode::InvalidInput, "product " + model_.recipe().name,
                        "no modality has more than one space to choose among");
        }
    }

    Drawn drawOf(const Modality& modality) const {
        const PoolInfo& pool = *workspace_.poolOf(modality);
        const std::size_t all = pool.tables.front().rows,
                          n = std::min(all, static_cast<std::size_t>(request_.options.examples));
        Rng rng(request_.run.seed, "router/" + modality);
        auto order = randomOrder(all, rng);
        order.resize(n);
        std::sort(order.begin(), order.end());
        std::map<std::string, Matrix> tables;
        SpaceRows views;
        for (const auto& space : model_.spacesNeeded(modality)) {
            const auto source = workspace_.pool(pool.name, modality, space);
            Matrix& rows = tables.emplace(space, Matrix(n, source->cols())).first->second;
            for (std::size_t i = 0; i < n; ++i) {
                if (i % 256 == 0) job_.checkStop();
                source->read(order[i], 1, rows.row(i));
            }
            views[space] = rows.view();
        }
        const Components c = model_.components(modality, views, job_);
        const RoutedRows routed = routedRows(model_, c);
        Drawn out{modality, routed.spaces, Matrix(n, routed.rows.size() * c.width()),
                  blendAll(c, model_.weights(modality, c))};
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t k = 0; k < routed.rows.size(); ++k) {
                std::memcpy(out.rows.row(i) + k * c.width(), routed.rows[k].row(i), c.width() * sizeof(float));
            }
        }
        return out;
    }

    // The row of `to` nearest to each row of `from`; the first of equals.
    std::vector<std::uint32_t> nearest(const Drawn& from, const Drawn& to) const {
        const std::size_t width = from.vectors.cols(), n = from.vectors.rows(), m = to.vectors.rows();
        std::vector<std::uint32_t> out(n);
        Matrix scores(kNearestBlock, m);
        for (std::size_t first = 0; first < n; first += kNearestBlock) {
            const std::size_t count = std::min(kNearestBlock, n - first);
            tiledGemm(Form::ABt, count, m, width, from.vectors.row(first), width, to.vectors.data(), width,
                      scores.data(), m, job_);
            for (std::size_t i = 0; i < count; ++i) {
                out[first + i] =
                    static_cast<std::uint32_t>(std::max_element(scores.row(i), scores.row(i) + m) - scores.row(i));
            }
        }
        return out;
    }

    void makeTuples() {
        for (std::size_t s = 0; s < drawn_.size(); ++s) {
            const std::size_t n = drawn_[s].rows.rows(), first = tuples_.size();
            tuples_.resize(first + n, std::vector<std::uint32_t>(drawn_.size()));
            for (std::size_t t = 0; t < drawn_.size(); ++t) {
                const auto found = s == t ? std::vector<std::uint32_t>{} : nearest(drawn_[s], drawn_[t]);
                for (std::size_t i = 0; i < n; ++i)
                    tuples_[first + i][t] = s == t ? static_cast<std::uint32_t>(i) : found[i];
            }
        }
        if (tuples_.size() < kFewestTuples) {
            throw Error(ErrorCode::InvalidInput, "router of " + model_.recipe().name,
                        "expected at least " + std::to_string(kFewestTuples) + " tuples to learn from, found " +
                            std::to_string(tuples_.size()),
                        "bring in larger pools");
        }
        batch_ = std::min(static_cast<std::size_t>(request_.options.batch_size), tuples_.size());
    }

    void makeStep() {
        const auto& o = request_.options;
        RouterStepOptions options;
        options.batch = batch_;
        options.width = model_.plan().width;
        options.temperature = o.temperature;
        std::vector<RouterSide> sides;
        for (const auto& d : drawn_) {
            RouterSide side{d.spaces.size(), sharpnessOf(d.modality), {}};
            if (side.spaces > 1) {
                side.network =
                    initialState(emptyRouter(side.spaces, options.width, static_cast<std::size_t>(o.hidden_width),
                                             static_cast<std::size_t>(o.second_width)),
                                 WeightInit::Xavier, request_.run.seed, "router/" + d.modality)
                        .weights;
            }
            sides.push_back(std::move(side));
            batch_rows_.emplace_back(batch_, d.rows.cols());
        }
        const auto bytes = [&] { return drawn_bytes_ + routerStepBytes(options, sides); };
        options.keep_logits = bytes() <= memory_;
        requireMemory(bytes(), memory_, "a router's batch of " + std::to_string(batch_) + " tuples");
        step_ = device_ == "cpu" ? makeCpuRouterStep(options, sides) : makeTorchRouterStep(options, sides, device_);
    }

    void learn() {
        const auto& o = request_.options;
        const std::size_t steps = tuples_.size() / batch_;
        ProgressMeter meter(job_, "router " + request_.name, "steps",
                            static_cast<std::uint64_t>(o.epochs) * static_cast<std::uint64_t>(steps));
        std::vector<const float*> x;
        for (const auto& rows : batch_rows_) x.push_back(rows.data());
        for (std::int64_t epoch = 0; epoch < o.epochs; ++epoch) {
            Rng rng(request_.run.seed, "router/shuffle", static_cast<std::uint64_t>(epoch));
            const auto order = randomOrder(tuples_.size(), rng);
            double sum = 0;
            for (std::size_t step = 0; step < steps; ++step) {
                for (std::size_t i = 0; i < batch_; ++i) {
                    const auto& tuple = tuples_[order[step * batch_ + i]];
                    for (std::size_t s = 0; s < drawn_.size(); ++s) {
                        std::memcpy(batch_rows_[s].row(i), drawn_[s].rows.row(tuple[s]),
                                    batch_rows_[s].cols() * sizeof(float));
                    }
                }
                const double loss = step_->gradients(x, job_);
                if (!std::isfinite(loss)) {
                    throw Error(ErrorCode::InvalidInput, "router " + request_.name, "the loss is not finite",
                                "lower the learning rate");
                }
                step_->update(o.learning_rate);
                sum += loss;
                meter.value("loss", loss);
                meter.advance(1);
            }
            losses_.push_back(sum / static_cast<double>(steps));
        }
        meter.finish();
    }

    const RouterRequest& request_;
    const JobContext& job_;
    Workspace workspace_;
    LoadedProduct product_;
    const ProductModel& model_;
    std::string device_;
    std::uint64_t memory_, drawn_bytes_ = 0;
    std::vector<Drawn> drawn_;
    std::vector<std::vector<std::uint32_t>> tuples_;  // [n][modalities], rows of the drawn items
    std::size_t batch_ = 0;
    std::unique_ptr<RouterStep> step_;
    std::vector<Matrix> batch_rows_;
    std::vector<double> losses_;  // means of the epochs
};

}  // namespace

void trainSpaceRouter(const RouterRequest& request, const JobContext& job) {
    RouterTrainer(request, job).run();
}

}  // namespace engine
