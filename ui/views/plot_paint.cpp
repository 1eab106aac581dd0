// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/plot_paint.h"

#include <QFontMetricsF>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

#include "ui/style/colour_map.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

QFont lowered(const QFont& font) {
    QFont out = font;
    if (font.pixelSize() > 0) out.setPixelSize(std::max(6, qRound(font.pixelSize() * 0.76)));
    else out.setPointSizeF(font.pointSizeF() * 0.76);
    return out;
}

// Calls each(part, is_subscript).
template <class Each>
void parts(const QString& text, const Each& each) {
    qsizetype from = 0;
    while (from < text.size()) {
        qsizetype mark = text.indexOf(QLatin1Char('_'), from);
        // Names of files and sets keep their underscores: only a Greek letter or a digit before it makes a symbol.
        while (mark > 0 && text[mark - 1].unicode() < 0x370 && !text[mark - 1].isDigit())
            mark = text.indexOf(QLatin1Char('_'), mark + 1);
        if (mark <= 0) break;
        each(text.mid(from, mark - from), false);
        from = mark + 1;
        qsizetype end = from;
        while (end < text.size() && text[end].isLetterOrNumber()) ++end;
        each(text.mid(from, end - from), true);
        from = end;
    }
    if (from < text.size()) each(text.mid(from), false);
}

}  // namespace

double symbolWidth(const QFont& font, const QString& text) {
    double width = 0;
    const QFontMetricsF normal(font), small(lowered(font));
    parts(text, [&](const QString& part, bool sub) { width += (sub ? small : normal).horizontalAdvance(part); });
    return width;
}

void drawSymbol(QPainter& painter, QPointF at, const QFont& font, const QString& text) {
    const QFont below = lowered(font);
    const QFontMetricsF normal(font), small(below);
    parts(text, [&](const QString& part, bool sub) {
        painter.setFont(sub ? below : font);
        painter.drawText(at + QPointF(0, sub ? normal.ascent() * 0.24 : 0), part);
        at.rx() += (sub ? small : normal).horizontalAdvance(part);
    });
}

void drawHaloText(QPainter& painter, QPointF at, const QFont& font, const QString& text, const QColor& colour,
                  const QColor& halo, double width) {
    QPainterPath path;
    path.addText(at, font, text);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(halo, width, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawPath(path);
    painter.setPen(colour);
    painter.setFont(font);
    painter.drawText(at, text);
}

QRectF drawChip(QPainter& painter, QPointF at, const QFont& font, const QString& text, const QRectF& bounds) {
    const QFontMetricsF metrics(font);
    QRectF box(0, 0, symbolWidth(font, text) + 12, metrics.height() + 4);
    box.moveCenter(at);
    if (box.right() > bounds.right()) box.moveRight(bounds.right());
    if (box.left() < bounds.left()) box.moveLeft(bounds.left());
    if (box.bottom() > bounds.bottom()) box.moveBottom(bounds.bottom());
    if (box.top() < bounds.top()) box.moveTop(bounds.top());
    painter.setPen(QPen(colours().line, 1));
    painter.setBrush(colours().raised);
    painter.drawRoundedRect(box, 4, 4);
    painter.setPen(colours().text);
    drawSymbol(painter, {box.left() + 6, box.top() + 2 + metrics.ascent()}, font, text);
    return box;
}

double colourLegendWidth(double low, double high, const QFont& font) {
    const QFontMetricsF metrics(font);
    const AxisTicks ticks = axisTicks(low, high, 9);
    double width = 0;
    for (std::size_t i = 0; i < ticks.values.size(); ++i)
        width = std::max(width, metrics.horizontalAdvance(ticks.text(i, true)));
    return width + 8;
}

void drawColourLegend(QPainter& painter, const QRectF& bar, double low, double high, double reach, const QFont& font) {
    painter.save();
    QLinearGradient gradient(bar.bottomLeft(), bar.topLeft());
    const auto stops = divergingGradient(low, high, reach).stops();
    gradient.setStops(stops);
    painter.setRenderHint(QPainter::Antialiasing, true);
    painter.setPen(QPen(colours().muted, 1));
    painter.setBrush(gradient);
    painter.drawRect(bar);
    const QFontMetricsF metrics(font);
    const int most = std::clamp(static_cast<int>(bar.height() / (metrics.height() * 1.8)), 2, 9);
    const AxisTicks ticks = axisTicks(low, high, most);
    painter.setFont(font);
    for (std::size_t i = 0; i < ticks.values.size(); ++i) {
        const double y = bar.bottom() - (ticks.values[i] - low) / (high - low) * bar.height();
        painter.setPen(QPen(colours().muted, 1));
        painter.drawLine(QPointF(bar.right(), y), QPointF(bar.right() + 4, y));
        painter.setPen(colours().text);
        painter.drawText(QPointF(bar.right() + 7, y + metrics.ascent() / 2 - 1), ticks.text(i, true));
    }
    painter.restore();
}

void drawFocusRing(QPainter& painter, const QRectF& around) {
    painter.setPen(QPen(colours().accent, 1.5));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(around.adjusted(1, 1, -1, -1), 4, 4);
}

ValueScale valueScale(double low, double high) {
    if (!std::isfinite(low) || !std::isfinite(high)) return {};
    ValueScale out;
    out.reach = symmetricReach(low, high, 0.01);
    const AxisTicks ticks = axisTicks(std::min(low, 0.0), std::max(high, 0.0), 9, true);
    out.low = ticks.low;
    out.high = ticks.high;
    return out;
}

}  // namespace ui
