// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/headroom.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/factors/router_features.h"
#include "tests/factors/landscape_support.h"
#include "tests/factors/small_product.h"

namespace engine {
namespace {

using testing::HasSubstr;

std::vector<double> middle(const SetLandscape& landscape) {
    return std::vector<double>(landscape.grid().dims(), 0.3);
}

// Hits of every query of a direction with the two sides at points of their own, by brute force in float64.
std::vector<std::array<double, 3>> hitsApart(const SetLandscape& landscape, const std::vector<double>& first,
                                             const std::vector<double>& second, bool forward) {
    const SetComponents& set = landscape.set();
    const BlendWeights a = landscape.request().firstAt(first.data()), b = landscape.request().secondAt(second.data());
    const ProductRows x(set.first, a, {}), y(set.second, b, {});
    const PairRanks ranks = rankPairsReference(x.source(), y.source(), set.set.pairs, Directions::Both, {});
    std::vector<std::array<double, 3>> out;
    for (const QueryRank& rank : forward ? ranks.forward : ranks.backward) {
        out.emplace_back();
        for (std::size_t k = 0; k < 3; ++k)
            out.back()[k] = rank.positives == 0 ? 0 : hitAt(rank, kHitPlaces[k], TieRule::Expected);
    }
    return out;
}

class Oracle : public ::testing::TestWithParam<SetCase> {};

// What a fine lattice of a query's own factors finds by brute force, the oracle has; and no more than a much finer one.
TEST_P(Oracle, IsTheBestOfAllSettings) {
    RandomSet random(GetParam().options, 31);
    const auto landscape = SetLandscape::build(random.request, {});
    const std::vector<double> at = middle(*landscape);
    for (const bool forward : {true, false}) {
        const OracleHits oracle = oracleHits(*landscape, at, forward, TieRule::Expected, {});
        const auto dimsOf = [&](bool first) {
            std::vector<std::size_t> dims;
            const auto& layers = first ? random.request.first_dims : random.request.second_dims;
            const auto& weights = first ? random.request.first : random.request.second;
            for (std::size_t k = 0; k < layers.size(); ++k) {
                if (!weights.layers[k].brings) dims.push_back(static_cast<std::size_t>(layers[k].share));
                if (layers[k].weight >= 0) dims.push_back(static_cast<std::size_t>(layers[k].weight));
            }
            return dims;
        };
        const auto others = dimsOf(!forward);
        std::vector<std::size_t> own;
        for (const std::size_t d : dimsOf(forward))
            if (std::find(others.begin(), others.end(), d) == others.end()) own.push_back(d);
        std::sort(own.begin(), own.end());
        ASSERT_EQ(oracle.own, own);
        EXPECT_EQ(oracle.exact, own.size() < 2);
        std::vector<std::array<double, 3>> most(oracle.by_own.size());
        const std::size_t steps = own.size() == 1 ? 41 : own.size() == 2 ? 11 : own.size() == 4 ? 5 : 1;
        std::size_t count = 1;
        for (std::size_t d = 0; d < own.size(); ++d) count *= steps;
        for (std::size_t i = 0; i <= count; ++i) {
            std::vector<double> moved = at;
            std::size_t rest = i;
            for (std::size_t d = own.size(); i < count && steps > 1 && d-- > 0; rest /= steps)
                moved[own[d]] = static_cast<double>(rest % steps) / static_cast<double>(steps - 1);
            const auto hits = hitsApart(*landscape, forward ? moved : at, forward ? at : moved, forward);
            for (std::size_t q = 0; q < most.size(); ++q)
                for (std::size_t k = 0; k < 3; ++k) most[q][k] = std::max(most[q][k], hits[q][k]);
        }
        double missed = 0, found = 0;
        for (std::size_t q = 0; q < most.size(); ++q) {
            for (std::size_t k = 0; k < 3; ++k) {
                EXPECT_GE(static_cast<double>(oracle.by_own[q][k]), most[q][k] - 1e-6) << q << " " << k;
                EXPECT_GE(oracle.by_all[q][k], oracle.by_own[q][k]) << q << " " << k;
                missed += static_cast<double>(oracle.by_own[q][k]) - most[q][k];
                found += most[q][k];
            }
        }
        // Between the places of the brute force little can hide.
        EXPECT_LE(missed, own.empty() ? 1e-4 : 3 + 0.05 * found);
        // More than at any one setting of all factors.
        Rng rng(5);
        for (int i = 0; i < 5; ++i) {
            std::vector<double> point = at;
            for (const std::size_t d : own) point[d] = rng.uniform();
            const auto hits = landscape->hits(point.data(), forward, TieRule::Expected);
            for (std::size_t q = 0; q < hits.size() && own.size() == 1; ++q)
                for (std::size_t k = 0; k < 3; ++k) EXPECT_GE(oracle.by_own[q][k], hits[q][k] - 1e-6f);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Sets, Oracle, ::testing::ValuesIn(setCases()), nameOf);

// What an exact oracle finds between the settings of a grid is there: each hit at some setting, by brute force.
TEST(OracleTest, HitsThatNoGridSeesAreThere) {
    RandomSet random({.first_items = 150, .second_items = 150, .noise = 1.6}, 8);
    const auto landscape = SetLandscape::build(random.request, {});
    const std::vector<double> at = middle(*landscape);
    const OracleHits oracle = oracleHits(*landscape, at, true, TieRule::Expected, {});
    std::vector<char> hit(150, 0);
    for (int i = 0; i <= 4000; ++i) {
        const auto hits = landscape->hits(std::vector<double>{i / 4000.0, at[1]}.data(), true, TieRule::Expected);
        for (std::size_t q = 0; q < hit.size(); ++q) hit[q] |= hits[q][0] == 1;
    }
    std::size_t differ = 0;
    for (std::size_t q = 0; q < hit.size(); ++q) differ += (oracle.by_own[q][0] == 1) != (hit[q] != 0);
    EXPECT_LE(differ, 1u);
    EXPECT_GT(std::count(hit.begin(), hit.end(), 1), 20);
}

// Queries of two kinds, each hit by settings of its own: kind 0 by the lower half, kind 1 by the upper. `marked`: the
// first feature tells the kind.
RouterData kinds(std::size_t units, std::size_t per_unit, bool marked, std::uint64_t seed) {
    Rng rng(seed, "kinds");
    RouterData data;
    data.features = 6;
    data.settings = 5;
    data.units = units;
    for (std::size_t q = 0; q < units * per_unit; ++q) {
        data.unit.push_back(static_cast<std::uint32_t>(q / per_unit));
        const bool kind = rng.below(2) != 0;
        for (std::size_t j = 0; j < data.features; ++j)
            data.x.push_back(rng.normal() + (marked && j == 0 ? (kind ? 4 : -4) : 0) + 10);
        const bool easy = rng.below(3) == 0, hard = rng.below(4) == 0;
        for (std::size_t m = 0; m < data.settings; ++m)
            data.hits.push_back(easy ? 1.0f : hard ? 0.0f : (m >= 3) == kind && m != 2 ? 1.0f : 0.0f);
    }
    return data;
}

double mean(const std::vector<float>& values) {
    double sum = 0;
    for (const float v : values) sum += static_cast<double>(v);
    return sum / static_cast<double>(values.size());
}

TEST(RouterTest, GradientIsThatOfTheLoss) {
    Rng rng(3);
    const std::size_t features = 4, settings = 3, n = 20;
    std::vector<double> x, h, basis;
    for (std::size_t p = 0; p < settings * 2; ++p) basis.push_back(rng.normal());
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < features; ++j) x.push_back(rng.normal());
        for (std::size_t m = 0; m < settings; ++m) h.push_back(rng.uniform());
    }
    const RouterLoss loss(features, settings, basis, x, h);
    EXPECT_EQ(loss.parameters(), features * 2 + settings);
    std::vector<double> w(loss.parameters()), gradient, ignored;
    for (double& v : w) v = rng.normal();
    loss.at(w, 0.7, gradient);
    for (std::size_t p = 0; p < w.size(); ++p) {
        constexpr double kStep = 1e-5;
        std::vector<double> up = w, down = w;
        up[p] += kStep;
        down[p] -= kStep;
        const double slope = (loss.at(up, 0.7, ignored) - loss.at(down, 0.7, ignored)) / (2 * kStep);
        EXPECT_NEAR(gradient[p], slope, 1e-8) << p;
    }
    // The least of a convex function: no step from it goes down.
    const std::vector<double> least = loss.minimise(std::vector<double>(w.size(), 0), 0.7, {});
    const double at_least = loss.at(least, 0.7, gradient);
    for (const double g : gradient) EXPECT_NEAR(g, 0, 3e-4);
    EXPECT_LT(at_least, loss.at(w, 0.7, ignored));
    std::fill(w.end() - settings, w.end(), 0.0);  // a shift of all intercepts says nothing and is hardly held
    EXPECT_NEAR(at_least, loss.at(loss.minimise(w, 0.7, {}), 0.7, ignored), 1e-5);
}

// Without features that matter the softmax is in proportion to the hits, so its largest is the best setting.
TEST(RouterTest, InterceptsAloneAreTheOneSetting) {
    const std::vector<double> h{1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1};  // [6][3]: 4, 1, 2
    const RouterLoss loss(0, 3, {}, {}, h);
    const auto b = loss.minimise({0, 0, 0}, 0, {});
    double sum = 0;
    for (const double v : b) sum += std::exp(v);
    EXPECT_NEAR(std::exp(b[0]) / sum, 4.0 / 7, 1e-3);
    EXPECT_NEAR(std::exp(b[1]) / sum, 1.0 / 7, 1e-3);
}

TEST(RouterTest, ReadsWhatCanBeRead) {
    const RouterData data = kinds(300, 2, true, 4);
    const RouterTrial trial = tryRouter(data, {}, "Kinds", {});
    double most = 0;
    for (std::size_t q = 0; q < data.queries(); ++q)
        most += static_cast<double>(*std::max_element(data.hitsOf(q), data.hitsOf(q) + 5));
    most /= static_cast<double>(data.queries());
    EXPECT_GT(most - mean(trial.one), 0.2) << "the test needs headroom";
    EXPECT_GT(mean(trial.router) - mean(trial.one), 0.9 * (most - mean(trial.one)));
    EXPECT_EQ(trial.believed, 1);
    EXPECT_EQ(trial.differing, static_cast<std::size_t>(std::count_if(
                                   data.unit.begin(), data.unit.end(), [&, q = std::size_t{0}](auto) mutable {
                                       const float* h = data.hitsOf(q++);
                                       return *std::max_element(h, h + 5) != *std::min_element(h, h + 5);
                                   })));
}

TEST(RouterTest, SeesNothingWhereNothingCanBeRead) {
    double gain = 0, fitted = 0;
    for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
        const RouterData data = kinds(300, 2, false, seed);
        const RouterTrial trial = tryRouter(data, {}, "Kinds", {});
        gain += (mean(trial.router) - mean(trial.one)) / 5;
        fitted += (mean(trial.fitted) - mean(trial.one)) / 5;
        EXPECT_LT(trial.believed, 0.6);
    }
    EXPECT_LT(gain, 0.01);
    EXPECT_GT(gain, -0.03);
    EXPECT_GT(fitted, gain) << "where it was fitted a router flatters itself";
}

// The setting that suits a query is told by one feature in part; 39 say nothing, most of them held harder.
TEST(RouterTest, ReadsThroughNoise) {
    RouterData data;
    data.features = 40;
    data.settings = 11;
    data.units = 1000;
    for (std::size_t j = 0; j < data.features; ++j) data.spread.push_back(j < 6 ? 1 : 0.42);
    for (int m = 0; m < 11; ++m) {
        data.basis.push_back(m / 5.0 - 1);
        data.basis.push_back((m / 5.0 - 1) * (m / 5.0 - 1));
    }
    Rng rng(17);
    for (std::uint32_t q = 0; q < data.units; ++q) {
        data.unit.push_back(q);
        const double lean = rng.normal(), centre = 0.5 + 0.25 * lean + 0.15 * rng.normal();
        for (std::size_t j = 0; j < data.features; ++j) data.x.push_back(rng.normal() + (j == 0 ? 2 * lean : 0));
        for (int m = 0; m < 11; ++m) data.hits.push_back(std::fabs(m / 10.0 - centre) < 0.15 ? 1.0f : 0.0f);
    }
    const RouterTrial trial = tryRouter(data, {}, "Noise", {});
    double told = 0;  // by whoever knows what the feature means
    for (std::size_t q = 0; q < data.units; ++q) {
        const double centre = 0.5 + 0.25 * 0.4 * data.featuresOf(q)[0];
        told += static_cast<double>(data.hitsOf(q)[std::clamp<long>(std::lround(10 * centre), 0, 10)]) / 1000;
    }
    EXPECT_GT(told - mean(trial.one), 0.15) << "the test needs headroom";
    EXPECT_GT(mean(trial.router) - mean(trial.one), 0.5 * (told - mean(trial.one)));
}

// A router that is tried on queries has not seen their answers.
TEST(RouterTest, KnowsNothingOfTheHeldOutHalf) {
    const RouterData data = kinds(200, 2, true, 6);
    std::vector<std::uint32_t> here, there;
    for (std::uint32_t q = 0; q < data.queries(); ++q) (data.unit[q] % 2 == 0 ? here : there).push_back(q);
    RouterData other = data;
    Rng rng(9);
    const auto order = randomOrder(there.size(), rng);
    for (std::size_t i = 0; i < there.size(); ++i)
        std::copy_n(data.hitsOf(there[order[i]]), data.settings, other.hits.data() + there[i] * data.settings);
    ASSERT_NE(data.hits, other.hits);
    const Router a = fitRouter(data, here, {}, "x", {}), b = fitRouter(other, here, {}, "x", {});
    ASSERT_FALSE(a.weights.empty());
    EXPECT_EQ(a.weights, b.weights);
    EXPECT_EQ(a.mean, b.mean);
    EXPECT_EQ(a.one, b.one);
    // And the trial's halves are such halves: a query's own answer changed, its choice stays in every split.
    RouterData flipped = data;
    for (std::size_t m = 0; m < data.settings; ++m) flipped.hits[m] = 1 - flipped.hits[m];
    const RouterTrial before = tryRouter(data, {}, "x", {}), after = tryRouter(flipped, {}, "x", {});
    EXPECT_NEAR(before.router[0] + after.router[0], 1, 1e-6);
    EXPECT_NEAR(before.one[0] + after.one[0], 1, 1e-6);
}

// A caption's answers help with another caption of its clip, were they parted.
TEST(RouterTest, KeepsUnitsWhole) {
    // The features name the unit; nothing is to be learned across units.
    RouterData data = kinds(60, 6, false, 2);
    for (std::size_t q = 0; q < data.queries(); ++q) {
        Rng rng(data.unit[q], "name");
        for (std::size_t j = 0; j < data.features; ++j) data.x[q * data.features + j] = rng.normal();
        const std::size_t first = q / 6 * 6;
        std::copy_n(data.hitsOf(first), data.settings, data.hits.data() + q * data.settings);
    }
    const RouterTrial trial = tryRouter(data, {}, "Named", {});
    EXPECT_LT(mean(trial.router) - mean(trial.one), 0.03);
}

TEST(RouterTest, GivesTheSameBitsOnAnyNumberOfThreadsAndStops) {
    const RouterData data = kinds(150, 2, true, 7);
    RouterOptions options;
    options.examples = 60;
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    const RouterTrial one = tryRouter(data, options, "Kinds", {});
    omp_set_num_threads(5);
    const RouterTrial five = tryRouter(data, options, "Kinds", {});
    omp_set_num_threads(threads);
    EXPECT_EQ(one.router, five.router);
    EXPECT_EQ(one.one, five.one);
    EXPECT_EQ(one.share, five.share);
    EXPECT_GT(mean(one.router) - mean(one.one), 0.1) << "few examples are enough here";
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(tryRouter(data, options, "Kinds", JobContext(stop.get_token())), Cancelled);
    EXPECT_THROW(fitRouter(data, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {}, "x", JobContext(stop.get_token())),
                 Cancelled);
}

TEST(RouterTest, QueriesWithoutAUnitAreLeftOut) {
    RouterData data = kinds(100, 2, true, 7);
    const RouterTrial whole = tryRouter(data, {}, "Kinds", {});
    for (int i = 0; i < 30; ++i) {
        data.unit.push_back(kNoUnit);
        for (std::size_t j = 0; j < data.features; ++j) data.x.push_back(1e6);
        for (std::size_t m = 0; m < data.settings; ++m) data.hits.push_back(m == 0 ? 1 : 0);
    }
    RouterTrial more = tryRouter(data, {}, "Kinds", {});
    EXPECT_EQ(more.differing, whole.differing);
    more.router.resize(200);
    EXPECT_EQ(more.router, whole.router);
}

// A set of one factor on the audio side. One kind of clip is told by its base vector, the other by its expert's; what
// does not tell it points at another clip's text. `marked`: all base vectors of a kind lean to one side.
struct KindsSet {
    KindsSet(std::size_t items, bool marked) {
        constexpr std::size_t kWidth = 48;
        Rng rng(12, "clips");
        Matrix text(items, kWidth);
        rng.fillNormal(text.data(), text.size());
        for (std::size_t i = 0; i < items; ++i) text.row(i)[0] = 0;
        normalizeRows(text);
        Matrix base = copyOf(text), expert = copyOf(text);
        for (std::size_t i = 0; i < items; ++i) {
            const bool kind = rng.below(2) != 0;
            const std::size_t other = (i + 1 + rng.below(items - 1)) % items;
            float* wrong = (kind ? expert : base).row(i);
            // Longer than what it is blended with by a little, so that no blend suits both kinds.
            for (std::size_t d = 0; d < kWidth; ++d)
                wrong[d] = text.row(other)[d] + 0.3f * static_cast<float>(rng.normal()) / 7;
            if (marked) base.row(i)[0] += kind ? 0.4f : -0.4f;
        }
        normalizeRows(base);
        normalizeRows(expert);
        for (Matrix* m : {&base, &expert, &text}) rows.push_back(std::move(*m));
        request.set.set = {"Kinds", SetKind::Retrieval, "audio", "text", {}, ""};
        for (std::uint32_t i = 0; i < items; ++i) request.set.set.pairs.push_back({i, i});
        request.set.first = {"audio", rows[0].view(), {{0, ReactionKind::Combination, {{"E", rows[1].view()}}}}, {}};
        request.set.second = {"text", rows[2].view(), {}, {}};
        request.first.layers = {{0.5, {1}}};
        request.first_dims = {0};
        request.box = {{"sigma_a", 0, 1}};
        landscape = SetLandscape::build(request, {});
    }
    HeadroomResult headroom(const std::string& metric = "R@1", const JobContext& job = {}) const {
        return engine::headroom({"AT", {"Kinds"}, metric, {}}, {{landscape, {0.5}, {0.45}}}, TieRule::Expected, {}, {},
                                job);
    }
    LandscapeRequest request;
    std::vector<Matrix> rows;
    std::shared_ptr<const SetLandscape> landscape;
};

TEST(Headroom, IsRecoveredWhereTheEmbeddingTellsTheSetting) {
    const KindsSet set(400, true);
    const HeadroomResult r = set.headroom();
    ASSERT_EQ(r.sets.size(), 1u);
    const DirectionHeadroom &forward = r.sets[0].directions[0], &backward = r.sets[0].directions[1];
    EXPECT_EQ(forward.own_factors, (std::vector<std::string>{"sigma_a"}));
    EXPECT_TRUE(forward.exact);
    EXPECT_EQ(forward.settings, 12u);
    EXPECT_EQ(forward.values[0], (std::vector<double>{0.45})) << "the best setting is one to choose";
    EXPECT_TRUE(backward.own_factors.empty());
    EXPECT_EQ(backward.router, backward.rates.best[0]);
    EXPECT_EQ(backward.one, backward.rates.by_own[0]);
    EXPECT_GT(forward.rates.by_own[0], 99);
    EXPECT_LT(forward.one, 80) << "the test needs headroom";
    EXPECT_GT(forward.router - forward.one, 0.85 * (forward.of_settings - forward.one));
    EXPECT_NEAR(r.router - r.one, (forward.router - forward.one) / 2, 1e-4);
    EXPECT_NEAR(r.gain.estimate, r.router - r.one, 1e-9);
    EXPECT_TRUE(r.helps());
    EXPECT_LT(r.test.p_value, 0.001);
    EXPECT_GE(r.rates.by_own[0], r.rates.best[0]);
    EXPECT_THAT(toText(r), HasSubstr("the router helps"));
    EXPECT_THAT(toText(r), HasSubstr("oracles look at the answers"));
    const Json json = toJson(r);
    EXPECT_EQ(json["router"]["helps"], true);
    EXPECT_EQ(json["rates"]["R@10"]["best"].get<double>(), r.rates.best[2]);
    EXPECT_THAT(json["note"].get<std::string>(), HasSubstr("upper bounds"));
}

TEST(Headroom, IsNotClaimedWhereItTellsNothing) {
    const HeadroomResult r = KindsSet(400, false).headroom("R@1 audio→text");
    EXPECT_GT(r.of_settings - r.one, 10) << "the test needs headroom";
    EXPECT_FALSE(r.helps());
    EXPECT_LT(std::fabs(r.router - r.one), 2.5);
    EXPECT_THAT(toText(r), HasSubstr("does"));
    EXPECT_EQ(toJson(r)["router"]["helps"], false);
}

TEST(Headroom, OfOneDirectionIsThatDirections) {
    const KindsSet set(120, true);
    const HeadroomResult both = set.headroom(), one = set.headroom("R@5 audio→text");
    ASSERT_EQ(one.sets[0].directions.size(), 1u);
    EXPECT_EQ(one.metrics[0], "R@1 audio→text");
    EXPECT_EQ(one.rates.by_own[0], both.sets[0].directions[0].rates.by_own[0]);
    EXPECT_NEAR(one.rates.best[1],
                set.landscape->at(std::vector<double>{0.45}.data(), TieRule::Expected).forward.rate(1), 1e-4);
    const HeadroomResult back = set.headroom("R@1 text→audio");
    EXPECT_FALSE(back.routed);
    EXPECT_FALSE(back.helps());
    EXPECT_THAT(toText(back), HasSubstr("no direction has a factor of its queries' own"));
}

TEST(Headroom, OfAClassificationSetIsThatOfItsItems) {
    RandomSet random({.first_items = 80, .second_items = 12, .second_layers = 0, .noise = 1.4}, 3);
    SetDescription& set = random.request.set.set;
    set.kind = SetKind::Classification;
    set.pairs.clear();
    Rng rng(4);
    for (std::uint32_t i = 0; i < 80; ++i) set.pairs.push_back({i, static_cast<std::uint32_t>(rng.below(12))});
    const auto landscape = SetLandscape::build(random.request, {});
    const HeadroomResult r =
        headroom({"ESC", {"Random"}, "top-1", {}}, {{landscape, {0.5}, {0.5}}}, TieRule::Expected, {}, {}, {});
    EXPECT_EQ(r.metrics, (std::array<std::string, 3>{"top-1", "top-5", ""}));
    ASSERT_EQ(r.sets[0].directions.size(), 1u);
    EXPECT_EQ(r.sets[0].directions[0].queries, 80u);
    EXPECT_NEAR(r.rates.best[1], landscape->at(std::vector<double>{0.5}.data(), TieRule::Expected).forward.rate(1),
                1e-4);
}

TEST(Headroom, FromLandscapesOfAProduct) {
    const SmallProduct product;
    LandscapeEvaluator evaluator(product.model, product.sets, {});
    const DeltaGroup group{"AT", {"Sounds", "Clips"}, "R@1", {1, 2}};
    const Setting current, best{{{"sigma_a", 0.75}, {"sigma_t", 0.6}}, {}};
    EXPECT_THROW(headroom(evaluator, group, current, best, {}, {}, {}), Error) << "nothing is prepared";
    evaluator.prepare({}, {});
    const int threads = omp_get_max_threads();
    const HeadroomResult r = headroom(evaluator, group, current, best, {}, {}, {});
    omp_set_num_threads(5);
    const HeadroomResult again = headroom(evaluator, group, current, best, {}, {}, {});
    omp_set_num_threads(threads);
    EXPECT_EQ(toJson(r), toJson(again));
    const auto value = [&](const Setting& setting) {
        const MetricsTable table = evaluator.evaluate(setting, {});
        return (table.at("Sounds").value("R@5") + 2 * table.at("Clips").value("R@5")) / 3;
    };
    EXPECT_NEAR(r.rates.current[1], value(current), 1e-4);
    EXPECT_NEAR(r.rates.best[1], value(best), 1e-4);
    EXPECT_GE(r.rates.by_own[1], r.rates.best[1]);
    EXPECT_GE(r.rates.by_all[1], r.rates.by_own[1]);
    EXPECT_GE(r.of_settings, r.router);
    EXPECT_EQ(r.sets[0].directions[1].own_factors.size(), 0u) << "image has no expert";
    HeadroomOptions options;
    options.router_folds = 1;
    EXPECT_THROW(headroom(evaluator, group, current, best, options, {}, {}), Error);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(headroom(evaluator, group, current, best, {}, {}, JobContext(stop.get_token())), Cancelled);
}

TEST(RouterFeaturesTest, AreLengthsCosinesAndPrincipalCoordinates) {
    // One direction holds nearly all that varies.
    constexpr std::size_t kItems = 200, kWidth = 12;
    Rng rng(1);
    Matrix base(kItems, kWidth), part(kItems, kWidth);
    std::vector<double> along;
    for (std::size_t i = 0; i < kItems; ++i) {
        along.push_back(rng.normal());
        for (std::size_t d = 0; d < kWidth; ++d) {
            base.row(i)[d] = static_cast<float>(d == 2 ? 3 : d == 5 ? along[i] : 0.01 * rng.normal());
            part.row(i)[d] = static_cast<float>(rng.normal());
        }
    }
    normalizeRows(base);
    const Components side{"audio", base.view(), {{0, ReactionKind::Combination, {{"E", part.view()}}}}, {}};
    const RouterFeatures f = routerFeatures(side, 4, 1, {});
    ASSERT_EQ(f.count, 3u + 4u);
    double sxy = 0, sxx = 0, syy = 0;
    for (std::size_t i = 0; i < kItems; ++i) {
        const double* x = f.x.data() + i * f.count;
        double length = 0, cosine = 0;
        for (std::size_t d = 0; d < kWidth; ++d) {
            length += static_cast<double>(part.row(i)[d]) * static_cast<double>(part.row(i)[d]);
            cosine += static_cast<double>(part.row(i)[d]) * static_cast<double>(base.row(i)[d]);
        }
        EXPECT_NEAR(x[0], 1, 1e-6);
        EXPECT_NEAR(x[1], std::sqrt(length), 1e-5);
        EXPECT_NEAR(x[2], cosine / std::sqrt(length), 1e-6);
        const double y = static_cast<double>(base.row(i)[5]);
        sxy += x[3] * y, sxx += x[3] * x[3], syy += y * y;
    }
    EXPECT_GT(sxy * sxy, 0.99 * sxx * syy) << "the first direction is the one that varies";
    EXPECT_EQ(f.spread[2], 1);
    EXPECT_NEAR(4 * f.spread[3] * f.spread[3], 3, 1e-12) << "coordinates weigh as much as lengths and cosines";
}

}  // namespace
}  // namespace engine
