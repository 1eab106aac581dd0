// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/colour_map.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ui/style/theme.h"

namespace ui {
namespace {

QColor mixed(const QColor& a, const QColor& b, double t) {
    const auto part = [t](double x, double y) { return static_cast<float>(x + (y - x) * t); };
    return QColor::fromRgbF(part(a.redF(), b.redF()), part(a.greenF(), b.greenF()), part(a.blueF(), b.blueF()));
}

template <std::size_t N>
QColor along(const std::array<QColor, N>& stops, double t) {
    const double at = std::clamp(t, 0.0, 1.0) * static_cast<double>(N - 1);
    const auto i = std::min(static_cast<std::size_t>(at), N - 2);
    return mixed(stops[i], stops[i + 1], at - static_cast<double>(i));
}

QColor neutral() {
    return darkTheme() ? QColor(0x4a, 0x4e, 0x57) : QColor(0xee, 0xee, 0xec);
}

}  // namespace

QColor divergingColour(double t) {
    if (std::isnan(t)) return Qt::transparent;
    const bool dark = darkTheme();
    if (t < 0) {
        const std::array<QColor, 4> stops{neutral(), dark ? QColor(0x4f, 0x86, 0xb5) : QColor(0xa6, 0xca, 0xe4),
                                          QColor(0x43, 0x93, 0xc9),
                                          dark ? QColor(0x6f, 0xc3, 0xff) : QColor(0x11, 0x52, 0x93)};
        return along(stops, -t);
    }
    const std::array<QColor, 4> stops{neutral(), dark ? QColor(0xa8, 0x7a, 0x4e) : QColor(0xf6, 0xc7, 0x91),
                                      QColor(0xe8, 0x7a, 0x2b),
                                      dark ? QColor(0xff, 0xb8, 0x5c) : QColor(0xa6, 0x31, 0x0a)};
    return along(stops, t);
}

QColor sequentialColour(double t) {
    static const std::array<QColor, 6> stops{QColor(0x44, 0x01, 0x54), QColor(0x41, 0x44, 0x87),
                                             QColor(0x2a, 0x78, 0x8e), QColor(0x22, 0xa8, 0x84),
                                             QColor(0x7a, 0xd1, 0x51), QColor(0xfd, 0xe7, 0x25)};
    return along(stops, t);
}

QLinearGradient divergingGradient(double low, double high, double reach) {
    QLinearGradient gradient(0, 0, 0, 1);
    constexpr int kStops = 32;
    for (int i = 0; i <= kStops; ++i) {
        const double at = static_cast<double>(i) / kStops;
        gradient.setColorAt(at, divergingColour((low + (high - low) * at) / reach));
    }
    return gradient;
}

double symmetricReach(double low, double high, double least) {
    double reach =
        std::max({least, std::isfinite(low) ? std::fabs(low) : 0, std::isfinite(high) ? std::fabs(high) : 0});
    const double power = std::pow(10, std::floor(std::log10(reach)));
    for (const double digit : {1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0}) {
        if (digit * power >= reach * (1 - 1e-12)) return digit * power;
    }
    return reach;
}

}  // namespace ui
