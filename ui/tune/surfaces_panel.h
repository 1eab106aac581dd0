// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The Δ groups of the product under the hand: a button for each with its change now, and of the chosen one the surface
// in 3D, the heat map and exact curves, over factors of one's choice; on demand the other groups beside it, as in the
// paper's figures. A click or drag on any of them sets the sliders. Colours and heights keep their scale while other
// sliders move. Window's thread.
#pragma once

#include <QButtonGroup>
#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QSplitter>
#include <QTimer>
#include <QToolButton>
#include <QWidget>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ui/bridge/live_session.h"
#include "ui/document/project.h"
#include "ui/tune/flip_list.h"
#include "ui/tune/goal_panel.h"
#include "ui/tune/group_panel.h"
#include "ui/tune/metrics_model.h"
#include "ui/views/curve_view.h"
#include "ui/views/heat_map_view.h"
#include "ui/views/surface_view.h"

namespace ui {

inline constexpr const char* kGroupsPane = "groups";  // in TuneView::panes

class SurfacesPanel : public QWidget {
    Q_OBJECT
public:
    SurfacesPanel(Project& project, LiveSession& session, const MetricsModel& metrics, const GoalPanel& goal,
                  QWidget* parent = nullptr);

    HeatMapView& heatMap() { return *heat_; }
    CurveView& curves() { return *curve_; }
    const std::string& curveFactor() const { return curve_factor_; }
    FlipList& flips() { return *flips_; }
    SurfaceView* surface() { return surface_; }  // null where there is no OpenGL, and before it is shown first
    // The Δ group that is shown, by its name.
    QString group() const;
    QStringList groups() const;
    void chooseGroup(const QString& name);
    // The panel of a group that stands beside the chosen one; null where it is the chosen one, or none is shown.
    GroupPanel* beside(const QString& name);
    QString groupText(const QString& name) const;  // what its button says: "Δ_AT  +10.21"
    enum class Pane { Surface, HeatMap, Curves, Groups };
    void setPane(Pane pane, bool on);

    void productOpened();
    void productClosed();
    void baselineCame();
    void figuresCame() { showGroups(); }
    void settingChanged();  // of the project: cursors follow
    void showSurface();
    void followFactor(const std::string& factor);  // its curve is the one of interest
    void arrangeAnew();                            // panes and the curves' factor as they suit the group
    // What is no step of the history: the factor of the curves, the tied region.
    engine::Json state() const;
    void restore(const engine::Json& state);

Q_SIGNALS:
    void failed(const ui::JobFailure& failure);
    void noted(const QString& text);
    // A query that makes the curve jump, to be inspected.
    void queryChosen(const QString& set, bool forward, quint32 query, const std::string& factor);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void makeBar(QLayout* column);
    void makePanes(QLayout* column);
    void fillAxes();
    void axisChosen(QComboBox* changed);
    void wantAxes();
    void showGroups();
    void choosePanes();
    void placePanes();
    void paneClicked();
    void makeSurface();
    void makeBeside();  // a panel for each group
    void orderPanes();  // groups in their order, the chosen one's panes in its place
    void showBeside();
    // The kept scale of a group of the surface, in which `level` lies too.
    std::pair<double, double> scaleOf(std::size_t group, std::optional<double> level = std::nullopt);
    void showMarkers(const engine::GroupSurface& of);
    void factorPicked(double value, bool dragging);
    void picked(double x, double y, bool dragging);
    void wantTied();
    const engine::DeltaGroup* chosen() const;
    const engine::GroupSurface* groupSurface(std::size_t& index) const;
    // Those of both axes that act on the group's sets.
    std::vector<std::string> actingFactors(const engine::DeltaGroup* of) const;
    QString symbolOf(const std::string& factor) const;
    std::string factorOf(const QComboBox* axis) const { return axis->currentData().toString().toStdString(); }

    Project& project_;
    LiveSession& session_;
    const MetricsModel& metrics_;
    const GoalPanel& goal_;
    QButtonGroup* groups_;
    QWidget* group_bar_;
    QComboBox *x_, *y_, *steps_;
    QToolButton *pane_surface_, *pane_heat_, *pane_curves_, *pane_groups_;
    QCheckBox *tied_on_, *one_scale_;
    QSplitter* panes_;
    QWidget* surface_place_;
    SurfaceView* surface_ = nullptr;
    HeatMapView* heat_;
    CurveView* curve_;
    FlipList* flips_;
    QLabel *no_surface_, *caption_;
    QTimer rest_;
    JobRunner tied_;
    std::vector<engine::DeltaGroup> group_list_;
    std::vector<GroupPanel*> beside_;  // in the order of group_list_; that of the chosen one is hidden
    std::string curve_factor_;
    std::string wanted_curve_;          // of a project, until its product is open
    QString arranged_for_, panes_for_;  // what the curves' factor and the panes were last chosen for
    struct Scale {
        std::string of;  // what it was begun for; it only grows while that stays
        std::pair<double, double> range{0, 0};
    };
    std::map<std::string, Scale> scales_;  // by group
    std::optional<std::pair<double, double>> shown_scale_;
    int drag_ = 0;
};

}  // namespace ui
