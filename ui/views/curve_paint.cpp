// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// How the curves are drawn.
#include <QFontMetricsF>
#include <QPainter>
#include <QPolygonF>

#include <algorithm>
#include <cmath>

#include "ui/style/theme.h"
#include "ui/views/curve_view.h"

namespace ui {

void CurveView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const Frame frame = frameOf(rect(), false);
    if (layers_.isNull()) {
        const qreal ratio = devicePixelRatioF();
        layers_ = QPixmap((QSizeF(size()) * ratio).toSize());
        layers_.setDevicePixelRatio(ratio);
        layers_.fill(colours().panel);
        QPainter on(&layers_);
        on.setRenderHint(QPainter::Antialiasing, true);
        paintLayers(on, frame);
    }
    painter.drawPixmap(0, 0, layers_);
    painter.setRenderHint(QPainter::Antialiasing, true);
    if (!curves_.empty()) paintCursor(painter, frame);
    if (hasFocus()) drawFocusRing(painter, rect());
}

void CurveView::paintTo(QPainter& painter, const QRectF& area) const {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing, true);
    painter.fillRect(area, colours().panel);
    const Frame frame = frameOf(area, !caption_.isEmpty());
    paintLayers(painter, frame);
    if (!curves_.empty()) paintCursor(painter, frame);
    if (!caption_.isEmpty()) {
        const QFontMetricsF metrics(frame.small);
        painter.setPen(colours().text);
        painter.setFont(frame.small);
        painter.drawText(QPointF(frame.foot.left(), frame.foot.bottom() - metrics.descent() - 2),
                         metrics.elidedText(caption_, Qt::ElideRight, frame.foot.width()));
    }
    painter.restore();
}

void CurveView::paintLayers(QPainter& painter, const Frame& f) const {
    if (curves_.empty()) {
        painter.setPen(colours().muted);
        painter.setFont(f.font);
        painter.drawText(f.area.adjusted(16, 16, -16, -16), Qt::AlignCenter | Qt::TextWordWrap, tr("No curves yet."));
        return;
    }
    const QFontMetricsF metrics(f.font), small(f.small);
    for (std::size_t k = 0; k < scale_.values.size(); ++k) {
        const double y = placeIn(f.plot, low_, scale_.values[k]).y();
        const bool zero = scale_.values[k] == 0;
        painter.setPen(QPen(zero ? colours().muted : colours().line, zero ? 1.6 : 1));
        painter.drawLine(QPointF(f.plot.left(), y), QPointF(f.plot.right(), y));
        painter.setPen(colours().text);
        painter.setFont(f.small);
        const QString text = scale_.text(k, decimals_ < 0);
        painter.drawText(QPointF(f.plot.left() - 7 - small.horizontalAdvance(text), y + small.ascent() / 2 - 1), text);
    }
    const AxisTicks across = axisTicks(low_, high_, std::clamp(static_cast<int>(f.plot.width() / 55), 2, 11));
    for (std::size_t k = 0; k < across.values.size(); ++k) {
        const QPointF at(placeIn(f.plot, across.values[k], 0).x(), f.plot.bottom());
        painter.setPen(QPen(colours().muted, 1));
        painter.drawLine(at, at + QPointF(0, 4));
        painter.setPen(colours().text);
        painter.setFont(f.small);
        const QString text = across.text(k);
        painter.drawText(at + QPointF(-small.horizontalAdvance(text) / 2, 6 + small.ascent()), text);
    }
    painter.setPen(QPen(colours().muted, 1));
    painter.drawLine(f.plot.bottomLeft(), f.plot.bottomRight());
    painter.drawLine(f.plot.bottomLeft(), f.plot.topLeft());
    painter.setPen(colours().text);
    drawSymbol(painter,
               {f.plot.center().x() - symbolWidth(f.font, factor_) / 2,
                f.plot.bottom() + 6 + small.height() + 2 + metrics.ascent()},
               f.font, factor_);
    drawSymbol(painter, {f.area.left() + 10, f.area.top() + 8 + metrics.ascent()}, f.font,
               title_.isEmpty() ? tr("Δ, points") : title_);
    paintSpans(painter, f);
    painter.save();
    painter.setClipRect(f.plot.adjusted(-5, -4, 5, 4));
    for (std::size_t i = 0; i < curves_.size(); ++i) {
        if (!strong(i)) paintCurve(painter, f, i);
    }
    for (std::size_t i = 0; i < curves_.size(); ++i) {
        if (strong(i)) paintCurve(painter, f, i);
    }
    painter.restore();
    paintLabels(painter, f);
    const bool exact = std::all_of(curves_.begin(), curves_.end(), [](const Curve& c) { return c.exact; });
    painter.setPen(colours().muted);
    painter.setFont(f.small);
    painter.drawText(
        QPointF(f.foot.left(), f.foot.top() + small.ascent() + 2),
        small.elidedText((exact ? tr("exact: every change is where it is drawn")
                                : tr("dots: measured; between them: interpolated")) +
                             (spans_meaning_.isEmpty() ? QString() : tr("; shaded: %1").arg(spans_meaning_)),
                         Qt::ElideRight, f.foot.width()));
}

void CurveView::paintSpans(QPainter& painter, const Frame& f) const {
    QColor fill = colours().good;
    fill.setAlpha(34);
    for (const auto& [low, high] : spans_) {
        const double left = placeIn(f.plot, std::max(low, low_), 0).x(),
                     right = placeIn(f.plot, std::min(high, high_), 0).x();
        painter.fillRect(QRectF(left, f.plot.top(), std::max(right - left, 1.0), f.plot.height()), fill);
        painter.setPen(QPen(colours().good, 1, Qt::DashLine));
        for (const auto& [value, x] : {std::pair{low, left}, {high, right}}) {
            if (value > low_ && value < high_) painter.drawLine(QPointF(x, f.plot.top()), QPointF(x, f.plot.bottom()));
        }
    }
}

void CurveView::paintCurve(QPainter& painter, const Frame& f, std::size_t i) const {
    const Curve& c = curves_[i];
    QColor colour = colourOf(i);
    if (!strong(i)) colour.setAlpha(150);
    painter.setPen(QPen(colour, strong(i) ? 2.2 : 1.4, Qt::SolidLine, Qt::FlatCap, Qt::RoundJoin));
    painter.setBrush(Qt::NoBrush);
    QPolygonF line;
    if (c.exact) {
        // Thousands of steps are drawn no finer than the screen: of those within half a pixel the extremes.
        double column = -1e9, least = 0, most = 0, last = 0;
        const auto flush = [&] {
            if (column < -1e8) return;
            line << placeIn(f.plot, column, least);
            if (most != least) line << placeIn(f.plot, column, most);
            if (last != most) line << placeIn(f.plot, column, last);
        };
        const double wide = 0.5 * (high_ - low_) / std::max(f.plot.width(), 1.0);
        if (c.y.empty()) return;
        line << placeIn(f.plot, low_, c.y[0]);
        for (std::size_t k = 0; k < c.x.size(); ++k) {
            if (c.x[k] - column > wide) {
                flush();
                column = c.x[k];
                least = std::min(c.y[k], c.y[k + 1]);
                most = std::max(c.y[k], c.y[k + 1]);
                line << placeIn(f.plot, column, c.y[k]);
            } else {
                least = std::min(least, c.y[k + 1]);
                most = std::max(most, c.y[k + 1]);
            }
            last = c.y[k + 1];
        }
        flush();
        line << placeIn(f.plot, high_, c.y.back());
        painter.drawPolyline(line);
        return;
    }
    for (std::size_t k = 0; k < c.x.size(); ++k) {
        if (!std::isnan(c.y[k])) line << placeIn(f.plot, c.x[k], c.y[k]);
    }
    painter.drawPolyline(line);
    painter.setPen(QPen(colours().panel, 1));
    painter.setBrush(colour);
    const double radius = line.size() > 1 && f.plot.width() / static_cast<double>(line.size()) < 9 ? 2 : 3.4;
    for (const QPointF& p : line) painter.drawEllipse(p, radius, radius);
}

void CurveView::paintLabels(QPainter& painter, const Frame& f) const {
    const QFontMetricsF metrics(f.font);
    struct Label {
        std::size_t curve;
        double at, y;
    };
    std::vector<Label> labels;
    for (std::size_t i = 0; i < curves_.size(); ++i) {
        const auto& values = curves_[i].y;
        const auto known = std::find_if(values.rbegin(), values.rend(), [](double v) { return !std::isnan(v); });
        if (known == values.rend()) continue;
        const double y = std::clamp(placeIn(f.plot, high_, *known).y(), f.plot.top(), f.plot.bottom());
        labels.push_back({i, y, y});
    }
    // Pushed apart downwards, then back up from the bottom.
    std::sort(labels.begin(), labels.end(), [](const Label& a, const Label& b) { return a.at < b.at; });
    const double apart = metrics.height();
    for (std::size_t k = 1; k < labels.size(); ++k) labels[k].y = std::max(labels[k].y, labels[k - 1].y + apart);
    double floor = f.plot.bottom();
    for (std::size_t k = labels.size(); k-- > 0; floor = labels[k].y - apart)
        labels[k].y = std::min(labels[k].y, floor);
    for (const auto& label : labels) {
        painter.setPen(QPen(colourOf(label.curve), 1));
        painter.drawLine(QPointF(f.plot.right() + 1, label.at), QPointF(f.plot.right() + 8, label.y));
        QFont font = f.font;
        if (!highlighted_.isEmpty() && strong(label.curve)) font.setBold(true);
        // The line carries the colour; the letters keep the text's contrast.
        painter.setPen(strong(label.curve) ? colours().text : colours().muted);
        drawSymbol(painter, {f.plot.right() + 11, label.y + metrics.ascent() / 2 - 1}, font,
                   curves_[label.curve].label);
    }
}

void CurveView::paintCursor(QPainter& painter, const Frame& f) const {
    if (!has_cursor_ || cursor_ < low_ || cursor_ > high_) return;
    const double px = placeIn(f.plot, cursor_, 0).x();
    painter.setPen(QPen(colours().accent, 1.4));
    painter.drawLine(QPointF(px, f.plot.top()), QPointF(px, f.plot.bottom()));
    struct Chip {
        double y;
        QString text;
    };
    std::vector<Chip> chips;
    for (const bool front : {false, true}) {
        for (std::size_t i = 0; i < curves_.size(); ++i) {
            const double value = curveAt(curves_[i], cursor_);
            if (std::isnan(value) || strong(i) != front) continue;
            const QPointF at = placeIn(f.plot, cursor_, value);
            painter.setPen(QPen(colours().panel, 1.5));
            painter.setBrush(colourOf(i));
            painter.drawEllipse(at, 4.5, 4.5);
            const QString about = curves_[i].estimate ? QStringLiteral("≈ ") : QString();
            chips.push_back({at.y(), QStringLiteral("%1 %2").arg(curves_[i].label, about + figure(value))});
        }
    }
    // Beside the line, on the side with more room; pushed apart downwards, then back up from the bottom.
    std::sort(chips.begin(), chips.end(), [](const Chip& a, const Chip& b) { return a.y < b.y; });
    const double apart = QFontMetricsF(f.small).height() + 7;
    for (std::size_t k = 0; k < chips.size(); ++k) {
        chips[k].y -= 16;
        chips[k].y = std::max(chips[k].y, k ? chips[k - 1].y + apart : f.plot.top() + 1.4 * apart);
    }
    double floor = f.plot.bottom() - apart / 2;
    for (std::size_t k = chips.size(); k-- > 0; floor = chips[k].y - apart) chips[k].y = std::min(chips[k].y, floor);
    for (const auto& chip : chips) {
        const double shift = symbolWidth(f.small, chip.text) / 2 + 16;
        drawChip(painter, {px + (px < f.plot.center().x() ? shift : -shift), chip.y}, f.small, chip.text, f.plot);
    }
    drawChip(painter, {px, f.plot.top() - QFontMetricsF(f.small).height() / 2 - 3}, f.small,
             QStringLiteral("%1 %2").arg(factor_, plainNumber(cursor_, 3)),
             QRectF(f.plot.left(), f.area.top() + 2, f.area.right() - f.plot.left() - 4, f.plot.height()));
}

}  // namespace ui
