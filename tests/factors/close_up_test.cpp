// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/close_up.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <thread>

#include "tests/factors/failing_memory.h"
#include "tests/factors/landscape_support.h"

namespace engine {
namespace {

// Of three or four factors.
RandomSetOptions manyFactors(Rng& rng) {
    RandomSetOptions options = anySet(rng);
    options.first_items = 20 + rng.below(60);
    options.second_items = 30 + rng.below(120);
    options.width = 8 + rng.below(60);
    options.same_modality = false;
    options.first_layers = 1 + rng.below(3);
    options.second_layers = (rng.below(2) ? 3 : 4) - options.first_layers;
    options.weights = rng.below(3) == 0;
    if (options.weights) {  // a share and a weight of one side each, or two
        options.experts = 2 + rng.below(2);
        options.first_layers = 0;
        options.second_layers = 2;
    }
    return options;
}

// The same landscape without closer looks.
std::shared_ptr<const SetLandscape> plainOf(const RandomSet& set) {
    LandscapeRequest request = set.request;
    request.close_up_bytes = 0;
    return SetLandscape::build(request, {});
}

// A few places in the part of a leaf that holds `point`, the point itself first.
std::vector<std::vector<double>> placesAround(const FactorGrid& grid, const std::vector<double>& point, Rng& rng) {
    std::size_t place[kMostDims];
    const std::size_t along = grid.leavesAlong() * 8;
    grid.placeOf(point.data(), along, place);
    std::vector<std::vector<double>> out{point};
    for (int i = 0; i < 5; ++i) {
        out.push_back(point);
        for (std::size_t d = 0; d < grid.dims(); ++d) {
            const double low = grid.border(d, place[d], along), high = grid.border(d, place[d] + 1, along);
            const double draw = rng.uniform();
            out.back()[d] = draw < 0.15 ? low : draw < 0.3 ? high : low + rng.uniform() * (high - low);
        }
    }
    return out;
}

void expectSame(const SetPoint& have, const SetPoint& want) {
    for (const auto part : {&SetPoint::forward, &SetPoint::backward}) {
        EXPECT_EQ((have.*part).queries, (want.*part).queries);
        EXPECT_EQ((have.*part).count.tied, (want.*part).count.tied);
        for (std::size_t k = 0; k < kHitPlaces.size(); ++k)
            EXPECT_NEAR((have.*part).count.hits[k], (want.*part).count.hits[k], 1e-9);
    }
}

std::uint32_t evaluated(const SetPoint& point) {
    return point.forward.count.evaluated + point.backward.count.evaluated;
}

TEST(CloseUp, CloserLooksChangeNoHit) {
    const std::size_t rounds = std::getenv("MOLSPACE_DEEP") ? 200 : 10;
    Rng rng(31, "close-ups");
    double plain_entries = 0, close_entries = 0;
    for (std::size_t round = 0; round < rounds && !HasFailure(); ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        const RandomSet set(manyFactors(rng), 500 + round);
        const auto close = SetLandscape::build(set.request, {}), plain = plainOf(set);
        ASSERT_GE(close->grid().dims(), 3u);
        for (int base = 0; base < 3; ++base) {
            for (const auto& point : placesAround(close->grid(), set.randomPoint(rng), rng)) {
                // Asked again and again: as it lies, gathered, cut.
                expectEqualsReference(*close, point);
                for (int again = 0; again < 2; ++again) {
                    SetLandscape::finishCloseUps();
                    expectSame(close->at(point.data(), TieRule::Expected), plain->at(point.data(), TieRule::Expected));
                }
                for (const TieRule ties : {TieRule::Optimistic, TieRule::Pessimistic})
                    expectSame(close->at(point.data(), ties), plain->at(point.data(), ties));
                close_entries += evaluated(close->at(point.data(), TieRule::Expected));
                plain_entries += evaluated(plain->at(point.data(), TieRule::Expected));
            }
        }
        EXPECT_EQ(plain->closeUpBytes(), 0u);
    }
    EXPECT_LT(close_entries, 0.6 * plain_entries);
}

TEST(CloseUp, WhatIsAskedOnceIsCountedAsItLies) {
    const RandomSet set({.first_layers = 2, .noise = 1.5}, 3);
    const auto close = SetLandscape::build(set.request, {});
    const auto ask = [&](double at) {
        const double point[] = {at, at, at};
        const std::uint32_t entries = evaluated(close->at(point, TieRule::Expected));
        SetLandscape::finishCloseUps();
        return entries;
    };
    const std::uint32_t whole = ask(0.501);
    const std::uint64_t asked_once = close->closeUpBytes();
    EXPECT_LT(asked_once, 500u);
    EXPECT_EQ(ask(0.56), whole);  // another part of the leaf: now its entries are laid side by side
    const std::uint64_t gathered = close->closeUpBytes();
    EXPECT_GT(gathered, asked_once + 16 * whole);
    EXPECT_EQ(ask(0.502), whole);
    EXPECT_EQ(ask(0.503), whole);
    EXPECT_EQ(close->closeUpBytes(), gathered);
    EXPECT_EQ(ask(0.504), whole);  // cut behind
    EXPECT_GT(close->closeUpBytes(), gathered);
    EXPECT_LT(ask(0.505), whole);
}

// A step along any factor finds its part cut, and no hit is another.
TEST(CloseUp, WhatComesNextIsCutAhead) {
    const RandomSet set({.first_layers = 2, .noise = 1.5}, 3);
    const auto close = SetLandscape::build(set.request, {}), plain = plainOf(set);
    Rng rng(5, "ahead");
    double ahead = 0, whole = 0;
    for (int round = 0; round < 20; ++round) {
        const auto from = set.randomPoint(rng);
        close->lookAhead(set.randomPoint(rng).data(), 0.05);  // what was to be made ahead before is not waited for
        close->lookAhead(from.data(), 0.05);
        SetLandscape::finishCloseUps();
        for (std::size_t d = 0; d < from.size(); ++d) {
            for (const double step : {0.0, 0.05, -0.05}) {
                auto to = from;
                to[d] = std::clamp(to[d] + step, 0.0, 1.0);
                const SetPoint point = close->at(to.data(), TieRule::Expected);
                const SetPoint as_it_lies = plain->at(to.data(), TieRule::Expected);
                expectSame(point, as_it_lies);
                EXPECT_LE(evaluated(point), evaluated(as_it_lies));
                ahead += evaluated(point);
                whole += evaluated(as_it_lies);
            }
        }
        expectEqualsReference(*close, from);
    }
    EXPECT_LT(ahead, 0.5 * whole);
    EXPECT_LE(close->closeUpBytes(), set.request.close_up_bytes);
}

// The next place in a leaf finds it gathered: its parts are cut though there is no memory to gather it again.
TEST(CloseUp, ALeafIsGatheredOnceForManyPlaces) {
    const RandomSet set({.first_layers = 2, .noise = 1.5}, 3);
    const auto close = SetLandscape::build(set.request, {}), plain = plainOf(set);
    const double first[] = {0.57, 0.57, 0.57}, next[] = {0.53, 0.53, 0.6};
    const std::size_t leaf = close->grid().leafOf(first);
    ASSERT_EQ(close->grid().leafOf(next), leaf);
    const DirectionCells& cells = close->cells(true);
    const std::size_t bytes =
        (cells.entries_at[leaf + 1] - cells.entries_at[leaf]) * (1 + cells.products) * sizeof(float);
    ASSERT_GT(bytes, 0u);
    close->lookAhead(first, 0.05);
    SetLandscape::finishCloseUps();
    EXPECT_GT(close->closeUpBytes(), bytes) << "it counts";
    {
        const auto memory = test::FailingMemory::ofBytes(bytes);
        close->lookAhead(next, 0.02);
        SetLandscape::finishCloseUps();
        EXPECT_FALSE(memory.failed());
    }
    const SetPoint found = close->at(next, TieRule::Expected), as_it_lies = plain->at(next, TieRule::Expected);
    expectSame(found, as_it_lies);
    EXPECT_LT(evaluated(found), evaluated(as_it_lies));
}

TEST(CloseUp, ASweepMakesThemInPlace) {
    const RandomSet set({.first_layers = 2, .noise = 1.5}, 3);
    const auto close = SetLandscape::build(set.request, {}), plain = plainOf(set);
    const double point[] = {0.5, 0.5, 0.5};
    std::vector<SetPoint> found(6);
#pragma omp parallel for num_threads(2)
    for (int thread = 0; thread < 2; ++thread) {
        for (std::size_t i = 0; thread == 0 && i < found.size(); ++i) found[i] = close->at(point, TieRule::Expected);
    }
    for (const auto& each : found) expectSame(each, plain->at(point, TieRule::Expected));
    EXPECT_LT(evaluated(found[4]), evaluated(found[0]));
}

TEST(CloseUp, ALandscapeMayGoWhileItsCloserLooksAreMade) {
    for (int round = 0; round < 20; ++round) {
        const RandomSet set({.first_layers = 2, .noise = 1.5}, 3);
        const auto close = SetLandscape::build(set.request, {});
        const double point[] = {0.5, 0.5, 0.5};
        for (int i = 0; i < 5; ++i) close->at(point, TieRule::Expected);
        close->lookAhead(point, 0.05);
    }
    SetLandscape::finishCloseUps();
}

TEST(CloseUp, LeavesOfOneFactorStayAsTheyAre) {
    const RandomSet set({.second_layers = 0}, 3);
    const auto landscape = SetLandscape::build(set.request, {});
    ASSERT_EQ(landscape->grid().dims(), 1u);
    const double point[] = {0.4};
    for (int i = 0; i < 3; ++i) landscape->at(point, TieRule::Expected);
    EXPECT_EQ(landscape->closeUpBytes(), 0u);
}

TEST(CloseUp, AFactorOfBothSidesIsNotCut) {
    const RandomSet set({.first_layers = 2, .second_layers = 3, .same_modality = true}, 4);
    const auto close = SetLandscape::build(set.request, {}), plain = plainOf(set);
    ASSERT_EQ(close->grid().dims(), 3u);
    const double point[] = {0.4, 0.6, 0.3};
    for (int i = 0; i < 6; ++i) {
        const SetPoint found = close->at(point, TieRule::Expected), want = plain->at(point, TieRule::Expected);
        expectSame(found, want);
        EXPECT_EQ(evaluated(found), evaluated(want));
    }
}

TEST(CloseUp, WhatWasAskedForLongAgoIsForgotten) {
    RandomSet set({.first_layers = 2, .noise = 0.8, .near_ties = 0.1, .duplicates = 0.1}, 6);
    const auto plain = plainOf(set);
    Rng rng(8, "walk");
    for (const std::uint64_t budget : {std::uint64_t{120'000}, std::uint64_t{400'000}}) {
        set.request.close_up_bytes = budget;
        const auto close = SetLandscape::build(set.request, {});
        std::uint64_t most = 0;
        std::vector<double> point{0.5, 0.5, 0.5};
        for (int i = 0; i < 300; ++i) {
            double& value = point[rng.below(3)];
            value = std::clamp(value + (rng.below(2) ? 0.05 : -0.05) * rng.uniform(), 0.0, 1.0);
            for (int again = 0; again < 4; ++again) {
                expectSame(close->at(point.data(), TieRule::Expected), plain->at(point.data(), TieRule::Expected));
                SetLandscape::finishCloseUps();
            }
            most = std::max(most, close->closeUpBytes());
            ASSERT_LE(close->closeUpBytes(), budget);
        }
        EXPECT_GT(most, budget / 2);
    }
}

TEST(CloseUp, ManyReadersGetTheSame) {
    RandomSet set({.first_layers = 2, .near_ties = 0.1, .duplicates = 0.1}, 7);
    set.request.close_up_bytes = 200'000;  // some are forgotten while others read
    const auto close = SetLandscape::build(set.request, {}), plain = plainOf(set);
    std::vector<std::vector<double>> points;
    Rng rng(9, "readers");
    for (int i = 0; i < 40; ++i) points.push_back({0.3 + 0.3 * rng.uniform(), 0.5, 0.3 + 0.1 * rng.uniform()});
    std::vector<SetPoint> want;
    for (const auto& point : points) want.push_back(plain->at(point.data(), TieRule::Expected));
    std::vector<std::vector<SetPoint>> found(4);
    std::vector<std::thread> readers;
    for (std::size_t r = 0; r < found.size(); ++r) {
        readers.emplace_back([&, r] {
            for (std::size_t i = 0; i < 6 * points.size(); ++i)
                found[r].push_back(close->at(points[(i + 7 * r) % points.size()].data(), TieRule::Expected));
        });
    }
    for (auto& reader : readers) reader.join();
    for (std::size_t r = 0; r < found.size(); ++r) {
        for (std::size_t i = 0; i < found[r].size(); ++i) expectSame(found[r][i], want[(i + 7 * r) % points.size()]);
    }
}

}  // namespace
}  // namespace engine
