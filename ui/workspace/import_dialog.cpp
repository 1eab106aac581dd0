// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/workspace/import_dialog.h"

#include <QAction>
#include <QDir>
#include <QDragEnterEvent>
#include <QEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTreeView>
#include <QVBoxLayout>

#include <algorithm>
#include <set>

#include "engine/base/error.h"
#include "engine/session/session.h"
#include "ui/style/theme.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/progress_strip.h"
#include "ui/workspace/check_list.h"
#include "ui/workspace/import_model.h"

namespace ui {
namespace {

using engine::Json;

QString plural(std::size_t n, const QString& one, const QString& many) {
    return n == 1 ? one : many.arg(QLocale().toString(static_cast<qulonglong>(n)));
}

}  // namespace

// What a job found out about some paths.
struct ImportDialog::Looked {
    struct File {
        QString path;
        std::vector<engine::ArrayPeek> arrays;
        std::vector<std::string> problems;
        std::optional<JobFailure> failure;
        bool manifest = false;
    };
    std::vector<File> files;
    bool for_plan = false;
};

ImportDialog::ImportDialog(QWidget* parent) : QDialog(parent) {
    setWindowTitle(tr("Import embeddings"));
    setAcceptDrops(true);
    setSizeGripEnabled(true);
    peeker_ = new JobRunner(this);
    targeter_ = new JobRunner(this);
    looker_ = new JobRunner(this, true);
    importer_ = new JobRunner(this);
    mapping_model_ = new MappingModel(plan_, this);
    sets_model_ = new SetsModel(plan_, this);
    messages_ = new MessageBar;
    progress_ = new ProgressStrip;
    progress_->follow(*importer_);

    auto* top = new QVBoxLayout;
    top->setContentsMargins(14, 12, 14, 8);
    top->setSpacing(8);
    top->addWidget(messages_);
    top->addWidget(makeTarget());
    top->addWidget(makeTools());
    work_ = makeTables();
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->setSpacing(0);
    whole->addLayout(top);
    whole->addWidget(work_, 1);
    whole->addWidget(progress_);
    whole->addWidget(makeButtons());
    resize(1240, 740);

    changed_.setSingleShot(true);
    changed_.setInterval(0);
    connect(&changed_, &QTimer::timeout, this, &ImportDialog::update);
    target_changed_.setSingleShot(true);
    target_changed_.setInterval(200);
    connect(&target_changed_, &QTimer::timeout, this, &ImportDialog::lookAtTarget);
    connect(mapping_model_, &MappingModel::changed, this, &ImportDialog::planChanged);
    connect(sets_model_, &SetsModel::changed, this, [this] {
        mapping_model_->setProblems(problems_);
        planChanged();
    });
    connect(peeker_, &JobRunner::ended, this, &ImportDialog::lookAtNext);
    connect(targeter_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        target_unreadable_ = true;
        folder_state_->setText(failure.message);
        refresh();
        planChanged();
    });
    connect(peeker_, &JobRunner::failed, messages_, &MessageBar::showError);
    connect(targeter_, &JobRunner::ended, this, &ImportDialog::updateButtons);
    connect(importer_, &JobRunner::failed, this, [this](const JobFailure& failure) { messages_->showError(failure); });
    connect(importer_, &JobRunner::cancelled, this,
            [this] { messages_->showNote(tr("Stopped. Nothing was written.")); });
    connect(looker_, &JobRunner::failed, this,
            [this](const JobFailure& failure) { takeValues(looked_at_, std::nullopt, failure.message); });
    connect(importer_, &JobRunner::started, this, [this] {
        lookAtValues();
        updateButtons();
    });
    connect(importer_, &JobRunner::ended, this, [this] {
        lookAtValues();
        updateButtons();
        if (closing_) QDialog::reject();
    });
    refresh();
    update();
}

void ImportDialog::setWorkspace(const QString& folder) {
    folder_->setText(QDir::toNativeSeparators(folder));
    target_changed_.stop();
    lookAtTarget();
}

void ImportDialog::lookAtTarget() {
    target_changed_.stop();
    const QString folder = folder_->text().trimmed();
    target_ = {};
    target_is_there_ = target_unreadable_ = false;
    if (folder.isEmpty()) {
        targeter_->stop();
        folder_state_->setText(tr("Choose where the embeddings go."));
        planChanged();
        return;
    }
    folder_state_->setText(tr("Looking…"));
    struct Found {
        Json names;
        QString text;
        bool there = false, bad = false;
    };
    targeter_->start<Found>(
        tr("Looking at the workspace"),
        [folder](const engine::JobContext&) {
            Found found;
            const QDir dir(folder);
            if (!dir.exists()) {
                found.bad = QFileInfo::exists(folder);
                found.text =
                    found.bad ? tr("This is a file; a workspace is a folder.") : tr("A new workspace will be made.");
            } else if (!dir.exists(QStringLiteral("workspace.h5"))) {
                found.text = dir.isEmpty()
                                 ? tr("A new workspace will be made in this empty folder.")
                                 : tr("The folder has other files; a new workspace will be made beside them.");
            } else {
                try {
                    found.names = engine::peekWorkspace(folder.toStdString());
                    found.there = true;
                    found.text =
                        tr("Adds to this workspace: %1, %2, %3.")
                            .arg(plural(found.names["spaces"].size(), tr("1 space"), tr("%1 spaces")),
                                 plural(found.names["pools"].size(), tr("1 pool"), tr("%1 pools")),
                                 plural(found.names["sets"].size(), tr("1 evaluation set"), tr("%1 evaluation sets")));
                    if (found.names["synthetic"] == true)
                        found.text += QLatin1Char(' ') + tr("It is a synthetic world.");
                } catch (const engine::Error& error) {
                    found.bad = true;
                    found.text = QString::fromStdString(error.message());
                }
            }
            return found;
        },
        [this, folder](const Found& found) {
            // A job that was told to stop may have ended just before.
            if (folder != folder_->text().trimmed()) return;
            folder_state_->setText(found.text);
            target_is_there_ = found.there;
            target_unreadable_ = found.bad;
            if (found.there) target_ = KnownWorkspace::of(found.names);
            mapping_model_->setTarget(target_);
            refresh();
            planChanged();
        });
}

void ImportDialog::addPaths(const QStringList& paths) {
    if (paths.isEmpty()) return;
    messages_->clear();
    if (folder_->text().isEmpty()) {
        const QFileInfo first(paths.front());
        setWorkspace(first.dir().filePath(QStringLiteral("workspace")));
    }
    waiting_ << paths;
    updateButtons();
    if (!peeker_->running()) lookAtNext();
}

void ImportDialog::lookAtNext() {
    const bool for_plan = !plan_files_.isEmpty();
    const QStringList paths = std::exchange(for_plan ? plan_files_ : waiting_, {});
    if (paths.isEmpty()) {
        updateButtons();
        return;
    }
    peeker_->start<std::shared_ptr<const Looked>>(
        tr("Reading headers"),
        [paths, for_plan](const engine::JobContext& job) -> std::shared_ptr<const Looked> {
            auto looked = std::make_shared<Looked>();
            looked->for_plan = for_plan;
            for (const auto& path : paths) {
                Looked::File file;
                file.path = path;
                try {
                    const QFileInfo info(path);
                    if (!for_plan && info.suffix().toLower() == QLatin1String("json") && info.size() < (16 << 20)) {
                        const Json json = engine::readJsonFile(path.toStdString());
                        file.manifest = json.is_object() && (json.value("format", Json()) == "molspace-import" ||
                                                             json.contains("pools") || json.contains("sets"));
                    }
                    if (!file.manifest) file.arrays = engine::peekArrays(path.toStdString(), job, &file.problems);
                } catch (const engine::Error&) {
                    file.failure = currentFailure();
                } catch (const std::filesystem::filesystem_error& error) {
                    file.failure = JobFailure{path, QString::fromUtf8(error.code().message().c_str()), {}};
                }
                looked->files.push_back(std::move(file));
            }
            return looked;
        },
        [this](const std::shared_ptr<const Looked>& looked) { takeLooked(*looked); });
}

void ImportDialog::takeLooked(const Looked& looked) {
    std::vector<engine::ArrayPeek> arrays;
    QString manifest;
    QStringList failures, warnings;
    std::optional<JobFailure> failure;
    for (const auto& file : looked.files) {
        if (looked.for_plan) {
            for (auto& row : plan_.rows) {
                if (row.array.file.string() != file.path.toStdString() || row.known()) continue;
                if (file.failure) row.unreadable = file.failure->message.toStdString();
                else takeHeader(row, file.arrays);
            }
            continue;
        }
        if (file.manifest) manifest = file.path;
        arrays.insert(arrays.end(), file.arrays.begin(), file.arrays.end());
        if (file.failure) {
            failure = file.failure;
            failures << failure->text();
        }
        for (const auto& problem : file.problems) warnings << QString::fromStdString(problem);
    }
    if (failures.size() == 1 && warnings.isEmpty()) messages_->showError(*failure);
    else if (!failures.isEmpty())
        messages_->showError(
            {(failures + warnings).join(QLatin1Char('\n')), tr("Not all of these files could be read."), {}});
    else if (!warnings.isEmpty()) messages_->showWarning(warnings.join(QLatin1Char('\n')));
    if (!manifest.isEmpty()) {
        loadManifest(manifest);
        return;
    }
    addArrays(plan_, arrays, target_);
    mapping_model_->reset();
    sets_model_->reset();
    planChanged();
}

void ImportDialog::loadManifest(const QString& file) {
    messages_->clear();
    // What is being read, or waits for it, was for the table as it was before.
    waiting_.clear();
    plan_files_.clear();
    const std::filesystem::path path = QFileInfo(file).absoluteFilePath().toStdString();
    peeker_->start<std::shared_ptr<const ImportPlan>>(
        tr("Reading the manifest"),
        [path](const engine::JobContext&) {
            return std::make_shared<const ImportPlan>(
                planOf(engine::readJsonFile(path), path.string(), path.parent_path()));
        },
        [this, file](const std::shared_ptr<const ImportPlan>& plan) { takePlan(*plan, file); });
    updateButtons();
}

void ImportDialog::takePlan(const ImportPlan& plan, const QString& file) {
    plan_ = plan;
    if (folder_->text().isEmpty()) setWorkspace(QFileInfo(file).dir().filePath(QStringLiteral("workspace")));
    mapping_model_->reset();
    sets_model_->reset();
    for (const auto& row : plan_.rows) {
        const QString one = QString::fromStdString(row.array.file.string());
        if (!one.isEmpty() && !plan_files_.contains(one)) plan_files_ << one;
    }
    planChanged();
}

void ImportDialog::planChanged() {
    changed_.start();
}

void ImportDialog::update() {
    std::vector<std::string> before, after;
    for (const auto& s : plan_.sets) before.push_back(s.name);
    tidySets(plan_);
    for (const auto& s : plan_.sets) after.push_back(s.name);
    if (before != after) sets_model_->reset();
    check();
    const QString text = plan_.empty() ? QString() : QString::fromStdString(manifestOf(plan_).dump(2));
    if (text != manifest_->toPlainText()) manifest_->setPlainText(text);
    lookAtValues();
    updateButtons();
}

void ImportDialog::check() {
    problems_ = checkPlan(plan_, target_);
    mapping_model_->setProblems(problems_);
    // An empty table says itself what to do; it is no mistake.
    const bool begun = !plan_.rows.empty();
    checks_->show(begun ? problems_ : std::vector<PlanProblem>{}, !plan_.empty());
    const auto errors = std::count_if(problems_.begin(), problems_.end(), [](const auto& p) { return p.error; });
    checks_title_->setText(problems_.empty() || !begun ? tr("Checks")
                           : errors > 0                ? tr("Checks: %1 to mend").arg(errors)
                                                       : tr("Checks: %1 to look at").arg(problems_.size()));
}

bool ImportDialog::busy() const {
    return peeker_->running() || importer_->running() || targeter_->running() || !waiting_.isEmpty() ||
           !plan_files_.isEmpty();
}

bool ImportDialog::ready() const {
    const bool errors = std::any_of(problems_.begin(), problems_.end(), [](const auto& p) { return p.error; });
    return !errors && !plan_.empty() && !busy() && !changed_.isActive() && !target_changed_.isActive() &&
           !target_unreadable_ && !folder_->text().trimmed().isEmpty();
}

void ImportDialog::updateButtons() {
    const bool importing = importer_->running();
    const bool chosen = !mapping_->selectionModel()->selectedRows().isEmpty();
    work_->setEnabled(!importing);
    folder_->setEnabled(!importing);
    for (auto* b : {add_files_, add_folder_, load_}) b->setEnabled(!importing);
    remove_->setEnabled(!importing && chosen);
    copy_->setEnabled(!importing && chosen);
    for (auto* action : mapping_->actions()) action->setEnabled(chosen);
    save_->setEnabled(!plan_.empty());
    import_->setEnabled(ready());
    const auto errors = std::count_if(problems_.begin(), problems_.end(), [](const auto& p) { return p.error; });
    std::set<std::string> pools;
    std::size_t arrays = 0;
    std::uint64_t rows = 0;
    for (const auto& r : plan_.rows) {
        if (r.role == ArrayRole::PoolRows) pools.insert(r.item);
        if (isRows(r.role)) {
            ++arrays;
            rows += r.count().value_or(0);
        }
    }
    if (importing) {
        state_->setText(tr("Importing…"));
    } else if (peeker_->running() || !waiting_.isEmpty()) {
        state_->setText(tr("Reading headers…"));
    } else if (plan_.empty()) {
        state_->clear();
    } else {
        state_->setText(QStringList{plural(arrays, tr("1 array of embeddings"), tr("%1 arrays of embeddings")),
                                    tr("%1 rows").arg(QLocale().toString(static_cast<qulonglong>(rows))),
                                    plural(pools.size(), tr("1 pool"), tr("%1 pools")),
                                    plural(plan_.sets.size(), tr("1 evaluation set"), tr("%1 evaluation sets"))}
                            .join(QStringLiteral("  ·  ")));
    }
    import_->setToolTip(errors > 0 ? tr("First mend what the checks name (Ctrl+Enter)")
                                   : tr("Check the values and write the workspace; a failed import leaves it as it was "
                                        "(Ctrl+Enter)"));
}

void ImportDialog::applyFix(const std::function<void(ImportPlan&)>& fix) {
    fix(plan_);
    mapping_model_->setProblems({});
    sets_model_->reset();
    update();
}

void ImportDialog::saveManifest() {
    const QString file = QFileDialog::getSaveFileName(this, tr("Save manifest"), QStringLiteral("manifest.json"),
                                                      tr("Manifests (*.json)"));
    if (file.isEmpty()) return;
    try {
        engine::writeJsonFile(file.toStdString(), manifestOf(plan_));
        messages_->showNote(tr("Saved as %1.").arg(file),
                            tr("The same import on the command line: molspace import %1 --manifest %2")
                                .arg(folder_->text().isEmpty() ? QStringLiteral("WORKSPACE") : folder_->text(), file));
    } catch (const engine::Error&) {
        if (const auto failure = currentFailure()) messages_->showError(*failure);
    }
}

void ImportDialog::run() {
    if (!ready()) return;
    messages_->clear();
    const QString folder = QDir(folder_->text().trimmed()).absolutePath();
    importer_->start<engine::Outcome>(
        tr("Importing"),
        [folder, manifest = manifestOf(plan_)](const engine::JobContext& job) {
            const QTemporaryDir scratch;
            const std::filesystem::path file = scratch.filePath(QStringLiteral("manifest.json")).toStdString();
            engine::writeJsonFile(file, manifest);
            engine::ImportRequest request;
            request.workspace = folder.toStdString();
            request.manifest = file;
            return engine::importEmbeddings(request, job);
        },
        [this, folder](const engine::Outcome&) {
            accept();
            Q_EMIT imported(folder);
        });
}

void ImportDialog::reject() {
    if (importer_->running()) {
        closing_ = true;
        importer_->stop();
        return;
    }
    QDialog::reject();
}

void ImportDialog::keyPressEvent(QKeyEvent* event) {
    // Escape by mistake must not throw away a table that was filled in; Cancel does.
    if (event->key() == Qt::Key_Escape && !plan_.empty()) {
        messages_->showNote(tr("Nothing was imported yet. Cancel closes without importing."));
        return;
    }
    QDialog::keyPressEvent(event);
}

QString ImportDialog::checksText() const {
    return checks_->text();
}

QString ImportDialog::manifestText() const {
    return manifest_->toPlainText();
}

void ImportDialog::dragEnterEvent(QDragEnterEvent* event) {
    if (event->mimeData()->hasUrls() && !importer_->running()) event->acceptProposedAction();
}

void ImportDialog::dropEvent(QDropEvent* event) {
    QStringList paths;
    for (const auto& url : event->mimeData()->urls()) {
        if (url.isLocalFile()) paths << url.toLocalFile();
    }
    if (paths.isEmpty()) return;
    event->acceptProposedAction();
    addPaths(paths);
}

void ImportDialog::changeEvent(QEvent* event) {
    QDialog::changeEvent(event);
    // Later: a change of the style sheet puts fonts back when it is through.
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange)
        QTimer::singleShot(0, this, &ImportDialog::refresh);
}

void ImportDialog::refresh() {
    QFont strong = font();
    strong.setWeight(QFont::DemiBold);
    sets_title_->setFont(strong);
    checks_title_->setFont(strong);
    folder_state_->setForegroundRole(target_unreadable_ ? QPalette::BrightText : QPalette::PlaceholderText);
    add_files_->setIcon(icon(QStringLiteral("add")));
    add_folder_->setIcon(icon(QStringLiteral("add")));
    remove_->setIcon(icon(QStringLiteral("remove")));
    copy_->setIcon(icon(QStringLiteral("copy")));
}

}  // namespace ui
