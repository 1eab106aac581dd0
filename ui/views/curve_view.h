// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The change of several Δ groups along one factor: exact piecewise constant curves with the very values at which they
// change, or sampled ones with their points marked. Each curve is named at its right end. The vertical cursor is moved
// by mouse and arrow keys (Shift: ten steps; Ctrl: to the next change of any curve). A click on a change, or Enter at
// one, asks what changes there. Window's thread.
#pragma once

#include <QColor>
#include <QPixmap>
#include <QVector>
#include <QWidget>

#include <optional>
#include <vector>

#include "engine/session/live_product.h"
#include "ui/views/plot_paint.h"
#include "ui/views/surface_grid.h"

namespace ui {

class CurveView : public QWidget {
    Q_OBJECT
public:
    struct Curve {
        QString label;  // "Δ_AT"
        QColor colour;  // invalid: by the curve's index, as the theme has it
        bool exact = false;
        bool estimate = false;  // of a sample of the queries: figures have "≈"
        std::vector<double> x;  // exact: the breaks, ascending; sampled: the points
        std::vector<double> y;  // exact: x + 1 values; sampled: one for each point, NaN: not computed yet
    };

    explicit CurveView(QWidget* parent = nullptr);

    // Exact curves of one factor; empty: nothing to show.
    void setCurves(const std::vector<engine::LiveCurve>& curves);
    // All groups of a surface over one axis.
    void setSampled(const SurfacePtr& surface);
    // Curves of any origin over low..high.
    void setCurves(std::vector<Curve> curves, double low, double high);
    // "σ_a": the title of the axis.
    void setFactor(const QString& symbol);
    // What stands above the curves; "Δ, points of R@1" by default.
    void setTitle(const QString& title);
    // What stands beneath an exported figure, such as product, baseline and "synthetic world".
    void setCaption(const QString& caption);
    // The group ("AT") or label that is drawn strongest; empty: all alike.
    void setHighlighted(const QString& group);
    void setCursor(double x);
    // A scale shared with other views; without it the scale follows the data.
    void setRange(double low, double high);
    void clearRange();
    void setKeyStep(double step);
    // Values that are no changes: so many decimals, no sign.
    void setDecimals(int decimals);
    // Parts of the axis that are shaded, and what that means.
    void setSpans(std::vector<std::pair<double, double>> spans, const QString& meaning);
    const std::vector<std::pair<double, double>>& spans() const { return spans_; }

    double cursorAt() const { return cursor_; }
    const std::vector<Curve>& curves() const { return curves_; }
    const AxisTicks& scale() const { return scale_; }
    // Where a point is drawn in this widget.
    QPointF place(double x, double y) const;
    // The exact values at x and the next changes on both sides.
    QString readout(double x) const;
    // The nearest value at which an exact curve changes, to the right or left of x.
    std::optional<double> nextChange(double x, bool right) const;
    // The part of the axis under a place of this widget where a strong exact curve jumps just there; else nothing.
    std::optional<std::pair<double, double>> changesAt(QPointF at) const;

    void paintTo(QPainter& painter, const QRectF& area) const;

    QSize sizeHint() const override { return {480, 340}; }
    QSize minimumSizeHint() const override { return {240, 160}; }

Q_SIGNALS:
    void picked(double x, bool dragging);
    void changesAsked(double low, double high);

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
    struct Frame {
        QRectF area, plot, foot;
        QFont font, small;
    };
    Frame frameOf(const QRectF& area, bool caption) const;
    QPointF placeIn(const QRectF& plot, double x, double y) const;
    double valueAt(double px) const;  // rounded to a thousandth of the axis, within it
    QColor colourOf(std::size_t i) const;
    bool strong(std::size_t i) const;
    QString figure(double value) const;
    void paintSpans(QPainter& painter, const Frame& frame) const;
    void paintLayers(QPainter& painter, const Frame& frame) const;
    void paintCurve(QPainter& painter, const Frame& frame, std::size_t i) const;
    void paintLabels(QPainter& painter, const Frame& frame) const;
    void paintCursor(QPainter& painter, const Frame& frame) const;
    void changed();
    void rescale();
    void pick(double px, bool dragging);

    std::vector<Curve> curves_;
    double low_ = 0, high_ = 1;
    QString factor_, title_, caption_, highlighted_, spans_meaning_;
    std::vector<std::pair<double, double>> spans_;
    int decimals_ = -1;  // below 0: changes
    std::optional<std::pair<double, double>> range_;
    AxisTicks scale_;
    double key_step_ = 0.01;
    double cursor_ = 0;
    bool has_cursor_ = false;

    QPixmap layers_;  // everything but the cursor, for this size and theme
    bool pressed_ = false, dragged_ = false;
    QPointF press_at_;
};

// The value of a curve at x: at a break the value above it; between sampled points linear; NaN outside.
double curveAt(const CurveView::Curve& curve, double x);

}  // namespace ui
