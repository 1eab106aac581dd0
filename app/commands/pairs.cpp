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
    auto only_quality = std::make_shared<bool>(false);
    verb->add_flag("--quality", *only_quality,
                   "Make none; say how sharp they would be in each space, where spaces agree, and how far "
                   "apart modalities are.");
    auto step = std::make_shared<std::int64_t>(0);
    verb->add_option("--step", *step, "With --quality: only the spaces and options of this step, counted from 1.")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1000000}));
    auto reaction = addOptionFlags(*verb, engine::reactionOptionTable().entries(), "Every reaction of the recipe");
    auto run = addOptionFlags(*verb, engine::runOptionTable().entries(), "Run");
    auto quality = addOptionFlags(*verb, engine::poolQualityOptions(), "With --quality");
    verb->footer(
        "Examples: molspace pairs /tmp/world --recipe ImageBind++\n"
        "          molspace pairs /tmp/world --recipe InternVL_IB++ --quality --step 2 --centred yes");
    onRun(*verb, globals, [request, reaction, run, quality, only_quality, step](const engine::JobContext& job) {
        request->reaction_options = *reaction;
        request->run_options = *run;
        if (*only_quality) return engine::poolQuality(*request, *quality, *step, job);
        return engine::pairs(*request, job);
    });
}

}  // namespace app
