// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The whole story in the real window, as a person does it: open the demo, tune, undo, snapshot, pin, goal, train,
// pause, go on, compare, save, reopen. What is shown must be what the command line prints.
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QScreen>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include "engine/base/error.h"
#include "engine/session/session.h"
#include "ui/main_window.h"
#include "ui/style/theme.h"

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
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().surface() && window_->session().surface()->complete(), 60000);
        QTRY_VERIFY_WITH_TIMEOUT(!window_->busy(), 120000);
        QVERIFY(window_->windowTitle().contains("ImageBind++"));
        QCOMPARE(window_->tune().groups(), (QStringList{"AT", "AV", "TV"}));
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
        auto* groove = slider->findChild<QWidget*>("groove_sigma_t");
        QTest::keyClick(groove, Qt::Key_Right);
        QVERIFY(std::abs(slider->value() - 0.343) < 1e-9);
        QTest::keyClick(groove, Qt::Key_Right, Qt::ShiftModifier);
        QVERIFY(std::abs(slider->value() - 0.443) < 1e-9);
        QTest::keyClick(groove, Qt::Key_Home);
        QCOMPARE(slider->value(), 0.0);
        settle();
        compareWithCommandLine();
        // The formula in force has the number.
        QVERIFY(window_->tune().controls().formulaText().contains("0"));
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

    void aClickOnTheMapSetsTheSliders() {
        auto& heat = window_->tune().heatMap();
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
        QVERIFY(tune.groupText("AT").endsWith(QStringLiteral("  0.00")));
        window_->project().undoStack().undo();
        settle();
        QVERIFY(!tune.groupText("AT").endsWith(QStringLiteral("  0.00")));
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
            const QString shown = window_->tune().groupText(name);
            QVERIFY2(shown.contains(QString::number(std::abs(promised), 'f', 2)), qPrintable(shown));
        }
    }

    void theFiguresOfThePaperAreOneClickAway() {
        QTRY_VERIFY_WITH_TIMEOUT(!window_->busy(), 120000);
        for (const int number : {4, 5, 6}) {
            auto* action = window_->findChild<QAction*>(QStringLiteral("figure_%1").arg(number));
            QVERIFY(action);
            action->trigger();
            QVERIFY2(window_->message().text().isEmpty(), qPrintable(window_->message().text()));
            QTRY_VERIFY_WITH_TIMEOUT(window_->session().product(), 60000);
            settle();
            const auto surface = window_->session().surface();
            QVERIFY(surface && surface->complete());
            QCOMPARE(surface->axes[0].factor, std::string(number == 6 ? "lambda_v" : "sigma_a"));
            QCOMPARE(surface->baseline, std::string(number == 4 ? "#" : "ImageBind").substr(0, 1) == "#"
                                            ? surface->baseline
                                            : std::string("ImageBind"));
            QVERIFY(surface->synthetic);
        }
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
        const auto setting = window_->project().setting();
        const QString product = window_->project().product();
        const auto snapshots = window_->project().snapshots().size();
        window_->project().setExtra("page", static_cast<int>(window_->page()));
        window_->project().save(path("story.msproject"));
        MainWindow again(false);
        again.show();
        again.open(path("story.msproject"));
        QVERIFY2(again.message().text().isEmpty(), qPrintable(again.message().text()));
        QTRY_VERIFY_WITH_TIMEOUT(again.session().product(), 60000);
        QCOMPARE(again.project().product(), product);
        QCOMPARE(again.project().setting().factors, setting.factors);
        QCOMPARE(again.project().snapshots().size(), snapshots);
        QCOMPARE(again.page(), MainWindow::Page::Tune);
        QTRY_VERIFY_WITH_TIMEOUT(!again.busy(), 60000);
    }

    void whatCannotBeOpenedIsSaid() {
        window_->open(path("nothing"));
        QVERIFY(window_->message().text().contains("expected the folder of a workspace"));
        window_->message().clear();
    }

    void bothThemesAreDrawn() {
        for (const auto& [choice, name] :
             {std::pair{ui::ThemeChoice::Dark, "dark"}, std::pair{ui::ThemeChoice::Light, "light"}}) {
            ui::applyTheme(choice);
            for (const auto page : {MainWindow::Page::Workspace, MainWindow::Page::Reactions, MainWindow::Page::Tune,
                                    MainWindow::Page::Compare, MainWindow::Page::Explore, MainWindow::Page::Help}) {
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

private:
    QString path(const char* name) const { return folder_.filePath(QString::fromLatin1(name)); }

    void settle() {
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().settled(), 60000);
        QTest::qWait(30);
    }

    // Every figure in the table, at the setting in force, is what `molspace evaluate --reference` prints.
    void compareWithCommandLine() {
        const auto live = window_->session().product();
        engine::EvaluateRequest request;
        request.subject.product = live->folder();
        const auto setting = window_->project().setting();
        for (const auto& [name, value] : setting.factors)
            request.subject.set.push_back(name + "=" + QString::number(value, 'g', 17).toStdString());
        for (const auto& [name, value] : setting.expert_weights)
            request.subject.set.push_back(name + "=" + QString::number(value, 'g', 17).toStdString());
        request.reference = true;
        const auto json = engine::evaluate(request, {}).json;
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
