// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Goal-seek: what is to be as high as possible, what must be kept, and the settings that do it: the best one, and those
// of the Pareto front. A choice sets the sliders.
#pragma once

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QWidget>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ui/bridge/job_runner.h"
#include "ui/bridge/live_session.h"
#include "ui/document/project.h"

class QVBoxLayout;

namespace ui {

class GoalPanel : public QWidget {
    Q_OBJECT
public:
    GoalPanel(Project& project, LiveSession& session, QWidget* parent = nullptr);
    // Of the last search; nothing while other experts are in force than those it searched with.
    std::shared_ptr<const engine::TuneResult> result() const;
    bool searching() const { return runner_.running(); }

Q_SIGNALS:
    void found();  // result()
    void failed(const ui::JobFailure& failure);

private:
    struct Keep {
        std::string group;
        QCheckBox* on;
        QDoubleSpinBox* at_least;
    };
    void rebuild();
    void search();
    void showResult();
    void apply(int row);

    Project& project_;
    LiveSession& session_;
    JobRunner runner_;
    QComboBox* maximize_;
    QWidget* keeps_;
    std::vector<Keep> keep_;
    QPushButton* search_;
    QLabel* said_;
    QTableWidget* table_;
    std::shared_ptr<const engine::TuneResult> result_;
    engine::Setting searched_;              // experts and projectors of the search
    std::vector<engine::TunePoint> shown_;  // by row
};

}  // namespace ui
