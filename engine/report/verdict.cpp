// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/verdict.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/base/error.h"

namespace engine {
namespace {

constexpr double kManyDegrees = 1e7;  // from here on Student's distribution is the normal one to 1e-8

// Continued fraction of the incomplete beta function (Lentz's way of summing it).
double betaFraction(double a, double b, double x) {
    constexpr double kTiny = 1e-300, kEpsilon = 1e-15;
    const auto away = [](double v) { return std::fabs(v) < kTiny ? kTiny : v; };
    double c = 1, d = 1 / away(1 - (a + b) * x / (a + 1)), out = d;
    for (int m = 1; m < 1000; ++m) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / away(1 + even * d);
        c = away(1 + even / c);
        out *= d * c;
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / away(1 + odd * d);
        c = away(1 + odd / c);
        out *= d * c;
        if (std::fabs(d * c - 1) < kEpsilon) break;
    }
    return out;
}

// Regularised incomplete beta function I_x(a, b).
double incompleteBeta(double a, double b, double x) {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    const double front =
        std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * betaFraction(a, b, x) / a : 1 - front * betaFraction(b, a, 1 - x) / b;
}

// P(T > t) for t >= 0.
double upperTail(double t, double degrees) {
    if (degrees > kManyDegrees) return 0.5 * std::erfc(t / std::sqrt(2.0));
    return 0.5 * incompleteBeta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

}  // namespace

const char* verdictName(Verdict verdict) {
    switch (verdict) {
        case Verdict::Holds:
            return "holds";
        case Verdict::Fails:
            return "fails";
        case Verdict::Undecided:
            return "undecided";
        case Verdict::NotMeasured:
            break;
    }
    return "not measured";
}

double studentQuantile(double p, double degrees) {
    ENGINE_CHECK(p > 0 && p < 1 && degrees > 0, "a quantile of a probability in (0, 1)");
    if (p < 0.5) return -studentQuantile(1 - p, degrees);
    double low = 0, high = 1;
    while (upperTail(high, degrees) > 1 - p && high < 1e12) high *= 2;
    for (int i = 0; i < 200 && high - low > 1e-13 * high; ++i) {
        const double middle = 0.5 * (low + high);
        (upperTail(middle, degrees) > 1 - p ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

double Evidence::mean() const {
    return by_seed.empty() ? 0
                           : std::accumulate(by_seed.begin(), by_seed.end(), 0.0) / static_cast<double>(by_seed.size());
}

double Evidence::seedError() const {
    const auto n = static_cast<double>(by_seed.size());
    if (by_seed.size() < 2) return 0;
    const double m = mean();
    double sum = 0;
    for (const double v : by_seed) sum += (v - m) * (v - m);
    return std::sqrt(sum / (n - 1) / n);
}

double Evidence::error() const {
    return std::hypot(seedError(), std::isnan(item_error) ? 0 : item_error);
}

double Evidence::degrees() const {
    const double seed = seedError(), all = error();
    if (seed == 0) return std::numeric_limits<double>::infinity();
    return static_cast<double>(by_seed.size() - 1) * std::pow(all / seed, 4);
}

double Evidence::halfWidth(double level) const {
    return error() == 0 ? 0 : studentQuantile((1 + level) / 2, degrees()) * error();
}

Verdict judge(const Evidence& evidence, double margin, bool above, double level, std::size_t together) {
    if (evidence.by_seed.empty()) return Verdict::NotMeasured;
    const double beyond = (above ? 1 : -1) * (evidence.mean() - margin);
    if (beyond > evidence.halfWidth(level)) return Verdict::Holds;
    const double strict = 1 - (1 - level) / static_cast<double>(std::max<std::size_t>(together, 1));
    return -beyond > evidence.halfWidth(strict) ? Verdict::Fails : Verdict::Undecided;
}

Verdict allOf(const std::vector<Verdict>& verdicts) {
    const auto any = [&](Verdict v) { return std::find(verdicts.begin(), verdicts.end(), v) != verdicts.end(); };
    if (any(Verdict::Fails)) return Verdict::Fails;
    if (any(Verdict::Undecided)) return Verdict::Undecided;
    return any(Verdict::Holds) ? Verdict::Holds : Verdict::NotMeasured;
}

}  // namespace engine
