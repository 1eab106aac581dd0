// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is chosen before a report: its folder, its options (tables, figures, seeds; sizes of the trainings; the run),
// and what it would do with them, looked into behind whenever they change. Window's thread; looking is done by jobs.
#pragma once

#include <QTimer>
#include <QWidget>

#include <memory>

#include "ui/bridge/job_runner.h"
#include "ui/report/report_plan.h"

class QLabel;
class QLineEdit;
class QPushButton;
class QToolButton;

namespace ui {

class OptionForm;

class ReportSetup : public QWidget {
    Q_OBJECT
public:
    explicit ReportSetup(QWidget* parent = nullptr);

    void setWorkspace(const QString& folder);  // empty: none
    void setActive(bool active);               // looks ahead while it is shown only
    void setRate(double flops_per_second);     // 0: assumed
    void setBusy(bool busy, bool stopping, bool stopped);
    void lookAgain();

    // By value: what is edited later does not touch it.
    engine::ReportVerb request() const;
    QString folder() const;
    void setFolder(const QString& folder);
    OutlookPtr outlook() const { return outlook_; }
    bool looking() const { return looking_.running() || look_.isActive(); }
    // In words: what it would train and measure, and how long that takes; empty while that is not known.
    QString outlookText() const;
    QString problem() const;  // why it cannot be started; empty: it can

    OptionForm& reportForm() const { return *report_form_; }
    OptionForm& reactionForm() const { return *reaction_form_; }
    QPushButton& startButton() const { return *start_; }

    engine::Json state() const;
    void restore(const engine::Json& state);

Q_SIGNALS:
    void startWanted();
    void stopWanted();
    void looked();         // outlook() is another, or gone
    void folderChanged();  // by the user
    void edited();

private:
    void optionsEdited();
    void look();
    void tell();
    void paintColours();

    QString workspace_, newest_;  // the newest that there was
    bool active_ = false, busy_ = false, stopping_ = false, stopped_ = false, chosen_ = false;
    bool touched_ = false;  // sizes of the trainings were chosen by the user
    double rate_ = 0;
    std::shared_ptr<const WorkspaceFacts> facts_;
    OutlookPtr outlook_;
    QString failure_;  // of looking ahead
    QTimer look_;
    JobRunner reading_, looking_;

    QLineEdit* folder_;
    QToolButton *browse_, *default_, *more_;
    QPushButton* start_;
    QLabel* said_;
    QWidget* options_;
    OptionForm *report_form_, *reaction_form_, *run_form_;
};

}  // namespace ui
