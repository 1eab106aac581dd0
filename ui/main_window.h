// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The window: pages on a rail, docks for history, snapshots and log, menus. It brings the project (what is set), the
// live session (what follows from it) and the pages together; work is done by them and by jobs. Window's thread.
#pragma once

#include <QActionGroup>
#include <QDockWidget>
#include <QLabel>
#include <QListWidget>
#include <QMainWindow>
#include <QPlainTextEdit>
#include <QStackedWidget>
#include <QTimer>
#include <QToolBar>

#include <memory>

#include "ui/bridge/job_runner.h"
#include "ui/bridge/live_session.h"
#include "ui/bridge/newest_worker.h"
#include "ui/compare/compare_columns.h"
#include "ui/document/project.h"
#include "ui/explore/explore_page.h"
#include "ui/reactions/reactions_page.h"
#include "ui/report/report_page.h"
#include "ui/tune/tune_page.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/progress_strip.h"
#include "ui/workspace/help_page.h"
#include "ui/workspace/start_page.h"
#include "ui/workspace/workspace_page.h"

namespace ui {

class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    // Projects keep the number: new pages come last, whatever their place on the rail.
    enum class Page { Start, Workspace, Reactions, Tune, Compare, Explore, Help, Report };

    // `settings`: false for tests and pictures, which neither read nor leave anything in the user's settings.
    explicit MainWindow(bool settings = true);
    ~MainWindow() override;

    // The folder of a workspace or of a product, a project file, or a manifest to import.
    void open(const QString& path);
    // The generated world `small` with a trained product, in `folder`; empty: the user's data folder.
    void openDemo(const QString& folder = {}, const QString& preset = QStringLiteral("small"));
    bool saveTo(const QString& file);  // the project; what fails is shown
    void showPage(Page page);
    Page page() const;
    bool busy() const;           // something is read, trained, measured or prepared
    void setMemory(double gib);  // of landscapes, instead of the engine's default

    Project& project() { return project_; }
    LiveSession& session() { return session_; }
    TunePage& tune() { return *tune_; }
    ReactionsPage& reactions() { return *reactions_; }
    WorkspacePage& workspacePage() { return *workspace_; }
    ExplorePage& explore() { return *explore_; }
    ComparePage& compare() { return *compare_; }
    ReportPage& report() { return *report_; }
    MessageBar& message() { return *message_; }
    QString statusText() const { return status_->text(); }

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void makePages();
    void makeMenus();
    void makeDocks();
    void connectAll();
    void setIcons();
    void openDialog();
    void openWorkspace(const QString& path);
    void openDropped(const QStringList& paths);
    engine::Json windowState() const;
    void restoreWindow();
    void tellFailure();
    void importDialog(const QString& workspace, const QStringList& paths = {});
    void exportDialog();
    bool save();
    bool saveAs();
    bool worthSaving() const;
    bool mayClose();  // asks where something runs or would be lost
    void clearProject();
    void addRecent(const QString& path);
    QStringList recent() const;
    void fillRecent();
    void encoderCame(const QString& recipe, const QString& product);
    void productCame(const QString& folder);
    void productSwitched();
    void fillProducts();
    void fillSnapshots();
    void useSnapshot(int number);
    void takeSnapshot();
    void flip();
    void snapshotMenu(int number, const QPoint& at);
    void addCurrentToComparison();
    void addToComparison(const engine::Setting& setting, const QString& name);
    void setReference();
    void sayOtherWorkspace();
    void showFigure(int number);
    void say(const QString& text);
    void log(const QString& line);
    void updateTitle();
    std::pair<engine::Setting, QString> reference() const;  // of the product that is open
    void keepForRecovery();
    void setFactor(const std::string& factor, double value, bool dragging);  // from the page to explore
    void writeRecovery();
    void offerRecovery();
    void recover(const QString& file);
    void showDemo(const QString& workspace, const QString& product);
    void demoStopped();
    void trainMoreForDemo();

    const bool keep_settings_;
    Project project_;
    LiveSession session_;
    JobRunner demo_;
    int drag_ = 0;
    MessageBar *recovery_bar_, *message_;
    ProgressStrip *training_strip_, *demo_strip_, *report_strip_;  // each stops its own
    QStackedWidget* pages_;
    StartPage* start_;
    WorkspacePage* workspace_;
    ReactionsPage* reactions_;
    TunePage* tune_;
    ComparePage* compare_;
    CompareColumns* columns_;
    ExplorePage* explore_;
    HelpPage* help_;
    ReportPage* report_;
    QToolBar* rail_;
    QActionGroup* page_actions_;
    QMenu *recent_menu_, *products_menu_;
    QLabel* status_;
    QDockWidget *history_, *snapshots_dock_, *log_dock_;
    QListWidget* snapshots_;
    QPlainTextEdit* log_;
    QAction *undo_ = nullptr, *redo_ = nullptr, *export_ = nullptr, *flip_ = nullptr;
    std::vector<std::pair<QAction*, QString>> icons_;  // to be made anew with the theme
    QTimer recovery_timer_;
    std::unique_ptr<NewestWorker> recovery_writer_;
    bool demo_making_ = false;  // its first product; the others follow without being waited for
    bool restoring_ = false;    // what changes is no work of the user's
    QString recovery_file_, replaced_, demo_folder_, demo_preset_;  // replaced_: the copy that was brought back
    QStringList demo_recipes_;
    QByteArray first_layout_;
};

}  // namespace ui
