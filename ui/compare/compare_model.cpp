// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/compare/compare_model.h"

#include <QColor>
#include <QLocale>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

// Two figures that differ by less look the same in the table.
constexpr double kAgree = 0.005;

QString text(const std::string& s) {
    return QString::fromStdString(s);
}

bool sameProtocol(const engine::Protocol& a, const engine::Protocol& b) {
    return a.kind == b.kind && a.first == b.first && a.second == b.second && a.first_items == b.first_items &&
           a.second_items == b.second_items && a.pairs == b.pairs && a.hit_rule == b.hit_rule &&
           a.tie_rule == b.tie_rule;
}

std::vector<engine::DeltaGroup> groupsOf(const Compared& item, const engine::MetricsTable& base) {
    return item.product->groups(base);
}

}  // namespace

CompareModel::CompareModel(const CompareWork& work, QObject* parent) : QAbstractTableModel(parent), work_(work) {}

void CompareModel::setMetric(const QString& metric) {
    if (metric == metric_) return;
    metric_ = metric;
    refresh();
}

void CompareModel::setReference(int item) {
    if (item == reference_) return;
    reference_ = item;
    refresh();
}

std::string CompareModel::metricOf(engine::SetKind kind) const {
    switch (kind) {
        case engine::SetKind::Classification:
            return metric_ == QLatin1String("R@1") ? "top-1" : "top-5";
        case engine::SetKind::MultiLabel:
            return "mAP";
        default:
            return metric_.toStdString();
    }
}

CompareModel::Cell CompareModel::setCell(const Row& row, const engine::MetricsTable* table) const {
    Cell cell;
    cell.pending = table == nullptr;
    if (!table) return cell;
    const auto* set = table->find(row.name.toStdString());
    if (!set) {
        cell.tip = QObject::tr("%1 has no figures of this set").arg(text(table->subject));
        return cell;
    }
    const auto values = set->values();
    const auto at = values.find(row.metric.toStdString());
    if (at != values.end()) cell.value = at->second;
    cell.tip = text(table->subject);
    for (const auto& [metric, value] : values) {
        if (metric.rfind(row.metric.toStdString(), 0) == 0 && metric != row.metric.toStdString())
            cell.tip += QStringLiteral("\n%1: %2").arg(text(metric), QLocale::c().toString(value, 'f', 2));
    }
    cell.tip += QStringLiteral("\n") + text(engine::protocolText(set->protocol));
    if (table->synthetic) cell.tip += QStringLiteral("\n") + QObject::tr("synthetic world");
    return cell;
}

void CompareModel::addSetRows(std::vector<Row>& rows) const {
    for (const auto& item : items_) {
        if (!item.product) continue;
        for (const auto& outline : item.product->sets()) {
            const QString name = text(outline.name);
            const bool known = std::any_of(rows.begin(), rows.end(), [&](const Row& r) { return r.name == name; });
            if (!known) rows.push_back({name, text(metricOf(outline.kind)), false, false, outline.kind, {}});
        }
    }
    for (auto& row : rows) {
        std::vector<const engine::Protocol*> protocols;
        const auto add = [&](const engine::MetricsTable* table) {
            row.cells.push_back(setCell(row, table));
            const auto* set = table ? table->find(row.name.toStdString()) : nullptr;
            protocols.push_back(set ? &set->protocol : nullptr);
        };
        for (int c = 0; c < items_.size(); ++c) add(work_.table(c).get());
        for (const auto& space : spaces_) add(work_.space(space).get());
        if (reference_ >= items_.size()) continue;
        const auto* of = protocols[static_cast<std::size_t>(reference_)];
        for (std::size_t c = 0; c < row.cells.size(); ++c)
            row.cells[c].other_protocol = of && protocols[c] && !sameProtocol(*of, *protocols[c]);
    }
}

void CompareModel::addGroupRows(std::vector<Row>& rows) const {
    const std::size_t first = rows.size();
    const auto metricOfGroup = [this](engine::DeltaGroup& group) {
        if (group.metric.rfind("R@", 0) == 0) group.metric = metric_.toStdString();
    };
    for (int c = 0; c < items_.size(); ++c) {
        const auto base = work_.base(c);
        if (!base) continue;
        for (auto group : groupsOf(items_[c], *base)) {
            metricOfGroup(group);
            const QString name = QStringLiteral("Δ_") + text(group.name);
            const bool known = std::any_of(rows.begin() + static_cast<std::ptrdiff_t>(first), rows.end(),
                                           [&](const Row& r) { return r.name == name; });
            if (!known) rows.push_back({name, text(group.metric), true, false, engine::SetKind::Retrieval, {}});
        }
    }
    for (std::size_t r = first; r < rows.size(); ++r) {
        Row& row = rows[r];
        // The change of a table against the base space of the item's product.
        const auto cellOf = [&](int item, const engine::MetricsTable* table) {
            Cell cell;
            const auto base = work_.base(item);
            cell.pending = !table || !base;
            if (cell.pending) return cell;
            for (auto group : groupsOf(items_[item], *base)) {
                metricOfGroup(group);
                if (QStringLiteral("Δ_") + text(group.name) != row.name) continue;
                try {
                    cell.value = engine::groupValue(group, *table) - engine::groupValue(group, *base);
                } catch (const engine::Error&) {
                    // A single space lacks some of the group's sets: it has no such figure.
                }
                QStringList sets;
                for (const auto& set : group.sets) sets << text(set);
                cell.tip = QObject::tr("%1\nMean change of %2 over %3 against %4, in percentage points")
                               .arg(text(table->subject), text(group.metric), sets.join(QStringLiteral(", ")),
                                    text(base->subject));
                if (table->synthetic) cell.tip += QStringLiteral("\n") + QObject::tr("synthetic world");
            }
            return cell;
        };
        for (int c = 0; c < items_.size(); ++c) row.cells.push_back(cellOf(c, work_.table(c).get()));
        for (const auto& space : spaces_)
            row.cells.push_back(items_.isEmpty()
                                    ? Cell{}
                                    : cellOf(std::min<int>(reference_, items_.size() - 1), work_.space(space).get()));
    }
}

// Differences to the reference, the best, and whether all agree.
void CompareModel::judge(Row& row) const {
    const auto items = static_cast<std::size_t>(items_.size());
    const auto reference = static_cast<std::size_t>(reference_);
    if (reference < items && row.cells[reference].value) {
        for (std::size_t c = 0; c < items; ++c) {
            auto& cell = row.cells[c];
            if (c != reference && cell.value && !cell.other_protocol)
                cell.difference = *cell.value - *row.cells[reference].value;
        }
    }
    double least = INFINITY, most = -INFINITY;
    std::size_t known = 0;
    for (std::size_t c = 0; c < items; ++c) {
        const auto& cell = row.cells[c];
        if (!cell.value || cell.other_protocol) continue;
        ++known;
        least = std::min(least, *cell.value);
        most = std::max(most, *cell.value);
    }
    row.agree = items > 1 && known == items && most - least <= kAgree;
    if (known < 2 || most - least <= kAgree) return;
    for (std::size_t c = 0; c < items; ++c) {
        auto& cell = row.cells[c];
        cell.best = cell.value && !cell.other_protocol && most - *cell.value <= kAgree;
    }
}

void CompareModel::refresh() {
    beginResetModel();
    items_ = work_.items();
    spaces_ = work_.spaces();
    // One that is a column of its own needs no second one.
    std::erase_if(spaces_, [this](const std::string& space) {
        return std::any_of(items_.begin(), items_.end(), [&](const Compared& item) { return item.space == space; });
    });
    if (reference_ >= items_.size()) reference_ = 0;
    rows_.clear();
    addSetRows(rows_);
    addGroupRows(rows_);
    for (auto& row : rows_) judge(row);
    endResetModel();
}

bool CompareModel::synthetic() const {
    return std::any_of(items_.begin(), items_.end(), [](const auto& i) { return i.product && i.product->synthetic(); });
}

TableNotes CompareModel::notes() const {
    TableNotes out;
    out.synthetic = synthetic();
    for (const auto& item : items_) {
        const QStringList parts = settingParts(item);
        QString line = item.name + QStringLiteral(": ");
        if (item.isSpace()) line += QObject::tr("space %1 alone").arg(text(item.space));
        else line += text(item.product->recipe().name);
        if (!parts.isEmpty()) line += QObject::tr(" at %1").arg(parts.join(QStringLiteral(", ")));
        out.lines << line;
    }
    if (reference_ < items_.size())
        out.lines << QObject::tr("reference of differences: %1").arg(items_[reference_].name);
    for (int c = 0; c < items_.size(); ++c) {
        const auto table = work_.table(c);
        if (!table) continue;
        for (const auto& set : table->sets)
            out.lines << text(set.protocol.set + ": " + engine::protocolText(set.protocol)).simplified();
        break;
    }
    return out;
}

int CompareModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int CompareModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : kFirstItem + static_cast<int>(items_.size()) + static_cast<int>(spaces_.size());
}

QVariant CompareModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const Row& row = rows_[static_cast<std::size_t>(index.row())];
    if (role == AgreeRole) return row.agree;
    if (role == GroupRole) return row.group;
    if (index.column() < kFirstItem) {
        const QString& what = index.column() == 0 ? row.name : row.metric;
        if (role == Qt::DisplayRole || role == kExportRole) return what;
        if (role == SortRole) return QStringLiteral("%1%2").arg(row.group ? 1 : 0).arg(what);
        if (role == Qt::ForegroundRole && index.column() == 1) return colours().muted;
        if (role == Qt::ToolTipRole)
            return row.group
                       ? QObject::tr("Mean change over the group's sets against the base space, in percentage points")
                       : QObject::tr("Mean of both directions, in percent");
        return {};
    }
    const std::size_t c = static_cast<std::size_t>(index.column() - kFirstItem);
    const Cell& cell = row.cells[c];
    const bool item = c < static_cast<std::size_t>(items_.size());
    switch (role) {
        case Qt::DisplayRole: {
            if (!cell.value) return cell.pending ? QStringLiteral("…") : QStringLiteral("–");
            QString out = row.group ? signedNumber(*cell.value) : QLocale::c().toString(*cell.value, 'f', 2);
            if (cell.difference) out += QStringLiteral("  ") + signedNumber(*cell.difference);
            if (cell.other_protocol) out += QObject::tr("  other protocol");
            if (cell.best) out += QStringLiteral(" ●");
            return out;
        }
        case Qt::EditRole:
            return cell.value ? QVariant(*cell.value) : QVariant();
        case kExportRole:
            return cell.value ? QVariant(*cell.value) : QVariant(QString());
        case SortRole:
            return cell.value ? QVariant(*cell.value) : QVariant(-1e9);
        case DifferenceRole:
            return cell.difference ? QVariant(*cell.difference) : QVariant();
        case BestRole:
            return cell.best;
        case MutedRole:
            return !item;
        case Qt::TextAlignmentRole:
            return int(Qt::AlignRight | Qt::AlignVCenter);
        case Qt::ToolTipRole:
            return cell.other_protocol
                       ? cell.tip + QObject::tr("\nNot counted against the reference: its protocol is another")
                       : cell.tip;
        default:
            return {};
    }
}

QVariant CompareModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation == Qt::Vertical) return role == kExportRole ? QVariant(QString()) : QVariant();
    if (section < kFirstItem) {
        if (role == Qt::DisplayRole) return section == 0 ? QObject::tr("Evaluation set") : QObject::tr("Metric");
        if (role == Qt::TextAlignmentRole) return int(Qt::AlignLeft | Qt::AlignVCenter);
        return {};
    }
    if (role == Qt::TextAlignmentRole) return int(Qt::AlignRight | Qt::AlignVCenter);
    const int c = section - kFirstItem;
    if (c < items_.size()) {
        const auto& item = items_[c];
        if (role == kExportRole) return item.name;
        if (role == Qt::DisplayRole) return item.name;
        if (role == SeriesRole) return c;
        if (role == Qt::ToolTipRole) {
            QString tip = item.name + QLatin1Char('\n') + settingParts(item).join(QStringLiteral(", "));
            if (c == reference_) tip += QObject::tr("\nThe reference: differences are counted against it");
            return tip;
        }
        return {};
    }
    const QString space = text(spaces_[static_cast<std::size_t>(c - items_.size())]);
    if (role == Qt::DisplayRole || role == kExportRole) return QObject::tr("%1 alone").arg(space);
    if (role == Qt::ToolTipRole) return QObject::tr("The space %1 as it is, without any reaction").arg(space);
    return {};
}

CompareFilter::CompareFilter(QObject* parent) : QSortFilterProxyModel(parent) {
    setSortRole(CompareModel::SortRole);
}

void CompareFilter::setDifferencesOnly(bool only) {
    only_ = only;
    invalidateFilter();
}

bool CompareFilter::filterAcceptsRow(int row, const QModelIndex& parent) const {
    return !only_ || !sourceModel()->index(row, 0, parent).data(CompareModel::AgreeRole).toBool();
}

}  // namespace ui
