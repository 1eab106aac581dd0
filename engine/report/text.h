// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// How a report writes numbers and names, in each of its forms. Pure functions.
#pragma once

#include <string>

#include "engine/report/report.h"

namespace engine {

std::string fixedText(double value, int decimals = 2);   // "29.16"; a minus sign is U+2212
std::string signedText(double value, int decimals = 2);  // "+0.25", "−0.25", "0.00"
std::string plainNumber(double value);                   // for machines: shortest, '-' for minus; empty for NaN
std::string marginText(double margin);                   // of a claim: "0", "−0.25"
std::string levelText(double level);                     // "95 %", "97.5 %"
std::string durationText(double seconds);                // "1 h 12 min", "43 s"

std::string htmlText(const std::string& text);  // escaped
// Escaped, with "InternVL_IB†" and "σ_a" as the paper sets them: what follows an underscore is a subscript.
std::string htmlName(const std::string& name);
std::string latexText(const std::string& text);
std::string latexName(const std::string& name);
std::string markdownText(const std::string& text);  // for a cell of a table
std::string csvField(const std::string& text);

std::string seedsText(const Report& report);  // "3 seeds (0, 1, 2)"
// "on a synthetic world (preset tiny, seed 0)", or empty.
std::string worldText(const Report& report);
// What a report says of itself in one paragraph: how many figures, on what, how.
std::string summaryText(const Report& report);
// Reasons for what is not measured, each with the rows that it concerns: "space InternVL is missing: InternVL, ...".
std::vector<std::string> missingTexts(const ReportTable& table);

}  // namespace engine
