// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the pools of the workspace can give one step of the route, before anything is trained: what is good and bad in
// plain sentences, agreement between spaces, how sharp the averages are, modality gaps, examples; as the step retrieves
// or with centred modalities. The figures are those of `molspace pairs --quality --step` (engine/session/pools.h),
// measured by a job when asked for and kept until the workspace changes. Window's thread.
#pragma once

#include <QWidget>

#include <map>
#include <memory>
#include <optional>

#include "engine/session/pools.h"
#include "ui/bridge/job_runner.h"
#include "ui/reactions/run_estimate.h"

class QCheckBox;
class QLabel;
class QPushButton;
class QTableWidget;

namespace ui {

class Badge;
class ProgressStrip;
class WrappedText;

class PoolPanel : public QWidget {
    Q_OBJECT
public:
    explicit PoolPanel(QWidget* parent = nullptr);

    // What would be measured: a recipe as it would be trained, and the seed of the run. Without facts there is nothing.
    void setSource(std::shared_ptr<const WorkspaceFacts> facts, const engine::Recipe& recipe, std::uint64_t seed);
    // Shows a step of the recipe, and measures it where that has not been done.
    void look(std::size_t step);

    bool measuring() const { return runner_.running(); }
    // Of the step as it is now; nothing while that is not measured.
    std::shared_ptr<const engine::PoolsAnswer> answer() const;
    QString findings() const;  // that are shown, a line each
    QString about() const;

Q_SIGNALS:
    void failed(const ui::JobFailure& failure);
    // The step is to retrieve as it was measured.
    void centredWanted(std::size_t step, bool centred);

private:
    std::string key() const;  // of what is asked for: step, spaces, options
    engine::PoolsRequest request() const;
    void forget();
    void measure();
    void refresh();
    void showAnswer(const engine::PoolsAnswer& answer);
    void showFindings();
    void showExamples();

    std::shared_ptr<const WorkspaceFacts> facts_;
    engine::Recipe recipe_;
    std::uint64_t seed_ = 0;
    std::optional<std::size_t> step_;
    bool option_ = false;   // the step's own centring, as it was last seen
    bool stopped_ = false;  // the last measurement, by the user
    std::map<std::string, std::shared_ptr<const engine::PoolsAnswer>> known_;
    std::shared_ptr<const engine::PoolsAnswer> shown_;
    JobRunner runner_;

    QLabel *title_, *about_, *examples_title_;
    Badge* synthetic_;
    QCheckBox* centred_;
    QPushButton *measure_, *use_;
    ProgressStrip* progress_;
    WrappedText* findings_;
    QTableWidget *agreements_, *averages_, *gaps_, *examples_;
    QWidget* figures_;
};

}  // namespace ui
