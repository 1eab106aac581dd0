// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"
#include "app/option_flags.h"

namespace app {

void addTuneEncoder(CLI::App& app, Globals& globals) {
    auto* verb = app.add_subcommand("tune-encoder",
                                    "Tune your own encoder through a product's projectors, and embed with it again.");
    auto request = std::make_shared<engine::TuneEncoderRequest>();
    verb->add_option("--product", request->product, "Folder of a product.")->required();
    verb->add_option("--encoder", request->encoder,
                     "The encoder as a TorchScript file. Such a file is a program and is run: only one that you trust.")
        ->required();
    verb->add_option("--inputs", request->inputs,
                     "Its inputs, HDF5: pools/POOL/MODALITY, sets/SET/first and sets/SET/second, [n, ...] each.")
        ->required();
    verb->add_option("--workspace", request->workspace, "Folder of the workspace; the product's own otherwise.");
    verb->add_option("--modality", request->modality, "What the encoder takes.")->capture_default_str();
    verb->add_option("--towards", request->towards, "The partners' modality.")->capture_default_str();
    verb->add_option("--pool", request->pool, "The paired pool; the only one that has both otherwise.");
    verb->add_option("--space", request->space, "Name of the space that gets the new rows; <base>_tuned otherwise.");
    auto options = addOptionFlags(*verb, engine::encoderOptions(), "Tuning");
    auto run = addOptionFlags(*verb, engine::runOptionTable().entries(), "Run");
    verb->footer("Example: molspace tune-encoder --product p --encoder encoder.pt --inputs inputs.h5");
    onRun(*verb, globals, [request, options, run](const engine::JobContext& job) {
        request->options = *options;
        request->run_options = *run;
        return engine::tuneEncoder(*request, job);
    });
}

}  // namespace app
