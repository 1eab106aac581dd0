// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/option_flags.h"

#include <charconv>
#include <sstream>

namespace app {
namespace {

using engine::Json;
using engine::OptionEntry;
using engine::OptionType;

std::string helpOf(const OptionEntry& entry) {
    std::string text = entry.info.help;
    if (!entry.info.choices.empty()) {
        text += " One of:";
        for (const auto& choice : entry.info.choices) text += " " + choice;
        text += ".";
    }
    const bool empty = entry.default_value.is_array() ||
                       (entry.default_value.is_string() && entry.default_value.get<std::string>().empty());
    if (!empty)
        text +=
            " [" +
            (entry.default_value.is_string() ? entry.default_value.get<std::string>() : entry.default_value.dump()) +
            "]";
    return text;
}

template <class T>
bool wholly(const std::string& text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

// The words of a flag as a value of the option's type; checked by the table's own rule.
Json valueOf(const OptionEntry& entry, const std::string& text) {
    switch (entry.type) {
        case OptionType::Bool:
            if (text == "true" || text == "on" || text == "yes" || text == "1") return true;
            if (text == "false" || text == "off" || text == "no" || text == "0") return false;
            break;
        case OptionType::Integer: {
            std::uint64_t whole = 0;
            std::int64_t negative = 0;
            if (wholly(text, whole)) return whole;
            if (wholly(text, negative)) return negative;
            break;
        }
        case OptionType::Real: {
            double real = 0;
            if (wholly(text, real)) return real;
            break;
        }
        case OptionType::List: {
            Json list = Json::array();
            std::stringstream parts(text);
            for (std::string part; std::getline(parts, part, ',');) list.push_back(part);
            return list;
        }
        case OptionType::Text:
        case OptionType::Choice:
            break;
    }
    return text;
}

const char* typeName(OptionType type) {
    switch (type) {
        case OptionType::Bool:
            return "yes|no";
        case OptionType::Integer:
            return "N";
        case OptionType::Real:
            return "X";
        case OptionType::List:
            return "A,B,...";
        default:
            return "NAME";
    }
}

}  // namespace

std::shared_ptr<Json> addOptionFlags(CLI::App& verb, const std::vector<OptionEntry>& entries,
                                     const std::string& group) {
    auto out = std::make_shared<Json>(Json::object());
    for (const auto& entry : entries) {
        verb.add_option_function<std::string>(
                entry.flag(),
                [out, entry](const std::string& text) {
                    const Json value = valueOf(entry, text);
                    if (const auto problem = entry.check(value); !problem.empty())
                        throw CLI::ValidationError(entry.flag(), problem);
                    (*out)[entry.key] = value;
                },
                helpOf(entry))
            ->type_name(typeName(entry.type))
            ->group(group);
    }
    return out;
}

void addBaselineFlags(CLI::App& verb, engine::Subject& baseline) {
    verb.add_option("--baseline-product", baseline.product,
                    "Compare with this product; the recipe's base space otherwise.");
    verb.add_option("--baseline-space", baseline.space, "Compare with this space.");
    verb.add_option("--baseline-setting", baseline.setting,
                    "A named setting of the baseline: of --baseline-product, else of --product itself.");
    verb.add_option("--baseline-set", baseline.set, "A factor or a switch of the baseline.")->type_name("NAME=VALUE");
}

}  // namespace app
