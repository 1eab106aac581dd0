// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"
#include "app/option_flags.h"

namespace app {

void addPairs(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand("pairs", "Make the pseudo pairs of a recipe (train does it too).");
    auto request = std::make_shared<engine::ReactRequest>();
    verb->add_option("workspace", request->workspace, "Folder of the workspace.")->required();
    verb->add_option("--recipe", request->recipe,
                     "A recipe that ships (ImageBind++, InternVL_IB, InternVL_IB++) or a JSON file.")
        ->required();
    verb->add_option("--product", request->product,
                     "Folder of the product; products/<recipe> in the workspace otherwise.");
    auto reaction = addOptionFlags(*verb, engine::reactionOptionTable().entries(), "Every reaction of the recipe");
    auto run = addOptionFlags(*verb, engine::runOptionTable().entries(), "Run");
    verb->footer("Example: molspace pairs /tmp/world --recipe ImageBind++");
    onRun(*verb, globals, [request, reaction, run](const engine::JobContext& job) {
        request->reaction_options = *reaction;
        request->run_options = *run;
        return engine::pairs(*request, job);
    });
}

}  // namespace app
