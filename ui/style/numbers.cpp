// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/numbers.h"

#include <QLocale>
#include <QObject>

#include <cmath>

namespace ui {

QString signedNumber(double value, int decimals) {
    const QString digits = QString::number(std::fabs(value), 'f', decimals);
    if (digits.toDouble() == 0) return digits;
    return (value < 0 ? QStringLiteral("−") : QStringLiteral("+")) + digits;
}

QString durationText(double seconds) {
    if (!std::isfinite(seconds)) return QObject::tr("time unknown");
    if (seconds < 1) return QObject::tr("about a second");
    if (seconds < 90)
        return QObject::tr("about %1 s").arg(std::lround(seconds < 10 ? seconds : 5 * std::ceil(seconds / 5)));
    const double minutes = seconds / 60;
    if (minutes < 90) return QObject::tr("about %1 min").arg(std::lround(minutes));
    const double hours = minutes / 60;
    if (hours < 36) return QObject::tr("about %1 h").arg(QLocale().toString(hours, 'f', hours < 10 ? 1 : 0));
    return QObject::tr("about %1 days").arg(QLocale().toString(hours / 24, 'f', 1));
}

}  // namespace ui
