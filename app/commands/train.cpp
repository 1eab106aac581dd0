// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"
#include "app/option_flags.h"

namespace app {

void addTrain(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand("train", "Train the reactions of a recipe; goes on where it was stopped.");
    auto request = std::make_shared<engine::ReactRequest>();
    verb->add_option("workspace", request->workspace, "Folder of the workspace.")->required();
    verb->add_option("--recipe", request->recipe,
                     "A recipe that ships (ImageBind++, InternVL_IB, InternVL_IB++) or a JSON file; with --from, that "
                     "product's own otherwise.");
    verb->add_option("--from", request->from,
                     "A finished product: what the recipe would train again to the same bits is taken from it.");
    verb->add_option("--with", request->with, "With --from: a space as one more expert of the last combination.")
        ->delimiter(',');
    verb->add_option("--without", request->without, "With --from: an expert to give up.")->delimiter(',');
    verb->add_flag("--plan", request->plan, "Train and write nothing: say what is taken and what has to be trained.");
    verb->add_option("--product", request->product,
                     "Folder of the product; products/<recipe> in the workspace otherwise.");
    verb->add_option("--more-epochs", request->more_epochs, "Train a finished product further by so many epochs.")
        ->check(CLI::Range(0, 100000));
    auto reaction = addOptionFlags(*verb, engine::reactionOptionTable().entries(), "Every reaction of the recipe");
    auto run = addOptionFlags(*verb, engine::runOptionTable().entries(), "Run");
    verb->parse_complete_callback([request] {
        if (request->recipe.empty() && request->from.empty())
            throw CLI::ValidationError("train", "expected --recipe, or --from with a finished product");
    });
    verb->footer(
        "Examples: molspace train /tmp/world --recipe ImageBind++ --seed 1\n"
        "          molspace train /tmp/world --from p --with InternVL --product p2 --plan");
    onRun(*verb, globals, [request, reaction, run](const engine::JobContext& job) {
        request->reaction_options = *reaction;
        request->run_options = *run;
        return engine::train(*request, job);
    });
}

}  // namespace app
