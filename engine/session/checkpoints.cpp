// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/checkpoints.h"

#include "engine/base/error.h"
#include "engine/package/bring.h"
#include "engine/recipe/product.h"

namespace engine {
namespace {

std::string textOf(const LoadedProduct& product, const Json& json) {
    const ProductModel& model = *product.model;
    std::string text = model.recipe().name + " in " + product.folder.string() + ", " + originOf(product.record) +
                       (product.record.synthetic ? ", for a synthetic world" : "") + "\n";
    for (const auto& modality : model.plan().modalities)
        text += "  " + formula(model.recipe(), model.plan(), modality) + "\n";
    for (const auto& [reaction, subsets] : product.record.training.items()) {
        for (const auto& [subset, record] : subsets.items()) {
            text += "  " + reaction + " " + subset + ": " + record.value("source", "") + ", " +
                    record.value("shape", "") + "\n";
        }
    }
    for (const auto& note : json.at("notes")) text += "  note: " + note.get<std::string>() + "\n";
    return text;
}

}  // namespace

Outcome bringProduct(const BringRequestText& text, const JobContext& job) {
    BringRequest request;
    request.workspace = text.workspace;
    request.source = text.checkpoints;
    request.recipe = findRecipe(text.recipe);
    request.product = text.product.empty() ? text.workspace / "products" / request.recipe.name : text.product;
    for (const auto& place : text.places) {
        const auto sign = place.find('=');
        if (sign == std::string::npos || sign == 0 || sign + 1 == place.size()) {
            throw Error(ErrorCode::InvalidInput, "--checkpoint " + place, "expected REACTION=PLACE",
                        "for example 1-CLAP_g=IB_PP_G_Proj");
        }
        if (!request.places.emplace(place.substr(0, sign), place.substr(sign + 1)).second)
            throw Error(ErrorCode::InvalidInput, "--checkpoint " + place, "the reaction is given twice");
    }
    const Json json = bringCheckpoints(request, job);
    return {json, textOf(loadProduct(request.product), json)};
}

}  // namespace engine
