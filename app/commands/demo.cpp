// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"
#include "app/option_flags.h"

#include <filesystem>

namespace app {

void addDemo(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand(
        "demo", "The whole job on a synthetic world: make, pair, train, evaluate, sweep, export, verify.");
    auto request = std::make_shared<engine::DemoRequest>();
    request->folder = std::filesystem::temp_directory_path() / "molspace-demo";
    verb->add_option("folder", request->folder,
                     "Where everything is written; what is finished there is not done again.")
        ->capture_default_str();
    verb->add_option("--preset", request->preset, "Preset of the world.")->capture_default_str();
    auto run = addOptionFlags(*verb, engine::runOptionTable().entries(), "Run");
    verb->footer("Example: molspace demo");
    onRun(*verb, globals, [request, run](const engine::JobContext& job) {
        request->run_options = *run;
        return engine::demo(*request, job);
    });
}

}  // namespace app
