// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/recipe.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/base/error.h"

namespace engine {
namespace {

using Problems = std::vector<std::string>;

const std::vector<std::string> kRecipeKeys = {"name", "description", "base", "route", "settings", "delta_groups"};
const std::vector<std::string> kStepKeys = {"reaction", "experts", "factors", "against", "options"};
const std::vector<std::string> kTuningKeys = {"reaction", "modality", "towards", "pool", "space", "options"};
const std::vector<std::string> kExpertKeys = {"space", "weight", "enabled", "projectors"};
const std::vector<std::string> kSettingKeys = {"factors", "expert_weights", "projectors"};
const std::vector<std::string> kGroupKeys = {"name", "sets", "metric", "weights"};

bool expectObject(const Json& json, const std::string& where, Problems& problems) {
    if (json.is_object()) return true;
    problems.push_back(where + ": expected an object {...}, found " + std::string(json.type_name()));
    return false;
}

std::string textOf(const Json& object, const char* key, const std::string& where, bool required, Problems& problems) {
    if (!object.contains(key)) {
        if (required) problems.push_back(where + ": '" + key + "' is missing");
        return {};
    }
    if (!object[key].is_string()) {
        problems.push_back(where + ": '" + key + "' expected text, found " + std::string(object[key].type_name()));
        return {};
    }
    return object[key].get<std::string>();
}

// A number of a range; `value` keeps what it had where there is a problem.
void numberOf(const Json& json, double min, double max, const std::string& where, double& value, Problems& problems) {
    const double v = json.is_number() ? json.get<double>() : NAN;
    if (!(v >= min && v <= max)) {
        problems.push_back(where + ": expected a number from " + Json(min).dump() + " to " + Json(max).dump() +
                           ", found " + json.dump(-1, ' ', false, Json::error_handler_t::replace));
        return;
    }
    value = v;
}

std::vector<std::string> namesOf(const Json& json, const std::string& where, Problems& problems) {
    std::vector<std::string> names;
    if (!json.is_array()) {
        problems.push_back(where + ": expected a list of names, found " + std::string(json.type_name()));
        return names;
    }
    for (const auto& item : json) {
        if (!item.is_string()) {
            problems.push_back(where + ": expected names, found " + std::string(item.type_name()));
            return names;
        }
        names.push_back(item.get<std::string>());
    }
    return names;
}

constexpr double kLargestWeight = 1e6;

ExpertUse expertFromJson(const Json& json, const std::string& where, Problems& problems) {
    ExpertUse use;
    if (json.is_string()) {
        use.space = json.get<std::string>();
        return use;
    }
    if (!json.is_object()) {
        problems.push_back(where + ": expected the name of a space or an object, found " +
                           std::string(json.type_name()));
        return use;
    }
    collectUnknownKeys(json, kExpertKeys, where, problems);
    use.space = textOf(json, "space", where, true, problems);
    if (json.contains("weight")) numberOf(json["weight"], 0, kLargestWeight, where + ".weight", use.weight, problems);
    if (json.contains("enabled")) {
        if (json["enabled"].is_boolean()) use.enabled = json["enabled"].get<bool>();
        else problems.push_back(where + ".enabled: expected true or false");
    }
    if (json.contains("projectors")) use.projectors = namesOf(json["projectors"], where + ".projectors", problems);
    return use;
}

void readOptions(const Json& json, const std::string& where, ReactionStep& step, Problems& problems) {
    if (!json.contains("options")) return;
    for (const auto& p : reactionOptionTable().read(json["options"], step.options)) {
        problems.push_back(where + ".options." + p.message);
    }
}

ReactionStep tuningFromJson(const Json& json, const std::string& where, Problems& problems) {
    ReactionStep step;
    step.kind = ReactionKind::Tuning;
    collectUnknownKeys(json, kTuningKeys, where, problems);
    step.modality = textOf(json, "modality", where, true, problems);
    step.space = textOf(json, "space", where, false, problems);
    step.towards = textOf(json, "towards", where, step.space.empty(), problems);
    step.pool = textOf(json, "pool", where, false, problems);
    if (!step.modality.empty() && step.modality == step.towards) {
        problems.push_back(where + ".towards: expected another modality than the one that is tuned");
    }
    readOptions(json, where, step, problems);
    return step;
}

ReactionStep stepFromJson(const Json& json, const std::string& where, Problems& problems) {
    ReactionStep step;
    if (!expectObject(json, where, problems)) return step;
    const std::string kind = textOf(json, "reaction", where, true, problems);
    if (kind == "tuning") return tuningFromJson(json, where, problems);
    collectUnknownKeys(json, kStepKeys, where, problems);
    if (kind == "displacement") {
        step.kind = ReactionKind::Displacement;
    } else if (kind == "combination") {
        step.kind = ReactionKind::Combination;
    } else if (!kind.empty()) {
        problems.push_back(where + ".reaction: expected displacement, combination or tuning, found '" + kind + "'");
    }
    if (!json.contains("experts") || !json["experts"].is_array() || json["experts"].empty()) {
        problems.push_back(where + ".experts: expected a list of at least one expert space");
    } else {
        std::set<std::string> seen;
        for (std::size_t i = 0; i < json["experts"].size(); ++i) {
            const std::string place = where + ".experts[" + std::to_string(i) + "]";
            step.experts.push_back(expertFromJson(json["experts"][i], place, problems));
            if (!seen.insert(step.experts.back().space).second) {
                problems.push_back(place + ": the space '" + step.experts.back().space +
                                   "' is named twice in one step");
            }
        }
    }
    if (step.kind == ReactionKind::Displacement && step.experts.size() > 1) {
        problems.push_back(where + ": a displacement moves the product into the space of one expert, found " +
                           std::to_string(step.experts.size()) + "; put the others into steps of their own");
    }
    if (json.contains("factors") && expectObject(json["factors"], where + ".factors", problems)) {
        for (const auto& [modality, value] : json["factors"].items()) {
            numberOf(value, 0, 1, where + ".factors." + modality, step.factors[modality], problems);
        }
    }
    if (json.contains("against")) {
        step.against = textOf(json, "against", where, true, problems);
        if (step.against != "product" && step.against != "base" && step.against != "joint") {
            problems.push_back(where + ".against: expected product, base or joint, found '" + step.against + "'");
        }
    }
    readOptions(json, where, step, problems);
    if (step.against == "joint" && (step.kind == ReactionKind::Displacement || step.experts.size() > 1)) {
        problems.push_back(where + ".against: only a combination of one expert meets the product in a joint space");
    }
    return step;
}

DeltaGroup groupFromJson(const Json& json, const std::string& where, Problems& problems) {
    DeltaGroup group;
    if (!expectObject(json, where, problems)) return group;
    collectUnknownKeys(json, kGroupKeys, where, problems);
    group.name = textOf(json, "name", where, true, problems);
    if (json.contains("metric")) group.metric = textOf(json, "metric", where, true, problems);
    if (json.contains("sets")) group.sets = namesOf(json["sets"], where + ".sets", problems);
    if (group.sets.empty()) problems.push_back(where + ".sets: expected at least one evaluation set");
    if (json.contains("weights")) {
        if (!json["weights"].is_array() || json["weights"].size() != group.sets.size()) {
            problems.push_back(where + ".weights: expected one number for each of the sets");
        } else {
            double sum = 0;
            for (const auto& w : json["weights"]) {
                double value = 0;
                numberOf(w, 0, kLargestWeight, where + ".weights", value, problems);
                group.weights.push_back(value);
                sum += value;
            }
            if (sum <= 0) problems.push_back(where + ".weights: expected at least one above 0");
        }
    }
    return group;
}

Json numbersToJson(const std::map<std::string, double>& numbers) {
    Json out = Json::object();
    for (const auto& [name, value] : numbers) out[name] = value;
    return out;
}

}  // namespace

bool movesProduct(const ReactionStep& step) {
    return step.kind == ReactionKind::Displacement || step.against == "joint";
}

double defaultFactor(ReactionKind kind) {
    return kind == ReactionKind::Displacement ? 0.9 : 0.5;
}

const char* reactionName(ReactionKind kind) {
    switch (kind) {
        case ReactionKind::Displacement:
            return "displacement";
        case ReactionKind::Combination:
            return "combination";
        case ReactionKind::Tuning:
            return "tuning";
    }
    return "";
}

std::string expertKey(const Recipe& recipe, std::size_t step, std::size_t expert) {
    const std::string& space = recipe.route.at(step).experts.at(expert).space;
    std::size_t uses = 0;
    for (const auto& s : recipe.route) {
        for (const auto& e : s.experts) uses += e.space == space;
    }
    return uses <= 1 ? space : std::to_string(step + 1) + "-" + space;
}

std::string projectorKey(const std::string& expert_key, const std::string& subset) {
    return expert_key + ":" + subset;
}

Setting settingFromJson(const Json& json, const std::string& where, std::vector<std::string>& problems) {
    Setting setting;
    if (!expectObject(json, where, problems)) return setting;
    collectUnknownKeys(json, kSettingKeys, where, problems);
    if (json.contains("factors") && expectObject(json["factors"], where + ".factors", problems)) {
        for (const auto& [name, value] : json["factors"].items()) {
            numberOf(value, 0, 1, where + ".factors." + name, setting.factors[name], problems);
        }
    }
    if (json.contains("expert_weights") && expectObject(json["expert_weights"], where + ".expert_weights", problems)) {
        for (const auto& [name, value] : json["expert_weights"].items()) {
            numberOf(value, 0, kLargestWeight, where + ".expert_weights." + name, setting.expert_weights[name],
                     problems);
        }
    }
    if (json.contains("projectors") && expectObject(json["projectors"], where + ".projectors", problems)) {
        for (const auto& [name, value] : json["projectors"].items()) {
            if (value.is_boolean()) setting.projectors[name] = value.get<bool>();
            else problems.push_back(where + ".projectors." + name + ": expected true or false");
        }
    }
    return setting;
}

Json settingToJson(const Setting& setting) {
    Json out = Json::object();
    if (!setting.factors.empty()) out["factors"] = numbersToJson(setting.factors);
    if (!setting.expert_weights.empty()) out["expert_weights"] = numbersToJson(setting.expert_weights);
    if (!setting.projectors.empty()) out["projectors"] = setting.projectors;
    return out;
}

Recipe recipeFromJson(const Json& json, const std::string& where) {
    Problems problems;
    Recipe recipe;
    if (expectObject(json, "recipe", problems)) {
        collectUnknownKeys(json, kRecipeKeys, "recipe", problems);
        recipe.name = textOf(json, "name", "recipe", true, problems);
        recipe.description = textOf(json, "description", "recipe", false, problems);
        recipe.base = textOf(json, "base", "recipe", true, problems);
        if (!recipe.name.empty()) {
            if (auto p = nameProblem(recipe.name); !p.empty()) problems.push_back("recipe.name: " + p);
        }
        if (!json.contains("route") || !json["route"].is_array()) {
            problems.push_back("recipe.route: expected a list of reactions");
        } else {
            for (std::size_t i = 0; i < json["route"].size(); ++i) {
                recipe.route.push_back(stepFromJson(json["route"][i], "route[" + std::to_string(i) + "]", problems));
            }
        }
        if (json.contains("settings") && expectObject(json["settings"], "settings", problems)) {
            for (const auto& [name, value] : json["settings"].items()) {
                recipe.settings[name] = settingFromJson(value, "settings." + name, problems);
            }
        }
        if (json.contains("delta_groups")) {
            if (!json["delta_groups"].is_array()) {
                problems.push_back("recipe.delta_groups: expected a list");
            } else {
                for (std::size_t i = 0; i < json["delta_groups"].size(); ++i) {
                    recipe.delta_groups.push_back(
                        groupFromJson(json["delta_groups"][i], "delta_groups[" + std::to_string(i) + "]", problems));
                }
            }
        }
    }
    if (!problems.empty()) {
        throw joinProblems(ErrorCode::InvalidInput, where, problems, "see the guide's page on recipes");
    }
    return recipe;
}

Json recipeToJson(const Recipe& recipe) {
    Json out;
    out["name"] = recipe.name;
    if (!recipe.description.empty()) out["description"] = recipe.description;
    out["base"] = recipe.base;
    out["route"] = Json::array();
    for (const auto& step : recipe.route) {
        Json s;
        s["reaction"] = reactionName(step.kind);
        if (step.kind == ReactionKind::Tuning) {
            s["modality"] = step.modality;
            if (!step.towards.empty()) s["towards"] = step.towards;
            if (!step.pool.empty()) s["pool"] = step.pool;
            if (!step.space.empty()) {
                s["space"] = step.space;
                out["route"].push_back(std::move(s));
                continue;
            }
            s["options"] = reactionOptionTable().toJson(step.options);
            out["route"].push_back(std::move(s));
            continue;
        }
        s["experts"] = Json::array();
        for (const auto& use : step.experts) {
            Json e{{"space", use.space}};
            if (use.weight != 1) e["weight"] = use.weight;
            if (!use.enabled) e["enabled"] = false;
            if (!use.projectors.empty()) e["projectors"] = use.projectors;
            s["experts"].push_back(std::move(e));
        }
        s["factors"] = numbersToJson(step.factors);
        if (step.against != "product") s["against"] = step.against;
        s["options"] = reactionOptionTable().toJson(step.options);
        out["route"].push_back(std::move(s));
    }
    if (!recipe.settings.empty()) {
        for (const auto& [name, setting] : recipe.settings) out["settings"][name] = settingToJson(setting);
    }
    for (const auto& group : recipe.delta_groups) {
        Json g{{"name", group.name}, {"sets", group.sets}, {"metric", group.metric}};
        if (!group.weights.empty()) g["weights"] = group.weights;
        out["delta_groups"].push_back(std::move(g));
    }
    return out;
}

Recipe readRecipe(const std::filesystem::path& path) {
    return recipeFromJson(readJsonFile(path, 4u << 20), path.string());
}

}  // namespace engine
