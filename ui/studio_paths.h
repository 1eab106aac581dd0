// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a path is to the studio, and where it keeps files of its own. Any thread; looks at the disk.
#pragma once

#include <QString>

namespace ui {

bool isProduct(const QString& path);
bool isWorkspace(const QString& path);
QString recipeOfProduct(const QString& folder);  // its name; empty where it cannot be read
bool isData(const QString& path);                // by its ending: what an import reads
QString dataFolder(const QString& name);         // in the user's data folder

}  // namespace ui
