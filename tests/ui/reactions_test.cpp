// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Drives the widgets of reactions as a person does; needs an X server, a virtual one will do.
#include <QChartView>
#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QFile>
#include <QGraphicsView>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>
#include <QToolButton>
#include <QValueAxis>

#include "engine/recipe/product.h"
#include "engine/recipe/reaction_options.h"
#include "engine/session/session.h"
#include "ui/reactions/loss_chart.h"
#include "ui/reactions/number_edit.h"
#include "ui/reactions/option_form.h"
#include "ui/reactions/pool_panel.h"
#include "ui/reactions/queue_view.h"
#include "ui/reactions/reactions_page.h"
#include "ui/reactions/recipe_editor.h"
#include "ui/reactions/route_view.h"
#include "ui/reactions/run_estimate.h"
#include "ui/reactions/run_folder.h"
#include "ui/reactions/run_monitor.h"
#include "ui/reactions/run_setup.h"
#include "ui/reactions/training_queue.h"
#include "ui/style/theme.h"

namespace {

using engine::Json;

std::vector<engine::SpaceInfo> spaces() {
    return {{"ImageBind", 96, {"text", "image", "audio"}, {"text", "image", "audio"}},
            {"InternVL", 80, {"text", "image"}, {"text", "image"}},
            {"CLAP_g", 64, {"text", "audio"}, {"text", "audio"}},
            {"CLAP_m", 64, {"text", "audio"}, {"text", "audio"}}};
}

// Another value for an option, that fits.
Json otherValue(const engine::OptionEntry& e) {
    switch (e.type) {
        case engine::OptionType::Bool:
            return !e.default_value.get<bool>();
        case engine::OptionType::Integer:
            return e.default_value.is_number_unsigned() ? Json(std::uint64_t{18446744073709551615u}) : Json(33);
        case engine::OptionType::Real:
            return 0.3125;
        case engine::OptionType::Text:
            return "something";
        case engine::OptionType::Choice:
            return e.info.choices.back() == e.default_value ? e.info.choices.front() : e.info.choices.back();
        case engine::OptionType::List:
            return Json{"T", "TV"};
    }
    return {};
}

}  // namespace

namespace {
// For people to look at, where MOLSPACE_PICTURES names a folder: in both themes.
void picture(QWidget& widget, const char* name) {
    const QString folder = qEnvironmentVariable("MOLSPACE_PICTURES");
    if (folder.isEmpty()) return;
    for (const auto theme : {ui::ThemeChoice::Dark, ui::ThemeChoice::Light}) {
        ui::applyTheme(theme);
        QTest::qWait(150);
        widget.grab().save(folder + "/" + name + (ui::darkTheme() ? "-dark.png" : "-light.png"));
    }
}
}  // namespace

class ReactionsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        ui::applyTheme(ui::ThemeChoice::Light);
        QVERIFY(folder_.isValid());
        engine::synth({path("world").toStdString(), {{"preset", "tiny"}}}, {});
    }

    void pictures() {
        if (!qEnvironmentVariableIsSet("MOLSPACE_PICTURES")) QSKIP("no folder for pictures");
        for (const char* name : {"ImageBind++", "InternVL_IB", "InternVL_IB++"}) {
            const auto recipe = engine::findRecipe(name);
            const auto plan = engine::planRoute(recipe, spaces());
            ui::RouteView view;
            view.resize(760, 300);
            view.show();
            view.setRoute(recipe, plan, {});
            picture(view, (std::string("route-") + name).c_str());
            view.setRoute(recipe, plan, {{{"sigma_a", 0.8}, {"sigma_t", 0.5}}, {{"CLAP_m", 0}}});
            view.resize(300, 180);
            picture(view, (std::string("route-small-") + name).c_str());
        }
        engine::Recipe long_one = engine::findRecipe("InternVL_IB++");
        long_one.name = "A long route";
        auto cr = long_one.route[1];
        cr.experts = {{"CLAP_g"}, {"CLAP_m"}, {"InternVL"}, {"ImageBind"}};
        long_one.route.push_back(cr);
        long_one.route.push_back(long_one.route[0]);
        long_one.route.back().experts[0].space = "CLAP_g";
        ui::RouteView view;
        view.resize(1000, 360);
        view.show();
        engine::RoutePlan plan;
        plan.spaces = spaces();
        view.setRoute(long_one, plan, {});
        picture(view, "route-long");
        for (const char* name : {"InternVL_IB†++", "InternVL_IB by C-MCR", "IB_Cr_InternVL by Ex-MCR", "C-MCR"}) {
            ui::ReactionsPage page;
            open(page, name);
            QTest::qWait(300);
            const auto last = static_cast<int>(page.recipe().recipe().route.size()) - 1;
            for (auto* area : page.recipe().findChildren<QScrollArea*>())
                area->ensureWidgetVisible(step(page, last), 0, 400);
            picture(page, (std::string("page-") + name).c_str());
        }
        ui::OptionForm form(engine::reactionOptionTable().entries());
        form.resize(460, 700);
        form.setValues({{"batch_size", 3}, {"epochs", 7}});
        form.show();
        picture(form, "form");
    }

    void everyOptionGoesRound_data() {
        QTest::addColumn<bool>("run");
        QTest::newRow("reaction") << false;
        QTest::newRow("run") << true;
    }
    void everyOptionGoesRound() {
        QFETCH(bool, run);
        const auto& entries = run ? engine::runOptionTable().entries() : engine::reactionOptionTable().entries();
        ui::OptionForm form(entries);
        form.show();
        QCOMPARE(form.changed().dump(), std::string("{}"));
        for (const auto& e : entries) {
            const Json other = otherValue(e);
            QVERIFY2(e.check(other).empty(), e.check(other).c_str());
            form.setValues({{e.key, other}});
            QVERIFY2(form.changed() == Json({{e.key, other}}), (e.key + ": " + form.changed().dump()).c_str());
            auto* reset = form.findChild<QToolButton*>(QString::fromStdString(e.key) + "_reset");
            QVERIFY(reset && reset->isVisible());
            QTest::mouseClick(reset, Qt::LeftButton);
            QVERIFY2(form.changed() == Json::object(), form.changed().dump().c_str());
            QVERIFY(!reset->isVisible());
        }
        Json all = Json::object();
        for (const auto& e : entries) all[e.key] = otherValue(e);
        form.setValues(all);
        QCOMPARE(form.changed().dump(), all.dump());
    }

    void problemsStandAtTheirFields() {
        ui::OptionForm form(engine::reactionOptionTable().entries());
        form.show();
        QSignalSpy edited(&form, &ui::OptionForm::edited);
        auto* batch = qobject_cast<ui::NumberEdit*>(form.editor("batch_size"));
        QVERIFY(batch);
        batch->setFocus();
        batch->selectAll();
        QTest::keyClicks(batch, "3");
        QVERIFY(form.problemShown("batch_size").contains("from 8 to"));
        QCOMPARE(form.problems().size(), 1u);
        QVERIFY(!form.changed().contains("batch_size"));
        QVERIFY(edited.count() > 0);
        batch->selectAll();
        QTest::keyClicks(batch, "64");
        QCOMPARE(form.problemShown("batch_size"), QString());
        QCOMPARE(form.changed().dump(), Json({{"batch_size", 64}}).dump());
        QTest::keyClick(batch, Qt::Key_Up);  // a log scale doubles
        QCOMPARE(form.changed()["batch_size"].get<int>(), 128);
        batch->selectAll();
        QTest::keyClicks(batch, "many");
        QVERIFY(form.problemShown("batch_size").contains("whole number"));
        auto* projectors = qobject_cast<QLineEdit*>(form.editor("projectors"));
        projectors->setText("T, TV ,");
        QCOMPARE(form.changed()["projectors"].dump(), Json({"T", "TV"}).dump());
    }

    void aClickOnTheRouteNamesItsExpert() {
        const engine::Recipe recipe = engine::findRecipe("InternVL_IB++");
        const auto plan = engine::planRoute(recipe, spaces());
        ui::RouteView view;
        view.resize(760, 300);
        view.setRoute(recipe, plan);
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        QSignalSpy clicked(&view, &ui::RouteView::expertClicked), hovered(&view, &ui::RouteView::expertHovered);
        for (const char* key : {"InternVL", "CLAP_g", "CLAP_m"}) {
            const auto place = view.expertPlace(key);
            QVERIFY(place);
            QTest::mouseMove(&view, place->toPoint());
            QTRY_COMPARE(hovered.isEmpty() ? QString() : hovered.last().at(0).toString(), QString(key));
            QTest::mouseClick(&view, Qt::LeftButton, {}, place->toPoint());
            QCOMPARE(clicked.takeFirst().at(0).toString(), QString(key));
        }
        QVERIFY(hovered.count() >= 3);
        // The middle of a bond is a button too.
        const auto& e = view.layoutOf().experts[0];
        const QPointF to = view.layoutOf().steps[0].unified.centre;
        QTest::mouseClick(&view, Qt::LeftButton, {}, ((e.molecule.centre + to) / 2).toPoint());
        QCOMPARE(clicked.takeFirst().at(0).toString(), QString("InternVL"));
        QTest::mouseClick(&view, Qt::LeftButton, {}, QPoint(2, 2));
        QCOMPARE(clicked.count(), 0);
        // Keys.
        view.setFocus(Qt::TabFocusReason);
        QTest::keyClick(&view, Qt::Key_Tab);
        QTest::keyClick(&view, Qt::Key_Space);
        QCOMPARE(clicked.takeFirst().at(0).toString(), QString("CLAP_g"));
    }

    // Where an expert uses some of its projectors only, their number stands with its name.
    void theNumberOfProjectorsInUseIsShown() {
        engine::Recipe recipe = engine::findRecipe("InternVL_IB++");
        const auto plan = engine::planRoute(recipe, spaces());
        ui::RouteView view;
        view.resize(760, 300);
        view.setRoute(recipe, plan);
        const auto used = [&](std::size_t expert) { return view.layoutOf().experts[expert].projectors; };
        QCOMPARE(used(0), QString());  // all
        QVERIFY(!view.expertText("InternVL").contains("projectors"));
        recipe.route[1].experts[0].projectors = {"T", "A", "TVA"};
        view.setRoute(recipe, engine::planRoute(recipe, spaces()));
        QCOMPARE(used(0), QString());
        QCOMPARE(used(1), QString("3/7"));
        QVERIFY2(view.expertText("CLAP_g").contains("3 of 7 projectors: T, A, TVA"),
                 qPrintable(view.expertText("CLAP_g")));
        // A setting switches them too.
        engine::Setting setting;
        setting.projectors = {{"CLAP_m:TV", false}, {"CLAP_g:V", true}};
        view.setRoute(recipe, engine::planRoute(recipe, spaces()), setting);
        QCOMPARE(used(1), QString("4/7"));
        QCOMPARE(used(2), QString("6/7"));
        view.show();
        picture(view, "route-projectors");
        // Without a plan there is no number.
        engine::RoutePlan spaces_only;
        spaces_only.spaces = spaces();
        view.setRoute(recipe, spaces_only);
        QCOMPARE(used(1), QString());
    }

    void bondsFollowTheSetting() {
        const engine::Recipe recipe = engine::findRecipe("ImageBind++");
        const auto plan = engine::planRoute(recipe, spaces());
        ui::RouteView view;
        view.setRoute(recipe, plan, {{{"sigma_a", 0.8}}, {{"CLAP_m", 3.0}}});
        const auto share = [&](std::size_t expert, const QString& modality) {
            for (const auto& s : view.layoutOf().experts[expert].strands) {
                if (s.modality == modality) return s.share;
            }
            return -1.0;
        };
        QVERIFY(std::abs(share(0, "audio") - 0.2) < 1e-12);
        QVERIFY(std::abs(share(1, "audio") - 0.6) < 1e-12);
        QVERIFY(std::abs(share(1, "text") - 0.075) < 1e-12);
        QCOMPARE(share(0, "image"), -1.0);
        view.setRoute(recipe, plan, {{}, {{"CLAP_g", 0.0}}});
        QVERIFY(!view.layoutOf().experts[0].on);
        QVERIFY(std::abs(share(1, "audio") - 0.5) < 1e-12);
        QVERIFY(view.expertText("CLAP_g").contains("Switched off"));
        QVERIFY(view.expertText("CLAP_m").contains("audio: 50"));
    }

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
        picture(page, "page-paused");

        QTest::mouseClick(pause, Qt::LeftButton);
        QVERIFY(page.running());
        QTRY_VERIFY2_WITH_TIMEOUT(page.monitor().log().contains("going on after step"),
                                  qPrintable(page.monitor().log()), 30000);
        QVERIFY(page.queue().runs().front().fraction >= fraction);
        if (page.running()) picture(page, "page-running");
        QTRY_COMPARE_WITH_TIMEOUT(trained.count(), 1, 120000);
        QCOMPARE(trained.first().first().toString(), product);
        QCOMPARE(page.monitor().queueView()->states(), QStringList{"done"});
        const auto loaded = engine::loadProduct(product.toStdString());
        QCOMPARE(loaded.record.training["1-CLAP_g"]["TVA"]["target_epochs"].get<int>(), 100);
        QCOMPARE(running.count(), 4);
        QVERIFY(progressed.count() > 5);
        QTRY_COMPARE(page.monitor().chart()->reactions(), QStringList({"1-CLAP_g", "1-CLAP_m"}));
        QTRY_COMPARE(page.monitor().chart()->linesShown(), 2);
        picture(page, "page-done");

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
        picture(page, "page-unfinished");
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
        picture(page, "page-queue");
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

    void problemsAreInTheWindowsWords() {
        QCOMPARE(ui::recipeWords("route[0].experts[1]: the space 'CLAP_g' is named twice in one step"),
                 QString("Step 1, expert 2: the space 'CLAP_g' is named twice in one step"));
        QCOMPARE(ui::recipeWords("route[2].options.batch_size: expected 1 or more"),
                 QString("Step 3, Batch size: expected 1 or more"));
        QCOMPARE(ui::recipeWords("route[0].factors.text: expected 0 to 1"),
                 QString("Step 1, share for text: expected 0 to 1"));
        QCOMPARE(ui::recipeWords("step 2 (combination): expert CLAP_m is switched off"),
                 QString("Step 2: expert CLAP_m is switched off"));
        QCOMPARE(ui::recipeWords("recipe.name: a name is missing"), QString("Name: a name is missing"));
        QCOMPARE(ui::recipeWords("lambda_t is not live"), QString::fromUtf8("λ_t is not live"));
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

    void namesOfExpertsKeepApart() {
        const engine::Recipe recipe = engine::findRecipe("InternVL_IB++");
        const auto plan = engine::planRoute(recipe, spaces());
        for (const int width : {240, 260, 320, 760}) {
            ui::RouteView view;
            view.resize(width, 150);
            view.setRoute(recipe, plan);
            const auto& experts = view.layoutOf().experts;
            for (const auto& a : experts) {
                for (const auto& b : experts) {
                    if (&a == &b || a.above != b.above || a.molecule.centre.x() > b.molecule.centre.x()) continue;
                    QVERIFY2(a.molecule.centre.x() + a.label_width / 2 <= b.molecule.centre.x() - b.label_width / 2,
                             qPrintable(QString("%1 and %2 at %3").arg(a.key, b.key).arg(width)));
                }
            }
            picture(view, qPrintable(QString("route-%1").arg(width)));
        }
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

    // A job that ended just before it was told to stop does not bring a closed workspace back.
    void aClosedWorkspaceStaysClosed() {
        ui::ReactionsPage page;
        page.recipe().openRecipe("ImageBind++");
        page.setWorkspace(path("world"), Json::object());
        QThread::msleep(500);
        page.setWorkspace({}, Json::object());
        QTest::qWait(100);
        QVERIFY(!page.recipe().plan());
    }

    void aRecipeIsEdited() {
        ui::ReactionsPage page;
        open(page, "ImageBind++");
        auto& editor = page.recipe();
        QVERIFY(!editor.edited());
        QVERIFY(editor.plan());
        // Ablation by a click on the molecule.
        const auto place = editor.route()->expertPlace("CLAP_m");
        QTest::mouseClick(editor.route(), Qt::LeftButton, {}, place->toPoint());
        QVERIFY(!editor.recipe().route[0].experts[1].enabled);
        QVERIFY(editor.edited());
        QTRY_VERIFY(!editor.findChild<QCheckBox*>("on1")->isChecked());
        // A second step, made a displacement, then taken out again.
        QTest::mouseClick(editor.findChild<QPushButton*>("addStep"), Qt::LeftButton);
        QCOMPARE(editor.recipe().route.size(), 2u);
        QVERIFY(editor.recipe().route[1].experts[0].space != "ImageBind");
        QTRY_VERIFY(editor.findChild<QWidget*>("step1") != nullptr);
        editor.findChild<QWidget*>("step1")->findChild<QComboBox*>("space0")->setCurrentText("InternVL");
        QTRY_COMPARE(editor.recipe().route[1].experts[0].space, std::string("InternVL"));
        QTRY_VERIFY(editor.findChild<QWidget*>("step1") != nullptr);
        editor.findChild<QWidget*>("step1")->findChild<QComboBox*>("kind")->setCurrentIndex(0);
        QVERIFY(editor.plan());
        QCOMPARE(editor.plan()->width, editor.plan()->space("InternVL")->width);
        picture(page, "page-edited");
        // Twice the same expert in one step cannot be: said in words, and there is no start.
        editor.findChild<QWidget*>("step0")->findChild<QComboBox*>("space1")->setCurrentText("CLAP_g");
        QVERIFY(!editor.plan());
        QVERIFY2(editor.shownProblems().contains("named twice"), qPrintable(editor.shownProblems()));
        QVERIFY2(editor.shownProblems().contains("Step 1, expert 2: "), qPrintable(editor.shownProblems()));
        QVERIFY(!button(page, "start")->isEnabled());
        picture(page, "page-problem");
        QTest::mouseClick(editor.findChild<QWidget*>("step0")->findChild<QToolButton*>("options"), Qt::LeftButton);
        QTest::mouseClick(page.findChild<QToolButton*>("runOptions"), Qt::LeftButton);
        picture(page, "page-options");
        const QString file = path("mine.json");
        QTest::mouseClick(editor.findChild<QToolButton*>("revertRecipe"), Qt::LeftButton);
        QVERIFY(!editor.edited());
        QTest::qWait(50);  // the old cards go
        QTRY_VERIFY(editor.findChild<QDoubleSpinBox*>("factor_audio") != nullptr);
        editor.findChild<QDoubleSpinBox*>("factor_audio")->setValue(0.7);
        QVERIFY(editor.save(file));
        QCOMPARE(engine::readRecipe(file.toStdString()).route[0].factors.at("audio"), 0.7);
        QCOMPARE(editor.source(), file);
    }

    // Measured in the background, stopped, told to be old where the step changes, kept where it changes back.
    void poolsAreLookedAtAStepAtATime() {
        ui::ReactionsPage page;
        auto& panel = page.pools();
        page.recipe().openRecipe("InternVL_IB++");
        page.resize(1180, 720);
        page.show();
        QTRY_VERIFY(page.recipe().findChild<QWidget*>("step0"));
        // Without a workspace there is nothing to look at.
        QVERIFY(!step(page, 0)->findChild<QToolButton*>("lookAtPools")->isEnabled());
        panel.look(0);
        QVERIFY(!panel.measuring());
        QVERIFY(panel.about().contains("Open a workspace"));
        open(page, "InternVL_IB++");
        QTest::qWait(100);  // the old cards go
        QTRY_VERIFY(step(page, 0) && step(page, 0)->findChild<QToolButton*>("lookAtPools")->isEnabled());
        QVERIFY(panel.about().contains("before anything is trained"));
        QTest::mouseClick(step(page, 0)->findChild<QToolButton*>("lookAtPools"), Qt::LeftButton);
        QVERIFY(panel.isVisible());
        QVERIFY(panel.measuring());
        auto* measure = button(page, "measurePools");
        QCOMPARE(measure->text(), QString("Stop"));
        QTRY_VERIFY_WITH_TIMEOUT(panel.answer(), 30000);
        QVERIFY(!measure->isVisible());
        QVERIFY(panel.answer()->quality.synthetic);
        QVERIFY(panel.findChild<QWidget*>("poolsSynthetic")->isVisible());
        for (const auto& r : panel.answer()->quality.retrievals)
            QVERIFY(r.space == "ImageBind" || r.space == "InternVL");
        QVERIFY(!panel.findings().contains("stands in"));
        picture(page, "page-pools");
        // Examples are those of the row that is chosen.
        auto* averages = panel.findChild<QTableWidget*>("pools_averages");
        auto* examples = panel.findChild<QTableWidget*>("pools_examples");
        averages->selectRow(1);
        const auto& second = panel.answer()->quality.retrievals[1];
        QCOMPARE(examples->item(0, 0)->text(), QString::fromStdString(second.examples[0].id));
        QVERIFY(examples->item(0, 1)->text().startsWith(QString::fromStdString(second.examples[0].nearest[0].id)));
        for (const char* name : {"pools_agreements", "pools_averages", "pools_gaps", "pools_examples"})
            QVERIFY2(!panel.findChild<QTableWidget*>(name)->accessibleName().isEmpty(), name);

        // The second step meets the product of the first, which is not there.
        QTest::mouseClick(step(page, 1)->findChild<QToolButton*>("lookAtPools"), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(panel.answer(), 30000);
        QVERIFY2(panel.findings().contains("stands in"), qPrintable(panel.findings()));

        // Another temperature: what is shown is old, and is there again when it is set back.
        const QString there = panel.findings();
        page.setup().setOptions(Json::object(), {{"retrieval_temperature", 0.05}});
        Q_EMIT page.setup().optionsEdited();
        QVERIFY(!panel.answer());
        QVERIFY(panel.about().contains("changed"));
        QCOMPARE(panel.findings(), there);
        QVERIFY(measure->isVisible());
        QTest::mouseClick(measure, Qt::LeftButton);
        QTest::mouseClick(measure, Qt::LeftButton);  // at once again: a stop
        QTRY_VERIFY_WITH_TIMEOUT(!panel.measuring(), 10000);
        QTest::mouseClick(measure, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(panel.answer(), 30000);
        QVERIFY(panel.findings() != there);
        page.setup().setOptions(Json::object(), Json::object());
        Q_EMIT page.setup().optionsEdited();
        QVERIFY(panel.answer());
        QCOMPARE(panel.findings(), there);

        // A step that goes takes its figures with it.
        QTest::mouseClick(step(page, 1)->findChild<QToolButton*>("remove"), Qt::LeftButton);
        QVERIFY(!panel.answer());
        QVERIFY(panel.findings().isEmpty() || !averages->isVisible());
    }

    // No dead knobs: a tuning's form has what matters there, and what another option puts out of use says so.
    void optionsWithoutEffectAreNotOffered() {
        ui::ReactionsPage page;
        open(page, "InternVL_IB†++");
        QTest::qWait(100);  // the old cards go
        QVERIFY(step(page, 2));
        const auto form = [&](int index) { return step(page, index)->findChild<ui::OptionForm*>(); };
        for (const int index : {1, 2})
            QTest::mouseClick(step(page, index)->findChild<QToolButton*>("options"), Qt::LeftButton);
        for (const char* key : {"retrieval_temperature", "centred", "projectors", "objective"}) {
            QVERIFY2(!form(1)->editor(key), key);
            QVERIFY2(form(2)->editor(key), key);
        }
        QVERIFY(form(1)->editor("hidden_width") && form(1)->editor("learning_rate"));
        QVERIFY(!step(page, 1)->findChild<QToolButton*>("lookAtPools"));
        // What is not offered is kept.
        QCOMPARE(page.recipe().recipe().route[1].options.hidden_width, 512);
        qobject_cast<ui::NumberEdit*>(form(1)->editor("epochs"))->setValue(7);
        Q_EMIT form(1)->edited();
        QCOMPARE(page.recipe().recipe().route[1].options.epochs, 7);
        QCOMPARE(page.recipe().recipe().route[1].options.hidden_width, 512);
        // Noise is c-mcr's; its head has a width of its own.
        QVERIFY(!form(2)->editor("noise_variance")->isEnabled());
        QVERIFY(form(2)->editor("hidden_width")->isEnabled());
        qobject_cast<QComboBox*>(form(2)->editor("objective"))->setCurrentText("c-mcr");
        QVERIFY(form(2)->editor("noise_variance")->isEnabled());
        QVERIFY(!form(2)->editor("hidden_width")->isEnabled());
        QCOMPARE(page.recipe().recipe().route[2].options.objective, std::string("c-mcr"));
    }

    // The first step meets the base or, with one expert, shares a space with it.
    void aFirstStepCanBeJoint() {
        ui::ReactionsPage page;
        open(page, "C-MCR");
        QTest::qWait(100);  // the old cards go
        QVERIFY(step(page, 0) && step(page, 0)->findChild<QComboBox*>("against"));
        auto* against = step(page, 0)->findChild<QComboBox*>("against");
        QCOMPARE(against->count(), 2);
        QCOMPARE(against->currentText(), QString("each other"));
        const auto& layout = page.recipe().route()->layoutOf();
        QVERIFY(layout.steps[0].joint);
        QCOMPARE(layout.bands.size(), 2u);
        QVERIFY(page.recipe().route()->expertText("CLAP_g").startsWith("Joint space"));
        picture(page, "page-joint");
        against->setCurrentIndex(0);
        QCOMPARE(page.recipe().recipe().route[0].against, std::string("product"));
        QVERIFY(!page.recipe().route()->layoutOf().steps[0].joint);
        QCOMPARE(page.recipe().route()->layoutOf().bands.size(), 1u);
    }

    void curvesAreShownAndZoomed() {
        ui::LossChart chart;
        chart.resize(560, 340);
        chart.show();
        QVERIFY(QTest::qWaitForWindowExposed(&chart));
        for (int s = 1; s <= 300; ++s) {
            for (const char* subset : {"T", "TV"}) {
                engine::Progress p;
                p.stage = std::string("training 1-CLAP_g ") + subset;
                p.unit = "steps";
                p.done = static_cast<std::uint64_t>(s);
                p.total = 300;
                p.values = {{"loss", 90.0 / s + (*(subset + 1) ? 4 : 6)}};
                if (s % 50 == 0) p.values.emplace_back("R@1", 10 + s / 20.0);
                chart.addProgress(p);
            }
        }
        chart.markCheckpoint("1-CLAP_g", "T", 150);
        QTRY_COMPARE(chart.linesShown(), 4);  // and validation
        QCOMPARE(chart.reaction(), QString("1-CLAP_g"));
        auto* log = chart.findChild<QToolButton*>("log_axis");
        QTest::mouseClick(log, Qt::LeftButton);
        QVERIFY(chart.logarithmic());
        picture(chart, "chart-log");
        QTest::mouseClick(log, Qt::LeftButton);
        picture(chart, "chart");
        auto* view = chart.findChild<QGraphicsView*>();
        QTest::keyClick(view, Qt::Key_Plus);
        QVERIFY(chart.zoomed());
        QTest::mouseDClick(view->viewport(), Qt::LeftButton, {}, view->viewport()->rect().center());
        QVERIFY(!chart.zoomed());
        // Out of the whole there is nothing, whatever is turned; and a frame drawn after a reset is a zoom again.
        const auto spanOf = [&] {
            auto* axis =
                qobject_cast<QValueAxis*>(qobject_cast<QChartView*>(view)->chart()->axes(Qt::Horizontal).first());
            return axis->max() - axis->min();
        };
        const double whole = spanOf();
        for (int i = 0; i < 40; ++i) QTest::keyClick(view, Qt::Key_Minus);
        QVERIFY(spanOf() <= whole * 1.001);
        const QPoint middle = view->viewport()->rect().center();
        QTest::mousePress(view->viewport(), Qt::LeftButton, {}, middle - QPoint(60, 40));
        QTest::mouseMove(view->viewport(), middle + QPoint(60, 40));
        QTest::mouseRelease(view->viewport(), Qt::LeftButton, {}, middle + QPoint(60, 40));
        QVERIFY(chart.zoomed());
        QVERIFY(spanOf() < whole);
    }

private:
    QString path(const char* name) const { return folder_.filePath(QString::fromLatin1(name)); }

    void open(ui::ReactionsPage& page, const char* recipe) {
        page.resize(1180, 720);
        page.show();
        page.recipe().openRecipe(recipe);
        page.setWorkspace(path("world"), Json::object());
        QTRY_VERIFY_WITH_TIMEOUT(page.recipe().plan().has_value(), 20000);
    }
    static QPushButton* button(ui::ReactionsPage& page, const char* name) {
        auto* found = page.findChild<QPushButton*>(QString::fromLatin1(name));
        Q_ASSERT(found);
        return found;
    }
    static QWidget* step(ui::ReactionsPage& page, int index) {
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

QTEST_MAIN(ReactionsTest)
#include "reactions_test.moc"
