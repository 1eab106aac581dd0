// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Ranges of a function and of its first two derivatives in one variable over an interval, by interval arithmetic: what
// bounds how far a blend's weights can be from their interpolation between the corners of a cell. Rounding of the
// arithmetic itself (about 1e-15) is covered by the slack of those who use it.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace engine {

struct Range {
    double low = 0, high = 0;

    double magnitude() const { return std::max(std::fabs(low), std::fabs(high)); }
};

inline Range operator+(Range a, Range b) {
    return {a.low + b.low, a.high + b.high};
}
inline Range operator*(double k, Range a) {
    return k >= 0 ? Range{k * a.low, k * a.high} : Range{k * a.high, k * a.low};
}
inline Range operator*(Range a, Range b) {
    const double p = a.low * b.low, q = a.low * b.high, r = a.high * b.low, s = a.high * b.high;
    return {std::min(std::min(p, q), std::min(r, s)), std::max(std::max(p, q), std::max(r, s))};
}
inline Range square(Range a) {
    const double p = a.low * a.low, q = a.high * a.high;
    return {a.low <= 0 && a.high >= 0 ? 0 : std::min(p, q), std::max(p, q)};
}

struct Jet {
    Range value, slope, curve;  // f, f', f''
};

inline Jet constantJet(Range value) {
    return {value, {}, {}};
}
inline Jet operator+(const Jet& a, const Jet& b) {
    return {a.value + b.value, a.slope + b.slope, a.curve + b.curve};
}
inline Jet operator*(double k, const Jet& a) {
    return {k * a.value, k * a.slope, k * a.curve};
}
inline Jet operator*(Range k, const Jet& a) {
    return {k * a.value, k * a.slope, k * a.curve};
}
inline Jet operator*(const Jet& a, const Jet& b) {
    return {a.value * b.value, a.slope * b.value + a.value * b.slope,
            a.curve * b.value + 2.0 * (a.slope * b.slope) + a.value * b.curve};
}
inline Jet square(const Jet& a) {
    return {square(a.value), 2.0 * (a.value * a.slope), 2.0 * (square(a.slope) + a.value * a.curve)};
}
inline Jet oneMinus(const Jet& a) {
    return {Range{1, 1} + -1.0 * a.value, -1.0 * a.slope, -1.0 * a.curve};
}
// s (1 - s): exact ranges where s is the variable itself.
inline Jet shareProduct(const Jet& s) {
    const auto at = [](double x) { return x * (1 - x); };
    const double a = at(s.value.low), b = at(s.value.high);
    const bool top = s.value.low <= 0.5 && s.value.high >= 0.5;
    Jet out;
    out.value = {std::min(a, b), top ? 0.25 : std::max(a, b)};
    const Range rate{1 - 2 * s.value.high, 1 - 2 * s.value.low};
    out.slope = rate * s.slope;
    out.curve = rate * s.curve + -2.0 * square(s.slope);
    return out;
}
// 1/sqrt(f); without bounds where f can vanish.
inline Jet inverseRoot(const Jet& f) {
    constexpr double kNone = std::numeric_limits<double>::infinity();
    if (!(f.value.low > 1e-9)) return {{0, kNone}, {-kNone, kNone}, {-kNone, kNone}};
    const Range root{1 / std::sqrt(f.value.high), 1 / std::sqrt(f.value.low)};
    const Range inverse{1 / f.value.high, 1 / f.value.low};
    const Range first = -0.5 * (root * inverse);
    const Range second = 0.75 * (root * inverse * inverse);
    return {root, first * f.slope, second * square(f.slope) + first * f.curve};
}
// sqrt(f), likewise.
inline Jet squareRoot(const Jet& f) {
    constexpr double kNone = std::numeric_limits<double>::infinity();
    if (!(f.value.low > 1e-9)) return {{0, kNone}, {-kNone, kNone}, {-kNone, kNone}};
    const Range root{std::sqrt(f.value.low), std::sqrt(f.value.high)};
    const Range inverse{1 / root.high, 1 / root.low};
    const Range first = 0.5 * inverse;
    const Range second = -0.25 * (inverse * inverse * inverse);
    return {root, first * f.slope, second * square(f.slope) + first * f.curve};
}

}  // namespace engine
