// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Landscapes whose candidates a device sorts out: by the kernels' twins on the CPU, which stand in for a GPU in all but
// speed, and by a GPU where there is one. sift_kernels_test compares the kernels' source with the twins.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/eval/score_kernel.h"
#include "engine/factors/landscape_evaluator.h"
#include "engine/factors/sift_sample.h"
#include "engine/factors/sift_twin.h"
#include "tests/factors/landscape_support.h"
#include "tests/factors/small_product.h"

namespace engine {
namespace {

template <class Device = SiftTwin>
LandscapeRequest on(LandscapeRequest request, Device device = {}) {
    request.open_device = [device] { return std::make_unique<Device>(device); };
    return request;
}

// As little memory as a test wants.
class SmallTwin : public SiftTwin {
public:
    explicit SmallTwin(std::size_t bytes) : left_(bytes) {}
    void* allocate(std::size_t bytes) override {
        if (bytes > left_) return nullptr;
        auto* all = static_cast<std::size_t*>(SiftTwin::allocate(bytes + kHead));
        *all = bytes;
        left_ -= bytes;
        return reinterpret_cast<char*>(all) + kHead;
    }
    void release(void* memory) override {
        char* const all = static_cast<char*>(memory) - kHead;
        left_ += *reinterpret_cast<std::size_t*>(all);
        SiftTwin::release(all);
    }

private:
    static constexpr std::size_t kHead = 64;
    std::size_t left_;
};

// Fails at the n-th tile, counted from 0.
class FailingTwin : public SiftTwin {
public:
    explicit FailingTwin(int at) : left_(at) {}
    const char* sortOut(const sift::Tile& tile) override {
        return left_-- == 0 ? "an illegal memory access was encountered" : SiftTwin::sortOut(tile);
    }

private:
    int left_;
};

// Has one bit of one product wrong, or loses a candidate.
class WrongTwin : public SiftTwin {
public:
    explicit WrongTwin(bool loses) : loses_(loses) {}
    const char* multiply(const sift::Tile& tile) override {
        SiftTwin::multiply(tile);
        float& last = tile.products[tile.shape.pairs() * tile.rows * tile.cols - 1];
        if (!loses_) last = std::nextafter(last, 2.0f);
        return nullptr;
    }
    const char* sortOut(const sift::Tile& tile) override {
        SiftTwin::sortOut(tile);
        for (std::int64_t unit = 0; loses_ && unit < tile.rows * tile.segments(); ++unit) {
            if (tile.counts[2 * unit] == 0) continue;
            --tile.counts[2 * unit];
            break;
        }
        return nullptr;
    }

private:
    bool loses_;
};

struct Logged {
    std::vector<std::string> lines;
    JobContext job{{}, {}, [this](const std::string& line) { lines.push_back(line); }};
    bool has(const std::string& part) const {
        return std::any_of(lines.begin(), lines.end(),
                           [&](const auto& l) { return l.find(part) != std::string::npos; });
    }
};

// More candidates than a segment and a small tile take, many of them near the positives.
RandomSetOptions manyCandidates() {
    return {.first_items = 30, .second_items = 5000, .width = 12, .positives = 2, .noise = 2.5};
}

void expectSameHits(const SetLandscape& one, const SetLandscape& other, const RandomSet& set) {
    Rng rng(3, "points");
    for (int i = 0; i < 20; ++i) {
        const auto point = set.randomPoint(rng);
        for (const bool forward : {true, false}) {
            ASSERT_EQ(one.hits(point.data(), forward, TieRule::Expected),
                      other.hits(point.data(), forward, TieRule::Expected));
        }
    }
}

TEST(Sift, ProductsAreWithinTheBoundOfTheirRounding) {
    Rng rng(1, "rows");
    for (const std::size_t width : {1, 2, 127, 128, 129, 256, 300, 1024, 1500}) {
        for (int round = 0; round < 50; ++round) {
            std::vector<float> x(width), y(width);
            rng.fillNormal(x.data(), width);
            rng.fillNormal(y.data(), width);
            // Cancelling sums as well.
            if (round % 2) {
                for (std::size_t i = 1; i < width; i += 2) x[i] = -x[i - 1], y[i] = y[i - 1];
            }
            const double exact = score::dot(x.data(), y.data(), width);
            const double lengths =
                std::sqrt(score::dot(x.data(), x.data(), width) * score::dot(y.data(), y.data(), width));
            const double roundings = static_cast<double>(std::min<std::size_t>(width, 128) + width / 128);
            EXPECT_LE(
                std::fabs(static_cast<double>(sift::product(x.data(), y.data(), static_cast<std::int64_t>(width))) -
                          exact),
                (roundings + 1e-3) * 0x1p-24 * lengths)
                << width;
        }
    }
}

TEST(Sift, ASampleHasCandidatesOfEveryStanding) {
    SiftTwin twin;
    EXPECT_EQ(siftMistake(twin), "");
    const SiftSample sample(
        {.query_atoms = 1, .candidate_atoms = 2, .query_nodes = 2, .nodes = 5, .items = 400, .width = 20},
        {.rows = 3, .first = 10, .cols = 300}, 4);
    const auto found = sample.run(twin);
    std::uint32_t kept = 0, always = 0;
    for (std::size_t i = 0; i < found.counts.size(); i += 2) {
        kept += found.counts[i];
        always += found.counts[i + 1];
    }
    EXPECT_GT(kept, 30u);
    EXPECT_GT(always, 30u);
    EXPECT_LT(kept + always, 870u);
}

TEST(Sift, ADeviceThatComputesWrongIsNoticed) {
    WrongTwin rounds(false), loses(true);
    EXPECT_EQ(siftMistake(rounds), "products of rows differ");
    EXPECT_EQ(siftMistake(loses), "other candidates are kept");
}

class SiftOf : public ::testing::TestWithParam<SetCase> {};

TEST_P(SiftOf, EqualsTheReference) {
    const RandomSet set(GetParam().options, 7);
    const auto landscape = SetLandscape::build(on(set.request), {});
    EXPECT_EQ(landscape->builtOn(), "twin");
    Rng rng(7, "points");
    for (int i = 0; i < 15 && !HasFailure(); ++i) expectEqualsReference(*landscape, set.randomPoint(rng));
}

INSTANTIATE_TEST_SUITE_P(Cases, SiftOf, ::testing::ValuesIn(setCases()), nameOf);

TEST(Sift, RandomSetsFindNoDifference) {
    const std::size_t rounds = std::getenv("MOLSPACE_DEEP") ? 300 : 12;
    Rng rng(12, "kinds");
    for (std::size_t round = 0; round < rounds && !HasFailure(); ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        const RandomSet set(anySet(rng), 400 + round);
        LandscapeRequest request = on(set.request);
        request.tile = 32 + rng.below(64);
        const auto landscape = SetLandscape::build(request, {});
        for (int i = 0; i < 6; ++i) expectEqualsReference(*landscape, set.randomPoint(rng));
    }
}

TEST(Sift, SeveralTilesAndRoundsKeepWhatOneDoes) {
    const RandomSet set(manyCandidates(), 5);
    const auto cpu = SetLandscape::build(set.request, {});
    EXPECT_EQ(cpu->builtOn(), "cpu");
    LandscapeRequest request = set.request;
    request.tile = 32;
    const auto whole = SetLandscape::build(on(request), {});
    Logged logged;
    // The candidates and their tables take 1 MB, a tile of all of them 3.4 MB.
    const auto parts = SetLandscape::build(on(request, SmallTwin(3'500'000)), logged.job);
    EXPECT_EQ(parts->builtOn(), "twin");
    EXPECT_TRUE(logged.has("tiles of 2500 candidates instead of 5000")) << ::testing::PrintToString(logged.lines);
    for (const bool forward : {true, false}) {
        const auto &a = whole->survivors(forward), &b = parts->survivors(forward);
        EXPECT_TRUE(
            std::equal(a.items.span().begin(), a.items.span().end(), b.items.span().begin(), b.items.span().end()));
        EXPECT_TRUE(
            std::equal(a.inner.span().begin(), a.inner.span().end(), b.inner.span().begin(), b.inner.span().end()));
        EXPECT_TRUE(
            std::equal(a.always.span().begin(), a.always.span().end(), b.always.span().begin(), b.always.span().end()));
    }
    // More is kept of two tiles than two rounds bring back, each of 32 * 2500 / 16.
    EXPECT_GT(parts->survivors(true).items.size(), 2u * 5000);
    expectSameHits(*cpu, *parts, set);
    expectSameHits(*cpu, *whole, set);
    expectEqualsReference(*parts, {0.3, 0.7});
}

TEST(Sift, WithoutMemoryOrWithAFailureTheCpuBuilds) {
    const RandomSet set(manyCandidates(), 6);
    const auto cpu = SetLandscape::build(set.request, {});
    Logged small, failing;
    const auto without = SetLandscape::build(on(set.request, SmallTwin(std::size_t{1} << 20)), small.job);
    EXPECT_EQ(without->builtOn(), "cpu");
    EXPECT_TRUE(small.has("it has no memory for 5000 candidates of width 12")) << ::testing::PrintToString(small.lines);
    EXPECT_TRUE(small.has("it is built on the CPU"));
    const auto after = SetLandscape::build(on(set.request, FailingTwin(1)), failing.job);
    EXPECT_EQ(after->builtOn(), "cpu");
    EXPECT_TRUE(failing.has("twin: an illegal memory access was encountered; it is built on the CPU"));
    expectSameHits(*cpu, *without, set);
    expectSameHits(*cpu, *after, set);
}

TEST(Sift, AStopEndsTheBuild) {
    const RandomSet set(manyCandidates(), 6);
    std::stop_source stop;
    std::atomic<int> reports = 0;
    const JobContext job(stop.get_token(), [&](const Progress&) {
        if (++reports == 1) stop.request_stop();
    });
    EXPECT_THROW(SetLandscape::build(on(set.request), job), Cancelled);
}

TEST(Sift, DevicesAreNamed) {
    EXPECT_EQ(openSiftDevice("cpu"), nullptr);
    const SmallProduct product;
    const auto evaluatorOn = [&](const std::string& device) {
        return LandscapeEvaluator(product.model, product.sets, {.device = device});
    };
    for (const std::string device : {"gpu", "cuda:x", "cuda:", "CPU", ""}) {
        try {
            evaluatorOn(device);
            ADD_FAILURE() << device;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::InvalidInput);
        }
    }
    try {
        evaluatorOn("cuda:99");
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::Device);
        EXPECT_NE(error.message().find("expected one of"), std::string::npos);
        EXPECT_NE(error.hint().find("cpu always works"), std::string::npos);
    }
    LandscapeEvaluator evaluator = evaluatorOn("auto");
    evaluator.prepare({}, {});
    EXPECT_EQ(evaluator.landscape(0)->builtOn(), "cpu");  // small
}

class SiftGpu : public ::testing::Test {
protected:
    void SetUp() override {
        std::string why;
        if (siftGpus(why) == 0) GTEST_SKIP() << why;
        device = openSiftDevice("cuda:0");
    }
    std::unique_ptr<SiftDevice> device;
};

TEST_F(SiftGpu, GivesTheBitsOfTheTwins) {
    SiftTwin twin;
    Rng rng(9, "shapes");
    for (int round = 0; round < 30; ++round) {
        const auto below = [&](std::uint64_t n) { return static_cast<std::int64_t>(rng.below(n)); };
        sift::Shape shape;
        shape.query_atoms = static_cast<std::int32_t>(1 + below(sift::kAtoms));
        shape.candidate_atoms = static_cast<std::int32_t>(1 + below(sift::kAtoms));
        shape.query_nodes = static_cast<std::int32_t>(1 + below(9));
        shape.nodes = static_cast<std::int32_t>(shape.query_nodes + below(80));
        shape.items = 1 + below(6000);
        shape.width = 1 + below(600);
        SiftSample::Place place;
        place.rows = 1 + below(20);
        place.first = below(static_cast<std::uint64_t>(shape.items));
        place.cols = shape.items - place.first;
        const SiftSample sample(shape, place, static_cast<std::uint64_t>(round));
        const auto found = sample.run(*device), expected = sample.run(twin);
        ASSERT_EQ(found.products, expected.products) << round;
        ASSERT_EQ(found.counts, expected.counts) << round;
        ASSERT_EQ(found.kept, expected.kept) << round;
        ASSERT_EQ(found.records, expected.records) << round;
    }
}

TEST_F(SiftGpu, LandscapesEqualTheReference) {
    Rng rng(13, "kinds");
    for (std::size_t round = 0; round < 20 && !HasFailure(); ++round) {
        const RandomSet set(round == 0 ? manyCandidates() : anySet(rng), 600 + round);
        LandscapeRequest request = set.request;
        request.open_device = [] { return openSiftDevice("cuda:0"); };
        Logged logged;
        const auto landscape = SetLandscape::build(request, logged.job);
        EXPECT_EQ(landscape->builtOn(), "cuda:0") << ::testing::PrintToString(logged.lines);
        for (int i = 0; i < 6; ++i) expectEqualsReference(*landscape, set.randomPoint(rng));
    }
}

}  // namespace
}  // namespace engine
