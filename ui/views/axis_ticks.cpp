// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/axis_ticks.h"

#include <algorithm>
#include <cmath>

namespace ui {
namespace {

// The least step of 1, 2 or 5 times a power of ten that is not below `rough`.
double roundStep(double rough) {
    const double power = std::pow(10, std::floor(std::log10(rough)));
    for (const double digit : {1.0, 2.0, 5.0}) {
        if (digit * power >= rough * (1 - 1e-9)) return digit * power;
    }
    return 10 * power;
}

double nextStep(double step) {
    return roundStep(step * 1.5);
}

}  // namespace

AxisTicks axisTicks(double low, double high, int most, bool widen) {
    most = std::max(most, 2);
    if (!std::isfinite(low) || !std::isfinite(high)) {
        low = 0;
        high = 1;
    }
    if (low > high) std::swap(low, high);
    const double size = std::max({std::fabs(low), std::fabs(high), 1e-6});
    if (high - low < size * 1e-9) {
        low -= size / 2;
        high += size / 2;
    }
    AxisTicks out;
    out.step = roundStep((high - low) / (most - 1) / 2);
    double first = 0, last = 0;
    for (;; out.step = nextStep(out.step)) {
        // Ends that are ticks but for rounding count as ticks.
        first = widen ? std::floor(low / out.step + 1e-6) : std::ceil(low / out.step - 1e-6);
        last = widen ? std::ceil(high / out.step - 1e-6) : std::floor(high / out.step + 1e-6);
        if (last - first + 1 <= most) break;
    }
    for (double k = first; k <= last + 0.5; ++k) out.values.push_back(k == 0 ? 0 : k * out.step);
    out.decimals = std::max(0, static_cast<int>(-std::floor(std::log10(out.step) + 1e-9)));
    out.low = widen ? out.values.front() : low;
    out.high = widen ? out.values.back() : high;
    return out;
}

QString AxisTicks::text(std::size_t i, bool with_sign) const {
    return with_sign ? signedNumber(values[i], decimals) : plainNumber(values[i], decimals);
}

QString plainNumber(double value, int decimals) {
    const QString digits = QString::number(std::fabs(value), 'f', decimals);
    return value < 0 && digits.toDouble() != 0 ? QStringLiteral("−") + digits : digits;
}

}  // namespace ui
