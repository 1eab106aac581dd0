// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/compare/compare_surfaces.h"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

#include "ui/export/command_line.h"
#include "ui/export/view_menu.h"
#include "ui/style/theme.h"
#include "ui/views/curve_view.h"
#include "ui/views/heat_map_view.h"
#include "ui/views/surface_view.h"
#include "ui/widgets/elided_label.h"

namespace ui {
namespace {

QString text(const std::string& s) {
    return QString::fromStdString(s);
}

QStringList liveFactors(const engine::LiveProduct& product) {
    QStringList out;
    for (const auto& factor : product.plan().factors) {
        if (factor.live) out << text(factor.name);
    }
    return out;
}

// The group's place in a surface.
std::optional<std::size_t> groupIn(const engine::SweepSurface& surface, const QString& name) {
    for (std::size_t g = 0; g < surface.groups.size(); ++g) {
        if (text(surface.groups[g].group.name) == name) return g;
    }
    return std::nullopt;
}

}  // namespace

CompareSurfaces::CompareSurfaces(CompareWork& work, QWidget* parent)
    : QWidget(parent),
      work_(work),
      group_(new QComboBox),
      x_(new QComboBox),
      y_(new QComboBox),
      steps_(new QComboBox),
      x_label_(new QLabel(tr("over"))),
      y_label_(new QLabel(tr("and"))),
      note_(new QLabel),
      three_(new QCheckBox(tr("3D"))) {
    group_->setObjectName(QStringLiteral("compare_group"));
    x_->setObjectName(QStringLiteral("compare_x"));
    y_->setObjectName(QStringLiteral("compare_y"));
    steps_->setObjectName(QStringLiteral("compare_steps"));
    three_->setObjectName(QStringLiteral("compare_3d"));
    const auto named = [](QWidget* widget, const QString& name, const QString& tip) {
        widget->setAccessibleName(name);
        widget->setToolTip(tip);
    };
    named(group_, tr("Δ group"),
          tr("Mean change of the group's sets against each product's base space, in percentage "
             "points"));
    named(x_, tr("First factor"), tr("To the right, from 0 to 1: the expert's share"));
    named(y_, tr("Second factor"), tr("Upwards, from 0 to 1. None: a curve along the first factor"));
    named(steps_, tr("Points along each factor"),
          tr("How many points along each factor are computed; between them "
             "colours are interpolated"));
    named(three_, tr("3D"),
          SurfaceView::available() ? tr("Surfaces in 3D that turn together")
                                   : tr("There is no OpenGL here, so maps are shown instead"));
    three_->setEnabled(SurfaceView::available());
    for (const int steps : {9, 11, 21}) steps_->addItem(tr("%1 points").arg(steps), steps);
    steps_->setCurrentIndex(1);

    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(0, 6, 0, 6);
    bar->setSpacing(6);
    auto* group_label = new QLabel(tr("&Group"));
    group_label->setBuddy(group_);
    bar->addWidget(group_label);
    bar->addWidget(group_);
    for (QWidget* widget : std::initializer_list<QWidget*>{x_label_, x_, y_label_, y_}) bar->addWidget(widget);
    bar->addWidget(steps_);
    bar->addSpacing(12);
    bar->addWidget(three_);
    bar->addSpacing(12);
    bar->addWidget(note_, 1);
    row_ = new QHBoxLayout;
    row_->setSpacing(12);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addLayout(bar);
    all->addLayout(row_, 1);

    connect(group_, &QComboBox::currentIndexChanged, this, [this] {
        for (std::size_t c = 0; c < columns_.size(); ++c) showColumn(static_cast<int>(c));
        rescale();
    });
    for (auto* box : {x_, y_, steps_}) connect(box, &QComboBox::currentIndexChanged, this, [this] { wantSurfaces(); });
    connect(three_, &QCheckBox::toggled, this, [this](bool on) { set3D(on); });
    dress();
}

bool CompareSurfaces::shared() const {
    QStringList first;
    for (const auto& item : work_.items()) {
        if (!item.product || item.isSpace()) continue;
        const QStringList factors = liveFactors(*item.product);
        if (first.isEmpty()) first = factors;
        else if (factors != first) return false;
    }
    return true;
}

void CompareSurfaces::fillAxes(QComboBox* x, QComboBox* y, const engine::LiveProduct& product) const {
    const QSignalBlocker quiet_x(x), quiet_y(y);
    x->clear();
    y->clear();
    for (const auto& factor : product.plan().factors) {
        if (!factor.live) continue;
        for (auto* box : {x, y}) box->addItem(text(factor.symbol), text(factor.name));
    }
    y->addItem(tr("none"), QString());
    const auto axes = defaultAxes(product, 2);
    if (!axes.empty()) x->setCurrentIndex(x->findData(text(axes[0].factor)));
    y->setCurrentIndex(y->findData(axes.size() > 1 ? text(axes[1].factor) : QString()));
}

CompareSurfaces::Column CompareSurfaces::makeColumn(int index) {
    Column c;
    c.widget = new QWidget;
    c.name = new ElidedLabel;
    c.axes = new QWidget;
    c.x = new QComboBox;
    c.y = new QComboBox;
    c.x->setAccessibleName(tr("First factor of column %1").arg(index + 1));
    c.y->setAccessibleName(tr("Second factor of column %1").arg(index + 1));
    c.x->setToolTip(x_->toolTip());
    c.y->setToolTip(y_->toolTip());
    auto* axes = new QHBoxLayout(c.axes);
    axes->setContentsMargins(0, 0, 0, 0);
    axes->addWidget(c.x);
    axes->addWidget(c.y);
    axes->addStretch(1);
    c.stack = new QStackedWidget;
    c.status = new QLabel;
    c.status->setAlignment(Qt::AlignCenter);
    c.status->setWordWrap(true);
    c.map = new HeatMapView;
    c.map->setAccessibleName(tr("Map of column %1").arg(index + 1));
    c.curve = new CurveView;
    c.curve->setAccessibleName(tr("Curves of column %1").arg(index + 1));
    c.stack->addWidget(c.status);
    c.stack->addWidget(c.map);
    c.stack->addWidget(c.curve);
    auto* all = new QVBoxLayout(c.widget);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(4);
    all->addWidget(c.name);
    all->addWidget(c.axes);
    all->addWidget(c.stack, 1);
    const auto name = [this, label = c.name] { return QStringLiteral("%1 Δ_%2").arg(label->text(), groupName()); };
    const auto tell = [this](const JobFailure& failure) { Q_EMIT failed(failure); };
    addFigureMenu(
        c.map, [map = c.map](QPainter& p, const QRectF& area) { map->paintTo(p, area); }, name, tell);
    addFigureMenu(
        c.curve, [curve = c.curve](QPainter& p, const QRectF& area) { curve->paintTo(p, area); }, name, tell);
    connect(c.map, &HeatMapView::picked, this, [this, index](double x, double y, bool) { moveCursors(index, x, y); });
    connect(c.curve, &CurveView::picked, this, [this, index](double x, bool) { moveCursors(index, x, 0); });
    for (auto* box : {c.x, c.y}) connect(box, &QComboBox::currentIndexChanged, this, [this] { wantSurfaces(); });
    row_->addWidget(c.widget, 1);
    return c;
}

void CompareSurfaces::itemsChanged() {
    const auto& items = work_.items();
    while (columns_.size() > static_cast<std::size_t>(items.size())) {
        delete columns_.back().widget;
        columns_.pop_back();
    }
    while (columns_.size() < static_cast<std::size_t>(items.size()))
        columns_.push_back(makeColumn(static_cast<int>(columns_.size())));
    QStringList key;
    const engine::LiveProduct* first = nullptr;
    for (int i = 0; i < items.size(); ++i) {
        auto& c = columns_[static_cast<std::size_t>(i)];
        c.name->setText(items[i].name);
        if (items[i].product && !items[i].isSpace()) {
            const QStringList factors = liveFactors(*items[i].product);
            key << factors.join(QLatin1Char(','));
            if (!first) first = items[i].product.get();
            QStringList there;
            for (int f = 0; f < c.x->count(); ++f) there << c.x->itemData(f).toString();
            if (there != factors) fillAxes(c.x, c.y, *items[i].product);
        }
    }
    if (first && shared() && key.value(0) != factors_key_) {
        factors_key_ = key.value(0);
        fillAxes(x_, y_, *first);
    }
    const bool one = shared();
    for (QWidget* widget : std::initializer_list<QWidget*>{x_label_, x_, y_label_, y_}) widget->setVisible(one);
    for (int i = 0; i < items.size(); ++i)
        columns_[static_cast<std::size_t>(i)].axes->setVisible(!one && !items[i].isSpace());
    fillGroups();
    wantSurfaces();
    dress();
}

std::vector<engine::FactorAxis> CompareSurfaces::axesOf(int column) const {
    const auto& c = columns_[static_cast<std::size_t>(column)];
    const QComboBox* x = shared() ? x_ : c.x;
    const QComboBox* y = shared() ? y_ : c.y;
    std::vector<engine::FactorAxis> out;
    const auto steps = static_cast<std::size_t>(steps_->currentData().toInt());
    if (x->currentIndex() < 0) return out;
    out.push_back({x->currentData().toString().toStdString(), 0, 1, steps});
    const std::string second = y->currentData().toString().toStdString();
    if (!second.empty() && second != out[0].factor) out.push_back({second, 0, 1, steps});
    return out;
}

void CompareSurfaces::wantSurfaces() {
    for (int c = 0; c < work_.items().size(); ++c) {
        const auto& item = work_.items()[c];
        if (!item.product || item.isSpace()) continue;
        work_.setAxes(c, axesOf(c));
    }
    for (int c = 0; c < work_.items().size(); ++c) {
        showColumn(c);
        const auto& item = work_.items()[c];
        if (!item.product || item.isSpace()) continue;
        // The cursor begins where the column's setting is.
        const auto axes = axesOf(c);
        const auto valueOf = [&](std::size_t a) {
            if (a >= axes.size()) return 0.0;
            const auto at = item.setting.factors.find(axes[a].factor);
            if (at != item.setting.factors.end()) return at->second;
            const auto* factor = item.product->plan().factor(axes[a].factor);
            return factor ? factor->value : 0.0;
        };
        auto& column = columns_[static_cast<std::size_t>(c)];
        column.map->setMarkers({{valueOf(0), valueOf(1), HeatMapView::MarkerKind::Snapshot, tr("this column")}});
        column.map->setCursor(valueOf(0), valueOf(1));
        column.curve->setCursor(valueOf(0));
        if (column.scene) column.scene->setCursor(valueOf(0), valueOf(1));
    }
    rescale();
}

QString CompareSurfaces::groupName() const {
    return group_->currentData().toString();
}

void CompareSurfaces::fillGroups() {
    const QString kept = groupName();
    QStringList names;
    for (int c = 0; c < work_.items().size(); ++c) {
        const auto& item = work_.items()[c];
        if (!item.product || item.isSpace()) continue;
        const auto base = work_.base(c);
        std::vector<engine::DeltaGroup> groups = item.product->recipe().delta_groups;
        if (base) groups = item.product->groups(*base);
        else if (groups.empty()) groups = engine::defaultGroups(item.product->sets());
        for (const auto& group : groups) {
            if (!names.contains(text(group.name))) names << text(group.name);
        }
    }
    const QSignalBlocker quiet(group_);
    group_->clear();
    for (const auto& name : names) group_->addItem(QStringLiteral("Δ_") + name, name);
    group_->setCurrentIndex(std::max(0, group_->findData(kept)));
}

void CompareSurfaces::surfaceCame(int column) {
    if (group_->count() == 0) fillGroups();
    showColumn(column);
    rescale();
}

void CompareSurfaces::set3D(bool on) {
    if (three_->isChecked() != on) {
        three_->setChecked(on);  // comes back here
        return;
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) showColumn(static_cast<int>(c));
    rescale();
}

void CompareSurfaces::showColumn(int column) {
    auto& c = columns_[static_cast<std::size_t>(column)];
    const auto& item = work_.items()[column];
    const auto say = [&](const QString& words) {
        c.status->setText(words);
        c.stack->setCurrentWidget(c.status);
    };
    if (!item.product || item.isSpace()) {
        say(tr("A single space has no factors."));
        return;
    }
    const auto surface = work_.surface(column);
    const auto group = surface ? groupIn(*surface, groupName()) : std::nullopt;
    if (!group) {
        const bool over = work_.settled() && surface;
        say(over ? tr("%1 has no such group.").arg(item.name)
                 : tr("Landscapes of the group's sets are being prepared…"));
        return;
    }
    if (surface->axes.size() < 2) {
        // Only the chosen group: curves of others would stand on another scale.
        CurveView::Curve curve;
        curve.label = QStringLiteral("Δ_") + groupName();
        curve.colour = seriesColour(column);
        curve.estimate = isEstimate(*surface, *group);
        for (std::size_t i = 0; i < surface->axes[0].steps; ++i) {
            curve.x.push_back(surface->axes[0].value(i));
            curve.y.push_back(surface->groups[*group].change[i]);
        }
        c.curve->setFactor(factorSymbol(surface->axes[0].factor));
        c.curve->setCaption(surfaceCaption(*surface));
        c.curve->setCurves({curve}, surface->axes[0].first, surface->axes[0].last);
        c.stack->setCurrentWidget(c.curve);
        return;
    }
    c.map->setSurface(surface, *group);
    if (!three_->isChecked()) {
        c.stack->setCurrentWidget(c.map);
        return;
    }
    if (!c.scene) {
        c.scene = new SurfaceView;
        c.scene->setAccessibleName(tr("Surface of column %1").arg(column + 1));
        c.stack->addWidget(c.scene);
        addImageMenu(
            c.scene, [scene = c.scene](QSize size) { return scene->picture(size); },
            [this, label = c.name] { return QStringLiteral("%1 Δ_%2 3D").arg(label->text(), groupName()); },
            [this](const JobFailure& failure) { Q_EMIT failed(failure); });
        connect(c.scene, &SurfaceView::picked, this, [this, column](double x, double y) { moveCursors(column, x, y); });
        connect(c.scene, &SurfaceView::cameraMoved, this,
                [this, column](CameraPose pose) { moveCameras(column, pose); });
        c.scene->setCursor(c.map->cursorAt().x(), c.map->cursorAt().y());
    }
    c.scene->setSurface(surface, *group);
    c.stack->setCurrentWidget(c.scene);
}

// One scale for all columns: what looks stronger is stronger.
void CompareSurfaces::rescale() {
    double low = INFINITY, high = -INFINITY;
    for (int c = 0; c < work_.items().size(); ++c) {
        const auto surface = work_.surface(c);
        const auto group = surface ? groupIn(*surface, groupName()) : std::nullopt;
        double least = 0, most = 0;
        if (!group || !valueRange(*surface, *group, least, most)) continue;
        low = std::min(low, least);
        high = std::max(high, most);
    }
    if (!(low <= high)) {
        range_.reset();
        note_->clear();
        return;
    }
    range_ = {low, high};
    for (auto& c : columns_) {
        c.map->setRange(low, high);
        c.curve->setRange(low, high);
        if (c.scene) c.scene->setRange(low, high);
    }
    const bool synthetic = std::any_of(work_.items().begin(), work_.items().end(),
                                       [](const auto& i) { return i.product && i.product->synthetic(); });
    note_->setText(tr("one scale for all columns") + (synthetic ? tr("  ·  synthetic world") : QString()));
}

void CompareSurfaces::moveCursors(int from, double x, double y) {
    if (linking_) return;
    linking_ = true;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        auto& column = columns_[c];
        // A place means the same only where the factors are the same.
        const auto here = axesOf(static_cast<int>(c)), there = axesOf(from);
        const bool same = std::equal(here.begin(), here.end(), there.begin(), there.end(),
                                     [](const auto& a, const auto& b) { return a.factor == b.factor; });
        if (!same) continue;
        column.map->setCursor(x, y);
        column.curve->setCursor(x);
        if (column.scene) column.scene->setCursor(x, y);
    }
    linking_ = false;
}

void CompareSurfaces::moveCameras(int from, const CameraPose& pose) {
    if (linking_) return;
    linking_ = true;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        if (static_cast<int>(c) != from && columns_[c].scene) columns_[c].scene->setCamera(pose);
    }
    linking_ = false;
}

void CompareSurfaces::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    work_.setSurfacesWanted(true);
}

void CompareSurfaces::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    work_.setSurfacesWanted(false);
}

void CompareSurfaces::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) {
        dress();
        // A style sheet may take palettes back while the event goes round.
        QTimer::singleShot(0, this, [this] { dress(); });
    }
}

void CompareSurfaces::dress() {
    QPalette muted = palette();
    muted.setColor(QPalette::WindowText, colours().muted);
    note_->setPalette(muted);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        columns_[c].status->setPalette(muted);
        QPalette coloured = palette();
        coloured.setColor(QPalette::WindowText, seriesColour(static_cast<int>(c)));
        columns_[c].name->setPalette(coloured);
        QFont strong = font();
        strong.setWeight(QFont::DemiBold);
        columns_[c].name->setFont(strong);
    }
}

}  // namespace ui
