// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Measures rows and surfaces of a report: spaces as they are, products at their settings with some of their projectors,
// surfaces through landscapes. Every figure is that of `molspace evaluate` at the same setting. Blocking jobs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/eval/workspace_evaluation.h"
#include "engine/report/measured.h"
#include "engine/report/report_plan.h"

namespace engine {

class ReportMeasurer {
public:
    ReportMeasurer(const Workspace& workspace, const NameMap& names, const ReportOptions& options,
                   std::uint64_t memory_bytes)
        : workspace_(workspace), names_(names), options_(options), memory_bytes_(memory_bytes) {}

    // Adds the sets of `sets` that `row` lacks. `space` by the workspace's name.
    void measureSpace(const std::string& space, const std::vector<std::string>& sets, MeasuredRow& row,
                      const JobContext& job) const;

    struct Wanted {
        const RowSubject* subject = nullptr;
        std::vector<std::string> sets;  // that `row` lacks
        MeasuredRow* row = nullptr;
    };
    // Several rows of one product, set by set: what they share is computed once.
    void measureProduct(const LoadedProduct& product, const std::vector<Wanted>& wanted, const JobContext& job) const;

    // `baseline` and `plane` have the figures and hits of the groups' sets (plane: of its group's; may be null).
    MeasuredSurface measureSurface(const LoadedProduct& product, const SurfacePlan& surface,
                                   const MeasuredRow& baseline, const MeasuredRow* plane, const JobContext& job) const;

    // The steps of a surface's axes: 0, grid, ..., 1. Throws Error{InvalidInput} where the step does not divide 1.
    std::vector<double> gridValues() const;

private:
    void keep(const std::string& set, const SetMetrics& metrics, const PairRanks& ranks, MeasuredRow& row) const;

    const Workspace& workspace_;
    const NameMap& names_;
    const ReportOptions& options_;
    std::uint64_t memory_bytes_;
};

}  // namespace engine
