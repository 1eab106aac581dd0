// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/product_bases.h"

#include "engine/eval/workspace_evaluation.h"

namespace engine {

void writeBases(const Workspace& workspace, const ProductModel& model, const std::filesystem::path& folder, bool anew,
                const JobContext& job) {
    const auto sets = setsOfProduct(workspace, model);
    ProgressMeter meter(job, "components of the evaluation sets", "sets", sets.size());
    for (const auto& set : sets) {
        job.checkStop();
        const auto path = folder / "basis" / (set + ".safetensors");
        if (anew || !std::filesystem::exists(path)) {
            const SetComponents c = computeSetComponents(workspace, model, set, job);
            writeBasis(path, {{kBasisFirst, c.first}, {kBasisSecond, c.second}});
        }
        meter.advance(1);
    }
    meter.finish();
}

std::uint64_t basesBytes(const Workspace& workspace, const ProductModel& model) {
    std::uint64_t bytes = 0;
    const std::uint64_t parts = 1 + model.recipe().route.size() * 2;
    for (const auto& set : setsOfProduct(workspace, model)) {
        const SetInfo& info = workspace.set(set);
        bytes += (info.first.rows + info.second.rows) * model.plan().width * sizeof(float) * parts;
    }
    return bytes;
}

}  // namespace engine
