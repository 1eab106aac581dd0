// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"
#include "app/option_flags.h"

namespace app {

void addEvaluate(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand("evaluate", "Measure a product at a setting, or a space as it is.");
    auto request = std::make_shared<engine::EvaluateRequest>();
    verb->add_option("--workspace", request->workspace, "Folder of the workspace; the product's own otherwise.");
    verb->add_option("--product", request->subject.product, "Folder of a product.");
    verb->add_option("--space", request->subject.space, "A space of the workspace.");
    verb->add_option("--stage", request->subject.stage,
                     "The product as it was on the way of its training: 0 to the number that `train --stages` kept.");
    verb->add_option("--setting", request->subject.setting, "A named setting of the recipe, such as Versatile.");
    verb->add_option("--set", request->subject.set,
                     "A factor or a switch: sigma_a=0.8, CLAP_g=off, CLAP_g=2, CLAP_g:TV=off.")
        ->type_name("NAME=VALUE");
    verb->add_option("--sets", request->sets, "Evaluation sets; all that can be measured otherwise.")->delimiter(',');
    verb->add_flag("--reference", request->reference, "Brute force in float64: slow.");
    auto options = addOptionFlags(*verb, engine::evaluateOptions(), "Protocol");
    verb->parse_complete_callback([request] {
        if (request->subject.product.empty() == request->subject.space.empty())
            throw CLI::ValidationError("evaluate", "expected either --product or --space");
        if (request->subject.product.empty() && request->workspace.empty())
            throw CLI::ValidationError("evaluate", "expected --workspace, in which the space is");
    });
    verb->footer(
        "Examples: molspace evaluate --product p --setting \"AT Expertise\"\n"
        "          molspace evaluate --workspace w --space ImageBind");
    onRun(*verb, globals, [request, options](const engine::JobContext& job) {
        request->options = *options;
        return engine::evaluate(*request, job);
    });
}

}  // namespace app
