// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/main_window.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <QApplication>
#include <QCloseEvent>
#include <QDateTime>
#include <QDesktopServices>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QInputDialog>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QSettings>
#include <QStandardPaths>
#include <QStatusBar>
#include <QUndoView>
#include <QUrl>
#include <QVBoxLayout>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/version.h"
#include "engine/session/session.h"
#include "ui/export/export_dialog.h"
#include "ui/style/theme.h"
#include "ui/workspace/import_dialog.h"

namespace ui {
namespace {

constexpr int kMostRecent = 12;
constexpr int kLogLines = 2000;

bool isProduct(const QString& path) {
    return QFileInfo::exists(path + QStringLiteral("/product.json"));
}

bool isWorkspace(const QString& path) {
    return QFileInfo::exists(path + QStringLiteral("/workspace.h5"));
}

QString dataFolder(const QString& name) {
    return QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) + QLatin1Char('/') + name;
}

// Narrow spaces and small pools learn in seconds with these; the paper's sizes are the defaults everywhere else.
engine::Json demoTraining(const QString& preset) {
    if (preset == QLatin1String("tiny")) return {{"hidden_width", 32}, {"batch_size", 64}, {"epochs", 2}};
    return {{"hidden_width", 256}, {"batch_size", 512}, {"epochs", 8}};
}

}  // namespace

MainWindow::MainWindow(bool settings)
    : keep_settings_(settings),
      message_(new MessageBar),
      job_strip_(new ProgressStrip),
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
    status_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    statusBar()->addWidget(status_, 2);
    statusBar()->addPermanentWidget(job_strip_, 1);
    job_strip_->hide();
    first_layout_ = saveState();
    recovery_timer_.setSingleShot(true);
    recovery_timer_.setInterval(1000);
    connect(&recovery_timer_, &QTimer::timeout, this, &MainWindow::writeRecovery);
    if (keep_settings_) {
        QSettings s;
        restoreGeometry(s.value(QStringLiteral("geometry")).toByteArray());
        restoreState(s.value(QStringLiteral("layout")).toByteArray());
        recovery_file_ = dataFolder(QStringLiteral("recovery/%1.json").arg(QCoreApplication::applicationPid()));
        QMetaObject::invokeMethod(this, &MainWindow::offerRecovery, Qt::QueuedConnection);
    }
    fillRecent();
    showPage(Page::Start);
    updateTitle();
}

MainWindow::~MainWindow() {
    // Pages hold on to products and jobs: they go before the session does.
    explore_->setProduct(nullptr);
    compare_->setItems({});
    if (!recovery_file_.isEmpty()) QFile::remove(recovery_file_);
}

void MainWindow::makePages() {
    start_ = new StartPage;
    workspace_ = new WorkspacePage;
    reactions_ = new ReactionsPage;
    tune_ = new TunePage(project_, session_);
    compare_ = new ComparePage;
    explore_ = new ExplorePage;
    help_ = new HelpPage;
    for (QWidget* page :
         std::initializer_list<QWidget*>{start_, workspace_, reactions_, tune_, compare_, explore_, help_})
        pages_->addWidget(page);
    auto* middle = new QWidget;
    auto* column = new QVBoxLayout(middle);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(message_);
    column->addWidget(pages_, 1);
    setCentralWidget(middle);

    rail_ = new QToolBar(tr("Pages"));
    rail_->setObjectName(QStringLiteral("rail"));
    rail_->setMovable(false);
    rail_->setToolButtonStyle(Qt::ToolButtonTextUnderIcon);
    rail_->setIconSize({24, 24});
    addToolBar(Qt::LeftToolBarArea, rail_);
    page_actions_ = new QActionGroup(this);
    const struct {
        Page page;
        QString name, icon, tip;
    } entries[] = {
        {Page::Workspace, tr("Workspace"), QStringLiteral("workspace"),
         tr("What is in the workspace, and what is wrong with it")},
        {Page::Reactions, tr("Reactions"), QStringLiteral("reactions"), tr("Routes of reactions, and their training")},
        {Page::Tune, tr("Tune"), QStringLiteral("tune"), tr("Factors and experts by hand, with every figure at once")},
        {Page::Compare, tr("Compare"), QStringLiteral("compare"), tr("Products and settings side by side")},
        {Page::Explore, tr("Explore"), QStringLiteral("explore"), tr("Items of a space as a map, and single queries")},
        {Page::Help, tr("Help"), QStringLiteral("help"), tr("The guide")},
    };
    int key = 1;
    for (const auto& entry : entries) {
        auto* action = rail_->addAction(entry.name);
        action->setCheckable(true);
        action->setData(static_cast<int>(entry.page));
        action->setObjectName(QStringLiteral("page_%1").arg(static_cast<int>(entry.page)));
        action->setShortcut(QKeySequence(QStringLiteral("Ctrl+%1").arg(key++)));
        action->setToolTip(QStringLiteral("%1 (%2)").arg(entry.tip, action->shortcut().toString()));
        page_actions_->addAction(action);
        icons_.emplace_back(action, entry.icon);
        connect(action, &QAction::triggered, this, [this, page = entry.page] { showPage(page); });
    }
}

void MainWindow::makeDocks() {
    history_ = new QDockWidget(tr("History"), this);
    history_->setObjectName(QStringLiteral("history"));
    auto* list = new QUndoView(&project_.undoStack());
    list->setEmptyLabel(tr("As opened"));
    list->setAccessibleName(tr("History"));
    history_->setWidget(list);
    snapshots_dock_ = new QDockWidget(tr("Snapshots"), this);
    snapshots_dock_->setObjectName(QStringLiteral("snapshots"));
    snapshots_ = new QListWidget;
    snapshots_->setAccessibleName(tr("Snapshots"));
    snapshots_->setToolTip(
        tr("Double click: set the sliders to it. Right click: pin as baseline, compare, rename, remove"));
    snapshots_->setContextMenuPolicy(Qt::CustomContextMenu);
    snapshots_dock_->setWidget(snapshots_);
    log_dock_ = new QDockWidget(tr("Log"), this);
    log_dock_->setObjectName(QStringLiteral("log"));
    log_ = new QPlainTextEdit;
    log_->setReadOnly(true);
    log_->setMaximumBlockCount(kLogLines);
    log_->setAccessibleName(tr("Log"));
    log_dock_->setWidget(log_);
    addDockWidget(Qt::RightDockWidgetArea, history_);
    addDockWidget(Qt::RightDockWidgetArea, snapshots_dock_);
    addDockWidget(Qt::BottomDockWidgetArea, log_dock_);
    history_->hide();
    snapshots_dock_->hide();
    log_dock_->hide();
    connect(snapshots_, &QListWidget::itemActivated, this, [this](QListWidgetItem* item) {
        const Snapshot* s = project_.snapshot(item->data(Qt::UserRole).toInt());
        if (!s) return;
        if (s->product != project_.product()) project_.setProduct(s->product);
        project_.setSetting(s->setting, tr("Snapshot %1").arg(s->title()));
    });
    connect(snapshots_, &QListWidget::customContextMenuRequested, this, [this](const QPoint& at) {
        auto* item = snapshots_->itemAt(at);
        if (!item) return;
        const int number = item->data(Qt::UserRole).toInt();
        QMenu menu;
        menu.addAction(tr("Set the sliders to it"), this, [this, item] { Q_EMIT snapshots_->itemActivated(item); });
        menu.addAction(tr("Pin as baseline"), this, [this, number] {
            project_.pinBaseline({{}, number}, tr("Baseline #%1").arg(number));
        });
        menu.addAction(tr("Rename…"), this, [this, number] {
            bool ok = false;
            const QString name = QInputDialog::getText(this, tr("Rename snapshot"), tr("Name:"), QLineEdit::Normal,
                                                       project_.snapshot(number)->name, &ok);
            if (ok) project_.renameSnapshot(number, name.trimmed());
        });
        menu.addAction(tr("Remove"), this, [this, number] { project_.removeSnapshot(number); });
        menu.exec(snapshots_->mapToGlobal(at));
    });
}

void MainWindow::makeMenus() {
    const auto add = [this](QMenu* menu, const QString& name, const QKeySequence& keys, auto&& call,
                            const QString& icon_name = {}) {
        auto* action = menu->addAction(name);
        action->setShortcut(keys);
        connect(action, &QAction::triggered, this, call);
        if (!icon_name.isEmpty()) icons_.emplace_back(action, icon_name);
        return action;
    };
    auto* file = menuBar()->addMenu(tr("&File"));
    add(file, tr("Open &demo world"), {}, [this] { openDemo(); });
    add(file, tr("&Open…"), QKeySequence::Open, [this] { openDialog(); });
    add(file, tr("&Import embeddings…"), QKeySequence(QStringLiteral("Ctrl+I")),
        [this] { importDialog(project_.workspace()); });
    recent_menu_ = file->addMenu(tr("Open &recent"));
    file->addSeparator();
    add(file, tr("&Save project"), QKeySequence::Save, [this] { save(); });
    add(file, tr("Save project &as…"), QKeySequence::SaveAs, [this] { saveAs(); });
    add(file, tr("&Close project"), QKeySequence::Close, [this] {
        if (!mayClose()) return;
        project_.clear();
        showPage(Page::Start);
    });
    file->addSeparator();
    export_ = add(
        file, tr("&Export…"), QKeySequence(QStringLiteral("Ctrl+E")), [this] { exportDialog(); },
        QStringLiteral("export"));
    file->addSeparator();
    add(file, tr("&Quit"), QKeySequence::Quit, [this] { close(); });

    auto* edit = menuBar()->addMenu(tr("&Edit"));
    undo_ = project_.undoStack().createUndoAction(this, tr("&Undo"));
    redo_ = project_.undoStack().createRedoAction(this, tr("&Redo"));
    undo_->setShortcut(QKeySequence::Undo);
    redo_->setShortcuts({QKeySequence(QStringLiteral("Ctrl+Shift+Z")), QKeySequence(QStringLiteral("Ctrl+Y"))});
    edit->addAction(undo_);
    edit->addAction(redo_);
    icons_.emplace_back(undo_, QStringLiteral("undo"));
    icons_.emplace_back(redo_, QStringLiteral("redo"));
    edit->addSeparator();
    add(
        edit, tr("Take &snapshot"), QKeySequence(QStringLiteral("Ctrl+T")),
        [this] {
            if (!session_.product()) return;
            project_.addSnapshot();
            snapshots_dock_->show();
        },
        QStringLiteral("snapshot"));
    add(
        edit, tr("&Pin the current setting as baseline"), QKeySequence(QStringLiteral("Ctrl+B")),
        [this] {
            if (!session_.product()) return;
            const int number = project_.addSnapshot();
            project_.pinBaseline({{}, number}, tr("Baseline #%1").arg(number));
        },
        QStringLiteral("pin"));
    add(
        edit, tr("Put the setting &beside others"), QKeySequence(QStringLiteral("Ctrl+Shift+B")),
        [this] { addToComparison(); }, QStringLiteral("compare"));
    add(
        edit, tr("Back to the &recipe's values"), {},
        [this] {
            if (session_.product()) project_.setSetting(session_.product()->defaults(), tr("Recipe's own values"));
        },
        QStringLiteral("reset"));

    auto* view = menuBar()->addMenu(tr("&View"));
    for (auto* action : page_actions_->actions()) view->addAction(action);
    view->addSeparator();
    products_menu_ = view->addMenu(tr("&Product"));
    view->addSeparator();
    auto* theme = view->addMenu(tr("&Theme"));
    auto* themes = new QActionGroup(this);
    const std::pair<QString, ThemeChoice> choices[] = {
        {tr("As the system"), ThemeChoice::System}, {tr("Light"), ThemeChoice::Light}, {tr("Dark"), ThemeChoice::Dark}};
    for (const auto& [name, choice] : choices) {
        auto* action = theme->addAction(name);
        action->setCheckable(true);
        action->setChecked(choice == themeChoice());
        themes->addAction(action);
        connect(action, &QAction::triggered, this, [this, choice = choice] {
            applyTheme(choice);
            if (keep_settings_) QSettings().setValue(QStringLiteral("theme"), static_cast<int>(choice));
        });
    }
    view->addSeparator();
    for (auto* dock : {history_, snapshots_dock_, log_dock_}) view->addAction(dock->toggleViewAction());
    add(view, tr("&Reset the layout"), {}, [this] { restoreState(first_layout_); });

    auto* figures = menuBar()->addMenu(tr("Fi&gures"));
    const struct {
        int number;
        QString name;
    } entries[] = {
        {3, tr("Figure 3: σ_a, σ_t of InternVL_IB++")},
        {4, tr("Figure 4: σ_a, σ_t of InternVL_IB++, without tuned audio")},
        {5, tr("Figure 5: σ_a, σ_t of ImageBind++")},
        {6, tr("Figure 6: λ_v, λ_t of InternVL_IB")},
    };
    for (const auto& entry : entries) {
        auto* action = figures->addAction(entry.name, this, [this, n = entry.number] { showFigure(n); });
        action->setObjectName(QStringLiteral("figure_%1").arg(entry.number));
        action->setToolTip(tr("As in the paper, measured on the workspace that is open"));
    }

    auto* help = menuBar()->addMenu(tr("&Help"));
    add(
        help, tr("&Guide"), QKeySequence::HelpContents, [this] { showPage(Page::Help); }, QStringLiteral("help"));
    add(help, tr("&About"), {}, [this] {
        QMessageBox::about(this, tr("Molecule-Space Studio"),
                           tr("<h3>Molecule-Space Studio %1</h3><p>Fuses embedding spaces and tunes them by hand.</p>"
                              "<p>The method is Molecule-Space (FreeBind, ICML 2024).</p><p>GPL-3.0-or-later</p>")
                               .arg(QString::fromStdString(engine::programVersion())));
    });
    // The menu says what is undone; on the rail it would push the pages about.
    rail_->addSeparator();
    for (auto* action : {undo_, redo_}) {
        auto* button = rail_->addAction(action == undo_ ? tr("Undo") : tr("Redo"));
        button->setEnabled(action->isEnabled());
        icons_.emplace_back(button, action == undo_ ? QStringLiteral("undo") : QStringLiteral("redo"));
        connect(button, &QAction::triggered, action, &QAction::trigger);
        connect(action, &QAction::changed, button, [button, action] {
            button->setEnabled(action->isEnabled());
            button->setToolTip(
                QStringLiteral("%1 (%2)").arg(action->text().remove(QLatin1Char('&')), action->shortcut().toString()));
        });
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
    connect(start_, &StartPage::dropped, this, [this](const QStringList& paths) {
        if (!paths.isEmpty()) open(paths.first());
    });

    connect(workspace_, &WorkspacePage::opened, this, [this](const QString& folder, const engine::Json& inspected) {
        reactions_->setWorkspace(folder, inspected);
        const auto warnings = static_cast<int>(inspected.value("warnings", engine::Json::array()).size());
        say(warnings == 0 ? folder : tr("%1: %n warning(s)", nullptr, warnings).arg(folder));
        updateTitle();
    });
    connect(workspace_, &WorkspacePage::failed, message_, &MessageBar::showError);
    connect(workspace_, &WorkspacePage::logged, this, &MainWindow::log);
    connect(workspace_, &WorkspacePage::importRequested, this, &MainWindow::importDialog);

    connect(reactions_, &ReactionsPage::trained, this, &MainWindow::productCame);
    connect(reactions_, &ReactionsPage::failed, message_, &MessageBar::showError);
    connect(reactions_, &ReactionsPage::logged, this, &MainWindow::log);
    connect(reactions_, &ReactionsPage::progressed, job_strip_,
            [this](const engine::Progress& p) { job_strip_->show(p); });
    connect(reactions_, &ReactionsPage::runningChanged, this, [this](bool running) {
        if (!running) job_strip_->finish();
    });
    connect(job_strip_, &ProgressStrip::stopRequested, this, [this] {
        reactions_->stopAll();
        demo_.stop();
    });

    connect(compare_, &ComparePage::failed, message_, &MessageBar::showError);
    connect(compare_, &ComparePage::itemsChanged, this, [this](const QVector<Compared>& items) { compared_ = items; });
    connect(compare_, &ComparePage::addRequested, this, &MainWindow::addToComparison);
    connect(compare_, &ComparePage::applyRequested, this,
            [this](const QString& folder, const engine::Setting& setting) {
                project_.addProduct(folder);
                project_.setSetting(setting, tr("Setting from the comparison"));
                showPage(Page::Tune);
            });
    connect(explore_, &ExplorePage::failed, message_, &MessageBar::showError);
    connect(tune_, &TunePage::exportRequested, this, &MainWindow::exportDialog);

    connect(&session_, &LiveSession::opened, this, [this] {
        explore_->setProduct(session_.product());
        explore_->setReference(session_.product()->defaults(), tr("recipe"));
        explore_->setSetting(project_.setting());
        updateTitle();
    });
    connect(&session_, &LiveSession::closed, this, [this] { explore_->setProduct(nullptr); });
    connect(&session_, &LiveSession::openFailed, this, [this](const JobFailure& failure) {
        log(failure.text());
        message_->showError(failure);
    });
    connect(&project_, &Project::productChanged, this, &MainWindow::productSwitched);
    connect(&project_, &Project::productsChanged, this, &MainWindow::fillProducts);
    connect(&project_, &Project::workspaceChanged, this, [this] {
        if (!project_.workspace().isEmpty()) workspace_->openWorkspace(project_.workspace());
    });
    connect(&project_, &Project::snapshotsChanged, this, &MainWindow::fillSnapshots);
    connect(&project_, &Project::settingChanged, this, [this] {
        if (session_.product()) explore_->setSetting(project_.setting());
    });
    connect(&project_, &Project::baselineChanged, this, [this] {
        if (!session_.product()) return;
        if (const auto* s = project_.snapshot(project_.baseline().snapshot))
            explore_->setReference(s->setting, s->title());
        else explore_->setReference(session_.product()->defaults(), tr("recipe"));
    });
    connect(&project_, &Project::changed, this, [this] {
        if (!recovery_file_.isEmpty()) recovery_timer_.start();
    });
    connect(&project_, &Project::fileChanged, this, &MainWindow::updateTitle);
    connect(&project_.undoStack(), &QUndoStack::cleanChanged, this, &MainWindow::updateTitle);

    connect(&demo_, &JobRunner::failed, message_, &MessageBar::showError);
    connect(&demo_, &JobRunner::logged, this, &MainWindow::log);
    connect(&demo_, &JobRunner::progressed, this, [this](const engine::Progress& p) { job_strip_->show(p); });
    connect(&demo_, &JobRunner::ended, job_strip_, &ProgressStrip::finish);
}

void MainWindow::setIcons() {
    for (const auto& [action, name] : icons_) action->setIcon(icon(name));
}

void MainWindow::changeEvent(QEvent* event) {
    QMainWindow::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) setIcons();
}

void MainWindow::showPage(Page page) {
    pages_->setCurrentIndex(static_cast<int>(page));
    for (auto* action : page_actions_->actions()) action->setChecked(action->data().toInt() == static_cast<int>(page));
    explore_->setActive(page == Page::Explore);
}

MainWindow::Page MainWindow::page() const {
    return static_cast<Page>(pages_->currentIndex());
}

bool MainWindow::busy() const {
    return demo_.running() || reactions_->running() || explore_->busy() || !session_.settled();
}

void MainWindow::open(const QString& given) {
    const QString path = QFileInfo(given).absoluteFilePath();
    message_->clear();
    try {
        if (isProduct(path)) {
            const auto json = engine::readJsonFile((path + QStringLiteral("/product.json")).toStdString());
            const QString workspace = QString::fromStdString(json.value("workspace", std::string()));
            if (project_.workspace().isEmpty() && isWorkspace(workspace)) project_.setWorkspace(workspace);
            project_.addProduct(path);
            showPage(Page::Tune);
        } else if (isWorkspace(path)) {
            if (!project_.workspace().isEmpty() && project_.workspace() != path) {
                if (!mayClose()) return;
                project_.clear();
            }
            project_.setWorkspace(path);
            showPage(Page::Workspace);
            // What was trained there before.
            const QDir products(path + QStringLiteral("/products"));
            for (const auto& name : products.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
                if (isProduct(products.filePath(name))) project_.addProduct(products.filePath(name));
            }
        } else if (QFileInfo(path).isFile()) {
            if (!mayClose()) return;
            project_.load(path);
            const auto window = project_.extra("layout");
            if (window.is_string())
                restoreState(QByteArray::fromBase64(QByteArray::fromStdString(window.get<std::string>())));
            if (const auto state = project_.extra("reactions"); state.is_object()) reactions_->restore(state);
            const auto shown = project_.extra("page");
            showPage(shown.is_number_integer()      ? static_cast<Page>(std::clamp(shown.get<int>(), 1, 6))
                     : project_.product().isEmpty() ? Page::Workspace
                                                    : Page::Tune);
        } else {
            throw engine::Error(engine::ErrorCode::NotFound, path.toStdString(),
                                "expected the folder of a workspace or a product, or a project file",
                                "a workspace holds workspace.h5, a product holds product.json");
        }
        addRecent(path);
    } catch (const engine::Error& error) {
        message_->showError({QString::fromStdString(error.where()), QString::fromStdString(error.message()),
                             QString::fromStdString(error.hint())});
    }
}

void MainWindow::openDialog() {
    QFileDialog dialog(this, tr("Open a workspace, a product or a project"));
    dialog.setFileMode(QFileDialog::AnyFile);
    dialog.setOption(QFileDialog::DontUseNativeDialog);
    dialog.setNameFilters({tr("Projects (*.msproject)"), tr("All files (*)")});
    // A folder counts as chosen once one is inside it, or has it marked.
    connect(&dialog, &QFileDialog::currentChanged, &dialog, [&dialog](const QString& path) {
        if (QFileInfo(path).isDir() && (isProduct(path) || isWorkspace(path)))
            dialog.setFileMode(QFileDialog::Directory);
        else dialog.setFileMode(QFileDialog::AnyFile);
    });
    if (dialog.exec() == QDialog::Accepted && !dialog.selectedFiles().isEmpty()) open(dialog.selectedFiles().first());
}

void MainWindow::importDialog(const QString& workspace) {
    auto* dialog = new ImportDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    if (!workspace.isEmpty()) dialog->setWorkspace(workspace);
    connect(dialog, &ImportDialog::imported, this, [this](const QString& folder) {
        if (folder == project_.workspace()) workspace_->openWorkspace(folder);
        else open(folder);
    });
    dialog->show();
}

void MainWindow::exportDialog() {
    if (!session_.product()) {
        message_->showNote(tr("There is nothing to export yet."), tr("Open or train a product first."));
        return;
    }
    auto* dialog = new ExportDialog(session_.product(), project_.setting(), this);
    if (!session_.axes().empty()) dialog->setAxes(session_.axes());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->show();
}

void MainWindow::openDemo(const QString& folder, const QString& preset) {
    if (demo_.running()) return;
    demo_preset_ = preset;
    demo_folder_ = folder.isEmpty() ? dataFolder(QStringLiteral("demo")) : folder;
    const QString workspace = demo_folder_ + QStringLiteral("/world");
    const QString product = workspace + QStringLiteral("/products/ImageBind++");
    if (!project_.workspace().isEmpty() && project_.workspace() != workspace) {
        if (!mayClose()) return;
        project_.clear();
    }
    message_->clear();
    showPage(Page::Workspace);
    say(tr("Making the demo world"));
    demo_recipes_ = QStringList{QStringLiteral("InternVL_IB++"), QStringLiteral("InternVL_IB")};
    demo_.start<int>(
        tr("Demo world"),
        [world = workspace.toStdString(), made = product.toStdString(), preset](const engine::JobContext& job) {
            if (!std::filesystem::exists(std::filesystem::path(world) / "workspace.h5")) {
                std::filesystem::create_directories(std::filesystem::path(world).parent_path());
                engine::synth({world, {{"preset", preset.toStdString()}}}, job);
            }
            if (!std::filesystem::exists(std::filesystem::path(made) / "product.json")) {
                engine::ReactRequest request;
                request.workspace = world;
                request.recipe = "ImageBind++";
                request.product = made;
                request.reaction_options = demoTraining(preset);
                engine::train(request, job);
            }
            return 0;
        },
        [this, workspace, product, preset](int) {
            project_.setWorkspace(workspace);
            project_.addProduct(product);
            showPage(Page::Tune);
            addRecent(workspace);
            trainMoreForDemo();
        });
}

// The other products of the figures, while the first one can be tuned already.
void MainWindow::trainMoreForDemo() {
    QStringList wanted;
    const QString base = demo_folder_ + QStringLiteral("/world");
    for (const auto& name : demo_recipes_) {
        const QString folder = base + QStringLiteral("/products/") + name;
        if (!isProduct(folder)) {
            wanted << name;
        } else {
            const QString current = project_.product();
            project_.addProduct(folder);
            project_.setProduct(current);
        }
    }
    if (wanted.isEmpty()) return;
    const QString name = wanted.first();
    const QString folder = base + QStringLiteral("/products/") + name;
    const QString preset = demo_preset_;
    demo_.start<int>(
        tr("Demo product %1").arg(name),
        [world = base.toStdString(), made = folder.toStdString(), name, preset](const engine::JobContext& job) {
            setpriority(PRIO_PROCESS, 0, 15);
            engine::ReactRequest request;
            request.workspace = world;
            request.recipe = name.toStdString();
            request.product = made;
            request.reaction_options = demoTraining(preset);
            engine::train(request, job);
            return 0;
        },
        [this, base](int) {
            if (project_.workspace() == base) trainMoreForDemo();
        });
}

void MainWindow::productCame(const QString& folder) {
    const bool again = project_.products().contains(folder) && project_.product() == folder;
    project_.addProduct(folder);
    if (again) productSwitched();  // trained further
    say(tr("%1 is trained.").arg(QFileInfo(folder).fileName()));
    if (page() == Page::Reactions) {
        message_->showNote(tr("%1 is trained and open for tuning.").arg(QFileInfo(folder).fileName()));
        message_->setAction(tr("Tune it"), [this] {
            message_->clear();
            showPage(Page::Tune);
        });
    }
}

void MainWindow::productSwitched() {
    if (project_.product().isEmpty()) session_.close();
    else session_.open(project_.product(), project_.workspace());
    fillProducts();
    updateTitle();
}

void MainWindow::fillProducts() {
    products_menu_->clear();
    auto* group = new QActionGroup(products_menu_);
    for (const auto& folder : project_.products()) {
        auto* action = products_menu_->addAction(QFileInfo(folder).fileName());
        action->setCheckable(true);
        action->setChecked(folder == project_.product());
        action->setToolTip(folder);
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, folder] {
            project_.setProduct(folder);
            showPage(Page::Tune);
        });
    }
    products_menu_->setEnabled(!project_.products().isEmpty());
    tune_->setProducts(project_.products(), project_.product());
}

void MainWindow::fillSnapshots() {
    snapshots_->clear();
    for (const auto& s : project_.snapshots()) {
        QStringList parts;
        for (const auto& [name, value] : s.setting.factors)
            parts << QStringLiteral("%1 %2").arg(QString::fromStdString(name)).arg(value, 0, 'g', 3);
        auto* item =
            new QListWidgetItem(QStringLiteral("%1  %2\n%3")
                                    .arg(s.title(), QFileInfo(s.product).fileName(), parts.join(QStringLiteral(", "))));
        item->setData(Qt::UserRole, s.number);
        snapshots_->addItem(item);
    }
}

void MainWindow::addToComparison() {
    if (!session_.product()) {
        message_->showNote(tr("There is nothing to compare yet."), tr("Open or train a product first."));
        return;
    }
    Compared item;
    item.product = session_.product();
    item.setting = project_.setting();
    item.name = tr("%1 #%2").arg(QString::fromStdString(session_.product()->recipe().name)).arg(compared_.size() + 1);
    if (compared_.size() >= 4) compared_.removeFirst();
    compared_.push_back(item);
    compare_->setItems(compared_);
    showPage(Page::Compare);
}

void MainWindow::showFigure(int number) {
    const QString recipe = number == 5   ? QStringLiteral("ImageBind++")
                           : number == 6 ? QStringLiteral("InternVL_IB")
                                         : QStringLiteral("InternVL_IB++");
    QString found;
    for (const auto& folder : project_.products()) {
        if (QFileInfo(folder).fileName().startsWith(recipe) &&
            (recipe.endsWith(QStringLiteral("++")) || !QFileInfo(folder).fileName().contains(QStringLiteral("++"))))
            found = folder;
    }
    if (found.isEmpty()) {
        message_->showNote(tr("Figure %1 needs the product %2, which is not open.").arg(number).arg(recipe),
                           demo_.running() ? tr("The demo is training it; try again in a moment.")
                                           : tr("Train it on the page Reactions, or open it."));
        return;
    }
    project_.setProduct(found);
    showPage(Page::Tune);
    tune_->showFigure(number);
}

// --- Files
// ------------------------------------------------------------------------------------------------------------

bool MainWindow::save() {
    if (project_.file().isEmpty()) return saveAs();
    try {
        project_.setExtra("layout", saveState().toBase64().toStdString());
        project_.setExtra("page", static_cast<int>(page()));
        project_.setExtra("reactions", reactions_->state());
        project_.save(project_.file());
        addRecent(project_.file());
        say(tr("Saved: %1").arg(project_.file()));
        return true;
    } catch (const engine::Error& error) {
        message_->showError({QString::fromStdString(error.where()), QString::fromStdString(error.message()),
                             QString::fromStdString(error.hint())});
        return false;
    }
}

bool MainWindow::saveAs() {
    QString file =
        QFileDialog::getSaveFileName(this, tr("Save project"), project_.file(), tr("Projects (*.msproject)"));
    if (file.isEmpty()) return false;
    if (!file.endsWith(QStringLiteral(".msproject"))) file += QStringLiteral(".msproject");
    const QString before = project_.file();
    try {
        project_.save(file);
    } catch (const engine::Error& error) {
        message_->showError({QString::fromStdString(error.where()), QString::fromStdString(error.message()),
                             QString::fromStdString(error.hint())});
        return false;
    }
    return save();
}

bool MainWindow::mayClose() {
    if (!keep_settings_ || !project_.modified() || project_.workspace().isEmpty() ||
        (project_.file().isEmpty() && project_.undoStack().count() == 0))
        return true;
    const auto answer = QMessageBox::question(this, tr("Save project"), tr("Save what was changed in this project?"),
                                              QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel);
    if (answer == QMessageBox::Save) return save();
    return answer == QMessageBox::Discard;
}

void MainWindow::closeEvent(QCloseEvent* event) {
    if (reactions_->running() && keep_settings_) {
        const auto answer = QMessageBox::question(this, tr("Stop training"),
                                                  tr("A training is running. It stops at its last whole step and goes "
                                                     "on from there when it is started again."),
                                                  QMessageBox::Ok | QMessageBox::Cancel);
        if (answer != QMessageBox::Ok) {
            event->ignore();
            return;
        }
    }
    if (!mayClose()) {
        event->ignore();
        return;
    }
    say(tr("Stopping…"));
    reactions_->stopAll();
    demo_.stop();
    if (keep_settings_) {
        QSettings s;
        s.setValue(QStringLiteral("geometry"), saveGeometry());
        s.setValue(QStringLiteral("layout"), saveState());
    }
    QMainWindow::closeEvent(event);
}

QStringList MainWindow::recent() const {
    return keep_settings_ ? QSettings().value(QStringLiteral("recent")).toStringList() : QStringList();
}

void MainWindow::addRecent(const QString& path) {
    if (!keep_settings_) return;
    QStringList list = recent();
    list.removeAll(path);
    list.prepend(path);
    while (list.size() > kMostRecent) list.removeLast();
    QSettings().setValue(QStringLiteral("recent"), list);
    fillRecent();
}

void MainWindow::fillRecent() {
    start_->setRecent(recent());
    recent_menu_->clear();
    for (const auto& path : recent()) recent_menu_->addAction(path, this, [this, path] { open(path); });
    recent_menu_->setEnabled(!recent().isEmpty());
}

// --- Recovery
// ---------------------------------------------------------------------------------------------------------

void MainWindow::writeRecovery() {
    if (project_.workspace().isEmpty()) return;
    try {
        QDir().mkpath(QFileInfo(recovery_file_).path());
        engine::Json state = project_.state();
        state["recovered_from"] = project_.file().toStdString();
        engine::writeJsonFile(recovery_file_.toStdString(), state);
    } catch (const engine::Error& error) {
        log(QString::fromStdString(error.what()));
    }
}

void MainWindow::offerRecovery() {
    const QDir folder(QFileInfo(recovery_file_).path());
    for (const auto& entry : folder.entryInfoList({QStringLiteral("*.json")}, QDir::Files, QDir::Time)) {
        const auto pid = entry.baseName().toLongLong();
        if (entry.absoluteFilePath() == recovery_file_ || pid <= 0 || ::kill(static_cast<pid_t>(pid), 0) == 0) continue;
        const QString file = entry.absoluteFilePath();
        message_->showWarning(
            tr("The studio ended unexpectedly %1.").arg(QLocale().toString(entry.lastModified(), QLocale::ShortFormat)),
            tr("What was set then can be brought back; what was being trained goes on from its last checkpoint."));
        message_->setAction(tr("Bring it back"), [this, file] {
            message_->clear();
            try {
                project_.restore(engine::readJsonFile(file.toStdString()));
                QFile::remove(file);
                showPage(project_.product().isEmpty() ? Page::Workspace : Page::Tune);
            } catch (const engine::Error& error) {
                message_->showError({QString::fromStdString(error.where()), QString::fromStdString(error.message()),
                                     QString::fromStdString(error.hint())});
            }
        });
        connect(
            message_, &MessageBar::dismissed, this, [file] { QFile::remove(file); }, Qt::SingleShotConnection);
        return;
    }
}

// --- The rest
// ---------------------------------------------------------------------------------------------------------

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

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
    const auto urls = event->mimeData()->urls();
    if (!urls.isEmpty() && urls.first().isLocalFile()) open(urls.first().toLocalFile());
}

}  // namespace ui
