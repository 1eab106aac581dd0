// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The route as a living diagram: spaces as molecules with an atom for each modality, reactions as bonds with a strand
// for each modality, as wide as the expert's effective weight there (σ or λ times its weight among the experts of the
// step). A displacement moves the unified space into the expert's own, a combination draws the expert towards the
// unified one. A click on an expert or its bond, or Space on the focused one, asks to switch it. Scales from 240 x 150.
// Window's thread; setRoute() may be called at every tick of a slider.
#pragma once

#include <QPainterPath>
#include <QWidget>

#include <optional>

#include "ui/reactions/route_layout.h"

namespace ui {

class RouteView : public QWidget {
    Q_OBJECT
public:
    explicit RouteView(QWidget* parent = nullptr);

    void setRoute(const engine::Recipe& recipe, const engine::RoutePlan& plan, const engine::Setting& setting = {});
    void clear();
    // False: bonds are not buttons (a picture on a page that only shows).
    void setClickable(bool clickable);

    // Without hover and focus; for pictures and pages.
    void paintTo(QPainter& painter, const QRectF& room) const;

    const RouteLayout& layoutOf() const { return layout_; }
    // Where a click meets the expert; null if there is no such one.
    std::optional<QPointF> expertPlace(const QString& key) const;
    // What the tooltip says of a step; counted from 0.
    QString stepText(std::size_t step) const;
    QString expertText(const QString& key) const;  // its tooltip

    QSize sizeHint() const override { return {640, 260}; }
    QSize minimumSizeHint() const override { return {240, 150}; }

Q_SIGNALS:
    void expertClicked(const QString& expertKey);
    void expertHovered(const QString& expertKey);  // empty: none

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool focusNextPrevChild(bool next) override;
    bool event(QEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    int expertAt(const QPointF& point) const;
    void setHovered(int expert);
    void place();
    void describe();

    RouteLayout layout_;
    bool filled_ = false, clickable_ = true;
    int hovered_ = -1, pressed_ = -1, focused_ = -1;
};

}  // namespace ui
