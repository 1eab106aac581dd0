// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tune/surfaces_panel.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

#include "ui/export/view_menu.h"
#include "ui/style/numbers.h"
#include "ui/views/surface_grid.h"
#include "ui/widgets/flow_layout.h"

namespace ui {
namespace {

constexpr std::size_t kMostTiedNodes = 1000;  // the region's time grows with their square
constexpr int kTiedResamples = 500;

QString text(const std::string& s) {
    return QString::fromStdString(s);
}

QString delta(const std::string& group) {
    return QStringLiteral("Δ_%1").arg(text(group));
}

QToolButton* toggle(const QString& name, const QString& tip) {
    auto* button = new QToolButton;
    button->setText(name);
    button->setCheckable(true);
    button->setProperty("chip", true);
    button->setToolTip(tip);
    button->setAccessibleName(tip);
    return button;
}

QComboBox* choice(const char* object, const QString& name, const QString& tip) {
    auto* box = new QComboBox;
    box->setObjectName(QLatin1String(object));
    box->setAccessibleName(name);
    box->setToolTip(tip);
    box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    return box;
}

}  // namespace

SurfacesPanel::SurfacesPanel(Project& project, LiveSession& session, const MetricsModel& metrics, const GoalPanel& goal,
                             QWidget* parent)
    : QWidget(parent),
      project_(project),
      session_(session),
      metrics_(metrics),
      goal_(goal),
      groups_(new QButtonGroup(this)),
      tied_(this) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    makeBar(column);
    makePanes(column);
    // The tied region is of one group on one surface.
    const auto showAnew = [this] {
        showSurface();
        if (!tied_on_->isChecked()) return;
        heat_->setTied({});
        rest_.start();
    };
    connect(&session_, &LiveSession::surfaceChanged, this, showAnew);
    connect(&session_, &LiveSession::curvesChanged, this,
            [this](const std::vector<engine::LiveCurve>& curves) { curve_->setCurves(curves); });
    connect(&project_, &Project::viewChanged, this, [this, showAnew] {
        fillAxes();
        wantAxes();
        showGroups();
        choosePanes();
        showAnew();
    });
    connect(&session_, &LiveSession::axesChanged, this, [this] {
        fillAxes();
        wantAxes();
        const auto axes = session_.product()->axes();
        if (!session_.product()->axis(curve_factor_) && !axes.empty()) followFactor(axes.front().name);
        choosePanes();
    });
    connect(&tied_, &JobRunner::failed, this, &SurfacesPanel::failed);
    rest_.setSingleShot(true);
    rest_.setInterval(300);
    connect(&rest_, &QTimer::timeout, this, &SurfacesPanel::wantTied);
}

void SurfacesPanel::makeBar(QLayout* column) {
    group_bar_ = new QWidget;
    auto* groups = new QHBoxLayout(group_bar_);
    groups->setContentsMargins(0, 0, 0, 0);
    groups->setSpacing(6);
    x_ = choice("axis_x", tr("Factor across"), tr("The factor across"));
    y_ = choice("axis_y", tr("Factor up"), tr("The factor up"));
    steps_ = choice("steps", tr("Nodes of the surface"), tr("How many exact nodes the surface has"));
    for (const int n : {9, 21, 41, 101}) steps_->addItem(QStringLiteral("%1 × %1").arg(n), n);
    pane_surface_ = toggle(tr("3D"), tr("The surface in three dimensions"));
    pane_heat_ = toggle(tr("Map"), tr("The heat map with contours"));
    pane_curves_ = toggle(tr("Curves"), tr("Exact curves along one factor, with every value at which they change"));
    pane_groups_ = toggle(tr("Groups"), tr("The other Δ groups beside this one, as in the paper's figures"));
    pane_groups_->setObjectName(QStringLiteral("pane_groups"));
    pane_surface_->setChecked(true);
    pane_heat_->setChecked(true);
    tied_on_ = new QCheckBox(tr("Tied"));
    tied_on_->setToolTip(tr("Outline the settings that are statistically tied with the best (95 %, items drawn anew)"));
    tied_on_->setObjectName(QStringLiteral("tied"));
    // Each of the three is whole; beside docks they stand on two lines.
    auto* axes = new QWidget;
    auto* over = new QHBoxLayout(axes);
    auto* panes = new QWidget;
    auto* shown = new QHBoxLayout(panes);
    for (auto* row : {over, shown}) {
        row->setContentsMargins(0, 0, 0, 0);
        row->setSpacing(6);
    }
    over->addWidget(new QLabel(tr("over")));
    for (QWidget* w : std::initializer_list<QWidget*>{x_, y_, steps_}) over->addWidget(w);
    for (auto* button : {pane_surface_, pane_heat_, pane_curves_, pane_groups_}) {
        shown->addWidget(button);
        connect(button, &QToolButton::clicked, this, &SurfacesPanel::paneClicked);
    }
    auto* bar = new FlowLayout(nullptr, 8);
    for (QWidget* part : {group_bar_, axes, panes}) bar->addWidget(part);
    static_cast<QVBoxLayout*>(column)->addLayout(bar);
    for (auto* axis : {x_, y_, steps_}) connect(axis, &QComboBox::activated, this, [this, axis] { axisChosen(axis); });
    connect(tied_on_, &QCheckBox::toggled, this, [this](bool on) {
        if (on) rest_.start();
        else heat_->setTied({});
    });
}

void SurfacesPanel::makePanes(QLayout* column) {
    heat_ = new HeatMapView;
    curve_ = new CurveView;
    no_surface_ = new QLabel(tr("There is no OpenGL here, so surfaces are shown as heat maps."));
    no_surface_->setAlignment(Qt::AlignCenter);
    no_surface_->setWordWrap(true);
    no_surface_->hide();
    surface_place_ = new QWidget;
    auto* place = new QVBoxLayout(surface_place_);
    place->setContentsMargins(0, 0, 0, 0);
    place->addWidget(no_surface_);
    panes_ = new QSplitter;
    panes_->setChildrenCollapsible(false);
    for (QWidget* pane : std::initializer_list<QWidget*>{surface_place_, heat_, curve_}) {
        pane->setMinimumSize(220, 180);
        panes_->addWidget(pane);
    }
    caption_ = new QLabel;
    caption_->setWordWrap(true);
    caption_->setForegroundRole(QPalette::PlaceholderText);
    caption_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    one_scale_ = new QCheckBox(tr("One scale"));
    one_scale_->setObjectName(QStringLiteral("one_scale"));
    one_scale_->setToolTip(tr("All groups on one scale; else each fills its own"));
    one_scale_->hide();
    static_cast<QVBoxLayout*>(column)->addWidget(panes_, 1);
    auto* foot = new QHBoxLayout;
    foot->addWidget(caption_, 1);
    foot->addWidget(tied_on_, 0, Qt::AlignTop);
    foot->addWidget(one_scale_, 0, Qt::AlignTop);
    static_cast<QVBoxLayout*>(column)->addLayout(foot);
    connect(one_scale_, &QCheckBox::toggled, this, &SurfacesPanel::showSurface);
    connect(heat_, &HeatMapView::picked, this, &SurfacesPanel::picked);
    connect(curve_, &CurveView::picked, this, &SurfacesPanel::factorPicked);
    flips_ = new FlipList(session_, this);
    connect(curve_, &CurveView::changesAsked, this, [this](double low, double high) {
        if (const auto* of = chosen()) flips_->ask(*of, curve_factor_, project_.setting(), low, high);
    });
    connect(flips_, &FlipList::queryChosen, this, &SurfacesPanel::queryChosen);
    connect(flips_, &FlipList::failed, this, &SurfacesPanel::failed);
    const auto tell = [this](const JobFailure& failure) { Q_EMIT failed(failure); };
    const auto name = [this] {
        return QStringLiteral("%1 Δ_%2").arg(QFileInfo(project_.product()).fileName(), group());
    };
    addFigureMenu(
        heat_, [this](QPainter& p, const QRectF& area) { heat_->paintTo(p, area); }, name, tell);
    addFigureMenu(
        curve_, [this](QPainter& p, const QRectF& area) { curve_->paintTo(p, area); }, name, tell);
}

// --- What is open ---

void SurfacesPanel::productOpened() {
    fillAxes();
    curve_factor_.clear();
    for (const auto& factor : session_.product()->plan().factors) {
        if (factor.live && curve_factor_.empty()) curve_factor_ = factor.name;
    }
    session_.setCurveFactor(curve_factor_);
    wantAxes();
}

void SurfacesPanel::productClosed() {
    group_list_.clear();
    showGroups();
    heat_->setSurface(nullptr, 0);
    heat_->setTied({});
    heat_->setMarkers({});
    curve_->setCurves({});
    if (surface_) surface_->setSurface(nullptr, 0);
    caption_->clear();
    scales_.clear();
    shown_scale_.reset();
    x_->clear();
    y_->clear();
}

void SurfacesPanel::baselineCame() {
    const auto& baseline = session_.baseline();
    group_list_ = baseline ? session_.product()->groups(*baseline) : std::vector<engine::DeltaGroup>{};
    showGroups();
    choosePanes();
    // Of a project that was opened: once, after the panes have chosen a factor of their own.
    const std::string wanted = std::exchange(wanted_curve_, {});
    if (!wanted.empty() && session_.product()->axis(wanted)) followFactor(wanted);
}

void SurfacesPanel::settingChanged() {
    const auto setting = project_.setting();
    const auto at = [&](const std::string& factor) {
        const auto live = session_.product();
        const auto axis = live ? live->axis(factor) : std::nullopt;
        return axis ? engine::factorAt(*axis, setting) : 0;
    };
    heat_->setCursor(at(factorOf(x_)), at(factorOf(y_)));
    if (surface_) surface_->setCursor(at(factorOf(x_)), at(factorOf(y_)));
    for (auto* panel : beside_) panel->setCursor(at(factorOf(x_)), at(factorOf(y_)));
    if (!curve_factor_.empty()) curve_->setCursor(at(curve_factor_));
}

QString SurfacesPanel::symbolOf(const std::string& factor) const {
    const auto live = session_.product();
    const auto axis = live ? live->axis(factor) : std::nullopt;
    return text(axis ? axis->symbol : factor);
}

// --- Axes ---

void SurfacesPanel::fillAxes() {
    const QSignalBlocker a(x_), b(y_), c(steps_);
    x_->clear();
    y_->clear();
    const auto live = session_.product();
    if (!live) return;
    QStringList names;
    for (const auto& factor : live->axes()) {
        names << text(factor.name);
        x_->addItem(text(factor.symbol), text(factor.name));
        y_->addItem(text(factor.symbol), text(factor.name));
    }
    const TuneView& view = project_.view();
    QString x = view.x, y = view.y;
    // σ of audio and text as in the paper's figures, else λ of image and text, else the first two.
    if (!names.contains(x) || !names.contains(y) || x == y) {
        const auto both = [&](const char* first, const char* second) {
            if (!names.contains(QLatin1String(first)) || !names.contains(QLatin1String(second))) return false;
            x = QLatin1String(first);
            y = QLatin1String(second);
            return true;
        };
        if (!both("sigma_a", "sigma_t") && !both("lambda_v", "lambda_t")) {
            x = names.value(0);
            y = names.value(1);
        }
    }
    x_->setCurrentIndex(x_->findData(x));
    y_->setCurrentIndex(y_->findData(y));
    steps_->setCurrentIndex(std::max(0, steps_->findData(view.steps)));
    // Along a single factor there is a curve, and nothing else.
    for (QWidget* of_two :
         std::initializer_list<QWidget*>{y_, steps_, tied_on_, pane_surface_, pane_heat_, pane_groups_})
        of_two->setVisible(names.size() != 1);
}

void SurfacesPanel::axisChosen(QComboBox* changed) {
    TuneView view = project_.view();
    if (factorOf(x_) == factorOf(y_)) {  // the other one makes room
        const QString before = changed == x_ ? view.x : view.y;
        auto* other = changed == x_ ? y_ : x_;
        int at = other->findData(before);
        if (at < 0 || before == changed->currentData().toString()) at = other->currentIndex() == 0 ? 1 : 0;
        other->setCurrentIndex(at);
    }
    view.x = x_->currentData().toString();
    view.y = y_->currentData().toString();
    view.steps = steps_->currentData().toInt();
    project_.setView(view, tr("Surface over %1 and %2").arg(x_->currentText(), y_->currentText()));
}

void SurfacesPanel::wantAxes() {
    std::vector<engine::FactorAxis> axes;
    for (const auto* axis : {x_, y_}) {
        const std::string factor = factorOf(axis);
        if (factor.empty() || (!axes.empty() && axes[0].factor == factor)) continue;
        axes.push_back({factor, 0, 1, static_cast<std::size_t>(steps_->currentData().toInt())});
    }
    session_.setAxes(axes);
}

// --- Groups ---

void SurfacesPanel::showGroups() {
    const QString shown = group();
    QStringList wanted;
    for (const auto& g : group_list_) wanted << text(g.name);
    if (wanted != groups()) {
        for (auto* button : groups_->buttons()) {
            groups_->removeButton(button);
            delete button;
        }
        for (const auto& g : group_list_) {
            QStringList sets;
            for (const auto& s : g.sets) sets << text(s);
            auto* button = toggle({}, tr("Mean change of %1 over %2, in percentage points")
                                          .arg(text(g.metric), sets.join(QStringLiteral(", "))));
            button->setObjectName(QStringLiteral("group_") + text(g.name));
            button->setAccessibleName(delta(g.name));
            button->setProperty("group", text(g.name));
            groups_->addButton(button);
            group_bar_->layout()->addWidget(button);
            connect(button, &QToolButton::clicked, this, [this, name = text(g.name)] { chooseGroup(name); });
        }
        makeBeside();
    }
    for (auto* button : groups_->buttons()) {
        const QString name = button->property("group").toString();
        button->setChecked(name == shown);
        button->setText(groupText(name));
    }
}

const engine::DeltaGroup* SurfacesPanel::chosen() const {
    const std::string wanted = project_.view().group.toStdString();
    for (const auto& g : group_list_) {
        if (g.name == wanted) return &g;
    }
    return group_list_.empty() ? nullptr : &group_list_.front();
}

QString SurfacesPanel::group() const {
    const auto* of = chosen();
    return of ? text(of->name) : QString();
}

QStringList SurfacesPanel::groups() const {
    QStringList names;
    for (auto* button : groups_->buttons()) names << button->property("group").toString();
    return names;
}

void SurfacesPanel::chooseGroup(const QString& name) {
    TuneView view = project_.view();
    // The panes that suit it; the other groups stay beside it.
    if (name != group()) view.panes = QString::fromLatin1(pane_groups_->isChecked() ? kGroupsPane : "");
    view.group = name;
    project_.setView(view, tr("Show %1").arg(delta(name.toStdString())));
    showGroups();
}

QString SurfacesPanel::groupText(const QString& name) const {
    const auto live = session_.product();
    const auto& baseline = session_.baseline();
    const auto& figures = session_.figures().sets;
    QString out = delta(name.toStdString());
    const auto of = std::find_if(group_list_.begin(), group_list_.end(),
                                 [&](const engine::DeltaGroup& g) { return text(g.name) == name; });
    if (of == group_list_.end() || !live || !baseline) return out;
    std::vector<engine::MetricMap> known(figures.size());
    for (std::size_t s = 0; s < figures.size(); ++s) {
        if (std::find(of->sets.begin(), of->sets.end(), live->sets()[s].name) == of->sets.end()) continue;
        if (!figures[s]) return out + QStringLiteral("  …");
        known[s] = *figures[s];
    }
    const double change = engine::groupValue(*of, live->sets(), known) - engine::groupValue(*of, *baseline);
    const auto interval = live->changeInterval(*of, session_.figures(), change);
    if (!interval) return out + QStringLiteral("  ") + signedNumber(change);
    const double half = std::max(interval->high - change, change - interval->low);
    return out + QStringLiteral("  ≈ %1 ±%2").arg(signedNumber(change)).arg(half, 0, 'f', 2);
}

// --- The surface ---

const engine::GroupSurface* SurfacesPanel::groupSurface(std::size_t& index) const {
    const auto surface = session_.surface();
    const auto* of = chosen();
    if (!surface || !of) return nullptr;
    for (index = 0; index < surface->groups.size(); ++index) {
        if (surface->groups[index].group.name == of->name) return &surface->groups[index];
    }
    return nullptr;
}

void SurfacesPanel::showSurface() {
    std::size_t index = 0;
    const auto* of = groupSurface(index);
    const auto surface = session_.surface();
    const auto live = session_.product();
    if (!of || surface->axes.size() < 2) {  // along the only factor there is a curve
        heat_->setSurface(nullptr, 0);
        if (surface_) surface_->setSurface(nullptr, 0);
        showBeside();
        const bool counted = session_.baseline().has_value();
        caption_->setText(!live || of        ? QString()
                          : x_->count() == 0 ? tr("No factor of this product is live, so there is no surface.")
                          : counted && group_list_.empty()
                              ? tr("No evaluation set is measured for both the product and the baseline in the way "
                                   "that a surface needs; choose another baseline.")
                              : tr("Surfaces appear as soon as the sets of the group are prepared."));
        return;
    }
    // The grey plane of the figures: where the expert of these tasks stands by itself.
    const auto expert = metrics_.expertLevel(of->group);
    const auto level = expert ? std::optional(expert->second) : std::nullopt;
    auto scale = scaleOf(index, level);
    const bool groups = pane_groups_->isChecked();
    for (std::size_t g = 0; groups && one_scale_->isChecked() && g < surface->groups.size(); ++g) {
        const auto other = scaleOf(g);
        scale = {std::min(scale.first, other.first), std::max(scale.second, other.second)};
    }
    if (scale.first < scale.second && shown_scale_ != scale) {
        shown_scale_ = scale;
        heat_->setRange(scale.first, scale.second);
        if (surface_) surface_->setRange(scale.first, scale.second);
    }
    showBeside();
    heat_->setSurface(surface, index);
    if (surface_) {
        surface_->setReference(expert ? expert->second : 0, expert ? expert->first : QString());
        surface_->setSurface(surface, index);
    }
    showMarkers(*of);
    QStringList sets;
    for (const auto& set : live->sets()) {
        if (std::find(of->group.sets.begin(), of->group.sets.end(), set.name) != of->group.sets.end())
            sets << text(set.name);
    }
    QString sampled;
    if (isEstimate(*surface, index)) {
        sampled = tr(" · ≈ estimated from a sample of the queries");
        if (of->best_interval) {
            sampled += tr("; the best is %1, with 95 % within %2")
                           .arg(signedNumber(of->best_interval->estimate), intervalText(*of->best_interval));
        }
    }
    caption_->setText(tr("%1: mean change of %2 over %3, %4 against %5%6%7")
                          .arg(delta(of->group.name), text(of->group.metric), sets.join(QStringLiteral(", ")),
                               text(surface->subject), text(surface->baseline),
                               live->synthetic() ? tr(" · synthetic world") : QString(), sampled) +
                      (!groups                   ? QString()
                       : one_scale_->isChecked() ? tr(" · all groups on one scale")
                                                 : tr(" · each group on its own scale")));
}

void SurfacesPanel::showMarkers(const engine::GroupSurface& of) {
    using Kind = HeatMapView::MarkerKind;
    const auto surface = session_.surface();
    const auto& x = surface->factors[0];
    const auto& y = surface->factors[1];
    QVector<HeatMapView::Marker> markers;
    const auto place = [&](const engine::Setting& setting, Kind kind, const QString& label) {
        markers.push_back({engine::factorAt(x, setting), engine::factorAt(y, setting), kind, label});
    };
    for (const auto& [name, setting] : session_.product()->presets()) place(setting, Kind::Preset, text(name));
    for (const auto& snapshot : project_.snapshots()) {
        if (snapshot.product == project_.product())
            place(snapshot.setting, Kind::Snapshot, QStringLiteral("#%1").arg(snapshot.number));
    }
    if (surface->complete()) {
        const auto best = surface->at(engine::bestPoint(of));
        markers.push_back({best[0], best[1], Kind::Best, tr("best")});
    }
    if (const auto found = goal_.result()) {
        const auto searched = [&](const engine::FactorInfo& axis) {
            return std::any_of(found->factors.begin(), found->factors.end(),
                               [&](const auto& f) { return f.name == axis.name; });
        };
        if (searched(x) && searched(y)) place(engine::settingOf(*found, found->best, {}), Kind::Pareto, tr("goal"));
    }
    heat_->setMarkers(markers);
}

void SurfacesPanel::wantTied() {
    std::size_t index = 0;
    const auto* of = groupSurface(index);
    const auto surface = session_.surface();
    if (!tied_on_->isChecked() || !of || !surface->complete()) return;
    if (surface->total > kMostTiedNodes) {
        Q_EMIT noted(tr("The tied region is told for surfaces of up to 21 × 21 nodes."));
        return;
    }
    tied_.start<std::vector<char>>(
        tr("Which settings are tied"),
        [live = session_.product(), surface, group = of->group](const engine::JobContext& job) {
            engine::ConfidenceOptions options;
            options.resamples = kTiedResamples;
            return live->tied(group, *surface, options, job).tied;
        },
        [this, surface, name = group()](std::vector<char> tied) {
            if (surface == session_.surface() && name == group() && tied_on_->isChecked()) heat_->setTied(tied);
        });
}

// --- Picking ---

void SurfacesPanel::factorPicked(double value, bool dragging) {
    engine::Setting setting = project_.setting();
    const auto live = session_.product();
    const auto axis = live ? live->axis(curve_factor_) : std::nullopt;
    if (!axis) return;
    engine::setFactor(setting, *axis, std::clamp(value, 0.0, 1.0));
    if (dragging && drag_ == 0) drag_ = project_.newDrag();
    project_.setSetting(setting, tr("%1 = %2").arg(symbolOf(curve_factor_)).arg(value, 0, 'f', 3), drag_);
    if (!dragging) drag_ = 0;
}

void SurfacesPanel::picked(double x, double y, bool dragging) {
    engine::Setting setting = project_.setting();
    const auto live = session_.product();
    if (!live) return;
    const auto across = live->axis(factorOf(x_)), up = live->axis(factorOf(y_));
    if (!across || !up) return;
    engine::setFactor(setting, *across, std::clamp(x, 0.0, 1.0));
    engine::setFactor(setting, *up, std::clamp(y, 0.0, 1.0));
    if (dragging && drag_ == 0) drag_ = project_.newDrag();
    project_.setSetting(
        setting,
        tr("%1 = %2, %3 = %4").arg(x_->currentText()).arg(x, 0, 'f', 3).arg(y_->currentText()).arg(y, 0, 'f', 3),
        drag_);
    if (!dragging) drag_ = 0;
}

}  // namespace ui
