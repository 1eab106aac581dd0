// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One table of the paper as a model, and how its cells are painted: above, strong, what was measured here with the
// spread between seeds; below, small and after the word "paper", the published figure, with the difference where there
// is room. A row that begins a group spans all columns (isGroup). Window's thread.
#pragma once

#include <QAbstractTableModel>
#include <QStyledItemDelegate>

#include "ui/report/report_data.h"

namespace ui {

class ReportTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    using QAbstractTableModel::QAbstractTableModel;

    void setTable(ReportPtr report, const ReportData::Table* table);  // null: empty
    bool isGroup(int row) const;
    // Of a cell; null for a group's row.
    const ReportData::Figure* figure(const QModelIndex& index) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

private:
    struct Line {
        QString group;                         // begins one; else
        const ReportData::Row* row = nullptr;  // of the table
    };
    ReportPtr report_;  // keeps the table alive
    const ReportData::Table* table_ = nullptr;
    std::vector<Line> lines_;
};

class ReportCellDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace ui
