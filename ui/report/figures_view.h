// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The paper's Figures 3 to 6 as maps: the change of each group of sets over two factors, side by side with one scale
// for each, one cursor for all, and its figures in words below. Window's thread.
#pragma once

#include <QWidget>

#include "ui/bridge/job_runner.h"
#include "ui/report/report_data.h"

class QGridLayout;
class QLabel;

namespace ui {

class HeatMapView;
class NumberChips;

class FiguresView : public QWidget {
    Q_OBJECT
public:
    explicit FiguresView(QWidget* parent = nullptr);

    void setReport(ReportPtr report);
    void choose(int figure);
    int chosen() const;  // 0: none
    const std::vector<HeatMapView*>& maps() const { return maps_; }
    QString readout() const;

Q_SIGNALS:
    void failed(const ui::JobFailure& failure);  // of a right click's copy or file

private:
    void showMaps();
    void moveCursor(double x, double y);
    const ReportData::Surface* current() const;

    ReportPtr report_;
    NumberChips* chips_;
    QLabel *caption_, *note_, *readout_;
    QWidget* area_;
    QGridLayout* grid_;
    std::vector<HeatMapView*> maps_;
};

}  // namespace ui
