// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A small router: which of a few settings a query should be asked at, told from what is known of the query itself. A
// softmax over the M settings, p(x) = softmax(b + Φ W x̂) of the standardised features x̂, and the query goes to the
// setting of the largest p. Φ [M][R] says what the settings have in common (say, low polynomials of their
// factors), so that neighbours learn from each other; the identity where nothing is known. Fitted by
//   minimise over W, b:  (1/n) Σ_q −Σ_m h_qm log p_m(x_q) + penalty/2 |W|²
// over the queries whose hits h_qm (0..1) differ between settings; what all settings share is taken off first. It is
// convex, and where nothing is penalised and Φ is the identity its minimum has p_m(x) in proportion to the expected
// hits of setting m at x, so that the largest p is the setting to choose. With a penalty without bound only b is left,
// and the router is the one setting that is best for all.
//
// Blocking jobs; thread-safe functions. The same data, options and seed give the same bits on any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/job.h"

namespace engine {

struct RouterOptions {
    std::uint32_t splits = 10;      // into a half to fit on and a half to report on; both ways
    std::uint32_t folds = 4;        // of the cross-validation within the half that is fitted on
    std::uint32_t examples = 4000;  // most queries that a router is fitted on; more are drawn from
    std::uint64_t seed = 1;
};

// Queries of one direction. Rows with the unit kNoUnit (engine/factors/unit_hits.h) are left out of everything.
struct RouterData {
    std::size_t features = 0, settings = 0;
    std::vector<double> x;            // [queries][features]
    std::vector<float> hits;          // [queries][settings], 0..1
    std::vector<std::uint32_t> unit;  // [queries]; queries of a unit are never parted
    std::size_t units = 0;
    std::vector<double> basis;  // Φ [settings][R]; empty: the identity
    // [features]: standard deviation that each is brought to; empty: 1. The smaller, the harder it is held by a
    // penalty.
    std::vector<double> spread;

    std::size_t queries() const { return unit.size(); }
    const float* hitsOf(std::size_t q) const { return hits.data() + q * settings; }
    const double* featuresOf(std::size_t q) const { return x.data() + q * features; }
};

// The loss above of a list of queries: x [n][features] (standardised), h [n][settings], basis [settings][R].
// `weights`, `gradient`: W [R][features], then b [settings].
class RouterLoss {
public:
    RouterLoss(std::size_t features, std::size_t settings, std::vector<double> basis, std::vector<double> x,
               std::vector<double> h);
    std::size_t parameters() const { return features_ * rank_ + settings_; }
    std::size_t examples() const { return n_; }
    double at(const std::vector<double>& weights, double penalty, std::vector<double>& gradient) const;
    // From `start` by L-BFGS until the gradient is small or the steps are used up.
    std::vector<double> minimise(std::vector<double> start, double penalty, const JobContext& job) const;

private:
    std::size_t features_, settings_, rank_, n_;
    std::vector<double> basis_, x_, h_;
};

struct Router {
    std::size_t one = 0;              // the one setting that is best for all queries it was fitted on
    std::vector<double> mean, scale;  // [features]: x̂ = (x − mean) · scale; scale 0: a feature that does not vary
    std::size_t settings = 0;
    std::vector<double> basis;    // [settings][R]
    std::vector<double> weights;  // as those of RouterLoss; empty: `one` for every query
    double penalty = 0;           // chosen by cross-validation; infinite where `weights` is empty
    double cross_validated = 0;   // expected gain over `one` in cross-validation, hits a query

    // The setting for a query of these features; the first of equals.
    std::size_t choose(const double* x) const;
};

// The setting with the most hits over `queries`; the first of equals.
std::size_t bestSetting(const RouterData& data, const std::vector<std::uint32_t>& queries);

// Fits a router on `queries`. The penalty is the one whose routers, fitted on all folds but one, have the most hits on
// that one; a router that does not beat the one setting there by more than 1.5 standard errors of their difference
// (over units) is not believed, and the one setting is kept.
Router fitRouter(const RouterData& data, const std::vector<std::uint32_t>& queries, const RouterOptions& options,
                 const std::string& name, const JobContext& job);

// What routers give on queries that they have not seen. Every split of the units gives two: fitted on either half,
// reported on the other, so each query is reported once a split. All are means over the splits.
struct RouterTrial {
    std::vector<float> router, one;  // [queries]: hits of the router's choice, and of the one setting of that half
    std::vector<float> fitted;       // [queries]: hits of the router's choice where it was fitted on the query
    std::vector<double> share;       // [settings]: how often the router chose it
    double believed = 0;             // share of the fits that cross-validation preferred to the one setting
    std::size_t differing = 0;       // queries whose hits differ between the settings
};

// `name` picks the halves: those of engine/factors/confidence.h for a set of that name.
RouterTrial tryRouter(const RouterData& data, const RouterOptions& options, const std::string& name,
                      const JobContext& job);

}  // namespace engine
