// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which of surface, heat map and curves a SurfacesPanel shows, and along which factor the curves run.
#include <QFileInfo>

#include <algorithm>

#include "ui/export/view_menu.h"
#include "ui/tune/surfaces_panel.h"

namespace ui {
namespace {

constexpr const char *kSurfacePane = "surface", *kMapPane = "map", *kCurvesPane = "curves";  // in the project

bool acts(const engine::FactorInfo& factor, const engine::SetOutline& set) {
    return set.first == factor.modality || set.second == factor.modality;
}

}  // namespace

std::vector<std::string> SurfacesPanel::actingFactors() const {
    std::vector<std::string> acting;
    const auto live = session_.product();
    const auto* of = chosen();
    if (!live || !of) return acting;
    for (const auto* axis : {x_, y_}) {
        const auto* factor = live->plan().factor(factorOf(axis));
        const bool any =
            factor && std::any_of(live->sets().begin(), live->sets().end(), [&](const auto& set) {
                return std::find(of->sets.begin(), of->sets.end(), set.name) != of->sets.end() && acts(*factor, set);
            });
        if (any) acting.push_back(factor->name);
    }
    return acting;
}

void SurfacesPanel::choosePanes() {
    // Where only one of the two factors matters a curve says it all, as in the paper; 3D and map stay a click away.
    const auto acting = actingFactors();
    const bool only = x_->count() == 1, curve = only || acting.size() == 1;
    const QString by_hand = only ? QString() : project_.view().panes;
    const QString about = QStringLiteral("%1 %2 %3").arg(group()).arg(curve).arg(only), now = about + by_hand;
    if (panes_for_ != now) {
        panes_for_ = now;
        const auto wanted = [&](const char* pane, bool suits) {
            return by_hand.isEmpty() ? suits : by_hand.contains(QLatin1String(pane));
        };
        pane_surface_->setChecked(wanted(kSurfacePane, !curve));
        pane_heat_->setChecked(wanted(kMapPane, !curve));
        pane_curves_->setChecked(wanted(kCurvesPane, curve));
    }
    if (arranged_for_ != about) {
        arranged_for_ = about;
        if (acting.size() == 1) followFactor(acting.front());
    }
    placePanes();
}

void SurfacesPanel::paneClicked() {
    placePanes();                  // one of them at least
    if (x_->count() == 1) return;  // there is nothing to choose
    QStringList panes, names;
    for (const auto& [button, pane] :
         {std::pair{pane_surface_, kSurfacePane}, {pane_heat_, kMapPane}, {pane_curves_, kCurvesPane}}) {
        if (!button->isChecked()) continue;
        panes << QLatin1String(pane);
        names << button->text();
    }
    TuneView view = project_.view();
    view.panes = panes.join(QLatin1Char(' '));
    project_.setView(view, tr("Show %1").arg(names.join(QStringLiteral(", "))));
}

void SurfacesPanel::arrangeAnew() {
    arranged_for_.clear();
    panes_for_.clear();
    choosePanes();
}

engine::Json SurfacesPanel::state() const {
    return {{"curve", curve_factor_}, {"tied", tied_on_->isChecked()}};
}

void SurfacesPanel::restore(const engine::Json& state) {
    if (!state.is_object()) return;
    if (state.contains("curve") && state["curve"].is_string()) wanted_curve_ = state["curve"].get<std::string>();
    if (state.contains("tied") && state["tied"].is_boolean()) tied_on_->setChecked(state["tied"].get<bool>());
}

void SurfacesPanel::followFactor(const std::string& factor) {
    curve_factor_ = factor;
    session_.setCurveFactor(factor);
    placePanes();
}

void SurfacesPanel::placePanes() {
    if (!pane_surface_->isChecked() && !pane_heat_->isChecked() && !pane_curves_->isChecked())
        (x_->count() == 1 ? pane_curves_ : pane_heat_)->setChecked(true);
    if (pane_surface_->isChecked() && !surface_ && isVisible()) makeSurface();
    const bool others = surface_place_->isHidden() == pane_surface_->isChecked() ||
                        heat_->isHidden() == pane_heat_->isChecked() || curve_->isHidden() == pane_curves_->isChecked();
    surface_place_->setVisible(pane_surface_->isChecked());
    heat_->setVisible(pane_heat_->isChecked());
    curve_->setVisible(pane_curves_->isChecked());
    if (others) panes_->setSizes({500, 500, 500});
    curve_->setFactor(symbolOf(curve_factor_));
    curve_->setHighlighted(group());
    settingChanged();
}

void SurfacesPanel::makeSurface() {
    if (!SurfaceView::available()) {
        no_surface_->show();
        pane_heat_->setChecked(true);
        return;
    }
    surface_ = new SurfaceView;
    surface_place_->layout()->addWidget(surface_);
    addImageMenu(
        surface_, [this](QSize size) { return surface_->picture(size); },
        [this] { return QStringLiteral("%1 Δ_%2 3D").arg(QFileInfo(project_.product()).fileName(), group()); },
        [this](const JobFailure& failure) { Q_EMIT failed(failure); });
    connect(surface_, &SurfaceView::picked, this, [this](double x, double y) { picked(x, y, false); });
    if (!scale_of_.empty()) surface_->setRange(scale_.first, scale_.second);
    showSurface();
}

void SurfacesPanel::setPane(Pane pane, bool on) {
    auto* button = pane == Pane::Surface ? pane_surface_ : pane == Pane::HeatMap ? pane_heat_ : pane_curves_;
    if (button->isChecked() != on) button->click();
}

void SurfacesPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    // The 3D window needs a context: made when it is seen first.
    QMetaObject::invokeMethod(this, &SurfacesPanel::placePanes, Qt::QueuedConnection);
}

}  // namespace ui
