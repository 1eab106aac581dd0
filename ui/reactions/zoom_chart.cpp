// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/zoom_chart.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QWheelEvent>

#include <cmath>

namespace ui {

namespace {

// The same middle, `factor` times as large.
QRectF about(const QRectF& room, double factor) {
    QRectF out(0, 0, room.width() * factor, room.height() * factor);
    out.moveCenter(room.center());
    return out;
}

}  // namespace

ZoomChart::ZoomChart(QChart* chart, QWidget* parent) : QChartView(chart, parent) {
    setRubberBand(QChartView::RectangleRubberBand);
    setRenderHint(QPainter::Antialiasing);
    setFocusPolicy(Qt::StrongFocus);
    setFrameShape(QFrame::NoFrame);
}

double ZoomChart::span() const {
    const QRectF plot = chart()->plotArea();
    return chart()->mapToValue(plot.topRight()).x() - chart()->mapToValue(plot.topLeft()).x();
}

void ZoomChart::note(double before) {
    const double now = span();
    if (before > 0 && now > 0) level_ *= now / before;
    zoomed_ = true;
    Q_EMIT zoomChanged();
}

void ZoomChart::zoomBy(double factor, const QRectF& to) {
    // There is nothing beyond the whole; and nobody tells values apart that are closer.
    if (level_ * factor > 0.999) {
        Q_EMIT resetWanted();
        return;
    }
    if (level_ * factor < 1e-6) return;
    const double before = span();
    chart()->zoomIn(to);
    note(before);
}

void ZoomChart::wheelEvent(QWheelEvent* event) {
    const QRectF plot = chart()->plotArea();
    const QPointF at = event->position();
    const double turn = event->angleDelta().y();
    if (turn == 0 || !plot.contains(at)) return QChartView::wheelEvent(event);
    // What lies under the pointer stays there.
    const double factor = std::pow(0.85, turn / 120);
    zoomBy(factor, QRectF(at.x() - (at.x() - plot.left()) * factor, at.y() - (at.y() - plot.top()) * factor,
                          plot.width() * factor, plot.height() * factor));
    event->accept();
}

void ZoomChart::mouseReleaseEvent(QMouseEvent* event) {
    // The view's own right click zooms out by a step: a menu's button, not a zoom's.
    if (event->button() == Qt::RightButton) return;
    const QRectF plot = chart()->plotArea();
    const QPointF low = chart()->mapToValue(plot.bottomLeft()), high = chart()->mapToValue(plot.topRight());
    const double before = span();
    QChartView::mouseReleaseEvent(event);
    if (chart()->mapToValue(plot.bottomLeft()) != low || chart()->mapToValue(plot.topRight()) != high) note(before);
}

void ZoomChart::mouseDoubleClickEvent(QMouseEvent*) {
    Q_EMIT resetWanted();
}

void ZoomChart::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Plus || event->key() == Qt::Key_Equal) {
        zoomBy(1 / 1.2, about(chart()->plotArea(), 1 / 1.2));
    } else if (event->key() == Qt::Key_Minus) {
        zoomBy(1.2, about(chart()->plotArea(), 1.2));
    } else if (event->key() == Qt::Key_0 || event->key() == Qt::Key_Escape) {
        Q_EMIT resetWanted();
    } else if (zoomed_ && event->key() >= Qt::Key_Left && event->key() <= Qt::Key_Down) {
        const double step = 40;
        const int k = event->key();
        chart()->scroll(k == Qt::Key_Left    ? -step
                        : k == Qt::Key_Right ? step
                                             : 0,
                        k == Qt::Key_Up     ? step
                        : k == Qt::Key_Down ? -step
                                            : 0);
        Q_EMIT zoomChanged();
    } else {
        QChartView::keyPressEvent(event);
    }
}

}  // namespace ui
