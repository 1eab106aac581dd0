// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Start page, workspace page, help page and messages, driven as a person does; needs an X server, a virtual one will
// do.
#include <QDir>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMimeData>
#include <QProgressBar>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QTextBlock>
#include <QTextBrowser>
#include <QThread>
#include <QToolButton>

#include <algorithm>

#include "engine/base/file.h"
#include "engine/base/resources.h"
#include "engine/session/session.h"
#include "tests/ui/picture.h"
#include "tests/ui/view_menus.h"
#include "ui/style/theme.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/progress_strip.h"
#include "ui/workspace/help_page.h"
#include "ui/workspace/item_details.h"
#include "ui/workspace/pools_chart.h"
#include "ui/workspace/space_graph.h"
#include "ui/workspace/start_card.h"
#include "ui/workspace/start_page.h"
#include "ui/workspace/workspace_page.h"
#include "ui/workspace/workspace_tree.h"

using ui::test::picture;

class WorkspaceTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(folder_.isValid());
        engine::synth({path("world").toStdString(), {{"preset", "tiny"}}}, {});
        ui::applyTheme(ui::ThemeChoice::Light);
    }

    void messagesStayUntilDismissed() {
        QWidget window;
        ui::MessageBar bar(&window);
        bar.setFixedWidth(600);
        window.show();
        QVERIFY(bar.isHidden() && bar.text().isEmpty());
        bar.showError({"clap.h5:/audio", "expected rows [N, 512], found [N, 1024]", "choose another space"});
        QVERIFY(bar.isVisible());
        QCOMPARE(bar.text(), "expected rows [N, 512], found [N, 1024]\nclap.h5:/audio\nChoose another space");
        int calls = 0;
        bar.setAction("Open the guide", [&] { ++calls; });
        auto* action = bar.findChild<QPushButton*>();
        QVERIFY(action->isVisible());
        QTest::mouseClick(action, Qt::LeftButton);
        QCOMPARE(calls, 1);
        QSignalSpy dismissed(&bar, &ui::MessageBar::dismissed);
        QTest::mouseClick(bar.findChild<QToolButton*>(), Qt::LeftButton);
        QVERIFY(bar.isHidden() && bar.text().isEmpty());
        QCOMPARE(dismissed.count(), 1);
        bar.showNote("saved");
        QVERIFY(!action->isVisible());  // a message's button goes with it
        QTest::keyClick(&bar, Qt::Key_Escape);
        QVERIFY(bar.isHidden());
        // A path without spaces wraps; the bar grows and nothing is wider than the window.
        bar.showNote("x");
        const int one_line = bar.sizeHint().height();
        bar.showNote(QString(300, 'x'));
        QTRY_VERIFY(bar.sizeHint().height() > one_line);
        QVERIFY(bar.minimumSizeHint().width() < 400);
    }

    void progressIsInWords() {
        QCOMPARE(ui::timeLeftText(-1), QString());
        QCOMPARE(ui::timeLeftText(2), "a few seconds left");
        QCOMPARE(ui::timeLeftText(12.4), "about 12 s left");
        QCOMPARE(ui::timeLeftText(118), "about 2 min left");
        QCOMPARE(ui::timeLeftText(4200), "about 1 h 10 min left");
        ui::ProgressStrip strip;
        QVERIFY(strip.isHidden());
        engine::Progress progress;
        progress.stage = "training";
        progress.unit = "steps";
        progress.done = 25;
        progress.total = 100;
        progress.eta_seconds = 130;
        strip.show(progress);
        QVERIFY(strip.isVisible());
        QCOMPARE(strip.findChild<QProgressBar*>()->value(), 250);
        QStringList shown;
        for (const auto* label : strip.findChildren<QLabel*>()) shown << label->text();
        QVERIFY(shown.contains("training") && shown.contains("about 2 min left"));
        QSignalSpy stop(&strip, &ui::ProgressStrip::stopRequested);
        auto* button = strip.findChild<QPushButton*>();
        QTest::mouseClick(button, Qt::LeftButton);
        QCOMPARE(stop.count(), 1);
        QVERIFY(!button->isEnabled());
        strip.finish();
        QVERIFY(strip.isHidden() && button->isEnabled());
    }

    void theStartPageAnswersMouseAndKeys() {
        ui::StartPage page;
        page.resize(1280, 800);
        page.show();
        QApplication::setActiveWindow(&page);  // there may be no window manager
        QSignalSpy demo(&page, &ui::StartPage::demoRequested), import(&page, &ui::StartPage::importRequested),
            open(&page, &ui::StartPage::openRequested), chosen(&page, &ui::StartPage::recentChosen),
            removed(&page, &ui::StartPage::recentRemoved);
        const auto card = [&](const char* name) { return page.findChild<ui::StartCard*>(name); };
        QTest::mouseClick(card("demo"), Qt::LeftButton);
        QTest::mouseClick(card("import"), Qt::LeftButton);
        QTest::mouseClick(card("open"), Qt::LeftButton);
        QCOMPARE(demo.count() + import.count() + open.count(), 3);
        // The keyboard alone: Tab from card to card to the recent files.
        page.setRecent({path("world"), path("gone.molspace")});
        QTRY_VERIFY(row(page, 1) && row(page, 1)->missing());
        QVERIFY(!row(page, 0)->missing());
        picture(page, "start");
        card("demo")->setFocus();
        QTest::keyClick(card("demo"), Qt::Key_Return);
        QCOMPARE(demo.count(), 2);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Space);
        QCOMPARE(import.count(), 2);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Enter);
        QCOMPARE(open.count(), 2);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        QCOMPARE(QApplication::focusWidget(), static_cast<QWidget*>(row(page, 0)));
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(chosen[0][0].toString(), path("world"));
        // A missing one goes by its button.
        QTest::mouseClick(row(page, 1)->findChild<QToolButton*>(), Qt::LeftButton);
        QTRY_COMPARE(removed.count(), 1);
        QCOMPARE(removed[0][0].toString(), path("gone.molspace"));
        QCOMPARE(page.recent(), QStringList{path("world")});
        QTRY_VERIFY(row(page, 0) && row(page, 0)->isVisible());
        QTest::keyClick(row(page, 0), Qt::Key_Delete);
        QTRY_COMPARE(removed.count(), 2);
        QVERIFY(page.recent().isEmpty());
    }

    void filesCanBeDropped() {
        ui::StartPage page;
        page.resize(1000, 700);
        page.show();
        QSignalSpy dropped(&page, &ui::StartPage::dropped);
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(path("world")), QUrl("https://example.org/x.npy")});
        QDragEnterEvent enter(QPoint(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&page, &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent drop(QPointF(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&page, &drop);
        QCOMPARE(dropped.count(), 1);
        QCOMPARE(dropped[0][0].toStringList(), QStringList{path("world")});
    }

    void aWorkspaceIsShown() {
        ui::WorkspacePage page;
        page.resize(1280, 800);
        page.show();
        QSignalSpy opened(&page, &ui::WorkspacePage::opened), import(&page, &ui::WorkspacePage::importRequested);
        page.openWorkspace(path("world"));
        QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 1, 20000);
        auto& tree = page.tree();
        QCOMPARE(tree.topLevelItemCount(), 3);
        QCOMPARE(tree.topLevelItem(0)->text(0), "Spaces (7)");
        QCOMPARE(tree.topLevelItem(0)->childCount(), 7);
        QCOMPARE(tree.topLevelItem(1)->childCount(), 4);
        QVERIFY(page.summary().startsWith("7 spaces"));
        QVERIFY(page.findChild<ui::SpaceGraph*>()->describe().contains("CLAP_g and ImageBind through audio, text"));
        bool synthetic = false;
        for (const auto* label : page.findChildren<QLabel*>())
            synthetic |= label->isVisible() && label->text() == "synthetic world";
        QVERIFY(synthetic);
        // The first pool's first space, by mouse.
        auto* pool = tree.topLevelItem(1)->child(0);
        pool->setExpanded(true);
        auto* space = pool->child(0);
        QTest::mouseClick(tree.viewport(), Qt::LeftButton, Qt::NoModifier, tree.visualItemRect(space).center());
        QCOMPARE(tree.chosen(), "/pools/0/tables/0/spaces/0");
        QVERIFY(page.details().shownText().contains("Type: float32"));
        QVERIFY(page.details().shownText().contains(" rows × "));
        QTRY_VERIFY(!page.details().idsShown().isEmpty());
        picture(page, "workspace");
        const QStringList lines = ui::test::copiedTable(&tree);
        QVERIFY(lines.size() > 30);
        QVERIFY2(lines[0].startsWith("Item\tRows\tWidth"), qPrintable(lines[0]));
        const QString first =
            QString("%1 / %2 / %3\t").arg(tree.topLevelItem(1)->text(0), pool->text(0), space->text(0));
        QVERIFY(std::any_of(lines.begin(), lines.end(), [&](const QString& line) { return line.startsWith(first); }));
        QVERIFY(ui::test::coloursOf(ui::test::copiedFigure(page.findChild<ui::SpaceGraph*>())) > 10);
        page.findChild<QTabWidget*>()->setCurrentIndex(1);
        QVERIFY(ui::test::coloursOf(ui::test::copiedFigure(page.findChild<ui::PoolsChart*>())) > 5);
        picture(page, "sizes");
        page.findChild<QTabWidget*>()->setCurrentIndex(0);
        // Arrow keys move on.
        QTest::keyClick(&tree, Qt::Key_Down);
        QCOMPARE(tree.chosen(), "/pools/0/tables/0/spaces/1");
        // A molecule chooses its space in the tree.
        auto* graph = page.findChild<ui::SpaceGraph*>();
        QTest::keyClick(graph, Qt::Key_Right);
        QCOMPARE(tree.chosen(), "/spaces/0");
        QVERIFY(page.details().shownText().contains("Reacts with: "));
        tree.choose("/sets/0/second");
        QTRY_VERIFY(!page.details().idsShown().isEmpty());
        QTest::mouseClick(page.findChild<QPushButton*>("import_more"), Qt::LeftButton);
        QCOMPARE(import.count(), 1);
        QCOMPARE(import[0][0].toString(), path("world"));
        QTest::mouseClick(page.findChild<QPushButton*>("check_again"), Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 2, 20000);
        QCOMPARE(tree.chosen(), "/sets/0/second");  // what was chosen stays
    }

    // A paired pool has as many rows as pairs, and the size of its modalities together.
    void aPairedPoolHasRowsAndASize() {
        const auto inspected = engine::inspect({path("world").toStdString()}, {}).json;
        int at = -1;
        for (std::size_t i = 0; i < inspected["pools"].size(); ++i) {
            if (inspected["pools"][i]["paired"].get<bool>()) at = static_cast<int>(i);
        }
        QVERIFY(at >= 0);
        const auto& tables = inspected["pools"][static_cast<std::size_t>(at)]["tables"];
        QCOMPARE(tables.size(), 2u);
        qulonglong bytes = 0;
        for (const auto& table : tables) {
            for (const auto& s : table["spaces"]) bytes += s["bytes"].get<qulonglong>();
        }
        ui::WorkspacePage page;
        page.resize(1280, 800);
        page.show();
        QSignalSpy opened(&page, &ui::WorkspacePage::opened);
        page.openWorkspace(path("world"));
        QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 1, 20000);
        auto& tree = page.tree();
        const auto* item = tree.topLevelItem(1)->child(at);
        QVERIFY(item->text(ui::WorkspaceTree::Name).endsWith("(paired)"));
        QCOMPARE(item->text(ui::WorkspaceTree::Rows), QLocale().toString(tables[0]["rows"].get<qulonglong>()));
        QCOMPARE(item->text(ui::WorkspaceTree::Bytes), ui::bytesText(bytes));
        for (const auto& table : tables) {
            const auto modality = QString::fromStdString(table["modality"].get<std::string>());
            QVERIFY(item->text(ui::WorkspaceTree::Type).contains(modality));
        }
        QCOMPARE(item->childCount(), 2);
        tree.choose(QStringLiteral("/pools/%1").arg(at));
        const QString said = page.details().shownText();
        QVERIFY2(said.contains("Pairs: " + item->text(ui::WorkspaceTree::Rows)), qPrintable(said));
        QVERIFY2(said.contains("Size: " + ui::bytesText(bytes)), qPrintable(said));
        picture(page, "paired");
    }

    // A job that ended just before it was told to stop does not open what was closed.
    void aClosedWorkspaceStaysClosed() {
        ui::WorkspacePage page;
        QSignalSpy opened(&page, &ui::WorkspacePage::opened);
        page.openWorkspace(path("world"));
        QThread::msleep(1500);
        page.closeWorkspace();
        QTest::qWait(100);
        QCOMPARE(opened.count(), 0);
        QVERIFY(page.folder().isEmpty());
    }

    void whatIsWrongIsSaid() {
        ui::WorkspacePage page;
        page.show();
        QSignalSpy failed(&page, &ui::WorkspacePage::failed);
        page.openWorkspace(path("nothing"));
        QTRY_COMPARE_WITH_TIMEOUT(failed.count(), 1, 20000);
        QVERIFY(page.messages().text().contains("expected the folder of a workspace"));
        QVERIFY(page.folder().isEmpty());
    }

    void eachWarningHasARemedy() {
        auto inspected = engine::inspect({path("world").toStdString()}, {}).json;
        inspected["synthetic"] = false;
        inspected["warnings"] = {
            "pool text, text: rows of CLAP are not all of unit length (0.2 to 11); they are "
            "normalised when read",
            "there are 2 unpaired pools of text; training needs one"};
        ui::WorkspacePage page;
        page.resize(1280, 800);
        page.show();
        page.showInspected(path("world"), inspected);
        QVERIFY(page.warningsText().contains("Nothing has to be done."));
        QVERIFY(page.warningsText().contains("Join the pools"));
        QToolButton* chip = nullptr;
        for (auto* button : page.findChildren<QToolButton*>()) {
            if (button->text() == "2 warnings") chip = button;
        }
        QVERIFY(chip && chip->isVisible());
        QTest::mouseClick(chip, Qt::LeftButton);
        picture(page, "warnings");
        for (const auto* label : page.findChildren<QLabel*>())
            QVERIFY(!(label->isVisible() && label->text() == "synthetic world"));
    }

    void everyHelpPageOpensAndNoLinkIsBroken() {
        ui::HelpPage help;
        help.resize(1280, 800);
        help.show();
        QCOMPARE(help.pageShown(), "index");
        const QDir guide(QString::fromStdString((engine::resourceFolder() / "guide").string()));
        const QStringList pages = help.pages();
        QCOMPARE(pages.size(), guide.entryList({"*.md"}, QDir::Files).size());
        int links = 0;
        for (const auto& name : pages) {
            help.showPage(name);
            QCOMPARE(help.pageShown(), name);
            QVERIFY2(help.browser().toPlainText().size() > 200, qPrintable(name));
            QStringList targets;
            for (auto block = help.browser().document()->begin(); block.isValid(); block = block.next()) {
                for (auto it = block.begin(); !it.atEnd(); ++it) {
                    if (it.fragment().charFormat().isAnchor()) targets << it.fragment().charFormat().anchorHref();
                }
            }
            for (const auto& target : targets) {
                if (!QUrl(target).scheme().isEmpty()) continue;
                ++links;
                const QString file = target.section('#', 0, 0);
                QVERIFY2(guide.exists(file), qPrintable(name + " -> " + target));
                Q_EMIT help.browser().anchorClicked(QUrl(target));
                QCOMPARE(help.pageShown(), QString(file).remove(".md"));
                help.showPage(name);
            }
        }
        QVERIFY(links >= 9);
    }

    void helpGoesBackAndFinds() {
        ui::HelpPage help;
        help.resize(1280, 800);
        help.show();
        QApplication::setActiveWindow(&help);  // there may be no window manager
        auto* list = help.findChild<QListWidget*>();
        QTest::mouseClick(list->viewport(), Qt::LeftButton, Qt::NoModifier,
                          list->visualItemRect(list->item(2)).center());
        QCOMPARE(help.pageShown(), "import");
        picture(help, "help");
        help.showPage("recipes.md");
        QTest::keyClick(&help, Qt::Key_Left, Qt::AltModifier);
        QCOMPARE(help.pageShown(), "import");
        QTest::keyClick(&help, Qt::Key_Left, Qt::AltModifier);
        QCOMPARE(help.pageShown(), "index");
        QTest::keyClick(&help, Qt::Key_Right, Qt::AltModifier);
        QCOMPARE(help.pageShown(), "import");
        QTest::keyClick(&help, Qt::Key_F, Qt::ControlModifier);
        auto* search = help.findChild<QLineEdit*>();
        QCOMPARE(QApplication::focusWidget(), static_cast<QWidget*>(search));
        QTest::keyClicks(search, "Parquet");
        QCOMPARE(help.browser().textCursor().selectedText().toLower(), "parquet");
        QTest::keyClicks(search, "zzz");
        bool said = false;
        for (const auto* label : help.findChildren<QLabel*>()) said |= label->text() == "Not on this page";
        QVERIFY(said);
        help.showPage("no-such-page");
        QVERIFY(help.browser().toPlainText().contains("no page"));
    }

    void pagesFollowTheTheme() {
        ui::applyTheme(ui::ThemeChoice::Dark);
        ui::StartPage start;
        start.resize(1280, 800);
        start.setRecent({path("world"), path("gone.molspace")});
        start.show();
        ui::WorkspacePage page;
        page.resize(1280, 800);
        page.show();
        page.openWorkspace(path("world"));
        QTRY_VERIFY_WITH_TIMEOUT(!page.folder().isEmpty(), 20000);
        page.tree().choose("/sets/1");
        page.messages().showError({"clap.h5:/audio/embeddings", "expected rows [N, 512], found [N, 1024]",
                                   "choose another space, or fix the catalogue"});
        page.messages().setAction("Open the guide", [] {});
        ui::HelpPage help;
        help.resize(1280, 800);
        help.show();
        help.showPage("evaluation");
        QTest::qWait(300);
        picture(start, "start-dark");
        picture(page, "workspace-dark");
        picture(help, "help-dark");
        ui::applyTheme(ui::ThemeChoice::Light);
        QTest::qWait(50);
        picture(page, "workspace-light-again");
        picture(help, "help-light-again");
        // A link in the page has the colour of the theme in force.
        help.showPage("index");
        for (auto block = help.browser().document()->begin(); block.isValid(); block = block.next()) {
            for (auto it = block.begin(); !it.atEnd(); ++it) {
                if (it.fragment().charFormat().isAnchor())
                    QCOMPARE(it.fragment().charFormat().foreground().color(), ui::colours().accent);
            }
        }
    }

private:
    QString path(const char* name) const { return folder_.filePath(QString::fromLatin1(name)); }

    static ui::RecentRow* row(const ui::StartPage& page, int i) {
        QList<ui::RecentRow*> rows;
        for (auto* r : page.findChildren<ui::RecentRow*>()) {
            if (!r->isHidden()) rows << r;
        }
        return rows.value(i);
    }

    QTemporaryDir folder_;
};

QTEST_MAIN(WorkspaceTest)
#include "workspace_test.moc"
