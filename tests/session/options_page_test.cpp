// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The guide's page of options is made from the tables. MOLSPACE_WRITE_GUIDE=1 writes it anew.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "engine/base/file.h"
#include "engine/recipe/reaction_options.h"
#include "engine/session/session.h"

namespace engine {
namespace {

std::string bound(const OptionEntry& entry, double value) {
    return entry.type == OptionType::Integer ? Json(static_cast<std::int64_t>(value)).dump() : Json(value).dump();
}

std::string valuesOf(const OptionEntry& entry) {
    if (!entry.info.choices.empty()) {
        std::string text;
        for (const auto& choice : entry.info.choices) text += (text.empty() ? "" : ", ") + choice;
        return text;
    }
    const std::string unit = entry.info.unit.empty() ? "" : " " + entry.info.unit;
    if (std::isfinite(entry.info.min) && std::isfinite(entry.info.max)) {
        const std::string min = bound(entry, entry.info.min), max = bound(entry, entry.info.max);
        return (entry.info.min_open ? "more than " + min + ", at most " : min + " to ") + max + unit;
    }
    switch (entry.type) {
        case OptionType::Bool:
            return "true, false";
        case OptionType::Integer:
            return "whole number" + unit;
        case OptionType::Real:
            return "number" + unit;
        case OptionType::List:
            return "list of names";
        default:
            return "name";
    }
}

std::string table(const std::string& title, const std::string& about, const std::vector<OptionEntry>& entries) {
    std::string text =
        "\n## " + title + "\n\n" + about + "\n\n| option | default | values | meaning |\n|---|---|---|---|\n";
    for (const auto& e : entries) {
        const std::string value =
            e.default_value.is_string() ? e.default_value.get<std::string>() : e.default_value.dump();
        text += "| `" + e.key + "` | " + (value.empty() || value == "[]" ? "" : "`" + value + "`") + " | " +
                valuesOf(e) + " | " + e.info.help + " |\n";
    }
    return text;
}

TEST(Guide, ThePageOfOptionsIsThatOfTheTables) {
    const std::string expected =
        "# Options\n\nEvery option stands in one table of the program, from which its flag (`batch_size` is "
        "`--batch-size`), its key in JSON and\n"
        "this page are made. Unknown keys are an error that names the nearest known one.\n" +
        table("Reactions",
              "In a recipe under a step's `options`; as flags of `pairs` and `train`, for every step. The choices on "
              "which the paper is\nsilent have the defaults that method.md explains.",
              reactionOptionTable().entries()) +
        table("Runs",
              "Flags of `pairs`, `train`, `router`, `tune-encoder` and `demo`. They do not change the result on CPU, "
              "but for the seed.",
              runOptionTable().entries()) +
        table("Evaluation", "Flags of `evaluate`, `router`, `sweep` and `tune`.", evaluateOptions()) +
        table("Quality of pools", "Flags of `pairs --quality`.", poolQualityOptions()) +
        table("Routers", "Flags of `router`.", routerOptions()) +
        table("Encoders", "Flags of `tune-encoder`.", encoderOptions()) +
        table("Landscapes", "Flags of `sweep`, `tune` and `why`.", landscapeOptions()) +
        table("How sure", "Flags of `tune`.", confidenceOptions()) +
        table("Headroom", "Flags of `tune --headroom`.", headroomOptions()) +
        table("Report", "Flags of `report`, beside those of reactions and runs (but for the seed).", reportOptions()) +
        table("Why", "Flags of `why`.", whyOptions()) + table("Synthetic world", "Flags of `synth`.", synthOptions());
    const std::filesystem::path page = std::filesystem::path(MOLSPACE_SOURCE_DIR) / "resources/guide/options.md";
    if (std::getenv("MOLSPACE_WRITE_GUIDE")) writeFileWhole(page, expected);
    EXPECT_EQ(readFile(page), expected) << "run the test with MOLSPACE_WRITE_GUIDE=1";
}

}  // namespace
}  // namespace engine
