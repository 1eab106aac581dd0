// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/set_landscape.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/factors/landscape_file.h"
#include "tests/factors/landscape_support.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

void expectExactEverywhere(const RandomSetOptions& options, std::size_t points, std::uint64_t seed = 7) {
    const RandomSet set(options, seed);
    const auto landscape = SetLandscape::build(set.request, {});
    Rng rng(seed, "points");
    for (std::size_t i = 0; i < points && !::testing::Test::HasFailure(); ++i) {
        expectEqualsReference(*landscape, set.randomPoint(rng));
    }
}

class SetLandscapeOf : public ::testing::TestWithParam<SetCase> {};

TEST_P(SetLandscapeOf, EqualsTheReference) {
    expectExactEverywhere(GetParam().options, 25);
}

INSTANTIATE_TEST_SUITE_P(Cases, SetLandscapeOf, ::testing::ValuesIn(setCases()), nameOf);

// Some items of the second side belong to nothing, so queries from there are left out.
TEST(SetLandscape, LeavesOutQueriesWithoutPositives) {
    RandomSetOptions options;
    options.first_items = 30;
    options.second_items = 120;
    options.positives = 2;
    const RandomSet set(options, 3);
    const auto landscape = SetLandscape::build(set.request, {});
    EXPECT_EQ(landscape->cells(false).left_out, 60u);
    EXPECT_EQ(landscape->cells(false).queries, 60u);
    expectEqualsReference(*landscape, {0.3, 0.6});
}

TEST(SetLandscape, RandomSetsFindNoDifference) {
    const std::size_t rounds = std::getenv("MOLSPACE_DEEP") ? 300 : 12;
    Rng rng(11, "kinds");
    for (std::size_t round = 0; round < rounds && !HasFailure(); ++round) {
        const RandomSetOptions options = anySet(rng);
        SCOPED_TRACE("round " + std::to_string(round));
        expectExactEverywhere(options, 6, 100 + round);
    }
}

// Two items whose experts differ by less than a sum of them is rounded by: they score apart all the same.
TEST(SetLandscape, WhatASumRoundsAwayIsNoTie) {
    RandomSet set({}, 13);
    const float* query = set.rows[0].row(0);
    const auto d = static_cast<std::size_t>(std::min_element(query, query + set.rows[0].cols()) - query);
    for (std::size_t table = 3; table < 6; ++table)  // of the second side: base and two experts, of weights 1 and 2
        std::copy_n(set.rows[table].row(0), set.rows[table].cols(), set.rows[table].row(1));
    set.rows[4].row(0)[d] = 0.0625f;
    set.rows[4].row(1)[d] = std::nextafter(0.0625f, 1.0f);
    set.rows[5].row(0)[d] = set.rows[5].row(1)[d] = 0.40625f;
    const auto landscape = SetLandscape::build(set.request, {});
    const MatrixView sum = landscape->second().atom(1);
    ASSERT_EQ(sum.row(0)[d], sum.row(1)[d]);
    for (const double share : {0.2, 0.5, 1.0}) {
        const double point[] = {0, share};
        EXPECT_EQ(landscape->ranks(point, true)[0].tied, 0u) << share;
        expectEqualsReference(*landscape, {0, share});
    }
}

// The queries of the first blocks keep far more than the others do.
TEST(SetLandscape, FitsABudgetThatItsFirstQueriesWouldOverrun) {
    RandomSet set({.first_items = 1500, .second_items = 1500, .second_layers = 0, .noise = 0.3}, 19);
    Rng rng(20);
    for (std::size_t table = 0; table < 3; ++table) {
        rng.fillNormal(set.rows[table].data(), 256 * set.rows[table].cols());
        normalizeRows(set.rows[table]);
    }
    set.request.backward = false;
    set.request.tile = SetLandscape::kLeastTile;
    const std::uint64_t bytes = SetLandscape::build(set.request, {})->bytes();
    set.request.memory_bytes = bytes;
    EXPECT_EQ(SetLandscape::build(set.request, {})->bytes(), bytes);
    set.request.memory_bytes = bytes - 1;
    EXPECT_THROW(SetLandscape::build(set.request, {}), Error);
}

TEST(SetLandscape, ASmallerBoxIsProvenForItselfAlone) {
    RandomSet set({}, 5);
    set.request.box[0].low = 0.25;
    set.request.box[0].high = 0.5;
    set.request.box[1].low = set.request.box[1].high = 0.7;
    const auto landscape = SetLandscape::build(set.request, {});
    for (const double t : {0.25, 0.3, 0.431, 0.5}) expectEqualsReference(*landscape, {t, 0.7});
    const double outside[] = {0.6, 0.7};
    EXPECT_FALSE(landscape->grid().contains(outside));
}

TEST(SetLandscape, AFileHoldsTheSameLandscape) {
    RandomSetOptions options;
    options.duplicates = 0.2;
    const RandomSet set(options, 9);
    const test::TestFolder folder;
    bool cached = true;
    const auto built = landscapeFromCache(folder.path() / "cache", set.request, true, {}, cached);
    EXPECT_FALSE(cached);
    const auto read = landscapeFromCache(folder.path() / "cache", set.request, true, {}, cached);
    EXPECT_TRUE(cached);
    EXPECT_EQ(built->bytes(), read->bytes());
    Rng rng(4, "points");
    for (int i = 0; i < 10; ++i) expectEqualsReference(*read, set.randomPoint(rng));
    // Without leave to build, only what is there is given.
    EXPECT_EQ(landscapeFromCache(folder.path() / "other", set.request, false, {}, cached), nullptr);
}

TEST(SetLandscape, DamagedAndStaleFilesAreMadeAnew) {
    RandomSet set({}, 9);
    const test::TestFolder folder;
    bool cached = false;
    landscapeFromCache(folder.path(), set.request, true, {}, cached);
    std::filesystem::path file;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) file = entry.path();
    const auto size = std::filesystem::file_size(file);
    Rng rng(2, "damage");
    int noticed = 0;
    for (int round = 0; round < 40; ++round) {
        {
            std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
            stream.seekp(static_cast<std::streamoff>(rng.below(size)));
            const char noise[8] = {1, 2, 3, 4, 5, 6, 7, 8};
            stream.write(noise, 1 + static_cast<std::streamsize>(rng.below(8)));
        }
        if (round % 5 == 0) std::filesystem::resize_file(file, rng.below(size));
        std::string log;
        const JobContext job({}, {}, [&](const std::string& line) { log += line; });
        const auto landscape = landscapeFromCache(folder.path(), set.request, true, job, cached);
        // Damage to bytes that mean nothing, between the arrays, need not be noticed.
        noticed += !cached;
        EXPECT_EQ(log.find("not used") != std::string::npos, !cached) << round << ": " << log;
        expectEqualsReference(*landscape, {0.4, 0.8});
        ASSERT_EQ(std::filesystem::file_size(file), size);
    }
    EXPECT_GE(noticed, 36);
    // Other experts' weights are another landscape; a value in the rows as well.
    set.request.first.layers[0].weights[0] = 0;
    landscapeFromCache(folder.path(), set.request, true, {}, cached);
    EXPECT_FALSE(cached);
    set.request.first.layers[0].weights[0] = 1;
    landscapeFromCache(folder.path(), set.request, true, {}, cached);
    EXPECT_TRUE(cached);
    set.rows[0].data()[3] += 1e-6f;
    landscapeFromCache(folder.path(), set.request, true, {}, cached);
    EXPECT_FALSE(cached);
}

TEST(SetLandscape, AnotherDigitInTheHeaderIsNoticed) {
    const RandomSet set({}, 9);
    const test::TestFolder folder;
    bool cached = false;
    landscapeFromCache(folder.path(), set.request, true, {}, cached);
    const std::filesystem::path file = std::filesystem::directory_iterator(folder.path())->path();
    const std::string whole = readFile(file);
    std::size_t changes = 0;
    for (const std::string name : {R"("key":")", R"(\"queries\":)", R"(\"left_out\":)", R"(\"candidates\":)",
                                   R"(\"positives_per_query\":)", R"(\"products\":)", R"(\"product_error\":)"}) {
        for (auto at = whole.find(name); at != std::string::npos; at = whole.find(name, at + 1)) {
            std::string changed = whole;
            char& digit = changed[at + name.size()];
            digit = digit == '1' ? '2' : '1';
            writeFileWhole(file, changed);
            landscapeFromCache(folder.path(), set.request, false, {}, cached);
            EXPECT_FALSE(cached) << name << " at " << at;
            ++changes;
        }
    }
    EXPECT_EQ(changes, 13u) << "six numbers of either direction, and the key";
    writeFileWhole(file, whole);
    landscapeFromCache(folder.path(), set.request, false, {}, cached);
    EXPECT_TRUE(cached);
}

TEST(SetLandscape, AStopEndsTheBuild) {
    RandomSetOptions options;
    options.first_items = options.second_items = 600;
    const RandomSet set(options, 1);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(SetLandscape::build(set.request, JobContext(stop.get_token())), Cancelled);
}

// The bounds that cutting stands on, against many places within a cell.
TEST(BlendSide, WeightsStayWithinTheirBounds) {
    Rng rng(21, "bounds");
    for (int round = 0; round < 60; ++round) {
        RandomSetOptions options;
        options.first_items = 12;
        options.first_layers = 1 + rng.below(3);
        options.second_layers = 0;
        options.weights = options.first_layers < 3 && rng.below(2) == 0;
        options.experts = options.weights ? 2 : 1;
        options.noise = 0.2 + 2 * rng.uniform();
        options.opposed = rng.below(3) == 0;
        const RandomSet set(options, 300 + static_cast<std::uint64_t>(round));
        const BlendSide side(set.request.set.first, set.request.first, set.request.first_dims, JobContext());
        const std::size_t dims = side.dims().size(), n = side.atoms();
        for (std::size_t item = 0; item < side.items(); ++item) {
            std::vector<double> low(dims), high(dims), error(n), slope(n * dims), b(n), sum(n);
            for (std::size_t d = 0; d < dims; ++d) {
                low[d] = static_cast<double>(rng.below(4)) / 4;
                high[d] = low[d] + 0.25;
            }
            for (const auto part : {BlendSide::Part::Weights, BlendSide::Part::Direction}) {
                side.bound(item, low.data(), high.data(), part, true, error.data(), slope.data());
                // One bound for all items holds for each.
                std::vector<double> all(n);
                if (!side.hasWeights()) side.boundAll(low.data(), high.data(), part, all.data());
                for (std::size_t j = 0; j < n && !side.hasWeights(); ++j)
                    EXPECT_GE(all[j] * side.inverseLength(item, j) * (1 + 1e-9), error[j]);
                const auto at = [&](const std::vector<double>& point) {
                    std::vector<double> out(n);
                    EXPECT_TRUE(side.levelled(item, point.data(), part, out.data()));
                    return out;
                };
                for (int probe = 0; probe < 20; ++probe) {
                    std::vector<double> place(dims), point(dims);
                    for (std::size_t d = 0; d < dims; ++d) {
                        place[d] = rng.uniform();
                        point[d] = low[d] + place[d] * (high[d] - low[d]);
                    }
                    std::fill(sum.begin(), sum.end(), 0.0);
                    for (std::size_t corner = 0; corner < (std::size_t{1} << dims); ++corner) {
                        std::vector<double> p(dims);
                        double share = 1;
                        for (std::size_t d = 0; d < dims; ++d) {
                            p[d] = corner >> d & 1 ? high[d] : low[d];
                            share *= corner >> d & 1 ? place[d] : 1 - place[d];
                        }
                        const auto values = at(p);
                        for (std::size_t j = 0; j < n; ++j) sum[j] += share * values[j];
                    }
                    b = at(point);
                    for (std::size_t j = 0; j < n; ++j) EXPECT_LE(std::fabs(b[j] - sum[j]), error[j] + 1e-12);
                    for (std::size_t d = 0; d < dims; ++d) {
                        std::vector<double> next = point;
                        next[d] = std::min(high[d], next[d] + 1e-6);
                        const auto moved = at(next);
                        for (std::size_t j = 0; j < n; ++j)
                            EXPECT_LE(std::fabs(moved[j] - b[j]), slope[d * n + j] * (next[d] - point[d]) + 1e-12);
                    }
                }
            }
        }
    }
}

// Weights of both sides that change with one factor: the product of two is as near to its interpolation between the
// nodes of the coarse grid as candidates are sorted out by.
TEST(SideTables, CandidatesAreSortedOutWithinTheirBounds) {
    Rng rng(22, "products");
    for (int round = 0; round < 20 && !HasFailure(); ++round) {
        RandomSetOptions options;
        options.first_items = options.second_items = 8;
        options.weights = round % 2 == 0;
        options.same_modality = !options.weights || rng.below(2) == 0;
        options.noise = 0.1 + 0.9 * rng.uniform();  // experts that are alike have weights that hardly curve
        const RandomSet set(options, 700 + static_cast<std::uint64_t>(round));
        const LandscapeRequest& r = set.request;
        const BlendSide first(r.set.first, r.first, r.first_dims, JobContext()),
            second(r.set.second, r.second, r.second_dims, JobContext());
        const FactorGrid grid = r.grid();
        const SideTables queries(first, grid, SideTables::Part::Query, true, {});
        const SideTables candidates(second, grid, SideTables::Part::Candidate, true, {}, &queries);
        const std::size_t dims = grid.dims(), cells = coarseCells(dims);
        for (int probe = 0; probe < 200; ++probe) {
            const std::size_t q = rng.below(first.items()), c = rng.below(second.items());
            double low[kMostDims], high[kMostDims], place[kMostDims], at[kMostDims];
            for (std::size_t d = 0; d < dims; ++d) {
                const std::size_t cell = rng.below(cells);
                low[d] = grid.border(d, cell, cells);
                high[d] = grid.border(d, cell + 1, cells);
                place[d] = rng.uniform();
                at[d] = low[d] + place[d] * (high[d] - low[d]);
            }
            const auto productsAt = [&](const double* point) {
                double a[kMostAtoms], b[kMostAtoms];
                EXPECT_TRUE(first.levelled(q, point, BlendSide::Part::Direction, a));
                EXPECT_TRUE(second.levelled(c, point, BlendSide::Part::Weights, b));
                std::vector<double> out;
                for (std::size_t i = 0; i < first.atoms(); ++i)
                    for (std::size_t j = 0; j < second.atoms(); ++j) out.push_back(a[i] * b[j]);
                return out;
            };
            std::vector<double> between(first.atoms() * second.atoms(), 0);
            for (std::size_t corner = 0; corner < (std::size_t{1} << dims); ++corner) {
                double point[kMostDims], share = 1;
                for (std::size_t d = 0; d < dims; ++d) {
                    point[d] = corner >> d & 1 ? high[d] : low[d];
                    share *= corner >> d & 1 ? place[d] : 1 - place[d];
                }
                const auto values = productsAt(point);
                for (std::size_t k = 0; k < values.size(); ++k) between[k] += share * values[k];
            }
            const auto values = productsAt(at);
            for (std::size_t i = 0; i < first.atoms(); ++i) {
                for (std::size_t j = 0; j < second.atoms(); ++j) {
                    const std::size_t k = i * second.atoms() + j;
                    const auto of = [](float x) { return static_cast<double>(x); };
                    const double bound = of(queries.coarseMost(i)[q]) * of(candidates.coarseError(j)[c]) +
                                         of(queries.coarseError(i)[q]) * of(candidates.coarseMost(j)[c]);
                    EXPECT_LE(std::fabs(values[k] - between[k]), bound + 1e-9) << "round " << round;
                }
            }
        }
    }
}

}  // namespace
}  // namespace engine
