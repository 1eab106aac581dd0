// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The figures of a comparison: a row for each evaluation set and each Δ group, a column for each item with its signed
// difference to the reference column, then the single spaces. Differences are only counted where both were measured by
// the same protocol. Reads what CompareWork has; call refresh() when something came. Window's thread.
#pragma once

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>

#include <optional>
#include <vector>

#include "ui/compare/compare_work.h"
#include "ui/export/table_export.h"

namespace ui {

class CompareModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Role { SortRole = Qt::UserRole, DifferenceRole, BestRole, AgreeRole, MutedRole, GroupRole, SeriesRole };
    static constexpr int kFirstItem = 2;  // columns before it: name, metric

    // `work` must outlive it.
    explicit CompareModel(const CompareWork& work, QObject* parent = nullptr);

    void refresh();
    void setMetric(const QString& metric);  // "R@1", "R@5", "R@10"
    void setReference(int item);
    int reference() const { return reference_; }
    const QString& metric() const { return metric_; }

    int itemColumn(int item) const { return kFirstItem + item; }
    int spaceColumn(int space) const { return kFirstItem + static_cast<int>(items_.size()) + space; }
    bool synthetic() const;
    // What stands above the figures in files: subjects, reference, protocols.
    TableNotes notes() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    struct Cell {
        std::optional<double> value, difference;
        bool best = false, pending = false, other_protocol = false;
        QString tip;
    };
    struct Row {
        QString name, metric;
        bool group = false, agree = false;
        engine::SetKind kind = engine::SetKind::Retrieval;
        std::vector<Cell> cells;  // items, then spaces
    };
    std::string metricOf(engine::SetKind kind) const;
    void addSetRows(std::vector<Row>& rows) const;
    void addGroupRows(std::vector<Row>& rows) const;
    void judge(Row& row) const;
    Cell setCell(const Row& row, const engine::MetricsTable* table) const;

    const CompareWork& work_;
    QString metric_ = QStringLiteral("R@1");
    int reference_ = 0;
    QVector<Compared> items_;
    std::vector<std::string> spaces_;
    std::vector<Row> rows_;
};

// Sorts by figures, keeps Δ groups below the sets, and hides what agrees if asked to.
class CompareFilter : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit CompareFilter(QObject* parent = nullptr);
    void setDifferencesOnly(bool only);
    bool differencesOnly() const { return only_; }

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    bool only_ = false;
};

}  // namespace ui
