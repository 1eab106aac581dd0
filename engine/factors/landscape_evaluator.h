// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Points of the factors from landscapes: milliseconds for all sets, equal to DirectEvaluator to the last hit. What no
// landscape covers yet (other experts' weights than those prepared where they are not free, a point outside the box,
// too many layers) is computed directly. Settings with other projectors, or other values of factors that are not live,
// than a set's items were computed with are refused (Error{InvalidInput}) until setComponents() brings the items anew.
// A set whose landscape would not fit the memory can be asked a sample of its queries instead: then figures() are
// estimates, named as such by protocols(), and evaluate() is exact and slow.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/factors/factor_evaluator.h"
#include "engine/factors/label_landscape.h"
#include "engine/factors/landscape_estimate.h"
#include "engine/factors/set_landscape.h"

namespace engine {

struct LandscapeOptions {
    double memory_gib = 4;       // of all landscapes of a product
    bool sample_queries = true;  // of sets whose landscape does not fit
    std::size_t sample_size = 2000;
    std::uint64_t sample_seed = 1;
    std::string device = "auto";  // auto, cpu, cuda, cuda:1
};
const OptionTable<LandscapeOptions>& landscapeOptionTable();

class LandscapeEvaluator : public FactorEvaluator {
public:
    struct Options {
        EvalOptions eval;
        bool synthetic = false;
        std::uint64_t memory_bytes = std::uint64_t{4} << 30;  // of all landscapes
        std::filesystem::path cache;                          // folder; empty: nothing is kept on disk
        std::map<std::string, FactorRange> box;               // by factor; those not named: 0..1
        // A set whose landscape does not fit is asked a sample of its queries (query_sample.h) in figures(), with
        // intervals(); evaluate() computes it directly. Without: directly everywhere.
        bool sample_queries = false;
        std::size_t sample_size = 0;  // queries of both directions at most, in whole units; 0: as many as fit
        std::uint64_t sample_seed = 1;
        // Where landscapes are built: auto, cpu, cuda, cuda:N. auto: sets of kGpuPairs pairs and more on the first GPU.
        std::string device = "auto";
        // Live factors that a landscape is of; empty: all shares. The others are held at what they are in the setting
        // that is prepared, which takes a fraction of the time; other values of theirs are computed directly. Experts'
        // weights are free where they are named here: one of a step (FactorAxis::factor, "weight_CLAP_g").
        std::vector<std::string> free = {};
    };
    static constexpr std::uint64_t kGpuPairs = 4'000'000;
    // Throws Error{Device} where a GPU was named that is not there.
    LandscapeEvaluator(std::shared_ptr<const ProductModel> model, std::vector<SetComponents> sets, Options options);
    // Some of another's sets, with the landscapes that they have; these are shared, not copied.
    LandscapeEvaluator(const LandscapeEvaluator& other, const std::vector<std::size_t>& sets);
    ~LandscapeEvaluator() override;

    // The set's items computed with other projectors, or with several choices of them. Its landscape goes.
    void setComponents(std::size_t set, SetComponents components);
    const SetComponents& components(std::size_t set) const { return slots_[set].set; }
    // Other factors are to be free from now on (Options::free). A set's landscape stays what it is until the set is
    // prepared; where its factors do not change by it, beyond that.
    void setFree(std::vector<std::string> free);
    // Whether the set's landscape has just the factors that it would have with these.
    bool isMadeFor(std::size_t set, const std::vector<std::string>& free) const;
    // Whether the set's landscape is of this factor, or the set does not depend on it.
    bool runsAlong(std::size_t set, const FactorInfo& axis) const;
    // True where the set's items were computed with the setting's projectors and factors that are not live.
    bool fits(std::size_t set, const Setting& setting) const;
    // Makes ready what a setting needs, smallest set first; what is ready for its experts' weights stays. `build`
    // false: only what the cache has. Blocking job.
    struct Prepared {
        std::vector<std::string> built, from_cache, kept;  // sets
        std::map<std::string, std::string> direct;         // sets that have no landscape, and why
        std::map<std::string, QuerySample> sampled;        // sets whose figures() come from a sample
        std::map<std::string, LandscapeEstimate>
            expected;  // what whole landscapes would cost, of those not in the cache
        double seconds = 0;
        std::uint64_t bytes = 0;  // of all landscapes
    };
    Prepared prepare(const Setting& setting, const JobContext& job, bool build = true,
                     std::optional<std::size_t> only = std::nullopt);
    // Builds a sampled set's landscape anew for twice the units, or all, within the memory of all landscapes (which
    // becomes `memory_bytes` if that is more); the smaller sample is part of it. False, and all is as before, where the
    // set is not sampled at this setting or the larger one does not fit. Blocking job.
    bool enlargeSample(std::size_t set, const Setting& setting, std::uint64_t memory_bytes, const JobContext& job);
    // The sample that a set's figures come from; nothing where all queries are asked, or none is ready.
    std::optional<QuerySample> sample(std::size_t set) const;
    // True where a set's figures at this setting come from a landscape.
    bool ready(std::size_t set, const Setting& setting) const;
    // Its figures, without median ranks; nothing where it is not ready. Thread-safe beside other readers.
    std::optional<MetricMap> readyFigures(std::size_t set, const Setting& setting) const;

    MetricsTable evaluate(const Setting& setting, const JobContext& job) override;
    std::vector<MetricMap> figures(const Setting& setting, const JobContext& job) override;
    // On all threads, a setting each. A set is asked once for each point of its own factors.
    std::vector<std::vector<MetricMap>> figuresAt(const std::vector<Setting>& settings, const JobContext& job) override;
    std::size_t pointsAtOnce() const override { return 256; }
    std::vector<IntervalMap> intervals(const Setting& setting, const JobContext& job) override;
    // Of one set; empty where it is not sampled, or not ready. Thread-safe beside other readers.
    IntervalMap readyIntervals(std::size_t set, const Setting& setting) const;
    std::vector<Protocol> protocols(const Setting& setting, const JobContext& job) override;
    const std::vector<SetOutline>& sets() const override { return direct_.sets(); }
    const std::vector<FactorInfo>& factors() const override { return direct_.factors(); }
    std::vector<FactorInfo> axes() const override { return direct_.axes(); }
    std::string subject() const override { return direct_.subject(); }
    bool synthetic() const override { return options_.synthetic; }

    // Nothing where the set is not ready, or has several labels.
    std::shared_ptr<const SetLandscape> landscape(std::size_t set) const { return slots_[set].cells; }
    // The factors of a set's own grid at a setting.
    std::vector<double> pointOf(std::size_t set, const Setting& setting) const;
    TieRule ties() const { return ties_; }
    // SetLandscape::lookAhead() of every set that is ready: makes the next question near `setting` cheaper.
    void lookAhead(const Setting& setting, double step) const;

    // Options::free to run along these: where a weight is among them no other factor is free, which takes a fraction of
    // the time. Empty: all shares.
    static std::vector<std::string> freeFor(const RoutePlan& plan, const std::vector<std::string>& axes);

private:
    // What of a set's sides is a factor of its landscape.
    struct Layout {
        std::vector<LayerDims> first, second;  // part: not known before a setting is
        std::vector<FactorRange> box;
        std::vector<FactorInfo> factors;  // of the box
        bool weights = false;             // some of them are experts' weights
        bool switches = false;            // a free weight of 0 or 1 switches off all experts of one of its sides
        std::string refusal;              // why there can be no landscape
    };
    struct Slot {
        SetComponents set;
        Layout layout;
        std::vector<std::string> free;  // that the layout is for
        // What the landscape was made for beside its factors: experts' weights, and shares that are held; and the
        // setting, which says at once that it is the same. Free weights are at their middle in both.
        std::vector<double> made_for;
        Setting made_at;
        std::shared_ptr<const SetLandscape> cells;
        std::shared_ptr<const LabelLandscape> labels;
    };
    Layout layoutOf(const SetComponents& set, const std::vector<std::string>& free) const;
    LandscapeRequest requestOf(const Slot& slot, const Setting& setting, std::uint64_t memory_bytes) const;
    std::uint64_t usedBytes() const;
    // A landscape of the whole set, or of a sample; null where there is none, and `out` says why.
    std::shared_ptr<const SetLandscape> makeCells(const LandscapeRequest& request, const JobContext& job, bool build,
                                                  bool& cached, Prepared& out) const;
    std::shared_ptr<const SetLandscape> makeSample(const LandscapeRequest& request, const JobContext& job, bool& cached,
                                                   Prepared& out) const;
    bool sameHeld(const Slot& slot, const std::vector<double>& key) const;
    bool sameSetting(const Slot& slot, const Setting& setting) const;
    // Weights that are free, put to their middle, so that all experts beside them count; where any is on.
    void takeMiddle(const Slot& slot, Setting& setting) const;
    std::vector<double> heldKey(const Slot& slot, const Setting& setting) const;
    SetMetrics metricsOf(const Slot& slot, const double* point, const std::string& score, bool whole) const;

    std::shared_ptr<const ProductModel> model_;
    Options options_;
    TieRule ties_;
    std::vector<Slot> slots_;
    DirectEvaluator direct_;
};

}  // namespace engine
