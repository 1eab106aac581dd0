// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/surface_grid.h"

#include <QKeyEvent>
#include <QObject>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "ui/style/numbers.h"

namespace ui {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// The cell that holds `at` and the share of its upper end; false outside.
bool cellOf(const std::vector<double>& axis, double at, std::size_t& cell, double& share) {
    const double slack = 1e-9 * (axis.back() - axis.front());
    if (!(at >= axis.front() - slack && at <= axis.back() + slack)) return false;
    const auto above = std::upper_bound(axis.begin(), axis.end(), at);
    cell = std::min(static_cast<std::size_t>(std::max<std::ptrdiff_t>(above - axis.begin() - 1, 0)), axis.size() - 2);
    share = std::clamp((at - axis[cell]) / (axis[cell + 1] - axis[cell]), 0.0, 1.0);
    return true;
}

bool usable(const engine::SweepSurface& surface, std::size_t group) {
    if (surface.axes.empty() || group >= surface.groups.size()) return false;
    return surface.groups[group].change.size() == surface.axes[0].steps * surface.columns();
}

}  // namespace

double SurfaceGrid::at(double px, double py) const {
    std::size_t i = 0, j = 0;
    double s = 0, t = 0;
    if (!drawable() || !cellOf(x, px, i, s) || !cellOf(y, py, j, t)) return kNone;
    const double low = value(i, j) * (1 - s) + value(i + 1, j) * s;
    const double high = value(i, j + 1) * (1 - s) + value(i + 1, j + 1) * s;
    return low * (1 - t) + high * t;
}

SurfaceGrid completeGrid(const engine::SweepSurface& surface, std::size_t group) {
    SurfaceGrid out;
    if (surface.axes.size() != 2 || !usable(surface, group)) return out;
    const auto& change = surface.groups[group].change;
    const std::size_t rows = surface.axes[0].steps, columns = surface.axes[1].steps;
    std::vector<std::size_t> known(rows, 0);
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) known[i] += std::isnan(change[i * columns + j]) ? 0 : 1;
    }
    std::vector<std::size_t> thresholds = known;
    std::sort(thresholds.begin(), thresholds.end());
    thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
    std::vector<std::size_t> best_rows, best_columns;
    for (const std::size_t least : thresholds) {
        if (least < 2) continue;
        std::vector<std::size_t> take, across;
        for (std::size_t i = 0; i < rows; ++i) {
            if (known[i] >= least) take.push_back(i);
        }
        for (std::size_t j = 0; j < columns; ++j) {
            if (std::none_of(take.begin(), take.end(),
                             [&](std::size_t i) { return std::isnan(change[i * columns + j]); }))
                across.push_back(j);
        }
        if (take.size() < 2 || across.size() < 2) continue;
        // A grid over the whole range before one with more nodes in a part of it.
        const auto score = [&](const std::vector<std::size_t>& a, const std::vector<std::size_t>& b) {
            if (a.size() < 2 || b.size() < 2) return std::pair<double, std::size_t>{0, 0};
            const double area = static_cast<double>(a.back() - a.front()) * static_cast<double>(b.back() - b.front());
            return std::pair<double, std::size_t>{area, a.size() * b.size()};
        };
        if (score(take, across) > score(best_rows, best_columns)) {
            best_rows = take;
            best_columns = across;
        }
    }
    // Axes that run downwards are turned, so that all who draw can count on ascending ones.
    if (surface.axes[0].last < surface.axes[0].first) std::reverse(best_rows.begin(), best_rows.end());
    if (surface.axes[1].last < surface.axes[1].first) std::reverse(best_columns.begin(), best_columns.end());
    for (const std::size_t i : best_rows) out.x.push_back(surface.axes[0].value(i));
    for (const std::size_t j : best_columns) out.y.push_back(surface.axes[1].value(j));
    for (const std::size_t i : best_rows) {
        for (const std::size_t j : best_columns) out.values.push_back(change[i * columns + j]);
    }
    return out;
}

bool nearestNode(const engine::SweepSurface& surface, std::size_t group, double x, double y, SurfaceNode& node) {
    if (surface.axes.size() != 2 || !usable(surface, group)) return false;
    const auto& change = surface.groups[group].change;
    const auto& a = surface.axes[0];
    const auto& b = surface.axes[1];
    double nearest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < a.steps; ++i) {
        for (std::size_t j = 0; j < b.steps; ++j) {
            const double value = change[i * b.steps + j];
            if (std::isnan(value)) continue;
            const double distance =
                std::hypot((a.value(i) - x) / (a.last - a.first), (b.value(j) - y) / (b.last - b.first));
            if (distance >= nearest) continue;
            nearest = distance;
            node = {i, j, a.value(i), b.value(j), value};
        }
    }
    return std::isfinite(nearest);
}

bool bestNode(const engine::SweepSurface& surface, std::size_t group, SurfaceNode& node) {
    if (!usable(surface, group)) return false;
    const auto& change = surface.groups[group].change;
    bool found = false;
    for (std::size_t k = 0; k < change.size(); ++k) {
        if (std::isnan(change[k]) || (found && change[k] <= node.value)) continue;
        const std::size_t i = k / surface.columns(), j = k % surface.columns();
        node = {i, j, surface.axes[0].value(i), surface.axes.size() > 1 ? surface.axes[1].value(j) : 0, change[k]};
        found = true;
    }
    return found;
}

bool valueRange(const engine::SweepSurface& surface, std::size_t group, double& low, double& high) {
    if (group >= surface.groups.size()) return false;
    low = std::numeric_limits<double>::infinity();
    high = -low;
    for (const double value : surface.groups[group].change) {
        if (!std::isfinite(value)) continue;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    return low <= high;
}

std::vector<std::vector<QPointF>> contourLines(const SurfaceGrid& grid, double level) {
    if (!grid.drawable()) return {};
    const std::size_t nx = grid.x.size(), ny = grid.y.size();
    // Edges by number: along x from node (i, j), then along y from it.
    const auto alongX = [&](std::size_t i, std::size_t j) { return 2 * (i * ny + j); };
    const auto alongY = [&](std::size_t i, std::size_t j) { return 2 * (i * ny + j) + 1; };
    std::map<std::size_t, QPointF> points;
    std::map<std::size_t, std::vector<std::size_t>> next;
    const auto above = [&](std::size_t i, std::size_t j) { return grid.value(i, j) >= level; };
    const auto cross = [&](std::size_t edge, std::size_t i0, std::size_t j0, std::size_t i1, std::size_t j1) {
        const double a = grid.value(i0, j0), b = grid.value(i1, j1);
        const double t = (level - a) / (b - a);
        points[edge] = {grid.x[i0] + (grid.x[i1] - grid.x[i0]) * t, grid.y[j0] + (grid.y[j1] - grid.y[j0]) * t};
        return edge;
    };
    const auto join = [&](std::size_t a, std::size_t b) {
        next[a].push_back(b);
        next[b].push_back(a);
    };
    for (std::size_t i = 0; i + 1 < nx; ++i) {
        for (std::size_t j = 0; j + 1 < ny; ++j) {
            const std::array<bool, 4> up{above(i, j), above(i + 1, j), above(i + 1, j + 1), above(i, j + 1)};
            std::vector<std::size_t> edges;  // in the order south, east, north, west
            if (up[0] != up[1]) edges.push_back(cross(alongX(i, j), i, j, i + 1, j));
            if (up[1] != up[2]) edges.push_back(cross(alongY(i + 1, j), i + 1, j, i + 1, j + 1));
            if (up[2] != up[3]) edges.push_back(cross(alongX(i, j + 1), i, j + 1, i + 1, j + 1));
            if (up[3] != up[0]) edges.push_back(cross(alongY(i, j), i, j, i, j + 1));
            if (edges.size() == 2) join(edges[0], edges[1]);
            if (edges.size() != 4) continue;
            const double middle =
                (grid.value(i, j) + grid.value(i + 1, j) + grid.value(i + 1, j + 1) + grid.value(i, j + 1)) / 4;
            // A saddle: the middle belongs to one pair of opposite corners; the lines cut off the other pair.
            if ((middle >= level) == up[0]) {
                join(edges[0], edges[1]);
                join(edges[2], edges[3]);
            } else {
                join(edges[0], edges[3]);
                join(edges[1], edges[2]);
            }
        }
    }
    std::vector<std::vector<QPointF>> out;
    const auto follow = [&](std::size_t start) {
        std::vector<QPointF> line{points[start]};
        std::size_t at = start;
        for (;;) {
            auto& ways = next[at];
            if (ways.empty()) break;
            const std::size_t to = ways.back();
            ways.pop_back();
            auto& back = next[to];
            back.erase(std::find(back.begin(), back.end(), at));
            line.push_back(points[to]);
            at = to;
        }
        if (line.size() > 1) out.push_back(std::move(line));
    };
    for (const auto& [edge, point] : points) {
        if (next[edge].size() == 1) follow(edge);  // open lines from an end
    }
    for (const auto& [edge, point] : points) {
        if (!next[edge].empty()) follow(edge);
    }
    return out;
}

QString factorSymbol(const std::string& factor) {
    QString name = QString::fromStdString(factor);
    if (name.startsWith(QLatin1String("sigma"))) name.replace(0, 5, QStringLiteral("σ"));
    if (name.startsWith(QLatin1String("lambda"))) name.replace(0, 6, QStringLiteral("λ"));
    if (name.startsWith(QLatin1String("weight_"))) name.replace(0, 6, QStringLiteral("w"));
    return name;
}

QString changeSymbol(const engine::DeltaGroup& group) {
    return QStringLiteral("Δ_") + QString::fromStdString(group.name);
}

bool isEstimate(const engine::SweepSurface& surface, std::size_t group) {
    const auto& sets = surface.groups[group].group.sets;
    return std::any_of(surface.sets.begin(), surface.sets.end(), [&](const engine::SetSurface& set) {
        return !set.protocol.sample.empty() && std::find(sets.begin(), sets.end(), set.protocol.set) != sets.end();
    });
}

QString changeTitle(const engine::SweepSurface& surface, std::size_t group) {
    const auto& of = surface.groups[group].group;
    return (isEstimate(surface, group) ? QObject::tr("%1, ≈ points of %2") : QObject::tr("%1, points of %2"))
        .arg(changeSymbol(of), QString::fromStdString(of.metric));
}

QString intervalText(const engine::RateInterval& interval) {
    return QStringLiteral("[%1, %2]").arg(signedNumber(interval.low), signedNumber(interval.high));
}

QString surfaceCaption(const engine::SweepSurface& surface) {
    QString out = QString::fromStdString(surface.subject);
    if (!surface.baseline.empty())
        out = QObject::tr("%1 against %2").arg(out, QString::fromStdString(surface.baseline));
    for (std::size_t g = 0; g < surface.groups.size(); ++g) {
        if (!isEstimate(surface, g)) continue;
        out = QObject::tr("≈ from a sample of the queries: %1").arg(out);
        break;
    }
    if (surface.synthetic) out = QObject::tr("Synthetic world: %1").arg(out);
    if (!surface.complete() && surface.total > 0)
        out = QObject::tr("%1; %2 of %3 points computed").arg(out).arg(surface.done).arg(surface.total);
    return out;
}

std::optional<QPointF> movedByKey(const QKeyEvent& event, QPointF at, const engine::SweepSurface& surface,
                                  double step) {
    QPointF by;
    switch (event.key()) {
        case Qt::Key_Left:
            by = {-1, 0};
            break;
        case Qt::Key_Right:
            by = {1, 0};
            break;
        case Qt::Key_Down:
            by = {0, -1};
            break;
        case Qt::Key_Up:
            by = {0, 1};
            break;
        default:
            return std::nullopt;
    }
    by *= step * (event.modifiers().testFlag(Qt::ShiftModifier) ? 10 : 1);
    const auto moved = [](double v, double d, const engine::FactorAxis& axis) {
        const double to = std::clamp(v + d, std::min(axis.first, axis.last), std::max(axis.first, axis.last));
        return std::round(to * 1e9) / 1e9;  // sums of steps stay the decimal numbers they look like
    };
    return QPointF(moved(at.x(), by.x(), surface.axes[0]), moved(at.y(), by.y(), surface.axes[1]));
}

}  // namespace ui
