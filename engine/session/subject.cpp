// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/subject.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/factors/landscape_evaluator.h"
#include "engine/package/manifest.h"
#include "engine/recipe/recompute_cost.h"
#include "engine/recipe/stages.h"
#include "engine/report/text.h"

namespace engine {
namespace {

double numberOf(const std::string& text, const std::string& where) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        throw Error(ErrorCode::InvalidInput, where, "expected a number, found '" + text + "'");
    }
    return value;
}

// Of a setting whose factors are not live: what runs again, and for how long. Empty: nothing does.
std::string recomputedText(const Workspace& workspace, const ProductModel& trained, const Setting& setting,
                           const std::vector<std::string>& sets) {
    std::string names;
    std::set<Modality> modalities;
    for (const auto& factor : trained.plan().factors) {
        const auto at = setting.factors.find(factor.name);
        if (factor.live || at == setting.factors.end() || at->second == factor.value) continue;
        names += (names.empty() ? "" : ", ") + factor.name;
        modalities.insert(factor.modality);
    }
    double flop = 0;
    std::size_t rows = 0;
    for (const auto& name : sets) {
        const SetInfo& info = workspace.set(name);
        for (const ItemTable* side : {&info.first, &info.second}) {
            if (!modalities.contains(side->modality)) continue;
            rows += side->rows;
            flop += static_cast<double>(side->rows) * foldedRowFlop(trained.recipe(), trained.plan(), side->modality);
        }
    }
    if (rows == 0) return {};
    const double seconds = flop / projectorSpeed();
    return "not live: " + names + "; a later displacement takes the result as input, so " + std::to_string(rows) +
           " rows go through its projectors again, " +
           (seconds < 1 ? "less than a second" : "about " + durationText(seconds)) + "; then they are kept";
}

// What --set may name: factors, then experts, then projectors.
std::vector<std::string> namesOfSetting(const LoadedProduct& product) {
    std::vector<std::string> names;
    for (const auto& factor : product.model->plan().axes()) names.push_back(factor.name);
    const Recipe& recipe = product.model->recipe();
    for (std::size_t s = 0; s < recipe.route.size(); ++s) {
        for (std::size_t e = 0; e < recipe.route[s].experts.size(); ++e) names.push_back(expertKey(recipe, s, e));
    }
    for (const auto& r : product.model->plan().reactions) {
        for (const auto& subset : r.subsets) names.push_back(projectorKey(expertKey(recipe, r.step, r.expert), subset));
    }
    return names;
}

}  // namespace

Setting parseSetting(const LoadedProduct& product, const std::string& name, const std::vector<std::string>& set) {
    const Recipe& recipe = product.model->recipe();
    Setting setting;
    if (!name.empty()) {
        const auto it = recipe.settings.find(name);
        if (it == recipe.settings.end()) {
            std::vector<std::string> names;
            std::string known;
            for (const auto& [n, s] : recipe.settings) {
                names.push_back(n);
                known += (known.empty() ? "" : ", ") + n;
            }
            const std::string near = nearestName(name, names);
            throw Error(ErrorCode::NotFound, "recipe " + recipe.name, "there is no setting '" + name + "'",
                        !near.empty()   ? "did you mean '" + near + "'?"
                        : known.empty() ? "it has none"
                                        : "it has " + known);
        }
        setting = it->second;
    }
    for (const auto& item : set) {
        const auto equals = item.find('=');
        if (equals == std::string::npos) {
            throw Error(ErrorCode::InvalidInput, "--set " + item, "expected NAME=VALUE",
                        "for example sigma_a=0.8, CLAP_g=off or CLAP_g:TV=off");
        }
        const std::string key = item.substr(0, equals), value = item.substr(equals + 1);
        const auto axes = product.model->plan().axes();
        const auto axis = std::find_if(axes.begin(), axes.end(), [&](const FactorInfo& f) { return f.name == key; });
        if (axis != axes.end()) {
            const double number = numberOf(value, "--set " + item);
            checkSetting({{{key, number}}}, axes, recipe.name);
            setFactor(setting, *axis, number);
        } else if (const auto names = namesOfSetting(product);
                   std::find(names.begin(), names.end(), key) == names.end()) {
            const std::string near = nearestName(key, names);
            const std::string known = joined(names);
            throw Error(ErrorCode::NotFound, "--set " + item, "there is no factor, expert or projector '" + key + "'",
                        near.empty() ? "there are " + known : "did you mean '" + near + "'?");
        } else if (key.find(':') != std::string::npos) {  // no space has one in its name
            if (value != "on" && value != "off") {
                throw Error(ErrorCode::InvalidInput, "--set " + item, "expected on or off, found '" + value + "'",
                            "a projector takes part or does not; an expert has a weight");
            }
            setting.projectors[key] = value == "on";
        } else {
            setting.expert_weights[key] = value == "off" ? 0 : value == "on" ? 1 : numberOf(value, "--set " + item);
        }
    }
    withSetting(recipe, product.model->plan(), setting);  // refuses what it does not know
    return setting;
}

LoadedProduct withFixed(const LoadedProduct& product, const Setting& setting) {
    if (product.model->isLive(setting) && setting.projectors.empty()) return product;
    return withSettingInForce(product, setting);
}

SubjectReader::SubjectReader(const Workspace& workspace, const Subject& subject)
    : workspace_(workspace), subject_(subject) {
    if (subject.product.empty() == subject.space.empty()) {
        throw Error(ErrorCode::InvalidInput, "", "expected either a product or a space to measure",
                    "name one with --product or --space");
    }
    if (!subject.space.empty()) {
        if (!subject.setting.empty() || !subject.set.empty() || subject.stage) {
            throw Error(ErrorCode::InvalidInput, subject.space, "a space has no settings and no stages",
                        "leave --setting, --set and --stage out");
        }
        std::vector<std::string> names;
        for (const auto& s : workspace.spaces()) names.push_back(s.name);
        if (std::find(names.begin(), names.end(), subject.space) == names.end()) {
            const std::string near = nearestName(subject.space, names);
            throw Error(ErrorCode::NotFound, workspace.folder().string(), "there is no space '" + subject.space + "'",
                        near.empty() ? "`molspace inspect` lists them" : "did you mean '" + near + "'?");
        }
        return;
    }
    product_ = loadProduct(subject.stage ? productAt(subject.product, *subject.stage) : subject.product);
    setting_ = parseSetting(product_, subject.setting, subject.set);
    product_ = withFixed(product_, setting_);
}

std::vector<std::string> SubjectReader::sets() const {
    return isProduct() ? setsOfProduct(workspace_, *product_.model) : setsOfSpace(workspace_, subject_.space);
}

std::filesystem::path landscapeFolder(const LoadedProduct& product) {
    return product.folder / "landscapes";
}

MetricsTable SubjectReader::measure(const std::vector<std::string>& sets, const EvalOptions& options, bool reference,
                                    const JobContext& job) const {
    const auto chosen = sets.empty() ? this->sets() : sets;
    if (chosen.empty()) {
        throw Error(ErrorCode::NotFound, workspace_.folder().string(),
                    "no evaluation set has rows of every space that " +
                        (isProduct() ? product_.model->recipe().name : subject_.space) + " needs",
                    "`molspace inspect` shows which sets have which spaces");
    }
    if (!isProduct()) return evaluateSpace(workspace_, subject_.space, chosen, options, job, reference);
    if (product_.stored) {
        const std::string again = recomputedText(workspace_, *product_.stored, setting_, chosen);
        if (!again.empty()) job.log(again);
    }
    MetricsTable table;
    ProgressMeter meter(job, "evaluation", "sets", chosen.size());
    for (const auto& name : chosen) {
        // One set at a time: only its components are in memory. A landscape that is there already is quicker.
        std::vector<SetComponents> set{loadSetComponents(workspace_, product_, name, job)};
        MetricsTable one;
        if (reference || !product_.model->isLive(setting_)) {
            one = evaluateProduct(*product_.model, set, setting_, options, job, reference);
        } else {
            LandscapeEvaluator evaluator(product_.model, std::move(set),
                                         {.eval = options, .cache = landscapeFolder(product_)});
            evaluator.prepare(setting_, job, false);
            one = evaluator.evaluate(setting_, job);
        }
        if (table.sets.empty()) {
            table.subject = one.subject;
            table.setting = one.setting;
        }
        table.sets.insert(table.sets.end(), one.sets.begin(), one.sets.end());
        meter.advance(1);
    }
    meter.finish();
    table.synthetic = workspace_.synthetic() || product_.record.synthetic;
    return table;
}

Workspace workspaceFor(const std::filesystem::path& named, const std::filesystem::path& product) {
    if (!named.empty()) return Workspace(named);
    if (product.empty()) {
        throw Error(ErrorCode::InvalidInput, "", "expected a workspace", "name its folder with --workspace");
    }
    const LoadedProduct loaded = loadProduct(product);
    if (!std::filesystem::exists(loaded.record.workspace)) {
        throw Error(ErrorCode::NotFound, loaded.record.workspace,
                    "the workspace that the product was trained on is gone", "name one with --workspace");
    }
    return Workspace(loaded.record.workspace);
}

}  // namespace engine
