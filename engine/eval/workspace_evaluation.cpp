// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/workspace_evaluation.h"

#include <algorithm>
#include <list>
#include <optional>

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

constexpr const char* kSwitchedFolder = "basis/switched";  // of a product

bool fits(const Components& components, const ItemTable& table, const RoutePlan& plan) {
    return components.modality == table.modality && components.rows() == table.rows && components.width() == plan.width;
}

// The basis as it is stored beside the product; nothing where there is none that fits.
std::optional<SetComponents> storedComponents(const Workspace& workspace, const LoadedProduct& product,
                                              const std::string& set, const JobContext& job) {
    const auto path = product.folder / "basis" / (set + ".safetensors");
    if (product.folder.empty() || product.record.fingerprint != workspace.fingerprint() ||
        !std::filesystem::exists(path)) {
        return std::nullopt;
    }
    auto tables = readBasis(path);
    const SetInfo& info = workspace.set(set);
    const auto first = tables.find(kBasisFirst), second = tables.find(kBasisSecond);
    if (first != tables.end() && second != tables.end() && fits(first->second, info.first, product.model->plan()) &&
        fits(second->second, info.second, product.model->plan())) {
        const ProductModel& made_by = product.stored ? *product.stored : *product.model;
        made_by.stamp(first->second);
        made_by.stamp(second->second);
        return SetComponents{describeSet(workspace, set), std::move(first->second), std::move(second->second)};
    }
    job.log(path.string() + " does not fit the evaluation set; its components are computed again");
    return std::nullopt;
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
                            const EvalOptions& options, const JobContext& job, bool reference, PairRanks* ranks) {
    const SetInfo& info = workspace.set(set);
    const SideRows first = readSide(workspace, info, Workspace::Side::First, space, job);
    const SideRows second = readSide(workspace, info, Workspace::Side::Second, space, job);
    RowSource x, y;
    x.rows = first.view;
    y.rows = second.view;
    const std::string score = "inner product of unit rows in " + space;
    return reference ? evaluateSetReference(describeSet(workspace, set), x, y, score, options, job)
                     : evaluateSet(describeSet(workspace, set), x, y, score, options, job, ranks);
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

SetComponents recomputeSetComponents(const Workspace& workspace, const ProductModel& model, const SetComponents& have,
                                     const std::filesystem::path& folder, const JobContext& job) {
    const std::string& set = have.set.name;
    const SetInfo& info = workspace.set(set);
    const auto side = [&](const Components& had, Workspace::Side which, const char* name) {
        if (model.fits(had)) return had;
        std::list<SideRows> read;  // while projectors run
        const SpaceReader rows = [&](const std::string& space) {
            return read.emplace_back(readSide(workspace, info, which, space, job)).view;
        };
        const ComputedRows kept(folder.empty() ? folder : folder / kSwitchedFolder, set + "-" + name,
                                workspace.fingerprint() + " " + set + " " + name);
        return model.recomputed(had, rows, kept, had.modality + " of " + set, job);
    };
    SetComponents out;
    out.set = have.set;
    out.first = side(have.first, Workspace::Side::First, kBasisFirst);
    out.second = side(have.second, Workspace::Side::Second, kBasisSecond);
    return out;
}

SetComponents loadSetComponents(const Workspace& workspace, const LoadedProduct& product, const std::string& set,
                                const JobContext& job) {
    if (auto stored = storedComponents(workspace, product, set, job))
        return recomputeSetComponents(workspace, *product.model, *stored, product.folder, job);
    return computeSetComponents(workspace, *product.model, set, job);
}

SetComponents loadSetComponents(const Workspace& workspace, const LoadedProduct& product, const std::string& set,
                                const std::vector<Setting>& settings, const JobContext& job) {
    SetComponents last = loadSetComponents(workspace, product, set, job);
    std::optional<SetComponents> out;
    for (const auto& setting : settings) {
        const auto model = product.model->at(everyExpertOn(*product.model, setting));
        last = recomputeSetComponents(workspace, *model, last, product.folder, job);
        out = out ? merged(*out, last) : last;
    }
    return out ? *out : last;
}

SetComponents merged(const SetComponents& a, const SetComponents& b) {
    return {a.set, merged(a.first, b.first), merged(a.second, b.second)};
}

Setting everyExpertOn(const ProductModel& model, const Setting& setting) {
    Setting out = withoutLiveFactors(setting, model.plan());
    const Recipe& recipe = model.recipe();
    for (std::size_t s = lastDisplacement(recipe, recipe.route.size()).value_or(0); s < recipe.route.size(); ++s) {
        for (std::size_t e = 0; e < recipe.route[s].experts.size(); ++e)
            out.expert_weights[expertKey(recipe, s, e)] = 1;
    }
    return out;
}

}  // namespace engine
