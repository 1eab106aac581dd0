// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The whole story in the real window, as a person does it: open the demo, tune, undo, snapshot, pin, goal, train,
// pause, go on, compare, save, reopen. What is shown must be what the command line prints.
#include <QAccessible>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QDirIterator>
#include <QDockWidget>
#include <QDoubleSpinBox>
#include <QDropEvent>
#include <QLineEdit>
#include <QMimeData>
#include <QProcess>
#include <QPushButton>
#include <QScreen>
#include <QScrollArea>
#include <QSettings>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QStatusBar>
#include <QTableView>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QToolBar>
#include <QToolButton>
#include <QToolTip>
#include <QWheelEvent>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/session/session.h"
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
#include "ui/style/theme.h"
#include "ui/workspace/import_dialog.h"

using ui::MainWindow;

class StudioTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(folder_.isValid());
        ui::applyTheme(ui::ThemeChoice::Light);
        window_ = std::make_unique<MainWindow>(false);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
        QCOMPARE(window_->page(), MainWindow::Page::Start);
    }

    void cleanupTestCase() { window_.reset(); }

    void theDemoOpensWithLiveSliders() {
        window_->openDemo(path("demo"), QStringLiteral("tiny"));
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().product(), 120000);
        QCOMPARE(window_->page(), MainWindow::Page::Tune);
        const auto* first = window_->session().product().get();
        window_->openDemo(path("demo"), QStringLiteral("tiny"));  // clicked once more
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().surface() && window_->session().surface()->complete(), 60000);
        QTRY_VERIFY_WITH_TIMEOUT(!window_->busy(), 120000);
        // Its other products come without taking this one from under the hand.
        QCOMPARE(window_->session().product().get(), first);
        QCOMPARE(window_->project().products().size(), 3);
        QVERIFY(window_->windowTitle().contains("ImageBind++"));
        QCOMPARE(window_->tune().surfaces().groups(), (QStringList{"AT", "AV", "TV"}));
    }

    void aDraggedSliderChangesEveryFigureAndIsOneStep() {
        auto* slider = window_->tune().controls().slider("sigma_a");
        QVERIFY(slider);
        auto* groove = slider->findChild<QWidget*>("groove_sigma_a");
        QVERIFY(groove);
        const double before = slider->value();
        const int steps = window_->project().undoStack().count();
        const int y = groove->height() / 2;
        const auto x = [&](double v) { return static_cast<int>(9 + v * (groove->width() - 18)); };
        QTest::mousePress(groove, Qt::LeftButton, {}, {x(before), y});
        for (double v = before; v <= 0.9; v += 0.02) QTest::mouseMove(groove, {x(v), y});
        QTest::mouseMove(groove, {x(0.9), y});
        QTest::mouseRelease(groove, Qt::LeftButton, {}, {x(0.9), y});
        QVERIFY(std::abs(slider->value() - 0.9) < 0.02);
        QCOMPARE(window_->project().undoStack().count(), steps + 1);
        settle();
        compareWithCommandLine();
        window_->project().undoStack().undo();
        QVERIFY(std::abs(slider->value() - before) < 1e-9);
        settle();
        compareWithCommandLine();
    }

    void valuesAreTypedAndSteppedWithKeys() {
        auto* slider = window_->tune().controls().slider("sigma_t");
        auto* exact = slider->findChild<QDoubleSpinBox*>("exact_sigma_t");
        exact->setFocus();
        exact->selectAll();
        QTest::keyClicks(exact, QLocale().toString(0.333));
        QTest::keyClick(exact, Qt::Key_Return);
        QCOMPARE(slider->value(), 0.333);
        // The formula in force has the number, and what is left for the base.
        QVERIFY(window_->tune().controls().formulaText().contains("0.333·"));
        QVERIFY(window_->tune().controls().formulaText().contains("0.667·ImageBind"));
        auto* groove = slider->findChild<QWidget*>("groove_sigma_t");
        QTest::keyClick(groove, Qt::Key_Right);
        QVERIFY(std::abs(slider->value() - 0.343) < 1e-9);
        QTest::keyClick(groove, Qt::Key_Right, Qt::ShiftModifier);
        QVERIFY(std::abs(slider->value() - 0.443) < 1e-9);
        QTest::keyClick(groove, Qt::Key_Home);
        QCOMPARE(slider->value(), 0.0);
        settle();
        compareWithCommandLine();
    }

    void aWheelScrollsThePanelAndChangesNothing() {
        auto& controls = window_->tune().controls();
        auto* exact = controls.slider("sigma_t")->findChild<QDoubleSpinBox*>("exact_sigma_t");
        auto* groove = controls.slider("sigma_t")->findChild<QWidget*>("groove_sigma_t");
        groove->setFocus();
        const double before = controls.slider("sigma_t")->value();
        for (QWidget* field : {static_cast<QWidget*>(exact), groove}) {
            const QPointF at = QRectF(field->rect()).center();
            QWheelEvent wheel(at, field->mapToGlobal(at), {}, {0, 120}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                              false);
            QApplication::sendEvent(field, &wheel);
        }
        QCOMPARE(controls.slider("sigma_t")->value(), before);
    }

    void presetsAreChosenAndRecognised() {
        auto* presets = window_->tune().findChild<QComboBox*>("presets");
        int expertise = -1;
        for (int i = 0; i < presets->count(); ++i) {
            if (presets->itemText(i).startsWith("AT Expertise")) expertise = i;
        }
        QVERIFY(expertise >= 0);
        presets->setCurrentIndex(expertise);
        Q_EMIT presets->activated(expertise);
        QCOMPARE(window_->project().setting().factors.at("sigma_a"), 0.8);
        QCOMPARE(window_->project().setting().factors.at("sigma_t"), 0.5);
        settle();
        QCOMPARE(presets->currentIndex(), expertise);
        compareWithCommandLine();
    }

    void anExpertIsSwitchedOff() {
        auto* expert = window_->tune().findChild<QCheckBox*>("expert_CLAP_m");
        QVERIFY(expert && expert->isChecked());
        QTest::mouseClick(expert, Qt::LeftButton, {}, {8, expert->height() / 2});
        QVERIFY(!expert->isChecked());
        QCOMPARE(window_->project().setting().expert_weights.at("CLAP_m"), 0.0);
        settle();
        compareWithCommandLine();
        window_->project().undoStack().undo();
        QVERIFY(window_->tune().findChild<QCheckBox*>("expert_CLAP_m")->isChecked());
        settle();
        compareWithCommandLine();
    }

    void allExpertsMayBeOff() {
        const int steps = window_->project().undoStack().index();
        for (const char* name : {"expert_CLAP_g", "expert_CLAP_m"}) {
            auto* expert = window_->tune().findChild<QCheckBox*>(QString::fromLatin1(name));
            QTest::mouseClick(expert, Qt::LeftButton, {}, {8, expert->height() / 2});
            QVERIFY(!expert->isChecked());
        }
        settle();
        QVERIFY2(windowMessages().isEmpty(), qPrintable(windowMessages()));
        compareWithCommandLine();
        while (window_->project().undoStack().index() > steps) window_->project().undoStack().undo();
        settle();
        compareWithCommandLine();
    }

    // What was being prepared for the experts of a moment ago does not replace what is ready for those in force.
    void projectorsAreSwitchedWithMouseAndKeys() {
        auto& controls = window_->tune().controls();
        auto& stack = window_->project().undoStack();
        const int steps = stack.index();
        QVERIFY(controls.projectors("CLAP_g"));
        auto* chip = controls.projectors("CLAP_g")->chip("T");
        QVERIFY(chip && chip->isChecked() && chip->toolTip().contains("text"));
        QCOMPARE(chip->accessibleName(), QString("Projector T of CLAP_g"));
        QCOMPARE(chip->accessibleDescription(), QString("on"));
        QVERIFY(!controls.formulaText().contains("/7]"));
        controls.ensureWidgetVisible(chip);
        QSignalSpy progress(&window_->session(), &ui::LiveSession::preparingProgressed);
        QTest::mouseClick(chip, Qt::LeftButton);
        QVERIFY(!chip->isChecked());
        QCOMPARE(chip->accessibleDescription(), QString("off"));
        QCOMPARE(stack.index(), steps + 1);
        QCOMPARE(window_->project().setting().projectors.at("CLAP_g:T"), false);
        QVERIFY(controls.formulaText().contains("Ψ_CLAP_g[6/7]"));
        settle();
        QVERIFY(progress.count() > 0);
        compareWithCommandLine();
        picture("projectors");
        chip = controls.projectors("CLAP_g")->chip("TVA");
        chip->setFocus();
        QTest::keyClick(chip, Qt::Key_Space);
        QVERIFY(!chip->isChecked());
        QVERIFY(controls.formulaText().contains("Ψ_CLAP_g[5/7]"));
        settle();
        compareWithCommandLine();
        stack.undo();
        QVERIFY(controls.projectors("CLAP_g")->chip("TVA")->isChecked());
        stack.undo();
        QVERIFY(controls.projectors("CLAP_g")->chip("T")->isChecked());
        settle();
        compareWithCommandLine();
    }

    void theLastProjectorStaysOnAndQuickSwitchesEndAtTheLast() {
        auto& controls = window_->tune().controls();
        auto& stack = window_->project().undoStack();
        const int steps = stack.index();
        QVERIFY(controls.projectors("CLAP_m"));
        for (const char* subset : {"T", "V", "A", "TV", "TA", "VA"}) {
            auto* chip = controls.projectors("CLAP_m")->chip(subset);
            controls.ensureWidgetVisible(chip);
            QTest::mouseClick(chip, Qt::LeftButton);
        }
        QCOMPARE(stack.index(), steps + 6);
        auto* last = controls.projectors("CLAP_m")->chip("TVA");
        QTest::mouseClick(last, Qt::LeftButton);
        QVERIFY(last->isChecked());
        QCOMPARE(stack.index(), steps + 6);
        QVERIFY(QToolTip::text().contains("switch the expert itself off"));
        QToolTip::hideText();
        QVERIFY(controls.formulaText().contains("Ψ_CLAP_m[1/7]"));
        settle();
        QVERIFY2(windowMessages().isEmpty(), qPrintable(windowMessages()));
        compareWithCommandLine();
        // Its chips have no effect while the expert is off.
        auto* expert = window_->tune().findChild<QCheckBox*>("expert_CLAP_m");
        QTest::mouseClick(expert, Qt::LeftButton, {}, {8, expert->height() / 2});
        QVERIFY(!controls.projectors("CLAP_m")->chip("TVA")->isEnabled());
        while (stack.index() > steps) stack.undo();
        QVERIFY(controls.projectors("CLAP_m")->chip("TVA")->isEnabled());
        settle();
        compareWithCommandLine();
    }

    void chipsAreWholeInBothThemes() {
        const auto size = window_->size();
        window_->resize(1280, 800);
        for (const auto theme : {ui::ThemeChoice::Dark, ui::ThemeChoice::Light}) {
            ui::applyTheme(theme);
            QTest::qWait(50);
            auto& controls = window_->tune().controls();
            for (const char* expert : {"CLAP_g", "CLAP_m"}) {
                QVERIFY(controls.projectors(expert));
                std::vector<QRect> places;
                for (const char* subset : {"T", "V", "A", "TV", "TA", "VA", "TVA"}) {
                    auto* chip = controls.projectors(expert)->chip(subset);
                    controls.ensureWidgetVisible(chip);
                    QCOMPARE(chip->visibleRegion().boundingRect(), chip->rect());
                    QVERIFY(chip->width() >= chip->fontMetrics().horizontalAdvance(chip->text()) + 8);
                    QVERIFY(chip->height() >= chip->fontMetrics().height());
                    for (const auto& other : places) QVERIFY(!other.intersects(chip->geometry()));
                    places.push_back(chip->geometry());
                }
            }
            picture(theme == ui::ThemeChoice::Dark ? "chips-dark" : "chips-light");
        }
        window_->resize(size);
    }

    void anExpertGoesOffAndOnAgainAtOnce() {
        auto* expert = window_->tune().findChild<QCheckBox*>("expert_CLAP_g");
        for (int i = 0; i < 5; ++i) {
            QTest::mouseClick(expert, Qt::LeftButton, {}, {8, expert->height() / 2});
            QTest::qWait(3 * i);
            window_->project().undoStack().undo();
        }
        settle();
        QVERIFY(window_->session().product()->missing(window_->project().setting()).empty());
        for (const auto& set : window_->session().figures().sets) QVERIFY(set);
        QVERIFY(window_->session().surface());
        compareWithCommandLine();
    }

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
            QCOMPARE(setting.factors.at(goal.result()->factors[f]), goal.result()->best.factors[f]);
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
        page.setup().setOptions({{"device", "cpu"}}, {{"hidden_width", 32}, {"batch_size", 32}, {"epochs", 40}});
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
        window_->compare().setReference(1);
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
        QVERIFY(again.explore().state() == window_->explore().state());
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

private:
    QString path(const char* name) const { return folder_.filePath(QString::fromLatin1(name)); }

    // As a click on the rail.
    void goTo(MainWindow::Page page) {
        auto* rail = window_->findChild<QToolBar*>("rail");
        auto* action = window_->findChild<QAction*>(QStringLiteral("page_%1").arg(static_cast<int>(page)));
        QTest::mouseClick(rail->widgetForAction(action), Qt::LeftButton);
        QCOMPARE(window_->page(), page);
    }

    QAction* action(const char* text) {
        for (auto* action : window_->findChildren<QAction*>()) {
            if (action->text().remove(QLatin1Char('&')) == QString::fromUtf8(text)) return action;
        }
        qFatal("there is no action %s", text);
    }

    // What the bars of the window and of the page say.
    QString windowMessages() {
        QString out = window_->message().text();
        for (auto* bar : window_->tune().findChildren<ui::MessageBar*>()) out += bar->text();
        return out;
    }

    static QByteArray bytesOf(const QString& name) {
        QFile file(name);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("cannot be read");
    }

    // A command line in a shell, as a person would paste it.
    static void run(const QString& line) {
        QProcess shell;
        auto environment = QProcessEnvironment::systemEnvironment();
        environment.insert("PATH", QCoreApplication::applicationDirPath() + "/../bin:" + environment.value("PATH"));
        shell.setProcessEnvironment(environment);
        shell.start("/bin/sh", {"-c", line});
        QVERIFY(shell.waitForFinished(120000));
        QVERIFY2(shell.exitCode() == 0, shell.readAllStandardError().constData());
    }

    void settle() {
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().settled(), 60000);
        QTest::qWait(30);
    }

    // Every figure in the table, at the setting in force, is what `molspace evaluate --reference` prints.
    engine::Json evaluated() {
        const auto live = window_->session().product();
        engine::EvaluateRequest request;
        request.subject.product = live->folder();
        const auto setting = window_->project().setting();
        for (const auto& [name, value] : setting.factors)
            request.subject.set.push_back(name + "=" + QString::number(value, 'g', 17).toStdString());
        for (const auto& [name, value] : setting.expert_weights)
            request.subject.set.push_back(name + "=" + QString::number(value, 'g', 17).toStdString());
        for (const auto& [name, on] : setting.projectors) request.subject.set.push_back(name + (on ? "=on" : "=off"));
        request.reference = true;
        return engine::evaluate(request, {}).json;
    }

    void compareWithCommandLine() {
        const auto json = evaluated();
        auto& model = window_->tune().metrics();
        int compared = 0;
        for (const auto& set : json["sets"]) {
            const QString name = QString::fromStdString(set["set"].get<std::string>());
            const char* metric = set["metrics"].contains("R@1")     ? "R@1"
                                 : set["metrics"].contains("top-1") ? "top-1"
                                                                    : "mAP";
            const auto shown = model.now(name);
            QVERIFY2(shown, qPrintable(name));
            QVERIFY2(std::abs(*shown - set["metrics"][metric].get<double>()) < 1e-9, qPrintable(name));
            ++compared;
        }
        QVERIFY(compared > 0);
    }

    static double residentKib() {
        QFile file(QStringLiteral("/proc/self/statm"));
        if (!file.open(QIODevice::ReadOnly)) return 0;
        return file.readAll().split(' ').value(1).toDouble() * 4;
    }

    // For people to look at, where MOLSPACE_PICTURES names a folder.
    void picture(const QString& name) {
        const QString folder = qEnvironmentVariable("MOLSPACE_PICTURES");
        if (folder.isEmpty()) return;
        QTest::qWait(300);
        window_->screen()
            ->grabWindow(0, window_->x(), window_->y(), window_->width(), window_->height())
            .save(QDir(folder).filePath(name + ".png"));
    }

    QTemporaryDir folder_;
    std::unique_ptr<MainWindow> window_;
};

QTEST_MAIN(StudioTest)
#include "studio_test.moc"
