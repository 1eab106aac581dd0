// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/package/card.h"

#include <cstdio>

#include "engine/base/text.h"
#include "engine/package/bring.h"

namespace engine {
namespace {

std::string number(double value, const char* format = "%g") {
    char text[48];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

// Text of a cell: no bars, no line breaks.
std::string cell(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '|' ? '/' : c == '\n' || c == '\r' ? ' ' : c;
    return out;
}

// A number of a training record; empty where it has none.
std::string figure(const Json& record, const char* key) {
    const auto it = record.find(key);
    return it != record.end() && it->is_number() ? number(it->get<double>(), "%.5g") : std::string();
}

std::string whatItIs(const CardInput& in) {
    const Recipe& recipe = in.product.model->recipe();
    const RoutePlan& plan = in.product.model->plan();
    std::string out = "# " + recipe.name + "\n\n";
    if (in.product.record.synthetic) {
        out += std::string(originOf(in.product.record).empty() ? "**Trained and measured" : "**Measured") +
               " on a synthetic world.** Its figures say nothing about real data.\n\n";
    }
    if (!recipe.description.empty()) out += recipe.description + "\n\n";
    out += "A fused embedding space of width " + std::to_string(plan.width) + " for " + joined(plan.modalities) +
           ", made by molecule-space reactions (Wang et al., ICML 2024, arXiv 2405.04883) from existing embedding "
           "spaces. It "
           "takes embeddings, not files: run the encoders below, then `apply.py`.\n\n";
    return out;
}

std::string inputs(const CardInput& in) {
    const ProductModel& model = *in.product.model;
    std::string out = "## Inputs\n\n| modality | embeddings needed (width) |\n|---|---|\n";
    for (const auto& modality : model.plan().modalities) {
        std::vector<std::string> spaces;
        for (const auto& name : model.spacesNeeded(modality)) {
            spaces.push_back(name + " (" + std::to_string(model.plan().space(name)->width) + ")");
        }
        out += "| " + cell(modality) + " | " + cell(joined(spaces)) + " |\n";
    }
    return out +
           "\nRows of all files of one call describe the same items in the same order. Rows are brought to unit "
           "length; so are the results.\n\n";
}

std::string factors(const CardInput& in) {
    const ProductModel& model = *in.product.model;
    std::string out = "## Formula and factors in force\n\n";
    if (!in.setting_name.empty()) out += "Setting: " + in.setting_name + ".\n\n";
    for (const auto& modality : model.plan().modalities) {
        out += "    " + formula(model.recipe(), model.plan(), modality) + "\n";
    }
    out +=
        "\nN brings to unit length; Ψ is the mean of an expert's active projectors. A factor is the expert's share.\n\n"
        "| factor | in force | when trained | live |\n|---|---|---|---|\n";
    for (const auto& factor : model.plan().factors) {
        const auto before = in.trained.find(factor.name);
        out += "| " + factor.symbol + " (`" + factor.name + "`) | " + number(factor.value) + " | " +
               number(before != in.trained.end() ? before->second : factor.value) + " | " +
               (factor.live ? "yes" : "no") + " |\n";
    }
    out +=
        "\nA factor that is not live feeds a later projector, which was trained at the value in the third column.\n\n";
    for (const auto& reaction : model.plan().reactions) {
        const auto active = activeProjectors(model.recipe(), model.plan(), reaction.step, reaction.expert);
        if (active.size() == reaction.subsets.size()) continue;
        out += "Active projectors of " + expertKey(model.recipe(), reaction.step, reaction.expert) + ": " +
               joined(active) + "; trained: " + joined(reaction.subsets) + ".\n\n";
    }
    for (const auto& [name, setting] : model.recipe().settings) {
        out += "Named setting " + name + ": `" + settingToJson(setting).dump() + "`\n\n";
    }
    return out;
}

std::string training(const CardInput& in) {
    const ProductRecord& r = in.product.record;
    const std::string origin = originOf(r);
    const bool brought = !origin.empty();
    std::string out = "## Training\n\n| | |\n|---|---|\n";
    if (brought) out += "| projectors | " + cell(origin) + " |\n";
    out += "| workspace | " + cell(std::filesystem::path(r.workspace).filename().string()) + " (fingerprint " +
           cell(r.fingerprint) + ")" + (r.synthetic ? ", synthetic world" : "") + " |\n";
    out += "| seed | " + std::to_string(r.seed) + " |\n| device | " + cell(r.device) + " |\n| program | molspace " +
           cell(r.version) + ", commit " + cell(r.commit) + " |\n| made | " + cell(r.created) + " |\n\n";
    for (const auto& reaction : in.product.model->plan().reactions) {
        out += "- " + reaction.key + ": " + reactionName(reaction.kind) + ", " + std::to_string(reaction.source_width) +
               " → " + std::to_string(reaction.target_width) + ", projectors " + joined(reaction.subsets) + "\n";
    }
    out += "\n";
    std::string rows;
    for (const auto& [reaction, subsets] : r.training.items()) {
        if (!subsets.is_object()) continue;
        for (const auto& [subset, t] : subsets.items()) {
            if (!t.is_object()) continue;
            if (brought) {
                rows += "| " + cell(reaction + " " + subset) + " | " + cell(t.value("source", "")) + " | " +
                        cell(t.value("layout", "")) + " | " + cell(t.value("shape", "")) + " | " +
                        figure(t, "batches") + " |\n";
                continue;
            }
            rows += "| " + cell(reaction + " " + subset) + " | " + figure(t, "epochs") + " | " + figure(t, "steps") +
                    " | " + figure(t, "batch") + " | " + figure(t, "final_loss") + " | " + figure(t, "seconds") +
                    " |\n";
        }
    }
    if (brought) {
        return out + "| projector | file | layout | shape | batches of training |\n|---|---|---|---|---|\n" + rows +
               "\nThe whole record, with a hash of each file, stands in `product.json`.\n\n";
    }
    if (!rows.empty()) {
        out +=
            "| projector | epochs | steps | batch | last loss | seconds |\n|---|---|---|---|---|---|\n" + rows + "\n";
    }
    out +=
        "The whole record stands in `product.json`; `recipe.json`, that workspace and the seed rebuild the "
        "product.\n\n";
    return out;
}

// The figures stand in the JSON of a table of metrics; anything that is not there is left out.
std::string measured(const CardInput& in) {
    std::string out = "## Figures\n\n";
    if (!in.evaluation.is_object() || !in.evaluation.contains("sets")) {
        return out + "None were measured when this package was written.\n\n";
    }
    const std::vector<std::string> columns = {"R@1", "R@5", "R@10", "top-1", "top-5", "mAP"};
    out += in.evaluation.value("subject", "") + (in.evaluation.value("synthetic", false) ? ", synthetic world" : "") +
           ":\n\n";
    out += "| set | R@1 | R@5 | R@10 | top-1 | top-5 | mAP |\n|---|---|---|---|---|---|---|\n";
    std::string protocols;
    for (const auto& set : in.evaluation["sets"]) {
        const Json metrics = set.value("metrics", Json::object());
        out += "| " + cell(set.value("set", ""));
        for (const auto& column : columns) {
            out += " | " + (metrics.contains(column) ? number(metrics[column].get<double>(), "%.2f") : std::string());
        }
        out += " |\n";
        const Json p = set.value("protocol", Json::object());
        protocols += "- " + p.value("set", "") + ": " + std::to_string(p.value("first_items", 0)) + " " +
                     p.value("first", "") + " × " + std::to_string(p.value("second_items", 0)) + " " +
                     p.value("second", "") + ", " + std::to_string(p.value("pairs", 0)) + " pairs; " +
                     p.value("hit_rule", "") + "; " + p.value("average", "") + "; " + p.value("tie_rule", "") + "\n";
    }
    return out + "\nPercent; R@K is the mean of both directions. Protocols (all of it in `metrics.json`):\n\n" +
           protocols + "\n";
}

std::string howToUse(const CardInput& in) {
    const ProductModel& model = *in.product.model;
    const Modality& modality = model.plan().modalities.front();
    std::string files;
    for (const auto& space : model.spacesNeeded(modality)) files += " --input " + space + "=" + space + ".npy";
    std::string out =
        "## Use\n\n    python apply.py --verify\n    python apply.py --modality " + modality + files +
        " --output z.npy\n\n`apply.py` needs numpy only. `molspace verify` and `molspace apply` do the same.\n\n";
    out += "Probe vectors (`probes.safetensors`): ";
    std::string probes;
    for (const auto& [name, about] : in.probes.items()) {
        probes += (probes.empty() ? "" : "; ") + name + ": " + std::to_string(about.value("rows", 0)) + " of " +
                  about.value("source", "");
    }
    out += probes + ".\n\n";
    for (const auto& note : in.notes) out += note + "\n\n";
    return out;
}

std::string limits() {
    return "## Licence and limits\n\n"
           "- This package holds projectors and a few probe vectors, no encoder and no data. The encoders of the "
           "spaces "
           "above and the data behind the embeddings have licences of their own, which may bind these weights: check "
           "them "
           "before use or release. The probe vectors are embeddings of items of the workspace, unless random "
           "directions are "
           "named above.\n"
           "- It inherits the errors and biases of every space it was made from.\n"
           "- Figures hold for the sets and protocols named here. A gain for one pair of modalities may cost another; "
           "choose "
           "factors on data of your own.\n"
           "- Inputs must come from the same encoders, with the same weights and preparation, as those it was trained "
           "on.\n";
}

}  // namespace

std::string modelCard(const CardInput& in) {
    return whatItIs(in) + inputs(in) + factors(in) + training(in) + measured(in) + howToUse(in) + limits();
}

}  // namespace engine
