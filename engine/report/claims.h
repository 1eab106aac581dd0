// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The claims of the paper's text against what was measured: every comparison with its difference, interval and verdict
// (engine/report/verdict.h). Blocking job.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/report/measured.h"
#include "engine/report/report_plan.h"
#include "engine/report/verdict.h"

namespace engine {

// All that was measured, by row and figure; one entry for each seed in its order, or a single one for a space.
struct Measurements {
    std::map<std::string, std::vector<MeasuredRow>> rows;  // by id
    std::map<std::string, bool> trained;                   // by id: false for a space
    std::map<int, std::vector<MeasuredSurface>> surfaces;  // by figure
};

struct Comparison {
    std::string what;  // "InternVL_IB − ImageBind, COCO R@1"; "Figure 5: Δ_AT at sigma_a = 0.1, sigma_t = 0.1"
    Evidence evidence;
    double margin = 0;
    bool above = true;
    double difference = 0, low = 0, high = 0;  // mean over seeds and its interval
    std::size_t points = 0, points_held = 0;   // of a surface
    Verdict verdict = Verdict::NotMeasured;
    std::string missing;  // why it is not measured
};

struct ClaimResult {
    const ClaimSpec* claim = nullptr;
    Verdict verdict = Verdict::NotMeasured;
    std::vector<Comparison> comparisons;
    std::size_t measured = 0;  // comparisons
};

std::vector<ClaimResult> judgeClaims(const ReportSpec& spec, const ReportPlan& plan, const Measurements& measurements,
                                     const Workspace& workspace, const NameMap& names, const ReportOptions& options,
                                     const JobContext& job);

}  // namespace engine
