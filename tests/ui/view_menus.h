// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Drives the menus of views as a right click does. Window's thread.
#pragma once

#include <QAbstractScrollArea>
#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QFileDialog>
#include <QImage>
#include <QLineEdit>
#include <QMenu>
#include <QSet>
#include <QTimer>

namespace ui::test {

// Chooses an entry of the menu that a right click on the middle of `view` opens; false: there is none of that name.
inline bool chooseFromMenu(QWidget* view, const QString& entry) {
    bool chosen = false;
    QTimer::singleShot(0, view, [&] {
        auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
        if (!menu) return;
        for (auto* action : menu->actions()) {
            if (action->text() != entry) continue;
            chosen = true;
            action->trigger();
        }
        menu->close();
    });
    auto* area = qobject_cast<QAbstractScrollArea*>(view);
    QWidget* under = area ? area->viewport() : view;
    const QPoint at = under->rect().center();
    QContextMenuEvent event(QContextMenuEvent::Mouse, at, under->mapToGlobal(at));
    QApplication::sendEvent(under, &event);
    return chosen;
}

// The same of an entry that asks for a file: types its name.
inline void saveFromMenu(QWidget* view, const QString& entry, const QString& file) {
    QTimer answer;
    QObject::connect(&answer, &QTimer::timeout, view, [&] {
        auto* dialog = qobject_cast<QFileDialog*>(QApplication::activeModalWidget());
        if (!dialog) return;
        answer.stop();
        // selectFile() does nothing once the field has the focus, which it gets when the window becomes active.
        dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit"))->setText(file);
        static_cast<QDialog*>(dialog)->accept();
    });
    answer.start(10);
    chooseFromMenu(view, entry);
}

inline int coloursOf(const QImage& image) {
    QSet<QRgb> seen;
    for (int y = 0; y < image.height(); y += 2) {
        for (int x = 0; x < image.width(); x += 2) seen.insert(image.pixel(x, y));
    }
    return static_cast<int>(seen.size());
}

// The figure that "Copy figure" puts on the clipboard; null: nothing.
inline QImage copiedFigure(QWidget* view) {
    QGuiApplication::clipboard()->clear();
    return chooseFromMenu(view, QStringLiteral("Copy figure")) ? QGuiApplication::clipboard()->image() : QImage();
}

// The lines of the table that "Copy table" puts on the clipboard.
inline QStringList copiedTable(QWidget* view) {
    QGuiApplication::clipboard()->clear();
    if (!chooseFromMenu(view, QStringLiteral("Copy table"))) return {};
    return QGuiApplication::clipboard()->text().split(QLatin1Char('\n'), Qt::SkipEmptyParts);
}

}  // namespace ui::test
