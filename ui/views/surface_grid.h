// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the views of a surface share: its largest complete grid while it is being computed, values between nodes,
// contour lines, and the words beneath it. Pure functions, any thread (words: after the application is made).
#pragma once

#include <QPointF>
#include <QString>

#include <memory>
#include <optional>
#include <vector>

#include "engine/factors/sweep.h"

class QKeyEvent;

namespace ui {

using SurfacePtr = std::shared_ptr<const engine::SweepSurface>;

// Nodes x[i], y[j] with values[i * y.size() + j], all known.
struct SurfaceGrid {
    std::vector<double> x, y, values;

    bool drawable() const { return x.size() > 1 && y.size() > 1; }
    double value(std::size_t i, std::size_t j) const { return values[i * y.size() + j]; }
    // Bilinear between nodes; NaN outside.
    double at(double px, double py) const;
};

// The largest set of rows and columns all of whose nodes are computed. Empty where `surface` has not two axes.
SurfaceGrid completeGrid(const engine::SweepSurface& surface, std::size_t group);

// The computed node nearest to a place, distances measured in the axes' ranges; none: false.
struct SurfaceNode {
    std::size_t i = 0, j = 0;
    double x = 0, y = 0, value = 0;
};
bool nearestNode(const engine::SweepSurface& surface, std::size_t group, double x, double y, SurfaceNode& node);
// The largest of the computed ones, the first of equals.
bool bestNode(const engine::SweepSurface& surface, std::size_t group, SurfaceNode& node);

// Least and largest computed value; false where none is.
bool valueRange(const engine::SweepSurface& surface, std::size_t group, double& low, double& high);

// The setting that an arrow key leads to from `at`: one step along an axis, ten with Shift, within the axes. Nothing
// for other keys.
std::optional<QPointF> movedByKey(const QKeyEvent& event, QPointF at, const engine::SweepSurface& surface, double step);

// The lines where the grid's values, linear along the edges of its cells, are `level`; closed ones end where they
// begin.
std::vector<std::vector<QPointF>> contourLines(const SurfaceGrid& grid, double level);

// "σ_a" for "sigma_a", "σ2_a" for "sigma2_a"; other names as they are.
QString factorSymbol(const std::string& factor);
// "Δ_AT".
QString changeSymbol(const engine::DeltaGroup& group);
// True where some set of the group was asked a sample of its queries: its changes are estimates then.
bool isEstimate(const engine::SweepSurface& surface, std::size_t group);
// "Δ_AT, points of R@1"; with "≈" where it is an estimate.
QString changeTitle(const engine::SweepSurface& surface, std::size_t group);
// "[+9.50, +10.91]".
QString intervalText(const engine::RateInterval& interval);
// "Synthetic world: ImageBind++ against ImageBind", the warnings first, where no cut reaches them; while it is computed
// also how far.
QString surfaceCaption(const engine::SweepSurface& surface);

}  // namespace ui
