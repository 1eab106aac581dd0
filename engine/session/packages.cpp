// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/error.h"
#include "engine/package/apply.h"
#include "engine/package/export.h"
#include "engine/package/verify.h"
#include "engine/session/embeddings.h"
#include "engine/session/session.h"
#include "engine/session/subject.h"

namespace engine {
namespace {

// One fact a line, nested facts below their name.
void print(const Json& json, const std::string& indent, std::string& text) {
    for (const auto& [key, value] : json.items()) {
        if (value.is_object()) {
            text += indent + key + ":\n";
            print(value, indent + "  ", text);
        } else if (value.is_array()) {
            if (!value.empty()) text += indent + key + ":\n";
            for (const auto& item : value)
                text += indent + "  " + (item.is_string() ? item.get<std::string>() : item.dump()) + "\n";
        } else {
            text += indent + key + ": " + (value.is_string() ? value.get<std::string>() : value.dump()) + "\n";
        }
    }
}

std::string textOf(const Json& json) {
    std::string text;
    print(json, "", text);
    return text;
}

}  // namespace

Outcome exportPackage(const ExportRequest& request, const JobContext& job) {
    const LoadedProduct product = loadProduct(request.product);
    ExportOptions options;
    options.setting = parseSetting(product, request.setting, request.set);
    options.setting_name = request.setting;
    options.freebind = request.freebind;
    options.workspace = request.workspace.empty() ? std::filesystem::path(product.record.workspace) : request.workspace;
    if (!std::filesystem::exists(options.workspace / "workspace.h5")) {
        job.log("the workspace " + options.workspace.string() +
                " is not there: probes are random directions, and no figures are measured");
        options.workspace.clear();
    } else if (request.metrics) {
        EvaluateRequest measured;
        measured.workspace = options.workspace;
        measured.subject.product = request.product;
        measured.subject.setting = request.setting;
        measured.subject.set = request.set;
        options.evaluation = evaluate(measured, job).json;
    }
    const Json json = exportProduct(request.product, request.package, options, job);
    return {json, textOf(json)};
}

Outcome verify(const std::filesystem::path& package, const JobContext& job) {
    const Json json = verifyPackage(package, job);
    return {json, textOf(json) + "verified: every probe agrees\n"};
}

Outcome apply(const ApplyRequest& request, const JobContext& job) {
    Setting setting;
    if (!request.setting.empty() || !request.set.empty())
        setting = parseSetting(loadProduct(request.package), request.setting, request.set);
    const auto ending = request.output.extension();
    if (request.inputs.empty() || ending == ".h5" || ending == ".hdf5") {
        EmbeddingsRequest items;
        items.product = request.package;
        items.workspace = request.workspace;
        items.pool = request.pool;
        items.set = request.evaluation_set;
        items.first_side = request.first_side;
        items.inputs = request.inputs;
        items.modality = request.modality;
        items.setting = setting;
        items.output = request.output;
        items.ids_file = request.ids_file;
        return writeEmbeddings(items, job);
    }
    ApplyOptions options;
    options.modality = request.modality;
    for (const auto& input : request.inputs) {
        if (!options.inputs.insert(parseInput(input)).second) {
            throw Error(ErrorCode::InvalidInput, "--input " + input, "the space is given twice");
        }
    }
    options.setting = setting;
    options.output = request.output;
    const Json json = applyPackage(request.package, options, job);
    return {json, textOf(json)};
}

}  // namespace engine
