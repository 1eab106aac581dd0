// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Options live in value structs; each struct has one OptionTable that registers every field once. From the table come
// the command-line flags, the JSON reader and writer, the forms of the studio and the reference in the guide.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/json.h"

namespace engine {

enum class OptionType { Bool, Integer, Real, Text, Choice, List };
enum class OptionScale { Linear, Log };

// What is said of an option beside its field. Designated initialisers: {.help = "...", .min = 1, .unit = "rows"}.
struct OptionInfo {
    std::string help;  // one sentence; what it means, in the method's terms
    double min = -std::numeric_limits<double>::infinity();
    double max = std::numeric_limits<double>::infinity();
    double step = 0;  // of a form's control; 0: the form's choice
    OptionScale scale = OptionScale::Linear;
    std::string unit;                  // "rows", "epochs", "GiB"
    std::vector<std::string> choices;  // for Choice
    bool advanced = false;
    bool min_open = false;  // the minimum itself is not allowed
};

// One option with its struct erased: what forms, flags and the reference need.
struct OptionEntry {
    std::string key;  // "batch_size"; the flag is --batch-size
    OptionType type = OptionType::Text;
    OptionInfo info;
    Json default_value;
    std::string flag() const;  // "--batch-size"
    // Empty if fine, else a sentence: "batch_size: expected 8..., found 3".
    std::string check(const Json& value) const;
};

namespace detail {
template <class V>
constexpr OptionType optionType() {
    if constexpr (std::is_same_v<V, bool>) return OptionType::Bool;
    else if constexpr (std::is_integral_v<V>) return OptionType::Integer;
    else if constexpr (std::is_floating_point_v<V>) return OptionType::Real;
    else if constexpr (std::is_same_v<V, std::vector<std::string>>) return OptionType::List;
    else return OptionType::Text;
}
}  // namespace detail

struct OptionProblem {
    std::string key, message;
};

template <class Options>
class OptionTable {
public:
    // `field` is a data member of Options: bool, integer, real, std::string or std::vector<std::string>.
    template <class V>
    OptionTable& add(std::string key, V Options::*field, OptionInfo info) {
        OptionEntry entry;
        entry.key = std::move(key);
        entry.type = info.choices.empty() || detail::optionType<V>() == OptionType::List ? detail::optionType<V>()
                                                                                         : OptionType::Choice;
        entry.info = std::move(info);
        entry.default_value = Json(Options{}.*field);
        entries_.push_back(std::move(entry));
        get_.push_back([field](const Options& o) { return Json(o.*field); });
        set_.push_back([field](Options& o, const Json& v) { o.*field = v.get<V>(); });
        return *this;
    }

    const std::vector<OptionEntry>& entries() const { return entries_; }

    Json toJson(const Options& options) const {
        Json out = Json::object();
        for (std::size_t i = 0; i < entries_.size(); ++i) out[entries_[i].key] = get_[i](options);
        return out;
    }

    // Reads what `json` names over `options`; all problems (unknown keys, types, ranges) are returned, and `options` is
    // left as it was when there is any.
    std::vector<OptionProblem> read(const Json& json, Options& options) const {
        std::vector<OptionProblem> problems;
        if (!json.is_object()) return {{"", "expected an object of options"}};
        Options copy = options;
        for (const auto& [key, value] : json.items()) {
            const auto i = find(key);
            if (!i) {
                std::vector<std::string> known;
                for (const auto& e : entries_) known.push_back(e.key);
                const std::string near = nearestName(key, known);
                problems.push_back(
                    {key, "unknown option '" + key + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?")});
                continue;
            }
            if (auto problem = entries_[*i].check(value); !problem.empty()) problems.push_back({key, problem});
            else set_[*i](copy, value);
        }
        if (problems.empty()) options = copy;
        return problems;
    }

    // Every field within its range.
    std::vector<OptionProblem> validate(const Options& options) const {
        std::vector<OptionProblem> problems;
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            if (auto p = entries_[i].check(get_[i](options)); !p.empty()) problems.push_back({entries_[i].key, p});
        }
        return problems;
    }

private:
    std::optional<std::size_t> find(const std::string& key) const {
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            if (entries_[i].key == key) return i;
        }
        return std::nullopt;
    }

    std::vector<OptionEntry> entries_;
    std::vector<std::function<Json(const Options&)>> get_;
    std::vector<std::function<void(Options&, const Json&)>> set_;
};

// Throws Error{InvalidInput} that lists all problems, if there are any.
void throwIfAny(const std::vector<OptionProblem>& problems, const std::string& where);

}  // namespace engine
