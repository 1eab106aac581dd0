// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Bringing embeddings in: one JSON manifest ("format": "molspace-import") describes pools, paired pools and evaluation
// sets, and where ids, labels and positives lie. Schema: resources/guide/import.md. All is opened and checked, and
// every problem listed at once, before anything is written; rows go by blocks, so memory does not grow with the pools
// (pairs and ids lie in memory, and of .npz what one source of rows unpacks to). One job at a time for each call; no
// shared state. Small cases need no manifest: import_flags.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/json.h"
#include "engine/store/workspace.h"

namespace engine {

inline constexpr const char* kImportFormat = "molspace-import";  // a manifest's "format"

struct ImportOptions {
    std::filesystem::path root;  // where relative files are looked for; empty: the manifest's "root", else its folder
};

// A manifest with every file opened and every list read: ready to write.
struct ImportPlan {
    std::vector<PoolInput> pools;
    std::vector<SetInput> sets;
    std::vector<std::string> warnings;
    std::uint64_t bytes = 0;  // what the workspace will take on disk
};

// `where` names the manifest in messages; relative paths resolve against `folder` (or root, see ImportOptions).
ImportPlan planImport(const Json& manifest, const std::string& where, const std::filesystem::path& folder,
                      const ImportOptions& options, const JobContext& job);

struct ImportSummary {
    std::size_t pools = 0, sets = 0;
    std::uint64_t rows = 0, bytes = 0;
    std::vector<std::string> warnings;

    Json toJson() const;
    std::string toText() const;
};

// Plans, estimates, writes. Adds to a workspace that is there (pools and sets of the same name are replaced). After an
// error or a stop a workspace that was there is as it was, and one that was not there is not there.
ImportSummary importWorkspace(const std::filesystem::path& manifest, const std::filesystem::path& workspace,
                              const ImportOptions& options, const JobContext& job);
ImportSummary importWorkspace(const Json& manifest, const std::string& where, const std::filesystem::path& folder,
                              const std::filesystem::path& workspace, const ImportOptions& options,
                              const JobContext& job);

}  // namespace engine
