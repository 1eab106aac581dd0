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
    for (const auto& set : workspace.sets()) {
        if (set.kind == engine::SetKind::Retrieval) out->retrieval_sets.push_back(set.name);
        out->set_rows += set.first.rows + set.second.rows;
    }
    return out;
}

RunEstimate estimateRun(const engine::Recipe& recipe, const engine::RoutePlan& plan, const WorkspaceFacts& facts,
                        std::int64_t more_epochs) {
    RunEstimate out;
    const auto rowsOf = [&](const engine::Modality& m) {
        const auto found = facts.rows.find(m);
        return found != facts.rows.end() ? static_cast<double>(found->second) : 0.0;
    };
    double disk = 0, memory = 0;
    for (const auto& r : plan.reactions) {
        const auto& o = recipe.route[r.step].options;
        const bool displaces = r.kind == engine::ReactionKind::Displacement;
        const auto in = static_cast<double>(r.source_width), width = static_cast<double>(r.target_width);
        const double unified = displaces ? in : width, expert = displaces ? width : in;
        const auto& from = displaces ? r.unified_modalities : r.expert_modalities;
        const auto& to = displaces ? r.expert_modalities : r.unified_modalities;
        const auto sources = static_cast<double>(from.size()), targets = static_cast<double>(to.size());
        const auto terms = static_cast<double>(engine::objectiveOf(o, from, to).info.size());
        std::vector<double> widths;
        for (const auto w : engine::headWidths(o, r.source_width, r.target_width))
            widths.push_back(static_cast<double>(w));
        // Multiply-adds of a row through the layers, and the numbers that are kept of it.
        double products = 0, inner = 0;
        for (std::size_t k = 1; k < widths.size(); ++k) {
            products += widths[k - 1] * widths[k];
            inner += k + 1 < widths.size() ? widths[k] : 0;
        }
        const double row_floats = unified * static_cast<double>(r.unified_modalities.size()) +
                                  expert * static_cast<double>(r.expert_modalities.size());
        for (const auto& start : r.starts) {
            const double rows = rowsOf(start);
            // Similarities with each memory and the averages of its rows.
            for (const auto& m : r.unified_modalities) out.pair_flops += 4 * rows * rowsOf(m) * unified;
            for (const auto& m : r.expert_modalities) out.pair_flops += 4 * rows * rowsOf(m) * expert;
            if (o.pair_storage != "none") disk += rows * row_floats * (o.pair_storage == "float16" ? 2 : 4);
        }
        const auto epochs = static_cast<double>(more_epochs > 0 ? more_epochs : r.epochs);
        for (const auto& subset : r.subsets) {
            double rows = 0;
            for (const auto& m : engine::subsetMembers(subset, r.starts)) rows += rowsOf(m);
            const double batch = std::max(1.0, std::min(static_cast<double>(o.batch_size), rows));
            const double steps = epochs * std::floor(rows / batch);
            // Every source through the projector: forward, then gradients of the weights, and of what goes in but for
            // the first layer. Similarities of each InfoNCE term: forward, then the gradient of the source alone, for
            // targets are not trained.
            const double step = batch * (6 * products - 2 * in * widths[1] + inner * kActivationFlops) * sources +
                                batch * batch * (4 * width + kSimilarityFlops) * terms + kStepFlops;
            out.parts.push_back({r.key + " " + subset, steps * step});
            out.flops += steps * step;
            out.rows += static_cast<std::size_t>(steps * batch);
            const double activations = sources * batch * (2 * in + 3 * inner + 3 * width) + targets * batch * width;
            memory = std::max(memory, 4 * (activations + 4 * products + 2 * batch * std::min(batch, 4096.0)));
        }
        disk += static_cast<double>(r.subsets.size()) * products * 4 * 3;
    }
    disk += static_cast<double>(facts.set_rows) * static_cast<double>(plan.width) * 4 *
            static_cast<double>(1 + 2 * recipe.route.size());
    out.flops += out.pair_flops;
    // The program itself with LibTorch.
    out.memory = static_cast<std::uint64_t>(memory) + (std::uint64_t{350} << 20);
    out.disk = static_cast<std::uint64_t>(disk);
    return out;
}

double assumedRate() {
    static const double rate = coreRate() * cores();
    return rate;
}

QString bytesText(std::uint64_t bytes) {
    return QLocale().formattedDataSize(static_cast<qint64>(bytes), bytes < (1u << 30) ? 0 : 1);
}

}  // namespace ui
