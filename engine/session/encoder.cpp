// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/recipe/reactor.h"
#include "engine/session/session.h"
#include "engine/session/subject.h"

namespace engine {

const std::vector<OptionEntry>& encoderOptions() {
    return encoderOptionTable().entries();
}

Outcome tuneEncoder(const TuneEncoderRequest& asked, const JobContext& job) {
    EncoderRequest request;
    request.workspace = workspaceFor(asked.workspace, asked.product).folder();
    request.product = asked.product;
    request.encoder = asked.encoder;
    request.inputs = asked.inputs;
    request.modality = asked.modality;
    request.towards = asked.towards;
    request.pool = asked.pool;
    request.space = asked.space.empty() ? loadProduct(asked.product).model->recipe().base + "_tuned" : asked.space;
    request.options = readOptions(encoderOptionTable(), asked.options, "encoder options");
    request.run = readOptions(runOptionTable(), asked.run_options, "run options");
    loadReactor().tuneEncoder(request, job);
    const auto folder = asked.product / "encoders" / request.space;
    const Json json = readJsonFile(folder / "encoder.json");
    const auto& losses = json.at("losses");
    std::string text = "tuned encoder of " + request.modality + " in " + (folder / "encoder.pt").string() +
                       (json.at("synthetic").get<bool>() ? ", for a synthetic world" : "") + "\n  loss " +
                       fixed(losses.front().get<double>(), 4) + " in the first epoch, " +
                       fixed(losses.back().get<double>(), 4) + " in the last, of " + std::to_string(losses.size()) +
                       "\n  its rows are the space " + request.space + " of " + request.workspace.string() +
                       ", after " + std::to_string(json.at("after_steps").get<std::size_t>()) +
                       " of the product's steps\n";
    for (const auto& set : json.at("sets_left_out"))
        text += "  note: no inputs of " + set.get<std::string>() + "; it is not measured with the tuned encoder\n";
    text += "  to train what comes after on it: molspace train " + request.workspace.string() + " --recipe '" +
            (folder / "recipe.json").string() + "' --from '" + asked.product.string() + "'\n";
    return {json, text};
}

}  // namespace engine
