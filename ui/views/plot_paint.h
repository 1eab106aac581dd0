// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Pieces that the painted views share: symbols with subscripts, text with a halo, the colour legend. All draw with the
// colours of the theme in force. Window's thread.
#pragma once

#include <QFont>
#include <QPainter>
#include <QRectF>
#include <QString>

#include "ui/views/axis_ticks.h"

namespace ui {

// "σ_a" is drawn with a lowered a: an underscore and the letters and digits after it become a subscript.
double symbolWidth(const QFont& font, const QString& text);
// From `at` (left end of the base line) rightwards.
void drawSymbol(QPainter& painter, QPointF at, const QFont& font, const QString& text);

// Plain text that reads on any ground: strokes of `halo` behind it. `at`: left end of the base line.
void drawHaloText(QPainter& painter, QPointF at, const QFont& font, const QString& text, const QColor& colour,
                  const QColor& halo, double width = 3);

// A rounded label; returns its place. `at`: its centre, moved so that it stays within `bounds`.
QRectF drawChip(QPainter& painter, QPointF at, const QFont& font, const QString& text, const QRectF& bounds);

// Around a view that has the keyboard.
void drawFocusRing(QPainter& painter, const QRectF& around);

// The colours of low..high from bottom to top with ticks to the right, the title above.
// `bar`: the colours' own rectangle.
void drawColourLegend(QPainter& painter, const QRectF& bar, double low, double high, double reach, const QFont& font);
// Room that ticks right of the bar need.
double colourLegendWidth(double low, double high, const QFont& font);

// The least and largest of an axis, from a shared scale or from the data, and the reach of full colour: the same above
// and below zero.
struct ValueScale {
    double low = -1, high = 1, reach = 1;
};
ValueScale valueScale(double low, double high);

}  // namespace ui
