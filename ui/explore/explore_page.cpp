// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/explore/explore_page.h"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "engine/eval/set_evaluation.h"
#include "ui/export/view_menu.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

constexpr int kRestMilliseconds = 250;

QLabel* caption(const QString& text, QWidget* buddy) {
    auto* label = new QLabel(text, buddy->parentWidget());
    label->setBuddy(buddy);
    return label;
}

}  // namespace

ExplorePage::ExplorePage(QWidget* parent) : QWidget(parent), map_job_(nullptr, true), gap_job_(nullptr, true) {
    sets_ = new QComboBox(this);
    sets_->setAccessibleName(tr("Evaluation set"));
    sets_->setToolTip(tr("The evaluation set that is mapped and inspected"));
    sets_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    directions_ = new QComboBox(this);
    directions_->setAccessibleName(tr("Direction of retrieval"));
    directions_->setToolTip(tr("Which side asks: queries → candidates"));
    directions_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    note_ = new QLabel(this);
    panel_ = new QueryPanel(this);

    auto* head = new QHBoxLayout;
    head->setSpacing(8);
    head->addWidget(caption(tr("&Set"), sets_));
    head->addWidget(sets_);
    head->addSpacing(8);
    head->addWidget(caption(tr("&Queries"), directions_));
    head->addWidget(directions_);
    head->addStretch(1);
    head->addWidget(note_);
    auto* splitter = new QSplitter(this);
    splitter->setChildrenCollapsible(false);
    splitter->setHandleWidth(12);
    splitter->addWidget(makeMapSide());
    splitter->addWidget(panel_);
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 2);
    splitter->setSizes({680, 500});
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(12, 10, 12, 10);
    all->setSpacing(8);
    all->addLayout(head);
    all->addWidget(splitter, 1);

    follow_timer_.setSingleShot(true);
    follow_timer_.setInterval(0);
    rest_timer_.setSingleShot(true);
    rest_timer_.setInterval(kRestMilliseconds);
    connect(&follow_timer_, &QTimer::timeout, this, &ExplorePage::follow);
    connect(&rest_timer_, &QTimer::timeout, this, &ExplorePage::inspect);
    connect(sets_, &QComboBox::currentIndexChanged, this, [this] {
        if (!filling_) setChanged();
    });
    connect(directions_, &QComboBox::currentIndexChanged, this, [this] {
        if (filling_) return;
        setSubjectOfInspector();
        inspect();
    });
    connect(panel_, &QueryPanel::queryChosen, this, [this](std::optional<std::uint32_t> query) {
        if (!query) return;
        map_->mark(std::nullopt);
        map_->choose(MapItem{forward(), *query});
        Q_EMIT queryChosen(sets_->currentText(), forward(), *query);
    });
    connect(panel_, &QueryPanel::answerChosen, this, [this](quint32 row) { map_->mark(MapItem{!forward(), row}); });
    connect(panel_, &QueryPanel::selectionDropped, this, [this] { map_->select({}); });
    connect(panel_, &QueryPanel::factorPicked, this, &ExplorePage::factorPicked);
    connect(panel_, &QueryPanel::failed, this, &ExplorePage::failed);
    connect(&map_job_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        if (!any()) return;
        made_.reset();
        map_->clear(failure.text());
        figures_->clear();
        Q_EMIT failed(failure);
    });
    connect(&gap_job_, &JobRunner::failed, this, &ExplorePage::failed);
    setProduct(nullptr);
    recolour();
}

ExplorePage::~ExplorePage() = default;

QWidget* ExplorePage::makeMapSide() {
    auto* side = new QWidget(this);
    spaces_ = new QComboBox(side);
    spaces_->setAccessibleName(tr("Space that is mapped"));
    spaces_->setToolTip(tr("The product at the current setting, or a single space as it is"));
    spaces_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    spaces_->setSizePolicy(QSizePolicy::Minimum, QSizePolicy::Fixed);
    axes_ = new QComboBox(side);
    axes_->addItem(tr("Principal components"), QStringLiteral("principal"));
    axes_->addItem(tr("Modality gap first"), QStringLiteral("gap"));
    axes_->setAccessibleName(tr("Axes of the map"));
    axes_->setToolTip(
        tr("Principal components: the directions of greatest variance of all items. Modality gap first: the "
           "first axis runs from the mean of one modality to that of the other, the others are the principal "
           "components of what is left."));
    plane_ = new QComboBox(side);
    plane_->addItems({tr("1 × 2"), tr("1 × 3"), tr("2 × 3")});
    plane_->setAccessibleName(tr("Which axes are drawn"));
    plane_->setToolTip(tr("Which two of the three axes are drawn: across × up"));
    pairs_ = new QCheckBox(tr("&Pairs"), side);
    pairs_->setChecked(true);
    pairs_->setToolTip(tr("Joins matched pairs by faint lines; of more than 1,500 some are left out"));
    fit_ = new QPushButton(tr("Fit &axes"), side);
    fit_->setToolTip(
        tr("The axes stay those of the setting that they were fitted at, so that points can be followed. This "
           "fits them to the current setting."));
    all_ = new QPushButton(side);
    all_->setAccessibleName(tr("Show the whole map"));
    all_->setToolTip(tr("Shows the whole map again (Home)"));
    map_ = new MapView(side);
    figures_ = new QLabel(side);
    figures_->setAccessibleName(tr("Figures of the map"));
    figures_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    figures_->setWordWrap(true);
    figures_->setToolTip(
        tr("Mean cosine of matched pairs (−1 to 1), and the distance between the mean vectors of the two "
           "modalities (0 to 2), of the drawn items"));

    auto* row = new QHBoxLayout;
    row->setSpacing(6);
    row->addWidget(caption(tr("&Map of"), spaces_));
    row->addWidget(spaces_);
    row->addWidget(axes_);
    row->addWidget(plane_);
    row->addWidget(pairs_);
    row->addStretch(1);
    row->addWidget(fit_);
    row->addWidget(all_);
    auto* layout = new QVBoxLayout(side);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    layout->addLayout(row);
    layout->addWidget(map_, 1);
    layout->addWidget(figures_);

    connect(spaces_, &QComboBox::currentIndexChanged, this, [this] {
        if (filling_) return;
        wanted_space_.clear();
        makeMap(false);
    });
    connect(axes_, &QComboBox::currentIndexChanged, this, [this] { makeMap(false); });
    connect(plane_, &QComboBox::currentIndexChanged, this,
            [this](int i) { map_->setAxes(i == 2 ? 1 : 0, i == 0 ? 1 : 2); });
    connect(pairs_, &QCheckBox::toggled, this, [this](bool on) { map_->setPairsShown(on); });
    connect(fit_, &QPushButton::clicked, this, [this] { makeMap(false); });
    connect(all_, &QPushButton::clicked, this, [this] { map_->showAll(); });
    addFigureMenu(
        map_, [this](QPainter& p, const QRectF& area) { map_->paintTo(p, area); },
        [this] { return tr("%1 %2 map").arg(spaces_->currentText(), sets_->currentText()); },
        [this](const JobFailure& failure) { Q_EMIT failed(failure); });
    connect(map_, &MapView::itemChosen, this, &ExplorePage::mapItemChosen);
    connect(map_, &MapView::chosenCleared, this, [this] {
        map_->mark(std::nullopt);
        panel_->chooseQuery(std::nullopt);
    });
    connect(map_, &MapView::selectionChanged, this, &ExplorePage::mapSelectionChanged);
    return side;
}

bool ExplorePage::busy() const {
    return map_job_.running() || gap_job_.running() || panel_->busy() || follow_timer_.isActive() ||
           rest_timer_.isActive();
}

bool ExplorePage::ofProduct() const {
    return product_ && spaces_->currentIndex() <= 0;
}

bool ExplorePage::forward() const {
    return directions_->currentIndex() != 1;
}

std::string ExplorePage::mappedSpace() const {
    return ofProduct() ? std::string() : spaces_->currentText().toStdString();
}

std::size_t ExplorePage::set() const {
    return static_cast<std::size_t>(std::max(0, sets_->currentIndex()));
}

void ExplorePage::recolour() {
    note_->setStyleSheet(QStringLiteral("color: %1").arg(colours().muted.name()));
    figures_->setStyleSheet(QStringLiteral("color: %1").arg(colours().text.name()));
    all_->setIcon(icon(QStringLiteral("reset")));
    fit_->setIcon(icon(QStringLiteral("explore")));
}

void ExplorePage::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) recolour();
}

void ExplorePage::setProduct(std::shared_ptr<engine::LiveProduct> product) {
    follow_timer_.stop();
    rest_timer_.stop();
    map_job_.stop();
    gap_job_.stop();
    panel_->stop();
    product_ = std::move(product);
    filling_ = true;
    spaces_->clear();  // what comes is mapped itself
    filling_ = false;
    if (product_) {
        reference_ = product_->defaults();
        reference_name_ = tr("the recipe's setting");
        setting_ = reference_;
    }
    panel_->setReference(reference_, reference_name_);
    subjectChanged();
}

void ExplorePage::setWorkspace(const QString& folder, const engine::Json& inspected) {
    workspace_ = folder.toStdString();
    workspace_sets_.clear();
    synthetic_ = inspected.value("synthetic", false);
    for (const auto& s : inspected.value("sets", engine::Json::array())) {
        SetOfSpaces set{s["name"], s["first"]["modality"], s["second"]["modality"], {}};
        const auto& others = s["second"]["spaces"];
        for (const auto& space : s["first"]["spaces"]) {
            const bool both = std::any_of(others.begin(), others.end(),
                                          [&](const auto& other) { return other["space"] == space["space"]; });
            if (both) set.spaces.push_back(space["space"]);
        }
        if (!set.spaces.empty()) workspace_sets_.push_back(std::move(set));
    }
    if (!product_) return subjectChanged();
    const std::string before = mappedSpace();
    listSpaces();
    filling_ = true;
    if (!wanted_space_.isEmpty()) chooseSpace(wanted_space_);
    filling_ = false;
    if (mappedSpace() != before) makeMap(false);
}

const ExplorePage::SetOfSpaces* ExplorePage::setOfSpaces() const {
    if (product_ && product_->workspaceFolder() != workspace_) return nullptr;
    const std::string name = sets_->currentText().toStdString();
    const auto found =
        std::find_if(workspace_sets_.begin(), workspace_sets_.end(), [&](const auto& s) { return s.name == name; });
    return found == workspace_sets_.end() ? nullptr : &*found;
}

std::pair<engine::Modality, engine::Modality> ExplorePage::modalities() const {
    if (product_) return {product_->description(set()).first, product_->description(set()).second};
    const auto* of = setOfSpaces();
    return of ? std::pair(of->first, of->second) : std::pair<engine::Modality, engine::Modality>();
}

void ExplorePage::subjectChanged() {
    map_job_.stop();
    gap_job_.stop();
    const QString set_before = sets_->currentText();
    made_.reset();
    items_of_.reset();
    wanted_query_.reset();
    filling_ = true;
    sets_->clear();
    if (product_) {
        for (const auto& s : product_->sets()) sets_->addItem(QString::fromStdString(s.name));
    } else {
        for (const auto& s : workspace_sets_) sets_->addItem(QString::fromStdString(s.name));
    }
    if (const int i = sets_->findText(set_before); i >= 0) sets_->setCurrentIndex(i);
    filling_ = false;
    directions_->setEnabled(product_ != nullptr);
    for (QWidget* w : {static_cast<QWidget*>(sets_), static_cast<QWidget*>(spaces_), static_cast<QWidget*>(axes_),
                       static_cast<QWidget*>(plane_), static_cast<QWidget*>(pairs_), static_cast<QWidget*>(fit_),
                       static_cast<QWidget*>(all_)})
        w->setEnabled(any());
    note_->setText(any() && synthetic() ? tr("synthetic world") : QString());
    setChanged();
    showWanted();
}

engine::Json ExplorePage::state() const {
    // What a product that is not there had chosen in the inspector is kept for it.
    if (!any()) return wanted_;
    engine::Json out = wanted_.is_object() ? wanted_ : engine::Json::object();
    out["set"] = sets_->currentText().toStdString();
    out["space"] = mappedSpace();
    out["axes"] = axes_->currentData().toString().toStdString();
    out["plane"] = plane_->currentIndex();
    out["pairs"] = pairs_->isChecked();
    if (!product_) return out;
    out["forward"] = forward();
    out["list"] = panel_->state();
    if (wanted_query_ && wanted_query_->set == set()) out["query"] = wanted_query_->query;
    else if (panel_->query()) out["query"] = *panel_->query();
    return out;
}

void ExplorePage::restore(const engine::Json& state) {
    wanted_ = state.is_object() ? state : engine::Json();
    showWanted();
}

void ExplorePage::showWanted() {
    if (!any() || !wanted_.is_object()) return;
    const engine::Json state = product_ ? std::exchange(wanted_, {}) : wanted_;
    const auto text = [&](const char* key) {
        return state.contains(key) && state[key].is_string() ? QString::fromStdString(state[key].get<std::string>())
                                                             : QString();
    };
    const auto flag = [&](const char* key, bool otherwise) {
        return state.contains(key) && state[key].is_boolean() ? state[key].get<bool>() : otherwise;
    };
    showSet(text("set"));
    directions_->setCurrentIndex(flag("forward", true) ? 0 : 1);
    chooseSpace(text("space"));
    axes_->setCurrentIndex(std::max(0, axes_->findData(text("axes"))));
    if (state.contains("plane") && state["plane"].is_number_integer())
        plane_->setCurrentIndex(std::clamp(state["plane"].get<int>(), 0, plane_->count() - 1));
    pairs_->setChecked(flag("pairs", true));
    if (state.contains("list")) panel_->restore(state["list"]);
    if (product_ && sets_->currentText() == text("set") && state.contains("query") &&
        state["query"].is_number_unsigned()) {
        wanted_query_ = {set(), forward(), state["query"].get<std::uint32_t>(), {}};
        chooseWanted();
    }
}

void ExplorePage::chooseSpace(const QString& space) {
    const int at = space.isEmpty() ? 0 : spaces_->findText(space);
    if (at >= 0) spaces_->setCurrentIndex(at);
    wanted_space_ = at < 0 ? space : QString();
}

void ExplorePage::showSet(const QString& set) {
    if (const int i = sets_->findText(set); i >= 0) sets_->setCurrentIndex(i);
}

void ExplorePage::showQuery(const QString& set, bool forward, quint32 query, const std::string& factor) {
    const int at = sets_->findText(set);
    if (!product_ || at < 0) return;
    wanted_query_ = {static_cast<std::size_t>(at), forward, query, factor};
    showSet(set);
    chooseWanted();
}

void ExplorePage::chooseWanted() {
    if (!wanted_query_ || items_of_ != set()) return;
    const auto wanted = *std::exchange(wanted_query_, std::nullopt);
    // Another set was chosen meanwhile, or the items are others than when it was kept.
    if (wanted.set != set() || wanted.query >= items_.ids[wanted.forward ? 0 : 1]->size()) return;
    directions_->setCurrentIndex(wanted.forward ? 0 : 1);
    map_->mark(std::nullopt);
    map_->choose(MapItem{wanted.forward, wanted.query});
    panel_->chooseQuery(wanted.query);
    if (!wanted.factor.empty()) panel_->follow(wanted.factor);
}

void ExplorePage::setChanged() {
    listDirections();
    listSpaces();
    made_.reset();
    components_.reset();
    items_of_.reset();
    items_ = {};
    figures_->clear();
    if (!any()) {
        map_->clear(tr("Open a workspace or a product to see its evaluation sets as maps."));
        panel_->setSubject(nullptr, 0, true, {});
        return;
    }
    map_->clear(tr("fitting the map…"));
    panel_->setSubject(product_, set(), forward(), {});
    makeMap(false);
}

void ExplorePage::listDirections() {
    filling_ = true;
    directions_->clear();
    if (product_) {
        const auto& description = product_->description(set());
        for (const bool is_forward : {true, false})
            directions_->addItem(QString::fromStdString(engine::directionName(description, is_forward)));
    }
    filling_ = false;
}

void ExplorePage::listSpaces() {
    filling_ = true;
    const QString before = spaces_->currentText();
    spaces_->clear();
    if (product_) spaces_->addItem(QString::fromStdString(product_->recipe().name));
    if (const auto* of = setOfSpaces()) {
        for (const auto& space : of->spaces) spaces_->addItem(QString::fromStdString(space));
    } else if (product_) {
        // Those that have both modalities; whether rows are there is found out when one is chosen.
        const auto& description = product_->description(set());
        for (const auto& space : product_->plan().spaces) {
            const auto has = [&](const std::string& modality) {
                return std::find(space.modalities.begin(), space.modalities.end(), modality) != space.modalities.end();
            };
            if (has(description.first) && has(description.second)) spaces_->addItem(QString::fromStdString(space.name));
        }
    }
    if (const int i = spaces_->findText(before); i > 0) spaces_->setCurrentIndex(i);
    filling_ = false;
}

void ExplorePage::setActive(bool active) {
    if (active_ == active) return;
    active_ = active;
    if (!active) {
        missed_ = missed_ || map_job_.running() || rest_timer_.isActive() || panel_->busy();
        follow_timer_.stop();
        rest_timer_.stop();
        map_job_.stop();
        gap_job_.stop();
        panel_->stop();
        return;
    }
    if (!missed_ || !any()) return;
    if (made_ && items_of_) {
        missed_ = false;
        follow();
        inspect();
    } else {
        makeMap(false);
    }
}

void ExplorePage::setSetting(const engine::Setting& setting) {
    if (setting_ == setting) return;
    setting_ = setting;
    if (!active_) {
        missed_ = true;
        return;
    }
    if (ofProduct()) follow_timer_.start();
    rest_timer_.start();
}

void ExplorePage::setReference(const engine::Setting& setting, const QString& name) {
    reference_ = setting;
    reference_name_ = name;
    reference_gap_.reset();
    apart_ = false;
    panel_->setReference(setting, name);
    if (!active_) {
        missed_ = true;
        return;
    }
    follow_timer_.start();
    rest_timer_.start();
}

void ExplorePage::setAxes() {
    panel_->setAxes();
}

void ExplorePage::setPrepared(std::size_t set) {
    panel_->setPrepared(set);
}

void ExplorePage::setSubjectOfInspector() {
    panel_->setSubject(product_, set(), forward(), items_);
    map_->choose(std::nullopt);
    map_->mark(std::nullopt);
    if (!map_->selection().empty()) mapSelectionChanged();
}

void ExplorePage::inspect() {
    if (!product_ || !active_) {
        missed_ = true;
        return;
    }
    if (items_of_ == set()) panel_->refresh(setting_);
}

void ExplorePage::mapItemChosen(const MapItem& item) {
    map_->mark(std::nullopt);
    if (!product_) return;
    // The side that was clicked asks.
    if (item.first != forward()) {
        directions_->setCurrentIndex(item.first ? 0 : 1);
        map_->choose(item);
    }
    panel_->chooseQuery(item.row);
    Q_EMIT queryChosen(sets_->currentText(), forward(), item.row);
}

void ExplorePage::mapSelectionChanged() {
    if (map_->selection().empty()) {
        panel_->showOnly(std::nullopt);
        return;
    }
    std::unordered_set<std::uint32_t> queries, answers;
    for (const auto& item : map_->selection()) (item.first == forward() ? queries : answers).insert(item.row);
    if (!product_) return;
    for (const auto& pair : product_->description(set()).pairs) {
        if (answers.contains(pair[forward() ? 1 : 0])) queries.insert(pair[forward() ? 0 : 1]);
    }
    panel_->showOnly(std::move(queries));
}

}  // namespace ui
