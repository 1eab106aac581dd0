// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Round ticks for a range: steps of 1, 2 or 5 times a power of ten. Pure functions, any thread.
#pragma once

#include <QString>

#include <vector>

#include "ui/style/numbers.h"

namespace ui {

struct AxisTicks {
    double step = 1;
    int decimals = 0;            // that tell two ticks apart
    std::vector<double> values;  // within low..high, ascending
    double low = 0, high = 1;    // the range; with `widen`, moved outwards to ticks

    QString text(std::size_t i, bool with_sign = false) const;
};

// At most `most` (>= 2) ticks within low..high, in either order; an empty or endless range is widened around its
// middle first. `widen`: the range is moved outwards to whole steps, so that the first and last tick are its ends.
AxisTicks axisTicks(double low, double high, int most, bool widen = false);

// "0.50"; "−0.20" with a real minus sign.
QString plainNumber(double value, int decimals);

}  // namespace ui
