// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/factors/confidence.h"
#include "engine/factors/headroom.h"
#include "engine/factors/landscape_evaluator.h"
#include "engine/factors/sureness.h"
#include "engine/factors/sweep.h"
#include "engine/factors/sweep_output.h"
#include "engine/factors/tune.h"
#include "engine/session/session.h"
#include "engine/session/subject.h"

namespace engine {
namespace {

constexpr const char* kDefaultRange = "=0:1:0.1";

// σ of audio and text where both are live, else the first two live factors.
std::vector<std::string> defaultAxes(const RoutePlan& plan) {
    std::vector<std::string> live;
    for (const auto& f : plan.factors) {
        if (f.live) live.push_back(f.name);
    }
    const auto has = [&](const char* name) { return std::find(live.begin(), live.end(), name) != live.end(); };
    if (has("sigma_a") && has("sigma_t")) live = {"sigma_a", "sigma_t"};
    if (live.size() > 2) live.resize(2);
    for (auto& name : live) name += kDefaultRange;
    return live;
}

std::vector<std::string> namesOf(const std::vector<DeltaGroup>& groups) {
    std::vector<std::string> names;
    for (const auto& g : groups) {
        for (const auto& set : g.sets) {
            if (std::find(names.begin(), names.end(), set) == names.end()) names.push_back(set);
        }
    }
    return names;
}

// A product with its baseline and the sets that both are measured on, ready to be asked at many settings.
struct FactorRun {
    FactorRun(const Workspace& workspace, const Subject& of, Subject against,
              const std::vector<std::string>& named_sets, const Json& options, const Json& landscape_options,
              const JobContext& job)
        : subject(workspace, of) {
        const LoadedProduct& product = subject.product();
        const Recipe& recipe = product.model->recipe();
        if (against.product.empty() && against.space.empty()) {
            if (against.setting.empty() && against.set.empty()) {
                against.space = recipe.base;
            } else {
                against.product = of.product;
                against.stage = of.stage;
            }
        }
        const SubjectReader baseline_reader(workspace, against);
        auto sets = named_sets;
        if (sets.empty()) {
            const auto mine = subject.sets(), theirs = baseline_reader.sets();
            std::vector<SetOutline> both;
            for (const auto& name : mine) {
                if (std::find(theirs.begin(), theirs.end(), name) == theirs.end()) continue;
                const SetInfo& info = workspace.set(name);
                both.push_back({name, info.kind, info.first.modality, info.second.modality});
            }
            sets = namesOf(recipe.delta_groups.empty() ? defaultGroups(both) : recipe.delta_groups);
        }
        if (sets.empty()) {
            throw Error(ErrorCode::NotFound, workspace.folder().string(),
                        "there is no retrieval set that both " + recipe.name + " and the baseline can be measured on",
                        "`molspace inspect` shows which sets have which spaces");
        }
        eval = readOptions(evalOptionTable(), options, "evaluation options");
        landscape_use = readOptions(landscapeOptionTable(), landscape_options, "landscape options");
        baseline = baseline_reader.measure(sets, eval, false, job);
        for (const auto& name : sets) components.push_back(loadSetComponents(workspace, product, name, job));
        synthetic = workspace.synthetic();
    }

    // `fixed`: the experts' weights that landscapes are made for, but of those that are among `axes`.
    std::unique_ptr<FactorEvaluator> evaluator(bool reference, const Setting& fixed,
                                               const std::vector<std::string>& axes, const JobContext& job) {
        const LoadedProduct& product = subject.product();
        if (reference) {
            return std::make_unique<DirectEvaluator>(
                product.model, std::move(components),
                DirectEvaluator::Options{eval, synthetic, true, std::size_t{1} << 30});
        }
        auto made = std::make_unique<LandscapeEvaluator>(
            product.model, std::move(components),
            LandscapeEvaluator::Options{eval,
                                        synthetic,
                                        bytesOfGib(landscape_use.memory_gib),
                                        landscapeFolder(product),
                                        {},
                                        landscape_use.sample_queries,
                                        landscape_use.sample_size,
                                        landscape_use.sample_seed,
                                        landscape_use.device,
                                        LandscapeEvaluator::freeFor(product.model->plan(), axes)});
        const auto prepared = made->prepare(fixed, job);
        for (const auto& [set, why] : prepared.direct) job.log(set + " is computed directly, which is slow: " + why);
        for (const auto& [set, sample] : prepared.sampled) {
            job.log(set + ": figures are estimated from a " + sample.text() +
                    ", against all candidates; --sample-size 0 asks as many as fit --memory-gib");
        }
        landscapes = made.get();
        return made;
    }

    SubjectReader subject;
    EvalOptions eval;
    MetricsTable baseline;
    std::vector<SetComponents> components;
    bool synthetic = false;
    LandscapeOptions landscape_use;
    const LandscapeEvaluator* landscapes = nullptr;  // the evaluator that was given, if it is one of landscapes
};

void requireProduct(const Subject& subject, const std::string& verb) {
    if (!subject.product.empty()) return;
    throw Error(ErrorCode::InvalidInput, "", verb + " needs a product", "name its folder with --product");
}

// "AT" or "AT=1.5".
std::pair<std::string, double> namedNumber(const std::string& text, const std::string& flag, bool needs_number) {
    const auto equals = text.find('=');
    const std::string name = text.substr(0, equals);
    double value = 1;
    if (equals != std::string::npos) {
        const char* end = text.data() + text.size();
        const auto [at, error] = std::from_chars(text.data() + equals + 1, end, value);
        if (error != std::errc() || at != end || equals + 1 == text.size())
            throw Error(ErrorCode::InvalidInput, flag + " " + text, "expected a number after '='");
    } else if (needs_number) {
        throw Error(ErrorCode::InvalidInput, flag + " " + text, "expected GROUP=POINTS", "for example TV=-0.5");
    }
    return {name, value};
}

const LandscapeEvaluator& requireLandscapes(const LandscapeEvaluator* evaluator) {
    if (evaluator) return *evaluator;
    throw Error(ErrorCode::InvalidInput, "", "that needs landscapes of the group's sets");
}

// A finished search is told, whatever else can be.
void addSureness(Json& json, std::string& text, const LandscapeEvaluator* evaluator, const TuneResult& result,
                 const TuneRequest& request, const ConfidenceOptions& confidence, const JobContext& job) {
    try {
        const auto group = std::find_if(result.groups.begin(), result.groups.end(),
                                        [&](const DeltaGroup& g) { return g.name == request.maximize.front().first; });
        const Sureness sure = sureness(requireLandscapes(evaluator), *group, result, request.fixed, confidence, job);
        json["confidence"] = toJson(sure);
        text += toText(sure);
    } catch (const Error& error) {
        json["confidence"]["not_told"] = error.message();
        text += "how sure: not told, because " + error.message() + "\n";
    }
}

// What single queries could have beyond the best setting, in each group that is maximized.
Outcome headroomOf(const LandscapeEvaluator* evaluator, const TuneResult& result, const TuneRequest& request,
                   const HeadroomOptions& options, const ConfidenceOptions& confidence, const JobContext& job) {
    Outcome out{Json::array(), {}};
    for (const auto& group : result.groups) {
        const auto& of = request.maximize;
        if (std::none_of(of.begin(), of.end(), [&](const auto& m) { return m.first == group.name; })) continue;
        try {
            const HeadroomResult found =
                headroom(requireLandscapes(evaluator), group, settingOf(result, result.start, request.fixed),
                         settingOf(result, result.best, request.fixed), options, confidence, job);
            out.json.push_back(toJson(found));
            out.text += toText(found);
        } catch (const Error& error) {
            out.text += "headroom of " + group.name + ": not told, because " + error.message() + "\n";
        }
    }
    return out;
}

}  // namespace

Outcome sweepFactors(const SweepRequestText& request, const JobContext& job) {
    const Workspace workspace = workspaceFor(request.workspace, request.subject.product);
    requireProduct(request.subject, "a sweep");
    if (!request.output.empty()) requireSweepFile(request.output);  // not only after hours
    FactorRun run(workspace, request.subject, request.baseline, request.sets, request.options, request.landscapes, job);
    const ProductModel& model = *run.subject.product().model;
    SweepRequest sweep_request;
    for (const auto& axis : request.axes.empty() ? defaultAxes(model.plan()) : request.axes) {
        sweep_request.axes.push_back(parseAxis(axis));
    }
    sweep_request.fixed = run.subject.setting();
    std::vector<std::string> swept;
    for (const auto& axis : sweep_request.axes) {
        sweep_request.fixed.factors.erase(axis.factor);
        swept.push_back(axis.factor);
    }
    sweep_request.groups = model.recipe().delta_groups;
    sweep_request.baseline = run.baseline;
    const auto evaluator = run.evaluator(request.reference, sweep_request.fixed, swept, job);
    SweepSurface surface;
    const bool keep_part = request.keep_part && !request.output.empty();
    try {
        surface = sweep(*evaluator, sweep_request, job,
                        keep_part ? [&](const SweepSurface& part) { surface = part; } : SweepSink());
        tellSureness(surface, run.landscapes, job);
    } catch (const Cancelled&) {
        if (keep_part && surface.done > 0) {
            writeSweep(request.output, surface);
            job.log(std::to_string(surface.done) + " of " + std::to_string(surface.total) +
                    " points written: " + request.output.string());
        }
        throw;
    }
    if (!request.output.empty()) writeSweep(request.output, surface);
    std::string text = toText(surface);
    if (!request.output.empty()) text += "written: " + request.output.string() + "\n";
    return {toJson(surface), text};
}

const std::vector<OptionEntry>& landscapeOptions() {
    return landscapeOptionTable().entries();
}

const std::vector<OptionEntry>& confidenceOptions() {
    return confidenceOptionTable().entries();
}

const std::vector<OptionEntry>& headroomOptions() {
    return headroomOptionTable().entries();
}

Outcome tuneFactors(const TuneRequestText& request, const JobContext& job) {
    const Workspace workspace = workspaceFor(request.workspace, request.subject.product);
    requireProduct(request.subject, "tuning");
    TuneRequest tune_request;
    for (const auto& item : request.maximize) tune_request.maximize.push_back(namedNumber(item, "--maximize", false));
    for (const auto& item : request.at_least) {
        const auto [group, points] = namedNumber(item, "--at-least", true);
        tune_request.constraints.push_back({group, points});
    }
    FactorRun run(workspace, request.subject, request.baseline, request.sets, request.options, request.landscapes, job);
    tune_request.factors = request.factors;
    tune_request.fixed = run.subject.setting();
    tune_request.groups = run.subject.product().model->recipe().delta_groups;
    tune_request.baseline = run.baseline;
    tune_request.step = request.step;
    const auto evaluator = run.evaluator(request.reference, tune_request.fixed, tune_request.factors, job);
    const auto confidence = readOptions(confidenceOptionTable(), request.confidence, "confidence options");
    const auto routers = readOptions(headroomOptionTable(), request.routers, "headroom options");
    const TuneResult result = tune(*evaluator, tune_request, job);
    Json json = toJson(result);
    std::string text = toText(result);
    // Whoever stops what is told besides keeps the search.
    try {
        addSureness(json, text, run.landscapes, result, tune_request, confidence, job);
        if (request.headroom) {
            const Outcome room = headroomOf(run.landscapes, result, tune_request, routers, confidence, job);
            json["headroom"] = room.json;
            text += room.text;
        }
    } catch (const Cancelled&) {
        if (!request.output.empty()) writeJsonFile(request.output, json);
        job.log(text + (request.output.empty() ? std::string() : "written: " + request.output.string() + "\n") +
                "stopped after the search");
        throw;
    }
    if (!request.output.empty()) {
        writeJsonFile(request.output, json);
        text += "written: " + request.output.string() + "\n";
    }
    return {json, text};
}

}  // namespace engine
