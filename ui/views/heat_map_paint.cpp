// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The layers of the heat map.
#include <QFontMetricsF>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

#include "ui/style/colour_map.h"
#include "ui/style/theme.h"
#include "ui/views/heat_map_view.h"

namespace ui {
namespace {

// Ink that reads on the map, and what stands behind it.
QColor ink() {
    return darkTheme() ? QColor(0xff, 0xff, 0xff) : QColor(0x14, 0x18, 0x20);
}
QColor halo() {
    return darkTheme() ? QColor(0x14, 0x18, 0x20, 220) : QColor(0xff, 0xff, 0xff, 220);
}

}  // namespace

void HeatMapView::paintField(QPainter& painter, const Frame& f) const {
    painter.save();
    painter.setClipRect(f.plot);
    painter.fillRect(f.plot, colours().window);
    painter.fillRect(f.plot, QBrush(colours().line, Qt::BDiagPattern));  // not computed yet
    const auto& a = surface_->axes[0];
    const auto& b = surface_->axes[1];
    if (!smooth_) {
        painter.setRenderHint(QPainter::Antialiasing, false);
        painter.setPen(Qt::NoPen);
        const double w = f.plot.width() / static_cast<double>(std::max<std::size_t>(a.steps - 1, 1));
        const double h = f.plot.height() / static_cast<double>(std::max<std::size_t>(b.steps - 1, 1));
        for (std::size_t i = 0; i < a.steps; ++i) {
            for (std::size_t j = 0; j < b.steps; ++j) {
                const double value = surface_->groups[group_].change[i * b.steps + j];
                if (std::isnan(value)) continue;
                painter.setBrush(divergingColour(value / scale_.reach));
                const QPointF at = placeIn(f.plot, a.value(i), b.value(j));
                painter.drawRect(QRectF(at.x() - w / 2, at.y() - h / 2, w, h));
            }
        }
    } else if (grid_.drawable()) {
        const QRectF field(placeIn(f.plot, grid_.x.front(), grid_.y.back()),
                           placeIn(f.plot, grid_.x.back(), grid_.y.front()));
        // Half the screen's resolution is enough for values linear between nodes; the painter smooths the rest.
        const int w = std::clamp(static_cast<int>(field.width() / 2), 32, 512);
        const int h = std::clamp(static_cast<int>(field.height() / 2), 32, 512);
        std::vector<QRgb> table(1025);
        for (std::size_t k = 0; k < table.size(); ++k)
            table[k] = divergingColour((static_cast<double>(k) - 512) / 512).rgb();
        QImage image(w, h, QImage::Format_RGB32);
        struct Between {  // two neighbours and the share of the second
            std::size_t cell;
            double share;
        };
        const auto along = [](const std::vector<double>& axis, int pixels, bool down) {
            std::vector<Between> out(static_cast<std::size_t>(pixels));
            for (int k = 0; k < pixels; ++k) {
                const double t = (k + 0.5) / pixels;
                const double v = axis.front() + (axis.back() - axis.front()) * (down ? 1 - t : t);
                const auto above = std::upper_bound(axis.begin() + 1, axis.end() - 1, v);
                const auto cell = static_cast<std::size_t>(above - axis.begin() - 1);
                out[static_cast<std::size_t>(k)] = {cell, (v - axis[cell]) / (axis[cell + 1] - axis[cell])};
            }
            return out;
        };
        const auto across = along(grid_.x, w, false), up = along(grid_.y, h, true);
        std::vector<double> line(grid_.x.size());
        for (int row = 0; row < h; ++row) {
            auto* pixel = reinterpret_cast<QRgb*>(image.scanLine(row));
            const auto& [j, share] = up[static_cast<std::size_t>(row)];
            for (std::size_t i = 0; i < line.size(); ++i)
                line[i] = (grid_.value(i, j) * (1 - share) + grid_.value(i, j + 1) * share) / scale_.reach;
            for (const auto& [i, part] : across) {
                const double t = std::clamp(line[i] * (1 - part) + line[i + 1] * part, -1.0, 1.0);
                *pixel++ = table[static_cast<std::size_t>(std::lround(t * 512) + 512)];
            }
        }
        painter.setRenderHint(QPainter::SmoothPixmapTransform, true);
        painter.drawImage(field, image);
    }
    painter.restore();
}

void HeatMapView::paintContours(QPainter& painter, const Frame& f) const {
    if (!grid_.drawable()) return;
    const auto [least, most] = std::minmax_element(grid_.values.begin(), grid_.values.end());
    const AxisTicks levels =
        axisTicks(*least, *most, std::clamp(static_cast<int>(std::min(f.plot.width(), f.plot.height()) / 30), 3, 12));
    std::vector<double> values = levels.values;
    if (*least < 0 && *most > 0 && std::find(values.begin(), values.end(), 0.0) == values.end()) values.push_back(0);
    painter.save();
    painter.setClipRect(f.plot);
    const QFontMetricsF metrics(f.small);
    std::vector<QRectF> taken;
    for (const auto& m : markers_) {
        const QPointF at = placeIn(f.plot, m.x, m.y);
        taken.push_back(QRectF(at - QPointF(9, 9), QSizeF(20 + metrics.horizontalAdvance(m.label), 18)));
    }
    for (const double level : values) {
        if (*most - *least < 1e-9) break;
        const QString text = signedNumber(level, level == 0 ? 0 : levels.decimals);
        const double width = metrics.horizontalAdvance(text);
        for (const auto& line : contourLines(grid_, level)) {
            QPolygonF points;
            double length = 0;
            for (const QPointF& p : line) {
                points << placeIn(f.plot, p.x(), p.y());
                if (points.size() > 1) {
                    const QPointF d = points.back() - points[points.size() - 2];
                    length += std::hypot(d.x(), d.y());
                }
            }
            QColor colour = ink();
            colour.setAlpha(level == 0 ? 255 : 130);
            painter.setPen(QPen(colour, level == 0 ? 2.2 : 1, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
            painter.setBrush(Qt::NoBrush);
            painter.drawPolyline(points);
            if (length < width * 2.5) continue;
            // The label goes where the line is inside the plot and no other label is, nearest to its middle.
            const QRectF inside =
                f.plot.adjusted(width / 2 + 4, metrics.height() / 2 + 2, -width / 2 - 4, -metrics.height() / 2 - 2);
            const qsizetype n = points.size();
            for (qsizetype k = 0; k < n; ++k) {
                const qsizetype at = n / 2 + (k % 2 ? (k + 1) / 2 : -(k / 2));
                if (at < 0 || at >= n || !inside.contains(points[at])) continue;
                QRectF box(0, 0, width + 4, metrics.height());
                box.moveCenter(points[at]);
                if (std::any_of(taken.begin(), taken.end(), [&](const QRectF& r) { return r.intersects(box); }))
                    continue;
                taken.push_back(box);
                drawHaloText(painter, {box.left() + 2, box.center().y() + metrics.ascent() / 2 - 1}, f.small, text,
                             ink(), halo());
                break;
            }
        }
    }
    painter.restore();
}

void HeatMapView::paintNodes(QPainter& painter, const Frame& f) const {
    const auto& a = surface_->axes[0];
    const auto& b = surface_->axes[1];
    const double apart = std::min(f.plot.width() / static_cast<double>(std::max<std::size_t>(a.steps - 1, 1)),
                                  f.plot.height() / static_cast<double>(std::max<std::size_t>(b.steps - 1, 1)));
    if (apart < 7) return;
    const double radius = std::clamp(apart / 14, 0.8, 1.8);
    QColor colour = ink();
    colour.setAlpha(110);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    for (std::size_t i = 0; i < a.steps; ++i) {
        for (std::size_t j = 0; j < b.steps; ++j) {
            if (std::isnan(surface_->groups[group_].change[i * b.steps + j])) continue;
            painter.drawEllipse(placeIn(f.plot, a.value(i), b.value(j)), radius, radius);
        }
    }
}

void HeatMapView::paintTied(QPainter& painter, const Frame& f) const {
    const auto& a = surface_->axes[0];
    const auto& b = surface_->axes[1];
    if (tied_.size() != a.steps * b.steps || a.steps < 2 || b.steps < 2) return;
    const double w = f.plot.width() / static_cast<double>(a.steps - 1);
    const double h = f.plot.height() / static_cast<double>(b.steps - 1);
    const auto is = [&](std::ptrdiff_t i, std::ptrdiff_t j) {
        if (i < 0 || j < 0) return false;
        const auto si = static_cast<std::size_t>(i), sj = static_cast<std::size_t>(j);
        return si < a.steps && sj < b.steps && tied_[si * b.steps + sj] != 0;
    };
    const auto rows = static_cast<std::ptrdiff_t>(a.steps), columns = static_cast<std::ptrdiff_t>(b.steps);
    const bool flip_x = a.last < a.first, flip_y = b.last < b.first;
    // Corners of the nodes' cells.
    const auto corner = [&](std::ptrdiff_t i, std::ptrdiff_t j) {
        const double u = static_cast<double>(flip_x ? rows - i : i) - 0.5;
        const double v = static_cast<double>(flip_y ? columns - j : j) - 0.5;
        return QPointF(f.plot.left() + u * w, f.plot.bottom() - v * h);
    };
    painter.save();
    painter.setClipRect(f.plot);
    QColor veil = ink();
    veil.setAlpha(46);
    painter.setRenderHint(QPainter::Antialiasing, false);
    for (std::ptrdiff_t i = 0; i < rows; ++i) {
        for (std::ptrdiff_t j = 0; j < columns; ++j) {
            if (is(i, j))
                painter.fillRect(QRectF(corner(i, j), corner(i + 1, j + 1)).normalized(),
                                 QBrush(veil, Qt::FDiagPattern));
        }
    }
    painter.setRenderHint(QPainter::Antialiasing, true);
    // The outline in runs as long as they go, so that dashes do not start anew at every cell.
    QVector<QLineF> outline;
    for (std::ptrdiff_t i = 0; i <= rows; ++i) {
        for (std::ptrdiff_t j = 0, from = 0; j <= columns; ++j) {
            if (j < columns && is(i - 1, j) != is(i, j)) continue;
            if (j > from) outline.push_back({corner(i, from), corner(i, j)});
            from = j + 1;
        }
    }
    for (std::ptrdiff_t j = 0; j <= columns; ++j) {
        for (std::ptrdiff_t i = 0, from = 0; i <= rows; ++i) {
            if (i < rows && is(i, j - 1) != is(i, j)) continue;
            if (i > from) outline.push_back({corner(from, j), corner(i, j)});
            from = i + 1;
        }
    }
    painter.setPen(QPen(halo(), 4, Qt::SolidLine, Qt::SquareCap));
    painter.drawLines(outline);
    painter.setPen(QPen(ink(), 1.8, Qt::DashLine, Qt::FlatCap));
    painter.drawLines(outline);
    painter.restore();
}

void HeatMapView::paintMarkers(QPainter& painter, const Frame& f) const {
    for (const auto& m : markers_) {
        const QPointF at = placeIn(f.plot, m.x, m.y);
        if (!f.plot.adjusted(-1, -1, 1, 1).contains(at)) continue;
        QPainterPath shape;
        switch (m.kind) {
            case MarkerKind::Best:
                for (int k = 0; k < 10; ++k) {
                    const double r = k % 2 ? 3.2 : 7.5, angle = M_PI * k / 5 - M_PI / 2;
                    const QPointF p = at + QPointF(r * std::cos(angle), r * std::sin(angle));
                    if (k == 0) shape.moveTo(p);
                    else shape.lineTo(p);
                }
                shape.closeSubpath();
                break;
            case MarkerKind::Snapshot:
                shape.addRect(QRectF(at - QPointF(4.5, 4.5), QSizeF(9, 9)));
                break;
            case MarkerKind::Preset:
                shape.addEllipse(at, 5, 5);
                break;
            case MarkerKind::Pareto:
                shape.moveTo(at + QPointF(0, -6.5));
                shape.lineTo(at + QPointF(6.5, 0));
                shape.lineTo(at + QPointF(0, 6.5));
                shape.lineTo(at + QPointF(-6.5, 0));
                shape.closeSubpath();
                break;
        }
        painter.setPen(QPen(halo(), 4));
        painter.setBrush(Qt::NoBrush);
        painter.drawPath(shape);
        painter.setPen(QPen(ink(), 1.4));
        painter.setBrush(m.kind == MarkerKind::Best ? ink() : colours().panel);
        painter.drawPath(shape);
    }
}

QVector<HeatMapView::MarkerLabel> HeatMapView::markerLabels(const Frame& f) const {
    QVector<MarkerLabel> out;
    if (f.plot.width() < 170) return out;
    const QFontMetricsF metrics(f.small);
    const QRectF room = f.plot.adjusted(2, 2, -2, -2);
    const QPointF cursor = has_cursor_ ? placeIn(f.plot, cursor_.x(), cursor_.y()) : QPointF(-1e6, -1e6);
    std::vector<QRectF> taken;
    for (const auto& m : markers_) taken.push_back(QRectF(placeIn(f.plot, m.x, m.y) - QPointF(8, 8), QSizeF(16, 16)));
    for (const auto& m : markers_) {
        const QPointF at = placeIn(f.plot, m.x, m.y);
        if (m.label.isEmpty() || !f.plot.adjusted(-1, -1, 1, 1).contains(at)) continue;
        const double width = metrics.horizontalAdvance(m.label), height = metrics.height();
        const double right = 10, left = -10 - width, above = -10 - height, below = 10;
        std::vector<QPointF> corners{
            {right, -height / 2}, {left, -height / 2}, {-width / 2, above}, {-width / 2, below}};
        // The lines of the cursor leave a marker under it on all four sides: between them, and not where its figure is.
        if (std::fabs(at.x() - cursor.x()) < 9 && std::fabs(at.y() - cursor.y()) < 9) {
            const bool figure_right = cursor.x() < f.plot.center().x(), figure_low = cursor.y() < f.plot.center().y();
            const double side = figure_right ? left : right, other = figure_right ? right : left;
            corners = {{other, figure_low ? above : below},
                       {side, figure_low ? above : below},
                       {side, figure_low ? below : above}};
        }
        for (const QPointF& corner : corners) {
            const QRectF box(at + corner, QSizeF(width, height));
            if (!room.contains(box)) continue;
            if (std::any_of(taken.begin(), taken.end(), [&](const QRectF& r) { return r.intersects(box); })) continue;
            taken.push_back(box);
            out.push_back({box, m.label});
            break;
        }
    }
    return out;
}

void HeatMapView::paintMarkerLabels(QPainter& painter, const Frame& f) const {
    const QFontMetricsF metrics(f.small);
    for (const auto& label : markerLabels(f)) {
        drawHaloText(painter, {label.box.left(), label.box.top() + metrics.ascent()}, f.small, label.text, ink(),
                     halo(), 4);
    }
}

void HeatMapView::paintAxes(QPainter& painter, const Frame& f) const {
    painter.setPen(QPen(colours().muted, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(f.plot);
    const QFontMetricsF metrics(f.font), small(f.small);
    const auto& a = surface_->axes[0];
    const auto& b = surface_->axes[1];
    const AxisTicks across = axisTicks(a.first, a.last, std::clamp(static_cast<int>(f.plot.width() / 55), 2, 11));
    const AxisTicks up = axisTicks(b.first, b.last, std::clamp(static_cast<int>(f.plot.height() / 36), 2, 11));
    for (std::size_t k = 0; k < across.values.size(); ++k) {
        const QPointF at(placeIn(f.plot, across.values[k], b.first).x(), f.plot.bottom());
        painter.setPen(QPen(colours().muted, 1));
        painter.drawLine(at, at + QPointF(0, 4));
        painter.setPen(colours().text);
        painter.setFont(f.small);
        const QString text = across.text(k);
        painter.drawText(at + QPointF(-small.horizontalAdvance(text) / 2, 6 + small.ascent()), text);
    }
    for (std::size_t k = 0; k < up.values.size(); ++k) {
        const QPointF at(f.plot.left(), placeIn(f.plot, a.first, up.values[k]).y());
        painter.setPen(QPen(colours().muted, 1));
        painter.drawLine(at, at - QPointF(4, 0));
        painter.setPen(colours().text);
        painter.setFont(f.small);
        const QString text = up.text(k);
        painter.drawText(at + QPointF(-7 - small.horizontalAdvance(text), small.ascent() / 2 - 1), text);
    }
    painter.setPen(colours().text);
    const QString x = factorSymbol(a.factor), y = factorSymbol(b.factor);
    drawSymbol(
        painter,
        {f.plot.center().x() - symbolWidth(f.font, x) / 2, f.plot.bottom() + 6 + small.height() + 2 + metrics.ascent()},
        f.font, x);
    painter.save();
    painter.translate(f.area.left() + 8 + metrics.ascent(), f.plot.center().y());
    painter.rotate(-90);
    drawSymbol(painter, {-symbolWidth(f.font, y) / 2, 0}, f.font, y);
    painter.restore();
    drawSymbol(painter, {f.plot.left(), f.plot.top() - 8 - metrics.descent()}, f.font, changeTitle(*surface_, group_));
    // What the eye must know of the map.
    QStringList notes;
    if (smooth_) notes << tr("dots: measured; between nodes: interpolated");
    else notes << tr("one cell for each measured node; lines: interpolated");
    if (tied_.size() == a.steps * b.steps) notes << tr("dashed: tied with the best");
    if (!surface_->complete() && surface_->total > 0) {
        const bool spans = smooth_ && grid_.drawable() && grid_.x.front() <= std::min(a.first, a.last) &&
                           grid_.x.back() >= std::max(a.first, a.last) &&
                           grid_.y.front() <= std::min(b.first, b.last) && grid_.y.back() >= std::max(b.first, b.last);
        notes << tr("%1 of %2 points computed").arg(surface_->done).arg(surface_->total);
        if (!spans) notes << tr("hatched: not computed yet");
    }
    painter.setPen(colours().muted);
    painter.setFont(f.small);
    painter.drawText(QPointF(f.foot.left(), f.foot.top() + small.ascent() + 2),
                     small.elidedText(notes.join(tr("; ")), Qt::ElideRight, f.foot.width()));
}

// The lines of the cursor, over them the names of markers, over all what the cursor says.
void HeatMapView::paintCursor(QPainter& painter, const Frame& f) const {
    const bool shown = has_cursor_ && f.plot.adjusted(-1, -1, 1, 1).contains(placeIn(f.plot, cursor_.x(), cursor_.y()));
    if (shown) paintCross(painter, f);
    paintMarkerLabels(painter, f);
    if (shown) paintRing(painter, f);
}

void HeatMapView::paintCross(QPainter& painter, const Frame& f) const {
    const QPointF at = placeIn(f.plot, cursor_.x(), cursor_.y());
    for (const bool back : {true, false}) {
        QColor thin = ink();
        thin.setAlpha(200);
        painter.setPen(back ? QPen(halo(), 2.4) : QPen(thin, 0.9));
        painter.drawLine(QPointF(f.plot.left(), at.y()), QPointF(at.x() - 7, at.y()));
        painter.drawLine(QPointF(at.x() + 7, at.y()), QPointF(f.plot.right(), at.y()));
        painter.drawLine(QPointF(at.x(), f.plot.top()), QPointF(at.x(), at.y() - 7));
        painter.drawLine(QPointF(at.x(), at.y() + 7), QPointF(at.x(), f.plot.bottom()));
    }
}

void HeatMapView::paintRing(QPainter& painter, const Frame& f) const {
    const QPointF at = placeIn(f.plot, cursor_.x(), cursor_.y());
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(halo(), 5));
    painter.drawEllipse(at, 6, 6);
    painter.setPen(QPen(ink(), 2));
    painter.drawEllipse(at, 6, 6);
    SurfaceNode node;
    const bool on_node = nearestNode(*surface_, group_, cursor_.x(), cursor_.y(), node) &&
                         std::fabs(node.x - cursor_.x()) < 1e-6 && std::fabs(node.y - cursor_.y()) < 1e-6;
    const double value = on_node ? node.value : grid_.at(cursor_.x(), cursor_.y());
    if (std::isnan(value)) return;
    const QString text = on_node ? signedNumber(value, 2) : tr("≈ %1").arg(signedNumber(value, 2));
    const bool right = at.x() < f.plot.center().x(), low = at.y() < f.plot.center().y();
    const double shift = symbolWidth(f.small, text) / 2 + 18;
    drawChip(painter, at + QPointF(right ? shift : -shift, low ? 18 : -18), f.small, text, f.plot);
}

}  // namespace ui
