// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"
#include "app/option_flags.h"

namespace app {

void addRouter(CLI::App& app, Globals& globals) {
    auto* verb =
        app.add_subcommand("router", "Learn to weigh a product's spaces for each item, beside factors by hand.");
    auto request = std::make_shared<engine::RoutingRequest>();
    verb->add_option("--product", request->product, "Folder of a product.")->required();
    verb->add_option("--workspace", request->workspace, "Folder of the workspace; the product's own otherwise.");
    verb->add_option("--name", request->name, "Name of the router: routers/NAME in the product.")
        ->capture_default_str();
    verb->add_flag("--again", request->again, "Learn it anew where it is there already.");
    verb->add_option("--setting", request->setting, "A named setting of the recipe to stand beside.");
    verb->add_option("--set", request->set, "A factor or a switch of it: sigma_a=0.8, CLAP_g=off.")
        ->type_name("NAME=VALUE");
    verb->add_option("--sets", request->sets, "Evaluation sets; all that can be measured otherwise.")->delimiter(',');
    auto options = addOptionFlags(*verb, engine::routerOptions(), "Router");
    auto run = addOptionFlags(*verb, engine::runOptionTable().entries(), "Run");
    auto protocol = addOptionFlags(*verb, engine::evaluateOptions(), "Protocol");
    verb->footer("Example: molspace router --product p --setting \"AT Expertise\"");
    onRun(*verb, globals, [request, options, run, protocol](const engine::JobContext& job) {
        request->options = *options;
        request->run_options = *run;
        request->protocol = *protocol;
        return engine::learnRouting(*request, job);
    });
}

}  // namespace app
