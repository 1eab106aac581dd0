// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Strict reading of JSON that people write by hand: an unknown key is an error with the nearest known name, and every
// problem of a file is reported at once.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

using Json = nlohmann::ordered_json;

// Reads a file of at most `max_bytes`, nested at most 64 deep; errors name the file, line and column.
Json readJsonFile(const std::filesystem::path& path, std::size_t max_bytes = 64u << 20);
Json parseJson(std::string_view text, const std::string& name);
// Whole, then renamed.
void writeJsonFile(const std::filesystem::path& path, const Json& json);

// The nearest of `known` by edit distance; empty if none is near.
std::string nearestName(const std::string& name, const std::vector<std::string>& known);

// Adds "<where>: unknown key 'x'; did you mean 'y'?" for each key of `object` not in `known`.
void collectUnknownKeys(const Json& object, const std::vector<std::string>& known, const std::string& where,
                        std::vector<std::string>& problems);

}  // namespace engine
