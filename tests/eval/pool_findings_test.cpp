// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/pool_findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace engine {
namespace {

using Kind = PoolFinding::Kind;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Sharp, agreeing and close together: nothing to complain of.
PoolQuality sound() {
    PoolQuality q;
    q.retrievals = {{"A", "text", "image", 256, 2000, 6.5, 0.4, 0.8, 0.7, {}},
                    {"A", "image", "text", 256, 3000, 12, 0.3, 0.8, 0.8, {}}};
    q.agreements = {{"A", "B", "text", "image", 256, 10, 0.31, 0.005},
                    {"A", "B", "text", "text", 256, 10, 0.48, 0.003}};
    q.gaps = {{"A", "text", "image", 0.2, 0.3, 0.4}};
    return q;
}

std::vector<std::string> of(const std::vector<PoolFinding>& all, Kind kind) {
    std::vector<std::string> texts;
    for (const auto& f : all) {
        if (f.kind == kind) texts.push_back(f.text);
    }
    return texts;
}

TEST(PoolFindings, SoundPoolsAreSaidToBe) {
    const auto found = poolFindings(sound());
    EXPECT_THAT(of(found, Kind::Bad), testing::IsEmpty());
    EXPECT_THAT(of(found, Kind::Note), testing::IsEmpty());
    const auto good = of(found, Kind::Good);
    ASSERT_EQ(good.size(), 3u);
    EXPECT_THAT(good[0], AllOf(HasSubstr("A and B agree"), HasSubstr("31 % to 48 %"), HasSubstr("0.3 % to 0.5 %")));
    EXPECT_THAT(good[1], HasSubstr("6.5 to 12 rows"));
    EXPECT_THAT(good[2], HasSubstr("0.20 apart"));
}

TEST(PoolFindings, WhatSpacesShareByChanceIsNoAgreement) {
    PoolQuality q = sound();
    q.agreements[0].by_chance = 0.2;
    q.agreements[0].shared = 0.39;
    auto bad = of(poolFindings(q), Kind::Bad);
    ASSERT_EQ(bad.size(), 1u);
    EXPECT_THAT(bad[0], AllOf(HasSubstr("A and B do not agree on text > image (39 %)"), Not(HasSubstr("text > text"))));
    EXPECT_THAT(of(poolFindings(q), Kind::Good)[0], HasSubstr("agree otherwise: 48 %"));
    q.agreements[0].shared = 0.41;
    EXPECT_THAT(of(poolFindings(q), Kind::Bad), testing::IsEmpty());
    // Of millions of rows chance shares nothing; a hundredth is still none.
    q.agreements[0] = {"A", "B", "text", "image", 256, 10, 0.01, 0.000005};
    EXPECT_EQ(of(poolFindings(q), Kind::Bad).size(), 1u);
}

TEST(PoolFindings, AveragesOverManyRowsOverOneAndOverAFewForAll) {
    PoolQuality q = sound();
    q.options.retrieval_temperature = 0.05;
    q.retrievals[0].rows_averaged = 140;
    auto bad = of(poolFindings(q), Kind::Bad);
    ASSERT_EQ(bad.size(), 1u);
    EXPECT_THAT(bad[0],
                AllOf(HasSubstr("A averages over many rows for text > image (140 of 2000)"), HasSubstr("(0.05)")));
    // A fifth of a small pool is many.
    q.retrievals[0].rows_averaged = 12;
    q.retrievals[0].memory = 55;
    q.retrievals[0].distinct = 0.01;
    EXPECT_THAT(of(poolFindings(q), Kind::Bad)[0], HasSubstr("(12 of 55)"));
    q.retrievals[0].memory = 2000;
    q.retrievals[0].distinct = 0.2;
    bad = of(poolFindings(q), Kind::Bad);
    ASSERT_EQ(bad.size(), 1u);
    EXPECT_THAT(bad[0], AllOf(HasSubstr("a few rows answer"), HasSubstr("20 %"), HasSubstr("88 %")));  // e^(-255/2000)
    q = sound();
    q.retrievals[1].rows_averaged = 1.05;
    EXPECT_THAT(of(poolFindings(q), Kind::Bad), testing::IsEmpty());
    EXPECT_THAT(of(poolFindings(q), Kind::Note)[0], HasSubstr("image > text (1.1 averaged)"));
}

TEST(PoolFindings, AWideGapAsksForCentring) {
    PoolQuality q = sound();
    q.gaps[0].distance = 0.81;
    auto note = of(poolFindings(q), Kind::Note);
    ASSERT_EQ(note.size(), 1u);
    EXPECT_THAT(note[0], AllOf(HasSubstr("text and image 0.81"), HasSubstr("train with the option centred")));
    q.options.centred = true;
    EXPECT_THAT(of(poolFindings(q), Kind::Note)[0], AllOf(HasSubstr("0.81"), Not(HasSubstr("train with"))));
}

TEST(PoolFindings, WhatIsBadComesFirst) {
    PoolQuality q = sound();
    q.gaps[0].distance = 0.81;
    q.retrievals[0].rows_averaged = 500;
    const auto found = poolFindings(q);
    EXPECT_TRUE(
        std::is_sorted(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.kind < b.kind; }));
    EXPECT_EQ(found.front().kind, Kind::Bad);
    EXPECT_EQ(found.back().kind, Kind::Good);
    EXPECT_TRUE(poolFindings({}).empty());
}

}  // namespace
}  // namespace engine
