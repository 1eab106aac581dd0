// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The real window itself: what a crash left, demos that cannot be made, what is dropped, what cannot be opened, both
// themes, names of what the keyboard reaches.
#include <QAccessible>
#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QDropEvent>
#include <QMimeData>
#include <QPushButton>
#include <QScrollArea>
#include <QSettings>
#include <QStandardPaths>
#include <QStatusBar>
#include <QTest>

#include "engine/base/file.h"
#include "tests/ui/studio_window.h"
#include "ui/main_window.h"
#include "ui/style/theme.h"
#include "ui/workspace/import_dialog.h"

using ui::MainWindow;

class StudioWindowTest : public ui::test::StudioWindow {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        openWindow();
        if (!QTest::currentTestFailed()) openDemo();
    }

    void cleanupTestCase() { window_.reset(); }

    void whatACrashLeftIsBroughtBack() {
        QStandardPaths::setTestModeEnabled(true);
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, path("settings"));
        const QString folder = QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) + "/recovery";
        QDir(folder).removeRecursively();
        QDir().mkpath(folder);
        const QString left = folder + "/999999999.json";  // of no process that lives
        const QString own = QStringLiteral("%1/%2.json").arg(folder).arg(QCoreApplication::applicationPid());
        auto state = window_->project().state();
        state["recovered_from"] = window_->project().file().toStdString();
        engine::writeJsonFile(left.toStdString(), state);
        const auto bringBack = [](MainWindow& window) {
            auto* bar = window.findChild<ui::MessageBar*>("recovery");
            QTRY_VERIFY(bar->isVisible());
            QVERIFY(bar->text().contains("ended unexpectedly"));
            for (auto* button : bar->findChildren<QPushButton*>()) {
                if (button->text() == "Bring it back") QTest::mouseClick(button, Qt::LeftButton);
            }
            QVERIFY(!bar->isVisible());
        };
        {
            MainWindow again;
            again.show();
            QTRY_VERIFY(again.findChild<ui::MessageBar*>("recovery")->isVisible());
            again.open(path("nothing"));
            QTest::keyClick(&again.message(), Qt::Key_Escape);  // no refusal of the offer
            QVERIFY(QFile::exists(left));
            bringBack(again);
            QVERIFY(!QFile::exists(left));
            QCOMPARE(again.project().file(), window_->project().file());
            QCOMPARE(again.project().products(), window_->project().products());
            QCOMPARE(again.project().setting().factors, window_->project().setting().factors);
            QVERIFY(again.project().worthSaving());
            QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(own), 10000);  // its own copy follows
            QTRY_VERIFY_WITH_TIMEOUT(again.session().product(), 60000);
        }
        QVERIFY(!QFile::exists(own));
        engine::writeFileWhole(left.toStdString(), "{ \"format\": ");
        {
            MainWindow again;
            again.show();
            bringBack(again);
            QVERIFY(!again.message().text().isEmpty());
            QVERIFY(!QFile::exists(left) && QFile::exists(left + ".damaged"));
        }
        QDir(folder).removeRecursively();
        QStandardPaths::setTestModeEnabled(false);
    }

    void aDemoThatCannotBeMadeSaysWhatToDo() {
        MainWindow again(false);
        again.show();
        again.openDemo("/proc/nowhere", "tiny");
        QTRY_VERIFY_WITH_TIMEOUT(again.message().text().contains("cannot make the folder"), 10000);
        QVERIFY(again.message().text().contains("--demo"));
        QCOMPARE(again.page(), MainWindow::Page::Start);
        QTRY_VERIFY(!again.busy());
        // Stopped in the middle, it is made when it is wanted again.
        again.openDemo(path("stopped"), "tiny");
        for (auto* strip : again.findChildren<ui::ProgressStrip*>()) {
            if (strip->parentWidget() == again.statusBar()) Q_EMIT strip->stopRequested();
        }
        QTRY_VERIFY_WITH_TIMEOUT(!again.busy(), 20000);
        if (!again.session().product()) {
            QCOMPARE(again.page(), MainWindow::Page::Start);
            again.openDemo(path("stopped"), "tiny");
        }
        QTRY_VERIFY_WITH_TIMEOUT(again.session().product(), 120000);
    }

    void severalFoldersAreDropped() {
        MainWindow again(false);
        again.show();
        const auto drop = [&](const QStringList& paths) {
            QMimeData mime;
            QList<QUrl> urls;
            for (const auto& path : paths) urls << QUrl::fromLocalFile(path);
            mime.setUrls(urls);
            QDragEnterEvent enter(QPoint(10, 10), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
            QApplication::sendEvent(&again, &enter);
            QDropEvent event(QPointF(10, 10), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
            QApplication::sendEvent(&again, &event);
        };
        const QStringList products = window_->project().products().mid(0, 2);
        drop(products);
        QCOMPARE(again.project().products(), products);
        QCOMPARE(again.project().product(), products.last());
        // A folder that is neither is embeddings to import.
        QDir().mkpath(path("parts"));
        drop({path("parts")});
        auto* import = again.findChild<ui::ImportDialog*>();
        QVERIFY(import && import->isVisible());
        import->close();
        QTRY_VERIFY_WITH_TIMEOUT(!again.busy(), 60000);
    }

    void whatCannotBeOpenedIsSaid() {
        window_->open(path("nothing"));
        QVERIFY(window_->message().text().contains("expected the folder of a workspace"));
        // A product's file that is none.
        QDir().mkpath(path("bad"));
        for (const char* text : {"[]", "{\"workspace\": 5}", "not JSON"}) {
            engine::writeFileWhole(path("bad/product.json").toStdString(), text);
            const QString before = window_->project().product();
            window_->open(path("bad"));
            QTRY_VERIFY_WITH_TIMEOUT(!window_->session().opening(), 20000);
            QVERIFY2(!windowMessages().isEmpty(), text);
            window_->project().removeProduct(path("bad"));
            window_->project().setProduct(before);
            QTRY_VERIFY_WITH_TIMEOUT(window_->session().product() && !window_->busy(), 60000);
        }
        window_->message().clear();
    }

    void bothThemesAreDrawn() {
        for (const auto& [choice, name] :
             {std::pair{ui::ThemeChoice::Dark, "dark"}, std::pair{ui::ThemeChoice::Light, "light"}}) {
            ui::applyTheme(choice);
            for (const auto page : {MainWindow::Page::Workspace, MainWindow::Page::Reactions, MainWindow::Page::Tune,
                                    MainWindow::Page::Compare, MainWindow::Page::Explore, MainWindow::Page::Report,
                                    MainWindow::Page::Help}) {
                window_->showPage(page);
                QTest::qWait(150);
                const QImage image = window_->grab().toImage();
                // The background is the theme's.
                const QColor corner = image.pixelColor(image.width() - 3, image.height() - 3);
                QCOMPARE(corner.lightness() < 128, choice == ui::ThemeChoice::Dark);
                picture(QStringLiteral("%1-%2").arg(QLatin1String(name)).arg(static_cast<int>(page)));
            }
        }
    }

    // Whatever the keyboard reaches has a name for those who do not see it, on every page.
    void whatTheKeyboardReachesHasAName() {
        QStringList nameless;
        for (const auto page :
             {MainWindow::Page::Start, MainWindow::Page::Workspace, MainWindow::Page::Reactions, MainWindow::Page::Tune,
              MainWindow::Page::Compare, MainWindow::Page::Explore, MainWindow::Page::Report, MainWindow::Page::Help}) {
            window_->showPage(page);
            QTest::qWait(100);
            int reached = 0;
            for (auto* widget : window_->findChildren<QWidget*>()) {
                if (!widget->isVisible() || !(widget->focusPolicy() & Qt::TabFocus) || widget->focusProxy()) continue;
                if (widget->objectName().startsWith("qt_") || qobject_cast<QScrollArea*>(widget)) continue;
                // Of a spin box or a combo box its own line speaks for it.
                const auto* parent = widget->parentWidget();
                if (qobject_cast<const QAbstractSpinBox*>(parent) || qobject_cast<const QComboBox*>(parent)) continue;
                ++reached;
                const auto* spoken = QAccessible::queryAccessibleInterface(widget);
                if (spoken && !spoken->text(QAccessible::Name).isEmpty()) continue;
                QStringList chain;
                for (const QWidget* w = widget; w && w != window_.get(); w = w->parentWidget())
                    chain << QLatin1String(w->metaObject()->className()) + ' ' + w->objectName();
                nameless << QString::number(static_cast<int>(page)) + ": " + chain.join(" in ");
            }
            QVERIFY2(reached > 0, qPrintable(QString::number(static_cast<int>(page))));
        }
        nameless.removeDuplicates();
        QVERIFY2(nameless.isEmpty(), qPrintable("\n" + nameless.join('\n')));
    }
};

QTEST_MAIN(StudioWindowTest)
#include "studio_window_test.moc"
