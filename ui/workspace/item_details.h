// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is known of the chosen item of a workspace: figures at once, its first ids from the file in the background.
#pragma once

#include <QWidget>

#include "engine/base/json.h"

class QFormLayout;
class QLabel;
class QTableWidget;

namespace ui {

class JobRunner;

class ItemDetails : public QWidget {
    Q_OBJECT
public:
    explicit ItemDetails(QWidget* parent = nullptr);
    // `pointer`: see WorkspaceTree.
    void show(const QString& folder, const engine::Json& inspected, const QString& pointer);
    QString shownText() const;  // heading and facts, one a line
    QStringList idsShown() const;

protected:
    void changeEvent(QEvent* event) override;

private:
    void fact(const QString& name, const QString& value, const QString& tip = {});
    void aboutSpace(const engine::Json& inspected, const engine::Json& space);
    void aboutTable(const engine::Json& table);
    void aboutEmbeddings(const engine::Json& table, const engine::Json& embeddings);
    void aboutSet(const engine::Json& set);
    void preview(const QString& folder, const engine::Json& inspected, const QStringList& path);
    void refresh();

    QLabel *title_, *kind_, *ids_title_, *ids_note_;
    QWidget* facts_box_ = nullptr;
    QFormLayout* facts_ = nullptr;
    QTableWidget* ids_;
    JobRunner* runner_;
    quint64 round_ = 0;  // of what was shown
};

}  // namespace ui
