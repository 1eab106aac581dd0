// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/store/import_manifest.h"
#include "engine/store/inspect.h"

namespace engine {

Json ImportSummary::toJson() const {
    return {{"pools", pools}, {"sets", sets}, {"rows", rows}, {"bytes", bytes}, {"warnings", warnings}};
}

std::string ImportSummary::toText() const {
    std::string text = std::to_string(pools) + " pools and " + std::to_string(sets) + " evaluation sets, " +
                       std::to_string(rows) + " rows, " + humanBytes(bytes) + "\n";
    for (const auto& warning : warnings) text += "warning: " + warning + "\n";
    return text;
}

ImportSummary importWorkspace(const std::filesystem::path& manifest, const std::filesystem::path& workspace,
                              const ImportOptions& options, const JobContext& job) {
    const auto folder = std::filesystem::absolute(manifest).parent_path();
    return importWorkspace(readJsonFile(manifest), manifest.string(), folder, workspace, options, job);
}

ImportSummary importWorkspace(const Json& manifest, const std::string& where, const std::filesystem::path& folder,
                              const std::filesystem::path& workspace, const ImportOptions& options,
                              const JobContext& job) {
    const ImportPlan plan = planImport(manifest, where, folder, options, job);
    requireDisk(workspace, plan.bytes, "the import");
    ImportSummary out;
    out.warnings = plan.warnings;
    out.bytes = plan.bytes;
    WorkspaceWriter writer(workspace, {{"import", manifest}}, false);
    const auto count = [&](const TableInput& table) {
        for (const auto& [space, reader] : table.embeddings) out.rows += reader.rows;
    };
    std::set<std::string> brought;
    for (const auto& pool : plan.pools) {
        writer.addPool(pool, job);
        brought.insert("pool " + pool.name);
        ++out.pools;
        for (const auto& table : pool.tables) count(table);
    }
    for (const auto& set : plan.sets) {
        writer.addSet(set, job);
        brought.insert("set " + set.name);
        ++out.sets;
        count(set.first);
        count(set.second);
    }
    job.checkStop();
    writer.finish();
    // Without `job`: the import is done, and a stop would say that it is not.
    for (auto& warning : findMisaligned(Workspace(workspace), &brought, {})) out.warnings.push_back(std::move(warning));
    return out;
}

}  // namespace engine
