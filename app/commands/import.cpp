// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"

namespace app {

void addImport(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand("import", "Bring embeddings into a workspace.");
    auto r = std::make_shared<engine::ImportRequest>();
    verb->add_option("workspace", r->workspace, "Folder of the workspace; made if it is not there.")->required();
    verb->add_option("--manifest", r->manifest, "JSON file that describes pools and evaluation sets.")
        ->check(CLI::ExistingFile);
    verb->add_option("--root", r->root, "Where the manifest's relative files lie; its own folder otherwise.");
    const std::string group = "Without a manifest (FILE may be FILE#dataset, FILE#column or FILE#index)";
    verb->add_option("--pool", r->pools, "Training rows.")->type_name("[NAME:]MODALITY:SPACE=FILE")->group(group);
    verb->add_option("--set", r->sets, "Rows of one side of an evaluation set.")
        ->type_name("NAME:KIND:MODALITY:SPACE=FILE")
        ->group(group);
    verb->add_option("--ids", r->ids, "Ids of rows.")->type_name("POOL=FILE or SET:MODALITY=FILE")->group(group);
    verb->add_option("--labels", r->labels, "Class of each item.")->type_name("SET=FILE")->group(group);
    verb->add_option("--positives", r->positives, "What belongs together.")
        ->type_name("SET=identity|captions:N|pairs:FILE#A,B")
        ->group(group);
    verb->add_option("--prompt", r->prompts, "Template of the class prompts.")->type_name("SET=TEXT")->group(group);
    verb->add_option("--classes-from-items", r->from_items, "Classes are the distinct rows of the items' texts.")
        ->type_name("SET")
        ->group(group);
    verb->add_option("--clip-folder", r->clip_folders, "img_emb/ and text_emb/ of clip-retrieval as pools.")
        ->type_name("SPACE=FOLDER")
        ->group(group);
    verb->parse_complete_callback([r] {
        const bool flags = !r->pools.empty() || !r->sets.empty() || !r->ids.empty() || !r->labels.empty() ||
                           !r->positives.empty() || !r->prompts.empty() || !r->from_items.empty() ||
                           !r->clip_folders.empty();
        if (r->manifest.empty() != flags)
            throw CLI::ValidationError("import", "expected either --manifest, or files with --pool, --set and so on");
    });
    verb->footer(
        "Examples: molspace import w --manifest coco.json\n"
        "          molspace import w --pool text:CLAP=text.npy --pool audio:CLAP=audio.npy");
    onRun(*verb, globals, [r](const engine::JobContext& job) { return engine::importEmbeddings(*r, job); });
}

}  // namespace app
