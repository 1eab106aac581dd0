// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The real window itself: what a crash left, what is asked before something goes, demos that cannot be made, what is
// dropped, what cannot be opened, both themes, names of what the keyboard reaches.
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
#include <QToolButton>
#include <QUndoView>

#include "engine/base/file.h"
#include "tests/ui/studio_window.h"
#include "ui/compare/compare_card.h"
#include "ui/main_window.h"
#include "ui/reactions/recipe_editor.h"
#include "ui/reactions/training_queue.h"
#include "ui/style/theme.h"
#include "ui/workspace/import_dialog.h"

using ui::MainWindow;

namespace {

// The user's settings and data are the test's own while it lives.
class Apart {
public:
    explicit Apart(const QString& settings) {
        QStandardPaths::setTestModeEnabled(true);
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, settings);
        QDir(recovery()).removeRecursively();
        QDir().mkpath(recovery());
    }
    ~Apart() {
        QDir(recovery()).removeRecursively();
        QStandardPaths::setTestModeEnabled(false);
    }
    static QString recovery() {
        return QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) + "/recovery";
    }
};

engine::Json waitingRuns() {
    auto runs = engine::Json::array();
    for (const char* name : {"a", "b"})
        runs.push_back({{"recipe", {{"name", name}}}, {"state", "waiting"}, {"product", name}});
    return {{"runs", runs}};
}

}  // namespace

class StudioWindowTest : public ui::test::StudioWindow {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        openWindow();
        if (!QTest::currentTestFailed()) openDemo();
    }

    void cleanupTestCase() { window_.reset(); }

    void whatACrashLeftIsBroughtBack() {
        const Apart apart(path("settings"));
        const QString left = apart.recovery() + "/999999999.json";  // of no process that lives
        const auto pid = QCoreApplication::applicationPid();
        const auto own = [&] { return QDir(apart.recovery()).entryList({QStringLiteral("%1-*.json").arg(pid)}); };
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
            QVERIFY(QFile::exists(left) || !own().isEmpty());  // at any time one of them
            QCOMPARE(again.project().file(), window_->project().file());
            QCOMPARE(again.project().products(), window_->project().products());
            QCOMPARE(again.project().setting().factors, window_->project().setting().factors);
            QVERIFY(again.project().worthSaving());
            QTRY_VERIFY_WITH_TIMEOUT(!own().isEmpty() && !QFile::exists(left), 10000);
            QTRY_VERIFY_WITH_TIMEOUT(again.session().product(), 60000);
        }
        QVERIFY(own().isEmpty());
        // Of a window before that had the number that this one has.
        const QString before = QStringLiteral("%1/%2-1.json").arg(apart.recovery()).arg(pid);
        engine::writeJsonFile(before.toStdString(), state);
        {
            MainWindow again;
            again.show();
            bringBack(again);
            QTRY_VERIFY_WITH_TIMEOUT(!QFile::exists(before), 10000);
            QCOMPARE(own().size(), 1);
        }
        engine::writeFileWhole(left.toStdString(), "{ \"format\": ");
        {
            MainWindow again;
            again.show();
            bringBack(again);
            QVERIFY(!again.message().text().isEmpty());
            QVERIFY(!QFile::exists(left) && QFile::exists(left + ".damaged"));
        }
    }

    // What is no step of the history is not lost without a word either.
    void closingAsksForRuns() {
        const Apart apart(path("settings"));
        MainWindow again;
        again.show();
        again.open(window_->project().workspace());
        QTRY_VERIFY_WITH_TIMEOUT(again.session().product() && !again.busy(), 60000);
        auto& queue = again.reactions().queue();
        const auto closed = [&](QMessageBox::StandardButton answer) { return asked(answer, [&] { again.close(); }); };
        QVERIFY(closed(QMessageBox::Cancel).isEmpty());  // merely opened
        QVERIFY(!again.isVisible());
        again.show();
        queue.restore(waitingRuns());
        QVERIFY(closed(QMessageBox::Cancel).contains("Save what was changed"));
        QVERIFY(again.isVisible());
        QCOMPARE(queue.runs().size(), std::size_t{2});
        const auto file = path("asked.msproject");
        QVERIFY(again.saveTo(file));
        QVERIFY2(again.windowTitle().contains("asked ") && !again.windowTitle().contains('*'),
                 qPrintable(again.windowTitle()));
        action(again, "Put the setting beside others")->trigger();
        QVERIFY2(again.windowTitle().contains("asked*"), qPrintable(again.windowTitle()));
        QVERIFY(!closed(QMessageBox::Save).isEmpty());
        QVERIFY(!again.isVisible());
        const auto kept = [&] { return engine::readJsonFile(file.toStdString()); };
        QCOMPARE(kept()["compared"]["columns"].size(), std::size_t{1});
        again.show();
        queue.remove(queue.runs().front().id);
        QVERIFY(!closed(QMessageBox::Discard).isEmpty());
        QVERIFY(!again.isVisible());
        QCOMPARE(kept()["window"]["reactions"]["queue"]["runs"].size(), std::size_t{2});
    }

    // By the buttons, the keys and the list of the history; with columns alone there is something to lose.
    void columnsAreStepsOfTheHistory() {
        const Apart apart(path("settings"));
        MainWindow again;
        again.show();
        again.open(window_->project().workspace());
        const auto ready = [&] { return again.session().product() && !again.busy(); };
        QTRY_VERIFY_WITH_TIMEOUT(ready(), 60000);
        const auto closed = [&](QMessageBox::StandardButton answer) { return asked(answer, [&] { again.close(); }); };
        auto& project = again.project();
        const auto& compare = again.compare();
        const auto names = [&] {
            QStringList out;
            for (const auto& item : compare.items()) out << item.name;
            return out;
        };
        const auto click = [&](std::size_t card, const char* button) {
            QTest::mouseClick(compare.cards()[card]->findChild<QToolButton*>(QLatin1String(button)), Qt::LeftButton);
        };
        const QString first = project.product(), second = project.products()[first == project.products()[0] ? 1 : 0];
        auto* add = action(again, "Put the setting beside others");
        add->trigger();
        QCOMPARE(project.undoStack().count(), 1);
        QVERIFY(closed(QMessageBox::Cancel).contains("Save what was changed"));
        QVERIFY(again.isVisible());
        project.switchProduct(second, "the other one");
        QTRY_VERIFY_WITH_TIMEOUT(ready(), 60000);
        add->trigger();
        const QStringList both = names();
        QVERIFY(both.size() == 2 && both[0].endsWith("#1") && both[1].endsWith("#2"));
        click(1, "card_pin");
        click(0, "card_remove");
        QCOMPARE(names(), both.mid(1));
        QCOMPARE(compare.reference(), 0);
        // The first product is not open any more: it is opened again.
        again.activateWindow();  // what was asked took the keyboard
        QTRY_VERIFY(again.isActiveWindow());
        QTest::keyClick(&again, Qt::Key_Z, Qt::ControlModifier);
        QTRY_COMPARE_WITH_TIMEOUT(names(), both, 60000);
        QCOMPARE(compare.reference(), 1);
        const auto file = path("columns.msproject");
        QVERIFY(again.saveTo(file));
        QTest::keyClick(&again, Qt::Key_Y, Qt::ControlModifier);
        QCOMPARE(names(), both.mid(1));
        QStringList steps;
        const auto* history = again.findChild<QUndoView*>()->model();
        for (int row = 0; row < history->rowCount(); ++row) steps << history->index(row, 0).data().toString();
        const QStringList expected{"As opened",
                                   "Compare: added " + both[0],
                                   "the other one",
                                   "Compare: added " + both[1],
                                   QStringLiteral("Compare: %1 is the reference").arg(both[1]),
                                   "Compare: removed " + both[0]};
        QCOMPARE(steps, expected);
        // As it was saved.
        QVERIFY(!closed(QMessageBox::Discard).isEmpty());
        again.show();
        QVERIFY(!asked(QMessageBox::Discard, [&] { again.open(file); }).isEmpty());
        QTRY_VERIFY_WITH_TIMEOUT(ready() && names() == both, 60000);
        QCOMPARE(compare.reference(), 1);
        QVERIFY(!project.modified());
        QVERIFY(closed(QMessageBox::Cancel).isEmpty());
    }

    // Every project has its own runs and edits of a recipe; what runs is asked for before another one comes.
    void runsStayWithTheirProject() {
        const Apart apart(path("settings"));
        MainWindow again;
        again.show();
        again.open(window_->project().workspace());
        auto& page = again.reactions();
        QTRY_VERIFY_WITH_TIMEOUT(page.recipe().plan().has_value() && again.session().product(), 60000);
        page.queue().restore(waitingRuns());
        const auto file = path("two.msproject");
        QVERIFY(again.saveTo(file));
        page.recipe().setCentred(0, true);
        QVERIFY(page.recipe().edited());
        const auto close = [&] { again.findChild<QAction*>("close_project")->trigger(); };
        QVERIFY(asked(QMessageBox::Cancel, close).contains("Save what was changed"));
        QVERIFY(page.recipe().edited() && page.queue().runs().size() == 2);
        QVERIFY(!asked(QMessageBox::Discard, close).isEmpty());
        QVERIFY(!page.recipe().edited() && page.queue().runs().empty());
        QVERIFY(!again.project().modified());

        again.open(window_->project().workspace());
        ui::TrainingRun run;
        run.workspace = again.project().workspace();
        run.product = path("left");
        run.recipe = engine::recipeToJson(engine::findRecipe("ImageBind++"));
        run.reaction_options = {{"hidden_width", 16}, {"batch_size", 32}, {"epochs", 100000}};
        page.queue().add(run);
        QVERIFY(page.running());
        const auto other = [&](QMessageBox::StandardButton answer) { return asked(answer, [&] { again.open(file); }); };
        QVERIFY(other(QMessageBox::Cancel).contains("A training is running"));
        QVERIFY(page.running() && again.project().file().isEmpty());
        QVERIFY(other(QMessageBox::Discard).contains("Save what was changed"));
        QVERIFY(!page.running());
        QCOMPARE(again.project().file(), file);
        QCOMPARE(page.queue().runs().size(), std::size_t{2});
        QVERIFY(!again.project().modified());
    }

    // They come back with their products, and the reference stays what it was.
    void comparedProductsThatAreGoneStayInTheProject() {
        const QStringList products = window_->project().products();
        auto state = window_->project().state();
        state["current"] = products[1].toStdString();
        auto columns = engine::Json::array();
        for (const int product : {0, 1}) {
            columns.push_back({{"product", products[product].toStdString()},
                               {"name", product == 0 ? "first" : "second"},
                               {"setting", engine::Json::object()}});
        }
        state["compared"] = {{"columns", columns}, {"reference", 1}};
        state.erase("window");
        const QString file = path("gone.msproject"), away = products[0] + ".away";
        engine::writeJsonFile(file.toStdString(), state);
        QVERIFY(QDir().rename(products[0], away));
        MainWindow again(false);
        again.show();
        const auto& compare = again.compare();
        for (int times = 0; times < 2; ++times) {
            again.open(file);
            QTRY_VERIFY_WITH_TIMEOUT(!again.busy() && compare.items().size() == 1, 60000);
            QCOMPARE(compare.items()[0].name, QString("second"));
            QCOMPARE(compare.reference(), 0);
            QVERIFY2(again.message().text().contains("first"), qPrintable(again.message().text()));
            QVERIFY(again.saveTo(file));
        }
        QVERIFY(QDir().rename(away, products[0]));
        again.open(file);
        QTRY_VERIFY_WITH_TIMEOUT(!again.busy() && compare.items().size() == 2, 60000);
        QVERIFY(again.message().text().isEmpty());
        QCOMPARE(compare.items()[compare.reference()].name, QString("second"));
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
