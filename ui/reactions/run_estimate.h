// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a run will take, told before it begins: counted from rows, widths, batches and epochs, and turned into time by a
// rate that is assumed until a run has measured it. Estimates, not promises. Plain values, no widgets.
#pragma once

#include <QString>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/recipe/route_plan.h"

namespace ui {

// What planning and estimates need of a workspace.
struct WorkspaceFacts {
    std::string folder;
    bool synthetic = false;
    std::vector<engine::SpaceInfo> spaces;
    std::map<engine::Modality, std::size_t> rows;  // of the pools to train on
    // Pools whose modalities' rows belong together: for tuning.
    struct PairedPool {
        std::string name;
        std::vector<engine::Modality> modalities;
        std::size_t rows = 0;
    };
    std::vector<PairedPool> paired;
    std::vector<std::string> retrieval_sets;
    std::uint64_t set_rows = 0;  // of both sides of all evaluation sets
};
// Blocking: opens the workspace.
std::shared_ptr<const WorkspaceFacts> readWorkspaceFacts(const std::string& folder, const engine::JobContext& job);

struct RunEstimate {
    // One projector or adapter to train, by the label that its progress has ("1-InternVL TV", "2-tuning audio").
    struct Part {
        std::string label;
        double flops = 0;
    };
    std::vector<Part> parts;           // in the order in which they are trained
    std::size_t adapters = 0;          // of them: of tunings
    double pair_flops = 0, flops = 0;  // of pseudo pairs; of all
    std::uint64_t memory = 0, disk = 0;
    std::size_t rows = 0;  // that are gathered over all epochs
};
// `taken`: keys of reactions and tunings that are taken from another product, which costs nothing.
RunEstimate estimateRun(const engine::Recipe& recipe, const engine::RoutePlan& plan, const WorkspaceFacts& facts,
                        std::int64_t more_epochs = 0, const std::set<std::string>& taken = {});

// FLOP a second that are assumed for this machine's processor before any run has measured it.
double assumedRate();
QString bytesText(std::uint64_t bytes);

}  // namespace ui
