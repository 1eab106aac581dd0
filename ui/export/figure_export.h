// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Figures as files and on the clipboard: what a view paints as PNG, SVG or PDF, or the picture of a 3D view as PNG.
// Files are written whole, then renamed; errors are engine::Error and name the file. Window's thread: painters belong
// to widgets.
#pragma once

#include <QImage>
#include <QSizeF>
#include <QString>

#include <filesystem>
#include <functional>

namespace ui {

// Paints a view into a rectangle, in the colours of colours().
using FigurePainter = std::function<void(QPainter&, const QRectF&)>;

struct FigureOptions {
    QSizeF size{960, 640};          // in points of the screen: text keeps its size beside it
    int scale = 2;                  // of PNG: 1, 2 or 4 pixels a point
    bool white_background = false;  // the light theme's colours on white, for papers; else the theme as it is
    QString title;                  // into the file's own description
};

QImage renderFigure(const FigurePainter& painter, const FigureOptions& options);
// By the ending: .png, .svg or .pdf. Paints now; what it returns encodes and writes, in any thread.
std::function<void()> paintFigure(const std::filesystem::path& path, const FigurePainter& painter,
                                  const FigureOptions& options);
// Both at once.
void saveFigure(const std::filesystem::path& path, const FigurePainter& painter, const FigureOptions& options);
// PNG only. Any thread.
void saveImage(const std::filesystem::path& path, const QImage& image, const QString& title = {});
void copyFigure(const FigurePainter& painter, const FigureOptions& options);
void copyImage(const QImage& image);

// The size that a picture of this width in pixels has at 1x; for "1x, 2x, 4x" in menus.
QString scaleText(const FigureOptions& options, int scale);  // "2x, 1920 x 1280"

}  // namespace ui
