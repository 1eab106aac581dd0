// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tune/group_panel.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ui {
namespace {

// The group's change along one axis; along the other nothing moves it, so any node that is known will do.
CurveView::Curve curveAlong(const engine::SweepSurface& surface, std::size_t group, std::size_t axis) {
    const auto& of = surface.groups[group];
    CurveView::Curve curve;
    curve.label = changeSymbol(of.group);
    curve.estimate = isEstimate(surface, group);
    const std::size_t columns = surface.axes[1].steps;
    for (std::size_t i = 0; i < surface.axes[axis].steps; ++i) {
        double value = std::numeric_limits<double>::quiet_NaN();
        for (std::size_t j = 0; j < surface.axes[1 - axis].steps && std::isnan(value); ++j)
            value = of.change[axis == 0 ? i * columns + j : j * columns + i];
        curve.x.push_back(surface.axes[axis].value(i));
        curve.y.push_back(value);
    }
    return curve;
}

}  // namespace

GroupPanel::GroupPanel(QWidget* parent) : QStackedWidget(parent), heat_(new HeatMapView), curve_(new CurveView) {
    addWidget(heat_);
    addWidget(curve_);
    connect(heat_, &HeatMapView::picked, this, &GroupPanel::picked);
    connect(curve_, &CurveView::picked, this, [this](double value, bool dragging) {
        (along_ == 0 ? cursor_.rx() : cursor_.ry()) = value;
        Q_EMIT picked(cursor_.x(), cursor_.y(), dragging);
    });
}

void GroupPanel::setGroup(const SurfacePtr& surface, std::size_t group, const std::vector<std::size_t>& acting,
                          const QColor& colour) {
    if (acting.size() != 1) {
        heat_->setSurface(surface, group);
        setCurrentWidget(heat_);
        return;
    }
    along_ = acting.front();
    const auto& axis = surface->axes[along_];
    CurveView::Curve curve = curveAlong(*surface, group, along_);
    curve.colour = colour;
    curve_->setCurves({std::move(curve)}, std::min(axis.first, axis.last), std::max(axis.first, axis.last));
    curve_->setFactor(factorSymbol(axis.factor));
    curve_->setTitle(changeTitle(*surface, group));
    curve_->setCaption(surfaceCaption(*surface));
    curve_->setCursor(along_ == 0 ? cursor_.x() : cursor_.y());
    setCurrentWidget(curve_);
}

void GroupPanel::clear() {
    heat_->setSurface(nullptr, 0);
    curve_->setCurves({}, 0, 1);
}

void GroupPanel::setCursor(double x, double y) {
    cursor_ = {x, y};
    heat_->setCursor(x, y);
    curve_->setCursor(along_ == 0 ? x : y);
}

void GroupPanel::setRange(double low, double high) {
    heat_->setRange(low, high);
    curve_->setRange(low, high);
}

void GroupPanel::paintTo(QPainter& painter, const QRectF& area) const {
    if (isCurve()) curve_->paintTo(painter, area);
    else heat_->paintTo(painter, area);
}

}  // namespace ui
