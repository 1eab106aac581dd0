// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/compare/compare_queries.h"

#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QTableView>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

#include "ui/export/table_export.h"
#include "ui/export/view_menu.h"
#include "ui/style/theme.h"

namespace ui {

struct CompareQueries::Found {
    std::shared_ptr<const engine::SetChange> change;
    IdList first, second;
    bool two_products = false;
};

CompareQueries::CompareQueries(QWidget* parent)
    : QWidget(parent),
      before_(new QComboBox),
      after_(new QComboBox),
      set_(new QComboBox),
      direction_(new QComboBox),
      place_(new QComboBox),
      kind_(new QComboBox),
      search_(new QLineEdit),
      status_(new QLabel),
      legend_(new QLabel),
      table_(new QTableView),
      copy_(new QToolButton),
      model_(new QueryModel(this)),
      filter_(new QueryFilter(this)) {
    before_->setObjectName(QStringLiteral("queries_before"));
    after_->setObjectName(QStringLiteral("queries_after"));
    set_->setObjectName(QStringLiteral("queries_set"));
    direction_->setObjectName(QStringLiteral("queries_direction"));
    place_->setObjectName(QStringLiteral("queries_place"));
    const auto named = [](QWidget* widget, const QString& name, const QString& tip) {
        widget->setAccessibleName(name);
        widget->setToolTip(tip);
    };
    named(before_, tr("From"), tr("The column that the change begins from"));
    named(after_, tr("To"), tr("The column that the change leads to"));
    named(set_, tr("Evaluation set"), tr("On which set"));
    named(direction_, tr("Direction"), tr("Which side asks"));
    named(place_, tr("Hits among the first"), tr("A query is a hit if its right answer is among so many"));
    named(kind_, tr("Which queries"), tr("All that changed, or only those gained or lost"));
    named(search_, tr("Find a query"), tr("Shows the queries whose id has these letters"));
    named(copy_, tr("Copy the table"), tr("Puts the rows that are shown on the clipboard"));
    copy_->setText(tr("Copy"));
    copy_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    copy_->setAutoRaise(true);
    copy_->setFocusPolicy(Qt::StrongFocus);
    for (const int place : {1, 5, 10}) place_->addItem(tr("top %1").arg(place), place);
    kind_->addItems({tr("gained and lost"), tr("gained"), tr("lost")});
    search_->setPlaceholderText(tr("Find an id"));
    search_->setClearButtonEnabled(true);
    search_->setMaximumWidth(160);
    for (auto* box : {before_, after_, set_}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(12);
    }
    filter_->setSourceModel(model_);
    filter_->setSortRole(QueryModel::SortRole);
    table_->setObjectName(QStringLiteral("queries_table"));
    table_->setAccessibleName(tr("Queries gained and lost"));
    table_->setModel(filter_);
    table_->setItemDelegateForColumn(QueryModel::Movers, new SharesDelegate(table_));
    table_->setSortingEnabled(true);
    table_->sortByColumn(-1, Qt::AscendingOrder);
    table_->horizontalHeader()->setStretchLastSection(true);
    table_->horizontalHeader()->setSortIndicatorClearable(true);
    table_->verticalHeader()->hide();
    table_->setShowGrid(false);
    table_->setAlternatingRowColors(true);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setFrameShape(QFrame::NoFrame);
    table_->setTabKeyNavigation(false);
    legend_->setTextFormat(Qt::RichText);

    auto* choices = new QHBoxLayout;
    choices->setContentsMargins(0, 6, 0, 0);
    choices->addWidget(new QLabel(tr("From")));
    choices->addWidget(before_, 2);
    choices->addWidget(new QLabel(tr("to")));
    choices->addWidget(after_, 2);
    choices->addWidget(new QLabel(tr("on")));
    choices->addWidget(set_, 2);
    choices->addWidget(direction_, 1);
    choices->addWidget(place_);
    auto* filters = new QHBoxLayout;
    filters->addWidget(kind_);
    filters->addWidget(search_);
    filters->addSpacing(12);
    filters->addWidget(status_);
    filters->addSpacing(12);
    filters->addWidget(legend_, 1);
    filters->addWidget(copy_);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(6);
    all->addLayout(choices);
    all->addLayout(filters);
    all->addWidget(table_, 1);

    for (auto* box : {before_, after_})
        connect(box, &QComboBox::currentIndexChanged, this, [this] {
            fillSets();
            compare();
        });
    for (auto* box : {set_, place_}) connect(box, &QComboBox::currentIndexChanged, this, [this] { compare(); });
    connect(direction_, &QComboBox::currentIndexChanged, this, [this] {
        if (found_) showFound(found_);
    });
    connect(kind_, &QComboBox::currentIndexChanged, this,
            [this](int kind) { filter_->setKind(static_cast<QueryFilter::Kind>(kind)); });
    connect(search_, &QLineEdit::textChanged, this, [this](const QString& words) { filter_->setText(words); });
    connect(copy_, &QToolButton::clicked, this, [this] { copyTable(*filter_); });
    addTableMenu(
        table_,
        [this] {
            TableNotes out;
            const Compared *before = chosen(before_), *after = chosen(after_);
            if (!before || !after) return out;
            out.synthetic = before->product->synthetic() || after->product->synthetic();
            out.lines << tr("%1, %2, hits among the first %3")
                             .arg(set_->currentText(), direction_->currentText())
                             .arg(place_->currentData().toInt());
            for (const auto* side : {before, after}) {
                out.lines << QStringLiteral("%1: %2: %3")
                                 .arg(side == before ? tr("from") : tr("to"), side->name,
                                      settingParts(*side).join(QStringLiteral(", ")));
            }
            return out;
        },
        [this] { return tr("%1 queries gained and lost").arg(set_->currentText()); },
        [this](const JobFailure& failure) { Q_EMIT failed(failure); });
    connect(&runner_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        say(tr("It could not be compared."));
        Q_EMIT failed(failure);
    });
    connect(&runner_, &JobRunner::cancelled, this, [this] {
        stale_ = true;
        say(tr("Stopped."));
    });
    dress();
}

CompareQueries::~CompareQueries() {
    runner_.disconnect(this);
    runner_.stop();
}

void CompareQueries::setItems(const QVector<Compared>& items, int reference) {
    {
        const QSignalBlocker quiet_before(before_), quiet_after(after_);
        // Two columns may have one name: it alone does not tell which was chosen.
        const auto placeNow = [&](const QComboBox* box) {
            const Compared* was = chosen(box);
            if (!was) return -1;
            for (int i = 0; i < items.size(); ++i) {
                if (items[i].name == was->name && sameSubject(items[i], *was)) return i;
            }
            // Of a product that was trained anew.
            const int at = box->currentData().toInt();
            return at < items.size() && items[at].name == was->name ? at : -1;
        };
        const int before = placeNow(before_), after = placeNow(after_);
        items_ = items;
        before_->clear();
        after_->clear();
        for (int i = 0; i < items.size(); ++i) {
            if (!items[i].product || items[i].isSpace()) continue;
            before_->addItem(items[i].name, i);
            after_->addItem(items[i].name, i);
        }
        const int from = before_->findData(before);
        before_->setCurrentIndex(from >= 0 ? from : std::max(0, before_->findData(reference)));
        const int to = after_->findData(after);
        after_->setCurrentIndex(to >= 0 && to != before_->currentIndex() ? to : (before_->currentIndex() == 0 ? 1 : 0));
    }
    fillSets();
    stale_ = true;
    compare();
}

const Compared* CompareQueries::chosen(const QComboBox* box) const {
    const int at = box->currentData().isValid() ? box->currentData().toInt() : -1;
    return at >= 0 && at < items_.size() ? &items_[at] : nullptr;
}

void CompareQueries::fillSets() {
    const QSignalBlocker quiet_set(set_), quiet_direction(direction_);
    const QString kept = set_->currentText();
    const int side = std::max(0, direction_->currentIndex());
    set_->clear();
    const Compared *before = chosen(before_), *after = chosen(after_);
    if (before && after) {
        const auto& others = after->product->sets();
        for (const auto& set : before->product->sets()) {
            // What has several right labels for an item has no single answer that is gained or lost.
            const bool shared = std::any_of(others.begin(), others.end(), [&](const auto& other) {
                return other.name == set.name && other.kind == set.kind;
            });
            if (shared && set.kind != engine::SetKind::MultiLabel) set_->addItem(QString::fromStdString(set.name));
        }
    }
    set_->setCurrentIndex(std::max(0, set_->findText(kept)));
    direction_->clear();
    direction_->addItems({tr("first side asks"), tr("second side asks")});
    direction_->setCurrentIndex(side);
}

void CompareQueries::say(const QString& words) {
    found_ = nullptr;
    model_->clear();
    status_->setText(words);
    legend_->clear();
}

void CompareQueries::compare() {
    const auto round = ++round_;
    if (!isVisible()) {
        stale_ = true;
        return;
    }
    stale_ = false;
    if (before_->count() < 2) {
        runner_.stop();
        say(tr("Add a second setting or product: their queries are compared one by one."));
        return;
    }
    const Compared& before = *chosen(before_);
    const Compared& after = *chosen(after_);
    if (set_->currentIndex() < 0) {
        runner_.stop();
        say(before.product == after.product ? tr("There is no set with single answers.")
                                            : tr("There is no set with single answers that both are measured on."));
        return;
    }
    say(tr("comparing…"));
    engine::WhyOptions options;
    options.place = place_->currentData().toInt();
    runner_.start<std::shared_ptr<const Found>>(
        tr("queries gained and lost"),
        [before, after, name = set_->currentText().toStdString(), options](const engine::JobContext& job) {
            const auto& product = *before.product;
            const auto& sets = product.sets();
            const auto set = static_cast<std::size_t>(
                std::find_if(sets.begin(), sets.end(), [&](const auto& s) { return s.name == name; }) - sets.begin());
            auto found = std::make_shared<Found>();
            found->two_products = before.product != after.product;
            found->change = std::make_shared<const engine::SetChange>(
                found->two_products ? engine::LiveProduct::compare(product, before.setting, *after.product,
                                                                   after.setting, name, options, job)
                                    : product.why(set, before.setting, after.setting, options, job));
            found->first = std::make_shared<const std::vector<std::string>>(product.ids(set, true));
            found->second = std::make_shared<const std::vector<std::string>>(product.ids(set, false));
            return std::shared_ptr<const Found>(found);
        },
        [this, round](const std::shared_ptr<const Found>& found) {
            // A job that was told to stop may have ended just before.
            if (round == round_) showFound(found);
        });
}

void CompareQueries::showFound(const std::shared_ptr<const Found>& found) {
    found_ = found;
    {
        const QSignalBlocker quiet(direction_);
        direction_->setItemText(0, QString::fromStdString(found->change->forward.name));
        direction_->setItemText(1, QString::fromStdString(found->change->backward.name));
    }
    const bool forward = direction_->currentIndex() <= 0;
    model_->setChange(found->change, forward, ItemNames(forward ? found->first : found->second),
                      ItemNames(forward ? found->second : found->first));
    table_->resizeColumnsToContents();
    table_->setColumnWidth(QueryModel::Movers, std::max(160, table_->columnWidth(QueryModel::Movers)));
    table_->setColumnHidden(QueryModel::Movers, found->two_products);
    status_->setText(tr("%1 gained, %2 lost").arg(model_->gainedCount()).arg(model_->lostCount()));
    QStringList parts;
    int index = 0;
    for (const auto& mover : model_->movers())
        parts << QStringLiteral("<span style=\"color:%1\">■</span> %2")
                     .arg(seriesColour(index++).name(), moverLabel(mover).toHtmlEscaped());
    legend_->setText(found->two_products ? tr("two products; margins are each one's own")
                     : parts.isEmpty()   ? tr("the two columns do not differ")
                                         : tr("moved by %1").arg(parts.join(QStringLiteral(" &nbsp;"))));
}

QString CompareQueries::status() const {
    return status_->text();
}

void CompareQueries::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (stale_) compare();
}

void CompareQueries::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) {
        dress();
        if (found_) showFound(found_);
        // A style sheet may take palettes back while the event goes round.
        QTimer::singleShot(0, this, [this] { dress(); });
    }
}

void CompareQueries::dress() {
    copy_->setIcon(icon(QStringLiteral("copy")));
    QPalette muted = palette();
    muted.setColor(QPalette::WindowText, colours().muted);
    legend_->setPalette(muted);
    QFont strong = font();
    strong.setWeight(QFont::DemiBold);
    status_->setFont(strong);
}

}  // namespace ui
