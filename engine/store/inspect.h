// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is in a workspace, what can be done with it, and what may be wrong with it. Blocking job: looks through the rows
// of evaluation sets and pools for items that are in both.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/store/workspace.h"

namespace engine {

// {"workspace", "synthetic", "origin", "spaces": [...], "pools": [...], "sets": [...], "reactions": [...], "warnings":
// [...]}
Json inspectWorkspace(const Workspace& workspace, const JobContext& job);
std::string inspectText(const Json& json);

// A sentence for each space of a table whose rows look as if row i were not the same item as in the table's first
// space. `only`: the pools and sets to look at, as "pool text" and "set COCO"; nullptr: all.
std::vector<std::string> findMisaligned(const Workspace& workspace, const std::set<std::string>* only,
                                        const JobContext& job);

}  // namespace engine
