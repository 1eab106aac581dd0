// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whichever allocation fails, and in whatever thread, the caller gets std::bad_alloc or an error.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/factors/headroom.h"
#include "engine/factors/label_landscape.h"
#include "engine/factors/why.h"
#include "tests/factors/failing_memory.h"
#include "tests/factors/landscape_support.h"
#include "tests/factors/small_product.h"

namespace engine {
namespace {

using test::failEachAllocation;

TEST(FailingMemory, RanksThrow) {
    const RandomSet set({}, 3);
    const auto landscape = SetLandscape::build(set.request, {});
    const double point[] = {0.4, 0.6};
    EXPECT_GT(failEachAllocation([&] { landscape->ranks(point, true); }), 60u) << "one for each query";
}

// Every second item is a copy of the one before it with other labels, so float64 rows decide.
struct Labels : RandomSet {
    Labels() : RandomSet({.first_items = 40, .second_items = 9}, 11) {
        request.set.set.kind = SetKind::MultiLabel;
        request.set.set.pairs.clear();
        for (std::uint32_t i = 0; i < 40; ++i) request.set.set.pairs.push_back({i, i % 9});
        for (std::size_t table = 0; table < 3; ++table) {
            for (std::size_t i = 0; i < 40; i += 2)
                std::copy_n(rows[table].row(i), rows[table].cols(), rows[table].row(i + 1));
        }
    }
};

TEST(FailingMemory, LabelsAreNotBuilt) {
    const Labels set;
    const auto build = [&] {
        try {
            LabelLandscape::build(set.request, {});
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::NoSpace) << error.what();
        }
    };
    EXPECT_GT(failEachAllocation(build), 40u) << "one for each item";
}

TEST(FailingMemory, AveragePrecisionThrows) {
    const Labels set;
    const auto landscape = LabelLandscape::build(set.request, {});
    const double point[] = {0.4, 0.6};
    EXPECT_GT(landscape->at(point, TieRule::Expected).resolved, 0u);
    EXPECT_GT(failEachAllocation([&] { landscape->at(point, TieRule::Expected); }), 9u);
}

TEST(FailingMemory, OraclesThrow) {
    const RandomSet set({.first_layers = 0, .second_layers = 0}, 3);
    const auto landscape = SetLandscape::build(set.request, {});
    EXPECT_GT(failEachAllocation([&] { oracleHits(*landscape, {}, true, TieRule::Expected, {}); }), 4u);
}

TEST(FailingMemory, BlendsThrow) {
    const SmallProduct world;
    const Components& side = world.sets[0].first;
    const BlendWeights weights = world.model->weights(side.modality, side);
    EXPECT_GT(failEachAllocation([&] { blendAll(side, weights); }), 2u);
}

TEST(FailingMemory, ReasonsThrow) {
    const SmallProduct world;
    const Setting before{{{"sigma_a", 0.1}, {"sigma_t", 0.1}}, {}}, after{{{"sigma_a", 0.7}, {"sigma_t", 0.6}}, {}};
    const auto memory = test::FailingMemory::ofBytes(256 * 2048 * sizeof(float));  // a tile of scores
    EXPECT_THROW(explainChange(*world.model, world.sets[0], before, after, {}, {}), std::bad_alloc);
}

}  // namespace
}  // namespace engine
