// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/router.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <deque>
#include <limits>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/first_error.h"
#include "engine/base/rng.h"
#include "engine/factors/unit_hits.h"

namespace engine {

namespace {

// From strong to weak; standardised features, mean loss.
constexpr std::array<double, 6> kPenalties{3, 1, 0.3, 0.1, 0.03, 0.01};
constexpr std::size_t kMemory = 8, kMostSteps = 60;
// Standard errors of the gain in cross-validation. One is too few: the gain is the largest of several penalties.
constexpr double kBelieved = 1.5;
constexpr double kSmallGradient = 3e-4;  // against the order of 1 of the loss
// The intercepts are held a little, so that a setting that never hits has a finite one.
constexpr double kInterceptPenalty = 1e-4;

double dot(const double* a, const double* b, std::size_t n) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    return dot(a.data(), b.data(), a.size());
}

bool differs(const RouterData& data, std::size_t q) {
    const float* h = data.hitsOf(q);
    return std::any_of(h, h + data.settings, [&](float v) { return v != h[0]; });
}

// A standardisation and the loss of some queries under it.
struct Fit {
    Router router;
    RouterLoss loss;
};

void standardise(const RouterData& data, const std::vector<std::uint32_t>& queries, Router& router) {
    router.mean.assign(data.features, 0);
    router.scale.assign(data.features, 0);
    const auto n = static_cast<double>(queries.size());
    for (const std::uint32_t q : queries)
        for (std::size_t j = 0; j < data.features; ++j) router.mean[j] += data.featuresOf(q)[j] / n;
    for (const std::uint32_t q : queries) {
        for (std::size_t j = 0; j < data.features; ++j) {
            const double d = data.featuresOf(q)[j] - router.mean[j];
            router.scale[j] += d * d / n;
        }
    }
    for (std::size_t j = 0; j < data.features; ++j) {
        const double deviation = std::sqrt(router.scale[j]);
        const double spread = data.spread.empty() ? 1 : data.spread[j];
        router.scale[j] = deviation > 1e-6 * (1e-6 + std::fabs(router.mean[j])) ? spread / deviation : 0;
    }
}

Fit prepare(const RouterData& data, const std::vector<std::uint32_t>& queries) {
    Router router;
    router.one = bestSetting(data, queries);
    router.penalty = std::numeric_limits<double>::infinity();
    standardise(data, queries, router);
    router.settings = data.settings;
    router.basis = data.basis;
    if (router.basis.empty()) {
        router.basis.assign(data.settings * data.settings, 0);
        for (std::size_t m = 0; m < data.settings; ++m) router.basis[m * data.settings + m] = 1;
    }
    std::vector<double> x, h;
    for (const std::uint32_t q : queries) {
        if (!differs(data, q)) continue;
        for (std::size_t j = 0; j < data.features; ++j)
            x.push_back((data.featuresOf(q)[j] - router.mean[j]) * router.scale[j]);
        const float* hits = data.hitsOf(q);
        const float common = *std::min_element(hits, hits + data.settings);
        for (std::size_t m = 0; m < data.settings; ++m) h.push_back(static_cast<double>(hits[m] - common));
    }
    RouterLoss loss(data.features, data.settings, router.basis, std::move(x), std::move(h));
    return {std::move(router), std::move(loss)};
}

// Whole units of `queries`, as many as have about `most` queries that differ; the order of the queries stays.
std::vector<std::uint32_t> drawn(const RouterData& data, const std::vector<std::uint32_t>& queries, std::size_t most,
                                 Rng& rng) {
    std::vector<std::size_t> differing(data.units, 0);
    std::size_t all = 0;
    for (const std::uint32_t q : queries) {
        const std::size_t one = differs(data, q) ? 1 : 0;
        differing[data.unit[q]] += one;
        all += one;
    }
    if (all <= most) return queries;
    std::vector<char> take(data.units, 0);
    std::size_t taken = 0;
    for (const std::uint32_t u : randomOrder(data.units, rng)) {
        if (taken >= most) break;
        take[u] = 1;
        taken += differing[u];
    }
    std::vector<std::uint32_t> out;
    for (const std::uint32_t q : queries)
        if (take[data.unit[q]] != 0) out.push_back(q);
    return out;
}

}  // namespace

RouterLoss::RouterLoss(std::size_t features, std::size_t settings, std::vector<double> basis, std::vector<double> x,
                       std::vector<double> h)
    : features_(features),
      settings_(settings),
      rank_(basis.size() / settings),
      n_(h.size() / settings),
      basis_(std::move(basis)),
      x_(std::move(x)),
      h_(std::move(h)) {
    ENGINE_CHECK(x_.size() == n_ * features_ && h_.size() == n_ * settings_ && basis_.size() == rank_ * settings_,
                 "a router's examples");
}

double RouterLoss::at(const std::vector<double>& weights, double penalty, std::vector<double>& gradient) const {
    const std::size_t rank = rank_, m = settings_, intercepts = features_ * rank;
    gradient.assign(weights.size(), 0);
    std::vector<double> along(rank), residual(m);
    double loss = 0;
    const double each = n_ == 0 ? 0 : 1 / static_cast<double>(n_);
    for (std::size_t i = 0; i < n_; ++i) {
        const double *x = x_.data() + i * features_, *h = h_.data() + i * m;
        double *a = along.data(), *r = residual.data();
        for (std::size_t k = 0; k < rank; ++k) a[k] = dot(x, weights.data() + k * features_, features_);
        double hits = 0, own = 0, top = -std::numeric_limits<double>::infinity();
        for (std::size_t k = 0; k < m; ++k) {
            const double* phi = basis_.data() + k * rank;
            r[k] = std::inner_product(phi, phi + rank, a, weights[intercepts + k]);
            top = std::max(top, r[k]);
            hits += h[k];
            own += h[k] * r[k];
        }
        double sum = 0;
        for (std::size_t k = 0; k < m; ++k) sum += r[k] = std::exp(r[k] - top);
        loss += each * (hits * (top + std::log(sum)) - own);
        std::fill(along.begin(), along.end(), 0.0);
        for (std::size_t k = 0; k < m; ++k) {
            const double slope = each * (hits * r[k] / sum - h[k]);
            gradient[intercepts + k] += slope;
            const double* phi = basis_.data() + k * rank;
            for (std::size_t c = 0; c < rank; ++c) a[c] += slope * phi[c];
        }
        for (std::size_t k = 0; k < rank; ++k) {
            double* g = gradient.data() + k * features_;
            const double v = a[k];
#pragma omp simd
            for (std::size_t j = 0; j < features_; ++j) g[j] += v * x[j];
        }
    }
    for (std::size_t p = 0; p < weights.size(); ++p) {
        const double held = p < intercepts ? penalty : kInterceptPenalty;
        loss += held / 2 * weights[p] * weights[p];
        gradient[p] += held * weights[p];
    }
    return loss;
}

std::vector<double> RouterLoss::minimise(std::vector<double> start, double penalty, const JobContext& job) const {
    struct Pair {
        std::vector<double> step, change;
        double scale;
    };
    std::deque<Pair> pairs;
    std::vector<double> w = std::move(start), gradient, next_gradient;
    double loss = at(w, penalty, gradient);
    for (std::size_t iteration = 0; iteration < kMostSteps; ++iteration) {
        job.checkStop();
        if (std::sqrt(dot(gradient, gradient)) < kSmallGradient) break;
        std::vector<double> direction = gradient, alpha(pairs.size());
        for (std::size_t i = pairs.size(); i-- > 0;) {
            alpha[i] = pairs[i].scale * dot(pairs[i].step, direction);
            for (std::size_t p = 0; p < w.size(); ++p) direction[p] -= alpha[i] * pairs[i].change[p];
        }
        if (!pairs.empty()) {
            const double first =
                dot(pairs.back().step, pairs.back().change) / dot(pairs.back().change, pairs.back().change);
            for (double& v : direction) v *= first;
        }
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            const double beta = pairs[i].scale * dot(pairs[i].change, direction);
            for (std::size_t p = 0; p < w.size(); ++p) direction[p] += (alpha[i] - beta) * pairs[i].step[p];
        }
        // Armijo: the loss is convex, so halving comes to an end.
        const double slope = -dot(direction, gradient);
        double length = 1, next_loss = 0;
        std::vector<double> next(w.size());
        bool lower = false;
        for (int trial = 0; trial < 30 && !lower; ++trial, length /= 2) {
            for (std::size_t p = 0; p < w.size(); ++p) next[p] = w[p] - length * direction[p];
            next_loss = at(next, penalty, next_gradient);
            lower = next_loss <= loss + 1e-4 * length * slope;
        }
        if (!lower) break;
        Pair pair{std::vector<double>(w.size()), std::vector<double>(w.size()), 0};
        for (std::size_t p = 0; p < w.size(); ++p) {
            pair.step[p] = next[p] - w[p];
            pair.change[p] = next_gradient[p] - gradient[p];
        }
        const double along = dot(pair.step, pair.change);
        if (along > 0) {
            pair.scale = 1 / along;
            pairs.push_back(std::move(pair));
            if (pairs.size() > kMemory) pairs.pop_front();
        }
        w = std::move(next);
        std::swap(gradient, next_gradient);
        loss = next_loss;
    }
    return w;
}

std::size_t Router::choose(const double* x) const {
    if (weights.empty()) return one;
    const std::size_t features = mean.size(), rank = basis.size() / settings;
    std::vector<double> standard(features), along(rank);
    for (std::size_t j = 0; j < features; ++j) standard[j] = (x[j] - mean[j]) * scale[j];
    for (std::size_t k = 0; k < rank; ++k) along[k] = dot(standard.data(), weights.data() + k * features, features);
    std::size_t best = 0;
    double most = -std::numeric_limits<double>::infinity();
    for (std::size_t m = 0; m < settings; ++m) {
        const double* phi = basis.data() + m * rank;
        const double logit = std::inner_product(phi, phi + rank, along.data(), weights[features * rank + m]);
        if (logit > most) most = logit, best = m;
    }
    return best;
}

std::size_t bestSetting(const RouterData& data, const std::vector<std::uint32_t>& queries) {
    std::vector<double> sums(data.settings, 0);
    for (const std::uint32_t q : queries)
        for (std::size_t m = 0; m < data.settings; ++m) sums[m] += static_cast<double>(data.hitsOf(q)[m]);
    return static_cast<std::size_t>(std::max_element(sums.begin(), sums.end()) - sums.begin());
}

Router fitRouter(const RouterData& data, const std::vector<std::uint32_t>& all_queries, const RouterOptions& options,
                 const std::string& name, const JobContext& job) {
    ENGINE_CHECK(data.settings >= 1 && options.folds >= 2, "a router's settings and folds");
    Rng rng(options.seed, "router " + name);
    const std::vector<std::uint32_t> queries = drawn(data, all_queries, options.examples, rng);
    Fit whole = prepare(data, queries);
    whole.router.one = bestSetting(data, all_queries);
    if (whole.loss.examples() == 0 || data.features == 0) return std::move(whole.router);

    // Folds of whole units.
    std::vector<std::uint32_t> fold_of(data.units, 0);
    {
        std::vector<char> there(data.units, 0);
        for (const std::uint32_t q : queries) there[data.unit[q]] = 1;
        std::uint32_t next = 0;
        for (const std::uint32_t u : randomOrder(data.units, rng))
            if (there[u] != 0) fold_of[u] = next++ % options.folds;
        if (next < options.folds) return std::move(whole.router);
    }
    // Hits over those of the one setting, by penalty and unit.
    std::vector<std::vector<double>> gain(kPenalties.size(), std::vector<double>(data.units, 0.0));
    for (std::uint32_t fold = 0; fold < options.folds; ++fold) {
        std::vector<std::uint32_t> here, there;
        for (const std::uint32_t q : queries) (fold_of[data.unit[q]] == fold ? there : here).push_back(q);
        Fit fit = prepare(data, here);
        if (fit.loss.examples() == 0) continue;
        std::vector<double> weights(fit.loss.parameters(), 0.0);
        for (std::size_t p = 0; p < kPenalties.size(); ++p) {
            weights = fit.loss.minimise(std::move(weights), kPenalties[p], job);
            fit.router.weights = weights;
            for (const std::uint32_t q : there) {
                if (!differs(data, q)) continue;
                const float* hits = data.hitsOf(q);
                gain[p][data.unit[q]] += static_cast<double>(hits[fit.router.choose(data.featuresOf(q))]) -
                                         static_cast<double>(hits[fit.router.one]);
            }
        }
    }
    std::size_t best = 0;
    std::vector<double> sums;
    for (const auto& of : gain) sums.push_back(std::accumulate(of.begin(), of.end(), 0.0));
    for (std::size_t p = 1; p < sums.size(); ++p)
        if (sums[p] > sums[best]) best = p;
    const double error = std::sqrt(dot(gain[best], gain[best]));  // of a sum of independent units, about 0
    if (sums[best] <= kBelieved * error) return std::move(whole.router);
    whole.router.cross_validated = sums[best] / static_cast<double>(queries.size());
    whole.router.penalty = kPenalties[best];
    whole.router.weights =
        whole.loss.minimise(std::vector<double>(whole.loss.parameters(), 0.0), kPenalties[best], job);
    return std::move(whole.router);
}

RouterTrial tryRouter(const RouterData& data, const RouterOptions& options, const std::string& name,
                      const JobContext& job) {
    const std::size_t n = data.queries(), tasks = 2 * std::size_t{options.splits};
    RouterTrial out;
    for (std::size_t q = 0; q < n; ++q)
        if (data.unit[q] != kNoUnit && differs(data, q)) ++out.differing;
    // Chosen settings of each query in each split: by the router and the one setting of the other half, and by the
    // router that was fitted on the query.
    struct Choice {
        std::vector<std::uint16_t> router, one, fitted;
    };
    std::vector<Choice> chosen(options.splits);
    for (auto& c : chosen) c.router.resize(n), c.one.resize(n), c.fitted.resize(n);
    std::vector<char> believed(tasks, 0);
    ProgressMeter meter(job, "routers of " + name, "fits", tasks);
    std::atomic<std::size_t> done{0};
    FirstError failure;
#pragma omp parallel for schedule(dynamic, 1)
    for (std::size_t t = 0; t < tasks; ++t) {
        if (failure.any()) continue;
        failure.guard([&] {
            job.checkStop();
            const std::size_t split = t / 2;
            Rng rng(options.seed, "halves " + name, split);
            std::vector<char> first(data.units, 0);
            const auto order = randomOrder(data.units, rng);
            for (std::size_t i = 0; i < data.units / 2; ++i) first[order[i]] = 1;
            std::vector<std::uint32_t> here, there;
            for (std::uint32_t q = 0; q < n; ++q) {
                if (data.unit[q] == kNoUnit) continue;
                ((first[data.unit[q]] != 0) == (t % 2 == 0) ? here : there).push_back(q);
            }
            const Router router = fitRouter(data, here, options, name + " " + std::to_string(t), job);
            believed[t] = !router.weights.empty();
            Choice& c = chosen[split];
            for (const std::uint32_t q : here)
                c.fitted[q] = static_cast<std::uint16_t>(router.choose(data.featuresOf(q)));
            for (const std::uint32_t q : there) {
                c.router[q] = static_cast<std::uint16_t>(router.choose(data.featuresOf(q)));
                c.one[q] = static_cast<std::uint16_t>(router.one);
            }
        });
        ++done;
        if (omp_get_thread_num() == 0) meter.set(done);
    }
    failure.rethrow();
    meter.finish();
    // In the order of the splits, whatever order they were done in.
    out.router.assign(n, 0);
    out.one.assign(n, 0);
    out.fitted.assign(n, 0);
    out.share.assign(data.settings, 0);
    std::size_t routed = 0;
    for (std::size_t q = 0; q < n; ++q) {
        if (data.unit[q] == kNoUnit) continue;
        const float* hits = data.hitsOf(q);
        double router = 0, one = 0, fitted = 0;
        for (const auto& c : chosen) {
            router += static_cast<double>(hits[c.router[q]]);
            one += static_cast<double>(hits[c.one[q]]);
            fitted += static_cast<double>(hits[c.fitted[q]]);
            out.share[c.router[q]] += 1;
            ++routed;
        }
        const auto splits = static_cast<double>(options.splits);
        out.router[q] = static_cast<float>(router / splits);
        out.one[q] = static_cast<float>(one / splits);
        out.fitted[q] = static_cast<float>(fitted / splits);
    }
    for (double& s : out.share) s /= static_cast<double>(std::max<std::size_t>(routed, 1));
    out.believed = static_cast<double>(std::count(believed.begin(), believed.end(), 1)) / static_cast<double>(tasks);
    return out;
}

}  // namespace engine
