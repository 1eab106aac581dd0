// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The page where a product is tuned. Where memory is short, what is estimated from a sample is marked, says from what,
// and is refined behind; what single queries could have is what the command line says.
#include "ui/tune/metrics_model.h"

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QPushButton>
#include <QScreen>
#include <QSignalSpy>
#include <QSlider>
#include <QTabWidget>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "engine/session/live_product.h"
#include "engine/session/session.h"
#include "tests/ui/view_menus.h"
#include "ui/reactions/option_form.h"
#include "ui/style/numbers.h"
#include "ui/style/theme.h"
#include "ui/tune/tune_page.h"
#include "ui/views/surface_grid.h"
#include "ui/views/surface_view.h"

using ui::MetricsModel;

class TuneTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        folder_ = dir_.path().toStdString();
        engine::synth({folder_ / "world", {{"preset", "tiny"}}}, {});
        engine::ReactRequest react;
        react.workspace = folder_ / "world";
        react.reaction_options = {{"hidden_width", 24}, {"batch_size", 64}, {"epochs", 1}};
        react.run_options = {{"stages", 3}};
        try {
            for (const auto& [recipe, folder] : {std::pair{"ImageBind++", "product"}, {"Only_Seq", "in a row"}}) {
                react.recipe = recipe;
                react.product = folder_ / folder;
                engine::train(react, {});
            }
        } catch (const std::exception& error) {
            QSKIP(error.what());  // built without the reactor
        }
        whole_ = opened(std::uint64_t{1} << 30);
        for (const auto& file : std::filesystem::directory_iterator(landscapes())) bytes_ += file.file_size();
    }

    void init() { std::filesystem::remove_all(landscapes()); }

    void estimatesAreMarked() {
        const auto live = opened(bytes_ * 8 / 10);

        MetricsModel model;
        const QAbstractItemModelTester tester(&model);
        model.setProduct(live);
        model.setFigures(live->figures(live->defaults(), false, {}));
        int marked = 0, plain = 0;
        for (int set = 0; set < model.columnCount(); ++set) {
            const auto index = model.index(model.rowCount() - 1, set);
            const QString text = index.data().toString(), tip = index.data(Qt::ToolTipRole).toString();
            const auto sample = live->sample(static_cast<std::size_t>(set));
            QCOMPARE(text.startsWith(QStringLiteral("≈ ")), sample.has_value());
            QCOMPARE(text.contains(QStringLiteral(" ±")), sample.has_value());
            if (sample) {
                QVERIFY2(tip.contains(QString::fromStdString(sample->text())), qPrintable(tip));
                const auto interval =
                    live->figures(live->defaults(), false, {}).intervals[static_cast<std::size_t>(set)].at("R@1");
                QVERIFY2(
                    tip.contains(QStringLiteral("[%1, %2]").arg(interval.low, 0, 'f', 2).arg(interval.high, 0, 'f', 2)),
                    qPrintable(tip));
                ++marked;
            } else {
                QVERIFY(!tip.contains(QStringLiteral("estimated")));
                ++plain;
            }
        }
        QVERIFY(marked > 0);
        QVERIFY(plain > 0);
    }

    // Everything that is shown of a sample says so; while nobody moves anything more queries are asked, until all are.
    void samplesGrowBehindUntilAllQueriesAreAsked() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        const double little = gib(bytes_ * 8 / 10);
        session.setMemory(little, -1);
        open(project, session, page);
        QVERIFY(samples(session) > 0);
        QString group;  // one that has a sampled set
        for (const auto& name : page.surfaces().groups()) {
            if (page.surfaces().groupText(name).contains(QStringLiteral("≈ "))) group = name;
        }
        QVERIFY(!group.isEmpty());
        page.surfaces().chooseGroup(group);
        QVERIFY(page.surfaces().groupText(group).contains(QStringLiteral(" ±")));
        const auto surface = session.surface();
        QVERIFY(surface && surface->complete());
        std::size_t at = 0;
        while (surface->groups[at].group.name != group.toStdString()) ++at;
        QVERIFY(ui::changeTitle(*surface, at).contains(QStringLiteral("≈")));
        QVERIFY(ui::surfaceCaption(*surface).contains(QStringLiteral("≈")));
        QVERIFY(surface->groups[at].best_interval);
        bool said = false;
        for (const auto* label : page.surfaces().findChildren<QLabel*>())
            said = said || label->text().contains(ui::intervalText(*surface->groups[at].best_interval));
        QVERIFY(said);
        page.goal().findChild<QPushButton*>(QStringLiteral("search"))->click();
        QTRY_VERIFY_WITH_TIMEOUT(page.goal().result() && !page.goal().searching(), 60000);
        QString row;
        const auto* found = page.goal().findChild<QTableWidget*>();
        for (int column = 0; column < found->columnCount(); ++column) row += found->item(0, column)->text();
        QVERIFY2(row.contains(QStringLiteral("≈")), qPrintable(row));
        const QStringList copied = ui::test::copiedTable(page.goal().findChild<QTableWidget*>());
        QCOMPARE(copied.size(), found->rowCount() + 1);
        QCOMPARE(copied[1].section(QLatin1Char('\t'), -1).toDouble(), page.goal().result()->best.change.back());

        QSignalSpy larger(&session, &ui::LiveSession::sampleEnlarged);
        session.setMemory(little, 1);
        QTRY_COMPARE_WITH_TIMEOUT(samples(session), 0, 120000);
        QVERIFY(larger.count() > 0);
        QTRY_VERIFY_WITH_TIMEOUT(session.settled() && !session.refining(), 60000);
        QTest::qWait(50);
        // What is shown now is what a product without a sample has.
        const auto truth = whole_->figures(session.setting(), true, {});
        for (std::size_t s = 0; s < truth.sets.size(); ++s) QVERIFY(session.figures().sets[s] == truth.sets[s]);
        QVERIFY(!page.surfaces().groupText(group).contains(QStringLiteral("≈")));
        QVERIFY(session.surface() != surface && !ui::isEstimate(*session.surface(), at));
    }

    // Where the memory does not allow more it rests, and says what it has.
    void samplesStopAtTheMemory() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        session.setMemory(gib(bytes_ * 6 / 10), gib(bytes_ * 7 / 10));
        open(project, session, page);
        const int before = samples(session);
        QVERIFY(before > 0);
        QTRY_VERIFY_WITH_TIMEOUT(session.refining(), 10000);
        // Each sampled set is tried until it fits no more.
        int quiet = 0;
        for (int i = 0; i < 600 && quiet < 15; ++i) {
            QTest::qWait(100);
            quiet = session.refining() ? 0 : quiet + 1;
        }
        QCOMPARE(quiet, 15);
        // Some set is still asked a sample, or has no landscape at all.
        int not_whole = samples(session);
        for (std::size_t s = 0; s < session.product()->sets().size(); ++s)
            not_whole += session.product()->ready(s, session.setting()) ? 0 : 1;
        QVERIFY(not_whole > 0);
        std::uint64_t held = 0;
        for (const auto& file : std::filesystem::directory_iterator(landscapes()))
            held = std::max<std::uint64_t>(held, file.file_size());
        QVERIFY(held < bytes_);
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
            return model.index(model.rowCount() - 1, set).data(Qt::ForegroundRole).value<QBrush>().color() ==
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
            QVERIFY(model.index(model.rowCount() - 1, set).data().toString() != QStringLiteral("…"));
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
        const auto expect = [&] {
            const auto truth = live->measure(project.setting(), {});
            for (const auto& set : truth.sets) {
                const QString name = QString::fromStdString(set.protocol.set);
                const auto values = set.values();
                const auto value = values.contains("R@1")   ? values.at("R@1")
                                   : values.contains("mAP") ? values.at("mAP")
                                                            : values.at("top-1");
                QVERIFY2(page.metrics().now(name) && std::abs(*page.metrics().now(name) - value) < 1e-9,
                         qPrintable(name));
            }
        };
        expect();
        QVERIFY(controls.formulaText().contains("0.25·InternVL"));
        QVERIFY(live->recomputeEstimate("lambda1_t").measured);
        if (const QString folder = qEnvironmentVariable("MOLSPACE_PICTURES"); !folder.isEmpty())
            page.grab().save(folder + "/not-live.png");
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
            if (const QString folder = qEnvironmentVariable("MOLSPACE_PICTURES"); !folder.isEmpty())
                page.screen()
                    ->grabWindow(0, page.x(), page.y(), page.width(), page.height())
                    .save(folder + (theme == ui::ThemeChoice::Dark ? "/groups-dark.png" : "/groups-light.png"));
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
        if (const QString folder = qEnvironmentVariable("MOLSPACE_PICTURES"); !folder.isEmpty())
            list.grab().save(folder + "/flips.png");
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

    // The same figures, and each of them explained.
    void theHeadroomIsThatOfTheCommandLine() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        open(project, session, page);
        auto& panel = page.headroom();
        auto* side = page.findChild<QTabWidget*>("tune_side");
        side->setCurrentWidget(&panel);
        auto* measure = panel.findChild<QPushButton*>("measure_headroom");
        QTRY_VERIFY(measure->isVisible() && measure->isEnabled());
        // Stopped, it says so and shows nothing.
        QTest::mouseClick(measure, Qt::LeftButton);
        QTest::mouseClick(measure, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!panel.measuring(), 20000);
        QVERIFY(!panel.result());
        QTest::mouseClick(measure, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(panel.result() && !panel.measuring(), 120000);
        engine::TuneRequestText request;
        const auto live = session.product();
        const auto asked = *page.goal().request();
        request.subject.product = live->folder();
        for (const auto& [name, value] : asked.fixed.factors)
            request.subject.set.push_back(name + "=" + QString::number(value, 'g', 17).toStdString());
        for (const auto& [name, value] : asked.fixed.expert_weights)
            request.subject.set.push_back(name + "=" + QString::number(value, 'g', 17).toStdString());
        request.maximize = {asked.maximize[0].first};
        for (const auto& c : asked.constraints)
            request.at_least.push_back(c.group + "=" + QString::number(c.at_least, 'g', 17).toStdString());
        request.headroom = true;
        const auto told = engine::tuneFactors(request, {}).json["headroom"][0];
        QCOMPARE(QString::fromStdString(engine::toJson(*panel.result()).dump()), QString::fromStdString(told.dump()));
        // What is displayed is that, a row for each.
        auto* table = panel.findChild<QTableWidget*>("headroom_figures");
        QVERIFY(table->isVisible());
        const auto& rates = told["rates"]["R@1"];
        const double wanted[] = {rates["current"],
                                 rates["best"],
                                 rates["oracle_own_factors"],
                                 rates["oracle_all_factors"],
                                 told["router"]["one_setting"],
                                 told["router"]["router"],
                                 told["router"]["router_where_fitted"],
                                 told["router"]["oracle_of_settings"]};
        QCOMPARE(table->rowCount(), 8);
        for (int row = 0; row < 8; ++row) {
            QCOMPARE(table->item(row, 1)->text(), QString::number(wanted[row], 'f', 2));
            QVERIFY(!table->item(row, 0)->toolTip().isEmpty());
        }
        QVERIFY2(panel.verdict().contains(ui::signedNumber(told["router"]["gain"]["low"])),
                 qPrintable(panel.verdict()));
        QCOMPARE(panel.findChild<QTableWidget*>("headroom_directions")->rowCount(),
                 2 * static_cast<int>(told["sets"].size()));
        if (const QString folder = qEnvironmentVariable("MOLSPACE_PICTURES"); !folder.isEmpty())
            page.grab().save(folder + "/headroom.png");
        // Other experts: these figures are of none of them.
        auto setting = project.setting();
        setting.expert_weights["CLAP_m"] = 0;
        project.setSetting(setting, "without CLAP_m");
        QVERIFY(!panel.result() && !table->isVisible());
    }

    // What is said of the best setting is what the command line says; and a value is reached where the others pay
    // least.
    void aGoalSaysHowSureItIs() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        open(project, session, page);
        auto& goal = page.goal();
        page.findChild<QTabWidget*>("tune_side")->setCurrentWidget(&goal);
        const auto search = [&] {
            goal.findChild<QPushButton*>("search")->click();
            QTRY_VERIFY_WITH_TIMEOUT(goal.result() && !goal.searching(), 120000);
        };
        const auto told = [&] {
            auto request = *goal.requestText();
            request.subject.product = folder_ / "product";
            for (const auto& [name, value] : project.setting().factors)
                request.subject.set.push_back(name + "=" + QString::number(value, 'g', 17).toStdString());
            return engine::tuneFactors(request, {}).json;
        };
        const engine::Json highest = told();
        search();
        QVERIFY(goal.sureness());
        QCOMPARE(QString::fromStdString(engine::toJson(*goal.sureness()).dump()),
                 QString::fromStdString(highest["confidence"].dump()));
        auto* sure = goal.findChild<QLabel*>("goal_sure");
        QVERIFY(sure->isVisible());
        const auto& start = highest["confidence"]["against_start"];
        const auto& held = highest["confidence"]["held_out"];
        for (const QString& said : {ui::signedNumber(start["low"]), ui::signedNumber(start["high"]),
                                    QString::number(held["chosen_on_one_half"].get<double>(), 'f', 2),
                                    QString::number(held["on_the_other_half"].get<double>(), 'f', 2)})
            QVERIFY2(sure->text().contains(said), qPrintable(sure->text() + " lacks " + said));

        const double most = goal.result()->best.change[0];
        QVERIFY(most > 0.5);
        page.findChild<QComboBox*>("goal")->setCurrentIndex(1);
        auto* value = page.findChild<QDoubleSpinBox*>("goal_value");
        QVERIFY(value->isVisible());
        value->setValue(std::floor(50 * most) / 100);  // half of it
        const engine::Json reached = told();
        search();
        QVERIFY(goal.result()->feasible());
        QVERIFY(goal.result()->best.change[0] >= value->value() && goal.result()->best.change[0] < most);
        for (std::size_t f = 0; f < goal.result()->factors.size(); ++f)
            QCOMPARE(goal.result()->best.factors[f],
                     reached["best"]["factors"][goal.result()->factors[f]].get<double>());
        QVERIFY(goal.sureness() && QString::fromStdString(goal.sureness()->group).startsWith("AT"));
        if (const QString folder = qEnvironmentVariable("MOLSPACE_PICTURES"); !folder.isEmpty())
            page.grab().save(folder + "/goal.png");
        // Other experts: nothing of it holds.
        auto setting = project.setting();
        setting.expert_weights["CLAP_m"] = 0;
        project.setSetting(setting, "without CLAP_m");
        QVERIFY(!goal.result() && !goal.sureness());
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

    // The weights of a learned router are those of the command line; shares by hand follow the sliders.
    void aRouterStandsBesideTheFactors() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        open(project, session, page);
        auto& panel = page.routing();
        page.findChild<QTabWidget*>("tune_side")->setCurrentWidget(&panel);
        auto* learn = panel.findChild<QPushButton*>("learn_router");
        QTRY_VERIFY(learn->isVisible() && learn->isEnabled());
        QCOMPARE(learn->text(), QString("Learn a router"));
        QVERIFY(!panel.routed("AudioCaps"));
        // Stopped, there is none.
        QTest::mouseClick(learn, Qt::LeftButton);
        QCOMPARE(learn->text(), QString("Stop"));
        QTest::mouseClick(learn, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!panel.working(), 20000);
        QVERIFY(!std::filesystem::exists(folder_ / "product" / "routers" / "learned" / "router.json"));
        QVERIFY(!panel.routed("AudioCaps"));

        panel.options().setValues({{"examples", 200}, {"batch_size", 64}, {"epochs", 2}});
        QSignalSpy shown(&panel, &ui::RoutingPanel::shown);
        QTest::mouseClick(learn, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!shown.empty() && !panel.working(), 60000);
        engine::RoutingRequest request;
        request.product = folder_ / "product";
        const auto told = engine::learnRouting(request, {}).json;
        const auto compare = [&](bool hand) {
            for (const auto& set : told["sets"]) {
                const QString name = QString::fromStdString(set["set"].get<std::string>());
                QCOMPARE(panel.routed(name).value(),
                         set["routed"]["metrics"][set["metric"].get<std::string>()].get<double>());
                for (const char* side : {"first", "second"}) {
                    const auto modality = QString::fromStdString(set[side]["modality"].get<std::string>());
                    for (const auto& [space, weight] : set[side]["weights"].items()) {
                        const auto found = panel.weight(name, modality, QString::fromStdString(space));
                        QVERIFY(found);
                        QCOMPARE(found->mean, weight["mean"].get<double>());
                        QCOMPARE(found->deviation, weight["deviation"].get<double>());
                        if (hand) QCOMPARE(found->by_hand, weight["by_hand"].get<double>());
                    }
                }
            }
        };
        compare(true);
        auto* table = panel.findChild<QTableWidget*>("router_weights");
        QVERIFY(table->isVisible());
        QVERIFY(panel.about().contains("Synthetic world"));
        // The sliders move what is by hand, and nothing of the router.
        auto setting = project.setting();
        setting.factors["sigma_a"] = 0.8;
        project.setSetting(setting, "sigma_a");
        QVERIFY(std::abs(panel.weight("AudioCaps", "audio", "ImageBind")->by_hand - 0.2) < 1e-12);
        QVERIFY(std::abs(panel.weight("AudioCaps", "audio", "CLAP_g")->by_hand - 0.4) < 1e-12);
        compare(false);
        QTRY_VERIFY_WITH_TIMEOUT(session.settled(), 20000);
        QTest::qWait(30);
        engine::EvaluateRequest evaluate;
        evaluate.subject.product = folder_ / "product";
        evaluate.subject.set = {"sigma_a=0.8"};
        evaluate.sets = {"AudioCaps"};
        const double figure = engine::evaluate(evaluate, {}).json["sets"][0]["metrics"]["R@1"];
        bool said = false;
        for (int row = 0; row < table->rowCount(); ++row) {
            const QString text = table->item(row, 0)->text();
            if (text.startsWith("AudioCaps")) said = text.contains("by hand " + QString::number(figure, 'f', 2));
        }
        QVERIFY(said);
        if (const QString folder = qEnvironmentVariable("MOLSPACE_PICTURES"); !folder.isEmpty())
            page.grab().save(folder + "/router.png");

        // Opened again, the weights that are there are shown when they are looked at.
        ui::Project again;
        ui::LiveSession other;
        ui::TunePage second(again, other);
        open(again, other, second);
        QVERIFY(!second.routing().working());
        second.findChild<QTabWidget*>("tune_side")->setCurrentWidget(&second.routing());
        QTRY_VERIFY_WITH_TIMEOUT(second.routing().routed("AudioCaps"), 60000);
        QCOMPARE(*second.routing().routed("AudioCaps"), *panel.routed("AudioCaps"));
        QCOMPARE(second.routing().findChild<QPushButton*>("learn_router")->text(), QString("Learn the router anew"));
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
        if (const QString folder = qEnvironmentVariable("MOLSPACE_PICTURES"); !folder.isEmpty())
            page.grab().save(folder + "/stages.png");

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

private:
    static double gib(std::uint64_t bytes) { return static_cast<double>(bytes) / 0x1p30; }
    std::filesystem::path landscapes() const { return folder_ / "product" / "landscapes"; }
    std::shared_ptr<engine::LiveProduct> opened(std::uint64_t bytes) const {
        engine::LiveProduct::Request request;
        request.product = folder_ / "product";
        request.landscapes = {{"memory_gib", gib(bytes)}};
        auto live = engine::LiveProduct::open(request, {});
        for (const std::size_t set : live->missing(live->defaults())) live->prepare(set, live->defaults(), {});
        return live;
    }
    void open(ui::Project& project, ui::LiveSession& session, ui::TunePage& page, const char* name = "product") const {
        const auto product = QString::fromStdString((folder_ / name).string());
        project.addProduct(product);
        session.open(product, QString::fromStdString((folder_ / "world").string()));
        page.resize(1200, 760);
        page.show();
        QVERIFY(QTest::qWaitForWindowExposed(&page));
        QTRY_VERIFY_WITH_TIMEOUT(session.product() && session.baseline() && session.surface(), 60000);
        QTRY_VERIFY_WITH_TIMEOUT(session.settled() && session.surface()->complete(), 60000);
        QTest::qWait(30);
    }
    static int samples(const ui::LiveSession& session) {
        int out = 0;
        for (std::size_t s = 0; s < session.product()->sets().size(); ++s) out += session.product()->sample(s) ? 1 : 0;
        return out;
    }

    QTemporaryDir dir_;
    std::filesystem::path folder_;
    std::shared_ptr<engine::LiveProduct> whole_;
    std::uint64_t bytes_ = 0;  // of all landscapes
};

QTEST_MAIN(TuneTest)
#include "tune_test.moc"
