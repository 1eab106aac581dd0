// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/option_table.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"

namespace engine {
namespace {

struct Options {
    std::int64_t count = 4;
    std::uint64_t seed = 0;
    double rate = 0.5;
    bool on = true;
    std::string mode = "a";
    std::vector<std::string> names;
};

const OptionTable<Options>& table() {
    static const OptionTable<Options> t = [] {
        OptionTable<Options> out;
        out.add("count", &Options::count, {.help = "A count.", .min = 1, .max = 10, .unit = "rows"});
        out.add("seed", &Options::seed, {.help = "A seed."});
        out.add("learning_rate", &Options::rate, {.help = "A rate.", .min = 0, .max = 1, .min_open = true});
        out.add("on", &Options::on, {.help = "A switch."});
        out.add("mode", &Options::mode, {.help = "A choice.", .choices = {"a", "bee"}});
        out.add("names", &Options::names, {.help = "Names."});
        return out;
    }();
    return t;
}

TEST(OptionTable, RoundTripsThroughJson) {
    Options o;
    EXPECT_TRUE(table()
                    .read(parseJson(R"({"count": 7, "learning_rate": 1, "mode": "bee", "names": ["x"], "on": false,
        "seed": 18446744073709551615})",
                                    "x"),
                          o)
                    .empty());
    EXPECT_EQ(o.count, 7);
    EXPECT_EQ(o.seed, 18446744073709551615u);
    Options again;
    EXPECT_TRUE(table().read(table().toJson(o), again).empty());
    EXPECT_EQ(table().toJson(again), table().toJson(o));
    EXPECT_EQ(table().entries()[2].flag(), "--learning-rate");
}

TEST(OptionTable, ReportsEveryProblemAndChangesNothing) {
    Options o;
    const auto problems = table().read(
        parseJson(R"({"count": 11, "seed": -1, "learning_rate": 0, "mode": "be", "on": 1, "cuont": 3, "names": [1]})",
                  "x"),
        o);
    ASSERT_EQ(problems.size(), 7u);
    EXPECT_EQ(problems[0].message, "count: expected from 1 to 10 rows, found 11");
    EXPECT_EQ(problems[3].message, "mode: expected a or bee, found 'be'; did you mean 'bee'?");
    EXPECT_EQ(problems[5].message, "unknown option 'cuont'; did you mean 'count'?");
    EXPECT_EQ(o.count, 4);
    EXPECT_THROW(throwIfAny(problems, "file"), Error);
    EXPECT_FALSE(table().read(parseJson(R"({"count": 2.5})", "x"), o).empty());
}

}  // namespace
}  // namespace engine
