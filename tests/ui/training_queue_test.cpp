// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Trainings that are started, paused, gone on with and queued, and what is known of them before and after; needs an X
// server, a virtual one will do.
#include <QDir>
#include <QFile>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabWidget>
#include <QTest>
#include <QToolButton>

#include "engine/recipe/product.h"
#include "engine/session/session.h"
#include "tests/ui/reactions_window.h"
#include "ui/reactions/loss_chart.h"
#include "ui/reactions/queue_view.h"
#include "ui/reactions/run_estimate.h"
#include "ui/reactions/run_folder.h"
#include "ui/reactions/run_monitor.h"
#include "ui/reactions/run_setup.h"
#include "ui/reactions/training_queue.h"

using engine::Json;
using ui::test::picturesInBothThemes;

class TrainingQueueTest : public ui::test::ReactionsWindow {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { makeWorld(); }

    // Start, pause, go on, done, further: as a person does it.
    void aTrainingFromStartToEnd() {
        ui::ReactionsPage page;
        open(page, "ImageBind++");
        const QString product = path("story");
        page.setup().setFolder(product);
        page.setup().setOptions(
            Json::object(), {{"hidden_width", 16}, {"batch_size", 32}, {"epochs", 100}, {"projectors", {"T", "TVA"}}});
        QVERIFY(page.setup().shownEstimate().contains("Estimate: about"));
        QVERIFY(page.setup().shownEstimate().contains("assumed"));
        QVERIFY(page.findChild<QWidget*>("synthetic")->isVisible());
        QVERIFY2(
            page.minimumSizeHint().width() <= 1180 && page.minimumSizeHint().height() <= 700,
            qPrintable(QString("%1 x %2").arg(page.minimumSizeHint().width()).arg(page.minimumSizeHint().height())));
        auto* start = button(page, "start");
        auto* pause = button(page, "pause");
        QVERIFY(!pause->isEnabled());
        QTRY_VERIFY(start->isEnabled());
        QSignalSpy trained(&page, &ui::ReactionsPage::trained), running(&page, &ui::ReactionsPage::runningChanged);
        QSignalSpy progressed(&page, &ui::ReactionsPage::progressed);
        QTest::mouseClick(start, Qt::LeftButton);
        QVERIFY(page.running());
        QTRY_VERIFY_WITH_TIMEOUT(page.monitor().stage().startsWith("training "), 60000);
        QTRY_VERIFY_WITH_TIMEOUT(page.monitor().chart()->linesShown() > 0, 5000);
        QTRY_VERIFY_WITH_TIMEOUT(page.queue().runs().front().fraction > 0.05, 20000);
        QTest::mouseClick(pause, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!page.running(), 10000);
        QCOMPARE(page.monitor().queueView()->states(), QStringList{"paused"});
        QCOMPARE(pause->text(), QString("Go on"));
        QVERIFY(page.monitor().log().contains("keeping step"));
        QCOMPARE(trained.count(), 0);
        QVERIFY(!QFile::exists(product + "/product.json"));
        const double fraction = page.queue().runs().front().fraction;
        picturesInBothThemes(page, "page-paused");

        QTest::mouseClick(pause, Qt::LeftButton);
        QVERIFY(page.running());
        QTRY_VERIFY2_WITH_TIMEOUT(page.monitor().log().contains("going on after step"),
                                  qPrintable(page.monitor().log()), 30000);
        QVERIFY(page.queue().runs().front().fraction >= fraction);
        if (page.running()) picturesInBothThemes(page, "page-running");
        QTRY_COMPARE_WITH_TIMEOUT(trained.count(), 1, 120000);
        QCOMPARE(trained.first().first().toString(), product);
        QCOMPARE(page.monitor().queueView()->states(), QStringList{"done"});
        const auto loaded = engine::loadProduct(product.toStdString());
        QCOMPARE(loaded.record.training["1-CLAP_g"]["TVA"]["target_epochs"].get<int>(), 100);
        QCOMPARE(running.count(), 4);
        QVERIFY(progressed.count() > 5);
        QTRY_COMPARE(page.monitor().chart()->reactions(), QStringList({"1-CLAP_g", "1-CLAP_m"}));
        QTRY_COMPARE(page.monitor().chart()->linesShown(), 2);
        picturesInBothThemes(page, "page-done");

        // The folder is known as finished: it can be trained further, not anew.
        auto* further = button(page, "further");
        QTRY_VERIFY_WITH_TIMEOUT(further->isVisible(), 5000);
        QVERIFY(!start->isEnabled());
        page.findChild<QSpinBox*>("moreEpochs")->setValue(2);
        QTest::mouseClick(further, Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(trained.count(), 2, 60000);
        QCOMPARE(
            engine::loadProduct(product.toStdString()).record.training["1-CLAP_g"]["TVA"]["target_epochs"].get<int>(),
            102);
    }

    // Those of the run before, in FreeBind's folders.
    void checkpointsBecomeAProduct() {
        engine::ExportRequest request;
        request.product = path("story").toStdString();
        request.package = path("story-package").toStdString();
        request.freebind = true;
        request.metrics = false;
        engine::exportPackage(request, {});
        ui::ReactionsPage page;
        QSignalSpy brought(&page, &ui::ReactionsPage::broughtIn), failed(&page, &ui::ReactionsPage::failed);
        page.bringCheckpoints(path("story-package/freebind"));  // before there is a workspace
        QVERIFY(page.message().contains("workspace"));
        open(page, "ImageBind++");
        const QString product = path("brought");
        page.setup().setFolder(product);
        page.bringCheckpoints(path("story-package/reactions"));
        QTRY_COMPARE_WITH_TIMEOUT(failed.count(), 1, 20000);
        QVERIFY2(page.message().contains("IB_PP_G_Proj"), qPrintable(page.message()));
        QVERIFY(!QFile::exists(product));
        page.bringCheckpoints(path("story-package/freebind"));
        QTRY_COMPARE_WITH_TIMEOUT(brought.count(), 1, 60000);
        QCOMPARE(brought.first().first().toString(), product);
        QVERIFY(page.message().isEmpty());
        QCOMPARE(engine::loadProduct(product.toStdString()).record.options["origin"].get<std::string>(),
                 std::string("brought in from checkpoints"));
    }

    void anUnfinishedRunIsGoneOnWith() {
        const QString product = path("unfinished");
        {
            ui::ReactionsPage page;
            open(page, "ImageBind++");
            page.setup().setFolder(product);
            page.setup().setOptions({{"seed", 3}}, {{"hidden_width", 16}, {"batch_size", 32}, {"epochs", 20}});
            QTRY_VERIFY(button(page, "start")->isEnabled());
            QTest::mouseClick(button(page, "start"), Qt::LeftButton);
            QTRY_VERIFY_WITH_TIMEOUT(page.monitor().stage().startsWith("training "), 60000);
            page.stopAll();
            QTRY_VERIFY_WITH_TIMEOUT(!page.running(), 10000);
        }
        // Another window, another recipe: what is there is offered as it was begun.
        ui::ReactionsPage page;
        open(page, "InternVL_IB");
        page.setup().setFolder(product);
        QPushButton* go = nullptr;
        QTRY_VERIFY_WITH_TIMEOUT((go = withText(page, "Go on from the last checkpoint")) != nullptr, 5000);
        QVERIFY(!button(page, "start")->isEnabled());
        QSignalSpy trained(&page, &ui::ReactionsPage::trained);
        QTest::mouseClick(button(page, "freeFolder"), Qt::LeftButton);
        QTRY_COMPARE(page.setup().folder(), path("world") + "/products/InternVL_IB");
        QTRY_VERIFY(button(page, "start")->isEnabled());
        page.setup().setFolder(product);
        QTRY_VERIFY_WITH_TIMEOUT((go = withText(page, "Go on from the last checkpoint")) != nullptr, 5000);
        picturesInBothThemes(page, "page-unfinished");
        QTest::mouseClick(go, Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(trained.count(), 1, 120000);
        QCOMPARE(engine::loadProduct(product.toStdString()).record.name, std::string("ImageBind++"));
        QCOMPARE(engine::loadProduct(product.toStdString()).record.seed, std::uint64_t{3});
    }

    void whatFailsIsSaidAndTheNextOneRuns() {
        ui::ReactionsPage page;
        open(page, "InternVL_IB");
        QSignalSpy trained(&page, &ui::ReactionsPage::trained), failed(&page, &ui::ReactionsPage::failed);
        // The bar shows it until the next run is added, which may be before the first one has failed or after.
        QString told;
        connect(&page, &ui::ReactionsPage::failed, this, [&](const ui::JobFailure& failure) { told = failure.text(); });
        auto* start = button(page, "start");
        const Json quick{{"hidden_width", 16}, {"batch_size", 32}, {"epochs", 1}};
        Json bad = quick;
        bad["validation_set"] = "no such set";
        page.setup().setFolder(path("bad"));
        page.setup().setOptions(Json::object(), bad);
        QTRY_VERIFY(start->isEnabled());
        QTest::mouseClick(start, Qt::LeftButton);
        page.setup().setOptions(Json::object(), quick);
        page.setup().setFolder(path("first"));
        QTRY_COMPARE(page.setup().found().folder, path("first").toStdString());
        QTest::mouseClick(start, Qt::LeftButton);
        QVERIFY(page.running());
        page.setup().setFolder(path("second"));
        QTRY_COMPARE(page.setup().found().folder, path("second").toStdString());
        // The first one may be through already: what the button does follows what runs.
        QTRY_COMPARE(start->text(), page.running() ? QString("Add to the queue") : QString("Start training"));
        QTest::mouseClick(start, Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(trained.count(), 2, 120000);
        QCOMPARE(failed.count(), 1);
        QVERIFY2(told.contains("no such set"), qPrintable(told));
        QCOMPARE(page.monitor().queueView()->states(), QStringList({"failed", "done", "done"}));
        QCOMPARE(trained.at(0).first().toString(), path("first"));
        QCOMPARE(trained.at(1).first().toString(), path("second"));
        page.findChild<QTabWidget*>()->setCurrentIndex(1);
        picturesInBothThemes(page, "page-queue");
        // A project keeps the list.
        ui::ReactionsPage other;
        other.restore(page.state());
        QCOMPARE(other.monitor().queueView()->states(), QStringList({"failed", "done", "done"}));
        QCOMPARE(other.recipe().source(), QString("InternVL_IB"));
        QVERIFY(!other.running());
    }

    void waitingRunsAreReordered() {
        ui::TrainingQueue queue;
        Json runs = Json::array();
        for (const char* name : {"a", "b", "c"})
            runs.push_back({{"recipe", {{"name", name}}}, {"state", "waiting"}, {"product", name}});
        queue.restore({{"runs", runs}});
        ui::QueueView view(queue);
        view.show();
        const auto order = [&] {
            QString text;
            for (const auto& r : queue.runs()) text += r.product;
            return text;
        };
        QVERIFY(!queue.running());
        view.choose(queue.runs()[2].id);
        QTest::mouseClick(view.findChild<QToolButton*>("queueUp"), Qt::LeftButton);
        QCOMPARE(order(), QString("acb"));
        QTest::mouseClick(view.findChild<QToolButton*>("queueUp"), Qt::LeftButton);
        QCOMPARE(order(), QString("cab"));
        QTest::mouseClick(view.findChild<QToolButton*>("queueRemove"), Qt::LeftButton);
        QCOMPARE(order(), QString("ab"));
    }

    // The list of a project that is opened comes in place of what runs, which stops.
    void whatRunsIsNotMixedWithAnotherProjects() {
        ui::TrainingQueue queue;
        ui::TrainingRun run;
        run.workspace = path("world");
        run.product = path("left");
        run.recipe = engine::recipeToJson(engine::findRecipe("ImageBind++"));
        run.reaction_options = {{"hidden_width", 16}, {"batch_size", 32}, {"epochs", 100000}};
        QSignalSpy running(&queue, &ui::TrainingQueue::runningChanged);
        queue.add(run);
        queue.add(run);
        QVERIFY(queue.running());
        Json runs = Json::array();
        runs.push_back({{"recipe", {{"name", "other"}}}, {"state", "waiting"}});
        queue.restore({{"runs", runs}});
        QVERIFY(!queue.running());
        QCOMPARE(queue.runs().size(), 1u);
        QCOMPARE(queue.runs()[0].name(), QString("other"));
        QCOMPARE(running.count(), 2);
        QVERIFY(!running.last().first().toBool());
        QSignalSpy changed(&queue, &ui::TrainingQueue::changed);
        queue.restore(Json::object());
        QVERIFY(queue.runs().empty());
        QCOMPARE(changed.count(), 1);
    }

    // Multiplications and additions of a step as tests/bench/bench_training.py counts them.
    void theEstimateCountsTheWork() {
        const double batch = 4096, hidden = 2048, in = 512, out = 1024, sources = 2, targets = 3;
        engine::Recipe recipe = engine::findRecipe("ImageBind++");
        for (auto& step : recipe.route) {
            step.options.batch_size = 4096;
            step.options.hidden_width = 2048;
            step.options.epochs = 1;
            step.options.projectors = {"TVA"};
        }
        const std::vector<engine::SpaceInfo> wide{
            {"ImageBind", 1024, {"text", "image", "audio"}, {"text", "image", "audio"}},
            {"CLAP_g", 512, {"text", "audio"}, {"text", "audio"}},
            {"CLAP_m", 512, {"text", "audio"}, {"text", "audio"}}};
        ui::WorkspaceFacts facts;
        facts.rows = {{"text", 2048}, {"image", 1024}, {"audio", 1024}};
        const auto estimate = ui::estimateRun(recipe, engine::planRoute(recipe, wide), facts);
        QCOMPARE(estimate.parts.size(), 2u);
        const double counted = 6 * batch * hidden * (in + out) * sources - 2 * batch * hidden * in * sources +
                               4 * batch * batch * out * sources * targets;
        QVERIFY2(std::abs(estimate.parts[0].flops / counted - 1) < 0.05,
                 qPrintable(QString("%1 of %2").arg(estimate.parts[0].flops).arg(counted)));
    }

    // A tuning is a part of the run, in its place: an adapter, and gradients through the displacement before it.
    void theEstimateCountsTunings() {
        const double batch = 4096, hidden = 512, base = 1024, width = 768, inner = 2048, projectors = 2;
        engine::Recipe recipe = engine::findRecipe("InternVL_IB†++");
        std::size_t tuning = 0;
        for (std::size_t s = 0; s < recipe.route.size(); ++s) {
            auto& o = recipe.route[s].options;
            o.batch_size = 4096;
            o.epochs = 1;
            if (recipe.route[s].kind == engine::ReactionKind::Tuning) {
                tuning = s;
                o.hidden_width = 512;
                continue;
            }
            o.hidden_width = 2048;
            o.projectors = {"T", "TVA"};
        }
        QCOMPARE(tuning, 1u);
        const std::vector<engine::SpaceInfo> wide{
            {"ImageBind", 1024, {"text", "image", "audio"}, {"text", "image", "audio"}},
            {"InternVL", 768, {"text", "image"}, {"text", "image"}},
            {"CLAP_g", 512, {"text", "audio"}, {"text", "audio"}},
            {"CLAP_m", 512, {"text", "audio"}, {"text", "audio"}}};
        const auto plan = engine::planRoute(recipe, wide);
        ui::WorkspaceFacts facts;
        facts.rows = {{"text", 8192}, {"image", 4096}, {"audio", 4096}};
        const auto without = ui::estimateRun(recipe, plan, facts);
        facts.paired = {{"other", {"audio", "text"}, 100000}, {"pairs", {"audio", "image"}, 3 * 4096}};
        const auto estimate = ui::estimateRun(recipe, plan, facts);
        QStringList labels;
        for (const auto& p : estimate.parts) labels << QString::fromStdString(p.label);
        QCOMPARE(labels, QStringList({"1-InternVL T", "1-InternVL TVA", "2-tuning audio", "3-CLAP_g T", "3-CLAP_g TVA",
                                      "3-CLAP_m T", "3-CLAP_m TVA"}));
        QCOMPARE(estimate.adapters, 1u);
        const double counted = 3 * (batch * (6 * 2 * base * hidden - 2 * base * hidden) +
                                    4 * batch * projectors * inner * (base + width) + 4 * batch * batch * width);
        QVERIFY2(std::abs(estimate.parts[2].flops / counted - 1) < 0.15,
                 qPrintable(QString("%1 of %2").arg(estimate.parts[2].flops).arg(counted)));
        // Without its paired pool there is nothing to count; it is trained further with the projectors.
        QCOMPARE(without.parts[2].flops, 0.0);
        QVERIFY(std::abs(estimate.flops - without.flops - estimate.parts[2].flops) < 1);
        QVERIFY(estimate.disk > without.disk);
        QCOMPARE(estimate.rows, without.rows + 3 * 4096);
        QVERIFY(std::abs(ui::estimateRun(recipe, plan, facts, 2).parts[2].flops / estimate.parts[2].flops - 2) < 1e-9);
        recipe.route[1].pool = "elsewhere";
        QCOMPARE(ui::estimateRun(recipe, engine::planRoute(recipe, wide), facts).parts[2].flops, 0.0);
    }

    // Both sides of a joint space are projected: about twice the work of layers.
    void theEstimateCountsBothHeadsOfAJointSpace() {
        engine::Recipe recipe = engine::findRecipe("C-MCR");
        const std::vector<engine::SpaceInfo> wide{{"CLIP_B32", 512, {"text", "image"}, {"text", "image"}},
                                                  {"CLAP_g", 512, {"text", "audio"}, {"text", "audio"}}};
        ui::WorkspaceFacts facts;
        facts.rows = {{"text", 8192}, {"image", 4096}, {"audio", 4096}};
        const auto both = ui::estimateRun(recipe, engine::planRoute(recipe, wide), facts);
        recipe.route[0].against = "product";
        const auto one = ui::estimateRun(recipe, engine::planRoute(recipe, wide), facts);
        QVERIFY(both.parts[0].flops > 1.2 * one.parts[0].flops);
        QVERIFY(both.memory > one.memory && both.disk > one.disk);
    }

    void aLongLogIsReadInParts() {
        QVERIFY(QDir().mkpath(path("long/reactions/1-CLAP_g")));
        QFile file(path("long/reactions/1-CLAP_g/T.csv"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        QByteArray text("step,epoch,loss,rate,validation\n");
        for (int i = 1; i <= 60000; ++i)
            text += QByteArray::number(i) + ",1," + QByteArray::number(0.5 + 1.0 / i) + ",0.001," +
                    (i % 1000 == 0 ? "12.5" : "") + "\n";
        file.write(text);
        file.close();
        const auto curves = ui::readLossLogs(path("long").toStdString(), {});
        const auto& curve = curves.at("1-CLAP_g").at("T");
        QVERIFY2(curve.loss.size() > 5000 && curve.loss.size() < 20000, qPrintable(QString::number(curve.loss.size())));
        QCOMPARE(curve.loss.front(), QPointF(1, 1.5));
        QCOMPARE(curve.loss.back().x(), 60000.0);
        QVERIFY(std::abs(curve.loss.back().y() - 0.5) < 1e-3);
        QCOMPARE(curve.validation.size(), 60u);
        QCOMPARE(curve.validation.back(), QPointF(60000, 12.5));
    }

    void aFolderOfAnotherKindIsNamed() {
        QVERIFY(QDir().mkpath(path("odd")));
        QFile file(path("odd/run.json"));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write("[1, 2]") > 0);
        file.close();
        const auto found = ui::readRunFolder(path("odd").toStdString(), {});
        QCOMPARE(found.state, ui::RunFolder::State::Other);
        QVERIFY(!found.problem.empty());
        ui::TrainingRun run;
        run.recipe = {{"name", 3}};
        QVERIFY(run.name().isEmpty());
        ui::TrainingQueue queue;
        queue.restore({{"runs", {{{"recipe", {{"name", "x"}}}, {"more_epochs", "many"}, {"fraction", nullptr}}}}});
        QCOMPARE(queue.runs().size(), 1u);
    }
};

QTEST_MAIN(TrainingQueueTest)
#include "training_queue_test.moc"
