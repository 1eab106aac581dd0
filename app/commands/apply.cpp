// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"

namespace app {

void addApply(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand("apply", "Turn embeddings into the product space.");
    auto request = std::make_shared<engine::ApplyRequest>();
    verb->add_option("package", request->package, "Folder of a package or a product.")->required();
    auto* items = verb->add_option_group("Items", "Which items; one of:")->require_option(1);
    auto* input =
        items->add_option("--input", request->inputs, "New ones: rows of a space, for each space that is needed.")
            ->type_name("SPACE=FILE");
    items->add_option("--pool", request->pool, "A pool of the workspace.")->type_name("NAME");
    auto* set = items->add_option("--evaluation-set", request->evaluation_set, "A side of an evaluation set.")
                    ->type_name("NAME");
    auto* modality = verb->add_option("--modality", request->modality,
                                      "What new rows are: audio, image, text, ...; also of a pool that has several.");
    input->needs(modality);
    verb->add_option_function<std::string>(
            "--side", [request](const std::string& side) { request->first_side = side == "first"; },
            "Of the evaluation set: first or second. [first]")
        ->check(CLI::IsMember({"first", "second"}))
        ->needs(set);
    verb->add_option("--workspace", request->workspace,
                     "Folder of the workspace with the pool or set; the product's own otherwise.")
        ->excludes(input);
    verb->add_option("-o,--output", request->output, "File to write: .npy, .safetensors or .h5.")->required();
    verb->add_flag("--ids", request->ids_file,
                   "Of a pool or set, also the file OUTPUT.ids.txt: an id a line; .h5 holds them itself.")
        ->excludes(input);
    verb->add_option("--setting", request->setting, "A named setting.");
    verb->add_option("--set", request->set, "A factor or a switch.")->type_name("NAME=VALUE");
    verb->footer(
        "Examples: molspace apply package --modality text --input ImageBind=ib.npy --input CLAP_g=g.npy --input "
        "CLAP_m=m.npy -o z.npy\n"
        "          molspace apply p --pool audio --set sigma_a=0.8 -o audio.h5\n"
        "          molspace apply p --evaluation-set AudioCaps --side second -o captions.npy --ids");
    onRun(*verb, globals, [request](const engine::JobContext& job) { return engine::apply(*request, job); });
}

}  // namespace app
