// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/numbers.h"

#include <cmath>

namespace ui {

QString signedNumber(double value, int decimals) {
    const QString digits = QString::number(std::fabs(value), 'f', decimals);
    if (digits.toDouble() == 0) return digits;
    return (value < 0 ? QStringLiteral("−") : QStringLiteral("+")) + digits;
}

}  // namespace ui
