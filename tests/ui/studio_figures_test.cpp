// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What tuning leads to in the real window, as a person sees it: maps, baselines, snapshots, goals, the paper's figures.
// What is shown must be what the command line prints.
#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableWidget>
#include <QTest>
#include <QToolButton>

#include <algorithm>

#include "tests/ui/studio_window.h"
#include "ui/compare/compare_card.h"
#include "ui/compare/compare_table.h"
#include "ui/export/command_page.h"
#include "ui/export/export_dialog.h"
#include "ui/main_window.h"
#include "ui/style/theme.h"

using ui::MainWindow;

class StudioFiguresTest : public ui::test::StudioWindow {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        openWindow();
        openDemo();
    }

    void cleanupTestCase() { window_.reset(); }

    void aClickOnTheMapSetsTheSliders() {
        auto& heat = window_->tune().surfaces().heatMap();
        QTRY_VERIFY(heat.isVisible());
        const QPoint at = heat.place(0.25, 0.75).toPoint();
        QTest::mouseClick(&heat, Qt::LeftButton, {}, at);
        const auto setting = window_->project().setting();
        QVERIFY(std::abs(setting.factors.at("sigma_a") - 0.25) < 0.02);
        QVERIFY(std::abs(setting.factors.at("sigma_t") - 0.75) < 0.02);
        settle();
        compareWithCommandLine();
    }

    void aBaselineIsPinnedAndChangesCountAgainstIt() {
        auto& tune = window_->tune();
        const int number = window_->project().addSnapshot("here");
        window_->project().pinBaseline({{}, number}, "pin");
        settle();
        for (const auto& set : window_->session().product()->sets()) {
            const auto change = tune.metrics().change(QString::fromStdString(set.name));
            QVERIFY2(change, set.name.c_str());
            QVERIFY(std::abs(*change) < 1e-9);
        }
        QVERIFY(tune.surfaces().groupText("AT").endsWith(QStringLiteral("  0.00")));
        // Exported lines count against it too.
        action("Export…")->trigger();
        auto* dialog = window_->findChild<ui::ExportDialog*>();
        QVERIFY(dialog);
        for (const char* verb : {"sweep", "tune", "headroom"})
            QVERIFY2(dialog->commands().command(verb).contains("--baseline-"), verb);
        delete dialog;
        window_->project().undoStack().undo();
        settle();
        QVERIFY(!tune.surfaces().groupText("AT").endsWith(QStringLiteral("  0.00")));
    }

    // A snapshot of one product is no baseline of another; and what is half typed stays where it was typed.
    void productsAreSwitched() {
        auto& project = window_->project();
        const QString first = project.product();
        const QString other = project.products()[1];
        QVERIFY(other != first);
        const int number = project.addSnapshot("of the first");
        project.pinBaseline({{}, number}, "pin");
        settle();
        QVERIFY(window_->session().baseline()->subject.starts_with("#"));
        project.renameSnapshot(number, "new name");
        settle();
        QVERIFY(QString::fromStdString(window_->session().baseline()->subject).endsWith("new name"));
        auto* exact = window_->tune().controls().slider("sigma_t")->findChild<QDoubleSpinBox*>("exact_sigma_t");
        exact->setFocus();
        exact->selectAll();
        QTest::keyClicks(exact, QLocale().toString(0.777));
        auto* products = window_->tune().findChild<QComboBox*>("products");
        products->setCurrentIndex(products->findData(other));
        Q_EMIT products->activated(products->currentIndex());
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().product() && window_->session().baseline(), 60000);
        settle();
        QVERIFY2(windowMessages().isEmpty(), qPrintable(windowMessages()));
        QCOMPARE(window_->session().baseline()->subject, std::string("ImageBind"));
        QCOMPARE(window_->tune().findChild<QComboBox*>("baseline")->currentText(), QString("ImageBind"));
        QCOMPARE(project.setting().factors, window_->session().product()->defaults().factors);
        compareWithCommandLine();
        // The switch is a step like any other.
        project.undoStack().undo();
        QCOMPARE(project.product(), first);
        QCOMPARE(products->currentData().toString(), first);
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().product() && window_->session().baseline(), 60000);
        QVERIFY(window_->session().baseline()->subject.starts_with("#"));
        project.undoStack().redo();
        QCOMPARE(project.product(), other);
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().product() && window_->session().baseline(), 60000);
        settle();
        // The snapshot brings its product back, in one step.
        const int steps = project.undoStack().count();
        auto* snapshots = window_->findChild<QListWidget*>();
        for (auto* list : window_->findChildren<QListWidget*>()) {
            if (list->accessibleName() == "Snapshots") snapshots = list;
        }
        QVERIFY(snapshots->count() > 0);
        Q_EMIT snapshots->itemActivated(snapshots->item(snapshots->count() - 1));
        QCOMPARE(project.product(), first);
        QCOMPARE(project.undoStack().count(), steps + 1);
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().product() && window_->session().baseline(), 60000);
        settle();
        QVERIFY(window_->session().baseline()->subject.starts_with("#"));
        project.undoStack().undo();
        QCOMPARE(project.product(), other);
        project.undoStack().redo();
        project.pinBaseline({}, "base");
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().product() && window_->session().baseline(), 60000);
        settle();
    }

    void twoSnapshotsAreFlipped() {
        auto& project = window_->project();
        auto& stack = project.undoStack();
        const int steps = stack.index();
        auto* flip = action("Flip between A and B");
        QVERIFY(!flip->isEnabled());
        for (const double value : {0.15, 0.65}) {
            auto setting = project.setting();
            setting.factors["sigma_a"] = value;
            project.setSetting(setting, "for a snapshot");
            action("Take snapshot")->trigger();
        }
        QVERIFY(flip->isEnabled());
        for (const double value : {0.15, 0.65, 0.15}) {
            const int before = stack.index();
            flip->trigger();
            QCOMPARE(project.setting().factors.at("sigma_a"), value);
            QCOMPARE(stack.index(), before + 1);
        }
        settle();
        compareWithCommandLine();
        while (stack.index() > steps) stack.undo();
        QVERIFY(!flip->isEnabled());
        settle();
    }

    // What is put beside four others takes the place of the first, which is said; no number comes twice.
    void aFifthColumnTakesThePlaceOfTheFirst() {
        auto& project = window_->project();
        const int steps = project.undoStack().index();
        auto* add = action("Put the setting beside others");
        const auto addAt = [&](double value) {
            auto setting = project.setting();
            setting.factors["sigma_a"] = value;
            project.setSetting(setting, "for comparison");
            add->trigger();
        };
        window_->message().clear();
        const auto& items = window_->compare().items();
        for (const double value : {0.1, 0.2, 0.3, 0.4}) addAt(value);
        QVERIFY2(window_->message().text().isEmpty(), qPrintable(window_->message().text()));
        window_->compare().cards()[2]->findChild<QToolButton*>("card_pin")->click();
        const QString first = items[0].name, reference = items[2].name;
        addAt(0.5);
        QCOMPARE(items.size(), 4);
        QVERIFY(items[3].name.endsWith("#5"));
        QVERIFY2(window_->message().text().contains(first), qPrintable(window_->message().text()));
        QCOMPARE(items[window_->compare().reference()].name, reference);
        const auto removeFirst = [&] {
            auto* button = window_->compare().cards().front()->findChild<QToolButton*>("card_remove");
            QTest::mouseClick(button, Qt::LeftButton);
        };
        removeFirst();
        addAt(0.6);
        QCOMPARE(items.size(), 4);
        QVERIFY(items[3].name.endsWith("#6"));
        while (!items.isEmpty()) removeFirst();
        window_->message().clear();
        goTo(MainWindow::Page::Tune);
        project.undoStack().setIndex(steps);
        settle();
    }

    void aGoalIsFoundAndApplied() {
        auto& goal = window_->tune().goal();
        auto* search = goal.findChild<QPushButton*>("search");
        search->click();
        QTRY_VERIFY_WITH_TIMEOUT(goal.result() && !goal.searching(), 60000);
        auto* table = goal.findChild<QTableWidget*>();
        QVERIFY(table->rowCount() > 0);
        Q_EMIT table->cellActivated(0, 0);
        const auto setting = window_->project().setting();
        for (std::size_t f = 0; f < goal.result()->factors.size(); ++f)
            QCOMPARE(engine::factorAt(goal.result()->factors[f], setting), goal.result()->best.factors[f]);
        settle();
        // What the search promised is what is shown.
        for (std::size_t g = 0; g < goal.result()->groups.size(); ++g) {
            const QString name = QString::fromStdString(goal.result()->groups[g].name);
            const double promised = goal.result()->best.change[g];
            const QString shown = window_->tune().surfaces().groupText(name);
            QVERIFY2(shown.contains(QString::number(std::abs(promised), 'f', 2)), qPrintable(shown));
        }
    }

    void theFiguresOfThePaperAreOneClickAway() {
        QTRY_VERIFY_WITH_TIMEOUT(!window_->busy(), 120000);
        for (const int number : {3, 4, 5, 6}) {
            auto* action = window_->findChild<QAction*>(QStringLiteral("figure_%1").arg(number));
            QVERIFY(action);
            action->trigger();
            QVERIFY2(window_->message().text().isEmpty(), qPrintable(window_->message().text()));
            QTRY_VERIFY_WITH_TIMEOUT(window_->session().product(), 60000);
            settle();
            const auto surface = window_->session().surface();
            QVERIFY(surface && surface->complete());
            QCOMPARE(surface->axes[0].factor, std::string(number == 6 ? "lambda_v" : "sigma_a"));
            QCOMPARE(surface->axes[1].factor, std::string(number == 6 ? "lambda_t" : "sigma_t"));
            QCOMPARE(QFileInfo(window_->project().product()).fileName(), QString(number == 5   ? "ImageBind++"
                                                                                 : number == 6 ? "InternVL_IB"
                                                                                               : "InternVL_IB++"));
            QCOMPARE(window_->tune().surfaces().group(), QString(number == 6 ? "TV" : "AT"));
            // Figures 3 and 4 count against InternVL_IB, which is the same product with σ at 0.
            const bool against_itself = number == 3 || number == 4;
            if (against_itself) QVERIFY2(surface->baseline.ends_with(" InternVL_IB"), surface->baseline.c_str());
            else QCOMPARE(surface->baseline, std::string("ImageBind"));
            for (const auto& group : surface->groups) QVERIFY(!against_itself || std::abs(group.change.front()) < 1e-9);
            QVERIFY(surface->synthetic);
            // Chosen again, it is no step.
            const int steps = window_->project().undoStack().count();
            action->trigger();
            QCOMPARE(window_->project().undoStack().count(), steps);
        }
    }

    void theFiguresHaveTheirThreePanels() {
        const auto size = window_->size();
        window_->resize(1280, 800);
        auto& surfaces = window_->tune().surfaces();
        for (const int number : {3, 6, 5}) {
            window_->findChild<QAction*>(QStringLiteral("figure_%1").arg(number))->trigger();
            QTRY_VERIFY_WITH_TIMEOUT(window_->session().product() && window_->session().baseline(), 60000);
            settle();
            const QString own = number == 6 ? "TV" : "AT";
            QCOMPARE(surfaces.group(), own);
            std::vector<QWidget*> panels;
            for (const QString name : {"AT", "AV", "TV"}) {
                QWidget* panel = surfaces.beside(name);
                QCOMPARE(panel == nullptr, name == own);
                if (panel) QVERIFY(surfaces.beside(name)->isCurve());
                else if (surfaces.surface()) panel = surfaces.surface();
                else panel = &surfaces.heatMap();
                panels.push_back(panel);
            }
            // In the paper's order, whole.
            const auto placed = [&] {
                int right = 0;
                for (QWidget* panel : panels) {
                    for (QWidget* at = panel; at != window_.get(); at = at->parentWidget()) {
                        if (!at->parentWidget()->rect().contains(at->geometry())) return false;
                    }
                    const int x = panel->mapTo(window_.get(), QPoint(0, 0)).x();
                    if (!panel->isVisible() || x < right) return false;
                    right = x + panel->width();
                }
                return right <= window_->width();
            };
            QTRY_VERIFY(placed());
            for (const auto theme : {ui::ThemeChoice::Dark, ui::ThemeChoice::Light}) {
                ui::applyTheme(theme);
                QTest::qWait(100);
                picture(
                    QStringLiteral("figure-%1-%2").arg(number).arg(theme == ui::ThemeChoice::Dark ? "dark" : "light"));
            }
        }
        window_->resize(size);
    }

    // From a step of a curve to the query that makes it, and back to the slider from there.
    void aChangeOfACurveLeadsToItsQuery() {
        auto& surfaces = window_->tune().surfaces();
        using Pane = ui::SurfacesPanel::Pane;
        surfaces.setPane(Pane::Groups, false);
        surfaces.setPane(Pane::Curves, true);
        surfaces.setPane(Pane::Surface, false);
        auto& view = surfaces.curves();
        QTRY_VERIFY_WITH_TIMEOUT(view.isVisible() && !view.curves().empty(), 30000);
        const auto curve = *std::find_if(view.curves().begin(), view.curves().end(),
                                         [](const auto& c) { return c.label.endsWith("AT"); });
        QVERIFY(!curve.x.empty());
        const std::size_t k = curve.x.size() / 2;
        view.setFocus();
        QTest::mouseClick(&view, Qt::LeftButton, {},
                          view.place(curve.x[k], (curve.y[k] + curve.y[k + 1]) / 2).toPoint());
        auto& list = surfaces.flips();
        QTRY_VERIFY_WITH_TIMEOUT(list.isVisible() && !list.busy(), 30000);
        QVERIFY(list.table().rowCount() > 0);
        QSignalSpy chosen(&surfaces, &ui::SurfacesPanel::queryChosen);
        QTest::mouseClick(list.findChild<QPushButton*>("inspect"), Qt::LeftButton);
        QCOMPARE(window_->page(), MainWindow::Page::Explore);
        auto& explore = window_->explore();
        QTRY_VERIFY_WITH_TIMEOUT(explore.inspector().query() && !explore.busy(), 60000);
        auto& line = explore.inspector().line();
        QVERIFY(line.isVisible() && line.line());
        QCOMPARE(line.line()->factor, surfaces.curveFactor());
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(*explore.inspector().query(), chosen[0][2].toUInt());
        picture("query-line");
        const int steps = window_->project().undoStack().count();
        auto* curves = line.findChild<ui::CurveView*>();
        const auto spot = [&](double x) { return curves->place(x, curves->scale().low).toPoint(); };
        QTest::mousePress(curves, Qt::LeftButton, {}, spot(0.3));
        for (const double x : {0.4, 0.5, 0.6}) QTest::mouseMove(curves, spot(x));
        QTest::mouseRelease(curves, Qt::LeftButton, {}, spot(0.6));
        QVERIFY(std::abs(window_->project().setting().factors.at(surfaces.curveFactor()) - 0.6) < 0.02);
        QCOMPARE(window_->project().undoStack().count(), steps + 1);
        window_->project().undoStack().undo();
        list.close();
        goTo(MainWindow::Page::Tune);
        settle();
    }

    void theScaleOfASurfaceStaysWhileAnotherFactorMoves() {
        window_->findChild<QAction*>("figure_4")->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().product(), 60000);
        const int steps = window_->project().undoStack().index();
        const auto& heat = window_->tune().surfaces().heatMap();
        const auto at = [&](double sigma) {
            engine::Setting setting = window_->project().setting();
            setting.factors["sigma_t"] = sigma;
            window_->project().setSetting(setting, "σ_t");
            settle();
        };
        window_->tune().surfaces().setPane(ui::SurfacesPanel::Pane::Groups, false);  // its scale is of all groups
        // Over these the changes of audio and text are all above zero, but not where σ_t is 0.
        at(0.25);
        ui::TuneView view = window_->project().view();
        view.x = "sigma_a";
        view.y = "lambda_v";
        view.group = "AT";
        window_->project().setView(view, "σ_a, λ_v");
        settle();
        const auto first = heat.scale();
        at(0);
        const auto widest = heat.scale();
        QVERIFY(widest.low <= first.low && widest.high >= first.high);
        QVERIFY(widest.low < first.low || widest.high > first.high);  // else this shows nothing
        at(0.25);
        QCOMPARE(heat.scale().low, widest.low);
        QCOMPARE(heat.scale().high, widest.high);
        // Another group has its own, and each keeps it.
        window_->tune().surfaces().chooseGroup("TV");
        settle();
        QVERIFY(heat.scale().low != widest.low || heat.scale().high != widest.high);
        window_->tune().surfaces().chooseGroup("AT");
        settle();
        QCOMPARE(heat.scale().low, widest.low);
        QCOMPARE(heat.scale().high, widest.high);
        window_->project().undoStack().setIndex(steps);
        settle();
    }

    // The outline is of the group that is shown, never of the one before.
    void theTiedRegionIsOfTheGroupThatIsShown() {
        const int steps = window_->project().undoStack().index();
        auto& surfaces = window_->tune().surfaces();
        const auto& heat = surfaces.heatMap();
        surfaces.chooseGroup("AT");
        surfaces.setPane(ui::SurfacesPanel::Pane::HeatMap, true);
        settle();
        auto* tied = surfaces.findChild<QCheckBox*>("tied");
        tied->setChecked(true);
        QTRY_VERIFY_WITH_TIMEOUT(!heat.tied().empty(), 60000);
        surfaces.chooseGroup("TV");
        QVERIFY(heat.tied().empty());
        QTRY_VERIFY_WITH_TIMEOUT(!heat.tied().empty(), 60000);
        const auto surface = window_->session().surface();
        engine::ConfidenceOptions options;
        options.resamples = 500;
        for (const auto& of : surface->groups) {
            if (of.group.name == "TV")
                QVERIFY(heat.tied() == window_->session().product()->tied(of.group, *surface, options, {}).tied);
        }
        tied->setChecked(false);
        QVERIFY(heat.tied().empty());
        window_->project().undoStack().setIndex(steps);
        settle();
    }
};

QTEST_MAIN(StudioFiguresTest)
#include "studio_figures_test.moc"
