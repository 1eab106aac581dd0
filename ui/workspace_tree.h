// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The tree of a workspace: spaces, pools, evaluation sets, what can react, warnings. Shows what engine::inspect()
// found.
#pragma once

#include <QTreeWidget>

#include "engine/base/json.h"

namespace ui {

class WorkspaceTree : public QTreeWidget {
    Q_OBJECT
public:
    explicit WorkspaceTree(QWidget* parent = nullptr);
    void show(const engine::Json& inspected);
};

}  // namespace ui
