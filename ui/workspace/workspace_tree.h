// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The tree of a workspace: spaces, pools, evaluation sets with rows, width, type, lengths of rows and size on disk.
// Shows what engine::inspect() found. An item is named by its JSON pointer in that ("/pools/0/tables/1/spaces/2").
#pragma once

#include <QTreeWidget>

#include "engine/base/json.h"

namespace ui {

// "12.3 KiB" in the user's language.
QString bytesText(qulonglong bytes);
// "unit length" or "0.31 to 12.4" of a space of a table as inspected.
QString normsText(const engine::Json& embeddings);

class WorkspaceTree : public QTreeWidget {
    Q_OBJECT
public:
    enum Column { Name, Rows, Width, Type, Norms, Bytes, kColumns };

    explicit WorkspaceTree(QWidget* parent = nullptr);
    void show(const engine::Json& inspected);  // keeps the item that is chosen, where it is still there
    void choose(const QString& pointer);
    QString chosen() const;  // pointer; empty: nothing, or a heading

Q_SIGNALS:
    void chosenChanged(const QString& pointer);

protected:
    void changeEvent(QEvent* event) override;

private:
    void refresh();
};

}  // namespace ui
