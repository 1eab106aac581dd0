// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/flips.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "engine/factors/landscape_file.h"
#include "tests/factors/landscape_support.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

using Hits = std::vector<std::array<double, kHitPlaces.size()>>;

std::vector<double> pointOn(const FactorLine& line, double t) {
    std::vector<double> point = line.point;
    point[line.dim] = t;
    return point;
}

// Hits of every query by the slow reference.
Hits referenceHits(const SetLandscape& landscape, const std::vector<double>& point, bool forward, TieRule ties) {
    const auto& set = landscape.set();
    const BlendWeights first = landscape.request().firstAt(point.data()),
                       second = landscape.request().secondAt(point.data());
    const ProductRows x(set.first, first, {}), y(set.second, second, {});
    const PairRanks ranks = rankPairsReference(x.source(), y.source(), set.set.pairs,
                                               forward ? Directions::Forward : Directions::Backward, {});
    Hits out;
    for (const QueryRank& rank : forward ? ranks.forward : ranks.backward) {
        auto& hits = out.emplace_back();
        for (std::size_t k = 0; k < hits.size(); ++k) hits[k] = hitAt(rank, kHitPlaces[k], ties);
    }
    return out;
}

Hits hitsAt(const LineHits& line, double t) {
    Hits out = line.start;
    for (const Flip& flip : line.flips) {
        if (flip.at > t) break;
        EXPECT_EQ(out[flip.query][flip.place], flip.before);
        out[flip.query][flip.place] = flip.after;
    }
    return out;
}

struct Compared {
    std::size_t flips = 0, at_flips = 0;
};

// The flips of every line through a few points against the landscape between them and the reference beside them.
Compared expectExactLines(const SetLandscape& landscape, const RandomSet& set, std::size_t lines, std::uint64_t seed,
                          TieRule ties = TieRule::Expected, double loose = 0) {
    Rng rng(seed, "lines");
    Compared done;
    for (std::size_t round = 0; round < lines && !::testing::Test::HasFailure(); ++round) {
        FactorLine line{set.randomPoint(rng), rng.below(set.request.box.size()), 0, 1};
        if (round % 3 == 1) line.low = 0.3 * rng.uniform();
        if (round % 3 == 2) line.high = 0.5 + 0.5 * rng.uniform();
        for (const bool forward : {true, false}) {
            const LineHits found = flipsAlong(landscape, line, forward, ties, {});
            done.flips += found.flips.size();
            std::vector<double> places;
            double last = line.low;
            for (const Flip& flip : found.flips) {
                EXPECT_GE(flip.at, last);
                if (flip.at - last > 1e-8) places.push_back((flip.at + last) / 2);
                last = flip.at;
            }
            for (int i = 0; i < 20; ++i) places.push_back(line.low + (line.high - line.low) * rng.uniform());
            if (places.size() > 80) {
                for (std::size_t i = 0; i < 80; ++i) std::swap(places[i], places[i + rng.below(places.size() - i)]);
                places.resize(80);
            }
            for (const double t : places) {
                const auto want = landscape.hits(pointOn(line, t).data(), forward, ties);
                const Hits have = hitsAt(found, t);
                for (std::size_t q = 0; q < want.size(); ++q) {
                    for (std::size_t k = 0; k < kHitPlaces.size(); ++k) {
                        EXPECT_NEAR(have[q][k], static_cast<double>(want[q][k]), 1e-6)
                            << "query " << q << " K " << kHitPlaces[k] << " at " << t << " dim " << line.dim
                            << (forward ? "" : " back");
                    }
                }
            }
            // A few flips: the reference right below and right above.
            for (int i = 0; i < 4 && !found.flips.empty(); ++i) {
                const Flip& flip = found.flips[rng.below(found.flips.size())];
                EXPECT_EQ(flip.enters(), flip.after > flip.before);
                const auto alone = [&](double room) {
                    bool out = flip.at > line.low + room && flip.at < line.high - room;
                    for (const Flip& other : found.flips) {
                        out = out && (&other == &flip || other.query != flip.query || other.place != flip.place ||
                                      std::fabs(other.at - flip.at) > room);
                    }
                    return out;
                };
                const auto agrees = [&](double beside) {
                    const Hits below = referenceHits(landscape, pointOn(line, flip.at - beside), forward, ties);
                    const Hits above = referenceHits(landscape, pointOn(line, flip.at + beside), forward, ties);
                    return below[flip.query][flip.place] == flip.before && above[flip.query][flip.place] == flip.after;
                };
                if (!alone(4e-9)) continue;
                ++done.at_flips;
                if (agrees(1e-9) || (loose > 0 && (!alone(loose) || agrees(loose)))) continue;
                ADD_FAILURE() << "query " << flip.query << " K " << kHitPlaces[flip.place] << " " << flip.before
                              << " -> " << flip.after << " at " << flip.at << " dim " << line.dim;
            }
        }
    }
    return done;
}

// Nearly equal rows cross at slopes down to 1e-11, so float64 cannot tell the place better than 1e-4.
double looseOf(const RandomSetOptions& options) {
    return options.near_ties > 0 ? 1e-4 : 0;
}

class FlipsOf : public ::testing::TestWithParam<SetCase> {};

TEST_P(FlipsOf, EqualTheReferenceAlongLines) {
    const RandomSet set(GetParam().options, 7);
    if (set.request.box.empty()) return;  // without a factor there is no line
    const auto landscape = SetLandscape::build(set.request, {});
    const std::size_t lines = 6;
    const double loose = looseOf(GetParam().options);
    const Compared done = expectExactLines(*landscape, set, lines, 7, TieRule::Expected, loose);
    EXPECT_GT(done.flips, 10 * lines);
    EXPECT_GT(done.at_flips, lines);
    if (loose == 0) return;
    for (const TieRule ties : {TieRule::Optimistic, TieRule::Pessimistic, TieRule::ByIndex})
        expectExactLines(*landscape, set, 2, 8, ties, loose);
}

INSTANTIATE_TEST_SUITE_P(Cases, FlipsOf, ::testing::ValuesIn(setCases()), nameOf);

TEST(Flips, RandomSetsFindNoDifference) {
    const std::size_t rounds = std::getenv("MOLSPACE_DEEP") ? 200 : 10;
    Rng rng(12, "kinds");
    for (std::size_t round = 0; round < rounds && !HasFailure(); ++round) {
        RandomSetOptions options = anySet(rng);
        options.second_layers = std::max<std::size_t>(1, options.second_layers);
        SCOPED_TRACE("round " + std::to_string(round));
        const RandomSet set(options, 500 + round);
        expectExactLines(*SetLandscape::build(set.request, {}), set, 3, 500 + round, TieRule::Expected,
                         looseOf(options));
    }
}

// Where the second side's share is 1 its base does not count: items with the same experts tie along the whole line.
TEST(Flips, ATieAlongTheLineIsNoFlip) {
    RandomSet set({}, 3);
    for (const auto& part : set.request.set.second.layers[0].parts) {
        auto* rows = const_cast<float*>(part.rows.data);
        for (std::size_t i = 0; i + 1 < 20; i += 2) std::copy_n(rows + i * 24, 24, rows + (i + 1) * 24);
    }
    const auto landscape = SetLandscape::build(set.request, {});
    const FactorLine line{{0.5, 1}, 0, 0, 1};
    const LineHits found = flipsAlong(*landscape, line, true, TieRule::Expected, {});
    bool halves = false;
    for (const double t : {0.011, 0.37, 0.61, 0.93}) {
        const auto want = landscape->hits(pointOn(line, t).data(), true, TieRule::Expected);
        const Hits have = hitsAt(found, t);
        for (std::size_t q = 0; q < want.size(); ++q) {
            EXPECT_EQ(have[q][0], static_cast<double>(want[q][0])) << q << " at " << t;
            halves = halves || have[q][0] == 0.5;
        }
    }
    EXPECT_TRUE(halves);
}

TEST(Flips, CurvesEqualAFineGrid) {
    RandomSetOptions options;
    options.duplicates = 0.2;
    const RandomSet set(options, 21);
    const auto landscape = SetLandscape::build(set.request, {});
    for (std::size_t dim = 0; dim < 2; ++dim) {
        const FactorLine line{{0.4, 0.7}, dim, 0, 1};
        const LineHits forward = flipsAlong(*landscape, line, true, TieRule::Expected, {});
        const LineHits backward = flipsAlong(*landscape, line, false, TieRule::Expected, {});
        for (std::size_t k = 0; k < kHitPlaces.size(); ++k) {
            const HitCurve a = hitCurve(forward, k), b = hitCurve(backward, k), mean = meanCurve(a, b);
            EXPECT_GT(mean.breaks.size(), 3u);
            EXPECT_EQ(mean.values.size(), mean.breaks.size() + 1);
            for (std::size_t i = 0; i < 1001; ++i) {
                const double t = 1e-4 + static_cast<double>(i) * 0.9998 / 1000;
                const SetPoint want = landscape->at(pointOn(line, t).data(), TieRule::Expected);
                EXPECT_NEAR(a.at(t), want.forward.rate(k), 1e-9) << t;
                EXPECT_NEAR(b.at(t), want.backward.rate(k), 1e-9) << t;
                EXPECT_NEAR(mean.at(t), (want.forward.rate(k) + want.backward.rate(k)) / 2, 1e-9) << t;
            }
        }
    }
}

TEST(Flips, ALandscapeFromTheCacheGivesTheSame) {
    RandomSetOptions options;
    options.experts = 3;
    const RandomSet set(options, 9);
    const test::TestFolder folder;
    bool cached = false;
    const auto built = landscapeFromCache(folder.path(), set.request, true, {}, cached);
    const auto read = landscapeFromCache(folder.path(), set.request, true, {}, cached);
    ASSERT_TRUE(cached);
    const FactorLine line{{0.2, 0.9}, 1, 0, 1};
    const LineHits a = flipsAlong(*built, line, true, TieRule::Expected, {});
    const LineHits b = flipsAlong(*read, line, true, TieRule::Expected, {});
    ASSERT_EQ(a.flips.size(), b.flips.size());
    for (std::size_t i = 0; i < a.flips.size(); ++i) {
        EXPECT_EQ(a.flips[i].query, b.flips[i].query);
        EXPECT_EQ(a.flips[i].at, b.flips[i].at);
    }
    EXPECT_EQ(a.start, b.start);
}

TEST(Flips, NamesWhatIsWrongWithALine) {
    RandomSet set({}, 5);
    set.request.box[0].high = 0.5;
    set.request.backward = false;
    const auto landscape = SetLandscape::build(set.request, {});
    EXPECT_THROW(flipsAlong(*landscape, {{0.2, 0.2}, 0, 0, 1}, true, TieRule::Expected, {}), Error);
    EXPECT_THROW(flipsAlong(*landscape, {{0.2}, 0, 0, 0.5}, true, TieRule::Expected, {}), Error);
    EXPECT_THROW(flipsAlong(*landscape, {{0.2, 0.2}, 1, 0, 1}, false, TieRule::Expected, {}), Error);
    std::stop_source stop;
    stop.request_stop();
    const FactorLine line{{0.2, 0.2}, 1, 0, 1};
    EXPECT_THROW(flipsAlong(*landscape, line, true, TieRule::Expected, JobContext(stop.get_token())), Cancelled);
    // A line of no length has no flips, and the hits of its point.
    const LineHits still = flipsAlong(*landscape, {{0.2, 0.2}, 1, 0.4, 0.4}, true, TieRule::Expected, {});
    EXPECT_TRUE(still.flips.empty());
    EXPECT_NEAR(hitCurve(still, 0).at(0.4), landscape->at(pointOn(line, 0.4).data(), TieRule::Expected).forward.rate(0),
                1e-9);
}

}  // namespace
}  // namespace engine
