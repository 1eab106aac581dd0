// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Metrics of a product at any setting that its items were made for: live factors are free. Sweeps and tuning see only
// this interface, so that how a point is computed (by blending again, or from landscapes) is nobody else's business.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/eval/product_evaluation.h"
#include "engine/recipe/route_plan.h"

namespace engine {

// What is known of an evaluation set before anything is measured.
struct SetOutline {
    std::string name;
    SetKind kind = SetKind::Retrieval;
    Modality first, second;
};

// A rate of a sample of the queries, percent, with its 95 % interval for the rate of all queries.
struct RateInterval {
    double estimate = 0, low = 0, high = 0;
};
using IntervalMap = std::map<std::string, RateInterval>;  // by metric

// One job at a time; not thread-safe.
class FactorEvaluator {
public:
    virtual ~FactorEvaluator() = default;
    // Every set at the recipe's factors with `setting` put in. Throws Error{InvalidInput} naming a factor that is
    // unknown or out of 0..1, or not live and other than the items were made for. Equal settings give equal figures.
    virtual MetricsTable evaluate(const Setting& setting, const JobContext& job) = 0;
    // The figures of every set by metric, in the order of sets(), without protocols: what sweeps and tuning ask for at
    // many points. A metric that would cost much more than the others may be left out (median rank).
    virtual std::vector<MetricMap> figures(const Setting& setting, const JobContext& job);
    // The same at several settings, in their order. `pointsAtOnce`: how many take some milliseconds together, or 1.
    virtual std::vector<std::vector<MetricMap>> figuresAt(const std::vector<Setting>& settings, const JobContext& job);
    virtual std::size_t pointsAtOnce() const { return 1; }
    // Intervals of the figures of sets that are measured on a sample, in the order of sets(); empty for the others.
    virtual std::vector<IntervalMap> intervals(const Setting& setting, const JobContext& job);
    // How each set is measured at a setting, in the order of sets().
    virtual std::vector<Protocol> protocols(const Setting& setting, const JobContext& job);
    virtual const std::vector<SetOutline>& sets() const = 0;
    virtual const std::vector<FactorInfo>& factors() const = 0;         // shares, which a setting can name
    virtual std::vector<FactorInfo> axes() const { return factors(); }  // and experts' weights: what can be run along
    virtual std::string subject() const = 0;                            // the product's name
    virtual bool synthetic() const = 0;                                 // measured on a synthetic world
};

// Computes a point by blending the components and ranking again. A set is measured again only where the setting changes
// the weights of one of its two sides. Memory: the blended rows of the last point, within `cached_rows_bytes`, and the
// figures of the points so far.
class DirectEvaluator : public FactorEvaluator {
public:
    struct Options {
        EvalOptions eval;
        bool synthetic = false;  // measured on a synthetic world
        bool reference = false;  // brute force in float64: slow
        std::size_t cached_rows_bytes = std::size_t{1} << 30;
    };
    DirectEvaluator(std::shared_ptr<const ProductModel> model, std::vector<SetComponents> sets, Options options);
    ~DirectEvaluator() override;

    MetricsTable evaluate(const Setting& setting, const JobContext& job) override;
    SetMetrics evaluateSetAt(std::size_t set, const Setting& setting, const JobContext& job);
    // The set's items computed with other projectors; what was known of them is forgotten.
    void setComponents(std::size_t set, SetComponents components);
    const std::vector<SetOutline>& sets() const override { return outlines_; }
    const std::vector<FactorInfo>& factors() const override { return model_->plan().factors; }
    std::vector<FactorInfo> axes() const override { return model_->plan().axes(); }
    std::string subject() const override { return model_->recipe().name; }
    bool synthetic() const override { return options_.synthetic; }

    std::size_t setsMeasured() const { return sets_measured_; }  // how many were not answered from earlier points

private:
    struct Side;
    const SetMetrics& measure(std::size_t set, const Setting& setting, const std::string& score, const JobContext& job);
    void requireLive(const Setting& setting, std::size_t set) const;
    Side& blended(std::size_t set, bool second, BlendWeights weights, const JobContext& job);

    std::shared_ptr<const ProductModel> model_;
    std::vector<SetComponents> sets_;
    std::vector<SetOutline> outlines_;
    Options options_;
    std::vector<std::map<std::vector<double>, SetMetrics>> known_;  // per set, by the weights of both sides
    std::vector<std::unique_ptr<Side>> rows_;                       // two for each set
    std::size_t sets_measured_ = 0;
};

// Throws Error{InvalidInput} listing every name in `setting` that no factor has, and values out of 0..1. Whether they
// were made for its factors that are not live, items say themselves.
void checkSetting(const Setting& setting, const std::vector<FactorInfo>& factors, const std::string& subject);
// The one of `axes` that is to run from `low` to `high`, within 0..1: it must be live. Throws as above.
FactorInfo requireAxis(const std::string& name, double low, double high, const std::vector<FactorInfo>& axes,
                       const std::string& subject);

// Why these cannot be run along together: one is there twice, or two weights are of one step, where each follows from
// the others.
std::vector<std::string> axesProblems(const std::vector<FactorInfo>& axes);

// The weights as one list of numbers, equal exactly where the blend is: where a share is 0 the layer's own weights do
// not count, and weights are scaled to sum 1.
std::vector<double> weightsKey(const BlendWeights& weights);

}  // namespace engine
