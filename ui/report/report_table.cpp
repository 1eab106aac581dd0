// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/report/report_table.h"

#include <QApplication>
#include <QPainter>

#include <algorithm>

#include "ui/export/table_export.h"
#include "ui/style/numbers.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

using Figure = ReportData::Figure;

constexpr int kSide = 7, kLineGap = 1, kEdge = 5;

QFont smallFont(const QFont& font) {
    QFont out = font;
    out.setPointSizeF(font.pointSizeF() * 0.86);
    return out;
}

QFont strongFont(const QFont& font) {
    QFont out = font;
    out.setWeight(QFont::DemiBold);
    return out;
}

QString two(double value) {
    return QString::number(value, 'f', 2);
}

// What stands in the cell, line by line.
struct CellText {
    QString measured, spread, paper, difference;
};

CellText cellText(const Figure& f) {
    CellText out;
    if (f.measured) out.measured = two(*f.measured);
    else out.measured = f.published ? QStringLiteral("·") : QStringLiteral("–");
    if (f.spread) out.spread = QStringLiteral("±") + two(*f.spread);
    if (f.published) out.paper = QObject::tr("paper %1").arg(f.in_paper);
    if (f.measured && f.published) out.difference = signedNumber(*f.measured - *f.published);
    return out;
}

QString spoken(const Figure& f) {
    QStringList parts;
    if (f.measured) {
        parts << QObject::tr("measured here: %1").arg(two(*f.measured));
        if (f.spread) parts << QObject::tr("standard deviation between seeds: %1").arg(two(*f.spread));
    } else if (f.published) {
        parts << QObject::tr("not measured here: %1").arg(f.missing);
    }
    if (f.published) parts << QObject::tr("published: %1").arg(f.in_paper);
    else
        parts << (f.in_paper.isEmpty() ? QObject::tr("the paper has no such row")
                                       : QObject::tr("the paper has a dash"));
    if (f.measured && f.published)
        parts << QObject::tr("measured − published: %1").arg(signedNumber(*f.measured - *f.published));
    return parts.join(QStringLiteral("; "));
}

}  // namespace

void ReportTableModel::setTable(ReportPtr report, const ReportData::Table* table) {
    beginResetModel();
    report_ = std::move(report);
    table_ = table;
    lines_.clear();
    QString group;
    if (table_) {
        for (const auto& row : table_->rows) {
            if (row.group != group) {
                group = row.group;
                if (!group.isEmpty()) lines_.push_back({group, nullptr});
            }
            lines_.push_back({{}, &row});
        }
    }
    endResetModel();
}

bool ReportTableModel::isGroup(int row) const {
    return row >= 0 && row < rowCount() && !lines_[static_cast<std::size_t>(row)].row;
}

const Figure* ReportTableModel::figure(const QModelIndex& index) const {
    if (!index.isValid() || isGroup(index.row())) return nullptr;
    return &lines_[static_cast<std::size_t>(index.row())].row->figures[static_cast<std::size_t>(index.column())];
}

int ReportTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(lines_.size());
}

int ReportTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() || !table_ ? 0 : static_cast<int>(table_->columns.size());
}

QVariant ReportTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const Line& line = lines_[static_cast<std::size_t>(index.row())];
    if (!line.row) {
        if (role == Qt::DisplayRole || role == Qt::AccessibleTextRole) return line.group;
        if (role == kExportRole) return index.column() == 0 ? line.group : QString();
        if (role == Qt::FontRole) return strongFont(QApplication::font());
        return {};
    }
    const Figure& f = *figure(index);
    const auto& column = table_->columns[static_cast<std::size_t>(index.column())];
    switch (role) {
        case Qt::DisplayRole: {
            const CellText text = cellText(f);
            QString out = text.measured;
            if (!text.spread.isEmpty()) out += QLatin1Char(' ') + text.spread;
            if (!text.paper.isEmpty()) out += QLatin1Char('\n') + text.paper;
            return out;
        }
        case kExportRole:
            return data(index, Qt::DisplayRole).toString().replace(QLatin1Char('\n'), QLatin1String("; "));
        case Qt::AccessibleTextRole:
            return spoken(f);
        case Qt::ToolTipRole: {
            QStringList lines{
                QObject::tr("Table %1, %2, %3 %4").arg(table_->number).arg(line.row->name, column.set, column.metric)};
            lines << spoken(f).split(QStringLiteral("; "));
            if (f.by_seed.size() > 1) {
                QStringList seeds;
                for (const double v : f.by_seed) seeds << two(v);
                lines << tr("by seed: %1").arg(seeds.join(QStringLiteral(", ")));
            }
            if (f.measured) lines << tr("measured on %1").arg(line.row->measured_on);
            return lines.join(QLatin1Char('\n'));
        }
        case Qt::TextAlignmentRole:
            return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
        default:
            return {};
    }
}

QVariant ReportTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (!table_) return {};
    if (orientation == Qt::Horizontal) {
        const auto& column = table_->columns[static_cast<std::size_t>(section)];
        if (role == Qt::DisplayRole) return column.set + QLatin1Char('\n') + column.metric;
        if (role == kExportRole) return column.set + QLatin1Char(' ') + column.metric;
        if (role == Qt::ToolTipRole) return tr("%1: %2 on %3, percent").arg(column.group, column.metric, column.set);
        if (role == Qt::TextAlignmentRole) return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
        return {};
    }
    const Line& line = lines_[static_cast<std::size_t>(section)];
    if (!line.row) return role == Qt::DisplayRole ? QVariant(QString()) : QVariant();
    if (role == Qt::DisplayRole) return line.row->name;
    if (role == Qt::TextAlignmentRole) return static_cast<int>(Qt::AlignLeft | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole) {
        return line.row->note.isEmpty() ? line.row->measured_on
                                        : line.row->measured_on + QLatin1Char('\n') + line.row->note;
    }
    return {};
}

Qt::ItemFlags ReportTableModel::flags(const QModelIndex& index) const {
    return isGroup(index.row()) ? Qt::ItemIsEnabled : Qt::ItemIsEnabled | Qt::ItemIsSelectable;
}

void ReportCellDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const auto* model = qobject_cast<const ReportTableModel*>(index.model());
    const Figure* f = model ? model->figure(index) : nullptr;
    if (!f) return QStyledItemDelegate::paint(painter, option, index);
    QStyleOptionViewItem bare = option;
    initStyleOption(&bare, index);
    bare.text.clear();
    const QWidget* widget = option.widget;
    (widget ? widget->style() : QApplication::style())->drawControl(QStyle::CE_ItemViewItem, &bare, painter, widget);

    const CellText text = cellText(*f);
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    const auto& c = colours();
    const QColor ink = selected ? c.on_accent : c.text, faint = selected ? c.on_accent : c.muted;
    const QFont strong = strongFont(option.font), small = smallFont(option.font);
    const QFontMetrics large(strong), little(small);
    const QRect area = option.rect.adjusted(kSide, kEdge, -kSide, -kEdge);
    const int both = large.height() + (text.paper.isEmpty() ? 0 : kLineGap + little.height());
    int top = area.top() + (area.height() - both) / 2;

    painter->save();
    // From the right: the spread, and before it the figure.
    int right = area.right() + 1;
    painter->setFont(small);
    painter->setPen(faint);
    if (!text.spread.isEmpty()) {
        const int width = little.horizontalAdvance(text.spread);
        painter->drawText(right - width, top + large.ascent(), text.spread);
        right -= width + 3;
    }
    painter->setFont(strong);
    painter->setPen(f->measured ? ink : faint);
    painter->drawText(right - large.horizontalAdvance(text.measured), top + large.ascent(), text.measured);
    if (!text.paper.isEmpty()) {
        top += large.height() + kLineGap;
        right = area.right() + 1;
        painter->setFont(small);
        const int paper = little.horizontalAdvance(text.paper), apart = little.horizontalAdvance(text.difference);
        if (!text.difference.isEmpty() && paper + 6 + apart <= area.width()) {
            painter->setPen(selected ? c.on_accent : *f->measured >= *f->published ? c.good : c.bad);
            painter->drawText(right - apart, top + little.ascent(), text.difference);
            right -= apart + 6;
        }
        painter->setPen(faint);
        painter->drawText(right - paper, top + little.ascent(), text.paper);
    }
    painter->restore();
}

QSize ReportCellDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const auto* model = qobject_cast<const ReportTableModel*>(index.model());
    const Figure* f = model ? model->figure(index) : nullptr;
    const QFontMetrics large(strongFont(option.font)), little(smallFont(option.font));
    // A group spans all columns: its name makes none of them wide.
    if (!f) return {0, large.height() + 2 * kEdge};
    const CellText text = cellText(*f);
    const int above = large.horizontalAdvance(text.measured) +
                      (text.spread.isEmpty() ? 0 : 3 + little.horizontalAdvance(text.spread));
    return {std::max(above, little.horizontalAdvance(text.paper)) + 2 * kSide,
            large.height() + kLineGap + little.height() + 2 * kEdge};
}

}  // namespace ui
