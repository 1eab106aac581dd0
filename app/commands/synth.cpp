// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"
#include "app/option_flags.h"

namespace app {

void addSynth(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand("synth", "Make a workspace from a generated world.");
    auto request = std::make_shared<engine::SynthRequest>();
    verb->add_option("workspace", request->folder, "Folder to make.")->required();
    auto options = addOptionFlags(*verb, engine::synthOptions(), "World");
    verb->footer("Example: molspace synth /tmp/world --preset small");
    onRun(*verb, globals, [request, options](const engine::JobContext& job) {
        request->options = *options;
        return engine::synth(*request, job);
    });
}

}  // namespace app
