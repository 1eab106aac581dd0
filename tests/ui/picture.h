// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Pictures for people to look at, in the folder that MOLSPACE_PICTURES names; without it there are none.
#pragma once

#include <QDir>
#include <QImage>
#include <QScreen>
#include <QTest>
#include <QWidget>

#include "ui/style/theme.h"

namespace ui::test {

inline QString pictureFile(const QString& name) {
    const QString folder = qEnvironmentVariable("MOLSPACE_PICTURES");
    return folder.isEmpty() ? QString() : QDir(folder).filePath(name + QStringLiteral(".png"));
}

inline void keepPicture(const QImage& image, const QString& name) {
    if (const QString file = pictureFile(name); !file.isEmpty()) image.save(file);
}

// As the widget draws itself now.
inline void picture(QWidget& widget, const QString& name) {
    const QString file = pictureFile(name);
    if (file.isEmpty()) return;
    QTest::qWait(200);
    widget.grab().save(file);
}

// As the screen shows it, with 3D scenes, which are windows of their own.
inline void screenPicture(QWidget& widget, const QString& name) {
    const QString file = pictureFile(name);
    if (file.isEmpty()) return;
    QTest::qWait(300);
    widget.screen()->grabWindow(0, widget.x(), widget.y(), widget.width(), widget.height()).save(file);
}

// In both themes; the light one stays.
inline void picturesInBothThemes(QWidget& widget, const QString& name) {
    if (pictureFile(name).isEmpty()) return;
    for (const auto theme : {ThemeChoice::Dark, ThemeChoice::Light}) {
        applyTheme(theme);
        picture(widget, name + (darkTheme() ? QStringLiteral("-dark") : QStringLiteral("-light")));
    }
}

}  // namespace ui::test
