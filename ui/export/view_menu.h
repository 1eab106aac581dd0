// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a right click on a view offers: copy it, or save it as a picture (PNG, SVG, PDF) or as a table (CSV).
#pragma once

#include <QAbstractItemView>
#include <QWidget>

#include <functional>

#include "ui/bridge/job_runner.h"
#include "ui/export/figure_export.h"
#include "ui/export/table_export.h"

namespace ui {

using TellFailure = std::function<void(const JobFailure&)>;

// A view that paints itself at any size; `title` names the file.
void addFigureMenu(QWidget* view, FigurePainter painter, std::function<QString()> title, TellFailure tell);
// A view that is an image (3D).
void addImageMenu(QWidget* view, std::function<QImage(QSize)> picture, std::function<QString()> title,
                  TellFailure tell);
void addTableMenu(QAbstractItemView* view, std::function<TableNotes()> notes, std::function<QString()> title,
                  TellFailure tell);

}  // namespace ui
