// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/report/claims_view.h"

#include <QButtonGroup>
#include <QHeaderView>
#include <QLabel>
#include <QListWidget>
#include <QPainter>
#include <QSplitter>
#include <QStyledItemDelegate>
#include <QTableWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <array>

#include "ui/export/view_menu.h"
#include "ui/style/numbers.h"
#include "ui/style/theme.h"
#include "ui/widgets/flow_layout.h"
#include "ui/widgets/paragraph.h"
#include "ui/widgets/roomy_rows.h"

namespace ui {
namespace {

constexpr int kPlaceRole = Qt::UserRole + 1, kVerdictRole = Qt::UserRole + 2, kIndexRole = Qt::UserRole + 3;
constexpr int kAll = 100;  // beside the verdicts as numbers of filters
constexpr std::array kVerdicts{ClaimVerdict::Holds, ClaimVerdict::Fails, ClaimVerdict::Undecided,
                               ClaimVerdict::NotMeasured};

// A badge as wide as the widest verdict, then the sentence on as many lines as it needs, its place below.
class ClaimDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    static int badgeWidth(const QFontMetrics& metrics) {
        int width = 0;
        for (const auto v : kVerdicts) width = std::max(width, Badge::room(metrics, verdictText(v)).width());
        return width;
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        QStyleOptionViewItem bare = option;
        initStyleOption(&bare, index);
        const QString sentence = bare.text;
        bare.text.clear();
        const auto* widget = option.widget;
        widget->style()->drawControl(QStyle::CE_ItemViewItem, &bare, painter, widget);
        const bool selected = option.state.testFlag(QStyle::State_Selected);
        const auto verdict = static_cast<ClaimVerdict>(index.data(kVerdictRole).toInt());
        const QRect area = option.rect.adjusted(kEdge, kEdge, -kEdge, -kEdge);
        const int badge = badgeWidth(option.fontMetrics), line = option.fontMetrics.height();
        painter->save();
        painter->setFont(option.font);
        const QRect place(area.left(), area.top(), badge, line + 4);
        // On the selection's colour a badge stands on its own ground.
        Badge::paint(*painter, place, verdictText(verdict), verdictKind(verdict),
                     selected ? colours().panel : QColor(Qt::transparent));
        const QRect text(area.left() + badge + kGap, area.top() + 2, area.width() - badge - kGap, area.height());
        painter->setPen(selected ? colours().on_accent : colours().text);
        QRect used;
        painter->drawText(text, Qt::TextWordWrap | Qt::AlignLeft | Qt::AlignTop, sentence, &used);
        painter->setPen(selected ? colours().on_accent : colours().muted);
        painter->drawText(QRect(text.left(), used.bottom() + 2, text.width(), line), Qt::AlignLeft,
                          index.data(kPlaceRole).toString());
        painter->restore();
    }

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const auto* view = qobject_cast<const QListView*>(option.widget);
        const int width = std::max(120, (view ? view->viewport()->width() : 400) - 2);
        const int room = width - 2 * kEdge - kGap - badgeWidth(option.fontMetrics);
        const QRect text = option.fontMetrics.boundingRect(QRect(0, 0, room, 10000), Qt::TextWordWrap | Qt::AlignLeft,
                                                           index.data(Qt::DisplayRole).toString());
        return {width, text.height() + option.fontMetrics.height() + 2 * kEdge + 6};
    }

private:
    static constexpr int kEdge = 7, kGap = 10;
};

// The verdict's word as a badge in a table's cell.
class BadgeDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        QStyleOptionViewItem bare = option;
        initStyleOption(&bare, index);
        bare.text.clear();
        bare.state.setFlag(QStyle::State_Selected, false);
        option.widget->style()->drawControl(QStyle::CE_ItemViewItem, &bare, painter, option.widget);
        const auto verdict = static_cast<ClaimVerdict>(index.data(kVerdictRole).toInt());
        painter->setFont(option.font);
        Badge::paint(*painter, option.rect, verdictText(verdict), verdictKind(verdict));
    }
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        return Badge::room(option.fontMetrics, index.data(Qt::DisplayRole).toString()) + QSize(12, 8);
    }
};

}  // namespace

Badge::Kind verdictKind(ClaimVerdict verdict) {
    switch (verdict) {
        case ClaimVerdict::Holds:
            return Badge::Kind::Good;
        case ClaimVerdict::Fails:
            return Badge::Kind::Bad;
        case ClaimVerdict::Undecided:
            return Badge::Kind::Warning;
        case ClaimVerdict::NotMeasured:
            break;
    }
    return Badge::Kind::Quiet;
}

ClaimsView::ClaimsView(QWidget* parent)
    : QWidget(parent),
      filters_(new QButtonGroup(this)),
      list_(new QListWidget),
      details_(new QWidget),
      verdict_(new Badge),
      place_(new QLabel),
      sentence_(paragraph()),
      reading_(paragraph()),
      about_(paragraph()),
      comparisons_(new QTableWidget) {
    auto* chips = new QWidget;
    auto* row = new FlowLayout(chips, 6);
    row->setContentsMargins(0, 0, 0, 0);
    const auto chip = [&](int id, const QString& name, const QString& tip) {
        auto* button = new QToolButton;
        button->setProperty("chip", true);
        button->setCheckable(true);
        button->setObjectName(QStringLiteral("claims_") + name);
        button->setToolTip(tip);
        filters_->addButton(button, id);
        row->addWidget(button);
    };
    chip(kAll, QStringLiteral("all"), tr("Every claim"));
    chip(static_cast<int>(ClaimVerdict::Holds), QStringLiteral("holds"),
         tr("The whole interval of each comparison lies on the side that the claim names"));
    chip(static_cast<int>(ClaimVerdict::Fails), QStringLiteral("fails"),
         tr("Some comparison's interval lies wholly on the other side"));
    chip(static_cast<int>(ClaimVerdict::Undecided), QStringLiteral("undecided"),
         tr("Neither, at this number of seeds and items"));
    chip(static_cast<int>(ClaimVerdict::NotMeasured), QStringLiteral("none"),
         tr("What the claim compares is not measured"));
    filters_->button(kAll)->setChecked(true);

    list_->setObjectName(QStringLiteral("claims"));
    list_->setAccessibleName(tr("Claims of the paper"));
    list_->setItemDelegate(new ClaimDelegate(list_));
    list_->setResizeMode(QListView::Adjust);
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    list_->setAlternatingRowColors(true);

    sentence_->setFont(headingFont(1));
    place_->setForegroundRole(QPalette::PlaceholderText);
    about_->setForegroundRole(QPalette::PlaceholderText);
    comparisons_->setObjectName(QStringLiteral("comparisons"));
    comparisons_->setAccessibleName(tr("Comparisons of the claim"));
    comparisons_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    comparisons_->setSelectionMode(QAbstractItemView::NoSelection);
    comparisons_->verticalHeader()->hide();
    comparisons_->setShowGrid(false);
    comparisons_->setAlternatingRowColors(true);
    comparisons_->setWordWrap(true);
    comparisons_->setTabKeyNavigation(false);
    comparisons_->setColumnCount(4);
    comparisons_->setHorizontalHeaderLabels({tr("Difference, points"), tr("Expected"), tr("Measured"), tr("Verdict")});
    comparisons_->horizontalHeaderItem(0)->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    comparisons_->setItemDelegate(new RoomyRows(comparisons_));
    comparisons_->setItemDelegateForColumn(3, new BadgeDelegate(comparisons_));
    auto* header = comparisons_->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::ResizeToContents);
    header->setSectionResizeMode(0, QHeaderView::Stretch);
    comparisons_->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);

    const auto notes = [this] {
        return TableNotes{{sentence_->text(), place_->text(), reading_->text()}, report_ && report_->synthetic};
    };
    const auto tell = [this](const JobFailure& failure) { Q_EMIT failed(failure); };
    addTableMenu(
        comparisons_, notes, [this] { return tr("Claim %1").arg(place_->text()); }, tell);
    addTableMenu(
        list_,
        [this] {
            return TableNotes{{}, report_ && report_->synthetic};
        },
        [] { return tr("Claims"); }, tell);

    auto* top = new QHBoxLayout;
    top->addWidget(verdict_);
    top->addWidget(place_, 1);
    auto* right = new QVBoxLayout(details_);
    right->setContentsMargins(12, 0, 0, 0);
    right->setSpacing(8);
    right->addLayout(top);
    right->addWidget(sentence_);
    right->addWidget(reading_);
    right->addWidget(comparisons_, 1);
    right->addWidget(about_);
    auto* split = new QSplitter;
    split->setChildrenCollapsible(false);
    split->addWidget(list_);
    split->addWidget(details_);
    split->setStretchFactor(0, 1);
    split->setStretchFactor(1, 1);
    split->setSizes({1000, 1100});
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 10, 0, 0);
    column->setSpacing(8);
    column->addWidget(chips);
    column->addWidget(split, 1);
    connect(filters_, &QButtonGroup::idClicked, this, [this] { fill(); });
    connect(list_, &QListWidget::currentRowChanged, this, [this] { choose(); });
    fill();
}

void ClaimsView::setReport(ReportPtr report) {
    report_ = std::move(report);
    fill();
}

void ClaimsView::fill() {
    const std::size_t all = report_ ? report_->claims.size() : 0;
    filters_->button(kAll)->setText(tr("All %1").arg(all));
    for (const auto v : kVerdicts) {
        filters_->button(static_cast<int>(v))
            ->setText(QStringLiteral("%1 %2").arg(verdictText(v)).arg(report_ ? report_->count(v) : 0));
    }
    const QVariant kept = list_->currentItem() ? list_->currentItem()->data(kIndexRole) : QVariant();
    const int wanted = filters_->checkedId();
    list_->clear();
    for (std::size_t i = 0; i < all; ++i) {
        const auto& claim = report_->claims[i];
        if (wanted != kAll && wanted != static_cast<int>(claim.verdict)) continue;
        auto* item = new QListWidgetItem(claim.sentence, list_);
        item->setData(kPlaceRole, claim.place);
        item->setData(kVerdictRole, static_cast<int>(claim.verdict));
        item->setData(kIndexRole, static_cast<int>(i));
        item->setData(Qt::AccessibleTextRole,
                      QStringLiteral("%1: %2 (%3)").arg(verdictText(claim.verdict), claim.sentence, claim.place));
        item->setToolTip(claim.reading);
        if (kept.isValid() && kept.toInt() == static_cast<int>(i)) list_->setCurrentItem(item);
    }
    if (!list_->currentItem() && list_->count() > 0) list_->setCurrentRow(0);
    choose();
}

void ClaimsView::choose() {
    const auto* item = list_->currentItem();
    details_->setVisible(item != nullptr);
    if (!item) return;
    const auto& claim = report_->claims[static_cast<std::size_t>(item->data(kIndexRole).toInt())];
    verdict_->setText(verdictText(claim.verdict), verdictKind(claim.verdict));
    place_->setText(claim.place);
    sentence_->setText(QStringLiteral("“%1”").arg(claim.sentence));
    reading_->setText(tr("Read here as: %1").arg(claim.reading));
    about_->setText(tr("Intervals at %1 %: the spread between seeds and that over items. Of a surface the point that "
                       "decides is shown.")
                        .arg(100 * report_->level, 0, 'g', 4) +
                    (report_->synthetic ? QLatin1Char(' ') + tr("Synthetic world.") : QString()));
    comparisons_->setRowCount(0);
    const auto put = [this](int row, int column, const QString& text, const QString& tip) {
        auto* cell = new QTableWidgetItem(text);
        cell->setToolTip(tip);
        cell->setTextAlignment((column == 0 ? Qt::AlignLeft : Qt::AlignCenter) | Qt::AlignVCenter);
        comparisons_->setItem(row, column, cell);
        return cell;
    };
    for (const auto& c : claim.comparisons) {
        const int row = comparisons_->rowCount();
        comparisons_->insertRow(row);
        QString what = c.what;
        if (c.points > 0)
            what += QLatin1Char('\n') + tr("%1 of %2 points lie on that side").arg(c.points_held).arg(c.points);
        if (!c.missing.isEmpty()) what += QLatin1Char('\n') + c.missing;
        put(row, 0, what, what);
        if (c.missing.isEmpty()) {
            put(row, 1,
                QStringLiteral("%1 %2")
                    .arg(c.above ? QStringLiteral(">") : QStringLiteral("<"))
                    .arg(c.margin, 0, 'g', 6),
                {});
            put(row, 2,
                QStringLiteral("%1\n[%2, %3]")
                    .arg(signedNumber(c.difference), signedNumber(c.low), signedNumber(c.high)),
                {});
        } else {
            put(row, 1, {}, {});
            put(row, 2, {}, {});
        }
        put(row, 3, verdictText(c.verdict), {})->setData(kVerdictRole, static_cast<int>(c.verdict));
    }
}

QString ClaimsView::sentence() const {
    return list_->currentItem() ? list_->currentItem()->text() : QString();
}

}  // namespace ui
