// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Bringing embeddings in: files to a tree of arrays, checks while it is filled in, a manifest, the import. Headers are
// read, values looked at and the import run in the background; nothing is written before Import is pressed, and a
// failed or stopped import leaves the workspace as it was.
#pragma once

#include <QDialog>
#include <QTimer>

#include "ui/bridge/job_runner.h"
#include "ui/workspace/import_plan.h"

class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QSplitter;
class QTableView;
class QTreeView;

namespace ui {

class CheckList;
class ElidedLabel;
class MappingModel;
class MessageBar;
class ProgressStrip;
class SetsModel;

class ImportDialog : public QDialog {
    Q_OBJECT
public:
    explicit ImportDialog(QWidget* parent = nullptr);

    void setWorkspace(const QString& folder);  // to import into, new or existing
    void addPaths(const QStringList& paths);   // files and folders; a manifest is loaded
    void loadManifest(const QString& file);    // instead of what is in the table

    const ImportPlan& plan() const { return plan_; }
    bool busy() const;     // reads headers, or imports
    bool looking() const;  // at values; an import does not wait for that
    bool ready() const;    // may be imported as it is
    QString checksText() const;
    QString manifestText() const;
    MessageBar& messages() { return *messages_; }

    void reject() override;  // stops first, where an import runs

Q_SIGNALS:
    void imported(const QString& workspaceFolder);

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void changeEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    struct Looked;
    QWidget* makeTarget();
    QWidget* makeTools();
    QWidget* makeTables();
    QWidget* makeButtons();
    void lookAtNext();
    void takeLooked(const Looked& looked);
    void takePlan(const ImportPlan& plan, const QString& file);
    void lookAtTarget();
    void lookAtValues();
    void takeValues(const std::string& key, const std::optional<engine::ValuesPeek>& seen, const QString& problem);
    void planChanged();  // later, once for many changes
    void update();
    void check();  // without a change of the plan: after more is known of its arrays
    void updateButtons();
    void applyFix(const std::function<void(ImportPlan&)>& fix);
    void chooseRows(const std::vector<int>& rows);
    std::vector<int> chosenRows() const;  // of the plan; of a file or group all
    void removeRows();
    void copyRows();
    void leaveRowsOut();
    void saveManifest();
    void run();
    void refresh();

    ImportPlan plan_;
    KnownWorkspace target_;
    std::vector<PlanProblem> problems_;
    QStringList waiting_;     // paths that are to be looked at
    QStringList plan_files_;  // of a loaded manifest, whose headers are to be read; before those
    std::string looked_at_;   // valuesKey() of what is being looked at
    bool closing_ = false;
    bool target_is_there_ = false, target_unreadable_ = false;
    QTimer changed_, target_changed_;
    JobRunner *peeker_, *targeter_, *looker_, *importer_;

    MessageBar* messages_;
    ProgressStrip* progress_;
    QLineEdit* folder_;
    QLabel* folder_state_;
    QTreeView* mapping_;
    QTableView* sets_;
    MappingModel* mapping_model_;
    SetsModel* sets_model_;
    CheckList* checks_;
    QLabel *checks_title_, *sets_title_;
    QWidget *manifest_pane_, *work_;
    QPlainTextEdit* manifest_;
    QPushButton *add_files_, *add_folder_, *remove_, *copy_, *load_, *save_, *show_manifest_, *import_, *cancel_;
    ElidedLabel* state_;
};

}  // namespace ui
