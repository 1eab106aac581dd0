// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/live_product.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <set>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/eval/product_bases.h"
#include "engine/eval/workspace_evaluation.h"
#include "engine/recipe/recompute_cost.h"
#include "engine/recipe/space_router.h"
#include "engine/recipe/stages.h"
#include "engine/session/subject.h"

namespace engine {
namespace {

constexpr std::size_t kRecentChoices = 3;  // of projectors and factors that are not live, whose items are at hand

std::vector<ExpertSwitch> switchesOf(const Recipe& recipe, const RoutePlan& plan) {
    std::vector<ExpertSwitch> out;
    for (std::size_t step = 0; step < recipe.route.size(); ++step) {
        for (std::size_t e = 0; e < recipe.route[step].experts.size(); ++e) {
            const ExpertUse& use = recipe.route[step].experts[e];
            ExpertSwitch expert;
            expert.key = expertKey(recipe, step, e);
            expert.space = use.space;
            expert.step = step;
            expert.kind = recipe.route[step].kind;
            expert.weight = use.enabled ? use.weight : 0;
            const SpaceInfo* space = plan.space(use.space);
            for (const auto& modality : plan.modalities) {
                const bool has = space && std::find(space->modalities.begin(), space->modalities.end(), modality) !=
                                              space->modalities.end();
                if (has) expert.modalities.push_back(modality);
            }
            for (const auto& reaction : plan.reactions) {
                if (reaction.step == step && reaction.expert == e) expert.projectors = reaction.subsets;
            }
            expert.active = activeProjectors(recipe, plan, step, e);
            out.push_back(std::move(expert));
        }
    }
    return out;
}

}  // namespace

std::shared_ptr<LiveProduct> LiveProduct::open(const Request& request, const JobContext& job) {
    std::shared_ptr<LiveProduct> live(new LiveProduct);
    live->workspace_ = std::make_shared<const Workspace>(workspaceFor(request.workspace, request.product));
    const Workspace& workspace = *live->workspace_;
    live->stage_.of = stagesOf(request.product);
    live->stage_.part = request.stage.value_or(live->stage_.of);
    live->product_folder_ = request.product;
    live->product_ = loadProduct(request.stage ? productAt(request.product, *request.stage) : request.product);
    live->synthetic_ = workspace.synthetic() || live->product_.record.synthetic;
    live->eval_ = readOptions(evalOptionTable(), request.options, "evaluation options");
    const auto landscapes = readOptions(landscapeOptionTable(), request.landscapes, "landscape options");
    const auto names = setsOfProduct(workspace, live->model());
    if (names.empty()) {
        throw Error(ErrorCode::NotFound, workspace.folder().string(),
                    "no evaluation set has rows of every space that " + live->recipe().name + " needs",
                    "import one: the product is measured and tuned on evaluation sets");
    }
    // Components of a stage are made when it is first looked at, and kept where that can be.
    if (isStage(live->product_.record) && live->product_.record.fingerprint == workspace.fingerprint()) {
        try {
            writeBases(workspace, live->model(), live->product_.folder, false, job);
        } catch (const Error& error) {
            job.log(std::string("the components of this stage are not kept: ") + error.what());
        }
    }
    ProgressMeter meter(job, "opening " + live->recipe().name, "sets", names.size());
    for (const auto& name : names) {
        job.checkStop();
        live->components_.push_back(
            std::make_shared<const SetComponents>(loadSetComponents(workspace, live->product_, name, job)));
        live->recent_.push_back({live->components_.back()});
        const SetDescription& set = live->components_.back()->set;
        live->outlines_.push_back({set.name, set.kind, set.first, set.second});
        meter.advance(1);
    }
    meter.finish();
    live->experts_ = switchesOf(live->recipe(), live->plan());
    for (const auto& [name, named] : live->recipe().settings) live->presets_[name] = live->completed(named);
    for (const auto& factor : live->plan().factors) {
        if (!factor.live) projectorSpeed();  // so that recomputeEstimate() is quick
    }
    live->refusals_.resize(names.size());
    std::vector<SetComponents> own;
    for (const auto& set : live->components_) own.push_back(*set);
    live->evaluator_ =
        std::make_shared<LandscapeEvaluator>(live->product_.model, std::move(own),
                                             LandscapeEvaluator::Options{live->eval_,
                                                                         live->synthetic_,
                                                                         bytesOfGib(landscapes.memory_gib),
                                                                         landscapeFolder(live->product_),
                                                                         {},
                                                                         landscapes.sample_queries,
                                                                         landscapes.sample_size,
                                                                         landscapes.sample_seed,
                                                                         landscapes.device});
    return live;
}

LiveProduct::~LiveProduct() = default;

bool LiveProduct::hasStage(const std::filesystem::path& product, std::int64_t part) {
    return std::filesystem::exists(engine::stageFolder(product, part) / "product.json");
}

Setting LiveProduct::defaults() const {
    Setting setting;
    for (const auto& factor : plan().factors) setting.factors[factor.name] = factor.value;
    for (const auto& expert : experts_) {
        setting.expert_weights[expert.key] = expert.weight;
        for (const auto& subset : expert.projectors) {
            setting.projectors[projectorKey(expert.key, subset)] =
                std::find(expert.active.begin(), expert.active.end(), subset) != expert.active.end();
        }
    }
    return setting;
}

Setting LiveProduct::completed(const Setting& setting) const {
    Setting out = defaults();
    const auto take = [](auto& into, const auto& from) {
        for (auto& [name, value] : into) {
            if (const auto found = from.find(name); found != from.end()) value = found->second;
        }
    };
    take(out.factors, setting.factors);
    take(out.expert_weights, setting.expert_weights);
    take(out.projectors, setting.projectors);
    return out;
}

std::vector<std::pair<std::string, double>> LiveProduct::sharesByHand(std::size_t set, bool first,
                                                                      const Setting& setting) const {
    const Components& of = first ? components_.at(set)->first : components_.at(set)->second;
    Setting shares = setting;
    shares.projectors.clear();
    const auto spaces = routedRows(model(), of).spaces;
    const auto values = engine::sharesByHand(model(), of, model().weights(of.modality, of, shares));
    std::vector<std::pair<std::string, double>> out;
    for (std::size_t i = 0; i < spaces.size(); ++i) out.emplace_back(spaces[i], values[i]);
    return out;
}

std::string LiveProduct::formula(const Modality& modality, const Setting& setting) const {
    return engine::formula(withSetting(recipe(), plan(), setting), plan(), modality);
}

std::vector<DeltaGroup> LiveProduct::groups(const MetricsTable& baseline) const {
    std::vector<DeltaGroup> out;
    if (recipe().delta_groups.empty()) {
        std::vector<SetOutline> both;
        for (const auto& set : outlines_) {
            if (baseline.find(set.name)) both.push_back(set);
        }
        return defaultGroups(both);
    }
    for (const auto& group : recipe().delta_groups) {
        const bool known = std::all_of(group.sets.begin(), group.sets.end(), [&](const std::string& name) {
            return baseline.find(name) &&
                   std::any_of(outlines_.begin(), outlines_.end(), [&](const SetOutline& s) { return s.name == name; });
        });
        if (known) out.push_back(group);
    }
    return out;
}

std::shared_ptr<LandscapeEvaluator> LiveProduct::evaluator() const {
    const std::lock_guard lock(mutex_);
    return evaluator_;
}

std::size_t LiveProduct::setIndex(const std::string& name) const {
    for (std::size_t s = 0; s < outlines_.size(); ++s) {
        if (outlines_[s].name == name) return s;
    }
    throw Error(ErrorCode::NotFound, recipe().name, "there is no evaluation set '" + name + "'");
}

MetricsTable LiveProduct::measureSpace(const std::string& space, const JobContext& job) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = spaces_.find(space); found != spaces_.end()) return found->second;
    }
    const Workspace& workspace = *workspace_;
    std::vector<std::string> names;
    for (const auto& name : setsOfSpace(workspace, space)) {
        if (std::any_of(outlines_.begin(), outlines_.end(), [&](const SetOutline& s) { return s.name == name; }))
            names.push_back(name);
    }
    MetricsTable table;
    table.subject = space;
    table.synthetic = workspace.synthetic();
    if (!names.empty()) table = evaluateSpace(workspace, space, names, eval_, job);
    const std::lock_guard lock(mutex_);
    return spaces_.emplace(space, std::move(table)).first->second;
}

std::shared_ptr<const SetComponents> LiveProduct::components(std::size_t set, const Setting& setting,
                                                             const JobContext& job) const {
    const auto known = [&]() -> std::shared_ptr<const SetComponents> {
        const std::lock_guard lock(mutex_);
        auto& recent = recent_[set];
        for (std::size_t i = 0; i < recent.size(); ++i) {
            if (!model().fits(recent[i]->first, setting) || !model().fits(recent[i]->second, setting)) continue;
            std::rotate(recent.begin(), recent.begin() + static_cast<std::ptrdiff_t>(i),
                        recent.begin() + static_cast<std::ptrdiff_t>(i) + 1);
            return recent.front();
        }
        return nullptr;
    };
    if (auto found = known()) return found;
    std::unique_lock one_at_a_time(computing_, std::defer_lock);
    while (!one_at_a_time.try_lock_for(std::chrono::milliseconds(50))) job.checkStop();
    if (auto found = known()) return found;  // another thread has just made it
    std::shared_ptr<const SetComponents> latest;
    {
        const std::lock_guard lock(mutex_);
        latest = recent_[set].front();
    }
    auto made = std::make_shared<const SetComponents>(recomputeSetComponents(
        *workspace_, *model().at(withoutLiveFactors(setting, plan())), *latest, product_.folder, job));
    const std::lock_guard lock(mutex_);
    auto& recent = recent_[set];
    recent.insert(recent.begin(), made);
    // The recipe's own cost nothing: they are mapped from the product.
    for (std::size_t i = recent.size(); recent.size() > kRecentChoices && i-- > 0;) {
        if (recent[i] != components_[set]) recent.erase(recent.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return made;
}

std::shared_ptr<const SetComponents> LiveProduct::components(std::size_t set, const Setting& a, const Setting& b,
                                                             const JobContext& job) const {
    const Setting all_a = everyExpertOn(model(), a), all_b = everyExpertOn(model(), b);
    auto first = components(set, all_a, job);
    if (all_a == all_b) return first;
    return std::make_shared<const SetComponents>(merged(*first, *components(set, all_b, job)));
}

LiveFigures LiveProduct::figures(const Setting& setting, bool labels, const JobContext& job) const {
    const auto begin = std::chrono::steady_clock::now();
    checkSetting(setting, plan().factors, recipe().name);
    const auto current = evaluator();
    LiveFigures out;
    out.setting = setting;
    out.sets.resize(outlines_.size());
    out.intervals.resize(outlines_.size());
    for (std::size_t s = 0; s < outlines_.size(); ++s) {
        job.checkStop();
        if (labels || outlines_[s].kind != SetKind::MultiLabel) out.sets[s] = current->readyFigures(s, setting);
        out.intervals[s] = current->readyIntervals(s, setting);
    }
    out.milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    return out;
}

void LiveProduct::lookAhead(const Setting& setting) const {
    constexpr double kStep = 0.05;  // of a key, or a short pull
    evaluator()->lookAhead(setting, kStep);
}

std::shared_ptr<LandscapeEvaluator> LiveProduct::evaluatorOf(const std::vector<DeltaGroup>& groups,
                                                             const Setting& setting,
                                                             const std::vector<FactorInfo>& along,
                                                             std::vector<DeltaGroup>& ready_groups) const {
    const auto current = evaluator();
    std::set<std::size_t> wanted;
    for (const auto& group : groups) {
        std::vector<std::size_t> sets;
        for (const auto& name : group.sets) sets.push_back(setIndex(name));
        const auto isReady = [&](std::size_t s) {
            return current->ready(s, setting) &&
                   std::all_of(along.begin(), along.end(), [&](const auto& f) { return current->runsAlong(s, f); });
        };
        if (!std::all_of(sets.begin(), sets.end(), isReady)) continue;
        wanted.insert(sets.begin(), sets.end());
        ready_groups.push_back(group);
    }
    const std::vector<std::size_t> key(wanted.begin(), wanted.end());
    const std::lock_guard lock(mutex_);
    if (evaluator_ != current) return std::make_shared<LandscapeEvaluator>(*current, key);
    auto& kept = subsets_[key];
    if (!kept) kept = std::make_shared<LandscapeEvaluator>(*current, key);
    return kept;
}

SweepSurface LiveProduct::surface(const std::vector<FactorAxis>& axes, const Setting& fixed,
                                  const MetricsTable& baseline, const JobContext& job, const SweepSink& sink) const {
    SweepRequest request;
    request.axes = axes;
    request.fixed = fixed;
    Setting point = fixed;
    const auto known = plan().axes();
    std::vector<FactorInfo> along;
    for (const auto& axis : axes) {
        along.push_back(requireAxis(axis.factor, axis.first, axis.last, known, recipe().name));
        request.fixed.factors.erase(axis.factor);
        setFactor(point, along.back(), axis.value(0));
    }
    request.baseline = baseline;
    auto quick = groups(baseline);
    std::erase_if(quick, [](const DeltaGroup& g) { return isMedianRank(g.metric); });
    const auto of = evaluatorOf(quick, point, along, request.groups);
    if (request.groups.empty()) {
        SweepSurface nothing;
        nothing.subject = recipe().name;
        nothing.baseline = baseline.subject;
        nothing.axes = axes;
        nothing.fixed = request.fixed;
        return nothing;
    }
    return sweep(*of, request, job, sink);
}

namespace {

[[noreturn]] void throwUnprepared(const std::string& product, const std::string& again) {
    throw Error(ErrorCode::Busy, product, "some of the evaluation sets are still being prepared",
                "wait until their figures are there, then " + again + " again");
}

}  // namespace

TuneResult LiveProduct::tune(const TuneRequest& request, const JobContext& job) const {
    TuneRequest complete = request;
    if (complete.groups.empty()) complete.groups = groups(request.baseline);
    std::vector<DeltaGroup> ready_groups;
    std::vector<FactorInfo> along;
    const auto known = plan().axes();
    for (const auto& name : request.factors) along.push_back(requireAxis(name, 0, 1, known, recipe().name));
    const auto of = evaluatorOf(complete.groups, request.fixed, along, ready_groups);
    if (ready_groups.size() != complete.groups.size()) throwUnprepared(recipe().name, "search");
    return engine::tune(*of, complete, job);
}

TiedRegion LiveProduct::tied(const DeltaGroup& group, const SweepSurface& surface, const ConfidenceOptions& options,
                             const JobContext& job) const {
    std::vector<Setting> settings;
    for (std::size_t i = 0; i < surface.total; ++i) settings.push_back(surface.settingAt(i));
    return tiedRegion(groupHits(*evaluator(), group, settings, {}, job), options, job);
}

Interval LiveProduct::difference(const DeltaGroup& group, const Setting& after, const Setting& before,
                                 const ConfidenceOptions& options, const JobContext& job) const {
    return bootstrapDifference(groupHits(*evaluator(), group, {after, before}, {}, job), 0, 1, options, job);
}

void LiveProduct::requireHits(const LandscapeEvaluator& evaluator, const DeltaGroup& group, const Setting& a,
                              const Setting& b) const {
    for (const auto& name : group.sets) {
        const std::size_t s = setIndex(name);
        if (evaluator.landscape(s) && evaluator.ready(s, a) && evaluator.ready(s, b)) continue;
        const std::string why = whyNot(s, a);
        if (why.empty()) throwUnprepared(recipe().name, "measure");
        throw Error(ErrorCode::InvalidInput, recipe().name,
                    "single queries of " + name + " are not known, since it has no landscape: " + why,
                    "choose a group without that set");
    }
}

Sureness LiveProduct::sureness(const DeltaGroup& group, const TuneResult& result, const Setting& fixed,
                               const ConfidenceOptions& options, const JobContext& job) const {
    const auto of = evaluator();
    requireHits(*of, group, settingOf(result, result.best, fixed), settingOf(result, result.start, fixed));
    return engine::sureness(*of, group, result, fixed, options, job);
}

HeadroomResult LiveProduct::headroom(const DeltaGroup& group, const Setting& current, const Setting& best,
                                     const HeadroomOptions& options, const ConfidenceOptions& confidence,
                                     const JobContext& job) const {
    const auto of = evaluator();
    requireHits(*of, group, current, best);
    return engine::headroom(*of, group, current, best, options, confidence, job);
}

SetChange LiveProduct::why(std::size_t set, const Setting& before, const Setting& after, const WhyOptions& options,
                           const JobContext& job) const {
    const auto current = evaluator();
    const auto ranks = landscapeRanks(*current, set);
    return explainChange(model(), *components(set, before, after, job), before, after, options, job, ranks);
}

SetChange LiveProduct::compare(const LiveProduct& before, const Setting& before_setting, const LiveProduct& after,
                               const Setting& after_setting, const std::string& set, const WhyOptions& options,
                               const JobContext& job) {
    const std::size_t b = before.setIndex(set), a = after.setIndex(set);
    const SetDescription &was = before.description(b), &is = after.description(a);
    const auto refuse = [&](const std::string& what) {
        throw Error(ErrorCode::InvalidInput, set,
                    before.recipe().name + " and " + after.recipe().name + " are measured on " + what +
                        " there: " + before.workspaceFolder().string() + " and " + after.workspaceFolder().string(),
                    "compare them on one workspace");
    };
    if (was.kind != is.kind || was.first != is.first || was.second != is.second) refuse("sets of two kinds");
    for (const bool first : {true, false}) {
        job.checkStop();
        if (before.ids(b, first) != after.ids(a, first)) refuse("other items");
    }
    if (was.pairs != is.pairs) refuse("other pairs of the same items");
    const auto before_evaluator = before.evaluator(), after_evaluator = after.evaluator();
    const auto before_rows = before.components(b, before_setting, job),
               after_rows = after.components(a, after_setting, job);
    return compareProducts({before.model(), *before_rows, before_setting, landscapeRanks(*before_evaluator, b)},
                           {after.model(), *after_rows, after_setting, landscapeRanks(*after_evaluator, a)}, options,
                           job);
}

std::vector<std::string> LiveProduct::ids(std::size_t set, bool first) const {
    return workspace_->setIds(outlines_[set].name, first ? Workspace::Side::First : Workspace::Side::Second);
}

std::vector<std::string> LiveProduct::paths(std::size_t set, bool first) const {
    return workspace_->setPaths(outlines_[set].name, first ? Workspace::Side::First : Workspace::Side::Second);
}

}  // namespace engine
