// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Colour maps that colour-blind people can read too. A diverging map is centred at zero: equal distances have equal
// strength, the middle is the theme's neutral grey.
#pragma once

#include <QColor>
#include <QLinearGradient>

namespace ui {

// t in -1..1 (clamped); NaN: transparent. Blue below, grey at zero, orange to red above.
QColor divergingColour(double t);
// t in 0..1 (clamped): dark to light, even steps of lightness (viridis).
QColor sequentialColour(double t);

// The diverging map over low..high with zero at its place, for axes that need not be symmetric: positions 0..1 run from
// low to high. `reach`: the |value| of full colour.
QLinearGradient divergingGradient(double low, double high, double reach);

// A round number, at least |low| and |high|: the reach of a map that both signs share. At least `least`.
double symmetricReach(double low, double high, double least = 1);

}  // namespace ui
