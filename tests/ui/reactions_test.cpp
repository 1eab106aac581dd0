// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Drives the widgets of reactions as a person does; needs an X server, a virtual one will do.
#include <QChartView>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGraphicsView>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalSpy>
#include <QTableWidget>
#include <QTest>
#include <QThread>
#include <QToolButton>
#include <QValueAxis>

#include "engine/recipe/product.h"
#include "engine/recipe/reaction_options.h"
#include "tests/ui/reactions_window.h"
#include "ui/reactions/loss_chart.h"
#include "ui/reactions/number_edit.h"
#include "ui/reactions/option_form.h"
#include "ui/reactions/pool_panel.h"
#include "ui/reactions/route_view.h"
#include "ui/reactions/run_setup.h"
#include "ui/style/theme.h"

namespace {

using engine::Json;
using ui::test::picturesInBothThemes;

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

class ReactionsTest : public ui::test::ReactionsWindow {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { makeWorld(); }

    void pictures() {
        if (!qEnvironmentVariableIsSet("MOLSPACE_PICTURES")) QSKIP("no folder for pictures");
        for (const char* name : {"ImageBind++", "InternVL_IB", "InternVL_IB++"}) {
            const auto recipe = engine::findRecipe(name);
            const auto plan = engine::planRoute(recipe, spaces());
            ui::RouteView view;
            view.resize(760, 300);
            view.show();
            view.setRoute(recipe, plan, {});
            picturesInBothThemes(view, QStringLiteral("route-") + name);
            view.setRoute(recipe, plan, {{{"sigma_a", 0.8}, {"sigma_t", 0.5}}, {{"CLAP_m", 0}}});
            view.resize(300, 180);
            picturesInBothThemes(view, QStringLiteral("route-small-") + name);
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
        picturesInBothThemes(view, "route-long");
        for (const char* name : {"InternVL_IB†++", "InternVL_IB by C-MCR", "IB_Cr_InternVL by Ex-MCR", "C-MCR"}) {
            ui::ReactionsPage page;
            open(page, name);
            QTest::qWait(300);
            const auto last = static_cast<int>(page.recipe().recipe().route.size()) - 1;
            for (auto* area : page.recipe().findChildren<QScrollArea*>())
                area->ensureWidgetVisible(step(page, last), 0, 400);
            picturesInBothThemes(page, QStringLiteral("page-") + name);
        }
        ui::OptionForm form(engine::reactionOptionTable().entries());
        form.resize(460, 700);
        form.setValues({{"batch_size", 3}, {"epochs", 7}});
        form.show();
        picturesInBothThemes(form, "form");
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
        picturesInBothThemes(view, "route-projectors");
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
        // What the base lacks comes whole from the first expert in force, whatever its share.
        engine::Recipe bringing = recipe;
        bringing.base = "InternVL";
        bringing.route.push_back(bringing.route[0]);
        bringing.route[0].experts.resize(1);
        bringing.route[0].factors.erase("audio");
        bringing.route[1].experts.erase(bringing.route[1].experts.begin());
        const auto longer = engine::planRoute(bringing, spaces());
        view.setRoute(bringing, longer);
        QCOMPARE(share(0, "audio"), 1.0);
        QVERIFY(share(1, "audio") > 0 && share(1, "audio") < 1);
        view.setRoute(bringing, longer, {{}, {{"CLAP_g", 0.0}}});
        QCOMPARE(share(0, "audio"), 0.0);
        QCOMPARE(share(1, "audio"), 1.0);
        QVERIFY(share(1, "text") < 1);
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
            picturesInBothThemes(view, QString("route-%1").arg(width));
        }
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
        picturesInBothThemes(page, "page-edited");
        // Twice the same expert in one step cannot be: said in words, and there is no start.
        editor.findChild<QWidget*>("step0")->findChild<QComboBox*>("space1")->setCurrentText("CLAP_g");
        QVERIFY(!editor.plan());
        QVERIFY2(editor.shownProblems().contains("named twice"), qPrintable(editor.shownProblems()));
        QVERIFY2(editor.shownProblems().contains("Step 1, expert 2: "), qPrintable(editor.shownProblems()));
        QVERIFY(!button(page, "start")->isEnabled());
        picturesInBothThemes(page, "page-problem");
        QTest::mouseClick(editor.findChild<QWidget*>("step0")->findChild<QToolButton*>("options"), Qt::LeftButton);
        QTest::mouseClick(page.findChild<QToolButton*>("runOptions"), Qt::LeftButton);
        picturesInBothThemes(page, "page-options");
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
        picturesInBothThemes(page, "page-pools");
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
        picturesInBothThemes(page, "page-joint");
        against->setCurrentIndex(0);
        QCOMPARE(page.recipe().recipe().route[0].against, std::string("product"));
        QVERIFY(!page.recipe().route()->layoutOf().steps[0].joint);
        QCOMPARE(page.recipe().route()->layoutOf().bands.size(), 1u);
    }

    // A run of days fills no memory; where it began and where it is stay.
    void aLongRunIsThinned() {
        ui::LossChart chart;
        engine::Progress p;
        p.stage = "training 1-CLAP_g T";
        for (int s = 1; s <= 100000; ++s) {
            p.done = static_cast<std::uint64_t>(s);
            p.values = {{"loss", 100.0 / s + 4}, {"R@1", s / 2000.0}};
            chart.addProgress(p);
        }
        const auto& curve = chart.curves().at("1-CLAP_g").at("T");
        for (const auto* line : {&curve.loss, &curve.validation}) {
            QVERIFY2(line->size() > 5000 && line->size() < 30000, qPrintable(QString::number(line->size())));
            QCOMPARE(line->front().x(), 1.0);
            QCOMPARE(line->back().x(), 100000.0);
            QVERIFY(std::is_sorted(line->begin(), line->end(), [](auto& a, auto& b) { return a.x() < b.x(); }));
        }
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
        picturesInBothThemes(chart, "chart-log");
        QTest::mouseClick(log, Qt::LeftButton);
        picturesInBothThemes(chart, "chart");
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
};

QTEST_MAIN(ReactionsTest)
#include "reactions_test.moc"
