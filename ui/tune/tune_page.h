// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where a product is tuned by hand: controls on the left, the Δ groups' surfaces and curves in the middle, the figures
// of every set below.
#pragma once

#include <QComboBox>
#include <QLabel>
#include <QSlider>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTableView>
#include <QWidget>

#include "ui/bridge/live_session.h"
#include "ui/document/project.h"
#include "ui/tune/controls_panel.h"
#include "ui/tune/goal_panel.h"
#include "ui/tune/headroom_panel.h"
#include "ui/tune/metrics_model.h"
#include "ui/tune/routing_panel.h"
#include "ui/tune/surfaces_panel.h"
#include "ui/widgets/fitted_splitter.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/progress_strip.h"

namespace ui {

class TunePage : public QWidget {
    Q_OBJECT
public:
    TunePage(Project& project, LiveSession& session, QWidget* parent = nullptr);

    // The open products, by folder; the choice goes into the project.
    void setProducts(const QStringList& folders, const QString& current);
    // The paper's Figures 3 to 6 of the product that is open, as soon as it is.
    void showFigure(int number);
    // What of the page is no step of the history: the tab beside, the factor of the curves, the tied region.
    engine::Json state() const;
    void restore(const engine::Json& state);

    ControlsPanel& controls() { return *controls_; }
    GoalPanel& goal() { return *goal_; }
    HeadroomPanel& headroom() { return *headroom_; }
    RoutingPanel& routing() { return *routing_; }
    MetricsModel& metrics() { return *metrics_; }
    SurfacesPanel& surfaces() { return *surfaces_; }

Q_SIGNALS:
    // From the page that has no product.
    void trainRequested();
    void openRequested();

protected:
    void changeEvent(QEvent* event) override;

private:
    QWidget* makeViews();
    QWidget* makeNothing();
    void choosePage();
    QWidget* makeFigures();
    void productOpened();
    void productClosed();
    void baselineCame();
    void applyBaseline();
    void settingChanged();
    void baselineChosen(int index);
    void fillBaselines();
    void arrangeFigure();
    void showTitle();
    void fitFigures();  // all rows of the figures in sight
    // What was kept of the product's training, and which of it is open.
    QWidget* makeStages();
    void fillStages();
    void followStage();
    QString stageText(int part) const;

    Project& project_;
    LiveSession& session_;
    ControlsPanel* controls_;
    GoalPanel* goal_;
    HeadroomPanel* headroom_;
    RoutingPanel* routing_;
    MetricsModel* metrics_;
    MessageBar* message_;
    ProgressStrip* progress_;
    SurfacesPanel* surfaces_;
    QTabWidget* side_;
    QStackedWidget* pages_;  // of no product, of one
    QLabel* title_;
    QComboBox* products_;
    QComboBox *baseline_, *metric_;
    QWidget* stages_;
    QSlider* stage_;
    QLabel* stage_text_;
    QTableView* table_;
    FittedSplitter* middle_;  // views above, figures below
    int wanted_figure_ = 0;
};

}  // namespace ui
