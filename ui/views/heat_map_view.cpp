// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/heat_map_view.h"

#include <QFontMetricsF>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

#include "ui/style/theme.h"

namespace ui {
namespace {

constexpr double kSnapPixels = 6;   // a click this close to a node means the node
constexpr double kDragPixels = 4;   // a press that moves less is a click
constexpr double kFineness = 1000;  // dragging tells this many places of an axis apart

}  // namespace

HeatMapView::HeatMapView(QWidget* parent) : QWidget(parent) {
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setAccessibleName(tr("Heat map of the change over two factors"));
    setAccessibleDescription(tr("Arrow keys move the setting, with Shift by ten steps."));
}

void HeatMapView::setSurface(SurfacePtr surface, std::size_t group) {
    surface_ = std::move(surface);
    group_ = group;
    grid_ = hasMap() ? completeGrid(*surface_, group_) : SurfaceGrid{};
    rescale();
    changed();
}

void HeatMapView::setCursor(double x, double y) {
    if (has_cursor_ && cursor_ == QPointF(x, y)) return;
    cursor_ = {x, y};
    has_cursor_ = true;
    update();
}

void HeatMapView::setRange(double low, double high) {
    range_ = {low, high};
    rescale();
    changed();
}

void HeatMapView::clearRange() {
    range_.reset();
    rescale();
    changed();
}

void HeatMapView::setTied(std::vector<char> tied) {
    tied_ = std::move(tied);
    changed();
}

void HeatMapView::setMarkers(QVector<Marker> markers) {
    markers_ = std::move(markers);
    changed();
}

void HeatMapView::setSmooth(bool smooth) {
    smooth_ = smooth;
    changed();
}

void HeatMapView::setKeyStep(double step) {
    key_step_ = step;
}

void HeatMapView::changed() {
    layers_ = {};
    update();
}

void HeatMapView::rescale() {
    double low = -1, high = 1;
    if (range_) std::tie(low, high) = *range_;
    else if (hasMap()) valueRange(*surface_, group_, low, high);
    scale_ = valueScale(low, high);
}

QPointF HeatMapView::place(double x, double y) const {
    return placeIn(frameOf(rect(), false).plot, x, y);
}

QPointF HeatMapView::placeIn(const QRectF& plot, double x, double y) const {
    const auto& a = surface_->axes[0];
    const auto& b = surface_->axes[1];
    const auto share = [](double v, const engine::FactorAxis& axis) {
        const double low = std::min(axis.first, axis.last), high = std::max(axis.first, axis.last);
        return high > low ? (v - low) / (high - low) : 0.5;
    };
    return {plot.left() + share(x, a) * plot.width(), plot.bottom() - share(y, b) * plot.height()};
}

QPointF HeatMapView::valueAt(QPointF at) const {
    const QRectF plot = frameOf(rect(), false).plot;
    const auto value = [](double share, const engine::FactorAxis& axis) {
        const double low = std::min(axis.first, axis.last), high = std::max(axis.first, axis.last);
        const double step = (high - low) / kFineness;
        return low + std::round(std::clamp(share, 0.0, 1.0) * kFineness) * step;
    };
    return {value((at.x() - plot.left()) / plot.width(), surface_->axes[0]),
            value((plot.bottom() - at.y()) / plot.height(), surface_->axes[1])};
}

HeatMapView::Frame HeatMapView::frameOf(const QRectF& area, bool caption) const {
    Frame f;
    f.area = area;
    f.font = font();
    f.small = f.font;
    f.small.setPointSizeF(std::max(7.0, f.font.pointSizeF() * 0.9));
    const QFontMetricsF metrics(f.font), small(f.small);
    const double legend = 14 + 12 + colourLegendWidth(scale_.low, scale_.high, f.small);
    const double ticks = small.horizontalAdvance(QStringLiteral("0.00"));
    const double line = small.height() + 4;
    f.foot = QRectF(area.left() + 10, area.bottom() - line * (caption ? 2 : 1) - 4, area.width() - 20,
                    line * (caption ? 2 : 1));
    const double top = area.top() + 10 + metrics.height() + 6;
    const double left = area.left() + 8 + metrics.height() + 6 + ticks + 8;
    const double bottom = f.foot.top() - 4 - metrics.height() - 4 - small.height() - 6;
    f.plot =
        QRectF(QPointF(left, top), QPointF(std::max(left + 20, area.right() - legend - 8), std::max(top + 20, bottom)));
    f.bar = QRectF(f.plot.right() + 12, f.plot.top(), 14, f.plot.height());
    return f;
}

void HeatMapView::paintEvent(QPaintEvent*) {
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
    if (hasMap()) paintCursor(painter, frame);
    if (hasFocus()) drawFocusRing(painter, rect());
}

void HeatMapView::paintTo(QPainter& painter, const QRectF& area) const {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing, true);
    painter.fillRect(area, colours().panel);
    const Frame frame = frameOf(area, true);
    paintLayers(painter, frame);
    if (hasMap()) {
        paintCursor(painter, frame);
        const QFontMetricsF metrics(frame.small);
        painter.setPen(colours().text);
        painter.setFont(frame.small);
        painter.drawText(QPointF(frame.foot.left(), frame.foot.bottom() - metrics.descent() - 2),
                         metrics.elidedText(surfaceCaption(*surface_), Qt::ElideRight, frame.foot.width()));
    }
    painter.restore();
}

void HeatMapView::paintLayers(QPainter& painter, const Frame& frame) const {
    if (!hasMap()) {
        painter.setPen(colours().muted);
        painter.setFont(frame.font);
        const QString text = surface_ && !surface_->groups.empty() ? tr("A map needs two factors; the curves show one.")
                                                                   : tr("No surface yet.");
        painter.drawText(frame.area.adjusted(16, 16, -16, -16), Qt::AlignCenter | Qt::TextWordWrap, text);
        return;
    }
    paintField(painter, frame);
    paintContours(painter, frame);
    paintNodes(painter, frame);
    paintTied(painter, frame);
    paintMarkers(painter, frame);
    paintAxes(painter, frame);
    drawColourLegend(painter, frame.bar, scale_.low, scale_.high, scale_.reach, frame.small);
}

QVector<QPair<QString, QRectF>> HeatMapView::labelsShown() const {
    QVector<QPair<QString, QRectF>> out;
    if (!hasMap()) return out;
    for (const auto& label : markerLabels(frameOf(rect(), false))) out.push_back({label.text, label.box});
    return out;
}

QString HeatMapView::readout(QPointF at) const {
    if (!hasMap() || !frameOf(rect(), false).plot.adjusted(-2, -2, 2, 2).contains(at)) return {};
    const QPointF value = valueAt(at);
    const QString x = factorSymbol(surface_->axes[0].factor), y = factorSymbol(surface_->axes[1].factor);
    const bool estimate = isEstimate(*surface_, group_);
    const QString what = changeSymbol(surface_->groups[group_].group) + (estimate ? QStringLiteral(" ≈") : QString());
    QStringList lines;
    SurfaceNode node;
    if (nearestNode(*surface_, group_, value.x(), value.y(), node)) {
        lines << tr("Nearest node: %1 %2, %3 %4").arg(x, plainNumber(node.x, 3), y, plainNumber(node.y, 3));
        lines << (estimate ? tr("%1 %2 (measured on a sample of the queries)") : tr("%1 %2 (measured)"))
                     .arg(what, signedNumber(node.value, 3));
    }
    const double between = grid_.at(value.x(), value.y());
    const bool on_node =
        !lines.isEmpty() && std::fabs(node.x - value.x()) < 1e-6 && std::fabs(node.y - value.y()) < 1e-6;
    if (!on_node && !std::isnan(between)) {
        lines << tr("Here: %1 %2, %3 %4").arg(x, plainNumber(value.x(), 3), y, plainNumber(value.y(), 3));
        lines << tr("%1 about %2 (interpolated)").arg(what, signedNumber(between, 2));
    }
    return lines.join(QLatin1Char('\n'));
}

void HeatMapView::pick(QPointF at, bool dragging) {
    QPointF value = valueAt(at);
    SurfaceNode node;
    if (!dragged_ && nearestNode(*surface_, group_, value.x(), value.y(), node)) {
        const QPointF away = place(node.x, node.y) - at;
        if (std::hypot(away.x(), away.y()) <= kSnapPixels) value = {node.x, node.y};
    }
    setCursor(value.x(), value.y());
    Q_EMIT picked(value.x(), value.y(), dragging);
}

void HeatMapView::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || !hasMap()) return QWidget::mousePressEvent(event);
    if (!frameOf(rect(), false).plot.adjusted(-6, -6, 6, 6).contains(event->position())) return;
    pressed_ = true;
    dragged_ = false;
    press_at_ = event->position();
    QToolTip::hideText();
    pick(event->position(), true);
}

void HeatMapView::mouseMoveEvent(QMouseEvent* event) {
    if (!hasMap()) return;
    if (!pressed_) {
        const QString text = readout(event->position());
        const bool on_map = !text.isEmpty();
        QWidget::setCursor(on_map ? Qt::CrossCursor : Qt::ArrowCursor);
        if (on_map) QToolTip::showText(event->globalPosition().toPoint() + QPoint(14, 10), text, this);
        else QToolTip::hideText();
        return;
    }
    const QPointF moved = event->position() - press_at_;
    if (!dragged_ && std::hypot(moved.x(), moved.y()) < kDragPixels) return;
    dragged_ = true;
    pick(event->position(), true);
}

void HeatMapView::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || !pressed_) return QWidget::mouseReleaseEvent(event);
    pressed_ = false;
    if (hasMap()) pick(dragged_ ? event->position() : press_at_, false);
    dragged_ = false;
}

void HeatMapView::leaveEvent(QEvent* event) {
    QToolTip::hideText();
    QWidget::leaveEvent(event);
}

void HeatMapView::keyPressEvent(QKeyEvent* event) {
    const auto to = hasMap() ? movedByKey(*event, cursor_, *surface_, key_step_) : std::nullopt;
    if (!to) return QWidget::keyPressEvent(event);
    setCursor(to->x(), to->y());
    Q_EMIT picked(to->x(), to->y(), false);
}

void HeatMapView::resizeEvent(QResizeEvent* event) {
    layers_ = {};
    QWidget::resizeEvent(event);
}

void HeatMapView::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange ||
        event->type() == QEvent::FontChange)
        changed();
    QWidget::changeEvent(event);
}

}  // namespace ui
