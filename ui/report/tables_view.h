// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The paper's tables, one at a time: chips choose it, below stand its caption, its figures, and what is not measured
// and why. Window's thread.
#pragma once

#include <QWidget>

#include "ui/bridge/job_runner.h"
#include "ui/report/report_data.h"

class QLabel;
class QTableView;

namespace ui {

class NumberChips;
class ReportTableModel;
class WrappedText;

class TablesView : public QWidget {
    Q_OBJECT
public:
    explicit TablesView(QWidget* parent = nullptr);

    void setReport(ReportPtr report);
    void choose(int table);
    int chosen() const;  // 0: none
    QTableView& table() const { return *view_; }
    const ReportTableModel& model() const { return *model_; }
    QString reasons() const;  // that are shown

Q_SIGNALS:
    void failed(const ui::JobFailure& failure);  // of a right click's copy or file

private:
    void showTable();
    void showReasons();

    ReportPtr report_;
    NumberChips* chips_;
    QLabel *caption_, *legend_;
    QTableView* view_;
    ReportTableModel* model_;
    WrappedText* why_;
};

}  // namespace ui
