// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One line about a running job: stage, bar, rate, time left in words, a button that stops it. Hidden while nothing
// runs. Window's thread.
#pragma once

#include <QTimer>
#include <QWidget>

#include "engine/base/job.h"

class QProgressBar;
class QPushButton;

namespace ui {

class ElidedLabel;
class JobRunner;

// "about 2 min left"; empty for less than 0 (not known).
QString timeLeftText(double seconds);
// "1,200 rows/s"; empty for 0.
QString rateText(double rate, const QString& unit);
// A bar at what is done of a stage; to and fro where the total is not known.
void showShare(QProgressBar& bar, const engine::Progress& progress);

class ProgressStrip : public QWidget {
    Q_OBJECT
public:
    explicit ProgressStrip(QWidget* parent = nullptr);

    // Shows what the runner does, from when it has run for a moment, and stops it.
    void follow(JobRunner& runner);

    using QWidget::show;
    void show(const engine::Progress& progress);
    void finish();  // hides

Q_SIGNALS:
    void stopRequested();

protected:
    void changeEvent(QEvent* event) override;

private:
    void refresh();

    ElidedLabel* stage_;
    QProgressBar* bar_;
    ElidedLabel* figures_;
    ElidedLabel* left_;
    QPushButton* stop_;
    QTimer appear_;
};

}  // namespace ui
