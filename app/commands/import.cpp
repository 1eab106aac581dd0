// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"
#include "engine/session/checkpoints.h"

namespace app {

void addImport(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand("import", "Bring embeddings into a workspace, or projectors of the released code.");
    auto r = std::make_shared<engine::ImportRequest>();
    auto bring = std::make_shared<engine::BringRequestText>();
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
    const std::string released = "Projectors of the released code, as a product";
    verb->add_option("--checkpoints", bring->checkpoints, "Folder of FreeBind's checkpoints, or a file.")
        ->group(released);
    verb->add_option("--recipe", bring->recipe, "What they are the projectors of: a recipe that ships, or a JSON file.")
        ->group(released);
    verb->add_option("--checkpoint", bring->places,
                     "Where a reaction's lie within that folder, if not where FreeBind has them; a head of C-MCR's as "
                     "FILE#Head_A.")
        ->type_name("REACTION=PLACE")
        ->group(released);
    verb->add_option("--product", bring->product,
                     "Folder of the product; products/<recipe> in the workspace otherwise.")
        ->group(released);
    verb->parse_complete_callback([r, bring] {
        const bool flags = !r->pools.empty() || !r->sets.empty() || !r->ids.empty() || !r->labels.empty() ||
                           !r->positives.empty() || !r->prompts.empty() || !r->from_items.empty() ||
                           !r->clip_folders.empty();
        const bool product = !bring->checkpoints.empty();
        if (!product && (!bring->recipe.empty() || !bring->places.empty() || !bring->product.empty()))
            throw CLI::ValidationError("import", "--recipe, --checkpoint and --product go with --checkpoints");
        if (product && bring->recipe.empty())
            throw CLI::ValidationError("import", "--checkpoints needs --recipe: what they are the projectors of");
        if (product + !r->manifest.empty() + flags != 1) {
            throw CLI::ValidationError(
                "import", "expected either --manifest, or files with --pool, --set and so on, or --checkpoints");
        }
    });
    verb->footer(
        "Examples: molspace import w --manifest coco.json\n"
        "          molspace import w --pool text:CLAP=text.npy --pool audio:CLAP=audio.npy\n"
        "          molspace import w --checkpoints FreeBind --recipe ImageBind++");
    onRun(*verb, globals, [r, bring](const engine::JobContext& job) {
        if (bring->checkpoints.empty()) return engine::importEmbeddings(*r, job);
        bring->workspace = r->workspace;
        return engine::bringProduct(*bring, job);
    });
}

}  // namespace app
