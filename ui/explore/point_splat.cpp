// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/explore/point_splat.h"

#include <algorithm>
#include <cmath>

namespace ui {
namespace {

// colour over *pixel with `alpha` in 0..255.
inline void blend(QRgb* pixel, QRgb colour, int alpha) {
    const int rest = 255 - alpha;
    const auto mix = [&](int shift) {
        const int below = static_cast<int>((*pixel >> shift) & 255), above = static_cast<int>((colour >> shift) & 255);
        return static_cast<QRgb>((above * alpha + below * rest + 127) / 255) << shift;
    };
    const int under = static_cast<int>(*pixel >> 24);
    *pixel = mix(0) | mix(8) | mix(16) | static_cast<QRgb>(alpha + (under * rest + 127) / 255) << 24;
}

}  // namespace

PointStamp::PointStamp(PointShape shape, double radius, bool hollow) {
    reach_ = static_cast<int>(std::ceil(radius + 1));
    size_ = 2 * reach_ + 1;
    coverage_.resize(static_cast<std::size_t>(kSteps * kSteps * size_ * size_));
    const double reach = shape == PointShape::Diamond ? radius * 1.25 : radius;
    std::size_t at = 0;
    for (int sy = 0; sy < kSteps; ++sy) {
        for (int sx = 0; sx < kSteps; ++sx) {
            for (int y = -reach_; y <= reach_; ++y) {
                for (int x = -reach_; x <= reach_; ++x) {
                    const double dx = x - (sx + 0.5) / kSteps + 0.5, dy = y - (sy + 0.5) / kSteps + 0.5;
                    const double away = shape == PointShape::Disc ? std::hypot(dx, dy)
                                                                  : (std::abs(dx) + std::abs(dy)) * std::sqrt(0.5) +
                                                                        reach * (1 - std::sqrt(0.5));
                    double c = std::clamp(reach + 0.5 - away, 0.0, 1.0);
                    if (hollow) c = std::min(c, std::clamp(away - reach + 2, 0.0, 1.0));
                    coverage_[at++] = static_cast<quint8>(std::lround(255 * c));
                }
            }
        }
    }
}

void PointStamp::plot(QImage& image, double x, double y, QRgb colour, int opacity) const {
    const double fx = std::floor(x), fy = std::floor(y);
    const int cx = static_cast<int>(fx), cy = static_cast<int>(fy);
    if (cx + reach_ < 0 || cy + reach_ < 0 || cx - reach_ >= image.width() || cy - reach_ >= image.height()) return;
    const int sx = std::min(static_cast<int>((x - fx) * kSteps), kSteps - 1),
              sy = std::min(static_cast<int>((y - fy) * kSteps), kSteps - 1);
    const quint8* mask = coverage_.data() + (sy * kSteps + sx) * size_ * size_;
    const int left = std::max(0, cx - reach_), right = std::min(image.width() - 1, cx + reach_);
    const int top = std::max(0, cy - reach_), bottom = std::min(image.height() - 1, cy + reach_);
    const auto stride = static_cast<std::ptrdiff_t>(image.bytesPerLine() / 4);
    auto* row = reinterpret_cast<QRgb*>(image.bits()) + top * stride;
    for (int py = top; py <= bottom; ++py, row += stride) {
        const quint8* line = mask + (py - cy + reach_) * size_ + (left - cx + reach_);
        for (int px = left; px <= right; ++px, ++line) {
            if (*line != 0) blend(row + px, colour, *line * opacity / 255);
        }
    }
}

void plotLine(QImage& image, double x0, double y0, double x1, double y1, QRgb colour, int opacity) {
    const double w = image.width() - 1, h = image.height() - 1;
    // Cut to the image (Liang and Barsky).
    double from = 0, to = 1;
    const double dx = x1 - x0, dy = y1 - y0;
    const auto cut = [&](double slope, double room) {
        if (slope == 0) return room >= 0;
        const double t = room / slope;
        if (slope < 0) from = std::max(from, t);
        else to = std::min(to, t);
        return from <= to;
    };
    if (!cut(-dx, x0) || !cut(dx, w - x0) || !cut(-dy, y0) || !cut(dy, h - y0)) return;
    const double length = std::max(std::abs(dx), std::abs(dy)) * (to - from);
    const int steps = std::max(1, static_cast<int>(std::ceil(length)));
    const bool flat = std::abs(dx) >= std::abs(dy);
    const auto stride = static_cast<std::ptrdiff_t>(image.bytesPerLine() / 4);
    auto* bits = reinterpret_cast<QRgb*>(image.bits());
    for (int i = 0; i <= steps; ++i) {
        const double t = from + (to - from) * i / steps;
        const double x = x0 + t * dx, y = y0 + t * dy;
        // Shared between the two nearest pixels across the line.
        const double across = flat ? y : x, whole = std::floor(across);
        const int share = static_cast<int>((across - whole) * opacity);
        const int px = static_cast<int>(flat ? std::lround(x) : whole),
                  py = static_cast<int>(flat ? whole : std::lround(y));
        if (px < 0 || py < 0 || px > static_cast<int>(w) || py > static_cast<int>(h)) continue;
        QRgb* pixel = bits + py * stride + px;
        blend(pixel, colour, opacity - share);
        if (flat ? py < static_cast<int>(h) : px < static_cast<int>(w))
            blend(pixel + (flat ? stride : 1), colour, share);
    }
}

}  // namespace ui
