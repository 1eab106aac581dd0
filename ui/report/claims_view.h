// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The claims of the paper's text with their verdicts: at the left the sentences, which chips filter by verdict; at the
// right how the chosen one is read, and each of its comparisons with its interval. Window's thread.
#pragma once

#include <QWidget>

#include "ui/bridge/job_runner.h"
#include "ui/report/report_data.h"
#include "ui/widgets/badge.h"

class QButtonGroup;
class QLabel;
class QListWidget;
class QTableWidget;

namespace ui {

Badge::Kind verdictKind(ClaimVerdict verdict);

class ClaimsView : public QWidget {
    Q_OBJECT
public:
    explicit ClaimsView(QWidget* parent = nullptr);

    void setReport(ReportPtr report);
    QListWidget& list() const { return *list_; }
    QTableWidget& comparisons() const { return *comparisons_; }
    QString sentence() const;  // of the chosen claim

Q_SIGNALS:
    void failed(const ui::JobFailure& failure);  // of a right click's copy or file

private:
    void fill();
    void choose();

    ReportPtr report_;
    QButtonGroup* filters_;
    QListWidget* list_;
    QWidget* details_;
    Badge* verdict_;
    QLabel *place_, *sentence_, *reading_, *about_;
    QTableWidget* comparisons_;
};

}  // namespace ui
