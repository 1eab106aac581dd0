// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/run_estimate.h"

#include <QLocale>
#include <QObject>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>

#include "engine/base/error.h"
#include "engine/recipe/objective.h"
#include "engine/recipe/projector_head.h"
#include "engine/store/workspace.h"

namespace ui {
namespace {
// What costs time beside products of matrices, as if it were such products: of a step (gathering, Adam, the log), of a
// hidden activation (batch norm, the ReLU), of a similarity (two exponentials).
constexpr double kStepFlops = 3e7, kActivationFlops = 100, kSimilarityFlops = 60;

// Of one core, in products of matrices, as LibTorch has them: about half of what the vector units can do at most.
double coreRate() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return 1.5e11;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 6e10;
#endif
    return 2e10;
}

// Two threads of one core do not compute faster than one.
double cores() {
    const double threads = std::max(1u, std::thread::hardware_concurrency());
    std::ifstream file("/sys/devices/system/cpu/smt/active");
    int twofold = 0;
    return file >> twofold && twofold == 1 ? std::max(1.0, threads / 2) : threads;
}

// Layers of a projector: multiply-adds of a row through all of them and the first, and the numbers between them that
// are kept of it.
struct LayerWork {
    double products = 0, first = 0, inner = 0;
    explicit LayerWork(const std::vector<std::size_t>& widths) {
        for (std::size_t k = 1; k < widths.size(); ++k) {
            products += static_cast<double>(widths[k - 1]) * static_cast<double>(widths[k]);
            if (k == 1) first = products;
            inner += k + 1 < widths.size() ? static_cast<double>(widths[k]) : 0;
        }
    }
};

double batchOf(const engine::ReactionOptions& o, double rows) {
    return std::max(1.0, std::min(static_cast<double>(o.batch_size), rows));
}

class Estimating {
public:
    Estimating(const engine::Recipe& recipe, const engine::RoutePlan& plan, const WorkspaceFacts& facts,
               std::int64_t more_epochs, const std::set<std::string>& taken)
        : recipe_(recipe), plan_(plan), facts_(facts), more_epochs_(more_epochs), taken_(taken) {}

    RunEstimate run() {
        // As the engine goes: tunings of the steps before a reaction, then the reaction.
        std::size_t tuned = 0;
        const auto tuneBefore = [&](std::size_t step) {
            for (; tuned < plan_.tunings.size() && plan_.tunings[tuned].step < step; ++tuned)
                tuning(plan_.tunings[tuned]);
        };
        for (const auto& r : plan_.reactions) {
            tuneBefore(r.step);
            reaction(r);
        }
        tuneBefore(recipe_.route.size());
        disk_ += static_cast<double>(facts_.set_rows) * static_cast<double>(plan_.width) * 4 *
                 static_cast<double>(1 + 2 * recipe_.route.size());
        out_.flops += out_.pair_flops;
        // The program itself with LibTorch.
        out_.memory = static_cast<std::uint64_t>(memory_) + (std::uint64_t{350} << 20);
        out_.disk = static_cast<std::uint64_t>(disk_);
        return std::move(out_);
    }

private:
    double rowsOf(const engine::Modality& m) const {
        const auto found = facts_.rows.find(m);
        return found != facts_.rows.end() ? static_cast<double>(found->second) : 0.0;
    }

    void add(const std::string& label, double steps, double batch, double step_flops) {
        out_.parts.push_back({label, steps * step_flops});
        out_.flops += steps * step_flops;
        out_.rows += static_cast<std::size_t>(steps * batch);
    }

    void reaction(const engine::PlannedReaction& r) {
        if (taken_.count(r.key)) return;
        const auto& o = recipe_.route[r.step].options;
        const bool displaces = r.kind == engine::ReactionKind::Displacement;
        const auto in = static_cast<double>(r.source_width), width = static_cast<double>(r.target_width);
        const double unified = displaces ? in : width, expert = displaces ? width : in;
        const auto& from = displaces ? r.unified_modalities : r.expert_modalities;
        const auto& to = displaces ? r.expert_modalities : r.unified_modalities;
        const auto sources = static_cast<double>(from.size()), targets = static_cast<double>(to.size());
        const auto terms = static_cast<double>(engine::objectiveOf(o, from, to, r.joint).info.size());
        const LayerWork work(engine::headWidths(o, r.source_width, r.target_width));
        // In a joint space the targets pass a head of their own, from the product's width.
        const LayerWork partner(r.joint ? engine::headWidths(o, r.target_width, r.target_width)
                                        : std::vector<std::size_t>{});
        const double row_floats = unified * static_cast<double>(r.unified_modalities.size()) +
                                  expert * static_cast<double>(r.expert_modalities.size());
        for (const auto& start : r.starts) {
            const double rows = rowsOf(start);
            // Similarities with each memory and the averages of its rows.
            for (const auto& m : r.unified_modalities) out_.pair_flops += 4 * rows * rowsOf(m) * unified;
            for (const auto& m : r.expert_modalities) out_.pair_flops += 4 * rows * rowsOf(m) * expert;
            if (o.pair_storage != "none") disk_ += rows * row_floats * (o.pair_storage == "float16" ? 2 : 4);
        }
        // The pools as the product so far gives them.
        if (r.step > 0 && recipe_.route[r.step].against != "base") {
            for (const auto& m : r.unified_modalities) disk_ += rowsOf(m) * unified * 4;
        }
        const auto epochs = static_cast<double>(more_epochs_ > 0 ? more_epochs_ : r.epochs);
        for (const auto& subset : r.subsets) {
            double rows = 0;
            for (const auto& m : engine::subsetMembers(subset, r.starts)) rows += rowsOf(m);
            const double batch = batchOf(o, rows);
            // Every source through the projector: forward, then gradients of the weights, and of what goes in but for
            // the first layer. Similarities of each InfoNCE term: forward, then the gradient of what is projected.
            const auto layers = [&](const LayerWork& w, double passes) {
                return batch * (6 * w.products - 2 * w.first + w.inner * kActivationFlops) * passes;
            };
            const double projected = r.joint ? 2 : 1;
            const double step = layers(work, sources) + layers(partner, targets) +
                                batch * batch * ((2 + 2 * projected) * width + kSimilarityFlops) * terms + kStepFlops;
            add(r.key + " " + subset, epochs * std::floor(rows / batch), batch, step);
            const double activations = sources * batch * (2 * in + 3 * work.inner + 3 * width) +
                                       targets * batch * (width + (r.joint ? 3 * (partner.inner + width) : 0));
            need(activations + 4 * (work.products + partner.products), batch);
        }
        disk_ += static_cast<double>(r.subsets.size()) * (work.products + partner.products) * 4 * 3;
    }

    // An adapter of two layers, then the projectors of the displacements before it, through which gradients pass.
    void tuning(const engine::PlannedTuning& t) {
        if (taken_.count(t.key)) return;
        const auto& o = recipe_.route[t.step].options;
        const auto in = static_cast<double>(t.width), hidden = static_cast<double>(o.hidden_width);
        double frozen = 0, kept = 0, width = in;
        for (const auto& r : plan_.reactions) {
            if (r.step >= t.step || r.kind != engine::ReactionKind::Displacement) continue;
            const LayerWork work(engine::headWidths(recipe_.route[r.step].options, r.source_width, r.target_width));
            const auto active = static_cast<double>(engine::activeProjectors(recipe_, plan_, r.step, r.expert).size());
            width = static_cast<double>(r.target_width);
            frozen += active * work.products;
            kept += active * (work.inner + width);
        }
        const double rows = pairsOf(t), batch = batchOf(o, rows), adapter = 2 * in * hidden;
        disk_ += rows * width * 4 + adapter * 4 * 3;
        out_.adapters += 1;
        const auto epochs = static_cast<double>(more_epochs_ > 0 ? more_epochs_ : t.epochs);
        const double steps = epochs * std::floor(rows / batch);
        const double step = batch * (6 * adapter - 2 * in * hidden + hidden * kActivationFlops) +
                            batch * (4 * frozen + kept * kActivationFlops) +
                            batch * batch * (4 * width + kSimilarityFlops) + kStepFlops;
        add(t.key + " " + t.modality, steps, batch, step);
        need(batch * (4 * in + 2 * hidden + 4 * width + 2 * kept) + 4 * adapter + frozen, batch);
    }

    // Rows of the paired pool that a tuning takes; 0 where it is not there, which planning or the run says.
    double pairsOf(const engine::PlannedTuning& t) const {
        for (const auto& pool : facts_.paired) {
            const auto has = [&](const engine::Modality& m) {
                return std::find(pool.modalities.begin(), pool.modalities.end(), m) != pool.modalities.end();
            };
            if ((t.pool.empty() || t.pool == pool.name) && has(t.modality) && has(t.towards))
                return static_cast<double>(pool.rows);
        }
        return 0;
    }

    void need(double floats, double batch) {
        memory_ = std::max(memory_, 4 * (floats + 2 * batch * std::min(batch, 4096.0)));
    }

    const engine::Recipe& recipe_;
    const engine::RoutePlan& plan_;
    const WorkspaceFacts& facts_;
    std::int64_t more_epochs_;
    const std::set<std::string>& taken_;
    RunEstimate out_;
    double disk_ = 0, memory_ = 0;
};
}  // namespace

std::shared_ptr<const WorkspaceFacts> readWorkspaceFacts(const std::string& folder, const engine::JobContext& job) {
    const engine::Workspace workspace{std::filesystem::path(folder)};
    auto out = std::make_shared<WorkspaceFacts>();
    out->folder = folder;
    out->synthetic = workspace.synthetic();
    out->spaces = engine::spacesOf(workspace);
    for (const auto& space : out->spaces) {
        for (const auto& m : space.pools) {
            job.checkStop();
            if (out->rows.count(m)) continue;
            try {
                if (const auto* pool = workspace.poolOf(m)) out->rows[m] = pool->tables.front().rows;
            } catch (const engine::Error&) {  // several pools: planning says so
            }
        }
    }
    for (const auto& pool : workspace.pools()) {
        if (!pool.paired) continue;
        auto& paired = out->paired.emplace_back();
        paired.name = pool.name;
        paired.rows = pool.tables.front().rows;
        for (const auto& table : pool.tables) paired.modalities.push_back(table.modality);
    }
    for (const auto& set : workspace.sets()) {
        if (set.kind == engine::SetKind::Retrieval) out->retrieval_sets.push_back(set.name);
        out->set_rows += set.first.rows + set.second.rows;
    }
    return out;
}

RunEstimate estimateRun(const engine::Recipe& recipe, const engine::RoutePlan& plan, const WorkspaceFacts& facts,
                        std::int64_t more_epochs, const std::set<std::string>& taken) {
    return Estimating(recipe, plan, facts, more_epochs, taken).run();
}

double assumedRate() {
    static const double rate = coreRate() * cores();
    return rate;
}

QString bytesText(std::uint64_t bytes) {
    return QLocale().formattedDataSize(static_cast<qint64>(bytes), bytes < (1u << 30) ? 0 : 1);
}

}  // namespace ui
