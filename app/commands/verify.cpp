// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"

namespace app {

void addVerify(CLI::App& app, Globals& globals) {
    auto* verb =
        app.add_subcommand("verify", "Prove a package: every file as it was written, every probe within 1e-5.");
    auto package = std::make_shared<std::string>();
    verb->add_option("package", *package, "Folder of the package.")->required();
    verb->footer("Example: molspace verify package");
    onRun(*verb, globals, [package](const engine::JobContext& job) { return engine::verify(*package, job); });
}

}  // namespace app
