// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"
#include "app/option_flags.h"

namespace app {

void addTune(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand("tune", "The best setting of the factors under constraints, against a baseline.");
    auto request = std::make_shared<engine::TuneRequestText>();
    verb->add_option("--workspace", request->workspace, "Folder of the workspace; the product's own otherwise.");
    verb->add_option("--product", request->subject.product, "Folder of the product.")->required();
    verb->add_option("--stage", request->subject.stage,
                     "The product as it was on the way of its training: 0 to the number that `train --stages` kept.");
    verb->add_option("--setting", request->subject.setting, "A named setting to begin from.");
    verb->add_option("--set", request->subject.set, "A factor to begin from, a fixed one, or a switch.")
        ->type_name("NAME=VALUE");
    verb->add_option(
            "--factors", request->factors,
            "Factors to tune, one expert's weight (weight_CLAP_g) among them; all shares that are live otherwise.")
        ->delimiter(',');
    verb->add_option("--maximize", request->maximize,
                     "Δ groups to make as large as possible: AT, or AT=2 with a weight.")
        ->delimiter(',')
        ->required();
    verb->add_option("--at-least", request->at_least, "A Δ group and what it must keep: TV=-0.5.")->delimiter(',');
    verb->add_option("--step", request->step, "Step of the finest lattice of the factors; it divides 1.")
        ->check(CLI::Range(0.001, 0.5))
        ->capture_default_str();
    addBaselineFlags(*verb, request->baseline);
    verb->add_option("--sets", request->sets, "Evaluation sets; those of the groups otherwise.")->delimiter(',');
    verb->add_option("-o,--output", request->output, "JSON file to write.");
    verb->add_flag("--reference", request->reference, "Compute every point by brute force in float64: slow.");
    verb->add_flag("--headroom", request->headroom,
                   "Also what the best factors of each query would give (an oracle that looks at the answers: an upper "
                   "bound), and a router that chooses them by the query's embedding.");
    auto options = addOptionFlags(*verb, engine::evaluateOptions(), "Protocol");
    auto confidence = addOptionFlags(*verb, engine::confidenceOptions(), "How sure");
    auto routers = addOptionFlags(*verb, engine::headroomOptions(), "Headroom");
    auto landscapes = addOptionFlags(*verb, engine::landscapeOptions(), "Landscapes");
    verb->footer("Example: molspace tune --product p --maximize AT --at-least TV=-0.5,AV=0");
    onRun(*verb, globals, [request, options, landscapes, confidence, routers](const engine::JobContext& job) {
        request->options = *options;
        request->landscapes = *landscapes;
        request->confidence = *confidence;
        request->routers = *routers;
        return engine::tuneFactors(*request, job);
    });
}

}  // namespace app
