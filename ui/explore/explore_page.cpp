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
#include <cmath>
#include <utility>

#include "engine/base/error.h"
#include "engine/eval/workspace_evaluation.h"
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

struct ExplorePage::Made {
    std::shared_ptr<const engine::SpaceMap> map;
    engine::SetComponents raw;
    std::shared_ptr<const engine::SetComponents> components;
    bool apart = false;
    engine::Setting fitted_at;
    std::size_t set = 0;
    std::string space;  // empty: the product
    SetItems items;
};

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
        if (!product_) return;
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
        if (!filling_) makeMap(false);
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
    return spaces_->currentIndex() <= 0;
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

std::optional<ExplorePage::Weights> ExplorePage::weightsAt(const engine::Setting& setting) const {
    if (!ofProduct()) return Weights();
    const auto& model = product_->model();
    if (!components_ || !model.fits(components_->first, setting) || !model.fits(components_->second, setting))
        return std::nullopt;
    return Weights{model.weights(components_->first.modality, components_->first, setting),
                   model.weights(components_->second.modality, components_->second, setting)};
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
    const QString set_before = sets_->currentText();
    product_ = std::move(product);
    made_.reset();
    items_of_.reset();
    wanted_query_.reset();
    filling_ = true;
    sets_->clear();
    if (product_) {
        for (const auto& s : product_->sets()) sets_->addItem(QString::fromStdString(s.name));
        if (const int i = sets_->findText(set_before); i >= 0) sets_->setCurrentIndex(i);
        reference_ = product_->defaults();
        reference_name_ = tr("the recipe's setting");
        setting_ = reference_;
    }
    filling_ = false;
    for (QWidget* w : {static_cast<QWidget*>(sets_), static_cast<QWidget*>(directions_), static_cast<QWidget*>(spaces_),
                       static_cast<QWidget*>(axes_), static_cast<QWidget*>(plane_), static_cast<QWidget*>(pairs_),
                       static_cast<QWidget*>(fit_), static_cast<QWidget*>(all_)})
        w->setEnabled(product_ != nullptr);
    note_->setText(product_ && product_->synthetic() ? tr("synthetic world") : QString());
    panel_->setReference(reference_, reference_name_);
    setChanged();
    showWanted();
}

engine::Json ExplorePage::state() const {
    if (!product_) return wanted_;
    engine::Json out{{"set", sets_->currentText().toStdString()},
                     {"forward", forward()},
                     {"space", mappedSpace()},
                     {"axes", axes_->currentData().toString().toStdString()},
                     {"plane", plane_->currentIndex()},
                     {"pairs", pairs_->isChecked()},
                     {"list", panel_->state()}};
    if (wanted_query_ && wanted_query_->set == set()) out["query"] = wanted_query_->query;
    else if (panel_->query()) out["query"] = *panel_->query();
    return out;
}

void ExplorePage::restore(const engine::Json& state) {
    wanted_ = state.is_object() ? state : engine::Json();
    showWanted();
}

void ExplorePage::showWanted() {
    if (!product_ || !wanted_.is_object()) return;
    const engine::Json state = std::exchange(wanted_, {});
    const auto text = [&](const char* key) {
        return state.contains(key) && state[key].is_string() ? QString::fromStdString(state[key].get<std::string>())
                                                             : QString();
    };
    const auto flag = [&](const char* key, bool otherwise) {
        return state.contains(key) && state[key].is_boolean() ? state[key].get<bool>() : otherwise;
    };
    showSet(text("set"));
    directions_->setCurrentIndex(flag("forward", true) ? 0 : 1);
    spaces_->setCurrentIndex(std::max(0, text("space").isEmpty() ? 0 : spaces_->findText(text("space"))));
    axes_->setCurrentIndex(std::max(0, axes_->findData(text("axes"))));
    if (state.contains("plane") && state["plane"].is_number_integer())
        plane_->setCurrentIndex(std::clamp(state["plane"].get<int>(), 0, plane_->count() - 1));
    pairs_->setChecked(flag("pairs", true));
    if (state.contains("list")) panel_->restore(state["list"]);
    if (sets_->currentText() == text("set") && state.contains("query") && state["query"].is_number_unsigned()) {
        wanted_query_ = {set(), forward(), state["query"].get<std::uint32_t>(), {}};
        chooseWanted();
    }
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
    if (!product_) {
        map_->clear(tr("Open a product to see its evaluation sets as maps."));
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
    if (product_) {
        spaces_->addItem(QString::fromStdString(product_->recipe().name));
        // Those that have both modalities; whether rows are there is found out when one is chosen.
        const auto& description = product_->description(set());
        for (const auto& space : product_->plan().spaces) {
            const auto has = [&](const std::string& modality) {
                return std::find(space.modalities.begin(), space.modalities.end(), modality) != space.modalities.end();
            };
            if (has(description.first) && has(description.second)) spaces_->addItem(QString::fromStdString(space.name));
        }
        if (const int i = spaces_->findText(before); i > 0) spaces_->setCurrentIndex(i);
    }
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
    if (!missed_ || !product_) return;
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

void ExplorePage::makeMap(bool keep_view) {
    if (!product_ || !active_) {
        made_.reset();
        missed_ = true;
        return;
    }
    missed_ = false;
    engine::MapOptions options;
    options.axes = axes_->currentData().toString().toStdString();
    options.components = 3;
    using Result = std::shared_ptr<const Made>;
    const std::string space = mappedSpace();
    making_for_ = setting_;
    making_against_ = reference_;
    map_job_.start<Result>(
        tr("fitting the map of %1").arg(sets_->currentText()),
        [product = product_, set = set(), setting = setting_, reference = reference_, space, options,
         items = items_of_ == set() ? std::optional(items_) : std::nullopt](const engine::JobContext& job) {
            auto made = std::make_shared<Made>();
            made->set = set;
            made->space = space;
            made->fitted_at = setting;
            if (items) {
                made->items = *items;
            } else {
                for (const bool first : {true, false}) {
                    made->items.ids[first ? 0 : 1] =
                        std::make_shared<const std::vector<std::string>>(product->ids(set, first));
                    made->items.paths[first ? 0 : 1] =
                        std::make_shared<const std::vector<std::string>>(product->paths(set, first));
                }
            }
            if (space.empty()) {
                try {
                    made->components = product->components(set, setting, reference, job);
                } catch (const engine::Error& error) {
                    if (error.code() != engine::ErrorCode::InvalidInput) throw;
                    made->apart = true;  // the map is of the setting alone
                    made->components = product->components(set, setting, job);
                }
                const auto weights = [&](const engine::Components& side) {
                    return product->model().weights(side.modality, side, setting);
                };
                made->map = engine::SpaceMap::make(*made->components, weights(made->components->first),
                                                   weights(made->components->second), options, job);
            } else {
                made->raw = engine::spaceComponents(engine::Workspace(product->workspaceFolder()),
                                                    product->sets()[set].name, space, job);
                made->map = engine::SpaceMap::make(made->raw, {}, {}, options, job);
            }
            return Result(made);
        },
        [this, keep_view, product = product_, set = set(), space](Result made) {
            // A job that was told to stop may have ended just before.
            if (product_ == product && this->set() == set && mappedSpace() == space) mapMade(made, keep_view);
        });
}

void ExplorePage::mapMade(const std::shared_ptr<const Made>& made, bool keep_view) {
    made_ = made->map;
    made_of_ = made->space;
    raw_ = made->raw;
    components_ = made->components;
    apart_ = made->apart;
    fitted_at_ = made->fitted_at;
    gap_.reset();
    reference_gap_.reset();
    const bool new_set = items_of_ != made->set;
    items_ = made->items;
    items_of_ = made->set;
    const auto now = weightsAt(setting_);
    if (!now) return makeMap(keep_view);  // projectors were switched meanwhile
    MapView::Content content;
    content.map = made_;
    content.subject = spaces_->currentText();
    content.first = QString::fromStdString(product_->description(set()).first);
    content.second = QString::fromStdString(product_->description(set()).second);
    content.first_ids = items_.ids[0];
    content.second_ids = items_.ids[1];
    content.synthetic = product_->synthetic();
    map_->setContent(std::move(content), made_->places(now->first, now->second), keep_view);
    follow();
    if (new_set) {
        setSubjectOfInspector();
        inspect();
    }
    chooseWanted();
}

void ExplorePage::follow() {
    // While another space is on its way, the map that is there takes no weights of it.
    if (!made_ || !active_ || made_of_ != mappedSpace()) return;
    const auto now = weightsAt(setting_), before = weightsAt(reference_);
    if (!now || (!before && !apart_)) {
        // Other projectors: other items. A map that is being made for them goes on.
        const auto& plan = product_->plan();
        const bool coming = map_job_.running() && engine::sameButLiveFactors(making_for_, setting_, plan) &&
                            engine::sameButLiveFactors(making_against_, reference_, plan);
        if (!coming) makeMap(true);
        return;
    }
    map_->setPlaces(made_->places(now->first, now->second));
    reference_cosine_ = before ? made_->places(before->first, before->second).pair_cosine : std::nan("");
    measureGap();
    sayFigures();
}

void ExplorePage::measureGap() {
    // One at a time, the newest next, so that figures keep coming while a slider moves.
    if (gap_job_.running()) {
        gap_missed_ = true;
        return;
    }
    gap_missed_ = false;
    const auto at = weightsAt(setting_);
    if (!at) return;
    using Gaps = std::pair<double, double>;
    gap_job_.start<Gaps>(
        tr("measuring the modality gap"),
        [map = made_, now = *at, before = weightsAt(reference_),
         known = reference_gap_](const engine::JobContext& job) {
            const double gap = map->gap(now.first, now.second, job);
            return Gaps(gap, known ? *known : before ? map->gap(before->first, before->second, job) : std::nan(""));
        },
        [this, map = made_](Gaps gaps) {
            if (map == made_) {
                // A side without items has no mean.
                gap_ = std::isfinite(gaps.first) ? std::optional(gaps.first) : std::nullopt;
                if (!gap_missed_) reference_gap_ = gaps.second;
                map_->setGap(gap_);
                sayFigures();
            }
            if (gap_missed_ && made_ && active_ && made_of_ == mappedSpace()) measureGap();
        });
}

void ExplorePage::sayFigures() {
    if (!made_) return;
    const auto change = [&](double now, double before) {
        return ofProduct() && setting_ != reference_ && std::isfinite(now - before)
                   ? QStringLiteral(" (%1)").arg(signedNumber(now - before, 3))
                   : QString();
    };
    QStringList parts;
    const double cosine = map_->places().pair_cosine;
    if (std::isfinite(cosine))
        parts << tr("Matched pairs: mean cosine <b>%1</b>%2")
                     .arg(cosine, 0, 'f', 3)
                     .arg(change(cosine, reference_cosine_));
    if (gap_)
        parts << tr("modality gap <b>%1</b>%2")
                     .arg(*gap_, 0, 'f', 3)
                     .arg(reference_gap_ ? change(*gap_, *reference_gap_) : QString());
    if (ofProduct() && setting_ != reference_) parts << tr("against %1").arg(reference_name_.toHtmlEscaped());
    if (map_->places().vanished > 0)
        parts << tr("%n item(s) without a direction left out", nullptr, static_cast<int>(map_->places().vanished));
    figures_->setText(parts.join(QStringLiteral(" · ")));
    const bool old = ofProduct() && fitted_at_ != setting_;
    map_->setOldAxes(old);
    fit_->setEnabled(old);
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
    for (const auto& pair : product_->description(set()).pairs) {
        if (answers.contains(pair[forward() ? 1 : 0])) queries.insert(pair[forward() ? 0 : 1]);
    }
    panel_->showOnly(std::move(queries));
}

}  // namespace ui
