// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which of surface, heat map and curves a SurfacesPanel shows, and along which factor the curves run.
#include <QFileInfo>
#include <QLayout>

#include <algorithm>

#include "ui/export/view_menu.h"
#include "ui/style/theme.h"
#include "ui/tune/surfaces_panel.h"

namespace ui {
namespace {

constexpr const char *kSurfacePane = "surface", *kMapPane = "map", *kCurvesPane = "curves";  // beside kGroupsPane

QString text(const std::string& s) {
    return QString::fromStdString(s);
}

}  // namespace

std::vector<std::string> SurfacesPanel::actingFactors(const engine::DeltaGroup* of) const {
    std::vector<std::string> acting;
    const auto live = session_.product();
    if (!live || !of) return acting;
    for (const auto* axis : {x_, y_}) {
        const auto factor = live->axis(factorOf(axis));
        bool any = false;
        for (std::size_t s = 0; factor && s < live->sets().size(); ++s) {
            const auto& name = live->sets()[s].name;
            any =
                any || (std::find(of->sets.begin(), of->sets.end(), name) != of->sets.end() && live->acts(*factor, s));
        }
        if (any) acting.push_back(factor->name);
    }
    return acting;
}

void SurfacesPanel::choosePanes() {
    // Where only one of the two factors matters a curve says it all, as in the paper; 3D and map stay a click away.
    const auto acting = actingFactors(chosen());
    const bool only = x_->count() == 1, curve = only || acting.size() == 1;
    QStringList by_hand = only ? QStringList() : project_.view().panes.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    const QString about = QStringLiteral("%1 %2 %3").arg(group()).arg(curve).arg(only),
                  now = about + by_hand.join(QLatin1Char(' '));
    if (panes_for_ != now) {
        panes_for_ = now;
        const bool groups = by_hand.removeAll(QLatin1String(kGroupsPane)) > 0;
        const auto wanted = [&](const char* pane, bool suits) {
            return by_hand.isEmpty() ? suits : by_hand.contains(QLatin1String(pane));
        };
        const bool scene = SurfaceView::available();
        pane_groups_->setChecked(groups);
        pane_surface_->setChecked(wanted(kSurfacePane, !curve && (!groups || scene)));
        pane_heat_->setChecked(wanted(kMapPane, !curve && !(groups && scene)));  // beside others one of the two
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
    if (sender() == pane_groups_) {  // with those that suit the room that is left
        if (pane_groups_->isChecked()) panes << QLatin1String(kGroupsPane);
        names << pane_groups_->text();
    } else {
        for (const auto& [button, pane] : {std::pair{pane_surface_, kSurfacePane},
                                           {pane_heat_, kMapPane},
                                           {pane_curves_, kCurvesPane},
                                           {pane_groups_, kGroupsPane}}) {
            if (!button->isChecked()) continue;
            panes << QLatin1String(pane);
            names << button->text();
        }
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
    return {{"curve", curve_factor_}, {"tied", tied_on_->isChecked()}, {"one_scale", one_scale_->isChecked()}};
}

void SurfacesPanel::restore(const engine::Json& state) {
    if (!state.is_object()) return;
    if (state.contains("curve") && state["curve"].is_string()) wanted_curve_ = state["curve"].get<std::string>();
    const auto check = [&](const char* key, QCheckBox* box) {
        if (state.contains(key) && state[key].is_boolean()) box->setChecked(state[key].get<bool>());
    };
    check("tied", tied_on_);
    check("one_scale", one_scale_);
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
    orderPanes();
    bool changed = false;
    const auto show = [&](QWidget* pane, bool on) {
        changed = changed || pane->isHidden() == on;
        pane->setVisible(on);
    };
    show(surface_place_, pane_surface_->isChecked());
    show(heat_, pane_heat_->isChecked());
    show(curve_, pane_curves_->isChecked());
    for (std::size_t g = 0; g < beside_.size(); ++g)
        show(beside_[g], pane_groups_->isChecked() && text(group_list_[g].name) != group());
    one_scale_->setVisible(pane_groups_->isChecked());
    if (changed) {
        QList<int> sizes;
        // A scene needs more room than a map or a curve.
        for (int i = 0; i < panes_->count(); ++i) sizes << (panes_->widget(i) == surface_place_ ? 600 : 450);
        panes_->setSizes(sizes);
        showSurface();
    }
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
    if (shown_scale_) surface_->setRange(shown_scale_->first, shown_scale_->second);
    showSurface();
}

void SurfacesPanel::setPane(Pane pane, bool on) {
    auto* button = pane == Pane::Surface   ? pane_surface_
                   : pane == Pane::HeatMap ? pane_heat_
                   : pane == Pane::Curves  ? pane_curves_
                                           : pane_groups_;
    if (button->isChecked() != on) button->click();
}

// --- The groups beside ---

GroupPanel* SurfacesPanel::beside(const QString& name) {
    for (std::size_t g = 0; g < beside_.size(); ++g) {
        if (text(group_list_[g].name) == name && !beside_[g]->isHidden()) return beside_[g];
    }
    return nullptr;
}

void SurfacesPanel::makeBeside() {
    for (auto* panel : beside_) delete panel;
    beside_.clear();
    for (const auto& group : group_list_) {
        auto* panel = new GroupPanel;
        panel->setMinimumSize(220, 180);
        panel->hide();
        panes_->addWidget(panel);
        connect(panel, &GroupPanel::picked, this, &SurfacesPanel::picked);
        for (QWidget* view : {static_cast<QWidget*>(&panel->heatMap()), static_cast<QWidget*>(&panel->curve())}) {
            addFigureMenu(
                view, [panel](QPainter& p, const QRectF& area) { panel->paintTo(p, area); },
                [this, name = text(group.name)] {
                    return QStringLiteral("%1 Δ_%2").arg(QFileInfo(project_.product()).fileName(), name);
                },
                [this](const JobFailure& failure) { Q_EMIT failed(failure); });
        }
        beside_.push_back(panel);
    }
}

void SurfacesPanel::orderPanes() {
    int at = 0;
    const auto next = [&](QWidget* pane) {
        if (panes_->indexOf(pane) != at) panes_->insertWidget(at, pane);
        ++at;
    };
    for (std::size_t g = 0; g < beside_.size(); ++g) {
        if (text(group_list_[g].name) == group()) {
            for (QWidget* pane : std::initializer_list<QWidget*>{surface_place_, heat_, curve_}) next(pane);
        }
        next(beside_[g]);
    }
}

void SurfacesPanel::showBeside() {
    const auto surface = session_.surface();
    for (std::size_t g = 0; g < beside_.size(); ++g) {
        if (beside_[g]->isHidden()) continue;
        std::size_t index = 0;
        while (surface && index < surface->groups.size() && surface->groups[index].group.name != group_list_[g].name)
            ++index;
        if (!surface || surface->axes.size() != 2 || index == surface->groups.size()) {
            beside_[g]->clear();
            continue;
        }
        std::vector<std::size_t> acting;
        for (const auto& factor : actingFactors(&group_list_[g])) {
            for (std::size_t axis = 0; axis < 2; ++axis) {
                if (surface->axes[axis].factor == factor) acting.push_back(axis);
            }
        }
        beside_[g]->setGroup(surface, index, acting, seriesColour(static_cast<int>(g)));
        const auto scale = one_scale_->isChecked() && shown_scale_ ? *shown_scale_ : scaleOf(index);
        if (scale.first < scale.second) beside_[g]->setRange(scale.first, scale.second);
    }
}

std::pair<double, double> SurfacesPanel::scaleOf(std::size_t group, std::optional<double> level) {
    const auto surface = session_.surface();
    const std::string& name = surface->groups[group].group.name;
    std::string of = surface->subject + '\n' + surface->baseline;
    for (const auto& axis : surface->axes) of += '\n' + axis.factor;
    Scale& scale = scales_[name];
    double low = 0, high = 0;
    if (!valueRange(*surface, group, low, high)) return scale.range;
    if (level) {
        low = std::min(low, *level);
        high = std::max(high, *level);
    }
    if (scale.of == of) scale.range = {std::min(low, scale.range.first), std::max(high, scale.range.second)};
    else scale = {of, {low, high}};
    return scale.range;
}

void SurfacesPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    // The 3D window needs a context: made when it is seen first.
    QMetaObject::invokeMethod(this, &SurfacesPanel::placePanes, Qt::QueuedConnection);
}

}  // namespace ui
