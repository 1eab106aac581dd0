// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"

namespace app {

void addExport(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand("export", "Write a product as a package that other programs can use and check.");
    auto request = std::make_shared<engine::ExportRequest>();
    verb->add_option("product", request->product, "Folder of the product.")->required();
    verb->add_option("package", request->package, "Folder to write.")->required();
    verb->add_option("--workspace", request->workspace,
                     "Where probes and figures come from; the product's own otherwise.");
    verb->add_option("--setting", request->setting, "The named setting that is in force in the package.");
    verb->add_option("--set", request->set, "A factor or a switch in force.")->type_name("NAME=VALUE");
    verb->add_flag("--freebind", request->freebind, "Also FreeBind's own checkpoint folders.");
    verb->add_flag("!--no-metrics", request->metrics, "Do not measure figures for the package.");
    verb->footer("Example: molspace export p package --setting Versatile");
    onRun(*verb, globals, [request](const engine::JobContext& job) { return engine::exportPackage(*request, job); });
}

}  // namespace app
