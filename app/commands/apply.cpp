// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"

namespace app {

void addApply(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand("apply", "Turn new embeddings into the product space.");
    auto request = std::make_shared<engine::ApplyRequest>();
    verb->add_option("package", request->package, "Folder of a package or a product.")->required();
    verb->add_option("--modality", request->modality, "What the rows are: audio, image, text, ...")->required();
    verb->add_option("--input", request->inputs, "Rows of a space, for each space that the product needs.")
        ->type_name("SPACE=FILE")
        ->required();
    verb->add_option("-o,--output", request->output, "File to write: .npy or .safetensors.")->required();
    verb->add_option("--setting", request->setting, "A named setting.");
    verb->add_option("--set", request->set, "A factor or a switch.")->type_name("NAME=VALUE");
    verb->footer(
        "Example: molspace apply package --modality text --input ImageBind=ib.npy --input CLAP_g=g.npy --input "
        "CLAP_m=m.npy -o z.npy");
    onRun(*verb, globals, [request](const engine::JobContext& job) { return engine::apply(*request, job); });
}

}  // namespace app
