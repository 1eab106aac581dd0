// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/workspace_evaluation.h"

#include <algorithm>

#include "engine/base/error.h"

namespace engine {

namespace {

// Rows of one side, and what keeps them alive.
struct SideRows {
    EmbeddingSourcePtr source;
    Matrix copy;
    MatrixView view;
};

SideRows readSide(const Workspace& workspace, const SetInfo& info, Workspace::Side side, const std::string& space,
                  const JobContext& job) {
    const ItemTable& table = side == Workspace::Side::First ? info.first : info.second;
    if (table.find(space) == nullptr) {
        std::string known;
        for (const auto& e : table.embeddings) known += (known.empty() ? "" : ", ") + e.space;
        throw Error(ErrorCode::NotFound, info.name + "/" + table.modality,
                    "expected rows of space '" + space + "', found " + (known.empty() ? "none" : known),
                    "import that space for this set, or evaluate another");
    }
    job.checkStop();
    SideRows out;
    out.source = workspace.setRows(info.name, side, space);
    out.view = out.source->resident();
    if (out.view.data == nullptr) {
        constexpr std::size_t kRows = 4096;
        out.copy = Matrix(out.source->rows(), out.source->cols());
        for (std::size_t i = 0; i < out.copy.rows(); i += kRows) {
            job.checkStop();
            out.source->read(i, std::min(kRows, out.copy.rows() - i), out.copy.row(i));
        }
        out.view = out.copy.view();
    }
    return out;
}

bool has(const std::vector<Modality>& modalities, const Modality& modality) {
    return std::find(modalities.begin(), modalities.end(), modality) != modalities.end();
}

bool fits(const Components& components, const ItemTable& table, const RoutePlan& plan) {
    return components.modality == table.modality && components.rows() == table.rows && components.width() == plan.width;
}

}  // namespace

SetDescription describeSet(const Workspace& workspace, const std::string& set) {
    const SetInfo& info = workspace.set(set);
    return {info.name, info.kind, info.first.modality, info.second.modality, workspace.pairs(set), info.prompt};
}

std::vector<std::string> setsOfSpace(const Workspace& workspace, const std::string& space) {
    std::vector<std::string> out;
    for (const auto& info : workspace.sets()) {
        if (info.first.find(space) != nullptr && info.second.find(space) != nullptr) out.push_back(info.name);
    }
    return out;
}

std::vector<std::string> setsOfProduct(const Workspace& workspace, const ProductModel& model) {
    const auto covered = [&model](const ItemTable& table) {
        if (!has(model.plan().modalities, table.modality)) return false;
        const auto spaces = model.spacesNeeded(table.modality);
        return std::all_of(spaces.begin(), spaces.end(),
                           [&](const auto& space) { return table.find(space) != nullptr; });
    };
    std::vector<std::string> out;
    for (const auto& info : workspace.sets()) {
        if (covered(info.first) && covered(info.second)) out.push_back(info.name);
    }
    return out;
}

SetMetrics evaluateSpaceSet(const Workspace& workspace, const std::string& set, const std::string& space,
                            const EvalOptions& options, const JobContext& job, bool reference) {
    const SetInfo& info = workspace.set(set);
    const SideRows first = readSide(workspace, info, Workspace::Side::First, space, job);
    const SideRows second = readSide(workspace, info, Workspace::Side::Second, space, job);
    RowSource x, y;
    x.rows = first.view;
    y.rows = second.view;
    const std::string score = "inner product of unit rows in " + space;
    return reference ? evaluateSetReference(describeSet(workspace, set), x, y, score, options, job)
                     : evaluateSet(describeSet(workspace, set), x, y, score, options, job);
}

MetricsTable evaluateSpace(const Workspace& workspace, const std::string& space, const std::vector<std::string>& sets,
                           const EvalOptions& options, const JobContext& job, bool reference) {
    MetricsTable table;
    table.subject = space;
    table.synthetic = workspace.synthetic();
    for (const auto& set : sets.empty() ? setsOfSpace(workspace, space) : sets) {
        table.sets.push_back(evaluateSpaceSet(workspace, set, space, options, job, reference));
    }
    return table;
}

SetComponents computeSetComponents(const Workspace& workspace, const ProductModel& model, const std::string& set,
                                   const JobContext& job) {
    const SetInfo& info = workspace.set(set);
    const auto side = [&](Workspace::Side which, const ItemTable& table) {
        if (!has(model.plan().modalities, table.modality)) {
            throw Error(ErrorCode::InvalidInput, set,
                        "expected modalities of " + model.recipe().name + ", found '" + table.modality + "'",
                        "measure a space that has it, or extend the recipe's base");
        }
        std::vector<SideRows> kept;
        SpaceRows rows;
        for (const auto& space : model.spacesNeeded(table.modality)) {
            kept.push_back(readSide(workspace, info, which, space, job));
            rows[space] = kept.back().view;
        }
        // Parts may be views of the rows that were given, so these live as long as the components.
        Components components = model.components(table.modality, rows, job);
        struct Owners {
            std::vector<SideRows> rows;
            std::shared_ptr<const void> inner;
        };
        auto owners = std::make_shared<Owners>();
        owners->rows = std::move(kept);
        owners->inner = std::move(components.owner);
        components.owner = std::move(owners);
        return components;
    };
    SetComponents out;
    out.set = describeSet(workspace, set);
    out.first = side(Workspace::Side::First, info.first);
    out.second = side(Workspace::Side::Second, info.second);
    return out;
}

SetComponents loadSetComponents(const Workspace& workspace, const LoadedProduct& product, const std::string& set,
                                const JobContext& job) {
    const auto path = product.folder / "basis" / (set + ".safetensors");
    if (product.record.fingerprint == workspace.fingerprint() && std::filesystem::exists(path)) {
        auto tables = readBasis(path);
        const SetInfo& info = workspace.set(set);
        const auto first = tables.find(kBasisFirst), second = tables.find(kBasisSecond);
        if (first != tables.end() && second != tables.end() && fits(first->second, info.first, product.model->plan()) &&
            fits(second->second, info.second, product.model->plan())) {
            return {describeSet(workspace, set), std::move(first->second), std::move(second->second)};
        }
        job.log(path.string() + " does not fit the evaluation set; its components are computed again");
    }
    return computeSetComponents(workspace, *product.model, set, job);
}

}  // namespace engine
