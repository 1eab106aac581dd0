// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"

namespace app {

void addInspect(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand("inspect",
                                    "Say what is in a workspace, what can be done with it, and what is wrong with it.");
    auto request = std::make_shared<engine::InspectRequest>();
    verb->add_option("workspace", request->workspace, "Folder of the workspace.")->required();
    verb->footer("Example: molspace inspect /tmp/world");
    onRun(*verb, globals, [request](const engine::JobContext& job) { return engine::inspect(*request, job); });
}

}  // namespace app
