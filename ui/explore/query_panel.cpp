// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/explore/query_panel.h"

#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

#include "engine/base/error.h"
#include "ui/bridge/setting_text.h"
#include "ui/export/view_menu.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

constexpr std::size_t kAnswers = 10;
constexpr int kExplained = 40;  // queries of each direction
constexpr int kThumbnail = 112;
constexpr int kHeaderPadding = 14;  // beside a title, with the arrow of sorting
constexpr std::size_t kBatch = 8;   // queries that are explained between two looks of the list

}  // namespace

struct QueryPanel::Detail : AnswersView::Detail {
    std::uint32_t query = 0;
};

QueryPanel::QueryPanel(QWidget* parent) : QWidget(parent), why_(nullptr, true), more_(nullptr, true) {
    title_ = new QLabel(tr("Queries gained and lost"), this);
    title_->setFont(headingFont(1));
    kind_ = new QComboBox(this);
    kind_->addItems({tr("All"), tr("Gained"), tr("Lost")});
    kind_->setAccessibleName(tr("Which queries are listed"));
    kind_->setToolTip(tr("Gained: a hit now and none at the reference. Lost: the other way round."));
    place_ = new QComboBox(this);
    for (const int k : {1, 5, 10}) place_->addItem(tr("R@%1").arg(k), k);
    place_->setAccessibleName(tr("Rank that counts as a hit"));
    place_->setToolTip(tr("A query is a hit if one of its positives is among the first 1, 5 or 10"));
    search_ = new QLineEdit(this);
    search_->setPlaceholderText(tr("Filter by id"));
    search_->setClearButtonEnabled(true);
    search_->setAccessibleName(tr("Filter by id"));
    search_->setToolTip(tr("Lists only queries whose id, or whose best wrong answer's id, has this text in it"));
    only_ = new QPushButton(this);
    only_->setToolTip(tr("Only queries that are selected on the map are listed; press to list all"));
    only_->setAccessibleName(tr("List all queries again"));
    only_->hide();
    status_ = new QLabel(this);
    status_->setAccessibleName(tr("Numbers of queries gained and lost"));
    status_->setWordWrap(true);
    model_ = new QueryModel(this);
    filter_ = new QueryFilter(this);
    filter_->setSourceModel(model_);
    filter_->setSortRole(QueryModel::SortRole);
    table_ = new QTableView(this);
    table_->setModel(filter_);
    table_->setItemDelegateForColumn(QueryModel::Movers, new SharesDelegate(table_));
    table_->setAccessibleName(tr("Queries gained and lost"));
    table_->setSortingEnabled(true);
    table_->horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder);
    table_->horizontalHeader()->setHighlightSections(false);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(24);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setShowGrid(false);
    table_->setAlternatingRowColors(true);
    table_->setTabKeyNavigation(false);
    table_->setWordWrap(false);
    for (const int c : {QueryModel::Query, QueryModel::Wrong})
        table_->horizontalHeader()->setSectionResizeMode(c, QHeaderView::Stretch);
    const QFontMetrics metrics(table_->font());
    table_->setColumnWidth(QueryModel::Rank, metrics.horizontalAdvance(QStringLiteral("100 → 100")) + 16);
    table_->setColumnWidth(QueryModel::Margin, metrics.horizontalAdvance(QStringLiteral("Margin")) + 22);
    table_->setColumnWidth(QueryModel::Movers, metrics.horizontalAdvance(QStringLiteral("Moved by")) + 40);
    for (const int c : {QueryModel::Rank, QueryModel::Margin, QueryModel::Movers})
        fixed_widths_[c] = table_->columnWidth(c);
    table_->setTextElideMode(Qt::ElideMiddle);
    message_ = new QLabel(this);
    message_->setWordWrap(true);
    message_->setAlignment(Qt::AlignCenter);
    message_->setMargin(24);
    stack_ = new QStackedWidget(this);
    stack_->addWidget(message_);
    stack_->addWidget(table_);
    answers_ = new AnswersView(this);
    line_ = new QueryLineView(this);
    looks_ = new QTabWidget(this);
    looks_->setObjectName(QStringLiteral("looks"));
    looks_->setDocumentMode(true);
    looks_->setAccessibleName(tr("Views of the query"));
    looks_->addTab(answers_, tr("Answers"));
    looks_->addTab(line_, tr("Along a factor"));
    looks_->setTabToolTip(0, tr("The best answers of the chosen query, before and now"));
    looks_->setTabToolTip(1, tr("Where along a factor the chosen query is a hit, and its answers' scores"));

    controls_ = new QWidget(this);
    auto* row = new QHBoxLayout(controls_);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    row->addWidget(kind_);
    row->addWidget(place_);
    row->addWidget(search_, 1);
    auto* upper = new QWidget(this);
    auto* list = new QVBoxLayout(upper);
    list->setContentsMargins(0, 0, 0, 0);
    list->setSpacing(6);
    list->addWidget(title_);
    list->addWidget(controls_);
    list->addWidget(status_);
    list->addWidget(only_, 0, Qt::AlignLeft);
    list->addWidget(stack_, 1);
    auto* splitter = new QSplitter(Qt::Vertical, this);
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(upper);
    splitter->addWidget(looks_);
    splitter->setStretchFactor(0, 1);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({340, 380});
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(splitter);

    const auto tell = [this](const JobFailure& failure) { Q_EMIT failed(failure); };
    addTableMenu(
        table_, [this] { return notes(); }, [this] { return tr("%1 queries gained and lost").arg(setName()); }, tell);
    for (auto* answers : {&answers_->before(), &answers_->after()}) {
        addTableMenu(
            answers,
            [this, answers] {
                TableNotes out = notes();
                if (query_) out.lines << tr("%1 of %2").arg(answers->accessibleName(), queries_.whole(*query_));
                return out;
            },
            [this] { return tr("%1 answers").arg(setName()); }, tell,
            [this, answers](QMenu& menu, const QModelIndex& at) { answers_->fillMenu(menu, *answers, at.row()); });
    }
    connect(kind_, &QComboBox::currentIndexChanged, this,
            [this](int i) { filter_->setKind(static_cast<QueryFilter::Kind>(i)); });
    connect(place_, &QComboBox::currentIndexChanged, this, [this] {
        line_->setPlace(place_->currentData().toInt());
        compare();
    });
    connect(line_, &QueryLineView::factorPicked, this, &QueryPanel::factorPicked);
    connect(line_, &QueryLineView::failed, this, &QueryPanel::failed);
    connect(search_, &QLineEdit::textChanged, filter_, &QueryFilter::setText);
    connect(only_, &QPushButton::clicked, this, [this] {
        showOnly(std::nullopt);
        Q_EMIT selectionDropped();
    });
    connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& index) {
        if (selecting_ || !index.isValid()) return;
        chooseQuery(index.siblingAtColumn(0).data(QueryModel::RowRole).toUInt());
        Q_EMIT queryChosen(query_);
    });
    connect(answers_, &AnswersView::answerChosen, this, &QueryPanel::answerChosen);
    connect(&why_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        say(failure.text());
        Q_EMIT failed(failure);
    });
    connect(&detail_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        answers_->showNothing(failure.text());
        Q_EMIT failed(failure);
    });
    connect(&more_, &JobRunner::failed, this, &QueryPanel::failed);
    connect(&why_, &JobRunner::progressed, this, [this](const engine::Progress& progress) {
        if (comparing_ && progress.total > 0 && model_->rowCount() == 0)
            say(tr("comparing… %1 %").arg(100 * progress.done / progress.total));
    });
    say(tr("There is no product yet."));
    recolour();
}

QueryPanel::~QueryPanel() = default;

QString QueryPanel::status() const {
    return stack_->currentWidget() == message_ ? message_->text() : status_->text();
}

QString QueryPanel::setName() const {
    return product_ ? QString::fromStdString(product_->sets()[set_].name) : QString();
}

TableNotes QueryPanel::notes() const {
    TableNotes out;
    if (!product_) return out;
    out.synthetic = product_->synthetic();
    out.lines << tr("%1 on %2, hits among the first %3")
                     .arg(QString::fromStdString(product_->recipe().name), setName())
                     .arg(place_->currentData().toInt())
              << tr("before (%1): %2").arg(reference_name_, settingLine(*product_, reference_))
              << tr("now: %1").arg(settingLine(*product_, setting_));
    return out;
}

void QueryPanel::recolour() {
    const QString muted = QStringLiteral("color: %1").arg(colours().muted.name());
    message_->setStyleSheet(muted);
    if (change_ && !selecting_) showChange(change_);
}

void QueryPanel::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) recolour();
}

void QueryPanel::say(const QString& text) {
    message_->setText(text);
    stack_->setCurrentWidget(message_);
    status_->hide();
}

void QueryPanel::setSubject(std::shared_ptr<engine::LiveProduct> product, std::size_t set, bool forward,
                            const SetItems& items) {
    stop();
    ++subject_;
    product_ = std::move(product);
    set_ = set;
    forward_ = forward;
    items_ = items;
    queries_ = ItemNames(items.ids[forward ? 0 : 1]);
    candidates_ = ItemNames(items.ids[forward ? 1 : 0]);
    query_.reset();
    change_.reset();
    model_->clear();
    showOnly(std::nullopt);
    answers_->showNothing(product_ ? tr("Choose a query in the list, or an item on the map.")
                                   : tr("A query's best answers stand here once there is a product."));
    line_->setSubject(product_, set_, forward_, candidates_);
    controls_->setVisible(product_ && product_->sets()[set_].kind != engine::SetKind::MultiLabel);
    say(product_ ? tr("comparing…") : tr("There is no product yet."));
}

void QueryPanel::setReference(const engine::Setting& setting, const QString& name) {
    reference_ = setting;
    reference_name_ = name;
}

void QueryPanel::refresh(const engine::Setting& setting) {
    setting_ = setting;
    compare();
    lookUp();
    line_->setSetting(setting);
}

void QueryPanel::stop() {
    ++round_;
    comparing_ = false;
    why_.stop();
    detail_.stop();
    more_.stop();
    line_->stop();
}

engine::Json QueryPanel::state() const {
    return {
        {"kind", kind_->currentIndex()}, {"place", place_->currentIndex()}, {"filter", search_->text().toStdString()}};
}

void QueryPanel::restore(const engine::Json& state) {
    const auto choose = [&](const char* key, QComboBox* box) {
        if (state.contains(key) && state[key].is_number_integer())
            box->setCurrentIndex(std::clamp(state[key].get<int>(), 0, box->count() - 1));
    };
    choose("kind", kind_);
    choose("place", place_);
    if (state.contains("filter") && state["filter"].is_string())
        search_->setText(QString::fromStdString(state["filter"].get<std::string>()));
}

void QueryPanel::setAxes() {
    line_->fillFactors();
}

void QueryPanel::setPrepared(std::size_t set) {
    if (set == set_) line_->lookAgain();
}

void QueryPanel::follow(const std::string& factor) {
    looks_->setCurrentWidget(line_);
    line_->chooseFactor(factor);
}

void QueryPanel::compare() {
    if (!product_) return;
    const auto round = ++round_;
    comparing_ = false;
    more_.stop();
    if (product_->sets()[set_].kind == engine::SetKind::MultiLabel) {
        why_.stop();
        model_->clear();
        change_.reset();
        say(tr(
            "Items of this set have several labels each, so no query has a hit at K. Choose an item on the map to see "
            "its best answers."));
        return;
    }
    if (reference_ == setting_) {
        why_.stop();
        model_->clear();
        change_.reset();
        say(tr("There is no change against %1. Move a slider to see which queries are gained and lost.")
                .arg(reference_name_));
        return;
    }
    engine::WhyOptions options;
    options.ties = product_->evalOptions().ties;
    options.place = place_->currentData().toInt();
    options.explained = kExplained;
    if (model_->rowCount() == 0) say(tr("comparing…"));
    comparing_ = true;
    using Result = std::shared_ptr<const engine::SetChange>;
    why_.start<Result>(
        tr("comparing queries"),
        [product = product_, set = set_, before = reference_, after = setting_,
         options](const engine::JobContext& job) {
            return std::make_shared<const engine::SetChange>(product->why(set, before, after, options, job));
        },
        [this, round](Result change) {
            if (round == round_) showChange(std::move(change));
        });
}

void QueryPanel::showChange(std::shared_ptr<const engine::SetChange> change) {
    change_ = std::move(change);
    selecting_ = true;
    model_->setChange(change_, forward_, queries_, candidates_);
    selecting_ = false;
    const int gained = model_->gainedCount(), lost = model_->lostCount();
    if (gained + lost == 0) {
        say(tr("No query was gained or lost against %1.").arg(reference_name_));
    } else {
        QString text = tr("<b style='color:%1'>%L2 gained</b>, <b style='color:%3'>%L4 lost</b> against %5")
                           .arg(colours().good.name())
                           .arg(gained)
                           .arg(colours().bad.name())
                           .arg(lost)
                           .arg(reference_name_.toHtmlEscaped());
        if (product_->synthetic()) text += tr(" · synthetic world");
        QStringList movers;
        for (std::size_t m = 0; m < model_->movers().size(); ++m)
            movers << QStringLiteral("<span style='color:%1'>■</span>&nbsp;%2")
                          .arg(seriesColour(static_cast<int>(m)).name(),
                               moverLabel(model_->movers()[m]).toHtmlEscaped());
        status_->setText(text + QStringLiteral("<br>") + movers.join(QStringLiteral("&ensp; ")));
        status_->show();
        stack_->setCurrentWidget(table_);
    }
    selectInTable();
    explainMore();
}

void QueryPanel::explainMore() {
    std::vector<std::uint32_t> queries;
    int rows[2] = {0, 0};
    for (int row = 0; row < model_->rowCount() && queries.size() < kBatch; ++row) {
        if (++rows[model_->gained(row) ? 1 : 0] <= kExplained && model_->sharesOf(row).empty())
            queries.push_back(model_->change(row)->query);
    }
    if (queries.empty()) return;
    using Result = std::vector<std::pair<std::uint32_t, engine::QueryShares>>;
    more_.start<Result>(
        tr("explaining queries"),
        [product = product_, set = set_, forward = forward_, before = reference_, after = setting_,
         queries](const engine::JobContext& job) {
            Result out;
            const auto components = product->components(set, before, after, job);
            for (const auto query : queries) {
                const engine::QueryAnswers answers(*components, forward, query, job);
                out.emplace_back(query, engine::explainQuery(product->model(), answers, before, after, job));
            }
            return out;
        },
        [this, round = round_](const Result& result) {
            if (round != round_) return;
            bool added = false;
            for (const auto& [query, moved] : result) {
                model_->addShares(query, moved.shares);
                added = added || moved.shares.size() == model_->movers().size();
            }
            if (added) explainMore();
        });
}

void QueryPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    // Where there is little room the tooltip and the answers below have what is left out.
    const auto* header = table_->horizontalHeader();
    const auto least = [&](int column) {
        const QString title = model_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
        return header->fontMetrics().horizontalAdvance(title) + 2 * kHeaderPadding;
    };
    int room = width() - style()->pixelMetric(QStyle::PM_ScrollBarExtent) - 4;
    for (const auto& [column, width] : fixed_widths_) room -= width;
    const auto hide = [&](int column, bool hidden) {
        table_->setColumnHidden(column, hidden);
        if (hidden) room += fixed_widths_[column];
    };
    hide(QueryModel::Margin, room < least(QueryModel::Query));
    hide(QueryModel::Movers, room < least(QueryModel::Query));
    table_->setColumnHidden(QueryModel::Wrong, room / 2 < least(QueryModel::Wrong));
}

void QueryPanel::selectInTable() {
    selecting_ = true;
    const auto row = query_ ? model_->rowOf(*query_) : std::nullopt;
    const QModelIndex index = row ? filter_->mapFromSource(model_->index(*row, 0)) : QModelIndex();
    if (index.isValid()) {
        table_->setCurrentIndex(index);
        table_->scrollTo(index);
    } else {
        table_->selectionModel()->clear();
    }
    selecting_ = false;
}

void QueryPanel::chooseQuery(std::optional<std::uint32_t> query) {
    if (query_ == query) return;
    query_ = query;
    if (!query) {
        detail_.stop();
        answers_->showNothing(tr("Choose a query in the list, or an item on the map."));
    }
    selectInTable();
    lookUp();
    line_->setQuery(query, query ? queries_.whole(*query) : QString());
}

void QueryPanel::showOnly(std::optional<std::unordered_set<std::uint32_t>> queries) {
    only_->setVisible(queries.has_value());
    if (queries) only_->setText(tr("%n selected on the map  ×", nullptr, static_cast<int>(queries->size())));
    filter_->setOnly(std::move(queries));
}

void QueryPanel::lookUp() {
    if (!product_ || !query_) return;
    const QString id = queries_.whole(*query_);
    answers_->showWaiting(id);
    using Result = std::shared_ptr<const Detail>;
    using Paths = std::shared_ptr<const std::vector<std::string>>;
    const double ratio = devicePixelRatioF();
    const int pixels = static_cast<int>(kThumbnail * ratio), small = static_cast<int>(AnswersView::kPicture * ratio);
    detail_.start<Result>(
        tr("looking up %1").arg(id),
        [product = product_, set = set_, forward = forward_, query = *query_, before = reference_, after = setting_,
         own = items_.paths[forward_ ? 0 : 1], others = items_.paths[forward_ ? 1 : 0], pixels, small,
         ratio](const engine::JobContext& job) {
            auto out = std::make_shared<Detail>();
            out->query = query;
            const auto& model = product->model();
            const auto at = [&](const engine::QueryAnswers& answers, const engine::Setting& setting) {
                const auto& [description, first, second] = answers.set();
                return answers.at(model.weights(first.modality, first, setting),
                                  model.weights(second.modality, second, setting), kAnswers,
                                  engine::tieRule(product->evalOptions().ties));
            };
            std::shared_ptr<const engine::SetComponents> both;
            try {
                both = product->components(set, before, after, job);
            } catch (const engine::Error& error) {
                if (error.code() != engine::ErrorCode::InvalidInput) throw;
            }
            if (both) {
                const engine::QueryAnswers answers(*both, forward, query, job);
                out->before = at(answers, before);
                out->after = at(answers, after);
                out->moved = engine::explainQuery(model, answers, before, after, job);
            } else {  // no parts in common: each for itself
                for (const bool then : {true, false}) {
                    const auto& setting = then ? before : after;
                    const auto items = product->components(set, setting, job);
                    (then ? out->before : out->after) = at(engine::QueryAnswers(*items, forward, query, job), setting);
                }
            }
            const auto& folder = product->workspaceFolder();
            const auto fileOf = [&](const Paths& paths, std::uint32_t row, int size) {
                return paths && row < paths->size() ? readItemFile(folder, (*paths)[row], size, ratio) : ItemFile{};
            };
            out->file = fileOf(own, query, pixels);
            for (const auto* answers : {&out->before, &out->after}) {
                for (const auto& answer : answers->best) {
                    job.checkStop();
                    if (out->answer_files.contains(answer.row)) continue;
                    ItemFile file = fileOf(others, answer.row, small);
                    if (!file.path.isEmpty()) out->answer_files[answer.row] = std::move(file);
                }
            }
            return Result(out);
        },
        [this, id, subject = subject_](Result detail) {
            if (subject != subject_ || query_ != detail->query) return;
            answers_->showDetail(id, *detail, candidates_, reference_name_);
        });
}

}  // namespace ui
