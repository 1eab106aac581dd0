// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tune/flip_list.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>

#include "ui/export/view_menu.h"
#include "ui/views/surface_grid.h"

namespace ui {
namespace {

constexpr std::size_t kMostRows = 500;  // the curve's breaks can lie denser than that

QString text(const std::string& s) {
    return QString::fromStdString(s);
}

}  // namespace

FlipList::FlipList(LiveSession& session, QWidget* parent) : QDialog(parent, Qt::Tool), session_(session) {
    setObjectName(QStringLiteral("flip_list"));
    setWindowTitle(tr("Queries that change here"));
    resize(520, 360);
    said_ = new QLabel;
    said_->setWordWrap(true);
    table_ = new QTableWidget(0, 4);
    table_->setHorizontalHeaderLabels({tr("At"), tr("Set"), tr("Query"), tr("Hit")});
    table_->setAccessibleName(tr("Queries that change here"));
    table_->setToolTip(tr("As the factor grows. Enter or a double click looks at the query in the inspector."));
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setShowGrid(false);
    table_->setAlternatingRowColors(true);
    table_->setTabKeyNavigation(false);
    table_->verticalHeader()->hide();
    table_->horizontalHeader()->setHighlightSections(false);
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table_->horizontalHeader()->setSectionResizeMode(2, QHeaderView::Stretch);
    table_->setTextElideMode(Qt::ElideMiddle);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    inspect_ = buttons->addButton(tr("&Inspect"), QDialogButtonBox::ActionRole);
    inspect_->setObjectName(QStringLiteral("inspect"));
    inspect_->setToolTip(tr("Looks at the query on the page to explore"));
    inspect_->setEnabled(false);
    auto* column = new QVBoxLayout(this);
    column->addWidget(said_);
    column->addWidget(table_, 1);
    column->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);
    addTableMenu(
        table_,
        [this] {
            TableNotes out;
            out.synthetic = product_ && product_->synthetic();
            out.lines << about_;
            return out;
        },
        [] { return tr("queries that change"); }, [this](const JobFailure& failure) { Q_EMIT failed(failure); });
    connect(table_, &QTableWidget::cellActivated, this, &FlipList::choose);
    connect(table_, &QTableWidget::itemSelectionChanged, this,
            [this] { inspect_->setEnabled(table_->currentRow() >= 0); });
    connect(inspect_, &QPushButton::clicked, this, [this] { choose(table_->currentRow()); });
    connect(&job_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        said_->setText(failure.text());
        Q_EMIT failed(failure);
    });
    connect(&session_, &LiveSession::closed, this, [this] {
        job_.stop();
        close();
    });
}

QString FlipList::said() const {
    return said_->text();
}

void FlipList::ask(const engine::DeltaGroup& group, const std::string& factor, const engine::Setting& setting,
                   double low, double high) {
    product_ = session_.product();
    if (!product_) return;
    factor_ = factor;
    metric_ = text(group.metric);
    const auto* info = product_->plan().factor(factor);
    const QString symbol = text(info ? info->symbol : factor), from = QString::number(low, 'f', 4),
                  to = QString::number(high, 'f', 4);
    about_ = from == to ? tr("%1 at %2 = %3").arg(changeSymbol(group), symbol, from)
                        : tr("%1 for %2 from %3 to %4").arg(changeSymbol(group), symbol, from, to);
    if (product_->synthetic()) about_ += tr(" · synthetic world");
    entries_.clear();
    table_->setRowCount(0);
    inspect_->setEnabled(false);
    said_->setText(tr("%1: looking…").arg(about_));
    show();
    raise();
    // Breaks and flips are the same numbers; what is asked for may be one of them.
    const double slack = 1e-12;
    job_.start<std::vector<Entry>>(
        tr("Queries that change here"),
        [live = product_, group, factor, setting, low = low - slack,
         high = high + slack](const engine::JobContext& job) {
            std::vector<Entry> out;
            for (std::size_t s = 0; s < live->sets().size(); ++s) {
                if (std::find(group.sets.begin(), group.sets.end(), live->sets()[s].name) == group.sets.end()) continue;
                for (const bool forward : {true, false}) {
                    job.checkStop();
                    const auto line = live->flips(s, forward, factor, setting, job);
                    if (!line) continue;
                    const auto ids = live->ids(s, forward);
                    for (const auto& flip : line->flips) {
                        const bool wanted = flip.at >= low && flip.at <= high &&
                                            group.metric == "R@" + std::to_string(engine::kHitPlaces[flip.place]);
                        if (wanted) out.push_back({s, forward, flip, text(ids[flip.query])});
                    }
                }
            }
            std::stable_sort(out.begin(), out.end(),
                             [](const Entry& a, const Entry& b) { return a.flip.at < b.flip.at; });
            return out;
        },
        [this, live = product_](std::vector<Entry> entries) {
            if (live == product_) showEntries(std::move(entries));
        });
}

void FlipList::showEntries(std::vector<Entry> entries) {
    entries_ = std::move(entries);
    const auto come = std::count_if(entries_.begin(), entries_.end(), [](const Entry& e) { return e.flip.enters(); });
    QString said = tr("%1: %L2 queries become a hit, %L3 no longer are one.")
                       .arg(about_)
                       .arg(come)
                       .arg(static_cast<qlonglong>(entries_.size()) - come);
    if (entries_.size() > kMostRows) {
        said += tr(" The first %L1 are listed.").arg(kMostRows);
        entries_.resize(kMostRows);
    }
    said_->setText(said);
    table_->setRowCount(static_cast<int>(entries_.size()));
    for (int row = 0; row < table_->rowCount(); ++row) {
        const Entry& entry = entries_[static_cast<std::size_t>(row)];
        const auto& description = product_->description(entry.set);
        const QString direction = text(engine::directionName(description, entry.forward));
        const QString cells[4] = {QString::number(entry.flip.at, 'f', 6),
                                  QStringLiteral("%1, %2").arg(text(description.name), direction), entry.query,
                                  entry.flip.enters() ? tr("+ %1").arg(metric_) : tr("− %1").arg(metric_)};
        for (int c = 0; c < 4; ++c) {
            auto* item = new QTableWidgetItem(cells[c]);
            item->setToolTip(entry.flip.enters() ? tr("%1 becomes a hit above this value").arg(entry.query)
                                                 : tr("%1 is no hit above this value").arg(entry.query));
            table_->setItem(row, c, item);
        }
    }
    if (table_->rowCount() > 0) table_->selectRow(0);
}

void FlipList::choose(int row) {
    if (row < 0 || row >= static_cast<int>(entries_.size())) return;
    const Entry& entry = entries_[static_cast<std::size_t>(row)];
    Q_EMIT queryChosen(text(product_->sets()[entry.set].name), entry.forward, entry.flip.query, factor_);
}

}  // namespace ui
