// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"
#include "app/option_flags.h"

namespace app {

void addWhy(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand(
        "why",
        "Which queries a change of setting gained and lost, and what moved them; where along a factor hits change.");
    auto request = std::make_shared<engine::WhyRequestText>();
    verb->add_option("--workspace", request->workspace, "Folder of the workspace; the product's own otherwise.");
    verb->add_option("--product", request->product, "Folder of the product.")->required();
    verb->add_option("--from", request->from, "A named setting; the recipe's factors otherwise.");
    verb->add_option("--from-set", request->from_set,
                     "A factor or a switch over it: sigma_a=0.2, CLAP_g=off, CLAP_g:TV=off.")
        ->type_name("NAME=VALUE");
    auto* to = verb->add_option("--to", request->to, "A named setting; the recipe's factors otherwise.");
    auto* to_set =
        verb->add_option("--to-set", request->to_set, "A factor or a switch over it.")->type_name("NAME=VALUE");
    auto* along = verb->add_option("--along", request->along,
                                   "Also every place along this factor's line where a hit changes, all else as in "
                                   "--from: sigma_a, or sigma_a=0.2:0.8.");
    verb->add_option("--sets", request->sets, "Evaluation sets; all retrieval sets otherwise.")->delimiter(',');
    verb->add_option("-o,--output", request->output, "JSON file to write.");
    auto options = addOptionFlags(*verb, engine::whyOptions(), "Why");
    auto landscapes = addOptionFlags(*verb, engine::landscapeOptions(), "Landscapes");
    verb->parse_complete_callback([request, to, to_set, along] {
        request->compare = to->count() + to_set->count() > 0;
        if (!request->compare && along->count() == 0)
            throw CLI::ValidationError("why", "expected --to or --to-set to compare with, or --along");
    });
    verb->footer(
        "Examples: molspace why --product p --from Versatile --to \"AT Expertise\" --sets AudioCaps\n"
        "          molspace why --product p --along sigma_t --sets Clotho --json");
    onRun(*verb, globals, [request, options, landscapes](const engine::JobContext& job) {
        request->options = *options;
        request->landscapes = *landscapes;
        return engine::why(*request, job);
    });
}

}  // namespace app
