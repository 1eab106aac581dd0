// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Paints a placed route in the theme's colours.
#pragma once

#include <QPainter>
#include <QPainterPath>

#include "ui/reactions/route_layout.h"

namespace ui {

struct RouteHighlight {
    int hovered = -1, focused = -1;  // of RouteLayout::experts
};

QFont routeFont(const QRectF& room);
RouteTexts routeTexts(const RouteLayout& layout, const QRectF& room);
// The middle line of an expert's bond, from the expert to the unified space.
QPainterPath bondPath(const RouteLayout& layout, const RouteExpert& expert);
// All that a bond takes up across.
double bondWidth(const RouteLayout& layout, const std::vector<RouteStrand>& strands);
void paintRoute(QPainter& painter, const RouteLayout& layout, const QRectF& room, const RouteHighlight& highlight);

}  // namespace ui
