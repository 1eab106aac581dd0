// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The page of the paper's report in the real window, on the tiny world: it says what it would do, makes Table 7 of one
// seed, is stopped and goes on, shows what `molspace report` has written with measured and published figures apart, and
// opens what was made before without computing anything.
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QFile>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTableView>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QToolBar>
#include <QToolButton>

#include <filesystem>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/session/session.h"
#include "tests/ui/picture.h"
#include "tests/ui/view_menus.h"
#include "ui/main_window.h"
#include "ui/reactions/option_form.h"
#include "ui/reactions/run_setup.h"
#include "ui/report/claims_view.h"
#include "ui/report/figures_view.h"
#include "ui/report/report_setup.h"
#include "ui/report/report_table.h"
#include "ui/report/tables_view.h"
#include "ui/style/numbers.h"
#include "ui/style/theme.h"
#include "ui/views/heat_map_view.h"

using engine::Json;
using ui::MainWindow;
using ui::test::picture;

class ReportPageTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        world_ = dir_.path() + "/world";
        engine::synth({world_.toStdString(), {{"preset", "tiny"}}}, {});
        ui::applyTheme(ui::ThemeChoice::Light);
        window_ = std::make_unique<MainWindow>(false);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    }
    void cleanupTestCase() { window_.reset(); }

    void withoutAWorkspaceItSaysWhatItIsFor() {
        goToPage();
        QVERIFY(page().emptyText().contains("Open a workspace"));
        QVERIFY(!page().setup().startButton().isEnabled());
        QVERIFY(page().setup().startButton().toolTip().contains("workspace"));
    }

    void itSaysWhatItWouldDoAndHowLong() {
        window_->open(world_);
        QTRY_VERIFY_WITH_TIMEOUT(window_->reactions().setup().shownEstimate().contains("Estimate"), 20000);
        QVERIFY(!page().setup().outlook());  // nothing looks ahead while nobody looks at it
        goToPage();
        // The whole report of three seeds, at sizes that learn this world in seconds.
        QTRY_VERIFY_WITH_TIMEOUT(page().setup().outlook() && !window_->busy(), 20000);
        QVERIFY2(page().emptyText().contains("There is no report of this workspace yet"),
                 qPrintable(page().emptyText()));
        QVERIFY(page().setup().outlookText().contains("seeds 0, 1, 2"));
        QVERIFY(page().setup().outlookText().contains("348 of the 348 figures"));
        QVERIFY(page().setup().outlookText().contains("about"));
        QVERIFY(page().setup().reactionForm().changed() == engine::demoTraining("tiny"));
        const auto all = page().setup().outlook()->projectors;
        type("tables", "7");
        type("seeds", "0");
        QVERIFY(!page().setup().outlook());  // that of other options is gone at once
        QTRY_VERIFY_WITH_TIMEOUT(page().setup().outlook(), 20000);
        // ImageBind++: two experts of seven projectors each.
        QCOMPARE(page().setup().outlook()->projectors, std::size_t{14});
        QVERIFY(all > 3 * 14);
        QCOMPARE(page().setup().outlook()->products, QStringList{"ImageBind++"});
        QCOMPARE(page().setup().outlook()->plan->pending(), std::size_t{16});
        QVERIFY(page().setup().outlookText().contains("14 projector"));
        picture(*window_, "report-empty");
        // What does not fit is said at its place, and nothing is started.
        type("seeds", "0, 0");
        QTRY_VERIFY_WITH_TIMEOUT(page().setup().problem().contains("each once"), 20000);
        QVERIFY(!page().setup().startButton().isEnabled());
        type("seeds", "0");
        QTRY_VERIFY_WITH_TIMEOUT(page().setup().outlook() && page().setup().problem().isEmpty(), 20000);
        QVERIFY(!std::filesystem::exists(path("world/report")));
        QVERIFY(!std::filesystem::exists(path("world/report-work")));
    }

    void stoppedItGoesOn() {
        auto& start = page().setup().startButton();
        QCOMPARE(start.text(), QString("Make the report"));
        QTest::mouseClick(&start, Qt::LeftButton);
        QVERIFY(page().running());
        QCOMPARE(start.text(), QString("Stop"));
        // A projector is there: stopped in the middle.
        QTRY_VERIFY_WITH_TIMEOUT(projectors() > 0 || !page().running(), 30000);
        if (page().message().contains("libmolspace_reactor")) QSKIP(qPrintable(page().message()));
        if (page().running()) QTest::mouseClick(&start, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!page().running(), 30000);
        if (!page().report()) {
            QVERIFY2(page().message().contains("Stopped"), qPrintable(page().message()));
            QCOMPARE(start.text(), QString("Go on"));
            QTRY_VERIFY_WITH_TIMEOUT(page().setup().outlook() && !page().busy(), 20000);
            QVERIFY(page().setup().outlook()->projectors < 14);
            QTest::mouseClick(&start, Qt::LeftButton);
        }
        QTRY_VERIFY_WITH_TIMEOUT(!page().running() && page().report() && !page().busy(), 60000);
        QVERIFY2(page().message().contains("The report is written"), qPrintable(page().message()));
        QTRY_VERIFY_WITH_TIMEOUT(page().setup().outlook(), 20000);
        QCOMPARE(page().setup().outlook()->projectors, std::size_t{0});
        QVERIFY(page().setup().outlookText().contains("Nothing is left to train"));
    }

    void measuredAndPublishedStandApart() {
        if (!page().report()) QSKIP("no report was made");
        const Json json = engine::readJsonFile(path("world/report/report.json"));
        QCOMPARE(page().report()->measured(), std::size_t{16});
        QVERIFY(page().report()->synthetic);
        page().tabs().setCurrentWidget(&page().tables());
        QCOMPARE(page().tables().chosen(), 7);
        const auto& model = page().tables().model();
        int row = 0;
        for (const auto& r : json["tables"][0]["rows"]) {
            while (model.isGroup(row)) ++row;
            QCOMPARE(model.headerData(row, Qt::Vertical, Qt::DisplayRole).toString().toStdString(),
                     r["row"].get<std::string>());
            int column = 0;
            for (const auto& f : r["figures"]) {
                const auto index = model.index(row, column++);
                const QString shown = index.data().toString(), spoken = index.data(Qt::AccessibleTextRole).toString();
                const QString here = QString::number(f["measured"]["mean"].get<double>(), 'f', 2);
                const QString paper = QString::fromStdString(f["in_paper"].get<std::string>());
                QCOMPARE(shown, here + "\npaper " + paper);  // one seed: no spread is known
                QVERIFY(spoken.contains("measured here: " + here) && spoken.contains("published: " + paper));
                QVERIFY(index.data(Qt::ToolTipRole).toString().contains("Table 7"));
            }
            ++row;
        }
        QCOMPARE(page().tables().reasons(), QString());
        // Claims with their verdicts.
        auto& claims = page().claims();
        page().tabs().setCurrentWidget(&claims);
        QCOMPARE(claims.list().count(), static_cast<int>(json["claims"].size()));
        for (const char* verdict : {"holds", "fails", "undecided"}) {
            auto* chip = claims.findChild<QToolButton*>(QString("claims_%1").arg(verdict));
            QVERIFY(chip->text().endsWith(QString::number(json["verdicts"][verdict].get<int>())));
            QTest::mouseClick(chip, Qt::LeftButton);
            QCOMPARE(claims.list().count(), json["verdicts"][verdict].get<int>());
            for (int i = 0; i < claims.list().count(); ++i)
                QVERIFY(claims.list().item(i)->data(Qt::AccessibleTextRole).toString().startsWith(verdict));
        }
        QTest::mouseClick(claims.findChild<QToolButton*>("claims_all"), Qt::LeftButton);
        int judged = 0;
        for (std::size_t i = 0; i < json["claims"].size(); ++i) {
            claims.list().setCurrentRow(static_cast<int>(i));
            const auto& claim = json["claims"][i];
            QCOMPARE(claims.sentence().toStdString(), claim["sentence"].get<std::string>());
            QCOMPARE(claims.comparisons().rowCount(), static_cast<int>(claim["comparisons"].size()));
            for (int c = 0; c < claims.comparisons().rowCount(); ++c) {
                const auto& comparison = claim["comparisons"][static_cast<std::size_t>(c)];
                QCOMPARE(claims.comparisons().item(c, 3)->text().toStdString(),
                         comparison["verdict"].get<std::string>());
                if (comparison.contains("missing")) continue;
                ++judged;
                QVERIFY(claims.comparisons().item(c, 2)->text().startsWith(
                    ui::signedNumber(comparison["difference"].get<double>())));
            }
        }
        QVERIFY(judged > 0);
    }

    void filesAreExported() {
        if (!page().report()) QSKIP("no report was made");
        for (const char* name : {"tables.csv", "report.md", "report.tex", "report.html"}) {
            const QString file = dir_.filePath(QString("copy-%1").arg(name));
            page().exportTo(name, file);
            QTRY_VERIFY_WITH_TIMEOUT(!page().busy() && QFile::exists(file), 10000);
            QCOMPARE(engine::readFile(file.toStdString()), engine::readFile(path("world/report") / name));
        }
        page().exportTo("tables.csv", "/proc/nowhere/tables.csv");
        QTRY_VERIFY_WITH_TIMEOUT(page().message().contains("/proc/nowhere"), 10000);
    }

    // Whole, with figures and rows that could not be fed; nothing is computed for it.
    void aReportIsOpenedFromItsFolder() {
        std::filesystem::create_directories(path("made"));
        Json json = report();
        engine::writeJsonFile(path("made/report.json"), json);
        page().openReport(dir_.filePath("made"));
        QTRY_VERIFY_WITH_TIMEOUT(page().report() && page().report()->folder == dir_.filePath("made"), 10000);
        QVERIFY(!page().running());
        const auto& model = page().tables().model();
        QCOMPARE(page().tables().chosen(), 4);
        QVERIFY(model.isGroup(0));
        QCOMPARE(model.index(1, 0).data().toString(), QString("12.35 ±0.50\npaper 10.00"));
        QCOMPARE(model.index(1, 1).data().toString(), QString("·\npaper 20.00"));
        QCOMPARE(model.index(2, 0).data().toString(), QString("–"));
        QVERIFY(page().tables().reasons().contains("Mine: set Clotho is missing"));
        page().tabs().setCurrentWidget(&page().figures());
        QCOMPARE(page().figures().chosen(), 5);
        QCOMPARE(page().figures().maps().size(), std::size_t{1});
        QVERIFY2(page().figures().readout().contains(QStringLiteral("σ_a = 0.5, σ_t = 0.5: Δ_AT +3.00 ± 0.10")),
                 qPrintable(page().figures().readout()));
        auto* map = page().figures().maps().front();
        QTRY_VERIFY(map->isVisible() && map->width() > 100);
        QTest::mouseClick(map, Qt::LeftButton, {}, map->place(1, 0).toPoint());
        QVERIFY2(page().figures().readout().contains(QStringLiteral("Δ_AT +1.00")),
                 qPrintable(page().figures().readout()));
        // A right click copies and saves what is shown.
        using namespace ui::test;
        page().tabs().setCurrentIndex(0);
        QVERIFY(chooseFromMenu(&page().tables().table(), "Copy table"));
        const QString copied = QApplication::clipboard()->text();
        QVERIFY2(copied.contains("AudioCaps R@1\tClotho R@1") && copied.contains("Mine\t12.35 ±0.50; paper 10.00"),
                 qPrintable(copied));
        saveFromMenu(&page().tables().table(), QStringLiteral("Save table…"), dir_.filePath("table.csv"));
        const QString csv = QString::fromStdString(engine::readFile(path("table.csv")));
        QVERIFY2(csv.startsWith("# synthetic world") && csv.contains("A table of two rows."), qPrintable(csv));
        page().tabs().setCurrentIndex(1);
        saveFromMenu(page().figures().maps().front(), QStringLiteral("Save figure…"), dir_.filePath("map.png"));
        QTRY_VERIFY(coloursOf(QImage(dir_.filePath("map.png"))) > 50);
        page().tabs().setCurrentIndex(2);
        saveFromMenu(page().claims().findChild<QTableWidget*>("comparisons"), QStringLiteral("Save table…"),
                     dir_.filePath("claim.csv"));
        QVERIFY(QString::fromStdString(engine::readFile(path("claim.csv"))).contains("A − B, COCO R@1"));
        page().tabs().setCurrentIndex(1);
        // What is damaged is said, and what was shown stays.
        const auto before = page().report();
        for (const char* text : {"[]", "{\"format\": \"molspace report\"}", "nothing"}) {
            engine::writeFileWhole(path("made/report.json"), text);
            page().openReport(dir_.filePath("made"));
            QTRY_VERIFY_WITH_TIMEOUT(page().message().contains("report.json"), 10000);
            QCOMPARE(page().report(), before);
        }
        json["tables"][0]["rows"][0]["figures"].erase(1);
        engine::writeJsonFile(path("made/report.json"), json);
        page().openReport(dir_.filePath("made"));
        QTRY_VERIFY_WITH_TIMEOUT(page().message().contains("another number of figures"), 10000);
        page().openReport(dir_.filePath("nothing"));
        QTRY_VERIFY_WITH_TIMEOUT(page().message().contains("found none"), 10000);
        QCOMPARE(page().report(), before);
    }

    void nothingIsClippedInBothThemes() {
        window_->resize(1280, 800);
        goToPage();
        for (const auto theme : {ui::ThemeChoice::Dark, ui::ThemeChoice::Light}) {
            ui::applyTheme(theme);
            for (int tab = 0; tab < page().tabs().count(); ++tab) {
                page().tabs().setCurrentIndex(tab);
                QTest::qWait(80);
                picture(*window_,
                        QStringLiteral("report-%1-%2").arg(theme == ui::ThemeChoice::Dark ? "dark" : "light").arg(tab));
                for (auto* widget : page().findChildren<QWidget*>()) {
                    if (!widget->isVisible()) continue;
                    const auto* button = qobject_cast<QAbstractButton*>(widget);
                    if (button && !button->text().isEmpty()) {
                        QCOMPARE(button->visibleRegion().boundingRect(), button->rect());
                        QVERIFY2(button->width() >= button->fontMetrics().horizontalAdvance(button->text()),
                                 qPrintable(button->text()));
                    }
                    if (const auto* label = qobject_cast<QLabel*>(widget); label && !label->text().isEmpty())
                        QVERIFY2(label->height() >= std::max(0, label->heightForWidth(label->width())),
                                 qPrintable(label->text()));
                    // Whatever takes the keyboard has a name for those who do not see it.
                    if (widget->focusPolicy() == Qt::NoFocus || widget->objectName().startsWith("qt_")) continue;
                    if (qobject_cast<QAbstractItemView*>(widget) && !qobject_cast<QHeaderView*>(widget))
                        QVERIFY2(!widget->accessibleName().isEmpty(), qPrintable(widget->objectName()));
                    if (button || qobject_cast<QLineEdit*>(widget)) {
                        if (widget->parent()->inherits("QAbstractSpinBox")) continue;
                        QVERIFY2(!widget->accessibleName().isEmpty() || (button && !button->text().isEmpty()),
                                 qPrintable(widget->objectName()));
                    }
                }
            }
        }
    }

    void theProjectRemembersIt() {
        const Json kept = page().state();
        QCOMPARE(QString::fromStdString(kept["options"]["tables"].dump()), QString("[\"7\"]"));
        window_->project().setWorkspace(world_);
        QVERIFY(window_->saveTo(dir_.filePath("story.msproject")));
        MainWindow again(false);
        again.show();
        again.open(dir_.filePath("story.msproject"));
        QCOMPARE(again.page(), MainWindow::Page::Report);
        QVERIFY(again.report().state() == kept);
        if (std::filesystem::exists(path("world/report")))
            QTRY_VERIFY_WITH_TIMEOUT(again.report().report() && again.report().report()->measured() == 16, 20000);
        QTRY_VERIFY_WITH_TIMEOUT(!again.busy(), 20000);
    }

private:
    ui::ReportPage& page() { return window_->report(); }
    std::filesystem::path path(const char* name) const { return dir_.filePath(name).toStdString(); }

    void goToPage() {
        auto* rail = window_->findChild<QToolBar*>("rail");
        auto* action =
            window_->findChild<QAction*>(QStringLiteral("page_%1").arg(static_cast<int>(MainWindow::Page::Report)));
        QTest::mouseClick(rail->widgetForAction(action), Qt::LeftButton);
        QCOMPARE(window_->page(), MainWindow::Page::Report);
    }

    void type(const char* option, const QString& text) {
        auto* edit = qobject_cast<QLineEdit*>(page().setup().reportForm().editor(option));
        QVERIFY(edit);
        edit->setText(text);
    }

    std::size_t projectors() const {
        std::size_t n = 0;
        if (!std::filesystem::exists(path("world/report-work/products"))) return 0;
        std::error_code gone;
        for (std::filesystem::recursive_directory_iterator it(path("world/report-work/products"), gone), end;
             it != end && !gone; it.increment(gone))
            n += it->path().extension() == ".safetensors" &&
                 it->path().parent_path().parent_path().filename() == "reactions";
        return n;
    }

    // A report with a figure of each kind, made by hand.
    static Json report() {
        return engine::parseJson(R"json({
            "format": "molspace report", "workspace": "/another/world", "synthetic": true,
            "origin": {"synthetic_world": {"preset": "tiny", "seed": 0}}, "seeds": [0, 1], "seeds_done": 2,
            "options": {"level": 0.975}, "version": "0", "created": "today", "machine": "a machine", "device": "",
            "warnings": ["a warning"], "products": ["ImageBind++ (CLAP_g, CLAP_m)"],
            "tables": [{
                "table": 4, "caption": "A table of two rows.",
                "columns": [{"group": "Audio-Text", "column": "AudioCaps", "metric": "R@1"},
                            {"group": "Audio-Text", "column": "Clotho", "metric": "R@1"}],
                "rows": [
                    {"group": "A group of rows", "row": "Mine", "measured_on": "space Mine", "figures": [
                        {"measured": {"mean": 12.345, "by_seed": [12, 12.69], "standard_deviation": 0.4988},
                         "published": 10, "in_paper": "10.00"},
                        {"measured": null, "published": 20, "in_paper": "20.00", "missing": "set Clotho is missing"}]},
                    {"group": "A group of rows", "row": "Dashed", "measured_on": "space Dashed", "figures": [
                        {"measured": null, "published": null, "in_paper": "-"},
                        {"measured": null, "published": null, "in_paper": "-"}]}]}],
            "surfaces": [
                {"figure": 5, "title": "Factors of the CLAPs", "product": "ImageBind++", "against": "ImageBind",
                 "plane_of": "CLAP_g", "axes": ["sigma_a", "sigma_t"], "values": [0, 0.5, 1], "groups": [
                    {"name": "AT", "sets": ["AudioCaps", "Clotho"], "baseline": 8, "plane": 2.5,
                     "change": [-2, 0, 1, 0, 3, 4, 1, 4, 6],
                     "standard_deviation": [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]}]},
                {"figure": 6, "title": "Factors of InternVL", "product": "InternVL_IB", "against": "ImageBind",
                 "plane_of": "ImageBind", "axes": ["lambda_v", "lambda_t"], "values": [],
                 "missing": "space InternVL is missing"}],
            "claims": [{
                "id": "one", "place": "Section 4", "verdict": "undecided", "reading": "Read so.",
                "sentence": "A sentence of the paper that is long enough to need a second line where there is no room.",
                "comparisons": [
                    {"what": "A − B, COCO R@1", "verdict": "undecided", "expected": "> 0", "margin": 0,
                     "difference": 0.5, "low": -0.25, "high": 1.25},
                    {"what": "A − C, COCO R@1", "verdict": "not measured", "missing": "C: space C is missing"}]}],
            "sets": [{"set": "AudioCaps", "here": "AudioCaps", "items": 100, "published_items": 964, "queries": 600,
                      "protocol": "every item of either side is a query"}]})json",
                                 "report");
    }

    QTemporaryDir dir_;
    QString world_;
    std::unique_ptr<MainWindow> window_;
};

QTEST_MAIN(ReportPageTest)
#include "report_page_test.moc"
