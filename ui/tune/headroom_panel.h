// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What per-query routing could gain in the Δ group that the goal asks for: the best one setting, what the oracles say
// that single queries could have, and what a small router really gets on items that it was not fitted on. The figures
// are those of `molspace tune --headroom` (engine/factors/headroom.h), measured by a job when asked for. Window's
// thread.
#pragma once

#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QWidget>

#include <memory>
#include <optional>

#include "ui/bridge/job_runner.h"
#include "ui/bridge/live_session.h"
#include "ui/document/project.h"
#include "ui/tune/goal_panel.h"
#include "ui/widgets/progress_strip.h"

namespace ui {

class HeadroomPanel : public QWidget {
    Q_OBJECT
public:
    HeadroomPanel(Project& project, LiveSession& session, const GoalPanel& goal, QWidget* parent = nullptr);

    bool measuring() const { return runner_.running(); }
    // Of the last measurement; nothing where product, baseline, experts or projectors have changed since.
    std::shared_ptr<const engine::HeadroomResult> result() const;
    QString verdict() const { return verdict_->text(); }

Q_SIGNALS:
    void failed(const ui::JobFailure& failure);

private:
    struct Found;
    void forget();
    void measure();
    void showFound();
    void fillFigures();
    void fillDirections();

    Project& project_;
    LiveSession& session_;
    const GoalPanel& goal_;
    JobRunner runner_;
    std::shared_ptr<const Found> found_;
    QPushButton* measure_;
    ProgressStrip* progress_;
    QLabel *about_, *verdict_, *words_;
    QTableWidget *figures_, *directions_;
    QWidget* answer_;
};

}  // namespace ui
