// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tune/tune_page.h"

#include <QEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QSignalBlocker>
#include <QTabWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <utility>

#include "ui/bridge/setting_text.h"
#include "ui/export/view_menu.h"
#include "ui/style/numbers.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

QString text(const std::string& s) {
    return QString::fromStdString(s);
}

}  // namespace

TunePage::TunePage(Project& project, LiveSession& session, QWidget* parent)
    : QWidget(parent),
      project_(project),
      session_(session),
      controls_(new ControlsPanel(project)),
      goal_(new GoalPanel(project, session)),
      headroom_(new HeadroomPanel(project, session, *goal_)),
      routing_(new RoutingPanel(project, session)),
      metrics_(new MetricsModel(this)),
      message_(new MessageBar),
      progress_(new ProgressStrip),
      surfaces_(new SurfacesPanel(project, session, *metrics_, *goal_)),
      side_(new QTabWidget),
      pages_(new QStackedWidget),
      title_(new QLabel) {
    side_->setObjectName(QStringLiteral("tune_side"));
    side_->setDocumentMode(true);
    side_->setAccessibleName(tr("Controls, goal, headroom and router"));
    side_->setUsesScrollButtons(false);
    side_->addTab(controls_, tr("Controls"));
    side_->addTab(goal_, tr("Goal"));
    side_->addTab(headroom_, tr("Headroom"));
    side_->addTab(routing_, tr("Router"));
    side_->setTabToolTip(2, tr("What per-query routing could gain over one setting for all"));
    side_->setTabToolTip(3, tr("Weights that a learned router gives the spaces, beside the shares by hand"));
    side_->setMinimumWidth(300);
    side_->setMaximumWidth(460);

    middle_ = new FittedSplitter;
    middle_->addWidget(makeViews());
    middle_->addWidget(makeFigures());
    middle_->setStretchFactor(0, 1);
    middle_->setStretchFactor(1, 0);

    auto* split = new QSplitter;
    split->setChildrenCollapsible(false);
    split->addWidget(side_);
    split->addWidget(middle_);
    split->setStretchFactor(0, 0);
    split->setStretchFactor(1, 1);
    split->setSizes({330, 900});

    pages_->addWidget(makeNothing());
    pages_->addWidget(split);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(message_);
    column->addWidget(pages_, 1);

    connect(&session_, &LiveSession::opened, this, &TunePage::productOpened);
    connect(&session_, &LiveSession::closed, this, &TunePage::productClosed);
    connect(&session_, &LiveSession::openingStarted, this, [this] {
        wanted_figure_ = 0;
        title_->setText(tr("opening…"));
        choosePage();
    });
    connect(&session_, &LiveSession::openFailed, this, [this](const JobFailure& failure) {
        wanted_figure_ = 0;
        title_->setText(tr("could not be opened"));
        message_->showError(failure);
    });
    connect(&session_, &LiveSession::failed, message_, &MessageBar::showError);
    connect(&session_, &LiveSession::baselineChanged, this, &TunePage::baselineCame);
    connect(&session_, &LiveSession::figuresChanged, this, [this] {
        metrics_->setFigures(session_.figures());
        surfaces_->figuresCame();
    });
    connect(&session_, &LiveSession::spaceMeasured, this, [this](const engine::MetricsTable& table) {
        metrics_->setSpace(table);
        surfaces_->showSurface();  // its grey plane is an expert
    });
    connect(&session_, &LiveSession::preparingProgressed, this,
            [this](const engine::Progress& progress) { progress_->show(progress); });
    connect(&session_, &LiveSession::preparingEnded, progress_, &ProgressStrip::finish);
    connect(&session_, &LiveSession::preparingEnded, controls_, &ControlsPanel::showCosts);
    connect(progress_, &ProgressStrip::stopRequested, &session_, &LiveSession::stopPreparing);
    connect(&project_, &Project::settingChanged, this, &TunePage::settingChanged);
    for (const auto signal : {&Project::snapshotsChanged, &Project::baselineChanged}) {
        connect(&project_, signal, this, [this] {
            fillBaselines();
            applyBaseline();
        });
    }
    connect(controls_, &ControlsPanel::factorFocused, surfaces_, &SurfacesPanel::followFactor);
    connect(surfaces_, &SurfacesPanel::failed, message_, &MessageBar::showError);
    connect(surfaces_, &SurfacesPanel::noted, this, [this](const QString& note) { message_->showNote(note); });
    connect(goal_, &GoalPanel::failed, message_, &MessageBar::showError);
    connect(headroom_, &HeadroomPanel::failed, message_, &MessageBar::showError);
    connect(routing_, &RoutingPanel::failed, message_, &MessageBar::showError);
    connect(goal_, &GoalPanel::found, surfaces_, &SurfacesPanel::showSurface);
    productClosed();
}

QWidget* TunePage::makeNothing() {
    auto* box = new QWidget;
    auto* what =
        new QLabel(tr("No product is open.\nTrain one from the spaces of a workspace, or open one that is there."));
    what->setAlignment(Qt::AlignCenter);
    auto* train = new QPushButton(tr("Go to the reactions"));
    train->setObjectName(QStringLiteral("tune_train"));
    auto* open = new QPushButton(tr("Open a product…"));
    open->setObjectName(QStringLiteral("tune_open"));
    connect(train, &QPushButton::clicked, this, &TunePage::trainRequested);
    connect(open, &QPushButton::clicked, this, &TunePage::openRequested);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addStretch(1);
    buttons->addWidget(train);
    buttons->addWidget(open);
    buttons->addStretch(1);
    auto* column = new QVBoxLayout(box);
    column->setSpacing(12);
    column->addStretch(1);
    column->addWidget(what);
    column->addLayout(buttons);
    column->addStretch(2);
    return box;
}

// What could not be opened leaves its page, where another of the products can be chosen.
void TunePage::choosePage() {
    const bool any = session_.product() || session_.opening() || products_->count() > 0;
    pages_->setCurrentIndex(any ? 1 : 0);
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
    connect(products_, &QComboBox::activated, this, [this](int index) {
        project_.switchProduct(products_->itemData(index).toString(), tr("Product %1").arg(products_->itemText(index)));
    });
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

    column->addWidget(makeStages());
    column->addWidget(surfaces_, 1);
    column->addWidget(progress_);
    return box;
}

QWidget* TunePage::makeStages() {
    stages_ = new QWidget;
    auto* row = new QHBoxLayout(stages_);
    row->setContentsMargins(0, 0, 0, 0);
    auto* name = new QLabel(tr("Training"));
    stage_ = new QSlider(Qt::Horizontal);
    stage_->setObjectName(QStringLiteral("stage"));
    stage_->setAccessibleName(tr("State of the training"));
    stage_->setToolTip(
        tr("The product as it was on the way of its training: every projector after the same part of its steps. The "
           "right end is the finished product."));
    stage_->setTracking(false);  // a stage is opened like a product: when the slider is let go
    stage_->setPageStep(1);
    stage_->setTickPosition(QSlider::TicksBelow);
    stage_->setTickInterval(1);
    stage_->setMaximumWidth(360);
    name->setBuddy(stage_);
    stage_text_ = new QLabel;
    row->addWidget(name);
    row->addWidget(stage_, 1);
    row->addWidget(stage_text_);
    row->addStretch(1);
    connect(stage_, &QSlider::sliderMoved, this, [this](int part) { stage_text_->setText(stageText(part)); });
    connect(stage_, &QSlider::valueChanged, this, [this](int part) {
        stage_text_->setText(stageText(part));
        TuneView view = project_.view();
        view.stage = part == stage_->maximum() ? -1 : part;
        project_.setView(view, tr("Training: %1").arg(stageText(part)));
    });
    connect(&project_, &Project::viewChanged, this, &TunePage::followStage);
    connect(&project_, &Project::viewChanged, this,
            [this] { session_.setLiveWeight(project_.view().live_weight.toStdString()); });
    stages_->hide();
    return stages_;
}

QString TunePage::stageText(int part) const {
    if (part == stage_->maximum()) return tr("finished");
    if (part == 0) return tr("as drawn, untrained");
    return tr("%1 of %2").arg(part).arg(stage_->maximum());
}

void TunePage::fillStages() {
    const auto stage = session_.product()->stage();
    const QSignalBlocker quiet(stage_);
    stage_->setRange(0, static_cast<int>(stage.of));
    stage_->setValue(static_cast<int>(stage.part));
    stage_text_->setText(stageText(stage_->value()));
    stages_->setVisible(stage.of > 0);
}

// Opens what the project says where another stage of the product is open.
void TunePage::followStage() {
    const auto live = session_.product();
    const int wanted = project_.view().stage;
    if (!live && stages_->isVisible() && !session_.opening())  // the last one could not be opened
        session_.open(project_.product(), project_.workspace(), wanted);
    if (!live || project_.product() != text(live->productFolder().string())) return;
    const auto open = live->stage();
    const bool there = wanted >= 0 && wanted < open.of && engine::LiveProduct::hasStage(live->productFolder(), wanted);
    if (!there && wanted >= 0) fillStages();  // it is gone: the slider shows what is open
    if (open.part == (there ? wanted : open.of)) return;
    session_.open(project_.product(), project_.workspace(), there ? wanted : -1);
}

QWidget* TunePage::makeFigures() {
    auto* box = new QWidget;
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(4, 0, 12, 8);
    column->setSpacing(4);
    metric_ = new QComboBox;
    metric_->setObjectName(QStringLiteral("metric"));
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
                notes.lines << tr("%1 at %2").arg(text(live->recipe().name), settingLine(*live, project_.setting()));
                if (session_.baseline()) notes.lines << tr("against %1").arg(text(session_.baseline()->subject));
            }
            return notes;
        },
        [this] { return tr("%1 figures").arg(products_->currentText()); },
        [this](const JobFailure& failure) { message_->showError(failure); });
    connect(metric_, &QComboBox::textActivated, this, [this](const QString& metric) {
        TuneView view = project_.view();
        view.metric = metric;
        project_.setView(view, tr("Figures: %1").arg(metric));
    });
    connect(metric_, &QComboBox::currentTextChanged, metrics_, &MetricsModel::setMetric);
    // Later, when rows have their heights.
    connect(metrics_, &MetricsModel::modelReset, this, &TunePage::fitFigures, Qt::QueuedConnection);
    connect(&project_, &Project::viewChanged, metric_,
            [this] { metric_->setCurrentIndex(std::max(0, metric_->findText(project_.view().metric))); });
    return box;
}

void TunePage::fitFigures() {
    if (!session_.product()) return;
    const auto* heights = table_->verticalHeader();
    int rows = heights->length() + table_->horizontalHeader()->height() + 2;
    // Figures and their changes are two lines, which may not be there yet.
    for (int row = metrics_->rowCount() - 2; row < metrics_->rowCount(); ++row)
        rows += std::max(0, 2 * table_->fontMetrics().lineSpacing() + 10 - heights->sectionSize(row));
    middle_->fit(1, middle_->widget(1)->height() - table_->height() + rows, 0.4);
}

void TunePage::productOpened() {
    const auto live = session_.product();
    choosePage();
    message_->clear();
    project_.beginWith(project_.product(), live->defaults());
    metrics_->setProduct(live);
    controls_->setProduct(live);
    showTitle();
    fillBaselines();
    session_.setSetting(project_.setting());
    applyBaseline();
    surfaces_->productOpened();
    if (wanted_figure_ != 0) arrangeFigure();
    fillStages();
    // It may have been moved while this one was opened; whoever hears of this one after us still finds it.
    QMetaObject::invokeMethod(this, &TunePage::followStage, Qt::QueuedConnection);
}

void TunePage::applyBaseline() {
    const auto live = session_.product();
    if (!live) return;
    const BaselineChoice baseline = pinnedBaseline(project_, *live);
    session_.setBaseline(baseline);
    controls_->setBaselineSetting(baseline.setting);
}

engine::Json TunePage::state() const {
    return {{"side", side_->currentIndex()}, {"surfaces", surfaces_->state()}};
}

void TunePage::restore(const engine::Json& state) {
    if (!state.is_object()) return;
    if (state.contains("side") && state["side"].is_number_integer())
        side_->setCurrentIndex(std::clamp(state["side"].get<int>(), 0, side_->count() - 1));
    if (state.contains("surfaces")) surfaces_->restore(state["surfaces"]);
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
    choosePage();
}

void TunePage::showFigure(int number) {
    wanted_figure_ = number;
    if (session_.product() &&
        QString::fromStdString(session_.product()->productFolder().string()) == project_.product())
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
    view.panes = QLatin1String(kGroupsPane);  // its three panels
    PinnedBaseline baseline;
    const QString smaller = QStringLiteral("InternVL_IB");
    std::optional<engine::Setting> pinned;  // to be kept as a snapshot
    if (number == 3 || number == 4) {
        // InternVL_IB is InternVL_IB++ without its combination.
        engine::Setting without = live->defaults();
        for (auto& [name, value] : without.factors) {
            if (name.starts_with("sigma")) value = 0;
        }
        for (const auto& s : project_.snapshots()) {
            if (s.product == project_.product() && s.name == smaller && s.setting.factors == without.factors)
                baseline.snapshot = s.number;
        }
        if (baseline.snapshot == 0) pinned = without;
    }
    // A figure that is shown already is no step.
    if (pinned || !(view == project_.view()) || !(baseline == project_.baseline())) {
        auto& stack = project_.undoStack();
        stack.beginMacro(tr("Figure %1").arg(number));
        if (pinned) baseline.snapshot = project_.addSnapshot(smaller, pinned);
        project_.setView(view, tr("Axes of Figure %1").arg(number));
        project_.pinBaseline(baseline, tr("Baseline of Figure %1").arg(number));
        stack.endMacro();
    }
    surfaces_->arrangeAnew();
}

void TunePage::productClosed() {
    controls_->setProduct(nullptr);
    metrics_->setProduct(nullptr);
    title_->setText(tr("No product is open"));
    surfaces_->productClosed();
    progress_->finish();
    baseline_->clear();
    if (project_.product().isEmpty()) stages_->hide();
    choosePage();
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
        if (pinnedSnapshot(project_) ? number == pinned.snapshot : number == 0 && space == pinned.space)
            baseline_->setCurrentIndex(i);
    }
}

void TunePage::baselineChosen(int index) {
    const auto [space, number] = baseline_->itemData(index).value<QPair<QString, int>>();
    const bool base = number == 0 && session_.product() && space == text(session_.product()->recipe().base);
    project_.pinBaseline({base ? QString() : space, number}, tr("Baseline %1").arg(baseline_->itemText(index)));
}

void TunePage::baselineCame() {
    if (!session_.product()) return;
    metrics_->setBaseline(session_.baseline(), !pinnedSnapshot(project_));
    surfaces_->baselineCame();
}

void TunePage::settingChanged() {
    const auto live = session_.product();
    if (!live || project_.product() != QString::fromStdString(live->productFolder().string())) return;
    if (!project_.hasSetting(project_.product())) return;
    session_.setSetting(project_.setting());
    surfaces_->settingChanged();
}

void TunePage::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() != QEvent::PaletteChange || !session_.product()) return;
    showTitle();
    surfaces_->showSurface();
}

}  // namespace ui
