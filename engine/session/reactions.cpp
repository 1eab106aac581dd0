// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/resources.h"
#include "engine/base/text.h"
#include "engine/recipe/change_experts.h"
#include "engine/recipe/reactor.h"
#include "engine/recipe/reuse.h"
#include "engine/session/pools.h"
#include "engine/session/session.h"
#include "engine/session/subject.h"

namespace engine {
namespace {

namespace fs = std::filesystem;

// The recipe to train from another product: named, or that product's own, with other experts.
Recipe changedRecipe(const ReactRequest& request, Json& run_options) {
    const LoadedProduct source = loadProduct(request.from);
    if (!run_options.contains("seed")) run_options["seed"] = source.record.seed;
    Recipe recipe = request.recipe.empty() ? source.model->recipe() : findRecipe(request.recipe);
    const auto spaces = spacesOf(Workspace(request.workspace));
    for (const auto& key : request.without) recipe = withoutExpert(recipe, spaces, key);
    for (const auto& space : request.with) recipe = withExpert(recipe, spaces, space);
    return recipe;
}

TrainRequest trainRequest(const ReactRequest& request) {
    TrainRequest out;
    Json run_options = request.run_options;
    out.workspace = request.workspace;
    out.from = request.from;
    if (request.from.empty()) {
        if (!request.with.empty() || !request.without.empty()) {
            throw Error(ErrorCode::InvalidInput, "", "an expert is added or given up in a product that there is",
                        "name it with --from");
        }
        out.recipe = findRecipe(request.recipe);
    } else {
        out.recipe = changedRecipe(request, run_options);
    }
    if (!request.reaction_options.empty()) {
        for (auto& step : out.recipe.route)
            throwIfAny(reactionOptionTable().read(request.reaction_options, step.options), "reaction options");
    }
    out.run = readOptions(runOptionTable(), run_options, "run options");
    out.product = request.product.empty() ? request.workspace / "products" / out.recipe.name : request.product;
    out.more_epochs = request.more_epochs;
    return out;
}

// What a training would do.
Outcome trainingPlan(const TrainRequest& request) {
    const Workspace workspace(request.workspace);
    const RoutePlan plan = planRoute(request.recipe, spacesOf(workspace));
    Json json{{"recipe", recipeToJson(request.recipe)}, {"product", request.product.string()}};
    std::string text = request.recipe.name + " in " + request.product.string() + "\n";
    if (!request.from.empty()) {
        const LoadedProduct source = loadProduct(request.from);
        const Reuse reuse = planReuse(request.recipe, plan, workspace, request.run.seed, source);
        json["reactions"] = reuseToJson(reuse);
        text += reuseText(reuse, source);
    } else {
        json["reactions"] = {{"taken", Json::array()}, {"trained", Json::array()}};
        const auto add = [&](const std::string& key) {
            json["reactions"]["trained"].push_back(Json::object({{"reaction", key}}));
            text += key + ": to train\n";
        };
        for (const auto& r : plan.reactions) add(r.key);
        for (const auto& t : plan.tunings) add(t.key);
    }
    for (const auto& warning : plan.warnings) text += "note: " + warning + "\n";
    return {json, text};
}

std::string trainingText(const LoadedProduct& product) {
    const ProductModel& model = *product.model;
    std::string text = model.recipe().name + " in " + product.folder.string() +
                       (product.record.synthetic ? " (trained on a synthetic world)" : "") + "\n";
    for (const auto& modality : model.plan().modalities)
        text += "  " + formula(model.recipe(), model.plan(), modality) + "\n";
    for (const auto& [reaction, subsets] : product.record.training.items()) {
        text += "  " + reaction + ": final loss";
        for (const auto& [subset, record] : subsets.items()) {
            text += "  " + subset + " " + fixed(record.value("final_loss", 0.0), 3);
        }
        text += "\n";
    }
    for (const auto& warning : model.plan().warnings) text += "  note: " + warning + "\n";
    return text;
}

}  // namespace

std::vector<std::string> shippedRecipes() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(resourceFolder() / "recipes")) {
        if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

Recipe findRecipe(const std::string& recipe) {
    if (recipe.empty())
        throw Error(ErrorCode::InvalidInput, "", "expected a recipe", "name a file, or one that ships: ImageBind++");
    if (fs::is_regular_file(recipe)) return readRecipe(recipe);
    const auto names = shippedRecipes();
    if (std::find(names.begin(), names.end(), recipe) != names.end())
        return readRecipe(resourceFolder() / "recipes" / (recipe + ".json"));
    const std::string near = nearestName(recipe, names);
    const std::string known = joined(names);
    throw Error(ErrorCode::NotFound, recipe, "there is neither a file nor a shipped recipe of this name",
                near.empty() ? "recipes that ship: " + known : "did you mean '" + near + "'?");
}

Outcome pairs(const ReactRequest& request, const JobContext& job) {
    TrainRequest train_request = trainRequest(request);
    train_request.pairs_only = true;
    loadReactor().train(train_request, job);
    const fs::path folder = train_request.product / "pairs";
    Json json{{"pairs", folder.string()}, {"recipe", train_request.recipe.name}, {"pools", Json::array()}};
    std::string text = "pseudo pairs in " + folder.string() + "\n";
    std::uint64_t bytes = 0;
    if (fs::exists(folder)) {
        for (const auto& entry : fs::recursive_directory_iterator(folder)) {
            if (entry.is_regular_file()) bytes += entry.file_size();
            if (entry.is_directory() && entry.path().filename().string().starts_with("D_")) {
                const std::string name = fs::relative(entry.path(), folder).string();
                json["pools"].push_back(name);
                text += "  " + name + "\n";
            }
        }
    }
    json["bytes"] = bytes;
    return {json, text + "  " + humanBytes(bytes) + "; `molspace train` with the same options goes on from here\n"};
}

const std::vector<OptionEntry>& poolQualityOptions() {
    return poolQualityOptionTable().entries();
}

Outcome poolQuality(const ReactRequest& request, const Json& options, std::int64_t step, const JobContext& job) {
    const TrainRequest train_request = trainRequest(request);
    PoolsRequest pools{request.workspace, train_request.recipe, {}, options, train_request.run.seed};
    if (step != 0) pools.step = static_cast<std::size_t>(step) - 1;
    const PoolsAnswer answer = lookAtPools(pools, job);
    Outcome out{answer.quality.toJson(), answer.quality.toText()};
    out.json["findings"] = Json::array();
    std::string words;
    for (const auto& f : answer.findings) {
        out.json["findings"].push_back({{"kind", findingName(f.kind)}, {"text", f.text}});
        words += (words.empty() ? "\n" : "") + std::string(findingName(f.kind)) + ": " + f.text + "\n";
    }
    out.text += words;
    return out;
}

Outcome train(const ReactRequest& request, const JobContext& job) {
    const TrainRequest train_request = trainRequest(request);
    if (request.plan) return trainingPlan(train_request);
    loadReactor().train(train_request, job);
    const LoadedProduct product = loadProduct(train_request.product);
    Json json{{"product", product.folder.string()},    {"recipe", product.record.name},
              {"synthetic", product.record.synthetic}, {"seed", product.record.seed},
              {"device", product.record.device},       {"training", product.record.training}};
    return {json, trainingText(product)};
}

Outcome devices(const JobContext&) {
    Outcome out;
    out.json = Json::array();
    for (const auto& d : loadReactor().devices()) {
        out.json.push_back({{"name", d.name},
                            {"description", d.description},
                            {"memory_bytes", d.memory_bytes},
                            {"usable", d.usable},
                            {"why", d.why}});
        out.text += d.name + ": " + d.description +
                    (d.memory_bytes ? ", " + humanBytes(d.memory_bytes) + " of memory available" : "") + "; " + d.why +
                    "\n";
    }
    return out;
}

}  // namespace engine
