// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Fusion with boxes to tick in the theme's colours (Fusion's own are lost on a dark window), with texts of tables that
// stand under those of their headers, and with room around the texts of buttons. Window's thread.
#pragma once

#include <QProxyStyle>

namespace ui {

class StudioStyle : public QProxyStyle {
public:
    static constexpr int kCellPadding = 8;  // beside the text of a table's cell, and of a section of its header

    StudioStyle();
    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override;
    int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
    QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                           const QWidget* widget) const override;
};

}  // namespace ui
