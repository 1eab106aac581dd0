// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the map looks like; what it does is in map_view.cpp.
#include <QElapsedTimer>
#include <QPainter>

#include <algorithm>
#include <cmath>

#include "ui/explore/map_view.h"
#include "ui/explore/point_splat.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

constexpr std::size_t kMostLines = 1500;  // of matched pairs that are drawn

// A step of 1, 2 or 5 times a power of ten, about `room` long.
double roundStep(double room) {
    const double power = std::pow(10, std::floor(std::log10(room)));
    for (const double s : {1.0, 2.0, 5.0}) {
        if (s * power >= room) return s * power;
    }
    return 10 * power;
}

QRgb opaque(const QColor& c) {
    return c.rgb() | 0xff000000u;
}

}  // namespace

void MapView::plotPoints(QImage& image, const Frame& frame, double ratio) const {
    const std::size_t n = content_.map->rows(true).size(), m = content_.map->rows(false).size();
    const auto at = [&](bool first, std::size_t i) {
        const QPointF p = placeOfPoint(first, i);
        return (frame.at(p.x(), p.y()) - frame.plot.topLeft()) * ratio;
    };
    const bool some = !selection_.empty();
    if (pairs_shown_) {
        const auto& pairs = content_.map->pairs();
        const std::size_t step = std::max<std::size_t>(1, (pairs.size() + kMostLines - 1) / kMostLines);
        const std::size_t drawn = (pairs.size() + step - 1) / step;
        const auto opacityOf = [](std::size_t lines) {
            return lines > 1200 ? 14 : lines > 800 ? 20 : lines > 200 ? 48 : 84;
        };
        const auto picked = [&](const auto& pair) {
            return some && (selected_first_[pair[0]] != 0 || selected_second_[pair[1]] != 0);
        };
        const auto chosen = static_cast<std::size_t>(some ? std::count_if(pairs.begin(), pairs.end(), picked) : 0);
        const std::size_t picked_step = std::max<std::size_t>(1, (chosen + kMostLines - 1) / kMostLines);
        const int opacity = some ? opacityOf(drawn) / 2 : opacityOf(drawn), strong = opacityOf(chosen / picked_step);
        const QRgb colour = opaque(colours().muted), accent = opaque(colours().accent);
        for (std::size_t p = 0, nth = 0; p < pairs.size(); ++p) {
            const bool is_picked = picked(pairs[p]);
            if (is_picked ? nth++ % picked_step != 0 : p % step != 0) continue;
            const QPointF a = at(true, pairs[p][0]), b = at(false, pairs[p][1]);
            if (std::isnan(a.x()) || std::isnan(b.x())) continue;
            plotLine(image, a.x(), a.y(), b.x(), b.y(), is_picked ? accent : colour, is_picked ? strong : opacity);
        }
    }
    const double radius = (n + m > 12000  ? 1.5
                           : n + m > 3000 ? 1.9
                           : n + m > 600  ? 2.6
                                          : 3.4) *
                          ratio * std::clamp(std::sqrt(scale_), 1.0, 1.8);
    const PointStamp disc(PointShape::Disc, radius), diamond(PointShape::Diamond, radius);
    const PointStamp large_disc(PointShape::Disc, radius * 1.6), large_diamond(PointShape::Diamond, radius * 1.6);
    const int opacity = some ? 64 : n + m > 12000 ? 150 : 190;
    const QRgb a = opaque(modalityColour(content_.first)), b = opaque(modalityColour(content_.second));
    // In turns, so that neither side covers the other.
    const std::size_t most = std::max(n, m);
    std::size_t done_first = 0, done_second = 0;
    for (std::size_t t = 1; t <= most; ++t) {
        for (; done_first < n * t / most; ++done_first) {
            const QPointF p = at(true, done_first);
            if (!std::isnan(p.x())) disc.plot(image, p.x(), p.y(), a, opacity);
        }
        for (; done_second < m * t / most; ++done_second) {
            const QPointF p = at(false, done_second);
            if (!std::isnan(p.x())) diamond.plot(image, p.x(), p.y(), b, opacity);
        }
    }
    if (!some) return;
    for (const bool first : {true, false}) {
        const auto& picked = first ? selected_first_ : selected_second_;
        for (std::size_t i = 0; i < picked.size(); ++i) {
            if (picked[i] == 0) continue;
            const QPointF p = at(first, i);
            if (!std::isnan(p.x())) (first ? large_disc : large_diamond).plot(image, p.x(), p.y(), first ? a : b, 255);
        }
    }
}

void MapView::paintAxes(QPainter& painter, const Frame& frame, const QRectF& area) const {
    const auto& c = colours();
    painter.fillRect(area, c.panel);
    QColor faint = c.line;
    faint.setAlphaF(0.55f);
    QFont small = font();
    small.setPointSizeF(small.pointSizeF() * 0.88);
    painter.setFont(small);
    const QFontMetricsF metrics(small);
    const double step = roundStep(78 / frame.scale);
    const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
    const auto label = [&](double v) {
        return (v < -step / 2 ? QStringLiteral("−") : QString()) +
               QString::number(std::abs(v) < step / 2 ? 0 : std::abs(v), 'f', decimals);
    };
    const double x0 = frame.middle.x() - frame.plot.width() / 2 / frame.scale,
                 x1 = frame.middle.x() + frame.plot.width() / 2 / frame.scale;
    const double y0 = frame.middle.y() - frame.plot.height() / 2 / frame.scale,
                 y1 = frame.middle.y() + frame.plot.height() / 2 / frame.scale;
    for (double v = std::ceil(x0 / step) * step; v <= x1; v += step) {
        const double x = std::round(frame.at(v, 0).x()) + 0.5;
        painter.setPen(QPen(faint, 1));
        painter.drawLine(QPointF(x, frame.plot.top()), QPointF(x, frame.plot.bottom()));
        painter.setPen(c.muted);
        painter.drawText(QRectF(x - 40, frame.plot.bottom() + 3, 80, metrics.height()), Qt::AlignHCenter | Qt::AlignTop,
                         label(v));
    }
    for (double v = std::ceil(y0 / step) * step; v <= y1; v += step) {
        const double y = std::round(frame.at(0, v).y()) + 0.5;
        painter.setPen(QPen(faint, 1));
        painter.drawLine(QPointF(frame.plot.left(), y), QPointF(frame.plot.right(), y));
        painter.setPen(c.muted);
        painter.drawText(QRectF(frame.plot.left() - 46, y - 10, 40, 20), Qt::AlignRight | Qt::AlignVCenter, label(v));
    }
    painter.setFont(font());
    painter.setPen(c.text);
    const QFontMetricsF words(font());
    painter.drawText(
        QRectF(frame.plot.left(), area.bottom() - words.height() - 4, frame.plot.width(), words.height() + 2),
        Qt::AlignHCenter | Qt::AlignVCenter,
        words.elidedText(axisCaption(across_), Qt::ElideRight, frame.plot.width()));
    painter.save();
    painter.translate(area.left() + 4, frame.plot.bottom());
    painter.rotate(-90);
    painter.drawText(QRectF(0, 0, frame.plot.height(), words.height() + 2), Qt::AlignHCenter | Qt::AlignVCenter,
                     words.elidedText(axisCaption(up_), Qt::ElideRight, frame.plot.height()));
    painter.restore();
}

void MapView::paintLegend(QPainter& painter, const Frame& frame) const {
    const auto& c = colours();
    const QFontMetricsF metrics(font());
    const auto count = [&](bool first) {
        const auto drawn = static_cast<qlonglong>(content_.map->rows(first).size());
        const auto all = static_cast<qlonglong>(content_.map->items(first));
        return drawn == all ? tr("%L1").arg(drawn) : tr("%L1 of %L2").arg(drawn).arg(all);
    };
    const double top = frame.plot.top() - kTop, height = kTop - 2, middle = top + height / 2;
    double x = frame.plot.left();
    const auto write = [&](const QString& text, const QColor& colour, double gap) {
        const double room = frame.plot.right() - x;
        if (room < 24) return;
        const QString shown = metrics.elidedText(text, Qt::ElideRight, room);
        painter.setPen(colour);
        painter.drawText(QRectF(x, top, room, height), Qt::AlignLeft | Qt::AlignVCenter, shown);
        x += metrics.horizontalAdvance(shown) + gap;
    };
    for (const bool first : {true, false}) {
        if (frame.plot.right() - x < 40) break;
        painter.setPen(Qt::NoPen);
        painter.setBrush(modalityColour(first ? content_.first : content_.second));
        const QPointF at(x + 6, middle);
        if (first) painter.drawEllipse(at, 4.5, 4.5);
        else
            painter.drawPolygon(
                QPolygonF{at + QPointF(0, -5.5), at + QPointF(5.5, 0), at + QPointF(0, 5.5), at + QPointF(-5.5, 0)});
        x += 17;
        write((first ? content_.first : content_.second) + QStringLiteral("  ") + count(first), c.text, 18);
    }
    write(content_.synthetic ? tr("%1 · synthetic world").arg(content_.subject) : content_.subject, c.muted, 14);
}

void MapView::paintOver(QPainter& painter, const Frame& frame) const {
    const auto& c = colours();
    painter.save();
    painter.setClipRect(frame.plot);
    painter.setRenderHint(QPainter::Antialiasing);
    const auto mean = [&](const std::vector<double>& m) {
        return frame.at(m[static_cast<std::size_t>(across_)], m[static_cast<std::size_t>(up_)]);
    };
    const QPointF from = mean(places_.first_mean), to = mean(places_.second_mean);
    const double length = std::hypot(to.x() - from.x(), to.y() - from.y());
    if (length > 14 && std::isfinite(length)) {
        const QPointF along = (to - from) / length, across(-along.y(), along.x());
        const QPolygonF head{to, to - along * 11 + across * 5, to - along * 11 - across * 5};
        for (const bool halo : {true, false}) {
            painter.setPen(QPen(halo ? c.panel : c.text, halo ? 5 : 2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
            painter.setBrush(halo ? c.panel : c.text);
            painter.drawLine(from, to - along * 8);
            painter.drawPolygon(head);
        }
        if (gap_) {
            const QString text = tr("gap %1").arg(*gap_, 0, 'f', 3);
            const QFontMetricsF metrics(font());
            const QPointF side = across.y() > 0 ? -across : across;  // above the arrow
            const QPointF at = (from + to) / 2 + side * (metrics.height() * 0.5 + 8 +
                                                         std::abs(along.y()) * metrics.horizontalAdvance(text) / 2);
            QRectF box = metrics.boundingRect(text).adjusted(-5, -2, 5, 2);
            box.moveCenter(at);
            QColor back = c.panel;
            back.setAlphaF(0.85f);
            painter.setPen(Qt::NoPen);
            painter.setBrush(back);
            painter.drawRoundedRect(box, 4, 4);
            painter.setPen(c.text);
            painter.drawText(box, Qt::AlignCenter, text);
        }
    }
    const auto ring = [&](const MapItem& item, const QColor& colour, double radius, double width) {
        const auto i = pointOf(item);
        if (!i) return;
        const QPointF p = placeOfPoint(item.first, *i);
        if (std::isnan(p.x())) return;
        const QPointF at = frame.at(p.x(), p.y());
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(c.panel, width + 2.5));
        painter.drawEllipse(at, radius, radius);
        painter.setPen(QPen(colour, width));
        painter.drawEllipse(at, radius, radius);
    };
    // The chosen item with its partners.
    if (chosen_) {
        if (const auto i = pointOf(*chosen_)) {
            const QPointF p = placeOfPoint(chosen_->first, *i);
            const QPointF at = frame.at(p.x(), p.y());
            for (const auto& pair : content_.map->pairs()) {
                if (pair[chosen_->first ? 0 : 1] != *i) continue;
                const std::size_t other = pair[chosen_->first ? 1 : 0];
                const QPointF q = placeOfPoint(!chosen_->first, other);
                if (std::isnan(q.x()) || std::isnan(p.x())) continue;
                painter.setPen(QPen(c.accent, 1.6));
                painter.drawLine(at, frame.at(q.x(), q.y()));
                ring({!chosen_->first, content_.map->rows(!chosen_->first)[other]}, c.accent, 5, 1.6);
            }
        }
        ring(*chosen_, c.accent, 8, 2.4);
    }
    if (marked_) ring(*marked_, c.warning, 9, 2.4);
    if (hovered_ && hovered_ != chosen_) ring(*hovered_, c.text, 7, 1.4);
    if (drag_ == Drag::Lasso && lasso_.size() > 1) {
        QColor fill = c.accent;
        fill.setAlphaF(0.12f);
        painter.setBrush(fill);
        painter.setPen(QPen(c.accent, 1.4, Qt::DashLine));
        painter.drawPolygon(lasso_);
    }
    painter.restore();
}

void MapView::paintTo(QPainter& painter, const QRectF& area) {
    painter.save();
    painter.setFont(font());
    const auto& c = colours();
    if (!content_.map) {
        painter.fillRect(area, c.panel);
        painter.setPen(c.muted);
        painter.drawText(area.adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap, why_);
        painter.restore();
        return;
    }
    const Frame frame = frameOf(area);
    paintAxes(painter, frame, area);
    const double ratio = painter.device()->devicePixelRatioF();
    const bool own = area == QRectF(rect()) && painter.device() == this;
    const QSize size = (frame.plot.size() * ratio).toSize();
    QImage other;
    QImage& image = own ? image_ : other;
    if (!own || stale_ || image.size() != size) {
        QElapsedTimer timer;
        timer.start();
        if (image.size() != size) image = QImage(size, QImage::Format_ARGB32_Premultiplied);
        image.fill(Qt::transparent);
        plotPoints(image, frame, ratio);
        if (own) {
            stale_ = false;
            draw_ms_ = static_cast<double>(timer.nsecsElapsed()) * 1e-6;
        }
    }
    painter.drawImage(frame.plot, image);
    painter.setPen(QPen(c.line, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(frame.plot.toAlignedRect());
    paintOver(painter, frame);
    painter.setRenderHint(QPainter::Antialiasing);
    paintLegend(painter, frame);
    painter.restore();
}

void MapView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    paintTo(painter, rect());
    if (hasFocus()) {
        painter.setPen(QPen(colours().accent, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

}  // namespace ui
