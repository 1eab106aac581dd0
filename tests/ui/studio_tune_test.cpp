// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tuning in the real window, as a person does it: sliders, switches, projectors, maps, baselines, snapshots, goals, the
// paper's figures. What is shown must be what the command line prints.
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QInputDialog>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableWidget>
#include <QTest>
#include <QTimer>
#include <QToolButton>
#include <QToolTip>
#include <QWheelEvent>

#include "tests/ui/studio_window.h"
#include "ui/compare/compare_card.h"
#include "ui/compare/compare_table.h"
#include "ui/export/command_page.h"
#include "ui/export/export_dialog.h"
#include "ui/main_window.h"
#include "ui/style/theme.h"

using ui::MainWindow;

class StudioTuneTest : public ui::test::StudioWindow {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { openWindow(); }

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

    void aPresetOfOnesOwnIsSavedAndRemoved() {
        auto& project = window_->project();
        auto& stack = project.undoStack();
        const int steps = stack.index();
        auto setting = project.setting();
        setting.factors["sigma_a"] = 0.123;
        project.setSetting(setting, "by hand");
        const auto button = [&](const char* name) {
            for (auto* b : window_->tune().controls().findChildren<QToolButton*>()) {
                if (b->accessibleName() == QLatin1String(name)) return b;
            }
            qFatal("there is no button %s", name);
        };
        auto *save = button("Save preset"), *remove = button("Remove preset");
        auto* presets = window_->tune().findChild<QComboBox*>("presets");
        QVERIFY(save->isEnabled() && !remove->isEnabled());
        QTimer answer;
        connect(&answer, &QTimer::timeout, &answer, [] {
            auto* dialog = qobject_cast<QInputDialog*>(QApplication::activeModalWidget());
            if (!dialog) return;
            QTest::keyClicks(dialog->findChild<QLineEdit*>(), "Mine");
            dialog->accept();
        });
        answer.start(10);
        QTest::mouseClick(save, Qt::LeftButton);
        answer.stop();
        QCOMPARE(project.presets().at("Mine"), setting);
        QCOMPARE(presets->currentText(), QString("Mine"));
        QVERIFY(!save->isEnabled() && remove->isEnabled());
        stack.undo();
        QVERIFY(presets->findText("Mine") < 0);
        stack.redo();
        // Chosen from elsewhere.
        presets->setCurrentIndex(0);
        Q_EMIT presets->activated(0);
        QVERIFY(project.setting() != setting && !remove->isEnabled());
        presets->setCurrentText("Mine");
        Q_EMIT presets->activated(presets->currentIndex());
        QCOMPARE(project.setting(), setting);
        QTest::mouseClick(remove, Qt::LeftButton);
        QVERIFY(project.presets().empty() && presets->findText("Mine") < 0);
        QCOMPARE(project.setting(), setting);  // what was set with it stays
        QVERIFY(save->isEnabled() && !remove->isEnabled());
        stack.setIndex(steps);
        settle();
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
        window_->compare().setReference(2);
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

QTEST_MAIN(StudioTuneTest)
#include "studio_tune_test.moc"
