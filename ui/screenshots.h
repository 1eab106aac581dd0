// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Pictures of every page in both themes, of the real window on its screen (3D views too): for people to look at, and
// for the README. `folder` gets <theme>-<page>.png. Blocks until all are taken; runs the window's events meanwhile.
#pragma once

#include <QString>

namespace ui {

class MainWindow;

// False, with a line on stderr, where the window has nothing to show within two minutes or a file cannot be written.
bool takePictures(MainWindow& window, const QString& folder);

}  // namespace ui
