// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/zoom_chart.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QWheelEvent>

#include <cmath>

namespace ui {

ZoomChart::ZoomChart(QChart* chart, QWidget* parent) : QChartView(chart, parent) {
    setRubberBand(QChartView::RectangleRubberBand);
    setRenderHint(QPainter::Antialiasing);
    setFocusPolicy(Qt::StrongFocus);
    setFrameShape(QFrame::NoFrame);
}

void ZoomChart::note() {
    if (!zoomed_) {
        zoomed_ = true;
        Q_EMIT zoomChanged();
    }
}

void ZoomChart::wheelEvent(QWheelEvent* event) {
    const QRectF plot = chart()->plotArea();
    const QPointF at = event->position();
    const double turn = event->angleDelta().y();
    if (turn == 0 || !plot.contains(at)) return QChartView::wheelEvent(event);
    // What lies under the pointer stays there.
    const double factor = std::pow(0.85, turn / 120);
    const QRectF to(at.x() - (at.x() - plot.left()) * factor, at.y() - (at.y() - plot.top()) * factor,
                    plot.width() * factor, plot.height() * factor);
    chart()->zoomIn(to);
    note();
    event->accept();
}

void ZoomChart::mouseReleaseEvent(QMouseEvent* event) {
    // The view's own right click zooms out by a step: a menu's button, not a zoom's.
    if (event->button() == Qt::RightButton) return;
    const bool was = chart()->isZoomed();
    QChartView::mouseReleaseEvent(event);
    if (!was && chart()->isZoomed()) note();
}

void ZoomChart::mouseDoubleClickEvent(QMouseEvent*) {
    Q_EMIT resetWanted();
}

void ZoomChart::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Plus || event->key() == Qt::Key_Equal) {
        chart()->zoom(1.2);
        note();
    } else if (event->key() == Qt::Key_Minus) {
        chart()->zoom(1 / 1.2);
        note();
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
    } else {
        QChartView::keyPressEvent(event);
    }
}

}  // namespace ui
