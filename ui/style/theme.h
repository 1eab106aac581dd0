// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Colours of the two themes, one place for all of the window. Widgets follow by QEvent::PaletteChange, which
// applyTheme() sends to all of them; painted views take their colours from colours() when they paint. Window's thread.
#pragma once

#include <QColor>
#include <QFont>
#include <QIcon>
#include <QString>

#include <functional>

class QWidget;

namespace ui {

enum class ThemeChoice { System, Light, Dark };

struct ThemeColours {
    QColor window, panel, raised;  // behind all; tables and charts; buttons and cards
    QColor text, muted, line;      // muted: at least 4.5:1 on window and panel
    QColor accent, on_accent;      // selection, the sliders' groove
    QColor good, bad, warning;     // signed changes: never by colour alone, a sign stands beside
};

void applyTheme(ThemeChoice choice);
// Calls `repaint` after every change of theme: at once, and again when all children have the new palette (until then it
// is written over what they were given). For widgets that keep icons or colours of their own.
void followTheme(QWidget* widget, std::function<void()> repaint);
ThemeChoice themeChoice();
bool darkTheme();
const ThemeColours& colours();

// Colour-blind-safe (Okabe and Ito): text, image, audio, then others by name, always the same.
QColor modalityColour(const QString& modality);
// Colours of lines that stand beside each other; `index` wraps.
QColor seriesColour(int index);

// A line icon in the theme's text colour, by name: "workspace", "reactions", "tune", "compare", "explore", "export",
// "report", "undo", "redo", "camera", "pin", "snapshot", "play", "pause", "stop", "add", "remove", "up", "down",
// "reset", "copy", "help", "warning", "sun", "moon". Made anew after a change of theme.
QIcon icon(const QString& name);

// A heading's font, `step` 1 or 2 sizes above the text.
QFont headingFont(int step);

}  // namespace ui
