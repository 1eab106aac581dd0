// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"

namespace app {

void addDevices(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand("devices", "What training would run on, and why.");
    onRun(*verb, globals, [](const engine::JobContext& job) { return engine::devices(job); });
}

}  // namespace app
