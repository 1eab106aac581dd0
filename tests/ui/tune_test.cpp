// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The page where a product is tuned: sliders of factors that are live and that are not, surfaces, queries behind a
// change, checkpoints of its training.
#include "ui/tune/tune_page.h"

#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QSlider>
#include <QTest>
#include <QToolButton>
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "engine/session/live_product.h"
#include "engine/session/session.h"
#include "tests/ui/tune_window.h"
#include "ui/style/numbers.h"
#include "ui/style/theme.h"
#include "ui/views/surface_view.h"

using ui::test::picture;
using ui::test::screenPicture;

class TuneTest : public ui::test::TuneWindow {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { train({{"ImageBind++", "product"}, {"Only_Seq", "in a row"}}); }
    void init() { std::filesystem::remove_all(landscapes()); }

    // What there is to do stands in the place of empty views, and these are there as soon as something is opened.
    void withoutAProductThereAreWaysToOne() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        page.resize(1200, 760);
        page.show();
        QVERIFY(QTest::qWaitForWindowExposed(&page));
        auto *train = page.findChild<QPushButton*>("tune_train"), *other = page.findChild<QPushButton*>("tune_open");
        QVERIFY(train->isVisible() && other->isVisible() && !page.surfaces().isVisible());
        picture(page, "tune-nothing");
        QSignalSpy trains(&page, &ui::TunePage::trainRequested), opens(&page, &ui::TunePage::openRequested);
        QTest::mouseClick(train, Qt::LeftButton);
        QTest::mouseClick(other, Qt::LeftButton);
        QCOMPARE(trains.count(), 1);
        QCOMPARE(opens.count(), 1);
        open(project, session, page);
        QVERIFY(!train->isVisible() && page.surfaces().isVisible());
        session.close();
        QTRY_VERIFY(train->isVisible());
        // One that cannot be opened leaves the views, where another can be chosen.
        const QString gone = QString::fromStdString((folder_ / "gone").string());
        page.setProducts({gone}, gone);
        session.open(gone, {});
        QTRY_VERIFY_WITH_TIMEOUT(!session.opening(), 20000);
        QVERIFY(!train->isVisible() && page.surfaces().isVisible());
    }

    // A factor that an earlier step blended with is set like any other; its figures come when they are computed, and
    // those of before are pale until then.
    void aFactorThatIsNotLiveIsComputedBehind() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        open(project, session, page, "in a row");
        auto& controls = page.controls();
        const auto live = session.product();
        for (const auto& factor : live->plan().factors) {
            QVERIFY(controls.slider(factor.name));
            QCOMPARE(controls.captionText(factor.name).contains(QStringLiteral("recomputed, about")), !factor.live);
        }
        auto* slider = controls.slider("lambda1_t");
        auto* groove = slider->findChild<QWidget*>("groove_lambda1_t");
        controls.ensureWidgetVisible(groove);
        QSignalSpy progress(&session, &ui::LiveSession::preparingProgressed);
        const double before = project.setting().factors.at("lambda1_t");
        const int steps = project.undoStack().count();
        const auto x = [&](double v) { return static_cast<int>(9 + v * (groove->width() - 18)); };
        const int y = groove->height() / 2;
        QTest::mousePress(groove, Qt::LeftButton, {}, {x(before), y});
        for (const double v : {0.8, 0.6, 0.4}) QTest::mouseMove(groove, {x(v), y});
        QVERIFY(std::abs(slider->value() - 0.4) < 0.02);
        QCOMPARE(project.setting().factors.at("lambda1_t"), before);  // nothing runs while the hand moves
        QVERIFY(!session.preparing());
        QTest::mouseRelease(groove, Qt::LeftButton, {}, {x(0.4), y});
        QCOMPARE(project.setting().factors.at("lambda1_t"), slider->value());
        QCOMPARE(project.undoStack().count(), steps + 1);
        QVERIFY(session.preparing());
        const auto& model = page.metrics();
        const auto pale = [&](int set) {
            return model.index(model.rowCount() - 2, set).data(Qt::ForegroundRole).value<QBrush>().color() ==
                   ui::colours().muted;
        };
        const auto isPale = [&] {
            int count = 0;
            for (int set = 0; set < model.columnCount(); ++set) count += pale(set);
            return count;
        };
        QTRY_VERIFY_WITH_TIMEOUT(isPale() > 0 || !session.preparing(), 10000);
        QVERIFY(isPale() > 0);
        for (int set = 0; set < model.columnCount(); ++set)  // not gone
            QVERIFY(model.index(model.rowCount() - 2, set).data().toString() != QStringLiteral("…"));
        // The control answers meanwhile: a live one goes on, and so does another value of this one.
        auto setting = project.setting();
        setting.factors["lambda3_a"] = 0.7;
        project.setSetting(setting, "lambda3_a");
        auto* exact = slider->findChild<QDoubleSpinBox*>("exact_lambda1_t");
        exact->setFocus();
        exact->selectAll();
        QTest::keyClicks(exact, QLocale().toString(0.25));
        QTest::keyClick(exact, Qt::Key_Return);
        QCOMPARE(project.setting().factors.at("lambda1_t"), 0.25);
        QTRY_VERIFY_WITH_TIMEOUT(session.settled(), 60000);
        QTest::qWait(30);
        QCOMPARE(isPale(), 0);
        QVERIFY(progress.count() > 0);
        const auto expect = [&] { expectMeasured(page, *live, project.setting()); };
        expect();
        QVERIFY(controls.formulaText().contains("0.25·InternVL"));
        QVERIFY(live->recomputeEstimate("lambda1_t").measured);
        picture(page, "not-live");
        // Keys wait for the hand to rest.
        groove->setFocus();
        for (int i = 0; i < 3; ++i) QTest::keyClick(groove, Qt::Key_Left);
        QCOMPARE(project.setting().factors.at("lambda1_t"), 0.25);
        QTRY_VERIFY(std::abs(project.setting().factors.at("lambda1_t") - 0.22) < 1e-9);
        // Back to where it was, step by step: nothing runs for what was computed before.
        while (project.undoStack().index() > steps) project.undoStack().undo();
        QCOMPARE(slider->value(), before);
        QTRY_VERIFY_WITH_TIMEOUT(session.settled(), 60000);
        QTest::qWait(30);
        QCOMPARE(isPale(), 0);
        expect();
    }

    // An expert's weight is a live slider where one asks for it: nothing is built while it moves, surfaces run over it,
    // curves run along it, and all of that can be taken back.
    void aWeightBecomesASlider() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        open(project, session, page);
        auto& controls = page.controls();
        const auto live = session.product();
        const auto expect = [&] { expectMeasured(page, *live, project.setting()); };
        const auto settle = [&] {
            QTRY_VERIFY_WITH_TIMEOUT(session.settled() && session.surface() && session.surface()->complete(), 60000);
            QTest::qWait(30);
        };
        auto* across = page.findChild<QComboBox*>("axis_x");
        auto* up = page.findChild<QComboBox*>("axis_y");
        QCOMPARE(across->findData("weight_CLAP_g"), -1);
        QVERIFY(!controls.slider("weight_CLAP_g"));
        const int steps = project.undoStack().count();
        auto* toggle = controls.findChild<QToolButton*>("live_CLAP_g");
        QVERIFY(toggle);
        QVERIFY2(toggle->toolTip().contains("sets need"), qPrintable(toggle->toolTip()));
        controls.ensureWidgetVisible(toggle);
        QTest::mouseClick(toggle, Qt::LeftButton);
        QCOMPARE(project.undoStack().count(), steps + 1);
        QTRY_VERIFY(controls.slider("weight_CLAP_g"));
        settle();
        expect();  // the same setting as before
        QVERIFY(across->findData("weight_CLAP_g") >= 0);

        auto* slider = controls.slider("weight_CLAP_g");
        QCOMPARE(slider->value(), 0.5);
        auto* groove = slider->findChild<QWidget*>("groove_weight_CLAP_g");
        controls.ensureWidgetVisible(groove);
        QSignalSpy preparing(&session, &ui::LiveSession::preparingProgressed);
        QSignalSpy curves(&session, &ui::LiveSession::curvesChanged);
        const auto x = [&](double v) { return static_cast<int>(9 + v * (groove->width() - 18)); };
        const int y = groove->height() / 2;
        Q_EMIT slider->focused();  // without a window manager nothing has it
        QTest::mousePress(groove, Qt::LeftButton, {}, {x(0.5), y});
        for (const double v : {0.6, 0.7, 0.8}) QTest::mouseMove(groove, {x(v), y});
        QTest::mouseRelease(groove, Qt::LeftButton, {}, {x(0.8), y});
        QCOMPARE(project.undoStack().count(), steps + 2);
        const double now = slider->value();
        QVERIFY(std::abs(now - 0.8) < 0.02);
        QCOMPARE(project.setting().expert_weights.at("CLAP_g"), now);
        QCOMPARE(project.setting().expert_weights.at("CLAP_m"), 1 - now);
        settle();
        expect();
        QCOMPARE(preparing.count(), 0);  // nothing was built for it
        QVERIFY(curves.count() > 0);
        const auto last = curves.last().front().value<std::vector<engine::LiveCurve>>();
        QVERIFY(!last.empty());
        QCOMPARE(last.front().factor, std::string("weight_CLAP_g"));
        QVERIFY(!last.front().change.breaks.empty());

        // Back to the recipe's: the weights are others, but they blend alike.
        auto* presets = controls.findChild<QComboBox*>("presets");
        QCOMPARE(presets->currentIndex(), -1);
        const auto moved = project.setting();
        slider->findChild<QToolButton*>()->click();
        QCOMPARE(slider->value(), 0.5);
        QVERIFY(presets->currentIndex() >= 0);
        project.setSetting(moved, QStringLiteral("again"));

        up->setCurrentIndex(up->findData("weight_CLAP_g"));
        Q_EMIT up->activated(up->currentIndex());
        settle();
        const auto surface = session.surface();
        QCOMPARE(surface->axes[1].factor, std::string("weight_CLAP_g"));
        const std::size_t node = surface->total / 3;
        const auto there = live->measure(surface->settingAt(node), {});
        for (const auto& group : surface->groups) {
            const double value = engine::groupValue(group.group, there) - group.baseline;
            QVERIFY2(std::abs(group.change[node] - value) < 1e-9, group.group.name.c_str());
        }
        picture(page, "live-weight");

        while (project.undoStack().index() > steps) project.undoStack().undo();
        QTRY_VERIFY(!controls.slider("weight_CLAP_g"));
        QCOMPARE(across->findData("weight_CLAP_g"), -1);
        QCOMPARE(project.setting().expert_weights.at("CLAP_m"), 1.0);
        settle();
        expect();
    }

    // The paper's three panels: the chosen group as a surface or map, the others as what suits them, in their order.
    void theOtherGroupsStandBeside() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        open(project, session, page);
        auto& surfaces = page.surfaces();
        QCOMPARE(surfaces.group(), QString("AT"));
        auto* groups = surfaces.findChild<QToolButton*>("pane_groups");
        QTest::mouseClick(groups, Qt::LeftButton);
        QTRY_VERIFY(surfaces.beside("AV") && surfaces.beside("TV"));
        QVERIFY(!surfaces.beside("AT"));
        QCOMPARE(project.view().panes, QString("groups"));
        auto *av = surfaces.beside("AV"), *tv = surfaces.beside("TV");
        QVERIFY(av->isCurve() && tv->isCurve());  // σ_t does not touch the one, σ_a not the other
        const auto surface = session.surface();
        for (const auto& [panel, name, axis] : {std::tuple{av, "AV", 0}, {tv, "TV", 1}}) {
            std::size_t g = 0;
            while (surface->groups[g].group.name != name) ++g;
            QCOMPARE(panel->curve().curves().size(), std::size_t{1});
            const auto& curve = panel->curve().curves()[0];
            QCOMPARE(curve.x.size(), surface->axes[0].steps);
            for (std::size_t i = 0; i < surface->total; ++i) {
                const double at = surface->at(i)[static_cast<std::size_t>(axis)];
                QVERIFY(std::abs(ui::curveAt(curve, at) - surface->groups[g].change[i]) < 1e-9);
            }
        }
        for (const auto theme : {ui::ThemeChoice::Dark, ui::ThemeChoice::Light}) {
            ui::applyTheme(theme);
            QTest::qWait(100);
            int right = 0;
            QWidget* scene = surfaces.surface();
            QWidget* own = scene ? scene : &surfaces.heatMap();
            for (QWidget* panel : {own, static_cast<QWidget*>(av), static_cast<QWidget*>(tv)}) {
                QVERIFY(panel->isVisible());
                for (QWidget* at = panel; at != &page; at = at->parentWidget())  // nothing is cut off
                    QVERIFY(at->parentWidget()->rect().contains(at->geometry()));
                const int x = panel->mapTo(&page, QPoint(0, 0)).x();
                QVERIFY(x >= right && panel->width() >= 220);
                right = x + panel->width();
            }
            QVERIFY(right <= page.width());
            screenPicture(page, theme == ui::ThemeChoice::Dark ? "groups-dark" : "groups-light");
        }
        // One cursor: a click in a panel sets its factor alone, and all panels follow.
        const double sigma_t = project.setting().factors.at("sigma_t");
        QTest::mouseClick(&av->curve(), Qt::LeftButton, {}, av->curve().place(0.9, 0).toPoint());
        QVERIFY(std::abs(project.setting().factors.at("sigma_a") - 0.9) < 0.01);
        QCOMPARE(project.setting().factors.at("sigma_t"), sigma_t);
        QCOMPARE(av->curve().cursorAt(), project.setting().factors.at("sigma_a"));
        QTest::mouseClick(&tv->curve(), Qt::LeftButton, {}, tv->curve().place(0.2, 0).toPoint());
        QVERIFY(std::abs(project.setting().factors.at("sigma_t") - 0.2) < 0.01);
        QVERIFY(std::abs(project.setting().factors.at("sigma_a") - 0.9) < 0.01);
        QCOMPARE(surfaces.heatMap().cursorAt(),
                 QPointF(project.setting().factors.at("sigma_a"), project.setting().factors.at("sigma_t")));
        QTRY_VERIFY_WITH_TIMEOUT(session.settled(), 60000);
        // Scales: each its own, until one is asked for; what holds is said.
        const auto says = [&](const QString& what) {
            const auto labels = surfaces.findChildren<QLabel*>();
            return std::any_of(labels.begin(), labels.end(), [&](QLabel* l) { return l->text().contains(what); });
        };
        QVERIFY(says("each group on its own scale"));
        const auto span = [](ui::GroupPanel* panel) {
            return panel->curve().scale().high - panel->curve().scale().low;
        };
        const double own_av = span(av), own_tv = span(tv);
        auto* one = surfaces.findChild<QCheckBox*>("one_scale");
        QTest::mouseClick(one, Qt::LeftButton, {}, {8, one->height() / 2});
        QVERIFY(one->isChecked() && says("all groups on one scale"));
        QCOMPARE(span(av), span(tv));
        QVERIFY(span(av) >= own_av && span(tv) >= own_tv);
        QTest::mouseClick(one, Qt::LeftButton, {}, {8, one->height() / 2});
        QCOMPARE(span(av), own_av);
        // Another group takes the middle, and the rest stays beside it; undo brings all of it back.
        QTest::mouseClick(surfaces.findChild<QToolButton*>("group_TV"), Qt::LeftButton);
        QVERIFY(surfaces.beside("AT") && surfaces.beside("AV") && !surfaces.beside("TV"));
        QVERIFY(!surfaces.beside("AT")->isCurve());
        QVERIFY(surfaces.curves().isVisible());
        project.undoStack().undo();
        QVERIFY(surfaces.beside("TV") && !surfaces.beside("AT"));
        project.undoStack().undo();
        QTest::mouseClick(groups, Qt::LeftButton);
        if (!surfaces.beside("TV")) QTest::mouseClick(groups, Qt::LeftButton);
        QVERIFY(surfaces.beside("TV"));
        QTest::mouseClick(groups, Qt::LeftButton);
        QVERIFY(!surfaces.beside("TV"));
    }

    // What is listed is what makes the curve jump there.
    void aClickOnAChangeListsItsQueries() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        open(project, session, page);
        auto& surfaces = page.surfaces();
        using Pane = ui::SurfacesPanel::Pane;
        surfaces.setPane(Pane::Curves, true);
        surfaces.setPane(Pane::Surface, false);
        surfaces.setPane(Pane::HeatMap, false);
        auto& view = surfaces.curves();
        QTRY_VERIFY(view.isVisible() && !view.curves().empty());
        const auto curve = *std::find_if(view.curves().begin(), view.curves().end(),
                                         [](const auto& c) { return c.label.endsWith("AT"); });
        QVERIFY(!curve.x.empty());
        std::size_t highest = 0;  // of the steps
        for (std::size_t k = 1; k < curve.x.size(); ++k) {
            if (std::abs(curve.y[k + 1] - curve.y[k]) > std::abs(curve.y[highest + 1] - curve.y[highest])) highest = k;
        }
        const double middle = (curve.y[highest] + curve.y[highest + 1]) / 2;
        QTest::mouseClick(&view, Qt::LeftButton, {}, view.place(curve.x[highest], middle).toPoint());
        auto& list = surfaces.flips();
        QTRY_VERIFY(list.isVisible() && !list.busy());
        const auto asked = view.changesAt(view.place(curve.x[highest], middle).toPoint());
        QVERIFY(asked);
        QVERIFY(list.table().rowCount() > 0);
        const auto live = session.product();
        const auto group = live->groups(*session.baseline())[0];
        QCOMPARE(group.name, std::string("AT"));
        double jump = 0;
        for (int row = 0; row < list.table().rowCount(); ++row) {
            const double at = list.table().item(row, 0)->text().toDouble();
            QVERIFY(at >= asked->first - 1e-6 && at <= asked->second + 1e-6);
            const QString where = list.table().item(row, 1)->text();
            bool found = false;
            for (std::size_t s = 0; s < live->sets().size(); ++s) {
                for (const bool forward : {true, false}) {
                    const auto& description = live->description(s);
                    if (where != QStringLiteral("%1, %2").arg(
                                     QString::fromStdString(description.name),
                                     QString::fromStdString(engine::directionName(description, forward))))
                        continue;
                    const auto line = live->flips(s, forward, surfaces.curveFactor(), project.setting(), {});
                    QVERIFY(line && line->queries > 0);
                    const double gain = list.table().item(row, 3)->text().startsWith('+') ? 1 : -1;
                    jump += gain * 100 / line->queries / 2 / static_cast<double>(group.sets.size());
                    found = true;
                }
            }
            QVERIFY2(found, qPrintable(where));
        }
        QVERIFY2(std::abs(jump - (ui::curveAt(curve, asked->second) - ui::curveAt(curve, asked->first))) < 1e-9,
                 qPrintable(QString::number(jump)));
        QVERIFY2(list.said().contains(QString::fromUtf8("Δ_AT for %1").arg(ui::factorSymbol(surfaces.curveFactor()))),
                 qPrintable(list.said()));
        picture(list, "flips");
        // Enter leads to the inspector.
        QSignalSpy chosen(&surfaces, &ui::SurfacesPanel::queryChosen);
        auto* inspect = list.findChild<QPushButton*>("inspect");
        QVERIFY(inspect->isEnabled());
        QTest::mouseClick(inspect, Qt::LeftButton);
        QCOMPARE(chosen.count(), 1);
        const QString set = chosen[0][0].toString();
        QVERIFY(list.table().item(0, 1)->text().startsWith(set));
        for (std::size_t s = 0; s < live->sets().size(); ++s) {
            if (QString::fromStdString(live->sets()[s].name) != set) continue;
            QCOMPARE(QString::fromStdString(live->ids(s, chosen[0][1].toBool())[chosen[0][2].toUInt()]),
                     list.table().item(0, 2)->text());
        }
    }

    // Run on a platform that has none (CMakeLists.txt): the map takes the surface's place, and it is said.
    void withoutOpenGLThereAreMaps() {
        if (ui::SurfaceView::available()) QSKIP("there is OpenGL here");
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        open(project, session, page);
        QVERIFY(!page.surfaces().surface());
        auto& map = page.surfaces().heatMap();
        QTRY_VERIFY(map.isVisible());
        const auto labels = page.surfaces().findChildren<QLabel*>();
        QVERIFY(std::any_of(labels.begin(), labels.end(),
                            [](QLabel* l) { return l->isVisible() && l->text().contains("no OpenGL"); }));
        QTest::mouseClick(&map, Qt::LeftButton, {}, map.place(0.25, 0.75).toPoint());
        QVERIFY(std::abs(project.setting().factors.at("sigma_a") - 0.25) < 0.02);
    }

    // The slider goes through what was kept of the training: figures and surfaces are those of then, the setting stays.
    void theTrainingIsTravelledThrough() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        open(project, session, page);
        auto* slider = page.findChild<QSlider*>(QStringLiteral("stage"));
        QVERIFY(slider && slider->isVisible());
        QCOMPARE(slider->maximum(), 3);
        QCOMPARE(slider->value(), 3);
        auto setting = project.setting();
        setting.factors["sigma_a"] = 0.7;
        project.setSetting(setting, "sigma_a");
        const auto settle = [&](int part) {
            QTRY_VERIFY_WITH_TIMEOUT(session.product() && session.product()->stage().part == part, 60000);
            QTRY_VERIFY_WITH_TIMEOUT(session.settled() && session.baseline() && session.surface() &&
                                         session.surface()->complete() &&
                                         session.figures().setting == project.setting(),
                                     60000);
            const auto& sets = session.figures().sets;
            QTRY_VERIFY(std::all_of(sets.begin(), sets.end(), [](const auto& s) { return s.has_value(); }));
            QCOMPARE(slider->value(), part);
        };
        settle(3);
        const auto figures = session.figures().sets;
        const auto change = session.surface()->groups.front().change;

        slider->setValue(1);
        settle(1);
        QCOMPARE(QString::fromStdString(session.product()->recipe().name), QStringLiteral("ImageBind++ at 1 of 3"));
        QVERIFY(project.setting() == setting);
        QVERIFY(session.figures().sets != figures);
        QVERIFY(session.surface()->groups.front().change != change);
        // What is shown is what the stage's own folder gives.
        engine::LiveProduct::Request request;
        request.product = folder_ / "product" / "stages" / "1";
        const auto alone = engine::LiveProduct::open(request, {});
        const auto table = alone->measure(setting, {});
        for (std::size_t s = 0; s < alone->sets().size(); ++s) {
            const auto& shown = session.figures().sets[s];
            if (shown && shown->contains("R@1"))
                QCOMPARE(shown->at("R@1"), table.at(alone->sets()[s].name).value("R@1"));
        }
        picture(page, "stages");

        // Moved on while it is being opened, the last place counts; undo leads back.
        slider->setValue(2);
        slider->setValue(0);
        settle(0);
        while (project.view().stage >= 0) project.undoStack().undo();
        settle(3);
        QTRY_VERIFY(session.figures().sets == figures);
        // A stage that is gone is not opened.
        std::filesystem::remove_all(folder_ / "product" / "stages" / "2");
        slider->setValue(2);
        QTest::qWait(50);
        settle(3);
    }
};

QTEST_MAIN(TuneTest)
#include "tune_test.moc"
