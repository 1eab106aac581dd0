// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace ui {

// A change: "+1.20", "−0.30" with a true minus; what rounds to nothing has no sign.
QString signedNumber(double value, int decimals = 2);
QString durationText(double seconds);  // "about 12 min"

}  // namespace ui
