// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the window opens and keeps: workspaces, products, projects, the demo world, recent files, recovery.
#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QLocale>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QScopedValueRollback>
#include <QSettings>
#include <QUrl>

#include <algorithm>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/session/session.h"
#include "ui/export/command_page.h"
#include "ui/export/export_dialog.h"
#include "ui/main_window.h"
#include "ui/reactions/training_queue.h"
#include "ui/studio_paths.h"
#include "ui/workspace/import_dialog.h"

namespace ui {
namespace {

constexpr int kMostRecent = 12;

// A window that is open. Its number alone does not say so: it goes to another program some time after a crash.
bool studioLives(qlonglong pid) {
    const QString own = QFileInfo(QCoreApplication::applicationFilePath()).fileName();
    const QString there = QFileInfo(QFile::symLinkTarget(QStringLiteral("/proc/%1/exe").arg(pid))).fileName();
    return there == own || there == own + QStringLiteral(" (deleted)");  // replaced on the disk since it began
}

void trainForDemo(const std::string& world, const std::string& recipe, const std::string& product,
                  const std::string& preset, const engine::JobContext& job) {
    engine::ReactRequest request;
    request.workspace = world;
    request.recipe = recipe;
    request.product = product;
    request.reaction_options = engine::demoTraining(preset);
    engine::train(request, job);
}

}  // namespace

void MainWindow::open(const QString& given) {
    const QString path = QDir::cleanPath(QFileInfo(given).absoluteFilePath());  // names are taken from its end
    message_->clear();
    try {
        if (isProduct(path)) {
            const auto json = engine::readJsonFile((path + QStringLiteral("/product.json")).toStdString());
            const QString workspace = json.is_object() && json.contains("workspace") && json["workspace"].is_string()
                                          ? QString::fromStdString(json["workspace"].get<std::string>())
                                          : QString();
            if (project_.workspace().isEmpty() && isWorkspace(workspace)) project_.setWorkspace(workspace);
            project_.addProduct(path);
            showPage(Page::Tune);
        } else if (isWorkspace(path)) {
            openWorkspace(path);
        } else if (QFileInfo(path).isFile()) {
            if (isData(path)) return importDialog(project_.workspace(), {path});
            const auto json = engine::readJsonFile(path.toStdString());
            if (json.is_object() && !json.contains("format") && path.endsWith(QStringLiteral(".json")))
                return importDialog(project_.workspace(), {path});  // a manifest
            if (!mayClose()) return;
            project_.load(path);
            restoreWindow();
        } else {
            throw engine::Error(engine::ErrorCode::NotFound, path.toStdString(),
                                "expected the folder of a workspace or a product, or a project file",
                                "a workspace holds workspace.h5, a product holds product.json");
        }
        addRecent(path);
    } catch (...) {
        tellFailure();
    }
}

void MainWindow::openWorkspace(const QString& path) {
    if (!project_.workspace().isEmpty() && project_.workspace() != path) {
        if (!mayClose()) return;
        clearProject();
    }
    project_.setWorkspace(path);
    showPage(Page::Workspace);
    // What was trained there before; the newest of them is tuned.
    QString newest;
    QDateTime when;
    const QDir products(path + QStringLiteral("/products"));
    for (const auto& name : products.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        const QString folder = products.filePath(name);
        if (!isProduct(folder)) continue;
        project_.addProduct(folder, false);
        const QDateTime made = QFileInfo(folder + QStringLiteral("/product.json")).lastModified();
        if (newest.isEmpty() || made > when) {
            newest = folder;
            when = made;
        }
    }
    if (!newest.isEmpty() && project_.product().isEmpty()) project_.setProduct(newest);
}

void MainWindow::openDropped(const QStringList& paths) {
    // Folders that are no workspace and no product are taken for embeddings in parts.
    QStringList embeddings;
    for (const auto& path : paths) {
        const bool folder = QFileInfo(path).isDir() && !isProduct(path) && !isWorkspace(path);
        if (folder || isData(path)) embeddings << path;
    }
    if (!embeddings.isEmpty()) return importDialog(project_.workspace(), embeddings);
    for (const auto& path : paths) {
        open(path);
        if (!message_->text().isEmpty()) break;  // it says why this one was not
    }
}

// In a catch.
void MainWindow::tellFailure() {
    if (const auto failure = currentFailure()) message_->showError(*failure);
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

void MainWindow::importDialog(const QString& workspace, const QStringList& paths) {
    auto* dialog = new ImportDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    if (!workspace.isEmpty()) dialog->setWorkspace(workspace);
    dialog->addPaths(paths);
    connect(dialog, &ImportDialog::imported, this, [this](const QString& folder) {
        if (QDir::cleanPath(folder) == project_.workspace()) workspace_->openWorkspace(project_.workspace());
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
    dialog->setBaseline(pinnedBaseline(project_, *session_.product()));
    const auto [reference, name] = this->reference();
    dialog->commands().setReference(reference, name);
    dialog->commands().setAlong(tune_->surfaces().curveFactor());
    std::vector<CommandPage::Column> columns;
    for (const auto& item : compare_->items()) columns.push_back({item.name, item.product, item.setting, item.space});
    dialog->commands().setCompared(columns);
    if (const auto search = tune_->goal().requestText()) dialog->commands().setTune(*search);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->show();
}

void MainWindow::openDemo(const QString& folder, const QString& preset) {
    const QString place =
        folder.isEmpty() ? dataFolder(QStringLiteral("demo")) : QDir::cleanPath(QFileInfo(folder).absoluteFilePath());
    const QString workspace = place + QStringLiteral("/world");
    const QString product = workspace + QStringLiteral("/products/ImageBind++");
    if (demo_making_) {
        showPage(Page::Workspace);
        say(tr("The demo world is being made already"));
        return;
    }
    if (!project_.workspace().isEmpty() && project_.workspace() != workspace) {
        if (!mayClose()) return;
        clearProject();
    }
    message_->clear();
    // Its other products are being trained: what is there is shown.
    if (demo_.running() && place == demo_folder_) return showDemo(workspace, product);
    demo_preset_ = preset;
    demo_folder_ = place;
    demo_making_ = true;
    showPage(Page::Workspace);
    say(tr("Making the demo world"));
    demo_recipes_ = QStringList{QStringLiteral("InternVL_IB++"), QStringLiteral("InternVL_IB")};
    demo_.setBackground(false);
    demo_.start<int>(
        tr("Demo world"),
        [world = workspace.toStdString(), made = product.toStdString(),
         preset = preset.toStdString()](const engine::JobContext& job) {
            if (!std::filesystem::exists(std::filesystem::path(world) / "workspace.h5")) {
                const auto above = std::filesystem::path(world).parent_path();
                std::error_code error;
                std::filesystem::create_directories(above, error);
                if (error) {
                    throw engine::Error(engine::ErrorCode::Io, above.string(),
                                        "cannot make the folder of the demo world: " + error.message(),
                                        "start the studio with --demo and a folder that can be written");
                }
                engine::synth({world, {{"preset", preset}}}, job);
            }
            if (!std::filesystem::exists(std::filesystem::path(made) / "product.json"))
                trainForDemo(world, "ImageBind++", made, preset, job);
            return 0;
        },
        [this, workspace, product](int) {
            demo_making_ = false;
            if (project_.workspace().isEmpty() || project_.workspace() == workspace) {
                showDemo(workspace, product);
                trainMoreForDemo();
                return;
            }
            // Something else was opened in the meantime.
            message_->showNote(tr("The demo world is ready."));
            message_->setAction(tr("Open it"), [this] { openDemo(demo_folder_, demo_preset_); });
        });
}

void MainWindow::showDemo(const QString& workspace, const QString& product) {
    project_.setWorkspace(workspace);
    project_.addProduct(product);
    showPage(Page::Tune);
    addRecent(workspace);
}

void MainWindow::demoStopped() {
    if (!std::exchange(demo_making_, false)) return;
    say(tr("The demo world is not complete. It goes on from there when it is opened again."));
    if (project_.workspace().isEmpty()) showPage(Page::Start);
}

// The other products of the figures, while the first one can be tuned already.
void MainWindow::trainMoreForDemo() {
    QStringList wanted;
    const QString base = demo_folder_ + QStringLiteral("/world");
    for (const auto& name : demo_recipes_) {
        const QString folder = base + QStringLiteral("/products/") + name;
        if (isProduct(folder)) project_.addProduct(folder, false);  // the one that is tuned stays
        else wanted << name;
    }
    if (wanted.isEmpty()) return;
    const QString name = wanted.first();
    const QString folder = base + QStringLiteral("/products/") + name;
    demo_.setBackground(true);  // the sliders of the first come first
    demo_.start<int>(
        tr("Demo product %1").arg(name),
        [world = base.toStdString(), recipe = name.toStdString(), made = folder.toStdString(),
         preset = demo_preset_.toStdString()](const engine::JobContext& job) {
            trainForDemo(world, recipe, made, preset, job);
            return 0;
        },
        [this, base](int) {
            if (project_.workspace() == base) trainMoreForDemo();
        });
}

bool MainWindow::save() {
    return project_.file().isEmpty() ? saveAs() : saveTo(project_.file());
}

bool MainWindow::saveTo(const QString& file) {
    try {
        const engine::Json window = windowState();
        for (const auto& [key, value] : window.items()) project_.setExtra(key, value);
        project_.save(file);
        addRecent(file);
        say(tr("Saved: %1").arg(file));
        return true;
    } catch (...) {
        tellFailure();
        return false;
    }
}

bool MainWindow::saveAs() {
    QFileDialog dialog(this, tr("Save project"), QFileInfo(project_.file()).path(), tr("Projects (*.msproject)"));
    dialog.setAcceptMode(QFileDialog::AcceptSave);
    dialog.setDefaultSuffix(QStringLiteral("msproject"));  // known to the dialog, which asks before it replaces a file
    if (!project_.file().isEmpty()) dialog.selectFile(project_.file());
    return dialog.exec() == QDialog::Accepted && !dialog.selectedFiles().isEmpty() &&
           saveTo(dialog.selectedFiles().first());
}

// Runs that are still to be trained are work, also of a workspace that belongs to no file.
bool MainWindow::worthSaving() const {
    using State = TrainingRun::State;
    const auto& runs = reactions_->queue().runs();
    return project_.worthSaving() || (project_.modified() && std::any_of(runs.begin(), runs.end(), [](const auto& run) {
                                          return run.state == State::Waiting || run.state == State::Running ||
                                                 run.state == State::Paused;
                                      }));
}

bool MainWindow::mayClose() {
    if (!keep_settings_) return true;
    if (reactions_->running() || report_->running()) {
        const auto answer = QMessageBox::question(
            this, reactions_->running() ? tr("Stop training") : tr("Stop the report"),
            reactions_->running() ? tr("A training is running. It stops at its last whole step and goes on from there "
                                       "when it is started again.")
                                  : tr("A report is being made. It stops at its last whole step and goes on from there "
                                       "when it is started again."),
            QMessageBox::Ok | QMessageBox::Cancel);
        if (answer != QMessageBox::Ok) return false;
    }
    if (!worthSaving()) return true;
    const auto answer = QMessageBox::question(this, tr("Save project"), tr("Save what was changed in this project?"),
                                              QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel);
    if (answer == QMessageBox::Save) return save();
    return answer == QMessageBox::Discard;
}

// Its runs and what was edited of a recipe go too.
void MainWindow::clearProject() {
    const QScopedValueRollback<bool> restoring(restoring_, true);
    const QString workspace = project_.workspace();
    project_.clear();
    reactions_->restore(engine::Json::object(), workspace);
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

// A second after the first change, not after the last: a hand that never rests is kept too.
void MainWindow::keepForRecovery() {
    if (!recovery_file_.isEmpty() && !recovery_timer_.isActive()) recovery_timer_.start();
}

void MainWindow::writeRecovery() {
    engine::Json state = project_.state();
    state["recovered_from"] = project_.file().toStdString();
    state["window"].update(windowState());
    const bool empty = project_.workspace().isEmpty() && project_.products().isEmpty();
    recovery_writer_->post([this, state = std::move(state), file = recovery_file_, replaced = replaced_, empty](auto&) {
        try {
            if (empty) {
                QFile::remove(file);
            } else {
                QDir().mkpath(QFileInfo(file).path());
                engine::writeJsonFile(file.toStdString(), state);
            }
            if (!replaced.isEmpty()) QFile::remove(replaced);
        } catch (...) {
            const auto failure = currentFailure();
            if (failure) QMetaObject::invokeMethod(this, [this, failure] { log(failure->text()); });
        }
    });
}

void MainWindow::offerRecovery() {
    const QDir folder(QFileInfo(recovery_file_).path());
    for (const auto& entry : folder.entryInfoList({QStringLiteral("*.json")}, QDir::Files, QDir::Time)) {
        const auto pid = entry.baseName().section(QLatin1Char('-'), 0, 0).toLongLong();
        const bool lives = pid != QCoreApplication::applicationPid() && studioLives(pid);
        if (entry.absoluteFilePath() == recovery_file_ || pid <= 0 || lives) continue;
        const QString file = entry.absoluteFilePath();
        // A bar of its own: other messages neither hide the offer nor are taken for its refusal.
        recovery_bar_->showWarning(
            tr("The studio ended unexpectedly %1.").arg(QLocale().toString(entry.lastModified(), QLocale::ShortFormat)),
            tr("What was set then can be brought back; what was being trained goes on from its last checkpoint."));
        recovery_bar_->setAction(tr("Bring it back"), [this, file] {
            if (!mayClose()) return;
            recovery_bar_->disconnect(this);
            recovery_bar_->clear();
            recover(file);
        });
        connect(
            recovery_bar_, &MessageBar::dismissed, this,
            [this, file] {
                QFile::remove(file);
                offerRecovery();  // several windows may have ended so
            },
            Qt::SingleShotConnection);
        return;
    }
}

void MainWindow::recover(const QString& file) {
    try {
        project_.recover(engine::readJsonFile(file.toStdString()));
        restoreWindow();
        replaced_ = file;  // goes when this window's own copy is there
        writeRecovery();
    } catch (...) {
        tellFailure();
        // Not offered again, and not lost either.
        QFile::rename(file, file + QStringLiteral(".damaged"));
    }
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
    QStringList paths;
    for (const auto& url : event->mimeData()->urls()) {
        if (url.isLocalFile()) paths << url.toLocalFile();
    }
    openDropped(paths);
}

}  // namespace ui
