// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/compare/compare_table.h"

#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPainter>
#include <QShortcut>
#include <QTableView>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <cmath>

#include "ui/style/theme.h"

namespace ui {
namespace {

constexpr int kPad = 8, kDot = 14;
constexpr int kLeastName = 90, kLeastFigure = 80;

// Names of columns with a dot of their colour.
class FigureHeader : public QHeaderView {
public:
    explicit FigureHeader(QWidget* parent) : QHeaderView(Qt::Horizontal, parent) {
        setSectionsClickable(true);
        setHighlightSections(false);
        setTextElideMode(Qt::ElideMiddle);
    }

protected:
    QSize sectionSizeFromContents(int section) const override {
        return QHeaderView::sectionSizeFromContents(section) + QSize(kDot, 0);
    }
    void paintSection(QPainter* painter, const QRect& rect, int section) const override {
        painter->save();
        QHeaderView::paintSection(painter, rect, section);
        painter->restore();
        const QVariant series = model()->headerData(section, orientation(), CompareModel::SeriesRole);
        if (!series.isValid()) return;
        const QString name = model()->headerData(section, orientation()).toString();
        const double left = rect.right() - kPad - fontMetrics().horizontalAdvance(name) -
                            (sortIndicatorSection() == section ? 20 : 0) - 10;
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(Qt::NoPen);
        painter->setBrush(seriesColour(series.toInt()));
        painter->drawEllipse(QPointF(std::max<double>(left, rect.left() + 5), rect.center().y() + 1), 4, 4);
        painter->restore();
    }
};

QStyleOptionViewItem figureOption(const QTableView& view) {
    QStyleOptionViewItem out;
    out.initFrom(&view);
    out.font = view.font();
    return out;
}

int differenceWidth(const QFontMetrics& metrics) {
    return metrics.horizontalAdvance(QStringLiteral("+00.00")) + 8;
}

}  // namespace

void FigureDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QStyleOptionViewItem plain = option;
    initStyleOption(&plain, index);
    const QString all = plain.text;
    plain.text.clear();
    plain.icon = {};
    const QWidget* widget = option.widget;
    (widget ? widget->style() : QApplication::style())->drawControl(QStyle::CE_ItemViewItem, &plain, painter, widget);

    const bool selected = option.state & QStyle::State_Selected;
    // A line between the sets and the Δ groups.
    if (index.data(CompareModel::GroupRole).toBool() && index.row() > 0 &&
        !index.siblingAtRow(index.row() - 1).data(CompareModel::GroupRole).toBool()) {
        painter->setPen(colours().line);
        painter->drawLine(option.rect.topLeft(), option.rect.topRight());
    }
    if (index.column() < CompareModel::kFirstItem) {
        painter->setPen(selected              ? option.palette.color(QPalette::HighlightedText)
                        : index.column() == 0 ? colours().text
                                              : colours().muted);
        painter->setFont(option.font);
        const QRect room = option.rect.adjusted(kPad, 0, -kPad, 0);
        painter->drawText(room, Qt::AlignLeft | Qt::AlignVCenter,
                          option.fontMetrics.elidedText(all, Qt::ElideMiddle, room.width()));
        return;
    }
    const bool best = index.data(CompareModel::BestRole).toBool();
    const QVariant difference = index.data(CompareModel::DifferenceRole);
    const QColor text = selected                                       ? option.palette.color(QPalette::HighlightedText)
                        : index.data(CompareModel::MutedRole).toBool() ? colours().muted
                                                                       : colours().text;
    painter->save();
    QFont font = option.font;
    const QFontMetrics metrics(font);
    QRect room = option.rect.adjusted(kPad, 0, -kPad, 0);
    // The dot and the difference have places of their own, so that figures stand below each other.
    const bool item = !index.data(CompareModel::MutedRole).toBool();
    if (item) {
        if (best) {
            painter->setRenderHint(QPainter::Antialiasing);
            painter->setPen(Qt::NoPen);
            painter->setBrush(selected ? text : colours().accent);
            painter->drawEllipse(QPointF(room.right() - 4, room.center().y() + 0.5), 3.5, 3.5);
        }
        room.setRight(room.right() - kDot);
        const int width = differenceWidth(metrics);
        if (difference.isValid()) {
            const double d = difference.toDouble();
            const QString shown = signedNumber(d);
            painter->setFont(font);
            painter->setPen(selected                             ? text
                            : shown.startsWith(QLatin1Char('+')) ? colours().good
                            : shown.startsWith(QChar(0x2212))    ? colours().bad
                                                                 : colours().muted);
            painter->drawText(room, Qt::AlignRight | Qt::AlignVCenter, shown);
        }
        room.setRight(room.right() - width);
    }
    font.setWeight(best ? QFont::Bold : QFont::Normal);
    painter->setFont(font);
    painter->setPen(text);
    const QString figure = all.section(QStringLiteral("  "), 0, 0).remove(QStringLiteral(" ●"));
    painter->drawText(room, Qt::AlignRight | Qt::AlignVCenter, figure);
    painter->restore();
}

QSize FigureDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    if (index.column() < CompareModel::kFirstItem)
        return QStyledItemDelegate::sizeHint(option, index) + QSize(2 * kPad, 0);
    QFont font = option.font;
    font.setWeight(QFont::Bold);
    const QFontMetrics metrics(font);
    int width = 2 * kPad + metrics.horizontalAdvance(QStringLiteral("+100.00"));
    if (!index.data(CompareModel::MutedRole).toBool()) width += kDot + differenceWidth(metrics);
    return {width, metrics.height() + 10};
}

CompareTable::CompareTable(const CompareWork& work, QWidget* parent)
    : QWidget(parent),
      model_(new CompareModel(work, this)),
      filter_(new CompareFilter(this)),
      metric_(new QComboBox),
      differences_(new QCheckBox(tr("Differences only"))),
      copy_(new QToolButton),
      save_(new QToolButton),
      note_(new QLabel),
      view_(new QTableView) {
    metric_->setObjectName(QStringLiteral("compare_metric"));
    metric_->addItems({QStringLiteral("R@1"), QStringLiteral("R@5"), QStringLiteral("R@10")});
    metric_->setAccessibleName(tr("Metric"));
    metric_->setToolTip(
        tr("Share of queries, in percent, whose right answer is among the first 1, 5 or 10. "
           "Classification sets show top-1 or top-5, sets with several labels mAP"));
    note_->setObjectName(QStringLiteral("compare_note"));
    differences_->setObjectName(QStringLiteral("compare_differences"));
    differences_->setToolTip(tr("Hides the rows in which all columns agree to within 0.005 points"));
    copy_->setObjectName(QStringLiteral("compare_copy"));
    copy_->setText(tr("Copy"));
    copy_->setAccessibleName(tr("Copy the table"));
    copy_->setToolTip(tr("Puts the rows that are shown on the clipboard, tabs between the cells (Ctrl+C)"));
    save_->setText(tr("Save…"));
    save_->setObjectName(QStringLiteral("compare_save"));
    save_->setAccessibleName(tr("Save the table"));
    save_->setToolTip(tr("Writes the rows that are shown as CSV, with settings and protocols above them"));
    for (auto* button : {copy_, save_}) {
        button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        button->setAutoRaise(true);
        button->setFocusPolicy(Qt::StrongFocus);
    }
    filter_->setSourceModel(model_);
    view_->setObjectName(QStringLiteral("compare_table"));
    view_->setAccessibleName(tr("Figures of all columns"));
    view_->setHorizontalHeader(new FigureHeader(view_));
    view_->setModel(filter_);
    view_->setItemDelegate(new FigureDelegate(view_));
    view_->setSortingEnabled(true);
    view_->sortByColumn(-1, Qt::AscendingOrder);
    view_->horizontalHeader()->setSortIndicatorClearable(true);
    view_->verticalHeader()->hide();
    view_->setShowGrid(false);
    view_->setAlternatingRowColors(true);
    view_->setSelectionBehavior(QAbstractItemView::SelectRows);
    view_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    view_->setFrameShape(QFrame::NoFrame);
    view_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    view_->setTabKeyNavigation(false);

    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(0, 6, 0, 6);
    bar->setSpacing(6);
    auto* label = new QLabel(tr("&Metric"));
    label->setBuddy(metric_);
    bar->addWidget(label);
    bar->addWidget(metric_);
    bar->addSpacing(12);
    bar->addWidget(differences_);
    bar->addSpacing(12);
    bar->addWidget(note_, 1);
    bar->addWidget(copy_);
    bar->addWidget(save_);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(0);
    all->addLayout(bar);
    all->addWidget(view_, 1);

    connect(metric_, &QComboBox::currentTextChanged, this, [this](const QString& metric) {
        model_->setMetric(metric);
        refresh();
    });
    connect(differences_, &QCheckBox::toggled, this, [this](bool only) {
        filter_->setDifferencesOnly(only);
        count();
    });
    connect(copy_, &QToolButton::clicked, this, &CompareTable::copy);
    connect(save_, &QToolButton::clicked, this, &CompareTable::save);
    auto* shortcut = new QShortcut(QKeySequence::Copy, view_);
    shortcut->setContext(Qt::WidgetShortcut);
    connect(shortcut, &QShortcut::activated, this, &CompareTable::copy);
    dress();
}

void CompareTable::refresh() {
    model_->refresh();
    fitColumns();
    view_->verticalHeader()->setDefaultSectionSize(view_->fontMetrics().height() + 10);
    count();
}

// All columns within the room, if it can be: names give way, figures do not. Room to spare goes to all of them, up to
// half of what each needs: beyond that a row is hard to follow.
void CompareTable::fitColumns() {
    view_->resizeColumnsToContents();
    auto* header = view_->horizontalHeader();
    const int columns = filter_->columnCount();
    QVector<int> wide(columns), least(columns);
    int all = 0;
    for (int c = 0; c < columns; ++c) {
        wide[c] = header->sectionSize(c);
        all += wide[c];
        const auto needs = [&](int row) {
            return view_->itemDelegate()->sizeHint(figureOption(*view_), filter_->index(row, c)).width();
        };
        least[c] = c < CompareModel::kFirstItem ? std::min(wide[c], kLeastName) : kLeastFigure;
        if (c >= CompareModel::kFirstItem && filter_->rowCount() > 0) least[c] = needs(0);
        least[c] = std::min(least[c], wide[c]);
    }
    const int room = view_->viewport()->width();
    int spare = 0;
    for (int c = 0; c < columns; ++c) spare += wide[c] - least[c];
    const int over = all - room;
    if (over < 0 && columns > 0) {
        int left = -over;
        for (int c = 0; c < columns; ++c) {
            const int more = std::min(left / (columns - c), wide[c] / 2);
            header->resizeSection(c, wide[c] + more);
            left -= more;
        }
        return;
    }
    if (room <= 0 || over <= 0 || spare <= 0) return;
    const double share = std::min(1.0, static_cast<double>(over) / spare);
    for (int c = 0; c < columns; ++c)
        header->resizeSection(c, wide[c] - static_cast<int>(std::ceil((wide[c] - least[c]) * share)));
}

void CompareTable::setReference(int item) {
    model_->setReference(item);
    refresh();
}

void CompareTable::setDifferencesOnly(bool only) {
    differences_->setChecked(only);
}

void CompareTable::count() {
    const int hidden = model_->rowCount() - filter_->rowCount();
    QStringList parts;
    if (hidden > 0)
        parts << (hidden == 1 ? tr("one row hidden, in which all agree")
                              : tr("%1 rows hidden, in which all agree").arg(hidden));
    parts << tr("● best of its row");
    if (model_->synthetic()) parts << tr("synthetic world");
    note_->setText(parts.join(QStringLiteral("  ·  ")));
}

void CompareTable::copy() {
    copyTable(*filter_);
}

void CompareTable::save() {
    const QString path =
        QFileDialog::getSaveFileName(this, tr("Save the table"), tr("comparison.csv"), tr("CSV (*.csv)"));
    if (path.isEmpty()) return;
    try {
        writeCsv(path.toStdString(), *filter_, model_->notes());
    } catch (...) {
        if (const auto failure = currentFailure()) Q_EMIT failed(*failure);
    }
}

void CompareTable::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    // The table has its new size when this is through.
    QTimer::singleShot(0, this, [this] { fitColumns(); });
}

void CompareTable::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) {
        dress();
        // A style sheet may take palettes back while the event goes round.
        QTimer::singleShot(0, this, [this] { dress(); });
    }
}

void CompareTable::dress() {
    copy_->setIcon(icon(QStringLiteral("copy")));
    save_->setIcon(icon(QStringLiteral("export")));
    QPalette muted = palette();
    muted.setColor(QPalette::WindowText, colours().muted);
    note_->setPalette(muted);
    view_->viewport()->update();
}

}  // namespace ui
