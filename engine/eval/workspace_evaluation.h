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

// `ranks`: as evaluateSet() has it; not with `reference`.
SetMetrics evaluateSpaceSet(const Workspace& workspace, const std::string& set, const std::string& space,
                            const EvalOptions& options, const JobContext& job, bool reference = false,
                            PairRanks* ranks = nullptr);
// Empty `sets`: all of setsOfSpace.
MetricsTable evaluateSpace(const Workspace& workspace, const std::string& space, const std::vector<std::string>& sets,
                           const EvalOptions& options, const JobContext& job, bool reference = false);

// Components of both sides: mapped from basis/<set>.safetensors of the product where it is there and fits the set and
// the workspace's fingerprint, else computed by running the projectors (without LibTorch). Where the model has other
// projectors active than the one whose basis is stored (LoadedProduct::stored), only what they touch is computed, and
// kept beside the basis.
SetComponents loadSetComponents(const Workspace& workspace, const LoadedProduct& product, const std::string& set,
                                const JobContext& job);
// The same for several settings at once: they hold what each of them needs. Throws Error{InvalidInput} where settings
// differ in what a displacement takes as input or is made with.
SetComponents loadSetComponents(const Workspace& workspace, const LoadedProduct& product, const std::string& set,
                                const std::vector<Setting>& settings, const JobContext& job);
// `have`, the components of a set of this product, for the model's own choice of projectors: what both have alike is
// shared, the rest comes from `folder` of the product (empty: memory), or is computed and kept there.
SetComponents recomputeSetComponents(const Workspace& workspace, const ProductModel& model, const SetComponents& have,
                                     const std::filesystem::path& folder, const JobContext& job);
// The parts of both sides of both. Throws as merged() of components does.
SetComponents merged(const SetComponents& a, const SetComponents& b);
// withoutLiveFactors() of a setting, with every expert on whose share is live: components for it serve with any of them
// off.
Setting everyExpertOn(const ProductModel& model, const Setting& setting);
SetComponents computeSetComponents(const Workspace& workspace, const ProductModel& model, const std::string& set,
                                   const JobContext& job);

}  // namespace engine
