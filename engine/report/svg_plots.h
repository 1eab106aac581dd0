// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Pictures of a report as SVG to be put into its HTML: colours are variables of the page's style (--pos, --neg, --ink,
// --line, --panel, --muted, --accent), so that they follow its light or dark theme. Every mark says its numbers in a
// <title>. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "engine/report/report.h"

namespace engine {

// Values over a square grid of two factors: row-major, `values` of each axis.
struct GridPlot {
    std::vector<double> values, change, spread;
    std::string first, second;    // symbols of the axes: "σ_a"
    std::string label;            // for readers that do not see it
    double scale = 1;             // |change| of the strongest colour
    std::optional<double> plane;  // a level to mark
    std::string plane_name;
};

// Seen from above: a coloured square for each point, the line where the change is 0 and the plane's line.
std::string heatMapSvg(const GridPlot& plot);
// The surface in perspective, as the paper draws it, with its plane in grey.
std::string surfaceSvg(const GridPlot& plot);

// Every measured figure against its published one.
std::string scatterSvg(const Report& report);

// One comparison of a claim: the interval of its difference, and the margin.
std::string intervalSvg(const Comparison& comparison, double low, double high);

// Symbols of a factor: "σ_a" of "sigma_a".
std::string factorSymbol(const std::string& factor);

}  // namespace engine
