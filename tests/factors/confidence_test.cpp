// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/confidence.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "engine/base/rng.h"
#include "tests/factors/made_up_hits.h"

namespace engine {
namespace {

// What a world of queries does: each clip has its own ease, each query its own luck, both kept from setting to setting.
// A setting of `strength` hits where ease + luck < strength, so that it has this expected rate for strength in 0.25..
// 0.75: ease is uniform in ±0.25, luck in 0..1. `own` is the share of queries that each setting draws luck for anew.
std::vector<QueryHits> simulate(const GroupHits::SetSize& set, const std::vector<double>& strengths, double own,
                                Rng& rng) {
    std::vector<std::uint32_t> unit_of(set.second_items);
    for (const auto& pair : set.set.pairs) unit_of[pair[1]] = pair[0];
    std::vector<double> ease(set.first_items), luck(set.first_items + set.second_items);
    for (auto& e : ease) e = (rng.uniform() - 0.5) / 2;
    for (auto& l : luck) l = rng.uniform();
    std::vector<QueryHits> out;
    for (const double strength : strengths) {
        out.push_back(hitsBy(set, [&](bool forward, std::size_t q) {
            const double l = rng.uniform() < own ? rng.uniform() : luck[forward ? q : set.first_items + q];
            return ease[forward ? q : unit_of[q]] + l < strength ? 1.0 : 0.0;
        }));
    }
    return out;
}

GroupHits simulated(const std::vector<GroupHits::SetSize>& sets, const std::vector<double>& strengths, double own,
                    std::uint64_t seed, bool baseline = false) {
    Rng rng(seed, "simulated");
    std::vector<std::vector<QueryHits>> hits;
    for (const auto& set : sets) hits.push_back(simulate(set, strengths, own, rng));
    return groupOf(sets, {}, hits, baseline);
}

// A group of two sets with ties, several positives and queries without any, and each query's hits.
struct Mixed {
    std::vector<GroupHits::SetSize> sets;
    std::vector<double> weights{1, 3};
    std::vector<std::vector<QueryHits>> hits;
    Mixed(std::size_t settings, std::uint64_t seed) {
        sets = {clips("Clips", 17, 3), clips("Photos", 12, 1)};
        sets[0].set.pairs.push_back({3, 30});  // joins clips 3 and 10
        sets[0].first_items += 2;              // without positives
        sets[1].second_items += 4;
        Rng rng(seed, "mixed");
        for (const auto& set : sets) {
            hits.emplace_back();
            for (std::size_t i = 0; i < settings; ++i)
                hits.back().push_back(hitsBy(set, [&](bool, std::size_t) {
                    const auto draw = rng.below(5);
                    return draw < 2 ? 0.0 : draw < 4 ? 1.0 : 1.0 / 3;
                }));
        }
    }
    // The figure at a setting, query by query, with every unit counted `times`.
    double figure(const std::vector<std::vector<double>>& times, std::size_t setting) const {
        double out = 0;
        for (std::size_t s = 0; s < sets.size(); ++s) {
            const SetUnits units = unitsOf(sets[s].set, sets[s].first_items, sets[s].second_items);
            for (const bool forward : {true, false}) {
                const auto& unit = forward ? units.first : units.second;
                const auto& of = forward ? hits[s][setting].forward : hits[s][setting].backward;
                double hit = 0, queries = 0;
                for (std::size_t q = 0; q < unit.size(); ++q) {
                    if (unit[q] == kNoUnit) continue;
                    hit += times[s][unit[q]] * static_cast<double>(of[q][0]);
                    queries += times[s][unit[q]];
                }
                out += weights[s] / 4 * 50 * hit / queries;
            }
        }
        return out;
    }
    std::vector<std::vector<double>> draw(std::uint64_t seed, std::size_t r) const {
        std::vector<std::vector<double>> times;
        for (const auto& set : sets) {
            const std::size_t n = unitsOf(set.set, set.first_items, set.second_items).count;
            times.emplace_back(n, 0.0);
            Rng rng(seed, "bootstrap " + set.set.name, r);
            for (std::size_t i = 0; i < n; ++i) ++times.back()[std::uint64_t{rng.next()} * n >> 32];
        }
        return times;
    }
};

TEST(Bootstrap, EqualsTheSlowWay) {
    const Mixed mixed(3, 8);
    const GroupHits with = groupOf(mixed.sets, mixed.weights, mixed.hits, true);  // the third is the baseline
    const GroupHits without = groupOf(mixed.sets, mixed.weights, mixed.hits);
    ConfidenceOptions options;
    options.resamples = 301;
    options.level = 0.9;
    options.seed = 77;
    std::vector<double> plain, change, pair;
    for (std::size_t r = 0; r < options.resamples; ++r) {
        const auto times = mixed.draw(options.seed, r);
        plain.push_back(mixed.figure(times, 0));
        change.push_back(mixed.figure(times, 0) - mixed.figure(times, 2));
        pair.push_back(mixed.figure(times, 0) - mixed.figure(times, 1));
    }
    const auto compare = [&](const Interval& found, std::vector<double> values) {
        std::sort(values.begin(), values.end());
        EXPECT_NEAR(found.low, values[15], 1e-4);  // 5 % of 300
        EXPECT_NEAR(found.high, values[285], 1e-4);
        EXPECT_LT(found.low, found.estimate);
        EXPECT_GT(found.high, found.estimate);
    };
    compare(bootstrap(without, 0, options, {}), plain);
    compare(bootstrap(with, 0, options, {}), change);
    compare(bootstrapDifference(without, 0, 2, options, {}), change);
    compare(bootstrapDifference(without, 0, 1, options, {}), pair);
    compare(bootstrapDifference(with, 0, GroupHits::kBaseline, options, {}), change);
    std::vector<std::vector<double>> once(2);
    once[0].assign(16, 1);
    once[1].assign(12, 1);
    EXPECT_NEAR(bootstrap(without, 1, options, {}).estimate, mixed.figure(once, 1), 1e-5);
}

// 400 worlds: a true coverage of 0.95 gives 0.95 ± 0.033 (three standard errors); percentile intervals of 80 units fall
// short by one or two hundredths.
TEST(Bootstrap, CoversTheTruth) {
    const std::vector<GroupHits::SetSize> sets = {clips("Clips", 80, 4), clips("Photos", 120, 1)};
    ConfidenceOptions options;
    options.resamples = 400;
    std::size_t figure = 0, change = 0;
    double width = 0;
    constexpr std::size_t kWorlds = 400;
    for (std::uint64_t world = 0; world < kWorlds; ++world) {
        options.seed = world;
        const GroupHits group = simulated(sets, {0.6, 0.55}, 0.1, world);
        const Interval one = bootstrap(group, 0, options, {});
        figure += one.low <= 60 && 60 <= one.high;
        const Interval two = bootstrapDifference(group, 0, 1, options, {});
        change += two.low <= 5 && 5 <= two.high;
        width += (one.high - one.low) / (two.high - two.low) / kWorlds;
    }
    EXPECT_GE(figure, 0.905 * kWorlds);
    EXPECT_LE(figure, 0.985 * kWorlds);
    EXPECT_GE(change, 0.905 * kWorlds);
    EXPECT_LE(change, 0.985 * kWorlds);
    EXPECT_GT(width, 1.2) << "settings share their queries: a paired difference is surer than a figure";
}

TEST(PermutationTestTest, EqualsEnumeration) {
    const Mixed mixed(2, 3);
    // Units are exchanged by exchanging the hits of all their queries.
    for (const std::size_t shown : {3, 8, 11}) {
        auto hits = mixed.hits;
        const SetUnits units = unitsOf(mixed.sets[0].set, mixed.sets[0].first_items, mixed.sets[0].second_items);
        hits[1][1] = hits[1][0];  // only units of the first set differ, and of those `shown`
        const auto merge = [&](auto& a, const auto& b, const std::vector<std::uint32_t>& unit, auto take) {
            for (std::size_t q = 0; q < unit.size(); ++q)
                if (unit[q] != kNoUnit && take(unit[q])) a[q] = b[q];
        };
        const auto late = [shown](std::uint32_t u) { return u >= shown; };
        merge(hits[0][1].forward, hits[0][0].forward, units.first, late);
        merge(hits[0][1].backward, hits[0][0].backward, units.second, late);
        const GroupHits group = groupOf(mixed.sets, mixed.weights, hits);
        const PermutationTest found = permutationTest(group, 0, 1, {}, {});
        const double whole = std::fabs(found.difference);
        std::size_t count = 0;
        for (std::size_t mask = 0; mask < std::size_t{1} << shown; ++mask) {
            auto exchanged = hits;
            const auto masked = [mask](std::uint32_t u) { return u < 32 && (mask >> u & 1) != 0; };
            for (const std::size_t i : {0, 1}) {
                merge(exchanged[0][i].forward, hits[0][1 - i].forward, units.first, masked);
                merge(exchanged[0][i].backward, hits[0][1 - i].backward, units.second, masked);
            }
            const GroupHits other = groupOf(mixed.sets, mixed.weights, exchanged);
            count += std::fabs(other.value(0) - other.value(1)) >= whole - 1e-6;
        }
        EXPECT_TRUE(found.exact);
        EXPECT_LE(found.differing, shown);
        EXPECT_NEAR(found.p_value, static_cast<double>(count) / std::pow(2, shown), 1e-12);
    }
}

TEST(PermutationTestTest, RandomExchangesComeNearEnumeration) {
    const auto set = clips("Clips", 22, 1);
    Rng rng(9);
    std::vector<double> d(22);
    for (auto& v : d) v = rng.uniform() - 0.35;
    const GroupHits group = groupOf({set}, {},
                                    {{hitsBy(set, [&](bool, std::size_t q) { return std::max(d[q], 0.0); }),
                                      hitsBy(set, [&](bool, std::size_t q) { return std::max(-d[q], 0.0); })}});
    const double whole = std::fabs(std::accumulate(d.begin(), d.end(), 0.0));
    std::size_t count = 0;
    for (std::uint32_t mask = 0; mask < 1u << 22; ++mask) {
        double sum = 0;
        for (std::size_t u = 0; u < 22; ++u) sum += (mask >> u & 1) != 0 ? -d[u] : d[u];
        count += std::fabs(sum) >= whole - 1e-9;
    }
    const double p = static_cast<double>(count) / std::pow(2, 22);
    ConfidenceOptions options;
    options.permutations = 40000;
    const PermutationTest found = permutationTest(group, 0, 1, options, {});
    EXPECT_FALSE(found.exact);
    EXPECT_EQ(found.differing, 22u);
    EXPECT_NEAR(found.p_value, p, 4 * std::sqrt(p * (1 - p) / 40000));
    EXPECT_GT(p, 0.001);
    EXPECT_LT(p, 0.5);
}

// Values of p under the null are uniform: with 600 worlds each tenth has 60 ± 29 (four standard errors).
TEST(PermutationTestTest, IsUniformUnderTheNull) {
    const auto set = clips("Clips", 40, 2);
    std::vector<std::size_t> tenths(10, 0);
    ConfidenceOptions options;
    options.permutations = 499;
    for (std::uint64_t world = 0; world < 600; ++world) {
        Rng rng(world, "null");
        options.seed = world;
        const auto random = [&] { return hitsBy(set, [&](bool, std::size_t) { return rng.uniform(); }); };
        const double p = permutationTest(groupOf({set}, {}, {{random(), random()}}), 0, 1, options, {}).p_value;
        ++tenths[std::min<std::size_t>(9, static_cast<std::size_t>(p * 10))];
    }
    for (const std::size_t count : tenths) EXPECT_NEAR(static_cast<double>(count), 60, 29);
}

TEST(TiedRegionTest, EqualsTheSlowWay) {
    const Mixed mixed(7, 21);
    const GroupHits group = groupOf(mixed.sets, mixed.weights, mixed.hits);
    ConfidenceOptions options;
    options.resamples = 150;
    options.seed = 5;
    std::vector<std::vector<double>> drawn(7);
    for (std::size_t r = 0; r < options.resamples; ++r)
        for (std::size_t p = 0; p < 7; ++p) drawn[p].push_back(mixed.figure(mixed.draw(options.seed, r), p));
    const TiedRegion found = tiedRegion(group, options, {});
    EXPECT_TRUE(found.tied[found.best]);
    EXPECT_EQ(found.behind[found.best], 0);
    for (std::size_t q = 0; q < 7; ++q) {
        double lead = 0;
        std::vector<double> largest(options.resamples, 0.0);
        for (std::size_t p = 0; p < 7; ++p) {
            if (p == q) continue;
            double mean = 0, squares = 0;
            for (std::size_t r = 0; r < options.resamples; ++r) mean += (drawn[p][r] - drawn[q][r]) / options.resamples;
            for (std::size_t r = 0; r < options.resamples; ++r)
                squares += std::pow(drawn[p][r] - drawn[q][r] - mean, 2);
            const double error = std::sqrt(squares / (options.resamples - 1));
            lead = std::max(lead, (group.value(p) - group.value(q)) / error);
            for (std::size_t r = 0; r < options.resamples; ++r)
                largest[r] = std::max(largest[r], (drawn[p][r] - drawn[q][r] - mean) / error);
        }
        double count = 1;
        for (const double t : largest) count += t >= lead;
        EXPECT_NEAR(found.lead[q], lead, 1e-3 * lead + 1e-6);
        EXPECT_NEAR(found.p_value[q], count / (options.resamples + 1), 2.5 / options.resamples);
        EXPECT_NEAR(found.behind[q], group.value(found.best) - group.value(q), 1e-9);
    }
}

// 200 worlds: a true coverage of 0.95 gives 0.95 ± 0.046 (three standard errors) where all settings are equal, and more
// where they are not.
TEST(TiedRegionTest, HoldsTheTrueBest) {
    const std::vector<GroupHits::SetSize> sets = {clips("Clips", 150, 2)};
    ConfidenceOptions options;
    options.resamples = 300;
    std::vector<double> hill, flat(15, 0.5);
    for (int i = 0; i < 15; ++i) hill.push_back(0.6 - 0.003 * (i - 9) * (i - 9));
    std::size_t on_hill = 0, on_flat = 0, far = 0, tied = 0;
    constexpr std::size_t kWorlds = 200;
    for (std::uint64_t world = 0; world < kWorlds; ++world) {
        options.seed = world;
        const TiedRegion region = tiedRegion(simulated(sets, hill, 0.2, world), options, {});
        on_hill += region.tied[9];
        far += region.tied[0];
        tied += static_cast<std::size_t>(std::count(region.tied.begin(), region.tied.end(), 1));
        on_flat += tiedRegion(simulated(sets, flat, 0.5, world + 1000), options, {}).tied[4];
    }
    EXPECT_GE(on_hill, 0.95 * kWorlds);
    EXPECT_GE(on_flat, 0.904 * kWorlds);
    EXPECT_LE(far, 0.02 * kWorlds) << "24 points behind";
    EXPECT_LT(tied, 11 * kWorlds) << "of 15";
}

TEST(TiedRegionTest, EqualSettingsAreTied) {
    const auto set = clips("Clips", 30, 2);
    const auto half = hitsBy(set, [](bool, std::size_t q) { return q % 2; });
    const auto none = hitsBy(set, [](bool, std::size_t) { return 0; });
    const auto all = hitsBy(set, [](bool, std::size_t) { return 1; });
    const TiedRegion same = tiedRegion(groupOf({set}, {}, {{none, half, half}}), {}, {});
    EXPECT_EQ(same.best, 1u);
    EXPECT_EQ(same.tied, (std::vector<char>{0, 1, 1}));
    EXPECT_EQ(same.p_value[2], 1);
    // Every unit says the same: no resample differs.
    EXPECT_EQ(tiedRegion(groupOf({set}, {}, {{none, all}}), {}, {}).tied, (std::vector<char>{0, 1}));
    EXPECT_EQ(tiedRegion(groupOf({set}, {}, {{half}}), {}, {}).tied, (std::vector<char>{1}));
}

TEST(HeldOutTest, EqualsTheSlowWay) {
    const Mixed mixed(6, 33);
    const GroupHits group = groupOf(mixed.sets, mixed.weights, mixed.hits, true);
    ConfidenceOptions options;
    options.splits = 70;
    options.seed = 12;
    const HeldOut found = heldOut(group, options, {});
    ASSERT_EQ(found.splits.size(), 70u);
    double tuned = 0;
    for (std::size_t r = 0; r < 70; ++r) {
        std::vector<std::vector<double>> here, there;
        for (const auto& set : mixed.sets) {
            const std::size_t n = unitsOf(set.set, set.first_items, set.second_items).count;
            Rng rng(options.seed, "halves " + set.set.name, r);
            const auto order = randomOrder(n, rng);
            here.emplace_back(n, 0.0);
            there.emplace_back(n, 1.0);
            for (std::size_t i = 0; i < n / 2; ++i) here.back()[order[i]] = 1, there.back()[order[i]] = 0;
        }
        const auto best = [&](const std::vector<std::vector<double>>& half) {
            double most = -1;
            for (std::size_t p = 0; p < 5; ++p) most = std::max(most, mixed.figure(half, p));
            return most - mixed.figure(half, 5);
        };
        const HeldOutSplit& split = found.splits[r];
        EXPECT_NEAR(split.tuned, best(here), 1e-4);
        EXPECT_NEAR(split.possible, best(there), 1e-4);
        EXPECT_NEAR(split.tuned, mixed.figure(here, split.chosen) - mixed.figure(here, 5), 1e-4);
        EXPECT_NEAR(split.held_out, mixed.figure(there, split.chosen) - mixed.figure(there, 5), 1e-4);
        tuned += split.tuned / 70;
    }
    EXPECT_NEAR(found.tuned, tuned, 1e-9);
}

TEST(HeldOutTest, ShowsWhatTuningFlatters) {
    const std::vector<GroupHits::SetSize> sets = {clips("Clips", 100, 2)};
    // Noise alone: the best of 25 equal settings is about two standard errors ahead on its own half, and as good as any
    // on the other.
    double flattery = 0, other = 0, none = 0;
    for (std::uint64_t world = 0; world < 20; ++world) {
        const HeldOut noise = heldOut(simulated(sets, std::vector<double>(25, 0.5), 1, world), {}, {});
        flattery += noise.flattery() / 20;
        other += noise.held_out / 20;
        EXPECT_GT(noise.flattery(), 0);
        EXPECT_GE(noise.possible, noise.held_out);
        none += heldOut(simulated(sets, {0.5}, 1, world), {}, {}).flattery() / 20;
    }
    EXPECT_GT(flattery, 4);
    EXPECT_LT(flattery, 20);
    EXPECT_NEAR(other, 50, 1.5);
    EXPECT_NEAR(none, 0, 1) << "one setting leaves nothing to choose";
}

TEST(Confidence, DoesNotDependOnThreads) {
    const std::vector<GroupHits::SetSize> sets = {clips("Clips", 301, 3), clips("Photos", 97, 1)};
    Rng rng(2);
    std::vector<std::vector<QueryHits>> hits(2);
    for (std::size_t s = 0; s < 2; ++s)
        for (std::size_t i = 0; i < 40; ++i)
            hits[s].push_back(hitsBy(sets[s], [&](bool, std::size_t) { return rng.uniform(); }));
    const GroupHits group = groupOf(sets, {2, 1}, hits, true);
    const int threads = omp_get_max_threads();
    ConfidenceOptions options;
    options.resamples = 333;
    options.permutations = 999;
    const auto all = [&](int n) {
        omp_set_num_threads(n);
        std::vector<double> out;
        const Interval interval = bootstrap(group, 3, options, {});
        for (const double v : {interval.low, interval.high, interval.standard_error}) out.push_back(v);
        out.push_back(permutationTest(group, 0, 1, options, {}).p_value);
        const TiedRegion region = tiedRegion(group, options, {});
        out.insert(out.end(), region.lead.begin(), region.lead.end());
        out.insert(out.end(), region.p_value.begin(), region.p_value.end());
        for (const auto& split : heldOut(group, options, {}).splits)
            for (const double v : {split.tuned, split.held_out, split.possible}) out.push_back(v);
        omp_set_num_threads(threads);
        return out;
    };
    const auto one = all(1);
    EXPECT_EQ(one, all(2));
    EXPECT_EQ(one, all(5));
    options.seed = 99;
    EXPECT_NE(one, all(2));
}

}  // namespace
}  // namespace engine
