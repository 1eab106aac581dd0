// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/explore/query_model.h"

#include <QApplication>
#include <QPainter>

#include <cmath>

#include "ui/export/table_export.h"
#include "ui/style/theme.h"

namespace ui {

ItemNames::ItemNames(IdList ids) : ids_(std::move(ids)) {
    if (!ids_ || ids_->size() < 2) return;
    std::string_view common = ids_->front();
    for (const auto& id : *ids_) {
        std::size_t n = 0;
        while (n < common.size() && n < id.size() && common[n] == id[n]) ++n;
        common = common.substr(0, n);
    }
    const auto slash = common.rfind('/');
    shared_ = slash == std::string_view::npos ? 0 : slash + 1;
}

QString ItemNames::whole(std::uint32_t row) const {
    return ids_ && row < ids_->size() ? QString::fromStdString((*ids_)[row]) : QString::number(row);
}

QString ItemNames::brief(std::uint32_t row) const {
    if (!ids_ || row >= ids_->size() || (*ids_)[row].size() <= shared_) return whole(row);
    return QString::fromStdString((*ids_)[row].substr(shared_));
}

QString moverLabel(const engine::Mover& mover) {
    if (!mover.projectors_of.empty())
        return QObject::tr("projectors of %1").arg(QString::fromStdString(mover.projectors_of));
    QString name = QString::fromStdString(mover.name);
    if (!mover.expert) {
        name.replace(QLatin1String("sigma"), QStringLiteral("σ"));
        name.replace(QLatin1String("lambda"), QStringLiteral("λ"));
    }
    return name;
}

QString rankText(double rank) {
    return QString::number(rank, 'f', rank == std::floor(rank) ? 0 : 1);
}

void QueryModel::setChange(std::shared_ptr<const engine::SetChange> change, bool forward, ItemNames queries,
                           ItemNames candidates) {
    beginResetModel();
    change_ = std::move(change);
    queries_ = std::move(queries);
    candidates_ = std::move(candidates);
    rows_.clear();
    added_.clear();
    reach_ = 0;
    const engine::DirectionChange& direction = forward ? change_->forward : change_->backward;
    gained_ = static_cast<int>(direction.gained.size());
    for (const bool gained : {true, false}) {
        for (const auto& q : gained ? direction.gained : direction.lost) {
            rows_.emplace_back(&q, gained);
            widen(q.shares);
        }
    }
    endResetModel();
}

void QueryModel::clear() {
    beginResetModel();
    change_.reset();
    rows_.clear();
    added_.clear();
    gained_ = 0;
    endResetModel();
}

void QueryModel::widen(const std::vector<double>& shares) {
    double up = 0, down = 0;
    for (const double s : shares) (s > 0 ? up : down) += s;
    reach_ = std::max({reach_, up, -down});
}

void QueryModel::addShares(std::uint32_t query, const std::vector<double>& shares) {
    const auto row = rowOf(query);
    if (!row || shares.size() != movers().size()) return;
    added_[query] = shares;
    widen(shares);
    Q_EMIT dataChanged(index(0, Movers), index(rowCount() - 1, Movers));
}

const std::vector<double>& QueryModel::sharesOf(int row) const {
    const engine::QueryChange& q = *rows_[static_cast<std::size_t>(row)].first;
    const auto added = added_.find(q.query);
    return added != added_.end() ? added->second : q.shares;
}

const engine::QueryChange* QueryModel::change(int row) const {
    return row >= 0 && static_cast<std::size_t>(row) < rows_.size() ? rows_[static_cast<std::size_t>(row)].first
                                                                    : nullptr;
}

const std::vector<engine::Mover>& QueryModel::movers() const {
    static const std::vector<engine::Mover> none;
    return change_ ? change_->movers : none;
}

std::optional<int> QueryModel::rowOf(std::uint32_t query) const {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        if (rows_[i].first->query == query) return static_cast<int>(i);
    }
    return std::nullopt;
}

int QueryModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int QueryModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : Columns;
}

QVariant QueryModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const auto& [q, gained] = rows_[static_cast<std::size_t>(index.row())];
    const std::vector<double>& shares = sharesOf(index.row());
    const double moved = q->margin_after - q->margin_before;
    switch (role) {
        case Qt::DisplayRole:
            switch (index.column()) {
                case Query:
                    return (gained ? QStringLiteral("▲ ") : QStringLiteral("▼ ")) + queries_.brief(q->query);
                case Rank:
                    return rankText(q->rank_before) + QStringLiteral(" → ") + rankText(q->rank_after);
                case Margin:
                    return signedNumber(moved, 3);
                case Movers:
                    return !shares.empty() ? QString() : QStringLiteral("—");
                case Wrong:
                    return candidates_.brief(gained ? q->wrong_before : q->wrong_after);
                default:
                    return {};
            }
        case kExportRole:
            if (index.column() == Query) return queries_.whole(q->query);
            if (index.column() == Margin) return moved;
            if (index.column() == Movers) return data(index, Qt::AccessibleTextRole);
            if (index.column() == Wrong) return candidates_.whole(gained ? q->wrong_before : q->wrong_after);
            return {};
        case Qt::ForegroundRole:
            if (index.column() == Query) return gained ? colours().good : colours().bad;
            if (index.column() == Movers) return colours().muted;
            return {};
        case Qt::TextAlignmentRole:
            if (index.column() == Margin) return QVariant(Qt::AlignRight | Qt::AlignVCenter);
            if (index.column() == Rank || index.column() == Movers) return QVariant(Qt::AlignCenter);
            return {};
        case Qt::ToolTipRole: {
            QString text = (gained ? tr("Gained: %1") : tr("Lost: %1")).arg(queries_.whole(q->query));
            text += tr("\nRank of its best positive: %1 before, %2 now")
                        .arg(rankText(q->rank_before), rankText(q->rank_after));
            text += tr("\nBest wrong answer: %1 before, %2 now")
                        .arg(candidates_.whole(q->wrong_before), candidates_.whole(q->wrong_after));
            for (std::size_t m = 0; m < shares.size(); ++m)
                text += QStringLiteral("\n") + moverLabel(change_->movers[m]) + QStringLiteral("  ") +
                        signedNumber(shares[m], 4);
            if (shares.empty() && !movers().empty())
                text += tr("\nThe list explains those that moved furthest; choose this one to see what moved it.");
            return text;
        }
        case Qt::AccessibleTextRole:
            if (index.column() == Movers) {
                QStringList parts;
                for (std::size_t m = 0; m < shares.size(); ++m)
                    parts << moverLabel(change_->movers[m]) + QStringLiteral(" ") + signedNumber(shares[m], 4);
                return parts.join(QStringLiteral(", "));
            }
            return data(index, Qt::DisplayRole);
        case SortRole:
            switch (index.column()) {
                case Query:
                    return queries_.whole(q->query);
                case Rank:
                    return q->rank_before - q->rank_after;
                case Margin:
                    return moved;
                case Movers: {
                    double most = 0;
                    for (const double s : shares) most = std::max(most, std::abs(s));
                    return most;
                }
                default:
                    return candidates_.whole(gained ? q->wrong_before : q->wrong_after);
            }
        case RowRole:
            return q->query;
        case GainedRole:
            return gained;
        case SharesRole:
            return QVariant::fromValue(shares);
        default:
            return {};
    }
}

QVariant QueryModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::DisplayRole) {
        switch (section) {
            case Query:
                return tr("Query");
            case Rank:
                return tr("Rank");
            case Margin:
                return tr("Margin");
            case Movers:
                return tr("Moved by");
            case Wrong:
                return tr("Best wrong");
            default:
                return {};
        }
    }
    if (role == Qt::TextAlignmentRole) {
        if (section == Margin) return QVariant(Qt::AlignRight | Qt::AlignVCenter);
        return QVariant((section == Rank || section == Movers ? Qt::AlignHCenter : Qt::AlignLeft) | Qt::AlignVCenter);
    }
    if (role == Qt::ToolTipRole) {
        switch (section) {
            case Query:
                return tr("▲ gained: a hit now, none before. ▼ lost: the other way round.");
            case Rank:
                return tr("Rank of the query's best positive, from 1: before → now");
            case Margin:
                return tr(
                    "Change of the margin: score of the best positive minus that of the best wrong answer, "
                    "as inner products of unit vectors (−2 to 2)");
            case Movers:
                return tr(
                    "Which factor or expert changed the margin (Shapley shares; they add up to its change). "
                    "To the right it helped, to the left it harmed.");
            case Wrong:
                return tr(
                    "The best wrong answer. Of a gained query: what stood first before. Of a lost one: what stands "
                    "first now.");
            default:
                return {};
        }
    }
    return {};
}

void QueryFilter::setKind(Kind kind) {
    kind_ = kind;
    invalidateFilter();
}

void QueryFilter::setText(const QString& text) {
    text_ = text.trimmed();
    invalidateFilter();
}

void QueryFilter::setOnly(std::optional<std::unordered_set<std::uint32_t>> queries) {
    only_ = std::move(queries);
    invalidateFilter();
}

bool QueryFilter::filterAcceptsRow(int row, const QModelIndex& parent) const {
    const QModelIndex query = sourceModel()->index(row, QueryModel::Query, parent);
    if (kind_ != Kind::All && query.data(QueryModel::GainedRole).toBool() != (kind_ == Kind::Gained)) return false;
    if (only_ && !only_->contains(query.data(QueryModel::RowRole).toUInt())) return false;
    if (text_.isEmpty()) return true;
    const QModelIndex wrong = sourceModel()->index(row, QueryModel::Wrong, parent);
    return query.data(QueryModel::SortRole).toString().contains(text_, Qt::CaseInsensitive) ||
           wrong.data(QueryModel::SortRole).toString().contains(text_, Qt::CaseInsensitive);
}

void paintShares(QPainter& painter, const QRectF& area, const std::vector<double>& shares, double reach) {
    if (reach <= 0) return;
    const double middle = area.center().x(), scale = area.width() / 2 / reach;
    double right = middle, left = middle;
    painter.setPen(Qt::NoPen);
    for (std::size_t m = 0; m < shares.size(); ++m) {
        const double length = std::abs(shares[m]) * scale;
        painter.setBrush(seriesColour(static_cast<int>(m)));
        if (shares[m] > 0) {
            painter.drawRect(QRectF(right, area.top(), length, area.height()));
            right += length;
        } else {
            left -= length;
            painter.drawRect(QRectF(left, area.top(), length, area.height()));
        }
    }
    painter.setPen(QPen(colours().muted, 1));
    painter.drawLine(QPointF(std::round(middle) + 0.5, area.top() - 3),
                     QPointF(std::round(middle) + 0.5, area.bottom() + 3));
}

void SharesDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QStyledItemDelegate::paint(painter, option, index);
    const auto shares = index.data(QueryModel::SharesRole).value<std::vector<double>>();
    if (shares.empty()) return;
    double reach = 0;
    const auto* filter = qobject_cast<const QSortFilterProxyModel*>(index.model());
    if (const auto* model = qobject_cast<const QueryModel*>(filter ? filter->sourceModel() : index.model()))
        reach = model->reach();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing, false);
    // The series' colours would not stand out from the colour of the selection.
    if (option.state & QStyle::State_Selected) painter->fillRect(option.rect.adjusted(4, 3, -4, -3), colours().panel);
    const double height = std::min(10.0, option.rect.height() - 8.0);
    QRectF area(option.rect.adjusted(8, 0, -8, 0));
    area.setTop(option.rect.center().y() - height / 2 + 0.5);
    area.setHeight(height);
    paintShares(*painter, area, shares, reach);
    painter->restore();
}

}  // namespace ui
