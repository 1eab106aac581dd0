// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A page of reactions over a tiny world, and how its controls are found.
#pragma once

#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>

#include "engine/session/session.h"
#include "tests/ui/picture.h"
#include "ui/reactions/reactions_page.h"
#include "ui/reactions/recipe_editor.h"

namespace ui::test {

class ReactionsWindow : public QObject {
protected:
    void makeWorld() {
        applyTheme(ThemeChoice::Light);
        QVERIFY(folder_.isValid());
        engine::synth({path("world").toStdString(), {{"preset", "tiny"}}}, {});
    }

    QString path(const char* name) const { return folder_.filePath(QString::fromLatin1(name)); }

    void open(ReactionsPage& page, const char* recipe) {
        page.resize(1180, 720);
        page.show();
        page.recipe().openRecipe(recipe);
        page.setWorkspace(path("world"), engine::Json::object());
        QTRY_VERIFY_WITH_TIMEOUT(page.recipe().plan().has_value(), 20000);
    }
    static QPushButton* button(ReactionsPage& page, const char* name) {
        auto* found = page.findChild<QPushButton*>(QString::fromLatin1(name));
        Q_ASSERT(found);
        return found;
    }
    static QWidget* step(ReactionsPage& page, int index) {
        return page.recipe().findChild<QWidget*>(QStringLiteral("step%1").arg(index));
    }
    static QPushButton* withText(QWidget& page, const char* text) {
        for (auto* b : page.findChildren<QPushButton*>()) {
            if (b->isVisible() && b->text() == QString::fromLatin1(text)) return b;
        }
        return nullptr;
    }

    QTemporaryDir folder_;
};

}  // namespace ui::test
