// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/main_window.h"

#include <QApplication>
#include <QCloseEvent>
#include <QDateTime>
#include <QFileInfo>
#include <QSettings>
#include <QStatusBar>
#include <QTime>

#include <algorithm>

#include "ui/reactions/pool_panel.h"
#include "ui/reactions/recipe_editor.h"
#include "ui/reactions/training_queue.h"
#include "ui/studio_paths.h"
#include "ui/style/theme.h"

namespace ui {

MainWindow::MainWindow(bool settings)
    : keep_settings_(settings),
      recovery_bar_(new MessageBar),
      message_(new MessageBar),
      training_strip_(new ProgressStrip),
      demo_strip_(new ProgressStrip),
      report_strip_(new ProgressStrip),
      pages_(new QStackedWidget),
      status_(new QLabel) {
    setWindowTitle(QStringLiteral("Molecule-Space Studio"));
    resize(1280, 800);
    setMinimumSize(900, 600);
    setAcceptDrops(true);
    setDockOptions(QMainWindow::AnimatedDocks | QMainWindow::AllowTabbedDocks);
    makePages();
    makeDocks();
    makeMenus();
    connectAll();
    setIcons();
    status_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    status_->setContentsMargins(8, 0, 0, 0);
    status_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    statusBar()->addWidget(status_, 2);
    for (auto* strip : {training_strip_, demo_strip_, report_strip_}) {
        statusBar()->addPermanentWidget(strip, 1);
        strip->hide();
    }
    first_layout_ = saveState();
    recovery_timer_.setSingleShot(true);
    recovery_timer_.setInterval(1000);
    connect(&recovery_timer_, &QTimer::timeout, this, &MainWindow::writeRecovery);
    if (keep_settings_) {
        QSettings s;
        restoreGeometry(s.value(QStringLiteral("geometry")).toByteArray());
        restoreState(s.value(QStringLiteral("layout")).toByteArray());
        recovery_writer_ = std::make_unique<NewestWorker>();
        // The number alone may have been that of a window before, after a new start of the machine or in a container.
        recovery_file_ = dataFolder(QStringLiteral("recovery/%1-%2.json")
                                        .arg(QCoreApplication::applicationPid())
                                        .arg(QDateTime::currentMSecsSinceEpoch()));
        QMetaObject::invokeMethod(this, &MainWindow::offerRecovery, Qt::QueuedConnection);
    }
    fillRecent();
    showPage(Page::Start);
    updateTitle();
}

MainWindow::~MainWindow() {
    // Pages look at the project and the session, which go with this class: they go first, and nobody is told any more.
    project_.disconnect();
    project_.undoStack().disconnect(this);
    session_.disconnect();
    delete takeCentralWidget();
    recovery_writer_.reset();
    for (const auto& file : {recovery_file_, replaced_}) {
        if (!file.isEmpty()) QFile::remove(file);
    }
}

void MainWindow::connectAll() {
    connect(start_, &StartPage::demoRequested, this, [this] { openDemo(); });
    connect(start_, &StartPage::importRequested, this, [this] { importDialog({}); });
    connect(start_, &StartPage::openRequested, this, &MainWindow::openDialog);
    connect(start_, &StartPage::recentChosen, this, &MainWindow::open);
    connect(start_, &StartPage::recentRemoved, this, [this](const QString& path) {
        QSettings s;
        QStringList list = recent();
        list.removeAll(path);
        s.setValue(QStringLiteral("recent"), list);
        fillRecent();
    });
    connect(start_, &StartPage::dropped, this, &MainWindow::openDropped);

    connect(workspace_, &WorkspacePage::opened, this, [this](const QString& folder, const engine::Json& inspected) {
        if (folder != project_.workspace()) {  // closed, or another one, in the meantime
            if (project_.workspace().isEmpty()) workspace_->closeWorkspace();
            return;
        }
        reactions_->setWorkspace(folder, inspected);
        report_->setWorkspace(folder);
        explore_->setWorkspace(folder, inspected);
        const auto warnings = static_cast<int>(inspected.value("warnings", engine::Json::array()).size());
        say(warnings == 0 ? folder : tr("%1: %n warning(s)", nullptr, warnings).arg(folder));
        updateTitle();
    });
    // Pages show what failed on them; elsewhere the window does.
    const auto tellFrom = [this](Page from) {
        return [this, from](const JobFailure& failure) {
            log(failure.text());
            if (page() != from) message_->showError(failure);
        };
    };
    connect(workspace_, &WorkspacePage::failed, this, tellFrom(Page::Workspace));
    connect(workspace_, &WorkspacePage::logged, this, &MainWindow::log);
    connect(workspace_, &WorkspacePage::importRequested, this, [this](const QString& folder) { importDialog(folder); });

    connect(reactions_, &ReactionsPage::trained, this, &MainWindow::productCame);
    connect(reactions_, &ReactionsPage::broughtIn, this, [this](const QString& folder) {
        if (project_.product() == folder) productSwitched();  // replaced: read anew
        else project_.addProduct(folder, true);
        message_->showNote(
            tr("%1 is brought in from checkpoints and open for tuning.").arg(QFileInfo(folder).fileName()));
        message_->setAction(tr("Tune it"), [this] {
            message_->clear();
            showPage(Page::Tune);
        });
    });
    connect(&reactions_->recipe(), &RecipeEditor::wentBack, this, [this] { showPage(Page::Reactions); });
    connect(reactions_, &ReactionsPage::encoderTuned, this, &MainWindow::encoderCame);
    connect(reactions_, &ReactionsPage::failed, this, tellFrom(Page::Reactions));
    connect(reactions_, &ReactionsPage::edited, this, &MainWindow::keepForRecovery);
    connect(&reactions_->queue(), &TrainingQueue::changed, this, [this] {
        if (!restoring_) project_.touch();
    });
    connect(reactions_, &ReactionsPage::logged, this, &MainWindow::log);
    connect(reactions_, &ReactionsPage::progressed, training_strip_,
            [this](const engine::Progress& p) { training_strip_->show(p); });
    connect(reactions_, &ReactionsPage::runningChanged, this, [this](bool running) {
        if (!running) training_strip_->finish();
    });
    connect(training_strip_, &ProgressStrip::stopRequested, reactions_, &ReactionsPage::stopAll);
    connect(reactions_, &ReactionsPage::runningChanged, this,
            [this] { report_->setRate(reactions_->queue().measuredRate()); });

    connect(report_, &ReportPage::failed, this, tellFrom(Page::Report));
    connect(report_, &ReportPage::logged, this, &MainWindow::log);
    connect(report_, &ReportPage::edited, &project_, &Project::touch);
    // The page itself says what it does; the strip is for the other ones.
    connect(report_, &ReportPage::progressed, this, [this](const engine::Progress& progress) {
        if (page() != Page::Report) report_strip_->show(progress);
    });
    connect(report_, &ReportPage::runningChanged, this, [this](bool running) {
        if (running) return;
        report_strip_->finish();
        if (page() == Page::Report || !report_->report()) return;
        message_->showNote(report_->message());
        message_->setAction(tr("Show it"), [this] {
            message_->clear();
            showPage(Page::Report);
        });
    });
    connect(report_strip_, &ProgressStrip::stopRequested, report_, &ReportPage::stop);

    connect(compare_, &ComparePage::failed, message_, &MessageBar::showError);
    connect(columns_, &CompareColumns::noted, this, [this](const QString& text) { message_->showNote(text); });
    connect(columns_, &CompareColumns::warned, this, [this](const QString& text, const QStringList& reasons) {
        for (const auto& reason : reasons) log(reason);
        message_->showWarning(text, reasons.join(QLatin1Char('\n')));
    });
    connect(compare_, &ComparePage::addRequested, this, &MainWindow::addCurrentToComparison);
    connect(compare_, &ComparePage::applyRequested, this,
            [this](const QString& folder, const engine::Setting& setting) {
                project_.show(folder, setting, tr("Setting from the comparison"));
                showPage(Page::Tune);
            });
    connect(explore_, &ExplorePage::failed, message_, &MessageBar::showError);
    connect(tune_, &TunePage::trainRequested, this, [this] { showPage(Page::Reactions); });
    connect(tune_, &TunePage::openRequested, this, &MainWindow::openDialog);
    connect(explore_, &ExplorePage::factorPicked, this, &MainWindow::setFactor);
    connect(&session_, &LiveSession::axesChanged, explore_, &ExplorePage::setAxes);
    connect(&session_, &LiveSession::setPrepared, explore_, &ExplorePage::setPrepared);
    connect(&session_, &LiveSession::sampleEnlarged, explore_, &ExplorePage::setPrepared);
    connect(&tune_->surfaces(), &SurfacesPanel::queryChosen, this,
            [this](const QString& set, bool forward, quint32 query, const std::string& factor) {
                showPage(Page::Explore);
                explore_->showQuery(set, forward, query, factor);
            });

    connect(&session_, &LiveSession::opened, this, [this] {
        explore_->setProduct(session_.product());
        setReference();
        explore_->setSetting(project_.setting());
        updateTitle();
        sayOtherWorkspace();
    });
    connect(&session_, &LiveSession::closed, this, [this] { explore_->setProduct(nullptr); });
    connect(&session_, &LiveSession::openFailed, this, tellFrom(Page::Tune));
    connect(&project_, &Project::productChanged, this, &MainWindow::productSwitched);
    connect(&project_, &Project::productsChanged, this, &MainWindow::fillProducts);
    connect(&project_, &Project::workspaceChanged, this, [this] {
        if (!project_.workspace().isEmpty()) {
            workspace_->openWorkspace(project_.workspace());
            return;
        }
        workspace_->closeWorkspace();
        reactions_->setWorkspace({}, engine::Json::object());
        report_->setWorkspace({});
        explore_->setWorkspace({}, engine::Json::object());
        say({});
        updateTitle();
    });
    connect(&project_, &Project::snapshotsChanged, this, [this] {
        fillSnapshots();
        if (project_.baseline().snapshot != 0) setReference();  // it may have another name
    });
    connect(&project_, &Project::settingChanged, this, [this] {
        if (session_.product()) explore_->setSetting(project_.setting());
    });
    connect(&project_, &Project::baselineChanged, this, &MainWindow::setReference);
    connect(&project_, &Project::changed, this, &MainWindow::keepForRecovery);
    connect(&project_, &Project::changed, this, &MainWindow::updateTitle);
    connect(&project_, &Project::fileChanged, this, &MainWindow::updateTitle);
    connect(&project_.undoStack(), &QUndoStack::cleanChanged, this, &MainWindow::updateTitle);

    connect(&demo_, &JobRunner::failed, message_, &MessageBar::showError);
    connect(&demo_, &JobRunner::failed, this, &MainWindow::demoStopped);
    connect(&demo_, &JobRunner::cancelled, this, &MainWindow::demoStopped);
    connect(&demo_, &JobRunner::logged, this, &MainWindow::log);
    demo_strip_->follow(demo_);
}

void MainWindow::changeEvent(QEvent* event) {
    QMainWindow::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) setIcons();
}

void MainWindow::showPage(Page page) {
    pages_->setCurrentIndex(static_cast<int>(page));
    for (auto* action : page_actions_->actions()) action->setChecked(action->data().toInt() == static_cast<int>(page));
    explore_->setActive(page == Page::Explore);
    if (page == Page::Report) report_strip_->finish();
}

MainWindow::Page MainWindow::page() const {
    return static_cast<Page>(pages_->currentIndex());
}

bool MainWindow::busy() const {
    return demo_.running() || columns_->opening() || reactions_->running() || reactions_->pools().measuring() ||
           explore_->busy() || report_->busy() || !session_.settled();
}

void MainWindow::setMemory(double gib) {
    session_.setMemory(gib, 0);
    compare_->setMemory(gib);
}

void MainWindow::productCame(const QString& folder) {
    const QString name = QFileInfo(folder).fileName();
    const QString text = tr("%1 is trained.").arg(name);
    say(text);
    const auto* run = reactions_->queue().run(reactions_->queue().lastId());
    if (run && run->workspace != project_.workspace()) {
        message_->showNote(text, tr("It belongs to another workspace: %1").arg(run->workspace));
        return;
    }
    // Nothing is taken from under the hand: who tunes another product goes on with it.
    const bool here = page() == Page::Reactions;
    if (project_.product() == folder) productSwitched();  // trained further: read anew
    else project_.addProduct(folder, here || project_.product().isEmpty());
    if (!here && project_.product() == folder) return;
    message_->showNote(here ? tr("%1 is trained and open for tuning.").arg(name) : text);
    message_->setAction(tr("Tune it"), [this, folder] {
        message_->clear();
        project_.switchProduct(folder, tr("Product %1").arg(QFileInfo(folder).fileName()));
        showPage(Page::Tune);
    });
}

void MainWindow::encoderCame(const QString& recipe, const QString& product) {
    const QString text = tr("The encoder of %1 is tuned.").arg(QFileInfo(product).fileName());
    say(text);
    const auto* run = reactions_->queue().run(reactions_->queue().lastId());
    if (!run || run->workspace != project_.workspace()) {
        message_->showNote(text, tr("Its recipe: %1").arg(recipe));
        return;
    }
    workspace_->openWorkspace(project_.workspace());  // it has one space more
    message_->showNote(text, tr("Its rows are a space of the workspace; the product is made anew on them."));
    message_->setAction(tr("Open its recipe"), [this, recipe, product] {
        message_->clear();
        showPage(Page::Reactions);
        reactions_->trainOnTuned(recipe, product);
    });
}

void MainWindow::productSwitched() {
    session_.setLiveWeight(project_.view().live_weight.toStdString());
    if (project_.product().isEmpty()) session_.close();
    else session_.open(project_.product(), project_.workspace(), project_.view().stage);
    fillProducts();
    updateTitle();
}

void MainWindow::addCurrentToComparison() {
    if (!session_.product()) {
        message_->showNote(tr("There is nothing to compare yet."), tr("Open or train a product first."));
        return;
    }
    addToComparison(project_.setting(), QStringLiteral("#%1").arg(project_.newColumnNumber()));
}

void MainWindow::addToComparison(const engine::Setting& setting, const QString& name) {
    const auto live = session_.product();
    columns_->add(*live, setting, tr("%1 %2").arg(QString::fromStdString(live->recipe().name), name));
    showPage(Page::Compare);
}

void MainWindow::setFactor(const std::string& factor, double value, bool dragging) {
    engine::Setting setting = project_.setting();
    const auto info = session_.product() ? session_.product()->axis(factor) : std::nullopt;
    if (!info) return;
    engine::setFactor(setting, *info, std::clamp(value, 0.0, 1.0));
    if (dragging && drag_ == 0) drag_ = project_.newDrag();
    project_.setSetting(setting, tr("%1 = %2").arg(QString::fromStdString(info->symbol)).arg(value, 0, 'f', 3), drag_);
    if (!dragging) drag_ = 0;
}

// What the page to explore counts changes against: the pinned setting, as on the page where it is tuned.
void MainWindow::setReference() {
    if (!session_.product()) return;
    const auto [setting, name] = reference();
    explore_->setReference(setting, name);
}

std::pair<engine::Setting, QString> MainWindow::reference() const {
    const auto live = session_.product();
    const auto* s = project_.snapshot(project_.baseline().snapshot);
    if (s && s->product == project_.product()) return {live->completed(s->setting), s->title()};
    return {live->defaults(), tr("the recipe's setting")};
}

void MainWindow::sayOtherWorkspace() {
    const auto live = session_.product();
    const QString trained = QFileInfo(QString::fromStdString(live->record().workspace)).canonicalFilePath();
    const QString here = QFileInfo(QString::fromStdString(live->workspaceFolder().string())).canonicalFilePath();
    if (trained.isEmpty() || trained == here) return;
    message_->showNote(tr("%1 was trained on another workspace than the one that is open.")
                           .arg(QFileInfo(project_.product()).fileName()),
                       tr("trained on %1; its figures here are those of %2").arg(trained, here));
}

void MainWindow::showFigure(int number) {
    const QString recipe = number == 5   ? QStringLiteral("ImageBind++")
                           : number == 6 ? QStringLiteral("InternVL_IB")
                                         : QStringLiteral("InternVL_IB++");
    QString found;
    for (const auto& folder : project_.products()) {
        if (recipeOfProduct(folder) == recipe && (found.isEmpty() || folder == project_.product())) found = folder;
    }
    if (found.isEmpty()) {
        message_->showNote(tr("Figure %1 needs the product %2, which is not open.").arg(number).arg(recipe),
                           demo_.running() ? tr("The demo is training it; try again in a moment.")
                                           : tr("Train it on the page Reactions, or open it."));
        return;
    }
    project_.switchProduct(found, tr("Product %1").arg(QFileInfo(found).fileName()));
    showPage(Page::Tune);
    tune_->showFigure(number);
}

void MainWindow::closeEvent(QCloseEvent* event) {
    if (!mayClose()) {
        event->ignore();
        return;
    }
    say(tr("Stopping…"));
    reactions_->stopAll();
    report_->stop();
    demo_.stop();
    if (keep_settings_) {
        QSettings s;
        s.setValue(QStringLiteral("geometry"), saveGeometry());
        s.setValue(QStringLiteral("layout"), saveState());
    }
    QMainWindow::closeEvent(event);
}

void MainWindow::say(const QString& text) {
    status_->setText(text);
    status_->setToolTip(text);
}

void MainWindow::log(const QString& line) {
    log_->appendPlainText(QTime::currentTime().toString(QStringLiteral("HH:mm:ss  ")) + line);
}

void MainWindow::updateTitle() {
    QString name = !project_.file().isEmpty() ? QFileInfo(project_.file()).completeBaseName()
                                              : QFileInfo(project_.workspace()).fileName();
    if (project_.modified() && !project_.file().isEmpty()) name += QStringLiteral("*");
    const QString product = QFileInfo(project_.product()).fileName();
    QStringList parts;
    if (!product.isEmpty()) parts << product;
    if (!name.isEmpty()) parts << name;
    parts << QStringLiteral("Molecule-Space Studio");
    setWindowTitle(parts.join(QStringLiteral(" — ")));
    export_->setEnabled(session_.product() != nullptr);
}

}  // namespace ui
