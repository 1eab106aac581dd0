// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One Δ group over two factors as a map: first factor to the right, second upwards. Measured nodes are dots, between
// them the colours are interpolated (the legend says so), contour lines stand at round values and a stronger one at
// zero; what is not computed yet is hatched. The cursor is moved by mouse and arrow keys (Shift: ten steps); a click
// close to a node picks the node. Window's thread.
#pragma once

#include <QPixmap>
#include <QVector>
#include <QWidget>

#include <optional>

#include "ui/views/plot_paint.h"
#include "ui/views/surface_grid.h"

namespace ui {

class HeatMapView : public QWidget {
    Q_OBJECT
public:
    enum class MarkerKind { Best, Snapshot, Preset, Pareto };
    struct Marker {
        double x = 0, y = 0;
        MarkerKind kind = MarkerKind::Best;
        QString label;
    };

    explicit HeatMapView(QWidget* parent = nullptr);

    // Null: nothing to show. A surface with one axis is not a map either; the view then says what to use.
    void setSurface(SurfacePtr surface, std::size_t group);
    void setCursor(double x, double y);
    // A scale shared with other views; without it the scale follows the data.
    void setRange(double low, double high);
    void clearRange();
    // One char for each point of the surface, not 0: statistically tied with the best. Empty: not shown.
    void setTied(std::vector<char> tied);
    const std::vector<char>& tied() const { return tied_; }
    void setMarkers(QVector<Marker> markers);
    // Colours between nodes interpolated (the default), or one cell for each node.
    void setSmooth(bool smooth);
    // Of the arrow keys, in the factors' units; 0.01.
    void setKeyStep(double step);

    QPointF cursorAt() const { return cursor_; }
    ValueScale scale() const { return scale_; }
    // Where a point of the axes is drawn in this widget.
    QPointF place(double x, double y) const;
    // Where the names of the markers are written, those that find room.
    QVector<QPair<QString, QRectF>> labelsShown() const;
    // The words of the tooltip over a place of this widget; empty off the map.
    QString readout(QPointF at) const;

    // With cursor and caption, on the theme's panel colour; lines and text stay vectors.
    void paintTo(QPainter& painter, const QRectF& area) const;

    QSize sizeHint() const override { return {460, 420}; }
    QSize minimumSizeHint() const override { return {220, 200}; }

Q_SIGNALS:
    void picked(double x, double y, bool dragging);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct Frame {  // where things are within an area
        QRectF area, plot, bar, foot;
        QFont font, small;
    };
    Frame frameOf(const QRectF& area, bool caption) const;
    QPointF placeIn(const QRectF& plot, double x, double y) const;
    QPointF valueAt(QPointF at) const;  // rounded to a thousandth of the axes, within them
    void paintLayers(QPainter& painter, const Frame& frame) const;
    void paintField(QPainter& painter, const Frame& frame) const;
    void paintContours(QPainter& painter, const Frame& frame) const;
    void paintNodes(QPainter& painter, const Frame& frame) const;
    void paintTied(QPainter& painter, const Frame& frame) const;
    void paintMarkers(QPainter& painter, const Frame& frame) const;
    void paintAxes(QPainter& painter, const Frame& frame) const;
    void paintCursor(QPainter& painter, const Frame& frame) const;
    void paintCross(QPainter& painter, const Frame& frame) const;
    void paintRing(QPainter& painter, const Frame& frame) const;
    struct MarkerLabel {
        QRectF box;
        QString text;
    };
    QVector<MarkerLabel> markerLabels(const Frame& frame) const;
    void paintMarkerLabels(QPainter& painter, const Frame& frame) const;
    bool hasMap() const { return surface_ && surface_->axes.size() == 2 && group_ < surface_->groups.size(); }
    void changed();
    void rescale();
    void pick(QPointF at, bool dragging);

    SurfacePtr surface_;
    std::size_t group_ = 0;
    SurfaceGrid grid_;
    std::optional<std::pair<double, double>> range_;
    ValueScale scale_;
    std::vector<char> tied_;
    QVector<Marker> markers_;
    bool smooth_ = true;
    double key_step_ = 0.01;
    QPointF cursor_;
    bool has_cursor_ = false;

    QPixmap layers_;  // everything but the cursor, for this size and theme
    bool pressed_ = false, dragged_ = false;
    QPointF press_at_;
};

}  // namespace ui
