// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Learned routing of the product that is open: on each evaluation set the weights that its router gives the spaces,
// beside the shares that the factors in force give them, and the figure of both. The router is learned by a job when
// asked for (`molspace router`); what it weighs is measured once, the shares and figures by hand follow the sliders.
// Unlike the headroom's router, which chooses a setting for a query, this one replaces the factors on both sides.
// Window's thread.
#pragma once

#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QToolButton>
#include <QWidget>

#include <memory>
#include <optional>

#include "engine/base/json.h"
#include "ui/bridge/job_runner.h"
#include "ui/bridge/live_session.h"
#include "ui/document/project.h"
#include "ui/widgets/progress_strip.h"

namespace ui {

class OptionForm;

class RoutingPanel : public QWidget {
    Q_OBJECT
public:
    RoutingPanel(Project& project, LiveSession& session, QWidget* parent = nullptr);

    bool working() const { return runner_.running(); }
    void learn();  // anew where there is one
    void stop() { runner_.stop(); }

    // What is shown: of a space on one side of a set.
    struct Weight {
        double by_hand = 0, mean = 0, deviation = 0;
    };
    std::optional<Weight> weight(const QString& set, const QString& modality, const QString& space) const;
    std::optional<double> routed(const QString& set) const;  // the figure, percent
    OptionForm& options() const { return *options_; }
    QString about() const { return about_->text(); }

Q_SIGNALS:
    void shown();  // the weights are there
    void failed(const ui::JobFailure& failure);

protected:
    void showEvent(QShowEvent* event) override;

private:
    struct Found;
    void forget();
    void measureIfThere();
    void run(bool learn);
    void fill();
    void followSetting();
    void tell();
    bool hasRouter() const;
    std::optional<double> byHand(std::size_t set, const std::string& metric) const;

    Project& project_;
    LiveSession& session_;
    JobRunner runner_;
    std::shared_ptr<const Found> found_;
    bool tried_ = false;  // to measure the router that is there
    QPushButton* learn_;
    QToolButton* more_;
    OptionForm* options_;
    QWidget* options_area_;
    ProgressStrip* progress_;
    QLabel* about_;
    QTableWidget* table_;
};

}  // namespace ui
