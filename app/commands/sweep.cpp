// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"
#include "app/option_flags.h"

namespace app {

void addSweep(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand("sweep", "Change of the metrics over one to four factors, against a baseline.");
    auto request = std::make_shared<engine::SweepRequestText>();
    verb->add_option("--workspace", request->workspace, "Folder of the workspace; the product's own otherwise.");
    verb->add_option("--product", request->subject.product, "Folder of the product.")->required();
    verb->add_option("--stage", request->subject.stage,
                     "The product as it was on the way of its training: 0 to the number that `train --stages` kept.");
    verb->add_option("--setting", request->subject.setting, "A named setting for all other factors.");
    verb->add_option("--set", request->subject.set, "Another factor or a switch.")->type_name("NAME=VALUE");
    verb->add_option(
            "--axis", request->axes,
            "A factor, its range and step: sigma_a=0:1:0.1, or an expert's weight: weight_CLAP_g=0:1:0.1. One to four.")
        ->expected(1, 4);
    addBaselineFlags(*verb, request->baseline);
    verb->add_option("--sets", request->sets, "Evaluation sets; those of the groups otherwise.")->delimiter(',');
    verb->add_option("-o,--output", request->output, "File to write: .csv, .json or .h5.");
    verb->add_flag("--reference", request->reference, "Compute every point by brute force in float64: slow.");
    auto options = addOptionFlags(*verb, engine::evaluateOptions(), "Protocol");
    auto landscapes = addOptionFlags(*verb, engine::landscapeOptions(), "Landscapes");
    verb->footer("Example: molspace sweep --product p --axis sigma_a=0:1:0.1 --axis sigma_t=0:1:0.1 -o surface.csv");
    onRun(*verb, globals, [request, options, landscapes](const engine::JobContext& job) {
        request->options = *options;
        request->landscapes = *landscapes;
        request->keep_part = true;
        return engine::sweepFactors(*request, job);
    });
}

}  // namespace app
