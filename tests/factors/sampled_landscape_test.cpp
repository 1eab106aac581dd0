// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Landscapes of a sample of the queries, estimates of what a landscape costs, and building where memory runs out.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <new>

#include "engine/base/error.h"
#include "engine/factors/confidence.h"
#include "engine/factors/landscape_estimate.h"
#include "engine/factors/query_sample.h"
#include "engine/factors/sweep.h"
#include "engine/factors/sweep_output.h"
#include "engine/factors/tune.h"
#include "tests/factors/landscape_support.h"
#include "tests/factors/small_product.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

RandomSetOptions captions(std::size_t clips) {
    RandomSetOptions options;
    options.first_items = clips;
    options.second_items = 3 * clips;
    options.positives = 3;
    options.noise = 2;
    return options;
}

// The rows of a direction that have a positive.
std::vector<char> asking(const LandscapeRequest& request, bool forward) {
    std::vector<char> out(forward ? request.set.first.rows() : request.set.second.rows(), 0);
    for (const auto& pair : request.set.set.pairs) out[pair[forward ? 0 : 1]] = 1;
    return out;
}

TEST(QuerySample, DrawsWholeUnitsAndALargerOneHoldsTheSmaller) {
    const RandomSet set(captions(40), 3);
    const LandscapeRequest small = sampledRequest(set.request, 10, 7), large = sampledRequest(set.request, 25, 7);
    const auto first = asking(small, true), second = asking(small, false);
    EXPECT_EQ(std::count(first.begin(), first.end(), 1), 10);
    EXPECT_EQ(std::count(second.begin(), second.end(), 1), 30);
    for (const auto& pair : set.request.set.set.pairs) EXPECT_EQ(first[pair[0]], second[pair[1]]) << pair[0];
    for (const auto& pair : small.set.set.pairs)
        EXPECT_TRUE(std::find(large.set.set.pairs.begin(), large.set.set.pairs.end(), pair) !=
                    large.set.set.pairs.end());
    ASSERT_TRUE(small.sample);
    EXPECT_EQ(small.sample->queries, 40u);
    EXPECT_EQ(small.sample->of_queries, 160u);
    EXPECT_EQ(small.sample->text(), "sample of 40 of 160 queries, seed 7");
    EXPECT_EQ(sampledRequest(set.request, 10, 7).set.set.pairs, small.set.set.pairs);
    EXPECT_NE(sampledRequest(set.request, 10, 8).set.set.pairs, small.set.set.pairs);
    EXPECT_THROW(sampledRequest(set.request, 41, 7), Error);
}

TEST(QuerySample, ItsLandscapeIsTheWholeOneOnItsQueries) {
    for (const auto& one : setCases()) {
        SCOPED_TRACE(one.name);
        const RandomSet set(one.options, 11);
        const std::size_t units = unitsIn(set.request);
        LandscapeRequest request = sampledRequest(set.request, (units + 1) / 2, 5);
        request.tile = SetLandscape::kLeastTile;  // several blocks, with rows between those asked
        const auto whole = SetLandscape::build(set.request, {}), part = SetLandscape::build(request, {});
        Rng rng(4);
        for (int i = 0; i < 6; ++i) {
            const auto point = set.randomPoint(rng);
            expectEqualsReference(*part, point);
            for (const bool forward : {true, false}) {
                const auto asked = asking(request, forward);
                const auto all = whole->hits(point.data(), forward, TieRule::Expected),
                           mine = part->hits(point.data(), forward, TieRule::Expected);
                double sum = 0;
                for (std::size_t q = 0; q < asked.size(); ++q) {
                    for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(mine[q][k], asked[q] ? all[q][k] : 0.0f) << q;
                    sum += asked[q] ? static_cast<double>(all[q][0]) : 0;
                }
                const SetPoint at = part->at(point.data(), TieRule::Expected);
                const DirectionPoint& count = forward ? at.forward : at.backward;
                EXPECT_EQ(count.queries, std::count(asked.begin(), asked.end(), 1));
                EXPECT_NEAR(count.count.hits[0], sum, 1e-5);
            }
        }
    }
}

TEST(QuerySample, IsTheSameOnAnyNumberOfThreadsAndInAnyTile) {
    const RandomSet set(captions(120), 21);
    LandscapeRequest request = sampledRequest(set.request, 70, 2);
    const auto a = SetLandscape::build(request, {});
    request.tile = 64;
    const auto b = SetLandscape::build(request, {});
    Rng rng(6);
    for (int i = 0; i < 20; ++i) {
        const auto point = set.randomPoint(rng);
        for (const bool forward : {true, false})
            EXPECT_EQ(a->hits(point.data(), forward, TieRule::Expected),
                      b->hits(point.data(), forward, TieRule::Expected));
    }
}

TEST(QuerySample, KeysDifferBySampleAndSeed) {
    const RandomSet set(captions(40), 3);
    const std::string whole = SetLandscape::key(set.request);
    const std::string a = SetLandscape::key(sampledRequest(set.request, 20, 1)),
                      b = SetLandscape::key(sampledRequest(set.request, 20, 2)),
                      c = SetLandscape::key(sampledRequest(set.request, 21, 1));
    EXPECT_EQ(a, SetLandscape::key(sampledRequest(set.request, 20, 1)));
    EXPECT_NE(a, whole);
    EXPECT_NE(a, b);
    EXPECT_NE(a, c);
    EXPECT_NE(b, c);
}

TEST(SampleIntervals, CoverTheFigureOfAllQueries) {
    const RandomSet set(captions(600), 31);
    Rng rng(9);
    const auto& of = set.request.set;
    const std::vector<double> point(set.request.box.size(), 0.4);
    const BlendWeights first = set.request.firstAt(point.data()), second = set.request.secondAt(point.data());
    const ProductRows x(of.first, first, {}), y(of.second, second, {});
    const QueryHits hits =
        queryHits(rankPairsReference(x.source(), y.source(), of.set.pairs, Directions::Both, {}), TieRule::Expected);
    LandscapeRequest all = sampledRequest(set.request, unitsIn(set.request), 1);
    const IntervalMap truth = sampleIntervals(all.set.set, hits, *all.sample);
    ASSERT_EQ(truth.size(), 9u);
    EXPECT_EQ(truth.at("R@1").low, truth.at("R@1").high) << "nothing was left out";
    for (const std::size_t units : {50u, 200u}) {
        std::map<std::string, int> covered;
        constexpr int kSeeds = 400;
        for (int seed = 0; seed < kSeeds; ++seed) {
            const LandscapeRequest some = sampledRequest(set.request, units, static_cast<std::uint64_t>(seed));
            for (const auto& [metric, interval] : sampleIntervals(some.set.set, hits, *some.sample)) {
                EXPECT_LE(interval.low, interval.estimate);
                EXPECT_GE(interval.high, interval.estimate);
                const double full = truth.at(metric).estimate;
                covered[metric] += interval.low <= full && full <= interval.high;
            }
        }
        for (const auto& [metric, count] : covered) {
            const double share = static_cast<double>(count) / kSeeds;
            std::printf("%4zu units, %-16s %5.1f %% of all queries: covered by %.1f %%\n", units, metric.c_str(),
                        truth.at(metric).estimate, 100 * share);
            EXPECT_GT(share, 0.91) << metric << ", " << units << " units";
            EXPECT_LT(share, 0.99) << metric << ", " << units << " units";
        }
    }
}

TEST(SampleIntervals, HaveWidthWhereNoQueryOfTheSampleHits) {
    SetDescription set{"Nothing", SetKind::Retrieval, "audio", "text", {}, ""};
    QueryHits hits;
    for (std::uint32_t i = 0; i < 40; ++i) {
        set.pairs.push_back({i, i});
        hits.forward.push_back({0, 1, 1});
        hits.backward.push_back({0, 1, 1});
    }
    const IntervalMap found = sampleIntervals(set, hits, {1, 40, 400, 80, 800});
    EXPECT_EQ(found.at("R@1").low, 0);
    EXPECT_GT(found.at("R@1").high, 5);
    EXPECT_EQ(found.at("R@5").high, 100);
    EXPECT_LT(found.at("R@5").low, 95);
}

TEST(LandscapeEstimate, IsNearWhatIsBuilt) {
    const RandomSet set(captions(500), 13);
    const LandscapeEstimate rule = estimateLandscape(set.request), measured = measureLandscape(set.request, {});
    const auto built = SetLandscape::build(set.request, {});
    const auto bytes = static_cast<double>(built->bytes());
    std::printf("rule: %s\nmeasured: %s\nbuilt: %.1f MiB, %.2f + %.2f s\n", rule.text().c_str(),
                measured.text().c_str(), bytes / 0x1p20, built->buildSeconds().rows, built->buildSeconds().queries);
    EXPECT_FALSE(rule.measured);
    EXPECT_TRUE(measured.measured);
    EXPECT_EQ(measured.units, 500u);
    EXPECT_NEAR(static_cast<double>(measured.bytes()) / bytes, 1, 0.25);
    EXPECT_GT(static_cast<double>(rule.bytes()) / bytes, 0.1);
    EXPECT_LT(static_cast<double>(rule.bytes()) / bytes, 10);
    EXPECT_EQ(measured.bytes(), measureLandscape(set.request, {}).bytes()) << "samples are chosen by it";
    const std::size_t units = measured.unitsWithin(built->bytes() / 2);
    EXPECT_GT(units, 100u);
    EXPECT_LT(units, 300u);
    EXPECT_LE(measured.bytesOf(units), built->bytes() / 2);
    EXPECT_EQ(measured.unitsWithin(1), 0u);
    // The file on disk.
    const test::TestFolder folder;
    built->write(folder.path() / "whole", "key");
    const auto file = static_cast<double>(std::filesystem::file_size(folder.path() / "whole"));
    EXPECT_NEAR(static_cast<double>(measured.diskBytes()) / file, 1, 0.25);
}

// Memory that runs out while a landscape is built: whatever allocates next throws, as here what hears of progress.
JobContext outOfMemory(int times, std::vector<std::string>& lines) {
    auto left = std::make_shared<int>(times);
    return JobContext(
        {},
        [left](const Progress&) {
            if ((*left)-- > 0) throw std::bad_alloc();
        },
        [&lines](const std::string& line) { lines.push_back(line); });
}

TEST(OutOfMemory, IsTriedAgainWithSmallerBlocks) {
    const RandomSet set(captions(60), 17);
    std::vector<std::string> lines;
    const auto built = SetLandscape::build(set.request, outOfMemory(2, lines));
    EXPECT_EQ(built->request().tile, 64u);
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_NE(lines[1].find("blocks of 64 queries"), std::string::npos) << lines[1];
    Rng rng(2);
    for (int i = 0; i < 5; ++i) expectEqualsReference(*built, set.randomPoint(rng));
}

TEST(OutOfMemory, IsSaidWhenNoBlockIsSmallEnough) {
    const RandomSet set(captions(60), 17);
    std::vector<std::string> lines;
    try {
        SetLandscape::build(set.request, outOfMemory(1000, lines));
        FAIL() << "expected an error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::NoSpace);
        EXPECT_NE(error.hint().find("--memory-gib"), std::string::npos) << error.hint();
    }
    EXPECT_EQ(lines.size(), 3u) << "128, 64, 32";
}

// A product of which not all landscapes fit.
struct TightProduct : SmallProduct {
    LandscapeEvaluator::Options options;
    std::uint64_t whole = 0;  // bytes of all landscapes

    TightProduct() {
        LandscapeEvaluator all(model, sets, {});
        whole = all.prepare({}, {}).bytes;
        options.sample_queries = true;
        // All but some of what the queries of the last set take.
        const auto last = all.landscape(sets.size() - 1);
        const auto queries = static_cast<double>(last->bytes()) - estimateLandscape(last->request()).fixed_bytes;
        options.memory_bytes = whole - static_cast<std::uint64_t>(0.15 * queries);
    }
};

TEST(SampledEvaluator, TakesASampleWhereTheBudgetIsTooSmall) {
    TightProduct tight;
    LandscapeEvaluator some(tight.model, tight.sets, tight.options);
    std::vector<std::string> lines;
    const auto prepared = some.prepare({}, JobContext({}, {}, [&](const std::string& line) { lines.push_back(line); }));
    ASSERT_FALSE(prepared.sampled.empty());
    EXPECT_TRUE(prepared.direct.empty());
    EXPECT_LE(prepared.bytes, tight.options.memory_bytes);
    ASSERT_FALSE(lines.empty());
    EXPECT_NE(lines.back().find("on disk"), std::string::npos) << lines.back();
    DirectEvaluator slow(tight.model, tight.sets, {});
    Setting setting;
    setting.factors["sigma_t"] = 0.3;
    const auto exact = slow.figures(setting, {});
    const auto quick = some.figures(setting, {});
    const auto intervals = some.intervals(setting, {});
    const auto protocols = some.protocols(setting, {});
    const auto whole = some.evaluate(setting, {});
    std::size_t sampled = 0;
    for (std::size_t s = 0; s < exact.size(); ++s) {
        const std::string& name = some.sets()[s].name;
        ASSERT_TRUE(some.ready(s, setting));
        for (const auto& [metric, value] : whole.sets[s].values())
            EXPECT_NEAR(value, exact[s].at(metric), 1e-9) << "evaluate() is exact: " << name << " " << metric;
        if (!some.sample(s)) {
            EXPECT_TRUE(intervals[s].empty());
            EXPECT_TRUE(protocols[s].sample.empty());
            for (const auto& [metric, value] : quick[s]) EXPECT_NEAR(value, exact[s].at(metric), 1e-9) << metric;
            continue;
        }
        ++sampled;
        EXPECT_EQ(some.sample(s)->units, prepared.sampled.at(name).units);
        EXPECT_EQ(protocols[s].sample, some.sample(s)->text());
        EXPECT_NE(protocolText(protocols[s]).find("Estimated from a sample of"), std::string::npos);
        EXPECT_EQ(toJson(protocols[s]).at("sample"), some.sample(s)->text());
        EXPECT_EQ(intervals[s].size(), 9u);
        for (const auto& [metric, interval] : intervals[s]) {
            EXPECT_NEAR(interval.estimate, quick[s].at(metric), 1e-4) << metric;
            EXPECT_LT(interval.low, interval.high) << metric;
        }
    }
    EXPECT_EQ(sampled, prepared.sampled.size());
    // The same sample again.
    LandscapeEvaluator again(tight.model, tight.sets, tight.options);
    again.prepare({}, {});
    EXPECT_EQ(again.figures(setting, {}), quick);
    const auto kept = some.prepare({}, {});
    EXPECT_EQ(kept.sampled.size(), prepared.sampled.size());
}

TEST(SampledEvaluator, ComputesDirectlyWhereSamplesAreOff) {
    TightProduct tight;
    tight.options.sample_queries = false;
    LandscapeEvaluator off(tight.model, tight.sets, tight.options);
    const auto prepared = off.prepare({}, {});
    EXPECT_TRUE(prepared.sampled.empty());
    EXPECT_FALSE(prepared.direct.empty());
    DirectEvaluator slow(tight.model, tight.sets, {});
    const auto exact = slow.figures({}, {}), quick = off.figures({}, {});
    for (std::size_t s = 0; s < exact.size(); ++s)
        for (const auto& [metric, value] : quick[s]) EXPECT_NEAR(value, exact[s].at(metric), 1e-9) << metric;
}

TEST(SampledEvaluator, BeginsWithSoManyQueriesAndCanAskMore) {
    TightProduct tight;
    LandscapeEvaluator most(tight.model, tight.sets, tight.options);
    most.prepare({}, {});
    std::size_t s = 0;
    while (!most.sample(s)) ++s;
    const QuerySample all = *most.sample(s);
    tight.options.sample_size = all.queries / 2;
    LandscapeEvaluator some(tight.model, tight.sets, tight.options);
    some.prepare({}, {});
    ASSERT_TRUE(some.sample(s));
    const QuerySample begun = *some.sample(s);
    EXPECT_GE(begun.units, 30u);
    EXPECT_LT(begun.units, all.units);
    EXPECT_LE(begun.queries, std::max(all.queries / 2, all.queries * 31 / all.units));
    ASSERT_TRUE(some.enlargeSample(s, {}, 2 * tight.whole, {}));
    const auto more = some.sample(s);  // nothing where all are asked
    EXPECT_EQ(more ? more->units : begun.of_units, std::min(2 * begun.units, begun.of_units));
}

TEST(SampledEvaluator, ATinyBudgetIsSaid) {
    TightProduct tight;
    tight.options.memory_bytes = 5000;
    LandscapeEvaluator none(tight.model, tight.sets, tight.options);
    const auto prepared = none.prepare({}, {});
    EXPECT_EQ(prepared.direct.size(), tight.sets.size());
    EXPECT_NE(prepared.direct.begin()->second.find("sample of 30"), std::string::npos)
        << prepared.direct.begin()->second;
}

TEST(SampledEvaluator, EnlargesASampleWithinALargerBudget) {
    TightProduct tight;
    const test::TestFolder folder;
    tight.options.cache = folder.path();
    LandscapeEvaluator some(tight.model, tight.sets, tight.options);
    const auto prepared = some.prepare({}, {});
    ASSERT_FALSE(prepared.sampled.empty());
    std::size_t s = 0;
    while (!some.sample(s)) ++s;
    const QuerySample before = *some.sample(s);
    const auto narrow = some.intervals({}, {})[s].at("R@5");
    EXPECT_FALSE(some.enlargeSample(s, {}, 0, {})) << "there is no more room";
    EXPECT_EQ(some.sample(s)->units, before.units);
    ASSERT_TRUE(some.enlargeSample(s, {}, 2 * tight.whole, {}));
    const auto after = some.sample(s);
    if (after) {
        EXPECT_EQ(after->units, 2 * before.units);
        const auto wide = some.intervals({}, {})[s].at("R@5");
        EXPECT_LT(wide.high - wide.low, narrow.high - narrow.low);
    }
    while (some.sample(s)) ASSERT_TRUE(some.enlargeSample(s, {}, 2 * tight.whole, {}));
    DirectEvaluator slow(tight.model, tight.sets, {});
    const auto exact = slow.figures({}, {})[s], quick = some.figures({}, {})[s];
    for (const auto& [metric, value] : quick) EXPECT_NEAR(value, exact.at(metric), 1e-9) << metric;
    EXPECT_FALSE(some.enlargeSample(s, {}, 2 * tight.whole, {})) << "all queries are asked";
}

TEST(SampledEvaluator, SweepAndTuneSayThatTheyEstimate) {
    TightProduct tight;
    LandscapeEvaluator some(tight.model, tight.sets, tight.options);
    const auto prepared = some.prepare({}, {});
    ASSERT_FALSE(prepared.sampled.empty());
    DirectEvaluator slow(tight.model, tight.sets, {});
    SweepRequest request;
    request.axes = {parseAxis("sigma_t=0:1:0.25")};
    request.baseline = slow.evaluate({}, {});
    const SweepSurface surface = sweep(some, request, {});
    const std::string& name = prepared.sampled.begin()->first;
    const std::string line = name + ": estimated from a " + prepared.sampled.begin()->second.text();
    EXPECT_NE(toText(surface).find(line), std::string::npos) << toText(surface);
    EXPECT_NE(toCsv(surface).find("Estimated from a sample"), std::string::npos);
    std::size_t with = 0;
    for (const auto& group : surface.groups) {
        const bool sampled = std::any_of(group.group.sets.begin(), group.group.sets.end(),
                                         [&](const auto& set) { return prepared.sampled.contains(set); });
        EXPECT_EQ(group.best_interval.has_value(), sampled) << group.group.name;
        if (!group.best_interval) continue;
        ++with;
        EXPECT_DOUBLE_EQ(group.best_interval->estimate, group.change[bestPoint(group)]);
        EXPECT_LT(group.best_interval->low, group.best_interval->high);
    }
    EXPECT_GT(with, 0u);

    TuneRequest tune_request;
    tune_request.baseline = request.baseline;
    tune_request.factors = {"sigma_t"};
    tune_request.maximize = {{surface.groups[0].group.name, 1}};
    tune_request.step = 0.1;
    const TuneResult tuned = tune(some, tune_request, {});
    EXPECT_EQ(tuned.samples.size(), prepared.sampled.size());
    EXPECT_NE(toText(tuned).find(line), std::string::npos) << toText(tuned);
    EXPECT_EQ(toJson(tuned).at("samples").size(), prepared.sampled.size());
    // What judges a setting draws the sample's units.
    const auto group = tuned.groups[0];
    const GroupHits hits = groupHits(some, group, {{}}, {}, {});
    for (const auto& set : hits.sets()) {
        const auto of = prepared.sampled.find(set.name);
        if (of != prepared.sampled.end()) {
            EXPECT_EQ(set.units.count, of->second.units);
        }
    }
}

}  // namespace
}  // namespace engine
