// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/reaction/validation.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/eval/set_evaluation.h"

namespace engine {
namespace {

bool has(const std::vector<Modality>& list, const Modality& m) {
    return std::find(list.begin(), list.end(), m) != list.end();
}

// One side of the set: rows to project, or rows of the target space as they are.
struct Side {
    Matrix rows;
    Modality modality;
    bool projected = false;

    // What is scored, in `scratch` if it has to be made.
    MatrixView scored(const FoldedProjector& projector, Matrix& scratch) const {
        if (!projected) return rows.view();
        scratch = Matrix(rows.rows(), projector.out());
        projector.forward(rows.view(), scratch.data(), modality);
        return scratch.view();
    }
};

class SideReader {
public:
    SideReader(const Workspace& workspace, const ProductModel& model, const PlannedReaction& reaction,
               const std::string& set, const JobContext& job)
        : workspace_(workspace), model_(model), reaction_(reaction), set_(set), job_(job) {}

    // The unified side: the product after the steps before this one, or the base alone.
    Matrix unified(Workspace::Side side, const Modality& modality) const {
        const Recipe& recipe = model_.recipe();
        const bool base = recipe.route[reaction_.step].against == "base";
        if (base || reaction_.step == 0) return expert(side, recipe.base);
        std::map<std::string, Matrix> rows;
        SpaceRows views;
        for (const auto& space : model_.spacesNeeded(modality, reaction_.step)) {
            if (!table(side).find(space)) continue;
            views[space] = rows.emplace(space, expert(side, space)).first->second.view();
        }
        const Components c = model_.components(modality, views, job_, reaction_.step);
        return blendAll(c, model_.weights(modality, c));
    }

    Matrix expert(Workspace::Side side, const std::string& space) const {
        if (!table(side).find(space)) {
            throw Error(ErrorCode::InvalidInput, "evaluation set " + set_,
                        "it has no rows of space " + space + " for " + table(side).modality,
                        "choose another validation set for the reaction " + reaction_.key);
        }
        return readAll(*workspace_.setRows(set_, side, space));
    }

    const ItemTable& table(Workspace::Side side) const {
        const SetInfo& info = workspace_.set(set_);
        return side == Workspace::Side::First ? info.first : info.second;
    }

private:
    const Workspace& workspace_;
    const ProductModel& model_;
    const PlannedReaction& reaction_;
    const std::string& set_;
    const JobContext& job_;
};

}  // namespace

ProjectorScore projectorValidation(const Workspace& workspace, const ProductModel& model,
                                   const PlannedReaction& reaction, const std::string& set, const JobContext& job) {
    const SetInfo& info = workspace.set(set);
    if (info.kind != SetKind::Retrieval) {
        throw Error(ErrorCode::InvalidInput, "evaluation set " + set, "validation needs a retrieval set");
    }
    const std::string& expert = model.recipe().route[reaction.step].experts[reaction.expert].space;
    const bool displaces = reaction.kind == ReactionKind::Displacement;
    const auto& source_modalities = displaces ? reaction.unified_modalities : reaction.expert_modalities;
    const auto& target_modalities = displaces ? reaction.expert_modalities : reaction.unified_modalities;
    const SideReader reader(workspace, model, reaction, set, job);
    const auto take = [&](Workspace::Side which, bool prefer_target) {
        const Modality& modality = reader.table(which).modality;
        Side side;
        side.modality = modality;
        side.projected = has(source_modalities, modality) && !(prefer_target && has(target_modalities, modality));
        if (!side.projected && !has(target_modalities, modality)) {
            throw Error(ErrorCode::InvalidInput, "evaluation set " + set,
                        "neither space of the reaction " + reaction.key + " has " + modality,
                        "choose another validation set");
        }
        side.rows = side.projected == displaces ? reader.unified(which, modality) : reader.expert(which, expert);
        return side;
    };
    struct State {
        Side first, second;
        SetDescription about;
    };
    auto state = std::make_shared<State>();
    state->first = take(Workspace::Side::First, false);
    // One side at least is the projector's, or its figure would never move.
    state->second = take(Workspace::Side::Second, state->first.projected);
    if (!state->first.projected && !state->second.projected) {
        throw Error(ErrorCode::InvalidInput, "evaluation set " + set,
                    "the projectors of " + reaction.key + " take neither of its sides",
                    "choose another validation set");
    }
    state->about = {info.name, info.kind, info.first.modality, info.second.modality, workspace.pairs(set), {}};
    return [state, &job](const ProjectorWeights& weights) {
        const FoldedProjector projector(weights);
        Matrix a, b;
        RowSource first, second;
        first.rows = state->first.scored(projector, a);
        second.rows = state->second.scored(projector, b);
        return evaluateSet(state->about, first, second, "one projector", {}, job).value("R@1");
    };
}

}  // namespace engine
