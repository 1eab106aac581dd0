// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"
#include "app/option_flags.h"

namespace app {

void addReport(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand(
        "report", "The paper's tables, figures and claims for a workspace, beside the published figures.");
    auto request = std::make_shared<engine::ReportVerb>();
    verb->add_option("workspace", request->workspace, "Folder of the workspace.")->required();
    verb->add_option("-o,--output", request->output, "Folder of the report; <workspace>/report otherwise.");
    verb->add_option("--work", request->work,
                     "Folder of the products and of what is measured; <workspace>/report-work otherwise. What is "
                     "finished there is not done again.");
    verb->add_flag("--plan", request->plan,
                   "Train, measure and write nothing: say what is there and what the workspace cannot feed.");
    auto options = addOptionFlags(*verb, engine::reportOptions(), "Report");
    auto reaction = addOptionFlags(*verb, engine::reactionOptionTable().entries(), "Reactions, over the recipes'");
    auto run = addOptionFlags(*verb, engine::reportRunOptions(), "Run");
    verb->footer(
        "Example: molspace report world --hidden-width 256 --batch-size 512 --epochs 8 --seeds 0,1,2 -o report");
    onRun(*verb, globals, [request, options, reaction, run](const engine::JobContext& job) {
        request->options = *options;
        request->reaction_options = *reaction;
        request->run_options = *run;
        return engine::report(*request, job);
    });
}

}  // namespace app
