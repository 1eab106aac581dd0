// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Small tables of figures within a panel that scrolls: as tall as their rows, names at the left, figures at the right,
// every cell with the bare figure for export. Window's thread.
#pragma once

#include <QTableWidget>
#include <QVariant>

namespace ui {

QTableWidget* figureTable(const QString& object, const QString& name, const QString& tip);
void putFigure(QTableWidget* table, int row, int column, const QString& shown, const QVariant& bare,
               const QString& tip);
// As tall as its rows: the panel scrolls, not the table.
void fitFigures(QTableWidget* table);

}  // namespace ui
