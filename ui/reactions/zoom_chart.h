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
    void setZoomed(bool zoomed) { zoomed_ = zoomed; }

Q_SIGNALS:
    void zoomChanged();
    void resetWanted();

protected:
    void wheelEvent(QWheelEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void note();
    bool zoomed_ = false;
};

}  // namespace ui
