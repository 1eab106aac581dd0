// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a run does: stage, how far it is in all, rate, time left, pause and stop; curves, queue and log in tabs, and
// what else belongs beside them. Window's thread.
#pragma once

#include <QWidget>

#include "engine/base/job.h"

class QLabel;
class QPlainTextEdit;
class QProgressBar;
class QPushButton;
class QTabWidget;

namespace ui {

class ElidedLabel;
class LossChart;
class QueueView;
class TrainingQueue;

class RunMonitor : public QWidget {
    Q_OBJECT
public:
    explicit RunMonitor(TrainingQueue& queue, QWidget* parent = nullptr);

    LossChart* chart() const { return chart_; }
    QueueView* queueView() const { return list_; }
    QString stage() const;
    QString log() const;
    void showCurves() const;
    // One more tab, at the end.
    void addTab(QWidget* panel, const QString& title, const QString& tip);
    void showTab(QWidget* panel) const;

private:
    void show(const engine::Progress& progress);
    void refresh();
    void paintColours();

    TrainingQueue& queue_;
    ElidedLabel *title_, *stage_, *figures_;
    QProgressBar *all_, *part_;
    QPushButton *pause_, *stop_;
    QTabWidget* tabs_;
    LossChart* chart_;
    QueueView* list_;
    QPlainTextEdit* log_;
};

}  // namespace ui
