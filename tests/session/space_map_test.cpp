// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/space_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include "engine/base/error.h"
#include "engine/session/principal_axes.h"
#include "engine/session/session.h"
#include "engine/session/top_answers.h"
#include "tests/factors/small_product.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

struct Weights {
    BlendWeights first, second;
};

Weights weightsAt(const SmallProduct& world, const SetComponents& set, const Setting& setting) {
    return {world.model->weights(set.first.modality, set.first, setting),
            world.model->weights(set.second.modality, set.second, setting)};
}

const std::vector<Setting> kSettings{
    {},
    {{{"sigma_a", 0}, {"sigma_t", 0}}, {}},
    {{{"sigma_a", 1}, {"sigma_t", 0.9}}, {}},
    {{{"sigma_a", 0.7}, {"sigma_t", 0.6}}, {{"ExpertG", 0}}},
    {{{"sigma_a", 0.3}, {"sigma_t", 0.8}}, {{"ExpertM", 2.5}, {"ExpertG", 0.5}}},
    {{}, {{"ExpertM", 0}, {"ExpertG", 0}}},
};

// Places by the definition: every row blended in float64, then projected.
std::vector<double> slowPlaces(const Components& side, const BlendWeights& weights, const SpaceMap& map,
                               const std::vector<double>& centre, const std::vector<std::uint32_t>& rows) {
    std::vector<double> out, z(side.width());
    for (const auto row : rows) {
        blendRow(side, weights, row, z.data());
        for (std::size_t c = 0; c < map.axes(); ++c) {
            double at = 0;
            for (std::size_t d = 0; d < z.size(); ++d) at += (z[d] - centre[d]) * static_cast<double>(map.axis(c)[d]);
            out.push_back(at);
        }
    }
    return out;
}

std::vector<double> centreOf(const SetComponents& set, const Weights& w, const SpaceMap& map) {
    std::vector<double> centre(set.first.width(), 0.0), z(centre.size());
    double count = 0;
    for (const bool first : {true, false}) {
        for (const auto row : map.rows(first)) {
            blendRow(first ? set.first : set.second, first ? w.first : w.second, row, z.data());
            for (std::size_t d = 0; d < z.size(); ++d) centre[d] += z[d];
            ++count;
        }
    }
    for (double& v : centre) v /= count;
    return centre;
}

TEST(SpaceMap, FollowsEverySettingAsTheDefinition) {
    const SmallProduct world;
    for (const auto& set : world.sets) {
        for (const char* axes : {"principal", "gap"}) {
            const Weights reference = weightsAt(world, set, {});
            const auto map = SpaceMap::make(set, reference.first, reference.second,
                                            {.axes = axes, .components = 3, .most_items = 90, .seed = 4}, {});
            ASSERT_LE(map->rows(true).size() + map->rows(false).size(), 90u);
            const auto centre = centreOf(set, reference, *map);
            for (const auto& setting : kSettings) {
                const Weights w = weightsAt(world, set, setting);
                const MapPlaces got = map->places(w.first, w.second);
                const auto a = slowPlaces(set.first, w.first, *map, centre, map->rows(true));
                const auto b = slowPlaces(set.second, w.second, *map, centre, map->rows(false));
                ASSERT_EQ(got.first.size(), a.size());
                ASSERT_EQ(got.second.size(), b.size());
                double mean = 0;
                for (std::size_t i = 0; i < a.size(); ++i) {
                    ASSERT_NEAR(got.first[i], a[i], 1e-5);
                    if (i % 3 == 0) mean += a[i];
                }
                for (std::size_t i = 0; i < b.size(); ++i) ASSERT_NEAR(got.second[i], b[i], 1e-5);
                EXPECT_NEAR(got.first_mean[0], mean / (static_cast<double>(a.size()) / 3), 1e-5);
                EXPECT_EQ(got.vanished, 0u);

                const Matrix x = blendAll(set.first, w.first), y = blendAll(set.second, w.second);
                double cosine = 0, gap = 0;
                for (const auto& [i, j] : map->pairs()) {
                    for (std::size_t d = 0; d < x.cols(); ++d)
                        cosine += static_cast<double>(x.row(map->rows(true)[i])[d]) *
                                  static_cast<double>(y.row(map->rows(false)[j])[d]);
                }
                EXPECT_NEAR(got.pair_cosine, cosine / static_cast<double>(map->pairs().size()), 1e-6);
                for (std::size_t d = 0; d < x.cols(); ++d) {
                    double p = 0, q = 0;
                    for (const auto i : map->rows(true)) p += x.row(i)[d];
                    for (const auto i : map->rows(false)) q += y.row(i)[d];
                    const double apart = p / static_cast<double>(map->rows(true).size()) -
                                         q / static_cast<double>(map->rows(false).size());
                    gap += apart * apart;
                }
                EXPECT_NEAR(map->gap(w.first, w.second, {}), std::sqrt(gap), 1e-6);
            }
        }
    }
}

TEST(SpaceMap, TheFirstAxisIsTheGapWhereThatIsAskedFor) {
    const SmallProduct world;
    const auto& set = world.sets[0];
    const Weights w = weightsAt(world, set, {});
    const auto map = SpaceMap::make(set, w.first, w.second, {.axes = "gap"}, {});
    const MapPlaces at = map->places(w.first, w.second);
    // Along it the means stand as far apart as they do at all, the second side ahead; across it not at all.
    EXPECT_NEAR(at.second_mean[0] - at.first_mean[0], map->gap(w.first, w.second, {}), 1e-6);
    EXPECT_NEAR(at.second_mean[1] - at.first_mean[1], 0, 1e-6);
    double across = 0;
    for (std::size_t d = 0; d < map->axis(0).size(); ++d) across += map->axis(0)[d] * map->axis(1)[d];
    EXPECT_NEAR(across, 0, 1e-6);
    // The variance that is said is that of the places.
    const auto variance = [&](std::size_t axis) {
        double sum = 0;
        for (const auto* side : {&at.first, &at.second}) {
            for (std::size_t i = axis; i < side->size(); i += 2) sum += (*side)[i] * (*side)[i];
        }
        return sum;
    };
    EXPECT_NEAR(variance(0) / variance(1), map->explained()[0] / map->explained()[1], 1e-3);
}

TEST(SpaceMap, TheSameDrawingGivesTheSameMap) {
    const SmallProduct world;
    const auto& set = world.sets[0];
    const Weights w = weightsAt(world, set, {});
    const auto make = [&](std::int64_t most, std::int64_t seed) {
        return SpaceMap::make(set, w.first, w.second, {.most_items = most, .seed = seed}, {});
    };
    const auto a = make(50, 1), b = make(50, 1), c = make(50, 2), all = make(1000, 1);
    EXPECT_EQ(a->rows(true), b->rows(true));
    EXPECT_EQ(a->axis(0), b->axis(0));
    EXPECT_EQ(a->places(w.first, w.second).first, b->places(w.first, w.second).first);
    EXPECT_NE(a->rows(true), c->rows(true));
    // Whole pairs are drawn.
    EXPECT_EQ(a->rows(true).size(), 25u);
    EXPECT_EQ(a->rows(true), a->rows(false));
    EXPECT_EQ(a->pairs().size(), 25u);
    EXPECT_EQ(all->rows(true).size(), SmallProduct::kItems);
    EXPECT_EQ(all->pairs().size(), set.set.pairs.size());
}

TEST(SpaceMap, WhatVanishesIsLeftOut) {
    SmallProduct world;
    auto& set = world.sets[0];
    // Against the base: at a half the blend has no direction.
    Matrix opposite = copyOf(set.first.base);
    for (std::size_t d = 0; d < opposite.cols(); ++d) opposite.row(7)[d] = -opposite.row(7)[d];
    set.first.layers[0].parts[0].rows = opposite.view();
    Weights w = weightsAt(world, set, {{{"sigma_a", 0.2}}, {{"ExpertM", 0}}});
    const auto map = SpaceMap::make(set, w.first, w.second, {}, {});
    w.first.layers[0].share = 0.5;
    const MapPlaces at = map->places(w.first, w.second);
    EXPECT_EQ(at.vanished, 1u);
    EXPECT_TRUE(std::isnan(at.first[14]));
    EXPECT_FALSE(std::isnan(at.first[12]));
    EXPECT_TRUE(std::isfinite(at.pair_cosine));
    EXPECT_TRUE(std::isfinite(at.first_mean[0]));
    EXPECT_THROW(SpaceMap::make(set, w.first, w.second, {}, {}), Error);
}

TEST(SpaceMap, StopIsObeyed) {
    const SmallProduct world;
    const auto& set = world.sets[0];
    const Weights w = weightsAt(world, set, {});
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(SpaceMap::make(set, w.first, w.second, {}, JobContext(stop.get_token())), Cancelled);
    const auto map = SpaceMap::make(set, w.first, w.second, {}, {});
    EXPECT_THROW(map->gap(w.first, w.second, JobContext(stop.get_token())), Cancelled);
    EXPECT_THROW(QueryAnswers(set, true, 0, JobContext(stop.get_token())), Cancelled);
    EXPECT_THROW(SpaceMap::make(set, w.first, w.second, {.axes = "other"}, {}), Error);
}

// A covariance with known axes, by Householder reflections of a diagonal: R D R with R = R_2 R_1.
struct Known {
    std::vector<double> covariance, turn;  // columns of `turn` are the axes
};

Known knownCovariance(std::size_t n, const std::vector<double>& variance) {
    Rng rng(3);
    Known out;
    out.turn.assign(n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i) out.turn[i * n + i] = 1;
    for (int r = 0; r < 2; ++r) {
        std::vector<double> v(n);
        double square = 0;
        for (double& x : v) {
            x = rng.normal();
            square += x * x;
        }
        auto next = out.turn;
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                for (std::size_t k = 0; k < n; ++k) next[i * n + j] -= 2 * v[i] * v[k] / square * out.turn[k * n + j];
            }
        }
        out.turn = next;
    }
    out.covariance.assign(n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            for (std::size_t k = 0; k < n; ++k)
                out.covariance[i * n + j] += out.turn[i * n + k] * variance[k] * out.turn[j * n + k];
        }
    }
    return out;
}

TEST(PrincipalAxes, AreThoseOfAKnownCovariance) {
    for (const std::size_t n : {3u, 40u, 150u}) {
        std::vector<double> variance(n);
        for (std::size_t i = 0; i < n; ++i) variance[i] = 5 / (1 + 0.3 * static_cast<double>(i));
        const Known known = knownCovariance(n, variance);
        const PrincipalAxes got = principalAxes(known.covariance, n, 3, {});
        for (std::size_t a = 0; a < 3; ++a) {
            EXPECT_NEAR(got.variance[a], variance[a], 1e-9);
            double along = 0, largest = 0, square = 0;
            for (std::size_t d = 0; d < n; ++d) {
                const double x = got.axis(a)[d];
                along += x * known.turn[d * n + a];
                square += x * x;
                if (std::abs(x) > std::abs(largest)) largest = x;
            }
            EXPECT_NEAR(std::abs(along), 1, 1e-9);
            EXPECT_NEAR(square, 1, 1e-12);
            EXPECT_GT(largest, 0);
        }
    }
}

TEST(PrincipalAxes, OfEqualAndOfMissingVariance) {
    // Three equal variances: any three axes at right angles in their space. Then one alone, and none.
    for (const std::size_t n : {20u, 130u}) {
        std::vector<double> variance(n, 0.0);
        std::fill_n(variance.begin(), 3, 2.0);
        PrincipalAxes got = principalAxes(knownCovariance(n, variance).covariance, n, 3, {});
        for (std::size_t a = 0; a < 3; ++a) EXPECT_NEAR(got.variance[a], 2, 1e-9);
        variance.assign(n, 0.0);
        variance[0] = 1;
        got = principalAxes(knownCovariance(n, variance).covariance, n, 3, {});
        EXPECT_NEAR(got.variance[0], 1, 1e-9);
        EXPECT_NEAR(got.variance[1], 0, 1e-9);
        for (std::size_t a = 0; a < 3; ++a) {
            for (std::size_t b = 0; b < 3; ++b) {
                double dot = 0;
                for (std::size_t d = 0; d < n; ++d) dot += got.axis(a)[d] * got.axis(b)[d];
                EXPECT_NEAR(dot, a == b ? 1 : 0, 1e-9) << n << " " << a << " " << b;
            }
        }
        got = principalAxes(std::vector<double>(n * n, 0.0), n, 2, {});
        EXPECT_EQ(got.total, 0);
    }
}

TEST(PrincipalAxes, CovarianceOfRows) {
    Rng rng(8);
    Matrix rows(2500, 20);
    rng.fillNormal(rows.data(), rows.size());
    const auto got = covarianceOf(rows.view(), {});
    for (std::size_t i = 0; i < 20; ++i) {
        for (std::size_t j = 0; j < 20; ++j) {
            double sum = 0;
            for (std::size_t r = 0; r < rows.rows(); ++r)
                sum += static_cast<double>(rows.row(r)[i]) * static_cast<double>(rows.row(r)[j]);
            ASSERT_NEAR(got[i * 20 + j], sum / 2500, 1e-6);
        }
    }
}

TEST(TopAnswers, EqualBruteForce) {
    SmallProduct world;
    auto& set = world.sets[0];
    // Two equal candidates, a query with two positives, one without any.
    Matrix base = copyOf(set.second.base), g = copyOf(set.second.layers[0].parts[0].rows),
           m = copyOf(set.second.layers[0].parts[1].rows);
    for (Matrix* part : {&base, &g, &m}) std::copy_n(part->row(5), part->cols(), part->row(40));
    set.second.base = base.view();
    set.second.layers[0].parts[0].rows = g.view();
    set.second.layers[0].parts[1].rows = m.view();
    set.set.pairs.erase(set.set.pairs.begin() + 3);
    set.set.pairs.push_back({9, 10});
    for (const auto& setting : kSettings) {
        const Weights w = weightsAt(world, set, setting);
        const ProductRows x(set.first, w.first, {}), y(set.second, w.second, {});
        const PairRanks ranks = rankPairsReference(x.source(), y.source(), set.set.pairs, Directions::Both, {});
        for (const bool forward : {true, false}) {
            for (std::uint32_t q = 0; q < SmallProduct::kItems; ++q) {
                const TopAnswers got = QueryAnswers(set, forward, q, {}).at(w.first, w.second, 7, TieRule::Expected);
                const RowSource from = forward ? x.source() : y.source(), to = forward ? y.source() : x.source();
                std::vector<double> z(from.rows.cols), c(z.size());
                exactRow(from, q, z.data());
                std::vector<std::pair<double, std::uint32_t>> want;
                for (std::uint32_t i = 0; i < to.rows.rows; ++i) {
                    exactRow(to, i, c.data());
                    double s = 0;
                    for (std::size_t d = 0; d < z.size(); ++d) s += z[d] * c[d];
                    want.push_back({-s, i});
                }
                std::sort(want.begin(), want.end());
                ASSERT_EQ(got.best.size(), 7u);
                for (std::size_t i = 0; i < 7; ++i) {
                    EXPECT_NEAR(got.best[i].score, -want[i].first, 1e-12);
                    const bool twin = forward && (got.best[i].row == 5 || got.best[i].row == 40);
                    EXPECT_EQ(got.best[i].tied, twin);
                    if (!twin) {
                        EXPECT_EQ(got.best[i].row, want[i].second);
                    }
                    const auto is_pair = [&](const auto& p) {
                        return p[forward ? 0 : 1] == q && p[forward ? 1 : 0] == got.best[i].row;
                    };
                    EXPECT_EQ(got.best[i].positive, std::any_of(set.set.pairs.begin(), set.set.pairs.end(), is_pair));
                    // The lower row of the twins stands first.
                    if (i > 0 && twin && got.best[i].row == 5) {
                        EXPECT_NE(got.best[i - 1].row, 40u);
                    }
                }
                const QueryRank& rank = (forward ? ranks.forward : ranks.backward)[q];
                EXPECT_EQ(got.rank, rank.positives == 0 ? 0 : rankOf(rank, TieRule::Expected));
                EXPECT_EQ(got.positives.size(), rank.positives);
            }
        }
    }
}

TEST(TopAnswers, SharesAreThoseOfTheWholeSet) {
    const SmallProduct world;
    const Setting before{{{"sigma_a", 0.1}, {"sigma_t", 0.1}}, {{"ExpertG", 0}}};
    const Setting after{{{"sigma_a", 0.7}, {"sigma_t", 0.6}}, {{"ExpertM", 2}}};
    const SetComponents& set = world.sets[0];
    WhyOptions options;
    options.explained = 1000;
    const SetChange change = explainChange(*world.model, set, before, after, options, {});
    std::size_t seen = 0;
    for (const bool forward : {true, false}) {
        const DirectionChange& direction = forward ? change.forward : change.backward;
        for (const auto* list : {&direction.gained, &direction.lost}) {
            for (const QueryChange& want : *list) {
                const QueryShares got =
                    explainQuery(*world.model, QueryAnswers(set, forward, want.query, {}), before, after, {});
                ASSERT_EQ(got.movers.size(), change.movers.size());
                for (std::size_t m = 0; m < got.movers.size(); ++m) {
                    EXPECT_EQ(got.movers[m].name, change.movers[m].name);
                    EXPECT_EQ(got.movers[m].before, change.movers[m].before);
                    EXPECT_EQ(got.movers[m].after, change.movers[m].after);
                    EXPECT_NEAR(got.shares[m], want.shares[m], 1e-12);
                }
                EXPECT_NEAR(got.margin_before, want.margin_before, 1e-12);
                EXPECT_NEAR(got.margin_after, want.margin_after, 1e-12);
                ++seen;
            }
        }
    }
    EXPECT_GT(seen, 5u);
}

TEST(SpaceMap, OfARawSpace) {
    const test::TestFolder folder;
    synth({folder / "world", {{"preset", "tiny"}}}, {});
    const Workspace workspace(folder / "world");
    const auto& set = workspace.sets().front();
    const std::string space = set.first.embeddings.back().space;
    const SetComponents rows = spaceComponents(workspace, set.name, space, {});
    EXPECT_EQ(rows.first.rows(), set.first.rows);
    EXPECT_EQ(rows.second.rows(), set.second.rows);
    const auto map = SpaceMap::make(rows, {}, {}, {}, {});
    const MapPlaces at = map->places({}, {});
    const auto centre = centreOf(rows, {}, *map);
    const auto want = slowPlaces(rows.second, {}, *map, centre, map->rows(false));
    for (std::size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(at.second[i], want[i], 1e-5);
    EXPECT_GT(map->explained()[0], map->explained()[1]);
    EXPECT_GT(map->explained()[1], 0);
}

}  // namespace
}  // namespace engine
