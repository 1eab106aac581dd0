// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Parts of SurfaceView, for it alone: mouse, ticks and legend of the 3D scene. Window's thread.
#pragma once

#include <QMouseEvent>
#include <QPainter>
#include <QWidget>
#include <QtDataVisualization/Q3DInputHandler>
#include <QtDataVisualization/QValue3DAxisFormatter>

#include <algorithm>
#include <cmath>
#include <functional>

#include "ui/style/theme.h"
#include "ui/views/plot_paint.h"

namespace ui {

// Drags turn the scene with either button; a click without a drag picks, one of the right button asks for the menu.
// (Qt's own handler picks on every press and turns with the right button only.)
class OrbitHandler : public Q3DInputHandler {
public:
    explicit OrbitHandler(QObject* parent) : Q3DInputHandler(parent) {}
    std::function<void()> before_pick;
    std::function<void(const QPoint& on_screen)> menu_wanted;

    void mousePressEvent(QMouseEvent* event, const QPoint& at) override {
        press_ = at;
        button_ = event->button();
        turned_ = false;
        send(QEvent::MouseButtonPress, event, at, Qt::RightButton);
    }
    void mouseMoveEvent(QMouseEvent* event, const QPoint& at) override {
        if (event->buttons() && (at - press_).manhattanLength() > 4) turned_ = true;
        if (turned_ || !event->buttons()) Q3DInputHandler::mouseMoveEvent(event, at);
    }
    void mouseReleaseEvent(QMouseEvent* event, const QPoint& at) override {
        send(QEvent::MouseButtonRelease, event, at, Qt::RightButton);
        if (turned_) return;
        if (button_ == Qt::RightButton && menu_wanted) menu_wanted(event->globalPosition().toPoint());
        if (button_ != Qt::LeftButton) return;
        if (before_pick) before_pick();
        send(QEvent::MouseButtonPress, event, at, Qt::LeftButton);
        send(QEvent::MouseButtonRelease, event, at, Qt::LeftButton);
    }

private:
    void send(QEvent::Type type, const QMouseEvent* event, const QPoint& at, Qt::MouseButton button) {
        QMouseEvent other(type, event->position(), event->globalPosition(), button,
                          type == QEvent::MouseButtonPress ? button : Qt::NoButton, event->modifiers());
        if (type == QEvent::MouseButtonPress) Q3DInputHandler::mousePressEvent(&other, at);
        else Q3DInputHandler::mouseReleaseEvent(&other, at);
    }

    QPoint press_;
    Qt::MouseButton button_ = Qt::NoButton;
    bool turned_ = false;
};

// Ticks with a sign, and the sign a real minus.
class SignedFormatter : public QValue3DAxisFormatter {
public:
    int decimals = 0;
    QValue3DAxisFormatter* createNewInstance() const override { return new SignedFormatter; }
    void populateCopy(QValue3DAxisFormatter& copy) const override {
        QValue3DAxisFormatter::populateCopy(copy);
        static_cast<SignedFormatter&>(copy).decimals = decimals;
    }
    QString stringForValue(qreal value, const QString&) const override { return signedNumber(value, decimals); }
};

// The colours' bar beside the scene.
class SurfaceLegend : public QWidget {
public:
    explicit SurfaceLegend(QWidget* parent) : QWidget(parent) {
        setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Expanding);
        setAttribute(Qt::WA_OpaquePaintEvent);
    }
    void show(const ValueScale& scale, const QString& title) {
        scale_ = scale;
        title_ = title;
        updateGeometry();
        update();
    }
    QSize sizeHint() const override {
        return {static_cast<int>(std::ceil(26 + colourLegendWidth(scale_.low, scale_.high, small()))), 120};
    }
    void paint(QPainter& painter, const QRectF& area) const {
        if (title_.isEmpty()) return;
        const QRectF bar(area.left() + 6, area.top() + 40, 14, std::max(area.height() - 80, 20.0));
        drawColourLegend(painter, bar, scale_.low, scale_.high, scale_.reach, small());
        painter.setPen(colours().text);
        drawSymbol(painter, {area.left() + 6, bar.top() - 10}, font(), title_);
    }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.fillRect(rect(), colours().panel);
        painter.setRenderHint(QPainter::Antialiasing, true);
        paint(painter, rect());
    }

private:
    QFont small() const {
        QFont out = font();
        out.setPointSizeF(std::max(7.0, out.pointSizeF() * 0.9));
        return out;
    }
    ValueScale scale_;
    QString title_;
};

}  // namespace ui
