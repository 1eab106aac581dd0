// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/studio_style.h"

#include <QPainter>
#include <QStyleFactory>
#include <QStyleOption>
#include <QTableView>
#include <QTreeView>

#include <algorithm>

#include "ui/style/theme.h"

namespace ui {

namespace {

constexpr int kButtonPadding = 8;

}  // namespace

StudioStyle::StudioStyle() : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) {}

void StudioStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                                const QWidget* widget) const {
    if (element != PE_IndicatorCheckBox && element != PE_IndicatorItemViewItemCheck) {
        QProxyStyle::drawPrimitive(element, option, painter, widget);
        return;
    }
    const auto& c = colours();
    const bool on = option->state & State_On, some = option->state & State_NoChange;
    const bool hovered = option->state & State_MouseOver, focused = option->state & State_HasFocus;
    const double side = std::min({option->rect.width(), option->rect.height(), 16}) - 1;
    QRectF box(0, 0, side, side);
    box.moveCenter(QRectF(option->rect).center());
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    if (!(option->state & State_Enabled)) painter->setOpacity(0.45);
    painter->setPen(QPen(on || some || hovered || focused ? c.accent : c.muted, focused ? 1.6 : 1));
    painter->setBrush(on || some ? c.accent : c.panel);
    painter->drawRoundedRect(box, 3, 3);
    painter->setPen(QPen(c.on_accent, 1.9, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    const auto at = [&](double x, double y) { return box.topLeft() + QPointF(x, y) * side; };
    if (on) painter->drawPolyline(QPolygonF{at(0.24, 0.53), at(0.43, 0.72), at(0.77, 0.30)});
    else if (some) painter->drawLine(at(0.26, 0.5), at(0.74, 0.5));
    painter->restore();
}

int StudioStyle::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const {
    // One less than what is beside a cell's text.
    if (metric == PM_FocusFrameHMargin &&
        (qobject_cast<const QTableView*>(widget) || qobject_cast<const QTreeView*>(widget)))
        return kCellPadding - 1;
    return QProxyStyle::pixelMetric(metric, option, widget);
}

QSize StudioStyle::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                                    const QWidget* widget) const {
    const QSize out = QProxyStyle::sizeFromContents(type, option, size, widget);
    if (type != CT_PushButton) return out;
    return {std::max(out.width(), size.width() + 2 * kButtonPadding), out.height()};
}

}  // namespace ui
