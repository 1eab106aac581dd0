// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/json.h"

#include <algorithm>
#include <set>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace engine {
namespace {

constexpr int kDeepest = 64;

std::string placeOf(std::string_view text, std::size_t byte) {
    const std::string_view before = text.substr(0, std::min(byte, text.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t start = before.rfind('\n');
    const std::size_t column = start == std::string_view::npos ? before.size() : before.size() - start - 1;
    return "line " + std::to_string(line) + ", column " + std::to_string(std::max<std::size_t>(column, 1));
}

// Builds the document while it watches what the library lets through: depth, and keys that are given twice.
Json parseChecked(std::string_view text, const std::string& name) {
    std::vector<std::set<std::string>> keys;
    std::string problem;
    const Json::parser_callback_t watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
        if (depth > kDeepest) throw Error(ErrorCode::InvalidInput, name, "nested deeper than 64 levels");
        switch (event) {
            case Json::parse_event_t::object_start:
                keys.emplace_back();
                break;
            case Json::parse_event_t::object_end:
                keys.pop_back();
                break;
            case Json::parse_event_t::key:
                if (!keys.back().insert(parsed.get<std::string>()).second && problem.empty()) {
                    problem = "the key '" + parsed.get<std::string>() + "' is given twice";
                }
                break;
            default:
                break;
        }
        return true;
    };
    Json json = Json::parse(text, watch, /*allow_exceptions=*/true, /*ignore_comments=*/true);
    if (!problem.empty()) throw Error(ErrorCode::InvalidInput, name, problem, "keep one of the two");
    return json;
}

// Insertions, deletions, replacements and exchanged neighbours count 1 each.
std::size_t editDistance(const std::string& a, const std::string& b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            const std::size_t replaced = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.size()][b.size()];
}

}  // namespace

Json parseJson(std::string_view text, const std::string& name) {
    try {
        return parseChecked(text, name);
    } catch (const Json::parse_error& error) {
        std::string what = error.what();
        // Drop the library's own prefix: "[json.exception.parse_error.101] parse error at line 1, column 2: ".
        if (const auto colon = what.find(": "); colon != std::string::npos) what = what.substr(colon + 2);
        throw Error(ErrorCode::InvalidInput, name, placeOf(text, error.byte) + ": not valid JSON: " + what);
    } catch (const Json::out_of_range&) {
        throw Error(ErrorCode::InvalidInput, name, "it holds a number that is larger than any",
                    "numbers end at about 1e308");
    }
}

Json readJsonFile(const std::filesystem::path& path, std::size_t max_bytes) {
    return parseJson(readFile(path, max_bytes), path.string());
}

void writeJsonFile(const std::filesystem::path& path, const Json& json) {
    writeFileWhole(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::string nearestName(const std::string& name, const std::vector<std::string>& known) {
    if (name.size() > 128) return {};
    const auto lower = [](std::string text) {
        for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        return text;
    };
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
    for (const auto& candidate : known) {
        const std::size_t distance = editDistance(lower(name), lower(candidate));
        if (distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

void collectUnknownKeys(const Json& object, const std::vector<std::string>& known, const std::string& where,
                        std::vector<std::string>& problems) {
    for (const auto& [key, value] : object.items()) {
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        const std::string near = nearestName(key, known);
        std::string text = where + ": unknown key '" + key + "'";
        if (!near.empty()) {
            text += "; did you mean '" + near + "'?";
        } else {
            text += "; known keys are";
            for (const auto& k : known) text += " " + k;
        }
        problems.push_back(text);
    }
}

}  // namespace engine
