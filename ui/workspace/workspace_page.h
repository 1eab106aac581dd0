// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The page of an open workspace: what is in it, what can react with what, what is doubtful. Looks through the workspace
// in the background; changes nothing.
#pragma once

#include <QWidget>

#include "engine/base/json.h"
#include "ui/bridge/job_runner.h"

class QLabel;
class QPushButton;
class QTabWidget;
class QToolButton;

namespace ui {

class Badge;
class ElidedLabel;
class ItemDetails;
class MessageBar;
class PoolsChart;
class ProgressStrip;
class SpaceGraph;
class WarningList;
class WorkspaceTree;

class WorkspacePage : public QWidget {
    Q_OBJECT
public:
    explicit WorkspacePage(QWidget* parent = nullptr);

    // Looks through it, then shows it and emits opened(); or failed(), and what was shown stays.
    void openWorkspace(const QString& folder);
    void showInspected(const QString& folder, const engine::Json& inspected);
    void closeWorkspace();  // shows nothing

    const QString& folder() const { return folder_; }  // of what is shown
    const engine::Json& inspected() const { return inspected_; }
    bool busy() const { return runner_->running(); }
    WorkspaceTree& tree() { return *tree_; }
    ItemDetails& details() { return *details_; }
    MessageBar& messages() { return *messages_; }
    QString summary() const;  // the line under the name
    QString warningsText() const;

Q_SIGNALS:
    void opened(const QString& folder, const engine::Json& inspected);
    void failed(const ui::JobFailure& failure);
    void logged(const QString& line);
    void importRequested(const QString& folder);

protected:
    void changeEvent(QEvent* event) override;

private:
    void choose(const QString& pointer);
    void refresh();

    QString folder_, wanted_;  // shown, and last asked for
    engine::Json inspected_;
    JobRunner* runner_;
    MessageBar* messages_;
    ProgressStrip* progress_;
    QLabel* name_;
    Badge* synthetic_;
    ElidedLabel *summary_, *place_;
    QToolButton* warnings_chip_;
    QPushButton *import_, *again_;
    WorkspaceTree* tree_;
    ItemDetails* details_;
    QTabWidget* tabs_;
    SpaceGraph* graph_;
    PoolsChart* chart_;
    WarningList* warnings_;
    QWidget* body_;
};

}  // namespace ui
