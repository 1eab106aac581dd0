// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A product opened for tuning by hand: everything a window asks of it while sliders move. Figures come from landscapes
// (engine/factors) where these are ready, one evaluation set at a time, smallest first; nothing here loads LibTorch or
// changes the product.
//
// Thread-safe: any number of threads may read while one prepares. Values only in results. Factors that are not live may
// be set, and subset projectors switched: then prepare() runs projectors on the items that this touches, which is no
// live change, and a set is not ready until it has.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/job.h"
#include "engine/eval/metrics.h"
#include "engine/factors/confidence.h"
#include "engine/factors/flips.h"
#include "engine/factors/headroom.h"
#include "engine/factors/landscape_evaluator.h"
#include "engine/factors/sureness.h"
#include "engine/factors/sweep.h"
#include "engine/factors/tune.h"
#include "engine/factors/why.h"
#include "engine/session/session.h"

namespace engine {

// An expert of the route, as a switch.
struct ExpertSwitch {
    std::string key;  // in Setting::expert_weights: "CLAP_g"
    std::string space;
    std::size_t step = 0;
    ReactionKind kind = ReactionKind::Combination;
    double weight = 1;                    // the recipe's; 0: off
    std::vector<std::string> modalities;  // on which it has a share
    std::vector<std::string> projectors;  // trained subsets: "T", "V", ..., "TVA"
    std::vector<std::string> active;      // of these, the recipe's
};

// What another value of a factor that is not live costs, until every set that it touches is ready again.
struct RecomputeEstimate {
    std::size_t sets = 0, rows = 0;  // that it touches
    double seconds = 0;
    bool measured = false;  // at the speed at which projectors ran here before; else at that of a short trial
};

// Figures of one setting: by metric for each set, in the order of sets(); nothing where no landscape is ready for it.
struct LiveFigures {
    Setting setting;
    std::vector<std::optional<MetricMap>> sets;
    std::vector<IntervalMap> intervals;  // of sets that are asked a sample of their queries; empty for the others
    double milliseconds = 0;             // that the figures took
};

// The curve of a Δ group along one factor, with the very values at which it changes.
struct LiveCurve {
    std::string factor;
    DeltaGroup group;
    HitCurve change;  // percentage points against the baseline; piecewise constant
    // Where some set is asked a sample of its queries: of the change at the setting that the curve runs through. The
    // curve is exact for the queries that were asked.
    std::optional<RateInterval> interval;
};

class LiveProduct {
public:
    struct Request {
        std::filesystem::path product;
        std::filesystem::path workspace;         // empty: the one it was trained on
        Json options = Json::object();           // see evaluateOptions()
        Json landscapes = Json::object();        // see landscapeOptions()
        std::optional<std::int64_t> stage = {};  // as it was on the way of its training; nothing: the product itself
    };
    // Loads recipe and components (mapped); measures nothing. Errors as of evaluate().
    static std::shared_ptr<LiveProduct> open(const Request& request, const JobContext& job);
    ~LiveProduct();

    const std::filesystem::path& folder() const { return product_.folder; }
    // Time travel (engine/recipe/stages.h): which of how many states that were kept this is. The last is the product
    // itself; `of` is 0 where none are kept.
    struct Stage {
        std::int64_t part = 0, of = 0;
    };
    Stage stage() const { return stage_; }
    static bool hasStage(const std::filesystem::path& product, std::int64_t part);
    const std::filesystem::path& productFolder() const { return product_folder_; }  // whichever stage is open
    const std::filesystem::path& workspaceFolder() const { return workspace_->folder(); }
    const ProductModel& model() const { return *product_.model; }
    const Recipe& recipe() const { return product_.model->recipe(); }
    const RoutePlan& plan() const { return product_.model->plan(); }
    const ProductRecord& record() const { return product_.record; }
    bool synthetic() const { return synthetic_; }
    const std::vector<SetOutline>& sets() const { return outlines_; }
    const SetDescription& description(std::size_t set) const { return components_[set]->set; }
    const std::vector<ExpertSwitch>& experts() const { return experts_; }
    const EvalOptions& evalOptions() const { return eval_; }

    // Every factor, every expert's weight and every projector named, at the recipe's values.
    Setting defaults() const;
    // The defaults with what `setting` names of them over it.
    Setting completed(const Setting& setting) const;
    // The recipe's named settings, each complete as defaults() is.
    const std::map<std::string, Setting>& presets() const { return presets_; }
    // The share that a setting gives each space on a side of a set, in the order in which a router weighs them
    // (engine/recipe/space_router.h); which projectors are active makes no difference.
    std::vector<std::pair<std::string, double>> sharesByHand(std::size_t set, bool first, const Setting& setting) const;
    // The formula in force for a modality with the setting's numbers in it.
    std::string formula(const Modality& modality, const Setting& setting) const;
    // The Δ groups of the recipe, else the default ones, of sets that `baseline` has too.
    std::vector<DeltaGroup> groups(const MetricsTable& baseline) const;

    // --- Blocking jobs ---

    // The figures of a single space on each of sets() that has rows of it. Measured once, then remembered.
    MetricsTable measureSpace(const std::string& space, const JobContext& job);
    // The items of a set for a setting's projectors and factors that are not live: at once for the recipe's and for the
    // latest choices, else computed as far as they are touched, or read from where that was kept.
    std::shared_ptr<const SetComponents> components(std::size_t set, const Setting& setting,
                                                    const JobContext& job) const;
    // For two settings together. Throws Error{InvalidInput} where these differ in what a displacement is made with.
    std::shared_ptr<const SetComponents> components(std::size_t set, const Setting& a, const Setting& b,
                                                    const JobContext& job) const;
    // The product's own figures at a setting, with protocols and median ranks.
    MetricsTable measure(const Setting& setting, const JobContext& job) const;
    // One expert's weight of a step that is to be a live factor too, or none: landscapes of the sets that it touches
    // are made for any weight then, which takes several times as long. What is ready stays so until the set is
    // prepared. False where it was so already. Throws Error{InvalidInput} where there is no such weight, or it is not
    // live.
    bool setLiveWeight(const std::string& weight);
    // Shares that are live, and that weight.
    std::vector<FactorInfo> axes() const;
    // The one of that name; nothing where there is none.
    std::optional<FactorInfo> axis(const std::string& name) const;
    // Whether it can move any figure of a set: it shares in, or weighs an expert that has, one of the set's modalities.
    bool acts(const FactorInfo& factor, std::size_t set) const;
    // Whether what is ready for one of these settings is for the other too.
    bool sameButAxes(const Setting& a, const Setting& b) const;
    // What is not ready at a setting, or not yet along all axes(), smallest set first.
    std::vector<std::size_t> missing(const Setting& setting) const;
    // Makes a landscape for a set at the setting's experts' weights and projectors, from the cache on disk where it is
    // there. Returns false, with the reason in whyNot(), where there can be none: then figures() leave the set out and
    // measure() takes it directly.
    bool prepare(std::size_t set, const Setting& setting, const JobContext& job);
    bool ready(std::size_t set, const Setting& setting) const;
    // From rows, widths and projectors. Throws Error{NotFound} where there is no such factor.
    RecomputeEstimate recomputeEstimate(const std::string& factor) const;
    // What setLiveWeight() costs: the sets whose landscapes it touches, and the time that these take.
    RecomputeEstimate liveWeightEstimate(const std::string& weight) const;
    // Where a set's landscape does not fit the memory (landscapeOptions()), figures, surfaces and curves of it are
    // estimates from a sample of its queries against all candidates; measure() and why() are exact. Nothing where all
    // queries are asked.
    std::optional<QuerySample> sample(std::size_t set) const;
    // Twice the sample, or all queries, within `memory_bytes` of all landscapes; false where that does not fit.
    bool enlargeSample(std::size_t set, const Setting& setting, std::uint64_t memory_bytes, const JobContext& job);
    std::string whyNot(std::size_t set, const Setting& setting) const;
    std::string whyNot(std::size_t set) const;  // at whichever setting was prepared last

    // --- Quick ---

    // The interval of a group's change in figures(), where some set is asked a sample; nothing elsewhere.
    std::optional<RateInterval> changeInterval(const DeltaGroup& group, const LiveFigures& figures,
                                               double change) const {
        return groupInterval(group, outlines_, figures.intervals, change);
    }
    // Of the sets that are ready. `labels`: also sets with several labels (mAP), which cost some 50 ms each.
    LiveFigures figures(const Setting& setting, bool labels, const JobContext& job) const;
    // After the figures of a setting that was set by hand: makes those of settings near it cheaper, behind.
    void lookAhead(const Setting& setting) const;
    // Surfaces or curves of those groups whose sets are all ready; `fixed` names the other factors and experts.
    // `groups` empty in the result: none is ready yet. None of median ranks, which are not quick to have.
    SweepSurface surface(const std::vector<FactorAxis>& axes, const Setting& fixed, const MetricsTable& baseline,
                         const JobContext& job, const SweepSink& sink = {}) const;
    // A group's exact curve along one factor through a setting; nothing where a set is not ready or the group's metric
    // is not R@1, R@5 or R@10.
    std::optional<LiveCurve> curve(const DeltaGroup& group, const std::string& factor, const Setting& setting,
                                   const MetricsTable& baseline, const JobContext& job) const;
    // Where along a live factor's line through a setting the hits of a set's queries change, in one direction; nothing
    // where the set has no landscape there. A sampled set tells only of the queries that are asked.
    std::optional<LineHits> flips(std::size_t set, bool forward, const std::string& factor, const Setting& setting,
                                  const JobContext& job) const;
    // The best setting under constraints (engine/factors/tune.h); `request.groups` and `baseline` as given.
    TuneResult tune(const TuneRequest& request, const JobContext& job) const;
    // Which settings of a surface may be its best: one char for each point of the surface.
    TiedRegion tied(const DeltaGroup& group, const SweepSurface& surface, const ConfidenceOptions& options,
                    const JobContext& job) const;
    // The interval of a group's change between two settings.
    Interval difference(const DeltaGroup& group, const Setting& after, const Setting& before,
                        const ConfidenceOptions& options, const JobContext& job) const;
    // How sure the best setting of a search is (engine/factors/sureness.h), as `molspace tune` tells it. Throws as
    // headroom().
    Sureness sureness(const DeltaGroup& group, const TuneResult& result, const Setting& fixed,
                      const ConfidenceOptions& options, const JobContext& job) const;
    // What single queries could have beyond the best setting (engine/factors/headroom.h), as `molspace tune --headroom`
    // tells it. Throws Error{Busy} while a set of the group is being prepared at that choice of experts.
    HeadroomResult headroom(const DeltaGroup& group, const Setting& current, const Setting& best,
                            const HeadroomOptions& options, const ConfidenceOptions& confidence,
                            const JobContext& job) const;
    // Queries gained and lost between two settings on one set, and what moved them.
    SetChange why(std::size_t set, const Setting& before, const Setting& after, const WhyOptions& options,
                  const JobContext& job) const;
    // The same between two products, each at a setting, on a set that both are measured on: of that name, with the same
    // items and pairs in the same order. No movers: two products do not differ by factors alone. Throws
    // Error{InvalidInput} naming what they do not share.
    static SetChange compare(const LiveProduct& before, const Setting& before_setting, const LiveProduct& after,
                             const Setting& after_setting, const std::string& set, const WhyOptions& options,
                             const JobContext& job);
    // Ids and, where known, paths of the items of a set's side.
    std::vector<std::string> ids(std::size_t set, bool first) const;
    std::vector<std::string> paths(std::size_t set, bool first) const;

private:
    LiveProduct() = default;
    std::shared_ptr<LandscapeEvaluator> evaluator() const;
    // Those of `groups` whose sets are all ready along these factors, and an evaluator of their sets alone.
    std::shared_ptr<LandscapeEvaluator> evaluatorOf(const std::vector<DeltaGroup>& groups, const Setting& setting,
                                                    const std::vector<FactorInfo>& along,
                                                    std::vector<DeltaGroup>& ready_groups) const;
    std::size_t setIndex(const std::string& name) const;
    // Throws where the hits of single queries of the group's sets are not known at both settings.
    void requireHits(const LandscapeEvaluator& evaluator, const DeltaGroup& group, const Setting& a,
                     const Setting& b) const;

    LoadedProduct product_;
    std::filesystem::path product_folder_;
    Stage stage_;
    std::shared_ptr<const Workspace> workspace_;  // opened once: every file of it is tried in a process of its own
    bool synthetic_ = false;
    EvalOptions eval_;
    std::vector<SetOutline> outlines_;
    std::vector<std::shared_ptr<const SetComponents>> components_;  // at the recipe's projectors
    std::vector<ExpertSwitch> experts_;
    std::map<std::string, Setting> presets_;

    std::vector<std::string> freeFactors() const;

    std::mutex preparing_;
    mutable std::timed_mutex computing_;  // one runs projectors at a time: it has all cores
    mutable std::mutex mutex_;
    std::shared_ptr<LandscapeEvaluator> evaluator_;  // guarded; what it points to is only read
    std::string live_weight_;                        // guarded; empty: none
    mutable std::map<std::vector<std::size_t>, std::shared_ptr<LandscapeEvaluator>> subsets_;  // guarded; of the same
    mutable std::vector<std::vector<std::shared_ptr<const SetComponents>>> recent_;  // guarded; the latest first
    struct Refusal {
        Setting at;
        std::string weight;  // that was to be live
        std::string why;     // empty: there is a landscape
    };
    std::vector<Refusal> refusals_;               // guarded; the latest of each set
    std::map<std::string, MetricsTable> spaces_;  // guarded
    double built_flop_ = 0, built_seconds_ = 0;   // guarded; of landscapes
};

}  // namespace engine
