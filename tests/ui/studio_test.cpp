// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The story in the real window: pools, train, pause, go on, compare, export, a long soak, save, reopen. What is shown
// must be what the command line prints.
#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QDirIterator>
#include <QDockWidget>
#include <QLineEdit>
#include <QPushButton>
#include <QTableWidget>
#include <QTest>
#include <QToolButton>

#include "engine/base/file.h"
#include "engine/session/session.h"
#include "tests/ui/studio_window.h"
#include "ui/compare/compare_card.h"
#include "ui/compare/compare_table.h"
#include "ui/export/command_line.h"
#include "ui/export/export_dialog.h"
#include "ui/export/path_field.h"
#include "ui/export/table_export.h"
#include "ui/main_window.h"
#include "ui/reactions/pool_panel.h"
#include "ui/reactions/queue_view.h"
#include "ui/reactions/recipe_editor.h"
#include "ui/reactions/run_monitor.h"
#include "ui/reactions/run_setup.h"

using ui::MainWindow;

class StudioTest : public ui::test::StudioWindow {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        openWindow();
        if (!QTest::currentTestFailed()) openDemo();
    }

    void cleanupTestCase() { window_.reset(); }

    // What the window shows of a step's pools is what the command line prints.
    void thePoolsOfAStepAreLookedAtBeforeItIsTrained() {
        goTo(MainWindow::Page::Reactions);
        auto& page = window_->reactions();
        auto& panel = page.pools();
        page.recipe().openRecipe("ImageBind++");
        const auto option = [&] { return page.recipe().recipe().route[0].options.centred; };
        const auto card = [&] { return page.recipe().findChild<QWidget*>("step0"); };
        const auto same = [&](const engine::Json& reaction_options) {
            engine::ReactRequest request;
            request.workspace = window_->project().workspace().toStdString();
            request.recipe = "ImageBind++";
            request.reaction_options = reaction_options;
            const auto said = engine::poolQuality(request, engine::Json::object(), 1, {}).json;
            QStringList lines;
            for (const auto& f : said["findings"]) {
                const auto kind = f["kind"].get<std::string>();
                lines << QString(kind == "bad"    ? "✗ "
                                 : kind == "note" ? "! "
                                                  : "✓ ") +
                             QString::fromStdString(f["text"].get<std::string>());
            }
            QCOMPARE(panel.findings(), lines.join('\n'));
            auto* averages = panel.findChild<QTableWidget*>("pools_averages");
            QCOMPARE(averages->rowCount(), static_cast<int>(said["retrievals"].size()));
            for (int row = 0; row < averages->rowCount(); ++row) {
                const auto& r = said["retrievals"][static_cast<std::size_t>(row)];
                QCOMPARE(averages->item(row, 0)->text(), QString::fromStdString(r["space"].get<std::string>()));
                QCOMPARE(averages->item(row, 2)->data(ui::kExportRole).toDouble(), r["rows_averaged"].get<double>());
                QCOMPARE(averages->item(row, 5)->data(ui::kExportRole).toDouble(), r["distinct"].get<double>());
            }
        };
        QTest::qWait(100);  // the old cards go
        QTRY_VERIFY(card() && card()->findChild<QToolButton*>("lookAtPools"));
        QTest::mouseClick(card()->findChild<QToolButton*>("lookAtPools"), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(panel.answer(), 60000);
        QVERIFY(panel.isVisible());
        same(engine::Json::object());
        const QString plain = panel.findings();
        // As if centred; then the step is told to be.
        auto* use = panel.findChild<QPushButton*>("useCentred");
        QVERIFY(!use->isVisible());
        QTest::mouseClick(panel.findChild<QCheckBox*>("poolsCentred"), Qt::LeftButton, {}, {8, 8});
        QTRY_VERIFY_WITH_TIMEOUT(panel.answer(), 60000);
        QVERIFY(panel.answer()->quality.options.centred);
        same({{"centred", true}});
        QVERIFY(panel.findings() != plain);
        QTRY_VERIFY(use->isVisible());
        QVERIFY(!option());
        QTest::mouseClick(use, Qt::LeftButton);
        QVERIFY(option() && page.recipe().edited());
        QVERIFY(!use->isVisible() && panel.answer());
        QTRY_VERIFY(page.recipe().findChild<QToolButton*>("revertRecipe")->isVisible());
        QTest::mouseClick(page.recipe().findChild<QToolButton*>("revertRecipe"), Qt::LeftButton);
        QVERIFY(!option() && panel.answer());
        QCOMPARE(panel.findings(), plain);
    }

    void aProductIsTrainedPausedAndGoneOnWith() {
        goTo(MainWindow::Page::Reactions);
        auto& page = window_->reactions();
        auto* recipes = page.findChild<QComboBox*>("recipes");
        page.recipe().openRecipe("ImageBind++");
        QVERIFY(recipes->isVisible());
        const QString product = path("trained");
        auto* folder = page.findChild<QLineEdit*>("folder");
        folder->setFocus();
        folder->selectAll();
        QTest::keyClicks(folder, product);
        page.setup().setOptions({{"device", "cpu"}}, {{"hidden_width", 32}, {"batch_size", 32}, {"epochs", 15}});
        auto* start = page.findChild<QPushButton*>("start");
        QTRY_VERIFY(start->isEnabled() && page.setup().found().folder == product.toStdString());
        QTest::mouseClick(start, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(page.monitor().stage().startsWith("training "), 60000);
        auto* pause = page.findChild<QPushButton*>("pause");
        QTest::mouseClick(pause, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!page.running(), 20000);
        QCOMPARE(page.monitor().queueView()->states(), QStringList{"paused"});
        QVERIFY(!QFile::exists(product + "/product.json"));
        QVERIFY(!window_->project().products().contains(product));
        QTRY_VERIFY(pause->isEnabled() && pause->text() == "Go on");
        QTest::mouseClick(pause, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(window_->project().products().contains(product), 120000);
        QCOMPARE(page.monitor().queueView()->states(), QStringList{"done"});
        QVERIFY2(window_->message().text().contains("trained is trained and open"),
                 qPrintable(window_->message().text()));
        for (auto* button : window_->message().findChildren<QPushButton*>()) {
            if (button->text() == "Tune it") QTest::mouseClick(button, Qt::LeftButton);
        }
        QCOMPARE(window_->page(), MainWindow::Page::Tune);
        QCOMPARE(window_->project().product(), product);
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().product() && window_->session().baseline(), 60000);
        settle();
        compareWithCommandLine();
    }

    void theOpenProductIsReadAnewWhenItIsTrainedFurther() {
        const auto before = window_->session().product();
        const auto epochs = [](const engine::LiveProduct& live) {
            return live.record().training["1-CLAP_g"]["TVA"]["target_epochs"].get<int>();
        };
        goTo(MainWindow::Page::Reactions);
        auto& page = window_->reactions();
        auto* further = page.findChild<QPushButton*>("further");
        QTRY_VERIFY_WITH_TIMEOUT(further->isVisible() && further->isEnabled(), 10000);
        page.findChild<QSpinBox*>("moreEpochs")->setValue(1);
        QTest::mouseClick(further, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().product() && window_->session().product() != before, 120000);
        QCOMPARE(epochs(*window_->session().product()), epochs(*before) + 1);
        goTo(MainWindow::Page::Tune);
        settle();
        compareWithCommandLine();
    }

    // InternVL on CLAP_g: only text is in both.
    void aProductOfOneFactorHasCurves() {
        const QString before = window_->project().product();
        engine::writeFileWhole(path("one.json").toStdString(),
                               R"({"name": "One", "base": "CLAP_g", "route": [{"reaction": "combination",
                                   "experts": ["InternVL"], "factors": {"text": 0.3}}]})");
        engine::ReactRequest request;
        request.workspace = window_->project().workspace().toStdString();
        request.recipe = path("one.json").toStdString();
        request.product = path("one").toStdString();
        request.reaction_options = {{"hidden_width", 16}, {"batch_size", 32}, {"epochs", 1}};
        engine::train(request, {});
        window_->open(path("one") + "/");
        QCOMPARE(window_->project().product(), path("one"));
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().product() && window_->session().baseline(), 60000);
        settle();
        auto& tune = window_->tune();
        QTRY_VERIFY(tune.surfaces().curves().isVisible());
        QVERIFY(!tune.surfaces().heatMap().isVisible());
        QVERIFY(!tune.findChild<QComboBox*>("axis_y")->isVisible());
        tune.surfaces().setPane(ui::SurfacesPanel::Pane::Curves, false);  // there is nothing else to see
        QVERIFY(tune.surfaces().curves().isVisible());
        QTest::mouseClick(&tune.surfaces().curves(), Qt::LeftButton, {}, tune.surfaces().curves().rect().center());
        QCOMPARE(window_->project().setting().factors.size(), std::size_t{1});
        QVERIFY(std::abs(window_->project().setting().factors.at("sigma_t") - 0.5) < 0.1);
        settle();
        QVERIFY2(windowMessages().isEmpty(), qPrintable(windowMessages()));
        compareWithCommandLine();
        window_->project().removeProduct(path("one"));
        window_->project().setProduct(before);
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().product() && window_->session().baseline(), 60000);
        settle();
    }

    void twoSettingsAreCompared() {
        std::vector<engine::Json> expected;
        for (const double value : {0.2, 0.8}) {
            auto setting = window_->project().setting();
            setting.factors["sigma_a"] = value;
            window_->project().setSetting(setting, "for comparison");
            expected.push_back(evaluated());
            action("Put the setting beside others")->trigger();
            QCOMPARE(window_->page(), MainWindow::Page::Compare);
            goTo(MainWindow::Page::Tune);
            // Opened anew in between, it is one product all the same.
            const QString product = window_->project().product();
            for (const QString& other : {window_->project().products().first(), product}) {
                window_->project().switchProduct(other, "there and back");
                QTRY_VERIFY_WITH_TIMEOUT(window_->session().product() && window_->session().baseline(), 60000);
            }
            settle();
        }
        goTo(MainWindow::Page::Compare);
        auto& page = window_->compare();
        QTRY_VERIFY_WITH_TIMEOUT(page.settled(), 60000);
        QCOMPARE(page.items().size(), 2);
        QVERIFY(page.items()[0].product == page.items()[1].product);
        const auto& model = page.table().model();
        int compared = 0;
        for (int row = 0; row < model.rowCount(); ++row) {
            for (int item = 0; item < 2; ++item) {
                for (const auto& set : expected[static_cast<std::size_t>(item)]["sets"]) {
                    const std::string metric = model.index(row, 1).data().toString().toStdString();
                    if (set["set"] != model.index(row, 0).data().toString().toStdString()) continue;
                    const QString shown = model.index(row, model.itemColumn(item)).data().toString();
                    const QString wanted = QString::number(set["metrics"][metric].get<double>(), 'f', 2);
                    QVERIFY2(shown.startsWith(wanted), qPrintable(shown + " is not " + wanted));
                    ++compared;
                }
            }
        }
        QVERIFY(compared >= 8);
        QVERIFY(page.table().view().isVisible());
        picture("compare");
        goTo(MainWindow::Page::Tune);
    }

    void aPackageIsExportedAsTheCommandLineDoes() {
        settle();
        action("Export…")->trigger();
        auto* dialog = window_->findChild<ui::ExportDialog*>();
        QVERIFY(dialog);
        QTRY_VERIFY(dialog->isVisible());
        auto* folder = dialog->findChild<ui::PathField*>("package_folder")->findChild<QLineEdit*>();
        folder->setFocus();
        folder->selectAll();
        QTest::keyClicks(folder, path("package"));
        auto* begin = dialog->findChild<QPushButton*>("export_action");
        QTRY_VERIFY(begin->isEnabled());
        QTest::mouseClick(begin, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!dialog->running() && !dialog->resultText().isEmpty(), 60000);
        QVERIFY2(dialog->resultText().contains("Verified"), qPrintable(dialog->resultText()));
        dialog->close();
        QVERIFY(engine::verify(path("package").toStdString(), {}).json["files"].get<int>() > 0);
        run(ui::exportCommand(*window_->session().product(), window_->project().setting(), path("package by line"),
                              false, true));
        int files = 0;
        QDirIterator each(path("package"), QDir::Files, QDirIterator::Subdirectories);
        while (each.hasNext()) {
            const QString name = QDir(path("package")).relativeFilePath(each.next());
            QCOMPARE(bytesOf(path("package by line") + "/" + name), bytesOf(path("package") + "/" + name));
            ++files;
        }
        QVERIFY(files > 5);
    }

    // A hand that never rests while a product is trained: nothing stale at the end, no memory that grows.
    void thousandsOfTicksWhileATrainingRuns() {
        const int ticks = qEnvironmentVariableIsSet("MOLSPACE_DEEP") ? 10000 : 300;
        ui::JobRunner trainer(nullptr, true);
        const std::string world = window_->project().workspace().toStdString(), made = path("soak").toStdString();
        trainer.start<int>(
            "train",
            [world, made](const engine::JobContext& job) {
                engine::ReactRequest request;
                request.workspace = world;
                request.recipe = "ImageBind++";
                request.product = made;
                request.reaction_options = {{"hidden_width", 64}, {"batch_size", 64}, {"epochs", 100000}};
                engine::train(request, job);
                return 0;
            },
            [](int) {});
        const int drag = window_->project().newDrag();
        const int steps = window_->project().undoStack().count();
        const auto live = window_->session().product();
        const std::string factor = window_->session().setting().factors.begin()->first;
        double settled_kib = 0;
        for (int i = 0; i < ticks; ++i) {
            engine::Setting setting = window_->project().setting();
            setting.factors[factor] = (i * 7919 % 1000) / 1000.0;
            window_->project().setSetting(setting, "soak", drag);
            QCoreApplication::processEvents();
            if (i % (ticks / 10) != ticks / 10 - 1) continue;
            settle();
            const auto& shown = window_->session().figures();
            QCOMPARE(shown.setting.factors, window_->project().setting().factors);
            const auto truth = live->figures(setting, true, {});
            for (std::size_t s = 0; s < truth.sets.size(); ++s) QVERIFY(shown.sets[s] == truth.sets[s]);
            if (i < ticks / 4) settled_kib = residentKib();
        }
        QVERIFY2(trainer.running(), "the training ended before the ticks did");
        QVERIFY(window_->project().undoStack().count() <= steps + 1);
        const double grown = residentKib() - settled_kib;
        QVERIFY2(grown < 200 * 1024, qPrintable(QString("%1 MiB more than at the start").arg(grown / 1024)));
        trainer.stop();
        QTRY_VERIFY_WITH_TIMEOUT(!trainer.running(), 20000);
        window_->project().undoStack().undo();
        settle();
    }

    void aProjectIsSavedAndReopenedAsItWas() {
        settle();
        auto& stack = window_->project().undoStack();
        const int steps = stack.index();
        const auto setting = window_->project().setting();
        const QString product = window_->project().product();
        const auto snapshots = window_->project().snapshots().size();
        const QString panes = window_->project().view().panes;
        auto& tune = window_->tune();
        auto* metric = tune.findChild<QComboBox*>("metric");
        metric->setCurrentText("R@5");
        Q_EMIT metric->textActivated("R@5");
        tune.surfaces().setPane(ui::SurfacesPanel::Pane::Curves, true);
        tune.surfaces().setPane(ui::SurfacesPanel::Pane::HeatMap, true);
        tune.surfaces().setPane(ui::SurfacesPanel::Pane::Surface, false);
        tune.surfaces().followFactor("sigma_t");
        window_->explore().showSet(QString::fromStdString(window_->session().product()->sets().back().name));
        QCOMPARE(window_->compare().items().size(), 2);
        auto& compare = window_->compare();
        compare.cards()[1]->findChild<QToolButton*>("card_pin")->click();
        const auto choose = [&](const char* box, int index) {
            auto* choices = compare.findChild<QComboBox*>(QString::fromLatin1(box));
            QVERIFY2(index < choices->count(), box);
            choices->setCurrentIndex(index);
        };
        choose("compare_metric", 2);
        choose("compare_group", 1);
        choose("compare_y", 0);
        choose("compare_x", 1);
        choose("compare_steps", 0);
        choose("queries_before", 1);
        choose("queries_after", 0);
        choose("queries_set", 1);
        choose("queries_place", 1);
        compare.findChild<QCheckBox*>("compare_differences")->setChecked(true);
        // A query and what is listed beside the map.
        goTo(MainWindow::Page::Explore);
        QTRY_VERIFY_WITH_TIMEOUT(!window_->explore().busy(), 60000);
        window_->explore().inspector().chooseQuery(2);
        window_->explore().inspector().restore({{"kind", 1}, {"place", 2}, {"filter", "1"}});
        QTRY_VERIFY_WITH_TIMEOUT(!window_->explore().busy(), 60000);
        goTo(MainWindow::Page::Tune);
        auto* history = window_->findChild<QDockWidget*>("history");
        history->show();
        QVERIFY(window_->saveTo(path("story.msproject")));
        MainWindow again(false);
        again.show();
        again.open(path("story.msproject"));
        QVERIFY2(again.message().text().isEmpty(), qPrintable(again.message().text()));
        QTRY_VERIFY_WITH_TIMEOUT(again.session().product(), 60000);
        QCOMPARE(again.project().product(), product);
        QCOMPARE(again.project().setting().factors, setting.factors);
        QCOMPARE(again.project().snapshots().size(), snapshots);
        QCOMPARE(again.page(), MainWindow::Page::Tune);
        QVERIFY(!again.findChild<QDockWidget*>("history")->isHidden());
        QTRY_VERIFY_WITH_TIMEOUT(!again.busy(), 60000);
        QCOMPARE(again.tune().findChild<QComboBox*>("metric")->currentText(), QString("R@5"));
        QVERIFY(!again.tune().surfaces().curves().isHidden() && !again.tune().surfaces().heatMap().isHidden());
        QVERIFY(again.project().view() == window_->project().view());
        QCOMPARE(again.tune().state()["surfaces"]["curve"].get<std::string>(), std::string("sigma_t"));
        QVERIFY(again.tune().state() == tune.state());
        QVERIFY2(again.explore().state() == window_->explore().state(),
                 (again.explore().state().dump() + window_->explore().state().dump()).c_str());
        QCOMPARE(again.explore().state()["query"].get<int>(), 2);
        QVERIFY2(again.compare().state() == compare.state(), again.compare().state().dump().c_str());
        QCOMPARE(again.compare().items().size(), 2);
        for (int i = 0; i < 2; ++i) {
            const auto &was = window_->compare().items()[i], &is = again.compare().items()[i];
            QCOMPARE(is.name, was.name);
            QVERIFY(is.setting == was.setting && is.product->folder() == was.product->folder());
        }
        QVERIFY(again.compare().items()[0].product == again.compare().items()[1].product);
        QCOMPARE(again.compare().reference(), 1);
        // Every figure is as it was.
        for (const auto& set : window_->session().product()->sets()) {
            const QString name = QString::fromStdString(set.name);
            // What a worker has sent is shown a moment after it rests.
            QTRY_VERIFY2(again.tune().metrics().now(name) == window_->tune().metrics().now(name), set.name.c_str());
            QTRY_VERIFY2(again.tune().metrics().change(name) == window_->tune().metrics().change(name),
                         set.name.c_str());
        }
        QCOMPARE(again.tune().surfaces().group(), window_->tune().surfaces().group());
        QCOMPARE(again.tune().surfaces().groupText("AT"), window_->tune().surfaces().groupText("AT"));
        QTRY_COMPARE(again.workspacePage().folder(), window_->project().workspace());
        again.showPage(MainWindow::Page::Explore);
        QTRY_VERIFY_WITH_TIMEOUT(again.explore().inspector().query() == 2u, 60000);
        QVERIFY(again.explore().state() == window_->explore().state());
        // Closed, it shows nothing of it any more.
        again.findChild<QAction*>("close_project")->trigger();
        QVERIFY(!again.session().product());
        QCOMPARE(again.page(), MainWindow::Page::Start);
        QTRY_VERIFY(again.workspacePage().folder().isEmpty());
        QVERIFY(again.compare().items().isEmpty());
        // A name typed with the shell's help ends in a slash.
        again.open(window_->project().workspace() + "/");
        QTRY_VERIFY_WITH_TIMEOUT(again.session().product(), 60000);
        QVERIFY2(again.windowTitle().contains("world"), qPrintable(again.windowTitle()));
        history->hide();
        // What is shown is part of the history.
        while (stack.index() > steps) stack.undo();
        QCOMPARE(metric->currentText(), QString("R@1"));
        QCOMPARE(window_->project().view().panes, panes);
        settle();
    }
};

QTEST_MAIN(StudioTest)
#include "studio_test.moc"
