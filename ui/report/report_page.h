// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The paper's report of the open workspace: made by a job in the background (engine::report), which is stopped and goes
// on as trainings are; shown from its folder, where nothing is computed anew. The first training that it needs loads
// LibTorch into the process, as one on the page of reactions does, and nothing else here does. Window's thread.
#pragma once

#include <QElapsedTimer>
#include <QWidget>

#include "ui/bridge/job_runner.h"
#include "ui/bridge/mailbox.h"
#include "ui/report/report_data.h"

class QLabel;
class QProgressBar;
class QStackedWidget;
class QTableWidget;
class QTabWidget;
class QToolButton;

namespace ui {

class Badge;
class ClaimsView;
class ElidedLabel;
class FiguresView;
class MessageBar;
class ReportSetup;
class TablesView;
class WrappedText;

class ReportPage : public QWidget {
    Q_OBJECT
public:
    explicit ReportPage(QWidget* parent = nullptr);
    ~ReportPage() override;

    // Shows the report that lies in the workspace already; an empty folder closes it.
    void setWorkspace(const QString& folder);
    void setRate(double flops_per_second);  // that trainings have measured
    // A folder that a report was written to, of whatever workspace.
    void openReport(const QString& folder);
    void start();
    void stop();
    bool running() const { return making_.running(); }
    bool busy() const;                            // makes, reads or looks ahead
    ReportPtr report() const { return report_; }  // that is shown

    ReportSetup& setup() const { return *setup_; }
    TablesView& tables() const { return *tables_; }
    FiguresView& figures() const { return *figures_; }
    ClaimsView& claims() const { return *claims_; }
    QTabWidget& tabs() const { return *tabs_; }
    QString message() const;
    QString emptyText() const;  // what is told while there is no report; empty: one is shown
    // Copies a file of the report that is shown ("tables.csv") to where the user wants it.
    void exportTo(const QString& name, const QString& file);

    engine::Json state() const;
    void restore(const engine::Json& state);

Q_SIGNALS:
    void failed(const ui::JobFailure& failure);
    void logged(const QString& line);
    void progressed(const engine::Progress& progress);
    void runningChanged(bool running);
    void shown();  // report() is another
    void edited();

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    QWidget* makeHeader();
    QWidget* makeProgress();
    QWidget* makeEmpty();
    QWidget* makeProtocol();
    void read(const QString& folder, bool quiet);
    void showReport(ReportPtr report);
    void showEmpty();
    void showProgress(const engine::Progress& progress);
    void stepCame(std::size_t done, std::size_t all, const QString& what);
    void tell();
    void fillProtocol();
    void exportDialog(const QString& name);
    void openInBrowser();
    void paintColours();

    QString workspace_;
    ReportPtr report_;
    bool stopping_ = false, stopped_ = false;
    std::size_t step_ = 0;
    // Of steps that took a while: what is found again passes at once and says nothing of the others.
    QElapsedTimer step_clock_, whole_clock_;
    double slow_seconds_ = 0;
    std::size_t slow_steps_ = 0;

    Mailbox mailbox_;  // outlives the job that posts
    JobRunner making_, reading_, exporting_;
    MessageBar* message_;
    ReportSetup* setup_;
    Badge* synthetic_;
    QLabel *facts_, *empty_title_, *empty_said_;
    QToolButton *open_, *browser_, *export_;
    QWidget* progress_;
    QProgressBar *all_, *part_;
    ElidedLabel *what_, *stage_;
    QStackedWidget* stack_;
    WrappedText* lacking_;
    QTabWidget* tabs_;
    TablesView* tables_;
    FiguresView* figures_;
    ClaimsView* claims_;
    QTableWidget* sets_;
    WrappedText* made_;
};

}  // namespace ui
