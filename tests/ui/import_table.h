// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The tables of the import dialog under a test's hand.
#pragma once

#include <QAbstractItemView>
#include <QComboBox>
#include <QLineEdit>
#include <QTest>

#include "ui/workspace/import_model.h"

namespace ui::test {

// The cell of the array, file or group that is shown as `name`; of none an invalid index.
inline QModelIndex cellOf(const QAbstractItemView& view, const QString& name, int column) {
    const auto* model = view.model();
    const auto found = model->match(model->index(0, MappingModel::Array), Qt::DisplayRole, name, 1,
                                    Qt::MatchExactly | Qt::MatchCaseSensitive | Qt::MatchRecursive);
    return found.isEmpty() ? QModelIndex() : found.first().siblingAtColumn(column);
}

// Opens the cell's editor: the line to type into.
inline QLineEdit* openEditor(QAbstractItemView& view, const QModelIndex& index) {
    view.selectionModel()->setCurrentIndex(index, QItemSelectionModel::NoUpdate);
    view.scrollTo(index);
    view.edit(index);
    if (auto* box = view.viewport()->findChild<QComboBox*>()) return box->lineEdit();
    return view.viewport()->findChild<QLineEdit*>();
}

// Opens the cell's editor, types, and presses Enter.
inline void edit(QAbstractItemView& view, const QModelIndex& index, const char* text) {
    auto* line = openEditor(view, index);
    QVERIFY(line);
    line->selectAll();
    QTest::keyClicks(line, text);
    QWidget* editor = view.viewport()->findChild<QComboBox*>();
    QTest::keyClick(editor ? editor : line, Qt::Key_Return);
    QTRY_VERIFY(!view.viewport()->findChild<QComboBox*>());
}

}  // namespace ui::test
