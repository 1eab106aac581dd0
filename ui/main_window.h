// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The window: opens a workspace and shows what is in it, and the surfaces of a sweep. Reading runs in a thread of its
// own; the window never waits.
#pragma once

#include <QFutureWatcher>
#include <QLabel>
#include <QMainWindow>
#include <QStackedWidget>

#include <stop_token>

#include "engine/base/json.h"
#include "ui/pools_chart.h"
#include "ui/surface_view.h"
#include "ui/workspace_tree.h"

namespace ui {

class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    MainWindow();
    ~MainWindow() override;
    // A folder of a workspace, or a sweep (.json).
    void open(const QString& path);
    bool busy() const { return watcher_.isRunning(); }
    const WorkspaceTree& tree() const { return *tree_; }
    QString message() const { return message_->text(); }

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    struct Result {
        engine::Json inspected;
        QString error;
    };
    void finished();
    void say(const QString& text, bool error = false);

    QStackedWidget* pages_;
    WorkspaceTree* tree_;
    PoolsChart* chart_;
    SurfaceView* surface_ = nullptr;  // made when the first sweep is opened: it needs a 3D context
    QLabel* message_;
    QLabel* title_;
    QString path_;
    std::stop_source stop_;
    QFutureWatcher<Result> watcher_;
};

}  // namespace ui
