// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/session/session.h"
#include "engine/session/subject.h"
#include "engine/store/import_flags.h"
#include "engine/store/import_manifest.h"
#include "engine/store/inspect.h"
#include "engine/store/synthetic_world.h"

namespace engine {

const std::vector<OptionEntry>& synthOptions() {
    return worldOptionTable().entries();
}

Outcome synth(const SynthRequest& request, const JobContext& job) {
    const auto options = readOptions(worldOptionTable(), request.options, "synthetic world");
    // The same command again, after it was killed at the last moment or not at all, finds its work done.
    if (!std::filesystem::exists(request.folder / "workspace.h5")) {
        makeWorld(request.folder, options, job);
    } else if (Workspace(request.folder).origin() != worldOrigin(options)) {
        throw Error(ErrorCode::InvalidInput, request.folder.string(), "there is another workspace already",
                    "choose another folder, or remove this one");
    }
    const Workspace workspace(request.folder);
    Json json{{"workspace", request.folder.string()},
              {"synthetic", true},
              {"preset", options.preset},
              {"seed", options.seed},
              {"pools", workspace.pools().size()},
              {"sets", workspace.sets().size()}};
    return {json, "synthetic world '" + options.preset + "', seed " + std::to_string(options.seed) + ", in " +
                      request.folder.string() + "\n" + std::to_string(workspace.pools().size()) + " pools, " +
                      std::to_string(workspace.sets().size()) + " evaluation sets; `molspace inspect` shows them\n"};
}

Outcome importEmbeddings(const ImportRequest& request, const JobContext& job) {
    ImportFlags flags;
    flags.pools = request.pools;
    flags.sets = request.sets;
    flags.ids = request.ids;
    flags.labels = request.labels;
    flags.positives = request.positives;
    flags.prompts = request.prompts;
    flags.from_items = request.from_items;
    flags.clip_folders = request.clip_folders;
    if (request.manifest.empty() == flags.empty()) {
        throw Error(ErrorCode::InvalidInput, "import",
                    request.manifest.empty() ? "nothing was named to bring in" : "a manifest and flags were given",
                    "name a manifest with --manifest, or files with --pool, --set and so on");
    }
    ImportOptions options;
    options.root = request.root;
    const ImportSummary summary =
        request.manifest.empty() ? importWorkspace(manifestFromFlags(flags), "flags", std::filesystem::current_path(),
                                                   request.workspace, options, job)
                                 : importWorkspace(request.manifest, request.workspace, options, job);
    return {summary.toJson(), summary.toText()};
}

Outcome inspect(const InspectRequest& request, const JobContext& job) {
    const Workspace workspace(request.workspace);
    const Json json = inspectWorkspace(workspace, job);
    return {json, inspectText(json)};
}

}  // namespace engine
