// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/export/figure_table.h"

#include <QHeaderView>

#include "ui/export/table_export.h"

namespace ui {

QTableWidget* figureTable(const QString& object, const QString& name, const QString& tip) {
    auto* out = new QTableWidget;
    out->setObjectName(object);
    out->setAccessibleName(name);
    out->setToolTip(tip);
    out->setEditTriggers(QAbstractItemView::NoEditTriggers);
    out->setSelectionBehavior(QAbstractItemView::SelectRows);
    out->verticalHeader()->hide();
    out->setAlternatingRowColors(true);
    out->setShowGrid(false);
    out->setTabKeyNavigation(false);
    out->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    return out;
}

void putFigure(QTableWidget* table, int row, int column, const QString& shown, const QVariant& bare,
               const QString& tip) {
    auto* item = new QTableWidgetItem(shown);
    item->setTextAlignment((column == 0 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    item->setData(kExportRole, bare);
    item->setToolTip(tip);
    table->setItem(row, column, item);
}

void fitFigures(QTableWidget* table) {
    table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    table->resizeRowsToContents();
    int height = table->horizontalHeader()->sizeHint().height() + 2 * table->frameWidth() + 2;
    for (int row = 0; row < table->rowCount(); ++row) height += table->rowHeight(row);
    table->setFixedHeight(height);
}

}  // namespace ui
