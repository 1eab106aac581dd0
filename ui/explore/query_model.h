// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The queries that a change of the setting gained and lost, as a table; a filter over it; and the painter of the bars
// that say which factor or expert moved a query. Window's thread.
#pragma once

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>
#include <QStyledItemDelegate>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/factors/why.h"

#include "ui/style/numbers.h"

namespace ui {

using IdList = std::shared_ptr<const std::vector<std::string>>;

// Ids of one side, whole and without the folder that all of them share ("AudioCaps/first/27": "27").
class ItemNames {
public:
    ItemNames() = default;
    explicit ItemNames(IdList ids);
    QString whole(std::uint32_t row) const;
    QString brief(std::uint32_t row) const;
    const IdList& ids() const { return ids_; }

private:
    IdList ids_;
    std::size_t shared_ = 0;
};

// "σ_a" for the factor "sigma_a"; an expert's key as it is.
QString moverLabel(const engine::Mover& mover);
// A rank by the tie rule: "1", "2.5".
QString rankText(double rank);

class QueryModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Query, Rank, Margin, Movers, Wrong, Columns };
    enum Role { SortRole = Qt::UserRole, RowRole, GainedRole, SharesRole };

    using QAbstractTableModel::QAbstractTableModel;
    void setChange(std::shared_ptr<const engine::SetChange> change, bool forward, ItemNames queries,
                   ItemNames candidates);
    void clear();
    // What moved a query, where the change itself does not say it.
    void addShares(std::uint32_t query, const std::vector<double>& shares);
    const std::vector<double>& sharesOf(int row) const;

    const engine::QueryChange* change(int row) const;
    bool gained(int row) const { return rows_[static_cast<std::size_t>(row)].second; }
    const std::vector<engine::Mover>& movers() const;
    int gainedCount() const { return gained_; }
    int lostCount() const { return static_cast<int>(rows_.size()) - gained_; }
    std::optional<int> rowOf(std::uint32_t query) const;
    // The largest stack of shares to either side, for the scale of the bars.
    double reach() const { return reach_; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::shared_ptr<const engine::SetChange> change_;
    std::vector<std::pair<const engine::QueryChange*, bool>> rows_;  // and whether gained
    ItemNames queries_, candidates_;
    std::map<std::uint32_t, std::vector<double>> added_;
    int gained_ = 0;
    double reach_ = 0;
    void widen(const std::vector<double>& shares);
};

class QueryFilter : public QSortFilterProxyModel {
    Q_OBJECT
public:
    enum class Kind { All, Gained, Lost };
    using QSortFilterProxyModel::QSortFilterProxyModel;
    void setKind(Kind kind);
    void setText(const QString& text);
    void setOnly(std::optional<std::unordered_set<std::uint32_t>> queries);

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    Kind kind_ = Kind::All;
    QString text_;
    std::optional<std::unordered_set<std::uint32_t>> only_;
};

// Shares of a margin's change as bars about a middle line, stacked by sign, in the series' colours.
void paintShares(QPainter& painter, const QRectF& area, const std::vector<double>& shares, double reach);

class SharesDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace ui
