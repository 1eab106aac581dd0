// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The source of the kernels that sort candidates out, run by threads of the CPU (tests/support/threads_as_gpu.h), gives
// the same bits as their twins, which sift_test compares with the definitions. It says nothing of nvcc's code.
#include <gtest/gtest.h>

#include "engine/base/rng.h"
#include "engine/factors/cuda/launch_sift.h"
#include "engine/factors/sift_sample.h"
#include "engine/factors/sift_twin.h"

namespace engine {
namespace {

class ThreadsAsGpu : public SiftTwin {
public:
    const char* multiply(const sift::Tile& tile) override { return cuda::launchMultiply(tile, 0, nullptr); }
    const char* sortOut(const sift::Tile& tile) override { return cuda::launchSortOut(tile, 0, nullptr); }
    const char* gather(const sift::Tile& tile) override { return cuda::launchGather(tile, 0, nullptr); }
};

void expectTheSame(const sift::Shape& shape, const SiftSample::Place& place, std::uint64_t seed) {
    ThreadsAsGpu threads;
    SiftTwin twin;
    const SiftSample sample(shape, place, seed);
    const auto found = sample.run(threads), expected = sample.run(twin);
    ASSERT_EQ(found.products, expected.products) << seed;
    ASSERT_EQ(found.counts, expected.counts) << seed;
    ASSERT_EQ(found.kept, expected.kept) << seed;
    ASSERT_EQ(found.records, expected.records) << seed;
    EXPECT_FALSE(shape.items > 1000 && found.kept.empty());
}

// Edges of blocks, of slices and of blocks of terms; several atoms; one candidate.
TEST(SiftKernels, EqualTheirTwinsAtEveryEdge) {
    expectTheSame({.query_atoms = 1, .candidate_atoms = 1, .query_nodes = 1, .nodes = 1, .items = 1, .width = 1}, {},
                  1);
    expectTheSame({.query_atoms = 2, .candidate_atoms = 1, .query_nodes = 2, .nodes = 4, .items = 140, .width = 144},
                  {.rows = 129, .first = 3, .cols = 131}, 2);
    expectTheSame({.query_atoms = 1, .candidate_atoms = 3, .query_nodes = 3, .nodes = 3, .items = 300, .width = 17},
                  {.rows = 5, .first = 44, .cols = 256}, 3);
    expectTheSame({.query_atoms = 5, .candidate_atoms = 5, .query_nodes = 4, .nodes = 9, .items = 60, .width = 16},
                  {.rows = 3, .first = 0, .cols = 60}, 4);
}

// Two segments in each of two rows, the last one short.
TEST(SiftKernels, EqualTheirTwinsOverSegments) {
    expectTheSame({.query_atoms = 1, .candidate_atoms = 2, .query_nodes = 2, .nodes = 5, .items = 2300, .width = 8},
                  {.rows = 2, .first = 30, .cols = 2250}, 5);
}

TEST(SiftKernels, EqualTheirTwinsOnRandomShapes) {
    Rng rng(6, "shapes");
    for (std::uint64_t round = 0; round < 6; ++round) {
        const auto below = [&](std::uint64_t n) { return static_cast<std::int64_t>(rng.below(n)); };
        sift::Shape shape;
        shape.query_atoms = static_cast<std::int32_t>(1 + below(3));
        shape.candidate_atoms = static_cast<std::int32_t>(1 + below(3));
        shape.query_nodes = static_cast<std::int32_t>(1 + below(4));
        shape.nodes = static_cast<std::int32_t>(shape.query_nodes + below(9));
        shape.items = 1 + below(300);
        shape.width = 1 + below(160);
        SiftSample::Place place;
        place.rows = 1 + below(12);
        place.first = below(static_cast<std::uint64_t>(shape.items));
        place.cols = shape.items - place.first;
        expectTheSame(shape, place, 10 + round);
    }
}

}  // namespace
}  // namespace engine
