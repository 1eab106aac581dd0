// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where a product is tuned by hand: controls on the left, the Δ groups' surface, heat map and exact curves in the
// middle, the figures of every set below. A click or drag on any view sets the sliders.
#pragma once

#include <QButtonGroup>
#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QSplitter>
#include <QStackedWidget>
#include <QTableView>
#include <QTimer>
#include <QToolButton>
#include <QWidget>

#include <memory>
#include <vector>

#include "ui/bridge/live_session.h"
#include "ui/document/project.h"
#include "ui/tune/controls_panel.h"
#include "ui/tune/goal_panel.h"
#include "ui/tune/metrics_model.h"
#include "ui/views/curve_view.h"
#include "ui/views/heat_map_view.h"
#include "ui/views/surface_view.h"
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

    ControlsPanel& controls() { return *controls_; }
    GoalPanel& goal() { return *goal_; }
    MetricsModel& metrics() { return *metrics_; }
    HeatMapView& heatMap() { return *heat_; }
    CurveView& curves() { return *curve_; }
    SurfaceView* surface() { return surface_; }  // null where there is no OpenGL, and before it is shown first
    QTableView& table() { return *table_; }
    // The Δ group that is shown, by its name.
    QString group() const;
    QStringList groups() const;
    void chooseGroup(const QString& name);
    QString groupText(const QString& name) const;  // what its button says: "Δ_AT +10.21"
    enum class Pane { Surface, HeatMap, Curves };
    void setPane(Pane pane, bool on);

Q_SIGNALS:
    void failed(const ui::JobFailure& failure);
    void exportRequested();
    void compareRequested();

protected:
    void changeEvent(QEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    QWidget* makeViews();
    QWidget* makeFigures();
    void productOpened();
    void productClosed();
    void baselineCame();
    // The pinned snapshot, where it is one of the product that is open.
    const Snapshot* pinnedSnapshot() const;
    void applyBaseline();
    void figuresCame();
    void surfaceCame();
    void viewChosen();
    void settingChanged();
    void baselineChosen(int index);
    void fillBaselines();
    void fillAxes();
    void wantAxes();
    void showSurface();
    void showGroups();
    void factorPicked(const QString& factor, double value, bool dragging);
    void picked(double x, double y, bool dragging);
    void wantTied();
    const engine::GroupSurface* groupSurface(std::size_t& index) const;
    bool twoFactors() const;  // the group depends on both axes
    void arrangePanes();
    void arrangeFigure();
    void showTitle();
    QString symbolOf(const QString& factor) const;

    Project& project_;
    LiveSession& session_;
    ControlsPanel* controls_;
    GoalPanel* goal_;
    MetricsModel* metrics_;
    MessageBar* message_;
    ProgressStrip* progress_;
    QComboBox* products_;
    QLabel* title_;
    QComboBox *baseline_, *x_, *y_, *steps_, *metric_;
    QButtonGroup* groups_;
    QWidget* group_bar_;
    QToolButton *pane_surface_, *pane_heat_, *pane_curves_;
    QCheckBox* tied_on_;
    QSplitter* panes_;
    QWidget* surface_place_;
    SurfaceView* surface_ = nullptr;
    HeatMapView* heat_;
    CurveView* curve_;
    QLabel *no_surface_, *caption_;
    QTableView* table_;
    QTimer rest_;
    JobRunner tied_;
    std::vector<engine::DeltaGroup> group_list_;
    std::string curve_factor_;
    int drag_ = 0, wanted_figure_ = 0;
};

}  // namespace ui
