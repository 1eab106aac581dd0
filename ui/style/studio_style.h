// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Fusion with boxes to tick in the theme's colours: Fusion's own are lost on a dark window. Window's thread.
#pragma once

#include <QProxyStyle>

namespace ui {

class StudioStyle : public QProxyStyle {
public:
    StudioStyle();
    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override;
};

}  // namespace ui
