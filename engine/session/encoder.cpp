// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdio>

#include "engine/base/error.h"
#include "engine/recipe/reactor.h"
#include "engine/session/session.h"
#include "engine/session/subject.h"

namespace engine {
namespace {

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4f", value);
    return text;
}

}  // namespace

const std::vector<OptionEntry>& encoderOptions() {
    return encoderOptionTable().entries();
}

Outcome tuneEncoder(const EncoderVerb& verb, const JobContext& job) {
    EncoderRequest request;
    request.workspace = workspaceFor(verb.workspace, verb.product).folder();
    request.product = verb.product;
    request.encoder = verb.encoder;
    request.inputs = verb.inputs;
    request.modality = verb.modality;
    request.towards = verb.towards;
    request.pool = verb.pool;
    request.space = verb.space.empty() ? loadProduct(verb.product).model->recipe().base + "_tuned" : verb.space;
    request.options = readOptions(encoderOptionTable(), verb.options, "encoder options");
    request.run = readOptions(runOptionTable(), verb.run_options, "run options");
    loadReactor().tuneEncoder(request, job);
    const auto folder = verb.product / "encoders" / request.space;
    const Json json = readJsonFile(folder / "encoder.json");
    const auto& losses = json.at("losses");
    std::string text = "tuned encoder of " + request.modality + " in " + (folder / "encoder.pt").string() +
                       (json.at("synthetic").get<bool>() ? ", for a synthetic world" : "") + "\n  loss " +
                       number(losses.front().get<double>()) + " in the first epoch, " +
                       number(losses.back().get<double>()) + " in the last, of " + std::to_string(losses.size()) +
                       "\n  its rows are the space " + request.space + " of " + request.workspace.string() +
                       ", after " + std::to_string(json.at("after_steps").get<std::size_t>()) +
                       " of the product's steps\n";
    for (const auto& set : json.at("sets_left_out"))
        text += "  note: no inputs of " + set.get<std::string>() + "; it is not measured with the tuned encoder\n";
    text += "  to train what comes after on it: molspace train " + request.workspace.string() + " --recipe '" +
            (folder / "recipe.json").string() + "' --from '" + verb.product.string() + "'\n";
    return {json, text};
}

}  // namespace engine
