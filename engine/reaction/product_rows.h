// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rows of a pool as a product gives them after its first steps: what later reactions are trained against (method §4.5:
// the product's inference embeddings, blended at the recipe's factors). Computed once by blocks into a file, so memory
// does not grow with the pool; then mapped. Blocking job; a kill leaves nothing under the file's name.
#pragma once

#include <filesystem>

#include "engine/base/job.h"
#include "engine/recipe/product.h"
#include "engine/store/workspace.h"

namespace engine {

// The rows of `modality` of `pool` after `steps` steps, [n, width] float32, unit rows. `file` is
// reused where it is there with the right size: its name must change with everything that it depends on.
EmbeddingSourcePtr productRows(const Workspace& workspace, const ProductModel& model, std::size_t steps,
                               const PoolInfo& pool, const Modality& modality, std::size_t width,
                               const std::filesystem::path& file, const JobContext& job);

}  // namespace engine
