// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tune/tune_page.h"

#include <QEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QSignalBlocker>
#include <QTabWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <utility>

#include "ui/style/numbers.h"
#include "ui/style/theme.h"
#include "ui/tune/view_menu.h"

namespace ui {
namespace {

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

}  // namespace

TunePage::TunePage(Project& project, LiveSession& session, QWidget* parent)
    : QWidget(parent),
      project_(project),
      session_(session),
      controls_(new ControlsPanel(project)),
      goal_(new GoalPanel(project, session)),
      metrics_(new MetricsModel(this)),
      message_(new MessageBar),
      progress_(new ProgressStrip),
      title_(new QLabel),
      groups_(new QButtonGroup(this)),
      tied_(this) {
    auto* side = new QTabWidget;
    side->setDocumentMode(true);
    side->addTab(controls_, tr("Controls"));
    side->addTab(goal_, tr("Goal"));
    side->setMinimumWidth(300);
    side->setMaximumWidth(460);

    auto* middle = new QSplitter(Qt::Vertical);
    middle->setChildrenCollapsible(false);
    middle->addWidget(makeViews());
    middle->addWidget(makeFigures());
    middle->setStretchFactor(0, 1);
    middle->setStretchFactor(1, 0);

    auto* split = new QSplitter;
    split->setChildrenCollapsible(false);
    split->addWidget(side);
    split->addWidget(middle);
    split->setStretchFactor(0, 0);
    split->setStretchFactor(1, 1);
    split->setSizes({330, 900});

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(message_);
    column->addWidget(split, 1);

    connect(&session_, &LiveSession::opened, this, &TunePage::productOpened);
    connect(&session_, &LiveSession::closed, this, &TunePage::productClosed);
    connect(&session_, &LiveSession::openingStarted, this, [this] {
        wanted_figure_ = 0;
        title_->setText(tr("opening…"));
    });
    connect(&session_, &LiveSession::openFailed, this, [this](const JobFailure& failure) {
        wanted_figure_ = 0;
        title_->setText(tr("could not be opened"));
        message_->showError(failure);
    });
    connect(&session_, &LiveSession::failed, message_, &MessageBar::showError);
    connect(&session_, &LiveSession::baselineChanged, this, &TunePage::baselineCame);
    connect(&session_, &LiveSession::figuresChanged, this, &TunePage::figuresCame);
    connect(&session_, &LiveSession::surfaceChanged, this, &TunePage::surfaceCame);
    connect(&session_, &LiveSession::spaceMeasured, this, [this](const engine::MetricsTable& table) {
        metrics_->setSpace(table);
        showSurface();
    });
    connect(&session_, &LiveSession::preparingProgressed, this,
            [this](const engine::Progress& progress) { progress_->show(progress); });
    connect(&session_, &LiveSession::preparingEnded, progress_, &ProgressStrip::finish);
    connect(progress_, &ProgressStrip::stopRequested, &session_, &LiveSession::stopPreparing);
    connect(&session_, &LiveSession::curvesChanged, this,
            [this](const std::vector<engine::LiveCurve>& curves) { curve_->setCurves(curves); });
    connect(&project_, &Project::settingChanged, this, &TunePage::settingChanged);
    for (const auto signal : {&Project::snapshotsChanged, &Project::baselineChanged}) {
        connect(&project_, signal, this, [this] {
            fillBaselines();
            applyBaseline();
        });
    }
    connect(&project_, &Project::viewChanged, this, [this] {
        fillAxes();
        wantAxes();
        showGroups();
        arrangePanes();
        showSurface();
    });
    connect(controls_, &ControlsPanel::factorFocused, this, [this](const std::string& factor) {
        curve_factor_ = factor;
        session_.setCurveFactor(factor);
        arrangePanes();
    });
    connect(goal_, &GoalPanel::failed, message_, &MessageBar::showError);
    connect(goal_, &GoalPanel::found, this, &TunePage::showSurface);
    connect(&tied_, &JobRunner::failed, message_, &MessageBar::showError);
    rest_.setSingleShot(true);
    rest_.setInterval(300);
    connect(&rest_, &QTimer::timeout, this, &TunePage::wantTied);
    productClosed();
}

QWidget* TunePage::makeViews() {
    auto* box = new QWidget;
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(4, 8, 12, 4);
    column->setSpacing(6);

    products_ = new QComboBox;
    products_->setObjectName(QStringLiteral("products"));
    products_->setFont(headingFont(1));
    products_->setAccessibleName(tr("Product"));
    products_->setToolTip(tr("The product that is tuned"));
    products_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    title_->setForegroundRole(QPalette::PlaceholderText);
    title_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    connect(products_, &QComboBox::activated, this,
            [this](int index) { project_.setProduct(products_->itemData(index).toString()); });
    baseline_ = new QComboBox;
    baseline_->setObjectName(QStringLiteral("baseline"));
    baseline_->setAccessibleName(tr("Baseline"));
    baseline_->setToolTip(tr("What changes are counted against: a single space, or a snapshot of a setting"));
    baseline_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    auto* first = new QHBoxLayout;
    first->addWidget(products_);
    first->addWidget(title_, 1);
    auto* against = new QLabel(tr("against"));
    first->addWidget(against);
    first->addWidget(baseline_);
    column->addLayout(first);
    connect(baseline_, &QComboBox::activated, this, &TunePage::baselineChosen);

    group_bar_ = new QWidget;
    auto* groups = new QHBoxLayout(group_bar_);
    groups->setContentsMargins(0, 0, 0, 0);
    groups->setSpacing(6);
    auto* bar = new QHBoxLayout;
    bar->setSpacing(6);
    bar->addWidget(group_bar_);
    bar->addStretch(1);
    x_ = new QComboBox;
    y_ = new QComboBox;
    steps_ = new QComboBox;
    x_->setObjectName(QStringLiteral("axis_x"));
    y_->setObjectName(QStringLiteral("axis_y"));
    x_->setAccessibleName(tr("Factor across"));
    y_->setAccessibleName(tr("Factor up"));
    x_->setToolTip(tr("The factor across"));
    y_->setToolTip(tr("The factor up"));
    for (const int n : {9, 21, 41, 101}) steps_->addItem(QStringLiteral("%1 × %1").arg(n), n);
    steps_->setAccessibleName(tr("Nodes of the surface"));
    steps_->setToolTip(tr("How many exact nodes the surface has"));
    steps_->setObjectName(QStringLiteral("steps"));
    pane_surface_ = toggle(tr("3D"), tr("The surface in three dimensions"));
    pane_heat_ = toggle(tr("Map"), tr("The heat map with contours"));
    pane_curves_ = toggle(tr("Curves"), tr("Exact curves along one factor, with every value at which they change"));
    tied_on_ = new QCheckBox(tr("Tied"));
    tied_on_->setToolTip(tr("Outline the settings that are statistically tied with the best (95 %, items drawn anew)"));
    tied_on_->setObjectName(QStringLiteral("tied"));
    bar->addWidget(new QLabel(tr("over")));
    bar->addWidget(x_);
    bar->addWidget(y_);
    bar->addWidget(steps_);
    bar->addWidget(tied_on_);
    bar->addSpacing(6);
    for (auto* button : {pane_surface_, pane_heat_, pane_curves_}) bar->addWidget(button);
    column->addLayout(bar);
    for (auto* box_of : {x_, y_, steps_}) connect(box_of, &QComboBox::activated, this, &TunePage::viewChosen);
    for (auto* button : {pane_surface_, pane_heat_, pane_curves_})
        connect(button, &QToolButton::clicked, this, &TunePage::arrangePanes);
    connect(tied_on_, &QCheckBox::toggled, this, [this](bool on) {
        if (on) rest_.start();
        else heat_->setTied({});
    });

    heat_ = new HeatMapView;
    curve_ = new CurveView;
    no_surface_ = new QLabel(tr("There is no OpenGL here, so surfaces are shown as heat maps."));
    no_surface_->setAlignment(Qt::AlignCenter);
    no_surface_->setWordWrap(true);
    surface_place_ = new QWidget;
    auto* place = new QVBoxLayout(surface_place_);
    place->setContentsMargins(0, 0, 0, 0);
    place->addWidget(no_surface_);
    no_surface_->hide();
    panes_ = new QSplitter;
    panes_->setChildrenCollapsible(false);
    panes_->addWidget(surface_place_);
    panes_->addWidget(heat_);
    panes_->addWidget(curve_);
    for (QWidget* pane : {surface_place_, static_cast<QWidget*>(heat_), static_cast<QWidget*>(curve_)})
        pane->setMinimumSize(220, 180);
    panes_->setSizes({500, 500, 500});
    column->addWidget(panes_, 1);
    caption_ = new QLabel;
    caption_->setWordWrap(true);
    caption_->setForegroundRole(QPalette::PlaceholderText);
    caption_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    column->addWidget(caption_);
    column->addWidget(progress_);
    connect(heat_, &HeatMapView::picked, this, &TunePage::picked);
    connect(curve_, &CurveView::picked, this,
            [this](double x, bool dragging) { factorPicked(text(curve_factor_), x, dragging); });
    const auto tell = [this](const JobFailure& failure) { message_->showError(failure); };
    const auto name = [this] {
        return QStringLiteral("%1 %2").arg(products_->currentText(), QStringLiteral("Δ_") + group());
    };
    addFigureMenu(
        heat_, [this](QPainter& p, const QRectF& area) { heat_->paintTo(p, area); }, name, tell);
    addFigureMenu(
        curve_, [this](QPainter& p, const QRectF& area) { curve_->paintTo(p, area); }, name, tell);
    pane_surface_->setChecked(true);
    pane_heat_->setChecked(true);
    return box;
}

QWidget* TunePage::makeFigures() {
    auto* box = new QWidget;
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(4, 0, 12, 8);
    column->setSpacing(4);
    metric_ = new QComboBox;
    for (const char* name : {"R@1", "R@5", "R@10"}) metric_->addItem(QString::fromLatin1(name));
    metric_->setAccessibleName(tr("Metric"));
    metric_->setToolTip(tr("Mean of both directions, every caption a query; classification sets show top-1 or top-5"));
    auto* row = new QHBoxLayout;
    auto* heading = new QLabel(tr("Figures of every evaluation set, in percent"));
    QFont bold = heading->font();
    bold.setWeight(QFont::DemiBold);
    heading->setFont(bold);
    row->addWidget(heading);
    row->addStretch(1);
    row->addWidget(metric_);
    column->addLayout(row);
    table_ = new QTableView;
    table_->setModel(metrics_);
    table_->setObjectName(QStringLiteral("metrics"));
    table_->setAccessibleName(tr("Figures of every evaluation set"));
    table_->setShowGrid(false);
    table_->setFrameShape(QFrame::NoFrame);
    table_->setAlternatingRowColors(true);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setCornerButtonEnabled(false);
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    table_->horizontalHeader()->setMinimumSectionSize(72);
    table_->horizontalHeader()->setHighlightSections(false);
    table_->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table_->verticalHeader()->setHighlightSections(false);
    table_->setStyleSheet(QStringLiteral("QTableView::item { padding: 5px 4px; }"));
    table_->setMinimumHeight(120);
    column->addWidget(table_, 1);
    addTableMenu(
        table_,
        [this] {
            TableNotes notes;
            if (const auto live = session_.product()) {
                notes.synthetic = live->synthetic();
                notes.lines << tr("%1 at %2")
                                   .arg(text(live->recipe().name),
                                        text(engine::settingToJson(project_.setting()).dump()));
                if (session_.baseline()) notes.lines << tr("against %1").arg(text(session_.baseline()->subject));
            }
            return notes;
        },
        [this] { return tr("%1 figures").arg(products_->currentText()); },
        [this](const JobFailure& failure) { message_->showError(failure); });
    connect(metric_, &QComboBox::currentTextChanged, metrics_, &MetricsModel::setMetric);
    return box;
}

QString TunePage::symbolOf(const QString& factor) const {
    const auto live = session_.product();
    const auto* info = live ? live->plan().factor(factor.toStdString()) : nullptr;
    return info ? text(info->symbol) : factor;
}

void TunePage::productOpened() {
    const auto live = session_.product();
    message_->clear();
    project_.beginWith(project_.product(), live->defaults());
    metrics_->setProduct(live);
    controls_->setProduct(live);
    showTitle();
    fillBaselines();
    fillAxes();
    session_.setSetting(project_.setting());
    applyBaseline();
    for (const auto& factor : live->plan().factors) {
        if (!factor.live) continue;
        curve_factor_ = factor.name;
        break;
    }
    session_.setCurveFactor(curve_factor_);
    wantAxes();
    if (wanted_figure_ != 0) arrangeFigure();
}

const Snapshot* TunePage::pinnedSnapshot() const {
    const Snapshot* snapshot = project_.snapshot(project_.baseline().snapshot);
    return snapshot && snapshot->product == project_.product() ? snapshot : nullptr;
}

void TunePage::applyBaseline() {
    const auto live = session_.product();
    if (!live) return;
    if (const Snapshot* snapshot = pinnedSnapshot()) {
        session_.setBaseline({{}, snapshot->setting, snapshot->title()});
        controls_->setBaselineSetting(snapshot->setting);
        return;
    }
    // A space that the product does not know, or another product's snapshot, is no baseline here: the base is.
    const std::string pinned = project_.baseline().space.toStdString();
    const std::string space = live->plan().space(pinned) ? pinned : live->recipe().base;
    session_.setBaseline({space, std::nullopt, text(space)});
    controls_->setBaselineSetting(std::nullopt);
}

void TunePage::showTitle() {
    const auto live = session_.product();
    title_->setText(live->synthetic() ? tr("synthetic world") : QString());
    title_->setToolTip(text(live->recipe().description));
}

void TunePage::setProducts(const QStringList& folders, const QString& current) {
    const QSignalBlocker quiet(products_);
    products_->clear();
    for (const auto& folder : folders) {
        products_->addItem(QFileInfo(folder).fileName(), folder);
        products_->setItemData(products_->count() - 1, folder, Qt::ToolTipRole);
    }
    products_->setCurrentIndex(products_->findData(current));
    products_->setVisible(!folders.isEmpty());
}

void TunePage::showFigure(int number) {
    wanted_figure_ = number;
    if (session_.product() && QString::fromStdString(session_.product()->folder().string()) == project_.product())
        arrangeFigure();
}

void TunePage::arrangeFigure() {
    const int number = std::exchange(wanted_figure_, 0);
    const auto live = session_.product();
    TuneView view = project_.view();
    view.x = number == 6 ? QStringLiteral("lambda_v") : QStringLiteral("sigma_a");
    view.y = number == 6 ? QStringLiteral("lambda_t") : QStringLiteral("sigma_t");
    view.group = number == 6 ? QStringLiteral("TV") : QStringLiteral("AT");
    view.steps = 21;
    auto& stack = project_.undoStack();
    stack.beginMacro(tr("Figure %1").arg(number));
    PinnedBaseline baseline;
    if (number == 3 || number == 4) {
        // InternVL_IB is InternVL_IB++ without its combination.
        engine::Setting without = live->defaults();
        for (auto& [name, value] : without.factors) {
            if (name.starts_with("sigma")) value = 0;
        }
        const QString name = QStringLiteral("InternVL_IB");
        for (const auto& s : project_.snapshots()) {
            if (s.product == project_.product() && s.name == name && s.setting.factors == without.factors)
                baseline.snapshot = s.number;
        }
        if (baseline.snapshot == 0) baseline.snapshot = project_.addSnapshot(name, without);
    }
    project_.setView(view, tr("Axes of Figure %1").arg(number));
    project_.pinBaseline(baseline, tr("Baseline of Figure %1").arg(number));
    stack.endMacro();
    setProperty("arranged_for", QString());
    arrangePanes();
}

void TunePage::productClosed() {
    controls_->setProduct(nullptr);
    metrics_->setProduct(nullptr);
    title_->setText(tr("No product is open"));
    group_list_.clear();
    showGroups();
    heat_->setSurface(nullptr, 0);
    heat_->setTied({});
    heat_->setMarkers({});
    curve_->setCurves({});
    if (surface_) surface_->setSurface(nullptr, 0);
    caption_->clear();
    progress_->finish();
    baseline_->clear();
    x_->clear();
    y_->clear();
}

void TunePage::fillBaselines() {
    const QSignalBlocker quiet(baseline_);
    baseline_->clear();
    const auto live = session_.product();
    if (!live) return;
    for (const auto& space : live->plan().spaces)
        baseline_->addItem(text(space.name), QVariant::fromValue(QPair<QString, int>(text(space.name), 0)));
    for (const auto& snapshot : project_.snapshots()) {
        if (snapshot.product == project_.product())
            baseline_->addItem(snapshot.title(), QVariant::fromValue(QPair<QString, int>({}, snapshot.number)));
    }
    const auto pinned = project_.baseline();
    for (int i = 0; i < baseline_->count(); ++i) {
        const auto [space, number] = baseline_->itemData(i).value<QPair<QString, int>>();
        if (pinnedSnapshot() ? number == pinned.snapshot : number == 0 && space == pinned.space)
            baseline_->setCurrentIndex(i);
    }
}

void TunePage::baselineChosen(int index) {
    const auto [space, number] = baseline_->itemData(index).value<QPair<QString, int>>();
    const bool base = number == 0 && session_.product() && space == text(session_.product()->recipe().base);
    project_.pinBaseline({base ? QString() : space, number}, tr("Baseline %1").arg(baseline_->itemText(index)));
}

void TunePage::fillAxes() {
    const QSignalBlocker a(x_), b(y_), c(steps_);
    x_->clear();
    y_->clear();
    const auto live = session_.product();
    if (!live) return;
    QStringList names;
    for (const auto& factor : live->plan().factors) {
        if (!factor.live) continue;
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
    for (QWidget* of_two : std::initializer_list<QWidget*>{y_, steps_, tied_on_, pane_surface_, pane_heat_})
        of_two->setVisible(names.size() != 1);
}

void TunePage::viewChosen() {
    TuneView view = project_.view();
    const QString x = x_->currentData().toString(), y = y_->currentData().toString();
    if (x == y) {  // the other one makes room
        const QString before = sender() == x_ ? project_.view().x : project_.view().y;
        auto* other = sender() == x_ ? y_ : x_;
        int at = other->findData(before);
        if (at < 0 || before == x) at = other->currentIndex() == 0 ? 1 : 0;
        other->setCurrentIndex(at);
    }
    view.x = x_->currentData().toString();
    view.y = y_->currentData().toString();
    view.steps = steps_->currentData().toInt();
    project_.setView(view, tr("Surface over %1 and %2").arg(x_->currentText(), y_->currentText()));
}

void TunePage::wantAxes() {
    std::vector<engine::FactorAxis> axes;
    for (const auto* box : {x_, y_}) {
        const std::string factor = box->currentData().toString().toStdString();
        if (factor.empty() || (!axes.empty() && axes[0].factor == factor)) continue;
        axes.push_back({factor, 0, 1, static_cast<std::size_t>(steps_->currentData().toInt())});
    }
    session_.setAxes(axes);
}

void TunePage::baselineCame() {
    const auto live = session_.product();
    if (!live) return;
    const auto& baseline = session_.baseline();
    metrics_->setBaseline(baseline, !pinnedSnapshot());
    group_list_ = baseline ? live->groups(*baseline) : std::vector<engine::DeltaGroup>{};
    showGroups();
    arrangePanes();
}

void TunePage::showGroups() {
    const QString chosen = group();
    QStringList wanted;
    for (const auto& g : group_list_) wanted << text(g.name);
    if (wanted != groups()) {
        for (auto* button : groups_->buttons()) {
            groups_->removeButton(button);
            delete button;
        }
        for (const auto& g : group_list_) {
            auto* button = new QToolButton;
            button->setCheckable(true);
            button->setProperty("chip", true);
            button->setObjectName(QStringLiteral("group_") + text(g.name));
            QStringList sets;
            for (const auto& s : g.sets) sets << text(s);
            button->setToolTip(tr("Mean change of %1 over %2, in percentage points")
                                   .arg(text(g.metric), sets.join(QStringLiteral(", "))));
            button->setAccessibleName(delta(g.name));
            button->setProperty("group", text(g.name));
            groups_->addButton(button);
            group_bar_->layout()->addWidget(button);
            connect(button, &QToolButton::clicked, this, [this, name = text(g.name)] { chooseGroup(name); });
        }
    }
    for (auto* button : groups_->buttons()) {
        const QString name = button->property("group").toString();
        button->setChecked(name == chosen);
        button->setText(groupText(name));
    }
}

QString TunePage::group() const {
    const QString wanted = project_.view().group;
    for (const auto& g : group_list_) {
        if (text(g.name) == wanted) return wanted;
    }
    return group_list_.empty() ? QString() : text(group_list_.front().name);
}

QStringList TunePage::groups() const {
    QStringList names;
    for (auto* button : groups_->buttons()) names << button->property("group").toString();
    return names;
}

void TunePage::chooseGroup(const QString& name) {
    TuneView view = project_.view();
    view.group = name;
    project_.setView(view, tr("Show %1").arg(QStringLiteral("Δ_") + name));
    showGroups();
}

QString TunePage::groupText(const QString& name) const {
    const auto& baseline = session_.baseline();
    const auto& figures = session_.figures();
    const auto live = session_.product();
    QString out = QStringLiteral("Δ_") + name;
    for (const auto& g : group_list_) {
        if (text(g.name) != name || !baseline || !live) continue;
        double sum = 0, weights = 0;
        for (std::size_t i = 0; i < g.sets.size(); ++i) {
            const double weight = g.weights.empty() ? 1 : g.weights[i];
            bool known = false;
            for (std::size_t s = 0; s < live->sets().size(); ++s) {
                if (live->sets()[s].name != g.sets[i] || s >= figures.sets.size() || !figures.sets[s]) continue;
                const auto value = figures.sets[s]->find(g.metric);
                if (value == figures.sets[s]->end()) continue;
                sum += weight * (value->second - baseline->at(g.sets[i]).value(g.metric));
                weights += weight;
                known = true;
            }
            if (!known) return out + QStringLiteral("  …");
        }
        return out + QStringLiteral("  ") + signedNumber(sum / weights);
    }
    return out;
}

void TunePage::figuresCame() {
    metrics_->setFigures(session_.figures());
    showGroups();
}

void TunePage::settingChanged() {
    const auto live = session_.product();
    if (!live || project_.product() != QString::fromStdString(live->folder().string())) return;
    if (!project_.hasSetting(project_.product())) return;
    const auto setting = project_.setting();
    session_.setSetting(setting);
    const auto at = [&](const QComboBox* box) {
        const auto found = setting.factors.find(box->currentData().toString().toStdString());
        return found == setting.factors.end() ? 0 : found->second;
    };
    heat_->setCursor(at(x_), at(y_));
    if (surface_) surface_->setCursor(at(x_), at(y_));
    if (const auto found = setting.factors.find(curve_factor_); found != setting.factors.end())
        curve_->setCursor(found->second);
}

const engine::GroupSurface* TunePage::groupSurface(std::size_t& index) const {
    const auto surface = session_.surface();
    if (!surface) return nullptr;
    const std::string name = group().toStdString();
    for (index = 0; index < surface->groups.size(); ++index) {
        if (surface->groups[index].group.name == name) return &surface->groups[index];
    }
    return nullptr;
}

bool TunePage::twoFactors() const {
    const auto live = session_.product();
    if (!live) return true;
    if (x_->count() == 1) return false;
    std::size_t acting = 0;
    for (const auto& g : group_list_) {
        if (text(g.name) != group()) continue;
        for (const auto* box : {x_, y_}) {
            const auto* factor = live->plan().factor(box->currentData().toString().toStdString());
            if (!factor) continue;
            const bool acts = std::any_of(live->sets().begin(), live->sets().end(), [&](const engine::SetOutline& s) {
                return std::find(g.sets.begin(), g.sets.end(), s.name) != g.sets.end() &&
                       (s.first == factor->modality || s.second == factor->modality);
            });
            acting += acts;
        }
    }
    return acting != 1;
}

void TunePage::arrangePanes() {
    // Where only one of the two factors matters a curve says it all, as in the paper; 3D and map stay a click away.
    const bool by_hand = qobject_cast<QToolButton*>(sender()) == pane_surface_ ||
                         qobject_cast<QToolButton*>(sender()) == pane_heat_ ||
                         qobject_cast<QToolButton*>(sender()) == pane_curves_;
    static const char* kFor = "arranged_for";
    const QString now = group() + (twoFactors() ? QStringLiteral("2") : QStringLiteral("1"));
    if (!by_hand && property(kFor).toString() != now) {
        const bool two = twoFactors();
        pane_surface_->setChecked(two);
        pane_heat_->setChecked(two);
        pane_curves_->setChecked(!two || pane_curves_->isChecked());
        if (two) pane_curves_->setChecked(false);
        if (!two) {
            const auto live = session_.product();
            for (const auto* box : {x_, y_}) {
                const auto* factor = live ? live->plan().factor(box->currentData().toString().toStdString()) : nullptr;
                if (!factor) continue;
                for (const auto& g : group_list_) {
                    if (text(g.name) != group()) continue;
                    for (const auto& s : live->sets()) {
                        if (std::find(g.sets.begin(), g.sets.end(), s.name) != g.sets.end() &&
                            (s.first == factor->modality || s.second == factor->modality))
                            curve_factor_ = factor->name;
                    }
                }
            }
            session_.setCurveFactor(curve_factor_);
        }
        setProperty(kFor, now);
    }
    if (!pane_surface_->isChecked() && !pane_heat_->isChecked() && !pane_curves_->isChecked())
        (x_->count() == 1 ? pane_curves_ : pane_heat_)->setChecked(true);
    if (pane_surface_->isChecked() && !surface_ && isVisible()) {
        if (SurfaceView::available()) {
            surface_ = new SurfaceView;
            surface_place_->layout()->addWidget(surface_);
            addImageMenu(
                surface_, [this](QSize size) { return surface_->picture(size); },
                [this] {
                    return QStringLiteral("%1 %2 3D").arg(products_->currentText(), QStringLiteral("Δ_") + group());
                },
                [this](const JobFailure& failure) { message_->showError(failure); });
            connect(surface_, &SurfaceView::picked, this, [this](double x, double y) { picked(x, y, false); });
            showSurface();
            settingChanged();
        } else {
            no_surface_->show();
            pane_heat_->setChecked(true);
        }
    }
    const bool others = surface_place_->isHidden() == pane_surface_->isChecked() ||
                        heat_->isHidden() == pane_heat_->isChecked() || curve_->isHidden() == pane_curves_->isChecked();
    surface_place_->setVisible(pane_surface_->isChecked());
    heat_->setVisible(pane_heat_->isChecked());
    curve_->setVisible(pane_curves_->isChecked());
    if (others) panes_->setSizes({500, 500, 500});
    curve_->setFactor(symbolOf(text(curve_factor_)));
    curve_->setHighlighted(group());
    settingChanged();
}

void TunePage::surfaceCame() {
    showSurface();
    if (tied_on_->isChecked()) {
        heat_->setTied({});
        rest_.start();
    }
}

void TunePage::showSurface() {
    std::size_t index = 0;
    const auto* of = groupSurface(index);
    const auto surface = session_.surface();
    if (!of) {
        heat_->setSurface(nullptr, 0);
        if (surface_) surface_->setSurface(nullptr, 0);
        const bool counted = session_.baseline().has_value();
        caption_->setText(!session_.product() ? QString()
                          : x_->count() == 0  ? tr("No factor of this product is live, so there is no surface.")
                          : counted && group_list_.empty()
                              ? tr("No evaluation set is measured for both the product and the baseline in the way "
                                   "that a surface needs; choose another baseline.")
                              : tr("Surfaces appear as soon as the sets of the group are prepared."));
        return;
    }
    if (surface->axes.size() < 2) {  // along the only factor there is a curve
        heat_->setSurface(nullptr, 0);
        if (surface_) surface_->setSurface(nullptr, 0);
        caption_->clear();
        return;
    }
    // Colours and heights keep their scale while other sliders move, or nothing could be compared by eye.
    heat_->setSurface(surface, index);
    if (surface_) {
        // The grey plane of the figures: where the expert of these tasks stands by itself.
        const auto level = metrics_->expertLevel(of->group);
        surface_->setReference(level ? level->second : 0, level ? level->first : QString());
        surface_->setSurface(surface, index);
    }
    QVector<HeatMapView::Marker> markers;
    const auto live = session_.product();
    const std::string x = surface->axes[0].factor, y = surface->axes.size() > 1 ? surface->axes[1].factor : "";
    const auto place = [&](const engine::Setting& setting, HeatMapView::MarkerKind kind, const QString& label) {
        const auto a = setting.factors.find(x), b = setting.factors.find(y);
        if (a != setting.factors.end() && b != setting.factors.end())
            markers.push_back({a->second, b->second, kind, label});
    };
    for (const auto& [name, setting] : live->presets()) place(setting, HeatMapView::MarkerKind::Preset, text(name));
    for (const auto& snapshot : project_.snapshots()) {
        if (snapshot.product == project_.product())
            place(snapshot.setting, HeatMapView::MarkerKind::Snapshot, QStringLiteral("#%1").arg(snapshot.number));
    }
    if (surface->complete()) {
        const auto best = surface->at(engine::bestPoint(*of));
        if (best.size() > 1) markers.push_back({best[0], best[1], HeatMapView::MarkerKind::Best, tr("best")});
    }
    if (const auto found = goal_->result()) {
        const auto fx = std::find(found->factors.begin(), found->factors.end(), x);
        const auto fy = std::find(found->factors.begin(), found->factors.end(), y);
        if (fx != found->factors.end() && fy != found->factors.end()) {
            markers.push_back({found->best.factors[static_cast<std::size_t>(fx - found->factors.begin())],
                               found->best.factors[static_cast<std::size_t>(fy - found->factors.begin())],
                               HeatMapView::MarkerKind::Pareto, tr("goal")});
        }
    }
    heat_->setMarkers(markers);
    QStringList sets;
    for (const auto& s : of->group.sets) sets << text(s);
    caption_->setText(tr("%1: mean change of %2 over %3, %4 against %5%6")
                          .arg(delta(of->group.name), text(of->group.metric), sets.join(QStringLiteral(", ")),
                               text(surface->subject), text(surface->baseline),
                               live->synthetic() ? tr(" · synthetic world") : QString()));
}

void TunePage::factorPicked(const QString& factor, double value, bool dragging) {
    engine::Setting setting = project_.setting();
    const auto at = setting.factors.find(factor.toStdString());
    if (at == setting.factors.end()) return;
    at->second = std::clamp(value, 0.0, 1.0);
    if (dragging && drag_ == 0) drag_ = project_.newDrag();
    project_.setSetting(setting, tr("%1 = %2").arg(symbolOf(factor)).arg(value, 0, 'f', 3), drag_);
    if (!dragging) drag_ = 0;
}

void TunePage::picked(double x, double y, bool dragging) {
    engine::Setting setting = project_.setting();
    const auto across = setting.factors.find(x_->currentData().toString().toStdString());
    const auto up = setting.factors.find(y_->currentData().toString().toStdString());
    if (across == setting.factors.end() || up == setting.factors.end()) return;
    across->second = std::clamp(x, 0.0, 1.0);
    up->second = std::clamp(y, 0.0, 1.0);
    if (dragging && drag_ == 0) drag_ = project_.newDrag();
    project_.setSetting(
        setting,
        tr("%1 = %2, %3 = %4").arg(x_->currentText()).arg(x, 0, 'f', 3).arg(y_->currentText()).arg(y, 0, 'f', 3),
        drag_);
    if (!dragging) drag_ = 0;
}

void TunePage::wantTied() {
    std::size_t index = 0;
    const auto* of = groupSurface(index);
    const auto surface = session_.surface();
    if (!tied_on_->isChecked() || !of || !surface->complete()) return;
    if (surface->total > 1000) {
        message_->showNote(tr("The tied region is told for surfaces of up to 21 × 21 nodes."));
        return;
    }
    tied_.start<std::vector<char>>(
        tr("Which settings are tied"),
        [live = session_.product(), surface, group = of->group](const engine::JobContext& job) {
            engine::ConfidenceOptions options;
            options.resamples = 500;
            return live->tied(group, *surface, options, job).tied;
        },
        [this, surface](std::vector<char> tied) {
            if (surface == session_.surface() && tied_on_->isChecked()) heat_->setTied(tied);
        });
}

void TunePage::setPane(Pane pane, bool on) {
    auto* button = pane == Pane::Surface ? pane_surface_ : pane == Pane::HeatMap ? pane_heat_ : pane_curves_;
    if (button->isChecked() != on) button->click();
}

void TunePage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    // The 3D window needs a context: made when it is seen first.
    QMetaObject::invokeMethod(this, &TunePage::arrangePanes, Qt::QueuedConnection);
}

void TunePage::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() != QEvent::PaletteChange || !session_.product()) return;
    showTitle();
    showSurface();
}

}  // namespace ui
