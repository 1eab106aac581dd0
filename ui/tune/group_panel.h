// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A Δ group beside the chosen one, in the form that suits it: a heat map where both factors of the surface act on its
// sets, else a curve along the one that does, through the surface's own nodes. Shows what it is given. Window's thread.
#pragma once

#include <QStackedWidget>

#include <vector>

#include "ui/views/curve_view.h"
#include "ui/views/heat_map_view.h"

namespace ui {

class GroupPanel : public QStackedWidget {
    Q_OBJECT
public:
    explicit GroupPanel(QWidget* parent = nullptr);

    // `acting`: those of the surface's axes that act on the group, 0 and 1. `colour`: of the curve.
    void setGroup(const SurfacePtr& surface, std::size_t group, const std::vector<std::size_t>& acting,
                  const QColor& colour);
    void clear();
    void setCursor(double x, double y);
    void setRange(double low, double high);
    bool isCurve() const { return currentWidget() == curve_; }
    HeatMapView& heatMap() { return *heat_; }
    CurveView& curve() { return *curve_; }
    void paintTo(QPainter& painter, const QRectF& area) const;

Q_SIGNALS:
    void picked(double x, double y, bool dragging);

private:
    HeatMapView* heat_;
    CurveView* curve_;
    std::size_t along_ = 0;  // the axis that the curve runs along
    QPointF cursor_;
};

}  // namespace ui
