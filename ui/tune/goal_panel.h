// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Goal-seek: what is to be as high as possible, or to reach a value while the others pay least, what must be kept, and
// the settings that do it: the best one, how sure it is, and those of the Pareto front. A choice sets the sliders.
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
#include <optional>
#include <string>
#include <vector>

#include "ui/bridge/job_runner.h"
#include "ui/bridge/live_session.h"
#include "ui/document/project.h"

class QVBoxLayout;

namespace ui {

// The snapshot that changes are counted against; null: none of the current product is pinned.
const Snapshot* pinnedSnapshot(const Project& project);
// What changes are counted against: that snapshot, or a space. A space that the product does not know, or another
// product's snapshot, is no baseline here: the base is.
BaselineChoice pinnedBaseline(const Project& project, const engine::LiveProduct& live);

class GoalPanel : public QWidget {
    Q_OBJECT
public:
    GoalPanel(Project& project, LiveSession& session, QWidget* parent = nullptr);
    // Of the last search; nothing while other experts are in force than those it searched with.
    std::shared_ptr<const engine::TuneResult> result() const;
    // How sure its best setting is of the group that is asked for; nothing where that cannot be told.
    std::shared_ptr<const engine::Sureness> sureness() const { return result() ? sure_of_ : nullptr; }
    // The Δ group that is asked for, by its name.
    std::string group() const;
    // What a search would ask for now, from the setting in force; nothing while no product or baseline is there.
    std::optional<engine::TuneRequest> request() const;
    // The same for `molspace tune`.
    std::optional<engine::TuneRequestText> requestText() const;
    // What the last search found, if it asked for just that.
    std::shared_ptr<const engine::TuneResult> resultOf(const engine::TuneRequest& request) const;
    bool searching() const { return runner_.running(); }

Q_SIGNALS:
    void found();    // result()
    void rebuilt();  // other groups to choose from: another product or baseline, or none
    void failed(const ui::JobFailure& failure);

private:
    struct Keep {
        std::string group;
        QCheckBox* on;
        QDoubleSpinBox* at_least;
    };
    struct Found;
    void rebuild();
    void goalChanged();
    void search();
    QString sureText() const;
    void showResult();
    void apply(int row);

    Project& project_;
    LiveSession& session_;
    JobRunner runner_;
    QComboBox *goal_, *maximize_;
    QLabel* target_label_;
    QDoubleSpinBox* target_;
    QWidget* keeps_;
    std::vector<Keep> keep_;
    // What was set for groups by their names: the rows come anew with every baseline.
    std::map<std::string, std::pair<bool, double>> kept_;
    QString chosen_;  // the group, as long as there is none to choose
    QPushButton* search_;
    QLabel *said_, *sure_;
    QTableWidget* table_;
    std::shared_ptr<const engine::TuneResult> result_;
    std::shared_ptr<const engine::Sureness> sure_of_;
    engine::TuneRequest searched_;          // what result_ was found for
    bool searched_value_ = false;           // to reach a value
    std::vector<engine::TunePoint> shown_;  // by row
};

}  // namespace ui
