// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The dialog that exports a small trained product, what it writes and the lines it gives; needs an X server, a virtual
// one will do.
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDir>
#include <QFile>
#include <QGuiApplication>
#include <QLabel>
#include <QLineEdit>
#include <QPointer>
#include <QPushButton>
#include <QTest>
#include <QToolButton>

#include <algorithm>
#include <cmath>

#include "engine/base/file.h"
#include "engine/session/session.h"
#include "tests/ui/exported_product.h"
#include "tests/ui/picture.h"
#include "ui/export/command_line.h"
#include "ui/export/command_page.h"
#include "ui/export/export_dialog.h"
#include "ui/export/path_field.h"

using ui::test::picture;

class ExportDialogTest : public ui::test::ExportedProduct {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { openProduct(); }
    void cleanup() { ui::applyTheme(ui::ThemeChoice::Light); }

    // The product itself at another setting, or at its recipe's own, as tuning pins it.
    void aPinnedBaselineIsOnThePagesAndInTheLines() {
        engine::Setting pinned = live_->defaults();
        for (const bool own : {true, false}) {
            if (!own) {
                pinned.factors["sigma_t"] = 0.9;
                pinned.projectors["CLAP_g:TV"] = false;
            }
            auto dialog = show();
            dialog->setAxes({{"sigma_a", 0, 1, 3}});
            dialog->setBaseline({{}, pinned, QStringLiteral("#1 here")});
            dialog->showPage(ui::ExportDialog::Page::Surface);
            QCOMPARE(child<QComboBox>(*dialog, "surface_baseline")->currentText(), QStringLiteral("#1 here"));
            child<QComboBox>(*dialog, "surface_format")->setCurrentIndex(1);
            const std::string file = tiny_->path("against.json"), table = tiny_->path("against.csv");
            type(*child<ui::PathField>(*dialog, "surface_output"), QString::fromStdString(file));
            start(*dialog);
            QVERIFY2(dialog->resultText().contains(QStringLiteral("#1 here")), qPrintable(dialog->resultText()));
            const auto expected = live_->measure(pinned, {});
            const auto expectIt = [&](const engine::Json& surface) {
                int compared = 0;
                for (const auto& set : surface["sets"]) {
                    if (!set["baseline"].contains("R@1")) continue;  // sounds and images with classes
                    ++compared;
                    const double value = expected.at(set["set"].get<std::string>()).value("R@1");
                    QVERIFY(std::fabs(set["baseline"]["R@1"].get<double>() - value) < 1e-9);
                }
                QVERIFY(compared > 0);
            };
            expectIt(engine::readJsonFile(file));
            const QString line = dialog->commands().command(QStringLiteral("sweep"));
            QCOMPARE(line.contains(QStringLiteral("--baseline-set")), !own);
            expectIt(run(QString(line).replace(QStringLiteral("surface.csv"),
                                               ui::shellQuoted(QString::fromStdString(tiny_->path("line.csv")))) +
                         QStringLiteral(" --json")));
            // The figures at the setting as well.
            child<QComboBox>(*dialog, "surface_what")->setCurrentIndex(1);
            type(*child<ui::PathField>(*dialog, "surface_output"), QString::fromStdString(table));
            start(*dialog);
            const auto number = [](double v) { return QLocale::c().toString(v, 'g', QLocale::FloatingPointShortest); };
            const auto here = live_->measure(setting_, {});
            const auto& set =
                *std::find_if(here.sets.begin(), here.sets.end(), [](const auto& s) { return s.retrieval; });
            const double now = set.value("R@1"), before = expected.at(set.protocol.set).value("R@1");
            const QString row =
                QStringLiteral("%1,R@1,%2,%3,%4")
                    .arg(QString::fromStdString(set.protocol.set), number(now), number(before), number(now - before));
            QVERIFY2(QString::fromUtf8(bytesOf(table)).contains(row), qPrintable(row));
            // A space again.
            child<QComboBox>(*dialog, "surface_baseline")->setCurrentIndex(1);
            QVERIFY(dialog->commands().command(QStringLiteral("sweep")).contains(QStringLiteral("--baseline-space ")));
        }
    }

    void thePackageIsWrittenAndVerified() {
        auto dialog = show();
        QVERIFY(child<QLabel>(*dialog, "export_subject")->text().contains(QStringLiteral("synthetic world")));
        QVERIFY(child<QLabel>(*dialog, "export_subject")->text().contains(QStringLiteral("without CLAP_m")));
        auto* folder = child<ui::PathField>(*dialog, "package_folder");
        type(*folder, QString());
        QVERIFY(!child<QPushButton>(*dialog, "export_action")->isEnabled());
        QVERIFY(!child<QLabel>(*dialog, "export_hint")->text().isEmpty());
        type(*folder, QString::fromStdString(tiny_->path("package")));
        QTest::mouseClick(child<QCheckBox>(*dialog, "package_freebind"), Qt::LeftButton, {}, QPoint(8, 8));
        QVERIFY(child<QCheckBox>(*dialog, "package_freebind")->isChecked());
        start(*dialog);
        QVERIFY2(dialog->resultText().contains(QStringLiteral("verified")), qPrintable(dialog->resultText()));
        picture(*dialog, "export_package");
        QVERIFY(QFile::exists(QString::fromStdString(tiny_->path("package/metrics.json"))));
        QVERIFY(QDir(QString::fromStdString(tiny_->path("package/freebind"))).exists());
        engine::verify(tiny_->path("package"), {});
        const engine::Json recipe = engine::readJsonFile(tiny_->path("package/recipe.json"));
        QCOMPARE(recipe["route"][0]["factors"]["audio"].get<double>(), 0.8);
        const engine::Json figures = engine::readJsonFile(tiny_->path("package/metrics.json"));
        const auto expected = live_->measure(setting_, {});
        QVERIFY(std::fabs(figures["sets"][0]["metrics"]["R@1"].get<double>() - expected.sets[0].value("R@1")) < 1e-9);

        // What is not a package is left alone, and said so.
        engine::writeFileWhole(tiny_->path("mine.txt"), "mine");
        type(*folder, QString::fromStdString(tiny_->folder.path().toStdString()));
        start(*dialog);
        QVERIFY2(!dialog->resultText().contains(QStringLiteral("verified")), qPrintable(dialog->resultText()));
        QCOMPARE(bytesOf(tiny_->path("mine.txt")), QByteArray("mine"));
        picture(*dialog, "export_refused");
    }

    // The dialog is out of sight at once, and goes when its job has heard the stop; a package is there whole or not at
    // all.
    void closingWhileItRunsWaitsForNothing() {
        QPointer<ui::ExportDialog> dialog = show().release();
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        const std::string package = tiny_->path("closed package");
        type(*child<ui::PathField>(*dialog, "package_folder"), QString::fromStdString(package));
        QTest::mouseClick(child<QPushButton>(*dialog, "export_action"), Qt::LeftButton);
        QVERIFY(dialog->running());
        dialog->close();
        QVERIFY(dialog && dialog->running() && !dialog->isVisible());
        QTRY_VERIFY_WITH_TIMEOUT(!dialog, 20000);
        if (std::filesystem::exists(package)) engine::verify(package, {});
    }

    void embeddingsByTheDialog() {
        auto dialog = show();
        dialog->showPage(ui::ExportDialog::Page::Embeddings);
        auto* source = child<QComboBox>(*dialog, "embeddings_source");
        QTRY_VERIFY(source->count() > 1);
        const QString set = QString::fromStdString(live_->sets().front().name);
        const QString modality = QString::fromStdString(live_->sets().front().first);
        const int at = source->findText(QStringLiteral("Set %1, %2").arg(set, modality), Qt::MatchStartsWith);
        QVERIFY(at >= 0);
        source->setCurrentIndex(at);
        auto* format = child<QComboBox>(*dialog, "embeddings_format");
        format->setCurrentIndex(1);
        QVERIFY(child<ui::PathField>(*dialog, "embeddings_output")->path().endsWith(QStringLiteral(".safetensors")));
        const std::string file = tiny_->path("by dialog.safetensors");
        type(*child<ui::PathField>(*dialog, "embeddings_output"), QString::fromStdString(file));
        picture(*dialog, "export_embeddings");
        start(*dialog);
        QVERIFY2(dialog->resultText().contains(QStringLiteral("Embeddings written")), qPrintable(dialog->resultText()));
        const auto items = live_->components(0, setting_, {});
        const auto& side = items->first;
        const engine::Matrix expected = engine::blendAll(side, live_->model().weights(side.modality, side, setting_));
        const auto rows = read(file, expected.rows(), expected.cols());
        QVERIFY(std::equal(rows.begin(), rows.end(), expected.data()));
        // The line writes the same.
        const std::string by_line = tiny_->path("by line.safetensors");
        const QString line = dialog->commands().command(QStringLiteral("apply"));
        run(QString(line).replace(QStringLiteral("by dialog"), QStringLiteral("by line")) + QStringLiteral(" --json"));
        QVERIFY(read(by_line, expected.rows(), expected.cols()) == rows);
        // New files: a field for each space that is needed, and nothing starts before all are named.
        source->setCurrentIndex(source->count() - 1);
        QVERIFY(child<ui::PathField>(*dialog, "embeddings_input_ImageBind")->isVisible());
        QVERIFY(!child<QPushButton>(*dialog, "export_action")->isEnabled());
        picture(*dialog, "export_files");
    }

    void surfacesAndTablesByTheDialog() {
        auto dialog = show();
        dialog->showPage(ui::ExportDialog::Page::Surface);
        dialog->setAxes({{"sigma_a", 0, 1, 5}, {"sigma_t", 0, 1, 5}});
        const std::string file = tiny_->path("surface.json");
        child<QComboBox>(*dialog, "surface_format")->setCurrentIndex(1);
        type(*child<ui::PathField>(*dialog, "surface_output"), QString::fromStdString(file));
        picture(*dialog, "export_surface");
        start(*dialog);
        const engine::Json written = engine::readJsonFile(file);
        QVERIFY(written["synthetic"].get<bool>());
        QCOMPARE(written["axes"].size(), std::size_t{2});
        QCOMPARE(written["axes"][0]["values"].size(), std::size_t{5});
        QVERIFY(!written["groups"].empty());
        // The same factors twice make no surface.
        child<QComboBox>(*dialog, "surface_y")->setCurrentIndex(child<QComboBox>(*dialog, "surface_x")->currentIndex());
        QVERIFY(!child<QPushButton>(*dialog, "export_action")->isEnabled());
        child<QComboBox>(*dialog, "surface_what")->setCurrentIndex(1);
        const std::string table = tiny_->path("figures.csv");
        type(*child<ui::PathField>(*dialog, "surface_output"), QString::fromStdString(table));
        start(*dialog);
        const QString csv = QString::fromUtf8(bytesOf(table));
        QVERIFY(csv.startsWith(QStringLiteral("# synthetic world\r\n")));
        const auto expected = live_->measure(setting_, {});
        const auto& set = expected.sets.front();
        const QString cell = QLocale::c().toString(set.value("R@1"), 'g', QLocale::FloatingPointShortest);
        QVERIFY2(csv.contains(QStringLiteral("%1,R@1,%2,").arg(QString::fromStdString(set.protocol.set), cell)),
                 qPrintable(csv));
    }

    // Said to the verb itself, each line tells what the window does.
    void linesOfQueriesAndRoutingRepeatWhatIsSeen() {
        auto dialog = show();
        dialog->showPage(ui::ExportDialog::Page::CommandLine);
        auto& page = dialog->commands();
        const auto values = [](const QString& line, const QString& flag) {
            std::vector<std::string> out;
            const QStringList words = line.split(' ');
            for (qsizetype i = 0; i + 1 < words.size(); ++i) {
                if (words[i] == flag) out.push_back(words[i + 1].toStdString());
            }
            return out;
        };
        // Against the recipe's own setting.
        QString line = page.command("why");
        QVERIFY2(line.startsWith("molspace why --product "), qPrintable(line));
        QVERIFY(values(line, "--from-set").empty());
        engine::WhyRequestText request;
        request.product = values(line, "--product")[0];
        request.to_set = values(line, "--to-set");
        QCOMPARE(request.to_set.size(), std::size_t{4});
        request.sets = {"AudioCaps"};
        std::size_t set = 0;
        while (live_->sets()[set].name != "AudioCaps") ++set;
        const auto expectChange = [&](const engine::Setting& from, const engine::Setting& to) {
            const auto said = engine::why(request, {}).json["sets"][0]["directions"];
            const auto change = live_->why(set, from, to, {}, {});
            QCOMPARE(said[0]["gained"].size(), change.forward.gained.size());
            QCOMPARE(said[0]["lost"].size(), change.forward.lost.size());
            QCOMPARE(said[1]["gained"].size(), change.backward.gained.size());
            QVERIFY(said[0]["gained"].size() + said[0]["lost"].size() + said[1]["gained"].size() > 0);
        };
        expectChange(live_->defaults(), setting_);
        // Against a setting that is pinned; back to the recipe's own.
        engine::Setting other = live_->defaults();
        other.factors["sigma_t"] = 0.9;
        page.setReference(other, "#1 other");
        line = page.command("why");
        QCOMPARE(values(line, "--from-set"), std::vector<std::string>{"sigma_t=0.9"});
        request.from_set = values(line, "--from-set");
        expectChange(other, setting_);
        line = ui::whyCommand(*live_, other, live_->defaults());
        request.to_set = values(line, "--to-set");
        QCOMPARE(request.to_set.size(), std::size_t{1});
        expectChange(other, live_->defaults());
        page.setReference(setting_, "#2 here");
        QVERIFY(page.command("why").isEmpty());
        QVERIFY2(page.sentence("why").contains("#2 here"), qPrintable(page.sentence("why")));
        auto* sentence = child<QLabel>(*dialog, "sentence_why");
        QVERIFY(!sentence->isHidden() && !child<QToolButton>(*dialog, "copy_why")->isVisible());

        // Along a factor.
        page.setAlong("sigma_t");
        line = page.command("along");
        engine::WhyRequestText along;
        along.product = values(line, "--product")[0];
        along.from_set = values(line, "--from-set");
        along.along = values(line, "--along")[0];
        along.compare = false;
        along.sets = {"AudioCaps"};
        QCOMPARE(along.along, std::string("sigma_t"));
        const auto told = engine::why(along, {}).json["sets"][0]["along"]["directions"];
        for (const std::size_t s : live_->missing(setting_)) {
            if (s == set) QVERIFY(live_->prepare(set, setting_, {}));
        }
        const auto flips = live_->flips(set, true, "sigma_t", setting_, {});
        QVERIFY(flips);
        QCOMPARE(told[0]["flips"].size(),
                 static_cast<std::size_t>(
                     std::count_if(flips->flips.begin(), flips->flips.end(), [](auto& f) { return f.place == 0; })));

        // Every column of the comparison.
        QVERIFY(page.command("compare").isEmpty() && page.sentence("compare").contains("Nothing is compared"));
        page.setCompared({{"A", live_, setting_, {}}, {"IB", live_, {}, "ImageBind"}});
        QCOMPARE(page.command("compare"),
                 ui::evaluateCommand(*live_, setting_) + '\n' + ui::evaluateSpaceCommand(*live_, "ImageBind"));

        // Routers: what a search leaves, and one that is learned; of other projectors there is none.
        QVERIFY(page.command("headroom") == page.command("tune") + " --headroom");
        QVERIFY(page.command("router").isEmpty());
        QVERIFY(page.sentence("router").contains("recipe's own factors"));
        engine::Setting live_only = live_->defaults();
        live_only.factors["sigma_a"] = 0.8;
        line = ui::routerCommand(*live_, live_only);
        QVERIFY2(line.startsWith("molspace router --product "), qPrintable(line));
        engine::RoutingRequest routing;
        routing.product = values(line, "--product")[0];
        routing.set = values(line, "--set");
        routing.sets = {"AudioCaps"};
        routing.options = {{"epochs", 1}};
        const auto learned = engine::learnRouting(routing, {});
        QVERIFY(learned.text.find("0.8") != std::string::npos);
        // And what no line repeats is said.
        QVERIFY(child<QLabel>(*dialog, "without_line")->text().contains("No line repeats"));
    }

    void commandLinesAreCopied() {
        auto dialog = show();
        dialog->showPage(ui::ExportDialog::Page::CommandLine);
        auto* page = dialog->findChild<ui::CommandPage*>();
        QCOMPARE(page->command(QStringLiteral("evaluate")), ui::evaluateCommand(*live_, setting_));
        QVERIFY(page->command(QStringLiteral("apply"))
                    .contains(QStringLiteral(" --evaluation-set %1 --side first ")
                                  .arg(QString::fromStdString(live_->sets().front().name))));
        QVERIFY(
            page->command(QStringLiteral("sweep")).contains(QStringLiteral("--axis sigma_a=0:1:0.05 --axis sigma_t=")));
        QTest::mouseClick(child<QToolButton>(*dialog, "copy_evaluate"), Qt::LeftButton);
        QCOMPARE(QGuiApplication::clipboard()->text(), ui::evaluateCommand(*live_, setting_));
        QVERIFY(!child<QPushButton>(*dialog, "export_action")->isVisible());
        engine::TuneRequestText search;
        search.maximize = {"AV", "TV"};
        search.at_least = {"AT=5.5"};
        page->setTune(search);
        QVERIFY(page->command(QStringLiteral("tune")).contains(QStringLiteral("--maximize AV,TV --at-least AT=5.5 ")));
        picture(*dialog, "export_commands");
        ui::applyTheme(ui::ThemeChoice::Dark);
        picture(*dialog, "export_commands_dark");
        dialog->showPage(ui::ExportDialog::Page::Package);
        picture(*dialog, "export_package_dark");
    }

private:
    std::unique_ptr<ui::ExportDialog> show() {
        auto dialog = std::make_unique<ui::ExportDialog>(live_, setting_);
        dialog->show();
        [&] { QVERIFY(QTest::qWaitForWindowExposed(dialog.get())); }();
        return dialog;
    }

    template <class T>
    static T* child(QWidget& in, const char* name) {
        return in.findChild<T*>(QString::fromLatin1(name));
    }

    static void type(ui::PathField& field, const QString& text) {
        auto* edit = field.findChild<QLineEdit*>();
        edit->setFocus();
        edit->selectAll();
        QTest::keyClick(edit, Qt::Key_Delete);
        QTest::keyClicks(edit, text);
    }

    static void start(ui::ExportDialog& dialog) {
        auto* action = child<QPushButton>(dialog, "export_action");
        QVERIFY(action->isEnabled());
        QTest::mouseClick(action, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!dialog.running() && !dialog.resultText().isEmpty(), 60000);
    }
};

QTEST_MAIN(ExportDialogTest)
#include "export_dialog_test.moc"
