// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One space more in a workspace that is there: its files are written again with the new rows beside the others, whose
// bits stay (StoredEmbeddings::content). A blocking job.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "engine/store/workspace.h"

namespace engine {

struct AddedSpace {
    std::string name;
    std::map<std::string, std::map<Modality, RowReader>> pools;        // pool -> modality -> rows
    std::map<std::string, std::map<Workspace::Side, RowReader>> sets;  // set -> side -> rows
    Json origin;                                                       // kept in the workspace's, under its name
};

// Rows of the same space that are there are replaced. Throws as WorkspaceWriter does; the workspace is then as it was.
void addSpace(const std::filesystem::path& workspace, const AddedSpace& space, const JobContext& job);

}  // namespace engine
