// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/eval/workspace_evaluation.h"
#include "engine/recipe/reactor.h"
#include "engine/session/session.h"
#include "engine/session/subject.h"

namespace engine {
namespace {

namespace fs = std::filesystem;

// The figure that stands for a set.
const char* headline(SetKind kind) {
    switch (kind) {
        case SetKind::Classification:
            return "top-1";
        case SetKind::MultiLabel:
            return "mAP";
        default:
            return "R@1";
    }
}

// One side of a set, routed.
struct RoutedSide {
    Modality modality;
    std::vector<std::string> spaces;
    Matrix vectors;
    std::vector<double> mean;       // of each space's weight over the items
    std::vector<double> deviation;  // of it between items
    std::vector<double> by_hand;    // its share in the blend by hand

    RoutedSide(const ProductModel& model, const SpaceRouter& router, const Components& components,
               const BlendWeights& hand, const JobContext& job)
        : modality(components.modality) {
        const RoutedRows rows = routedRows(model, components);
        spaces = rows.spaces;
        by_hand = sharesByHand(model, components, hand);
        const Matrix weights = router.weights(modality, rows, job);
        vectors = routedVectors(rows, weights);
        const auto n = static_cast<double>(weights.rows());
        mean.assign(spaces.size(), 0);
        deviation = mean;
        for (std::size_t k = 0; k < spaces.size(); ++k) {
            for (std::size_t i = 0; i < weights.rows(); ++i) mean[k] += static_cast<double>(weights.row(i)[k]) / n;
            for (std::size_t i = 0; i < weights.rows(); ++i) {
                const double d = static_cast<double>(weights.row(i)[k]) - mean[k];
                deviation[k] += d * d / n;
            }
            deviation[k] = std::sqrt(deviation[k]);
        }
    }

    Json toJson() const {
        Json out{{"modality", modality}, {"weights", Json::object()}};
        for (std::size_t k = 0; k < spaces.size(); ++k)
            out["weights"][spaces[k]] = {{"mean", mean[k]}, {"deviation", deviation[k]}, {"by_hand", by_hand[k]}};
        return out;
    }
    std::string toText() const {
        std::string out = "    " + modality + ":";
        for (std::size_t k = 0; k < spaces.size(); ++k) {
            out += (k ? ", " : " ") + spaces[k] + " " + fixed(mean[k], 3);
            if (spaces.size() > 1) out += " ± " + fixed(deviation[k], 3) + " (by hand " + fixed(by_hand[k], 3) + ")";
        }
        return out + "\n";
    }
};

}  // namespace

const std::vector<OptionEntry>& routerOptions() {
    return spaceRouterOptionTable().entries();
}

Outcome learnRouting(const RoutingRequest& request, const JobContext& job) {
    const Workspace workspace = workspaceFor(request.workspace, request.product);
    const auto protocol = readOptions(evalOptionTable(), request.protocol, "evaluation options");
    RouterRequest learn;
    learn.workspace = workspace.folder();
    learn.product = request.product;
    learn.name = request.name;
    learn.options = readOptions(spaceRouterOptionTable(), request.options, "router options");
    learn.run = readOptions(runOptionTable(), request.run_options, "run options");
    const LoadedProduct product = loadProduct(request.product);
    const Setting setting = parseSetting(product, request.setting, request.set);
    if (!product.model->isLive(setting)) {
        throw Error(ErrorCode::InvalidInput, "--set", "expected a setting of live factors",
                    "a router weighs what the projectors gave at the recipe's own factors");
    }
    const auto sets = request.sets.empty() ? setsOfProduct(workspace, *product.model) : request.sets;
    for (const auto& name : sets) workspace.set(name);  // throws where there is none, before anything is learned
    const fs::path folder = spaceRouterFolder(request.product, request.name);
    if (request.again || !fs::exists(folder)) {
        loadReactor().trainRouter(learn, job);
    } else if (!request.options.empty() || request.run_options.contains("seed")) {
        throw Error(ErrorCode::InvalidInput, folder.string(), "this router is there already; options are for a new one",
                    "add --again to learn it anew, or choose another --name");
    }
    SpaceRouterRecord record;
    const SpaceRouter router = readSpaceRouter(folder, product, &record);

    const bool synthetic = workspace.synthetic() || product.record.synthetic;
    const std::string by_hand = productSubject(*product.model, setting);
    Json json{{"router", folder.string()},   {"product", product.record.name},
              {"by_hand", by_hand},          {"synthetic", synthetic},
              {"seed", record.seed},         {"options", record.options},
              {"training", record.training}, {"sets", Json::array()}};
    std::string text = "router '" + request.name + "' of " + product.record.name + ", learned on " +
                       std::to_string(record.training.value("tuples", std::size_t{0})) + " tuples of pool items\n";
    if (synthetic) text += "synthetic world\n";
    text += "by hand: " + by_hand + "; weights: mean over the items ± their spread\n";
    ProgressMeter meter(job, "evaluation", "sets", sets.size());
    for (const auto& name : sets) {
        const SetComponents set = loadSetComponents(workspace, product, name, job);
        const BlendWeights first_weights = product.model->weights(set.first.modality, set.first, setting),
                           second_weights = product.model->weights(set.second.modality, set.second, setting);
        const SetMetrics hand =
            evaluateProductSet(set, first_weights, second_weights, "inner product in " + by_hand, protocol, job);
        const RoutedSide first(*product.model, router, set.first, first_weights, job),
            second(*product.model, router, set.second, second_weights, job);
        RowSource x, y;
        x.rows = first.vectors.view();
        y.rows = second.vectors.view();
        const SetMetrics routed =
            evaluateSet(set.set, x, y, "inner product in " + product.record.name + " routed by '" + request.name + "'",
                        protocol, job);
        const std::string metric = headline(set.set.kind);
        json["sets"].push_back({{"set", name},
                                {"metric", metric},
                                {"by_hand", toJson(hand)},
                                {"routed", toJson(routed)},
                                {"first", first.toJson()},
                                {"second", second.toJson()}});
        text += "  " + name + "  " + metric + "  by hand " + fixed(hand.value(metric), 2) + "  routed " +
                fixed(routed.value(metric), 2) + "\n" + first.toText();
        if (second.modality != first.modality) text += second.toText();
        meter.advance(1);
    }
    meter.finish();
    return {json, text};
}

}  // namespace engine
