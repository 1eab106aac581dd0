// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// R@1 of one projector on a retrieval set while it is trained: each side of the set in the reaction's target space, the
// projected where the source space has the modality, else as the target space has it. Mean of both directions, percent.
#pragma once

#include <functional>
#include <string>

#include "engine/base/job.h"
#include "engine/recipe/product.h"
#include "engine/store/workspace.h"

namespace engine {

using ProjectorScore = std::function<double(const ProjectorWeights&)>;

// Rows are read once, here. Throws Error{InvalidInput} where the set is no retrieval set or lacks rows that it needs.
// `model` gives the product so far for reactions of later steps; it, `workspace` and `job` must outlive the result.
ProjectorScore projectorValidation(const Workspace& workspace, const ProductModel& model,
                                   const PlannedReaction& reaction, const std::string& set, const JobContext& job);

}  // namespace engine
