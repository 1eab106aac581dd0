// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A chart whose rubber band and wheel zoom and whose double click shows all again.
#pragma once

#include <QChartView>

namespace ui {

class ZoomChart : public QChartView {
    Q_OBJECT
public:
    explicit ZoomChart(QChart* chart, QWidget* parent = nullptr);
    bool zoomed() const { return zoomed_; }
    // The axes are set by who calls it.
    void setZoomed(bool zoomed) {
        zoomed_ = zoomed;
        level_ = 1;
    }

Q_SIGNALS:
    void zoomChanged();  // whenever another part is seen
    void resetWanted();

protected:
    void wheelEvent(QWheelEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    double span() const;  // of the values across
    void note(double before);
    void zoomBy(double factor, const QRectF& to);
    bool zoomed_ = false;
    double level_ = 1;  // what is seen of the whole
};

}  // namespace ui
