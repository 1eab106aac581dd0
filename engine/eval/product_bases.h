// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The components of every evaluation set that a product can be measured on, stored beside it when it is made, so that
// measuring runs no projector. A blocking job.
#pragma once

#include <filesystem>

#include "engine/base/job.h"
#include "engine/recipe/product.h"
#include "engine/store/workspace.h"

namespace engine {

// basis/<set>.safetensors in `folder`; those that are there are kept unless `anew`.
void writeBases(const Workspace& workspace, const ProductModel& model, const std::filesystem::path& folder, bool anew,
                const JobContext& job);
// What they will take of the disk, at most.
std::uint64_t basesBytes(const Workspace& workspace, const ProductModel& model);

}  // namespace engine
