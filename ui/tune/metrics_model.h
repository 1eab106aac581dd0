// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Figures of every evaluation set, a column each, a row for each subject: the single spaces, the pinned baseline, and
// the product at the setting in force with its signed change; below it the same in a second metric, R@5 beside R@1 and
// R@1 beside any other. Values that are not there yet are "…", those of an older setting are pale, those estimated from
// a sample of the queries have "≈" and half their interval's width. A cell's tooltip has every metric. Window's thread.
#pragma once

#include <QAbstractTableModel>

#include <memory>
#include <optional>
#include <vector>

#include "engine/session/live_product.h"

namespace ui {

class MetricsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    explicit MetricsModel(QObject* parent = nullptr);

    void setProduct(std::shared_ptr<engine::LiveProduct> product);
    void setMetric(const QString& metric);  // "R@1", "R@5", "R@10"; classification sets show top-1, top-5, top-5
    void setSpace(const engine::MetricsTable& table);
    void setBaseline(const std::optional<engine::MetricsTable>& table, bool is_space);
    void setFigures(const engine::LiveFigures& figures);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

    // The first expert that was measured on all of a group's sets, and its change against the baseline.
    std::optional<std::pair<QString, double>> expertLevel(const engine::DeltaGroup& group) const;
    // The figure of a set at the setting in force, and its change; nothing where it is not known.
    std::optional<double> now(const QString& set) const;
    std::optional<double> change(const QString& set) const;
    static constexpr int kChangeRole = Qt::UserRole + 1;

private:
    bool isNow(int row) const { return row >= nowRow(); }
    QString metricOfRow(int row) const;  // as chosen for retrieval
    // What a set shows for it; empty: nothing, for it has one metric alone, which the row above shows.
    std::string metricOf(std::size_t set, int row) const;
    std::optional<double> valueOf(const engine::MetricsTable& table, std::size_t set, int row) const;
    std::optional<double> nowOf(std::size_t set, int row) const;
    std::optional<double> changeOf(std::size_t set, int row) const;
    // "R@5 68.10 (+1.20)": every metric of a cell.
    QStringList allFigures(int row, std::size_t set) const;
    const engine::RateInterval* intervalOf(std::size_t set, int row) const;  // null: the figure is of all queries
    int nowRow() const { return rowCount() - 2; }
    int alsoRow() const { return rowCount() - 1; }
    bool baselineRow() const { return baseline_ && !baseline_is_space_; }

    std::shared_ptr<engine::LiveProduct> product_;
    QString metric_ = QStringLiteral("R@1");
    std::vector<std::optional<engine::MetricsTable>> spaces_;  // in the order of the plan's spaces
    std::optional<engine::MetricsTable> baseline_;
    bool baseline_is_space_ = true;
    std::vector<std::optional<engine::MetricMap>> figures_;
    std::vector<engine::IntervalMap> intervals_;  // of figures_
    std::vector<char> stale_;
};

}  // namespace ui
