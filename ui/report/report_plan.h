// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a report would do, told before it begins: what is there already, what it would train, what the workspace cannot
// feed. Plain values; looking ahead is blocking and belongs into a job. Trains, measures and writes nothing.
#pragma once

#include <QStringList>

#include <memory>

#include "engine/session/session.h"
#include "ui/reactions/run_estimate.h"
#include "ui/report/report_data.h"

namespace ui {

struct ReportOutlook {
    ReportPtr plan;
    std::size_t projectors = 0;  // to train, of all seeds
    double flops = 0;            // of their training (ui/reactions/run_estimate.h); without what is measured then
    QStringList products;        // that they belong to, each once
    std::size_t surfaces = 0;    // to measure
};
using OutlookPtr = std::shared_ptr<const ReportOutlook>;

OutlookPtr lookAhead(const engine::ReportVerb& request, const WorkspaceFacts& facts, const engine::JobContext& job);

// Reaction options with which a generated world is learnt in seconds (engine::demoTraining); empty for other ones.
engine::Json usualTraining(const std::string& workspace);

}  // namespace ui
