// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The window's pages, docks and menus.
#include <QFileDialog>
#include <QFileInfo>
#include <QInputDialog>
#include <QLineEdit>
#include <QMenuBar>
#include <QMessageBox>
#include <QSettings>
#include <QUndoView>
#include <QVBoxLayout>

#include "engine/base/version.h"
#include "ui/main_window.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

constexpr int kLogLines = 2000;

}  // namespace

void MainWindow::makePages() {
    start_ = new StartPage;
    workspace_ = new WorkspacePage;
    reactions_ = new ReactionsPage;
    reactions_->setUndoStack(&project_.undoStack());
    tune_ = new TunePage(project_, session_);
    compare_ = new ComparePage;
    columns_ = new CompareColumns(project_, session_, *compare_);
    explore_ = new ExplorePage;
    help_ = new HelpPage;
    report_ = new ReportPage;
    // In the order of Page.
    for (QWidget* page :
         std::initializer_list<QWidget*>{start_, workspace_, reactions_, tune_, compare_, explore_, help_, report_})
        pages_->addWidget(page);
    auto* middle = new QWidget;
    auto* column = new QVBoxLayout(middle);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    recovery_bar_->setObjectName(QStringLiteral("recovery"));
    column->addWidget(recovery_bar_);
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
        {Page::Report, tr("Report"), QStringLiteral("report"),
         tr("The paper's tables, figures and claims, measured on this workspace")},
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
        tr("Double click: set the sliders to it. Ctrl+D: flip between A and B. Right click: make it A or B, pin as "
           "baseline, compare, rename, remove"));
    snapshots_->setContextMenuPolicy(Qt::CustomContextMenu);
    snapshots_dock_->setWidget(snapshots_);
    log_dock_ = new QDockWidget(tr("Log"), this);
    log_dock_->setObjectName(QStringLiteral("log"));
    log_ = new QPlainTextEdit;
    log_->setObjectName(QStringLiteral("log_lines"));
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
    connect(snapshots_, &QListWidget::itemActivated, this,
            [this](QListWidgetItem* item) { useSnapshot(item->data(Qt::UserRole).toInt()); });
    connect(snapshots_, &QListWidget::customContextMenuRequested, this, [this](const QPoint& at) {
        const auto* item = snapshots_->itemAt(at);
        if (!item) item = snapshots_->currentItem();  // the menu key
        if (item) snapshotMenu(item->data(Qt::UserRole).toInt(), snapshots_->mapToGlobal(at));
    });
}

void MainWindow::useSnapshot(int number) {
    const Snapshot* found = project_.snapshot(number);
    if (!found) return;
    const Snapshot s = *found;
    project_.show(s.product, s.setting, tr("Snapshot %1").arg(s.title()));
}

// The first two are A and B; a later one is neither until it is made one of them.
void MainWindow::takeSnapshot() {
    project_.undoStack().beginMacro(tr("Take snapshot"));
    const int number = project_.addSnapshot();
    for (const int slot : {0, 1}) {
        if (project_.flipped()[static_cast<std::size_t>(slot)] != 0) continue;
        project_.flipTo(slot, number);
        break;
    }
    project_.undoStack().endMacro();
}

void MainWindow::flip() {
    const auto [a, b] = project_.flipped();
    const Snapshot* first = project_.snapshot(a);
    const bool there = first && first->product == project_.product() &&
                       project_.known(first->product, first->setting) == project_.setting();
    useSnapshot(there ? b : a);
}

void MainWindow::snapshotMenu(int number, const QPoint& at) {
    const Snapshot* found = project_.snapshot(number);
    if (!found) return;
    const Snapshot s = *found;
    const bool of_open = session_.product() && s.product == project_.product();
    QMenu menu;
    menu.addAction(tr("Set the sliders to it"), this, [this, number] { useSnapshot(number); });
    for (const int slot : {0, 1}) {
        auto* action = menu.addAction(slot == 0 ? tr("Make it A") : tr("Make it B"), this,
                                      [this, slot, number] { project_.flipTo(slot, number); });
        action->setEnabled(project_.flipped()[static_cast<std::size_t>(slot)] != number);
    }
    menu.addAction(tr("Pin as baseline"), this,
                   [this, number] {
                       project_.pinBaseline({{}, number}, tr("Baseline #%1").arg(number));
                   })
        ->setEnabled(of_open);
    menu.addAction(tr("Put it beside others"), this,
                   [this, s] {
                       if (session_.product()) addToComparison(s.setting, s.title());
                   })
        ->setEnabled(of_open);
    menu.addAction(tr("Rename…"), this, [this, s] {
        bool ok = false;
        const QString name =
            QInputDialog::getText(this, tr("Rename snapshot"), tr("Name:"), QLineEdit::Normal, s.name, &ok);
        if (ok) project_.renameSnapshot(s.number, name.trimmed());
    });
    menu.addAction(tr("Remove"), this, [this, number] { project_.removeSnapshot(number); });
    menu.exec(at);
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
    add(file, tr("&Import embeddings…"), QKeySequence(QStringLiteral("Ctrl+I")), [this] {
        importDialog(project_.workspace());
    })->setObjectName(QStringLiteral("import_files"));
    add(file, tr("&Bring checkpoints…"), {}, [this] {
        showPage(Page::Reactions);
        const QString folder = QFileDialog::getExistingDirectory(
            this, tr("Folder of FreeBind's checkpoints, with the projectors of the recipe that is shown"));
        if (!folder.isEmpty()) reactions_->bringCheckpoints(folder);
    })->setObjectName(QStringLiteral("bring_checkpoints"));
    add(file, tr("&Tune an encoder…"), {}, [this] {
        showPage(Page::Reactions);
        reactions_->tuneEncoder(project_.product());
    })->setObjectName(QStringLiteral("tune_encoder"));
    recent_menu_ = file->addMenu(tr("Open &recent"));
    file->addSeparator();
    add(file, tr("&Save project"), QKeySequence::Save, [this] { save(); });
    add(file, tr("Save project &as…"), QKeySequence::SaveAs, [this] { saveAs(); });
    add(file, tr("&Close project"), QKeySequence::Close, [this] {
        if (!mayClose()) return;
        clearProject();
        showPage(Page::Start);
    })->setObjectName(QStringLiteral("close_project"));
    file->addSeparator();
    export_ = add(
        file, tr("&Export…"), QKeySequence(QStringLiteral("Ctrl+E")), [this] { exportDialog(); },
        QStringLiteral("export"));
    export_->setObjectName(QStringLiteral("export_files"));
    file->addSeparator();
    add(file, tr("&Quit"), QKeySequence::Quit, [this] { close(); });

    auto* edit = menuBar()->addMenu(tr("&Edit"));
    undo_ = project_.undoStack().createUndoAction(this, tr("&Undo"));
    redo_ = project_.undoStack().createRedoAction(this, tr("&Redo"));
    undo_->setObjectName(QStringLiteral("undo_change"));
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
            takeSnapshot();
            snapshots_dock_->show();
        },
        QStringLiteral("snapshot"));
    flip_ = add(
        edit, tr("&Flip between A and B"), QKeySequence(QStringLiteral("Ctrl+D")), [this] { flip(); },
        QStringLiteral("reset"));
    flip_->setEnabled(false);
    flip_->setToolTip(
        tr("The sliders to snapshot A, and to B where they are there already. The first two that are taken are "
           "A and B; a right click on a snapshot makes it one of them"));
    add(
        edit, tr("&Pin the current setting as baseline"), QKeySequence(QStringLiteral("Ctrl+B")),
        [this] {
            if (!session_.product()) return;
            project_.undoStack().beginMacro(tr("Pin the setting"));
            const int number = project_.addSnapshot();
            project_.pinBaseline({{}, number}, tr("Baseline #%1").arg(number));
            project_.undoStack().endMacro();
        },
        QStringLiteral("pin"));
    add(
        edit, tr("Put the setting &beside others"), QKeySequence(QStringLiteral("Ctrl+Shift+B")),
        [this] { addCurrentToComparison(); }, QStringLiteral("compare"));
    add(
        edit, tr("Back to the recipe's &values"), {},
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
        {3, tr("Figure 3: σ_a, σ_t of InternVL_IB++ (the paper's has tuned audio)")},
        {4, tr("Figure 4: σ_a, σ_t of InternVL_IB++")},
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

void MainWindow::setIcons() {
    for (const auto& [action, name] : icons_) action->setIcon(icon(name));
}

void MainWindow::fillProducts() {
    products_menu_->clear();
    qDeleteAll(products_menu_->findChildren<QActionGroup*>(Qt::FindDirectChildrenOnly));
    auto* group = new QActionGroup(products_menu_);
    for (const auto& folder : project_.products()) {
        auto* action = products_menu_->addAction(QFileInfo(folder).fileName());
        action->setCheckable(true);
        action->setChecked(folder == project_.product());
        action->setToolTip(folder);
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, folder] {
            project_.switchProduct(folder, tr("Product %1").arg(QFileInfo(folder).fileName()));
            showPage(Page::Tune);
        });
    }
    products_menu_->setEnabled(!project_.products().isEmpty());
    tune_->setProducts(project_.products(), project_.product());
}

void MainWindow::fillSnapshots() {
    snapshots_->clear();
    const auto& flipped = project_.flipped();
    flip_->setEnabled(flipped[0] != 0 && flipped[1] != 0);
    for (const auto& s : project_.snapshots()) {
        const QString slot = s.number == flipped[0]   ? QStringLiteral("A  ")
                             : s.number == flipped[1] ? QStringLiteral("B  ")
                                                      : QString();
        QStringList parts;
        for (const auto& [name, value] : s.setting.factors)
            parts << QStringLiteral("%1 %2").arg(QString::fromStdString(name)).arg(value, 0, 'g', 3);
        auto* item = new QListWidgetItem(
            QStringLiteral("%1%2  %3\n%4")
                .arg(slot, s.title(), QFileInfo(s.product).fileName(), parts.join(QStringLiteral(", "))));
        item->setData(Qt::UserRole, s.number);
        snapshots_->addItem(item);
    }
}

}  // namespace ui
