// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The controls of tuning in the real window, as a person uses them: sliders, presets, switches of experts, projectors.
// What is shown must be what the command line prints.
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QInputDialog>
#include <QLineEdit>
#include <QSignalSpy>
#include <QTest>
#include <QTimer>
#include <QToolButton>
#include <QToolTip>
#include <QWheelEvent>

#include "tests/ui/studio_window.h"
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
};

QTEST_MAIN(StudioTuneTest)
#include "studio_tune_test.moc"
