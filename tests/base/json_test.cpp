// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"

namespace engine {
namespace {

using testing::HasSubstr;

std::string problemOf(const std::string& text) {
    try {
        parseJson(text, "file.json");
    } catch (const Error& error) {
        return error.what();
    }
    return "no problem";
}

TEST(Json, ErrorsNameFileLineAndColumn) {
    EXPECT_THAT(problemOf("{\n  \"a\": 1,\n  oops\n}"), HasSubstr("file.json: line 3, column 3"));
    EXPECT_THAT(problemOf(""), HasSubstr("file.json"));
    EXPECT_THAT(problemOf("{\"a\": 1"), HasSubstr("not valid JSON"));
}

TEST(Json, RefusesDeepNestingAndDoubleKeys) {
    EXPECT_THAT(problemOf(std::string(100000, '[')), HasSubstr("64"));
    EXPECT_THAT(problemOf("{\"a\": {\"b\": 1, \"b\": 2}}"), HasSubstr("'b' is given twice"));
    EXPECT_EQ(problemOf("{\"a\": {\"b\": 1}, \"b\": 2}"), "no problem");
}

TEST(Json, UnknownKeysGetTheNearestName) {
    std::vector<std::string> problems;
    collectUnknownKeys(parseJson("{\"epoch\": 1, \"batch_size\": 2, \"zzz\": 3}", "x"), {"epochs", "batch_size"},
                       "here", problems);
    ASSERT_EQ(problems.size(), 2u);
    EXPECT_EQ(problems[0], "here: unknown key 'epoch'; did you mean 'epochs'?");
    EXPECT_THAT(problems[1], HasSubstr("known keys are epochs batch_size"));
}

TEST(Json, KeepsTheOrderOfKeys) {
    EXPECT_EQ(parseJson("{\"b\": 1, \"a\": 2}", "x").dump(), "{\"b\":1,\"a\":2}");
}

}  // namespace
}  // namespace engine
