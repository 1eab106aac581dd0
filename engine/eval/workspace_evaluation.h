// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Evaluation sets of a workspace: measured in a raw space, or brought into a product's components. Errors name set,
// space and what is missing. Blocking jobs.
#pragma once

#include <string>
#include <vector>

#include "engine/eval/product_evaluation.h"
#include "engine/store/workspace.h"

namespace engine {

// Tables of a product's basis/<set>.safetensors.
inline constexpr const char* kBasisFirst = "first";
inline constexpr const char* kBasisSecond = "second";

SetDescription describeSet(const Workspace& workspace, const std::string& set);

// Sets whose both sides have rows in `space`, in the workspace's order.
std::vector<std::string> setsOfSpace(const Workspace& workspace, const std::string& space);
// Sets that the product can be measured on: it has both modalities, and every space it needs for them has rows there.
std::vector<std::string> setsOfProduct(const Workspace& workspace, const ProductModel& model);

SetMetrics evaluateSpaceSet(const Workspace& workspace, const std::string& set, const std::string& space,
                            const EvalOptions& options, const JobContext& job, bool reference = false);
// Empty `sets`: all of setsOfSpace.
MetricsTable evaluateSpace(const Workspace& workspace, const std::string& space, const std::vector<std::string>& sets,
                           const EvalOptions& options, const JobContext& job, bool reference = false);

// Components of both sides: mapped from basis/<set>.safetensors of the product where it is there and fits the set and
// the workspace's fingerprint, else computed by running the projectors (without LibTorch).
SetComponents loadSetComponents(const Workspace& workspace, const LoadedProduct& product, const std::string& set,
                                const JobContext& job);
SetComponents computeSetComponents(const Workspace& workspace, const ProductModel& model, const std::string& set,
                                   const JobContext& job);

}  // namespace engine
