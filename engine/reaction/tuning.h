// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The rows that a tuning is trained on: of each pair of a paired pool, the item of the tuned modality as the base has
// it, and its partner as the product so far gives it, at the recipe's factors (method §5).
#pragma once

#include <memory>

#include "engine/pairs/pseudo_pairs.h"
#include "engine/recipe/route_plan.h"
#include "engine/store/workspace.h"

namespace engine {

// The paired pool of a tuning: the one it names, or the only one that has both modalities. Throws Error{NotFound} with
// what there is.
const PoolInfo& pairedPoolOf(const Workspace& workspace, const PlannedTuning& tuning);

// As pairs of one start, the tuned modality: it on the unified side [n, width of the base], the partner on the expert's
// [n, width of the product].
std::shared_ptr<const PseudoPairs> pairedRows(EmbeddingSourcePtr tuned, EmbeddingSourcePtr partner,
                                              const PlannedTuning& tuning, std::string fingerprint);

}  // namespace engine
