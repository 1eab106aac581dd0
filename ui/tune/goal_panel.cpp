// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tune/goal_panel.h"

#include <QGridLayout>
#include <QHeaderView>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "ui/export/command_line.h"
#include "ui/export/view_menu.h"
#include "ui/style/numbers.h"
#include "ui/views/surface_grid.h"

namespace ui {
namespace {

QString delta(const std::string& group) {
    return QStringLiteral("Δ_%1").arg(QString::fromStdString(group));
}

constexpr std::size_t kMostPicks = 60;
constexpr int kReach = 1;  // the goal's second entry

}  // namespace

const Snapshot* pinnedSnapshot(const Project& project) {
    const Snapshot* snapshot = project.snapshot(project.baseline().snapshot);
    return snapshot && snapshot->product == project.product() ? snapshot : nullptr;
}

BaselineChoice pinnedBaseline(const Project& project, const engine::LiveProduct& live) {
    if (const Snapshot* snapshot = pinnedSnapshot(project))
        return {{}, live.completed(snapshot->setting), snapshot->title()};
    const std::string pinned = project.baseline().space.toStdString();
    const std::string space = live.plan().space(pinned) ? pinned : live.recipe().base;
    return {space, std::nullopt, QString::fromStdString(space)};
}

struct GoalPanel::Found {
    std::shared_ptr<const engine::TuneResult> result;
    std::shared_ptr<const engine::Sureness> sure;
};

GoalPanel::GoalPanel(Project& project, LiveSession& session, QWidget* parent)
    : QWidget(parent),
      project_(project),
      session_(session),
      runner_(this),
      goal_(new QComboBox),
      maximize_(new QComboBox),
      target_label_(new QLabel(tr("at least"))),
      target_(new QDoubleSpinBox),
      keeps_(new QWidget),
      search_(new QPushButton(tr("Find the best setting"))),
      said_(new QLabel),
      sure_(new QLabel),
      table_(new QTableWidget) {
    goal_->addItems({tr("As high as possible"), tr("Reach a value")});
    goal_->setObjectName(QStringLiteral("goal"));
    goal_->setAccessibleName(tr("Kind of goal"));
    goal_->setToolTip(tr(
        "As high as what is kept allows; or a value, at the least cost: the other groups together stay as high as they "
        "can where it is reached"));
    maximize_->setObjectName(QStringLiteral("goal_group"));
    maximize_->setAccessibleName(tr("Δ group of the goal"));
    maximize_->setToolTip(tr("The Δ group that the goal is about"));
    target_->setObjectName(QStringLiteral("goal_value"));
    target_->setRange(-100, 100);
    target_->setDecimals(2);
    target_->setSingleStep(0.5);
    target_->setValue(1);
    target_->setSuffix(tr(" points"));
    target_->setAccessibleName(tr("Value to reach"));
    target_->setToolTip(tr("Percentage points against the baseline, -100 to 100"));
    target_label_->setBuddy(target_);
    search_->setObjectName(QStringLiteral("search"));
    search_->setToolTip(tr("Searches all live factors in steps of 0.01; the experts stay as they are switched"));
    said_->setWordWrap(true);
    said_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    sure_->setObjectName(QStringLiteral("goal_sure"));
    sure_->setAccessibleName(tr("How sure the best setting is"));
    sure_->setWordWrap(true);
    sure_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    sure_->setForegroundRole(QPalette::PlaceholderText);
    sure_->setToolTip(tr(
        "Items are drawn anew 2000 times for the interval and exchanged for the test; 100 random halves of the items "
        "show what it flatters to choose a setting on the items that it is reported on"));
    table_->setAccessibleName(tr("Settings found"));
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->verticalHeader()->hide();
    table_->setAlternatingRowColors(true);
    table_->setShowGrid(false);
    table_->setToolTip(
        tr("The best setting first, then the Pareto front: none of them is worse than another in every "
           "group. Enter or a click sets the sliders."));
    auto* top = new QGridLayout;
    top->addWidget(goal_, 0, 0);
    top->addWidget(maximize_, 0, 1);
    top->addWidget(target_label_, 1, 0, Qt::AlignRight);
    top->addWidget(target_, 1, 1);
    top->addWidget(keeps_, 2, 0, 1, 2);
    top->setColumnStretch(1, 1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 12, 12, 12);
    column->setSpacing(8);
    column->addLayout(top);
    column->addWidget(search_);
    column->addWidget(said_);
    column->addWidget(sure_);
    column->addWidget(table_, 1);
    column->addStretch();  // takes the room while there is no table
    connect(&session_, &LiveSession::baselineChanged, this, &GoalPanel::rebuild);
    connect(&session_, &LiveSession::closed, this, &GoalPanel::rebuild);
    // What was found with fewer queries is not what a search would find now.
    connect(&session_, &LiveSession::sampleEnlarged, this, [this] { searched_.maximize.clear(); });
    connect(search_, &QPushButton::clicked, this, &GoalPanel::search);
    connect(goal_, &QComboBox::currentIndexChanged, this, &GoalPanel::goalChanged);
    goalChanged();
    connect(&runner_, &JobRunner::failed, this, &GoalPanel::failed);
    connect(&runner_, &JobRunner::progressed, this,
            [this](const engine::Progress& progress) { said_->setText(tr("%1 settings tried").arg(progress.done)); });
    connect(&runner_, &JobRunner::ended, this, [this] { search_->setText(tr("Find the best setting")); });
    connect(&runner_, &JobRunner::cancelled, this, [this] { said_->setText(tr("Stopped.")); });
    connect(table_, &QTableWidget::cellActivated, this, [this](int row, int) { apply(row); });
    connect(table_, &QTableWidget::cellClicked, this, [this](int row, int) { apply(row); });
    addTableMenu(
        table_,
        [this] {
            TableNotes out;
            if (!result_) return out;
            out.synthetic = result_->synthetic;
            out.lines
                << tr("the best setting of %1 first, then the Pareto front; changes in percentage points against %2")
                       .arg(QString::fromStdString(result_->subject), QString::fromStdString(result_->baseline));
            return out;
        },
        [] { return tr("settings found"); }, [this](const JobFailure& failure) { Q_EMIT failed(failure); });
    rebuild();
}

void GoalPanel::rebuild() {
    runner_.drop();
    search_->setText(tr("Find the best setting"));
    result_.reset();
    sure_of_.reset();
    sure_->hide();
    table_->clear();
    table_->setRowCount(0);
    table_->setColumnCount(0);
    table_->hide();
    if (maximize_->currentIndex() >= 0) chosen_ = maximize_->currentData().toString();
    maximize_->clear();
    for (const auto& keep : keep_) kept_[keep.group] = {keep.on->isChecked(), keep.at_least->value()};
    keep_.clear();
    delete keeps_->layout();
    qDeleteAll(keeps_->findChildren<QWidget*>(Qt::FindDirectChildrenOnly));
    const bool ready = session_.product() && session_.baseline();
    setEnabled(ready);
    if (!ready) {
        said_->setText(tr("Open a product to search its settings."));
        Q_EMIT rebuilt();
        return;
    }
    said_->setText(tr("Changes are counted against %1.").arg(QString::fromStdString(session_.baseline()->subject)));
    auto* grid = new QGridLayout(keeps_);
    grid->setContentsMargins(0, 0, 0, 0);
    int row = 0;
    for (const auto& group : session_.product()->groups(*session_.baseline())) {
        maximize_->addItem(QStringLiteral("%1, %2").arg(delta(group.name), QString::fromStdString(group.metric)),
                           QString::fromStdString(group.name));
        Keep keep;
        keep.group = group.name;
        keep.on = new QCheckBox(tr("keep %1 at least").arg(delta(group.name)));
        keep.at_least = new QDoubleSpinBox;
        keep.at_least->setRange(-100, 100);
        keep.at_least->setDecimals(2);
        keep.at_least->setSingleStep(0.25);
        keep.at_least->setSuffix(tr(" points"));
        keep.at_least->setToolTip(
            tr("Percentage points of %1 against the baseline").arg(QString::fromStdString(group.metric)));
        keep.at_least->setAccessibleName(tr("%1 at least").arg(delta(group.name)));
        const bool tv = group.name == "TV";
        const auto [on, at_least] = kept_.try_emplace(group.name, tv, tv ? -0.5 : 0).first->second;
        keep.on->setChecked(on);
        keep.at_least->setValue(at_least);
        keep.at_least->setEnabled(keep.on->isChecked());
        connect(keep.on, &QCheckBox::toggled, keep.at_least, &QWidget::setEnabled);
        grid->addWidget(keep.on, row, 0);
        grid->addWidget(keep.at_least, row++, 1);
        keep_.push_back(keep);
    }
    maximize_->setCurrentIndex(std::max(0, maximize_->findData(chosen_)));
    Q_EMIT rebuilt();
}

void GoalPanel::goalChanged() {
    const bool value = goal_->currentIndex() == kReach;
    target_label_->setVisible(value);
    target_->setVisible(value);
}

std::string GoalPanel::group() const {
    return maximize_->currentData().toString().toStdString();
}

std::optional<engine::TuneRequest> GoalPanel::request() const {
    const auto live = session_.product();
    if (!live || !session_.baseline() || maximize_->currentIndex() < 0) return std::nullopt;
    engine::TuneRequest request;
    request.fixed = project_.setting();
    request.baseline = *session_.baseline();
    for (const auto& axis : live->axes()) request.factors.push_back(axis.name);
    const std::string wanted = group();
    if (goal_->currentIndex() == kReach) {
        request.constraints.push_back({wanted, target_->value()});
        for (const auto& keep : keep_) {
            if (keep.group != wanted) request.maximize.emplace_back(keep.group, 1.0);
        }
    }
    if (request.maximize.empty()) request.maximize = {{wanted, 1.0}};
    for (const auto& keep : keep_) {
        if (keep.on->isChecked() && keep.group != wanted)
            request.constraints.push_back({keep.group, keep.at_least->value()});
    }
    return request;
}

std::optional<engine::TuneRequestText> GoalPanel::requestText() const {
    const auto wanted = request();
    if (!wanted) return std::nullopt;
    engine::TuneRequestText out;
    // All shares, unless a weight is among them.
    const auto axes = session_.product()->axes();
    if (!axes.empty() && axes.back().isWeight()) out.factors = wanted->factors;
    for (const auto& [group, weight] : wanted->maximize) out.maximize.push_back(group);
    for (const auto& keep : wanted->constraints)
        out.at_least.push_back(keep.group + "=" + QString::number(keep.at_least, 'g', 12).toStdString());
    out.baseline = baselineOf(*session_.product(), pinnedBaseline(project_, *session_.product()));
    return out;
}

std::shared_ptr<const engine::TuneResult> GoalPanel::resultOf(const engine::TuneRequest& request) const {
    // Results go with product and baseline: those are the same.
    const auto& r = searched_;
    const bool same =
        r.maximize == request.maximize && r.fixed == request.fixed && r.factors == request.factors &&
        std::equal(r.constraints.begin(), r.constraints.end(), request.constraints.begin(), request.constraints.end(),
                   [](const auto& a, const auto& b) { return a.group == b.group && a.at_least == b.at_least; });
    return same ? result_ : nullptr;
}

void GoalPanel::search() {
    if (runner_.running()) {
        runner_.stop();
        return;
    }
    const auto wanted = request();
    if (!wanted) return;
    search_->setText(tr("Stop"));
    runner_.start<Found>(
        tr("Searching"),
        [live = session_.product(), request = *wanted, name = group()](const engine::JobContext& job) {
            Found out;
            out.result = std::make_shared<const engine::TuneResult>(live->tune(request, job));
            const auto& groups = out.result->groups;
            const auto of = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.name == name; });
            try {
                if (of != groups.end())
                    out.sure = std::make_shared<const engine::Sureness>(
                        live->sureness(*of, *out.result, request.fixed, {}, job));
            } catch (const engine::Error& error) {
                // Of a figure that is no mean over queries, or of a single item, nothing can be told.
                if (error.code() != engine::ErrorCode::InvalidInput) throw;
            }
            return out;
        },
        [this, request = *wanted, value = goal_->currentIndex() == kReach](const Found& came) {
            result_ = came.result;
            sure_of_ = came.sure;
            searched_ = request;
            searched_value_ = value;
            showResult();
            Q_EMIT found();
        });
}

std::shared_ptr<const engine::TuneResult> GoalPanel::result() const {
    const auto live = session_.product();
    return live && live->sameButAxes(project_.setting(), searched_.fixed) ? result_ : nullptr;
}

void GoalPanel::showResult() {
    const auto& r = *result_;
    sure_->setText(sureText());
    sure_->setVisible(sure_of_ != nullptr);
    said_->setText((r.feasible() ? searched_value_ ? tr("Reached at the least cost, of %1 settings; against %2%3.")
                                                   : tr("Best of %1 settings; against %2%3.")
                                 : tr("No setting keeps all of that; the nearest of %1 settings comes first. Against "
                                      "%2%3."))
                       .arg(r.evaluated)
                       .arg(QString::fromStdString(r.baseline), r.synthetic ? tr(" (synthetic world)") : QString()) +
                   (r.samples.empty() ? QString()
                                      : QLatin1Char(' ') + tr("≈ from a sample of the queries; intervals of the best "
                                                              "setting are in its tooltips.")));
    QStringList sampled;
    for (const auto& [set, sample] : r.samples)
        sampled << tr("%1: %2").arg(QString::fromStdString(set), QString::fromStdString(sample));
    QStringList heads;
    for (const auto& factor : r.factors) heads << QString::fromStdString(factor.symbol);
    for (const auto& group : r.groups) heads << delta(group.name);
    table_->clear();
    table_->setColumnCount(static_cast<int>(heads.size()));
    table_->setHorizontalHeaderLabels(heads);
    const std::size_t step = r.front.size() / kMostPicks + 1;
    shown_ = {r.best};
    for (std::size_t i = 0; i < r.front.size(); i += step) shown_.push_back(r.front[i]);
    table_->setRowCount(static_cast<int>(shown_.size()));
    for (int row = 0; row < table_->rowCount(); ++row) {
        const auto& point = shown_[static_cast<std::size_t>(row)];
        int column = 0;
        const auto put = [&](const QString& value, double bare, const QString& tip = {}) {
            auto* item = new QTableWidgetItem(value);
            item->setData(kExportRole, bare);
            if (!tip.isEmpty()) item->setToolTip(tip);
            item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
            if (row == 0) {
                QFont font = item->font();
                font.setWeight(QFont::DemiBold);
                item->setFont(font);
            }
            table_->setItem(row, column++, item);
        };
        for (const double value : point.factors) put(QString::number(value, 'f', 2), value);
        for (std::size_t g = 0; g < point.change.size(); ++g) {
            const auto interval = g < r.best_intervals.size() ? r.best_intervals[g] : std::nullopt;
            const QString value = signedNumber(point.change[g]);
            if (!interval) {
                put(value, point.change[g]);
                continue;
            }
            QStringList tip = sampled;
            if (row == 0) tip.prepend(tr("with 95 % within %1").arg(intervalText(*interval)));
            put(QStringLiteral("≈ ") + value, point.change[g], tip.join(QLatin1Char('\n')));
        }
    }
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    table_->show();
}

QString GoalPanel::sureText() const {
    if (!sure_of_) return {};
    const auto& s = *sure_of_;
    double gained = 0, lost = 0;
    for (const auto& [set, moved] : s.moved) {
        gained += moved.gained;
        lost += moved.lost;
    }
    return tr("%1 against the sliders as they were: %2 [%3, %4] (%5 %), p = %6, neither corrected for the search; %7 "
              "queries won, %8 lost. Chosen on half of the items, the highest of the front has %9 there")
               .arg(QStringLiteral("Δ_") + QString::fromStdString(s.group), signedNumber(s.gain.estimate),
                    signedNumber(s.gain.low), signedNumber(s.gain.high))
               .arg(std::lround(100 * s.options.level))
               .arg(s.test.p_value, 0, 'g', 2)
               .arg(gained, 0, 'f', 0)
               .arg(lost, 0, 'f', 0)
               .arg(s.held_out.tuned, 0, 'f', 2) +
           tr(" and %1 on the other half; %2 of %3 settings of the front tie with it.")
               .arg(s.held_out.held_out, 0, 'f', 2)
               .arg(s.tied)
               .arg(s.front);
}

void GoalPanel::apply(int row) {
    if (!result_ || row < 0 || static_cast<std::size_t>(row) >= shown_.size()) return;
    engine::Setting setting = project_.setting();
    setting.expert_weights = searched_.fixed.expert_weights;  // what was promised holds with these
    setting.projectors = searched_.fixed.projectors;
    setting = engine::settingOf(*result_, shown_[static_cast<std::size_t>(row)], setting);
    project_.setSetting(setting, row == 0 ? tr("Best setting") : tr("Setting of the Pareto front"));
}

}  // namespace ui
