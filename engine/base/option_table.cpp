// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/option_table.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"

namespace engine {
namespace {

std::string rangeText(const OptionEntry& entry) {
    const OptionInfo& info = entry.info;
    const bool has_min = std::isfinite(info.min), has_max = std::isfinite(info.max);
    const auto text = [&](double bound) {
        return entry.type == OptionType::Integer ? Json(static_cast<std::int64_t>(bound)).dump() : Json(bound).dump();
    };
    const std::string min = has_min ? text(info.min) : "", max = has_max ? text(info.max) : "";
    const std::string unit = info.unit.empty() ? "" : " " + info.unit;
    if (has_min && has_max) {
        return (info.min_open ? "more than " + min + " and at most " + max : "from " + min + " to " + max) + unit;
    }
    if (has_min) return (info.min_open ? "more than " : "at least ") + min + unit;
    if (has_max) return "at most " + max + unit;
    return "a finite number";
}

std::string choiceText(const std::vector<std::string>& choices) {
    std::string text;
    for (std::size_t i = 0; i < choices.size(); ++i)
        text += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i];
    return text;
}

std::string checkNumber(const OptionEntry& entry, const Json& value) {
    const double v = value.get<double>();
    const bool below = entry.info.min_open ? v <= entry.info.min : v < entry.info.min;
    if (!std::isfinite(v) || below || v > entry.info.max) {
        return entry.key + ": expected " + rangeText(entry) + ", found " + value.dump();
    }
    return {};
}

std::string checkChoice(const OptionEntry& entry, const Json& value) {
    const auto& choices = entry.info.choices;
    if (choices.empty()) return {};
    const auto text = value.get<std::string>();
    if (std::find(choices.begin(), choices.end(), text) != choices.end()) return {};
    const std::string near = nearestName(text, choices);
    return entry.key + ": expected " + choiceText(choices) + ", found '" + text + "'" +
           (near.empty() ? "" : "; did you mean '" + near + "'?");
}

}  // namespace

std::string OptionEntry::flag() const {
    std::string text = "--" + key;
    std::replace(text.begin(), text.end(), '_', '-');
    return text;
}

std::string OptionEntry::check(const Json& value) const {
    const auto wrongType = [&](const char* expected) {
        return key + ": expected " + expected + ", found " + value.dump(-1, ' ', false, Json::error_handler_t::replace);
    };
    switch (type) {
        case OptionType::Bool:
            return value.is_boolean() ? std::string() : wrongType("true or false");
        case OptionType::Integer:
            if (!value.is_number_integer()) return wrongType("a whole number");
            if (value.is_number_unsigned() && info.max == std::numeric_limits<double>::infinity() && info.min >= 0) {
                return checkNumber(*this, value);
            }
            if (default_value.is_number_unsigned() && !value.is_number_unsigned() && value.get<std::int64_t>() < 0) {
                return wrongType("a whole number of 0 or more");
            }
            return checkNumber(*this, value);
        case OptionType::Real:
            return value.is_number() ? checkNumber(*this, value) : wrongType("a number");
        case OptionType::Text:
            return value.is_string() ? std::string() : wrongType("text");
        case OptionType::Choice:
            return value.is_string() ? checkChoice(*this, value) : wrongType("text");
        case OptionType::List:
            if (!value.is_array()) return wrongType("a list of names");
            for (const auto& item : value) {
                if (!item.is_string()) return wrongType("a list of names");
                if (auto problem = checkChoice(*this, item); !problem.empty()) return problem;
            }
            return {};
    }
    return {};
}

void throwIfAny(const std::vector<OptionProblem>& problems, const std::string& where) {
    if (problems.empty()) return;
    std::vector<std::string> texts;
    for (const auto& p : problems) texts.push_back(p.message);
    throw joinProblems(ErrorCode::InvalidInput, where, texts);
}

}  // namespace engine
