// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a report of one workspace will measure and train, and what the workspace cannot feed and why; before anything is
// done. Names of sets are the paper's in all that a plan holds. Values only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/recipe/route_plan.h"
#include "engine/report/report_options.h"
#include "engine/report/report_spec.h"
#include "engine/store/workspace.h"

namespace engine {

inline constexpr std::size_t kNoProduct = static_cast<std::size_t>(-1);

struct RowPlan {
    const RowSpec* spec = nullptr;
    std::size_t product = kNoProduct;            // its product; a space has none
    std::string missing;                         // why nothing of it can be measured; empty: it can
    std::vector<std::string> sets;               // to measure
    std::map<std::string, std::string> lacking;  // sets that are asked for and cannot be measured, and why
};

struct SurfacePlan {
    const SurfaceSpec* spec = nullptr;
    std::size_t product = kNoProduct, baseline = 0, plane = 0;  // rows
    std::string missing;
    std::vector<DeltaGroup> groups;  // with the sets that can be measured
};

// One product to train, once for each seed.
struct ProductPlan {
    Recipe recipe;  // with the workspace's names and the options of this report
    RoutePlan plan;
    std::vector<std::size_t> rows, surfaces;
};

struct ReportPlan {
    std::vector<RowPlan> rows;  // those that are asked for
    std::vector<SurfacePlan> surfaces;
    std::vector<ProductPlan> products;
    std::vector<int> tables;

    const RowPlan* row(const std::string& id) const;  // null: not asked for
};

// `reaction_options` go over those of every step (engine/recipe/reaction_options.h).
ReportPlan planReport(const ReportSpec& spec, const Workspace& workspace, const ReportOptions& options,
                      const Json& reaction_options);

}  // namespace engine
