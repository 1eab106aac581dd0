// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What every folder needs of lists of names and of numbers in messages. Pure functions.
#pragma once

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace engine {

template <class T>
bool contains(const std::vector<T>& list, const T& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

// "a, b, c"; `none` where there are none.
inline std::string joined(const std::vector<std::string>& names, const char* none = "none") {
    if (names.empty()) return none;
    std::string out;
    for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
    return out;
}

// "29.16"; with a hyphen where it is negative.
inline std::string fixed(double value, int decimals = 2) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

// "0.25", "1e+09": at most four digits that count.
inline std::string concise(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4g", value);
    return text;
}

}  // namespace engine
