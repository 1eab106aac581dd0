// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Exports of a small trained product, read back; needs an X server, a virtual one will do.
#include <QBuffer>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDir>
#include <QFile>
#include <QImageReader>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QPointer>
#include <QProcess>
#include <QPushButton>
#include <QStandardItemModel>
#include <QSvgRenderer>
#include <QTableWidget>
#include <QTest>
#include <QToolButton>
#include <QXmlStreamReader>

#include <cmath>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/factors/sweep_output.h"
#include "engine/session/embeddings.h"
#include "engine/store/hdf5_file.h"
#include "engine/store/npy.h"
#include "engine/store/safetensors.h"
#include "tests/ui/picture.h"
#include "tests/ui/tiny_product.h"
#include "tests/ui/view_menus.h"
#include "ui/export/command_line.h"
#include "ui/export/command_page.h"
#include "ui/export/export_dialog.h"
#include "ui/export/figure_export.h"
#include "ui/export/path_field.h"
#include "ui/export/table_export.h"
#include "ui/export/view_menu.h"
#include "ui/style/theme.h"

using ui::test::picture;

namespace {

// A grey field with a red line of text: enough to tell a picture from an empty one.
class Listener : public QObject {
public:
    int changes = 0;
    bool eventFilter(QObject*, QEvent* event) override {
        const auto type = event->type();
        changes +=
            type == QEvent::PaletteChange || type == QEvent::StyleChange || type == QEvent::ApplicationPaletteChange;
        return false;
    }
};

void paintSomething(QPainter& painter, const QRectF& room) {
    painter.fillRect(room.adjusted(20, 20, -20, -20), QColor(200, 30, 30));
    painter.setPen(ui::colours().text);
    painter.drawText(room, Qt::AlignCenter, QStringLiteral("Δ_AT"));
}

QByteArray bytesOf(const std::string& path) {
    QFile file(QString::fromStdString(path));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

}  // namespace

class ExportTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        ui::applyTheme(ui::ThemeChoice::Light);
        tiny_ = std::make_unique<TinyProduct>();
        live_ = tiny_->open();
        setting_ = live_->defaults();
        setting_.factors["sigma_a"] = 0.8;
        setting_.factors["sigma_t"] = 0.35;
        setting_.expert_weights["CLAP_m"] = 0;
        setting_.projectors["CLAP_g:TV"] = false;
    }

    void cleanup() { ui::applyTheme(ui::ThemeChoice::Light); }

    void figuresAreFiles() {
        ui::FigureOptions options;
        options.size = QSizeF(300, 200);
        options.title = QStringLiteral("Two <words>");
        for (const int scale : {1, 2, 4}) {
            options.scale = scale;
            const auto file = tiny_->path("figure.png");
            ui::saveFigure(file, paintSomething, options);
            QImageReader reader(QString::fromStdString(file), "png");
            QCOMPARE(reader.text(QStringLiteral("Title")), options.title);
            const QImage image = reader.read();
            QCOMPARE(image.size(), QSize(300, 200) * scale);
            QCOMPARE(image.pixelColor(30 * scale, 30 * scale), QColor(200, 30, 30));
        }
        ui::saveFigure(tiny_->path("figure.svg"), paintSomething, options);
        QSvgRenderer svg(QString::fromStdString(tiny_->path("figure.svg")));
        QVERIFY(svg.isValid());
        QCOMPARE(svg.viewBoxF().size(), options.size);
        QXmlStreamReader xml(bytesOf(tiny_->path("figure.svg")));
        bool text = false;
        while (!xml.atEnd()) text = (xml.readNext() == QXmlStreamReader::Characters && xml.text() == u"AT") || text;
        // Letters of two scripts are two runs.
        QVERIFY2(!xml.hasError() && text, "the SVG keeps its text as text");
        ui::saveFigure(tiny_->path("figure.pdf"), paintSomething, options);
        const QByteArray pdf = bytesOf(tiny_->path("figure.pdf"));
        QVERIFY(pdf.startsWith("%PDF-") && pdf.trimmed().endsWith("%%EOF"));
        QVERIFY2(pdf.contains("/MediaBox [0 0 225"), "300 points of the screen are 225 of paper");
        QVERIFY_EXCEPTION_THROWN(ui::saveFigure(tiny_->path("figure.gif"), paintSomething, options), engine::Error);
        QVERIFY_EXCEPTION_THROWN(ui::saveFigure(tiny_->path("figure.pdf/figure.png"), paintSomething, options),
                                 engine::Error);
    }

    // Painted here, encoded and written elsewhere: the same bytes.
    void figuresAreWrittenInAnyThread() {
        ui::FigureOptions options;
        options.size = QSizeF(300, 200);
        for (const char* ending : {"png", "svg"}) {
            const auto here = tiny_->path(std::string("here.") + ending),
                       there = tiny_->path(std::string("there.") + ending);
            ui::saveFigure(here, paintSomething, options);
            const auto write = ui::paintFigure(there, paintSomething, options);
            QVERIFY(!QFile::exists(QString::fromStdString(there)));
            std::thread(write).join();
            QVERIFY(!bytesOf(here).isEmpty());
            QCOMPARE(bytesOf(there), bytesOf(here));
        }
    }

    void figuresOnWhite() {
        ui::applyTheme(ui::ThemeChoice::Dark);
        ui::FigureOptions options;
        options.size = QSizeF(100, 80);
        QCOMPARE(ui::renderFigure(paintSomething, options).pixelColor(3, 3), ui::colours().panel);
        options.white_background = true;
        QColor text;
        // Widgets hear nothing of it.
        Listener listener;
        QLabel window(QStringLiteral("window"));
        window.installEventFilter(&listener);
        const QImage image = ui::renderFigure(
            [&](QPainter& painter, const QRectF& room) {
                text = ui::colours().text;
                paintSomething(painter, room);
            },
            options);
        QCOMPARE(image.pixelColor(3, 3), QColor(Qt::white));
        QVERIFY2(text.lightness() < 128, "what is painted on white is dark");
        QVERIFY2(ui::darkTheme(), "the window's theme is as it was");
        QCOMPARE(listener.changes, 0);
        ui::copyFigure(paintSomething, options);
        QCOMPARE(QGuiApplication::clipboard()->image().size(), image.size());
    }

    void tablesAreFiles() {
        QStandardItemModel model(2, 3);
        model.setHorizontalHeaderLabels({QStringLiteral("set"), QStringLiteral("R@1, both"), QStringLiteral("note")});
        model.setData(model.index(0, 0), QStringLiteral("Audio\"Caps\""));
        model.setData(model.index(0, 1), QStringLiteral("41.20 ●"));
        model.setData(model.index(0, 1), 41.2, ui::kExportRole);
        model.setData(model.index(0, 2), QStringLiteral("one\ntwo"));
        model.setData(model.index(1, 0), QStringLiteral("Δ_AT"));
        const QString csv = ui::toCsv(model, {{QStringLiteral("baseline: ImageBind")}, true});
        QCOMPARE(csv, QStringLiteral("# synthetic world\r\n# baseline: ImageBind\r\nset,\"R@1, both\",note\r\n"
                                     "\"Audio\"\"Caps\"\"\",41.2,\"one\ntwo\"\r\nΔ_AT,,\r\n"));
        ui::writeCsv(tiny_->path("table.csv"), model);
        QCOMPARE(QString::fromUtf8(bytesOf(tiny_->path("table.csv"))), ui::toCsv(model));
        ui::copyTable(model);
        QCOMPARE(QGuiApplication::clipboard()->text().split(QLatin1Char('\n'))[1],
                 QStringLiteral("Audio\"Caps\"\t41.2\tone two"));
    }

    // Each row of a tree says what it stands under.
    void treesAreTables() {
        QStandardItemModel model;
        model.setHorizontalHeaderLabels({QStringLiteral("Item"), QStringLiteral("Rows")});
        auto* pools = new QStandardItem(QStringLiteral("Pools"));
        auto* audio = new QStandardItem(QStringLiteral("audio"));
        audio->appendRow({new QStandardItem(QStringLiteral("CLAP")), new QStandardItem(QStringLiteral("70"))});
        pools->appendRow({audio, new QStandardItem(QStringLiteral("70"))});
        model.appendRow({pools, new QStandardItem});
        model.appendRow({new QStandardItem(QStringLiteral("Sets")), new QStandardItem(QStringLiteral("2"))});
        QCOMPARE(ui::toTsv(model), QStringLiteral("Item\tRows\nPools\t\nPools / audio\t70\n"
                                                  "Pools / audio / CLAP\t70\nSets\t2\n"));
    }

    // What a right click offers, and what the dialog behind it writes.
    void viewsHaveMenus() {
        QWidget painted;
        painted.resize(120, 90);
        painted.show();
        QString told;
        const auto tell = [&](const ui::JobFailure& failure) { told = failure.text(); };
        ui::addFigureMenu(
            &painted, paintSomething, [] { return QStringLiteral("a figure"); }, tell);
        const QImage figure = ui::test::copiedFigure(&painted);
        QCOMPARE(figure.size(), QSize(240, 180));
        QCOMPARE(figure.pixelColor(60, 60), QColor(200, 30, 30));
        for (const char* entry : {"Save figure…", "Save figure on white, for a paper…"}) {
            const QString file = QString::fromStdString(tiny_->path("by menu.svg"));
            QFile::remove(file);
            ui::test::saveFromMenu(&painted, QString::fromUtf8(entry), file);
            QTRY_VERIFY(QSvgRenderer(file).isValid());
        }
        QVERIFY2(told.isEmpty(), qPrintable(told));
        // What goes wrong behind is told as well.
        ui::test::saveFromMenu(&painted, QStringLiteral("Save figure…"),
                               QString::fromStdString(tiny_->path("by menu.svg/figure.svg")));
        QTRY_VERIFY2(told.contains(QStringLiteral("by menu.svg")), qPrintable(told));
        ui::test::saveFromMenu(&painted, QStringLiteral("Save figure…"),
                               QString::fromStdString(tiny_->path("figure.gif")));
        QVERIFY2(told.contains(QStringLiteral(".svg")), qPrintable(told));

        QTableWidget table(1, 2);
        table.setHorizontalHeaderLabels({QStringLiteral("a"), QStringLiteral("b")});
        table.setItem(0, 0, new QTableWidgetItem(QStringLiteral("x")));
        table.show();
        ui::addTableMenu(
            &table,
            [] {
                return ui::TableNotes{{QStringLiteral("a note")}, true};
            },
            [] { return QStringLiteral("a table"); }, tell);
        QCOMPARE(ui::test::copiedTable(&table), (QStringList{QStringLiteral("a\tb"), QStringLiteral("x\t")}));
        ui::test::saveFromMenu(&table, QStringLiteral("Save table…"), QString::fromStdString(tiny_->path("by menu")));
        QCOMPARE(QString::fromUtf8(bytesOf(tiny_->path("by menu.csv"))),
                 QStringLiteral("# synthetic world\r\n# a note\r\na,b\r\nx,\r\n"));

        // A widget that paints itself.
        QLabel words(QStringLiteral("words"));
        words.resize(80, 30);
        ui::addFigureMenu(
            &words, ui::paintedBy(&words), [] { return QString(); }, tell);
        words.show();
        QVERIFY(ui::test::coloursOf(ui::test::copiedFigure(&words)) > 2);
    }

    void wordsAreQuoted() {
        QCOMPARE(ui::shellQuoted(QStringLiteral("sigma_a=0.8")), QStringLiteral("sigma_a=0.8"));
        const QString nasty = QStringLiteral("it's a $(test) \"file\"; rm * ~");
        QProcess shell;
        shell.start(QStringLiteral("/bin/sh"),
                    {QStringLiteral("-c"), QStringLiteral("printf %s ") + ui::shellQuoted(nasty)});
        QVERIFY(shell.waitForFinished());
        QCOMPARE(QString::fromUtf8(shell.readAllStandardOutput()), nasty);
        QCOMPARE(ui::shellQuoted(QString()), QStringLiteral("''"));
        // Over several lines a shell reads the same words.
        const QStringList words{QStringLiteral("printf"), QStringLiteral("%s|"),       nasty,
                                QStringLiteral("--flag"), QStringLiteral("two words"), QStringLiteral("--other"),
                                QStringLiteral("value")};
        const QString wrapped = ui::wrappedLine(ui::shellLine(words), 24);
        QVERIFY(wrapped.count(QLatin1Char('\n')) >= 2);
        QVERIFY(wrapped.contains(QStringLiteral("--flag 'two words'")));
        shell.start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), wrapped});
        QVERIFY(shell.waitForFinished());
        QCOMPARE(QString::fromUtf8(shell.readAllStandardOutput()),
                 words.mid(2).join(QLatin1Char('|')) + QLatin1Char('|'));
    }

    void theEvaluateCommandPrintsWhatTheWindowShows() {
        const QString line = ui::evaluateCommand(*live_, setting_, {}, true);
        QVERIFY(line.contains(QStringLiteral("CLAP_m=off")) && line.contains(QStringLiteral("sigma_t=0.35")));
        const engine::Json printed = run(line);
        const engine::MetricsTable table = live_->measure(setting_, {});
        QCOMPARE(printed["sets"].size(), table.sets.size());
        QVERIFY(!table.sets.empty());
        for (std::size_t s = 0; s < table.sets.size(); ++s) {
            for (const auto& [metric, value] : table.sets[s].values()) {
                if (metric.starts_with("median")) continue;
                QVERIFY2(std::fabs(printed["sets"][s]["metrics"][metric].get<double>() - value) < 1e-9, metric.c_str());
            }
        }
        // At the recipe's own setting nothing needs to be named.
        QVERIFY(!ui::evaluateCommand(*live_, live_->defaults()).contains(QStringLiteral("--set")));
        const engine::Json space = run(ui::evaluateSpaceCommand(*live_, "CLAP_g", true));
        const auto alone = live_->measureSpace("CLAP_g", {});
        QCOMPARE(space["sets"].size(), alone.sets.size());
    }

    void theSweepCommandWritesWhatTheWindowShows() {
        const std::vector<engine::FactorAxis> axes{{"sigma_a", 0, 1, 5}, {"sigma_t", 0, 1, 3}};
        const std::string file = tiny_->path("it's a sweep.json");
        run(ui::sweepCommand(*live_, setting_, axes, {}, QString::fromStdString(file)) + QStringLiteral(" --json"));
        const engine::Json written = engine::readJsonFile(file);
        for (const auto s : live_->missing(setting_)) live_->prepare(s, setting_, {});
        const engine::MetricsTable base = live_->measureSpace(live_->recipe().base, {});
        const engine::SweepSurface surface = live_->surface(axes, setting_, base, {});
        QVERIFY(!surface.groups.empty());
        QCOMPARE(written["groups"].size(), surface.groups.size());
        for (std::size_t g = 0; g < surface.groups.size(); ++g) {
            for (std::size_t i = 0; i < 15; ++i) {
                const double there = written["groups"][g]["change"][i / 3][i % 3].get<double>();
                QVERIFY(std::fabs(there - surface.groups[g].change[i]) < 1e-9);
            }
        }
    }

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

    void theTrainCommandSaysWhatDiffers() {
        const auto training = ui::trainingOf(*live_);
        QVERIFY(training.has_value());
        const QString line = ui::trainCommand(*training);
        QVERIFY2(line.contains(QStringLiteral("--hidden-width 16 ")) && line.contains(QStringLiteral("--epochs 1")) &&
                     line.contains(QStringLiteral("--batch-size 32")) && line.contains(QStringLiteral("--device cpu")),
                 qPrintable(line));
        QVERIFY(!line.contains(QStringLiteral("--temperature")));
        // The same recipe again: it finds itself finished and trains nothing.
        QVERIFY(run(line + QStringLiteral(" --json")).is_object());
        engine::TuneRequestText tune;
        tune.maximize = {"AT"};
        tune.at_least = {"TV=-2", "AV=-2"};
        tune.step = 0.25;
        QVERIFY(run(ui::tuneCommand(*live_, setting_, tune) + QStringLiteral(" --json")).contains("best"));
    }

    void embeddingsEqualBlending_data() {
        QTest::addColumn<QString>("ending");
        for (const char* ending : {".npy", ".safetensors", ".h5"}) QTest::newRow(ending) << QString::fromLatin1(ending);
    }
    void embeddingsEqualBlending() {
        QFETCH(QString, ending);
        engine::EmbeddingsRequest request;
        request.product = tiny_->product();
        request.set = live_->sets().front().name;
        request.first_side = false;
        request.setting = setting_;
        request.output = tiny_->path("embeddings" + ending.toStdString());
        request.block_rows = 256;
        request.ids_file = true;
        const auto items = live_->components(0, setting_, {});
        const auto& side = items->second;
        const engine::Matrix expected = engine::blendAll(side, live_->model().weights(side.modality, side, setting_));
        const engine::Json made = engine::writeEmbeddings(request, {}).json;
        QCOMPARE(made["rows"].get<std::size_t>(), expected.rows());
        QVERIFY(made["synthetic"].get<bool>());
        const std::vector<float> rows = read(request.output, expected.rows(), expected.cols());
        QVERIFY(std::equal(rows.begin(), rows.end(), expected.data()));
        const auto ids = live_->ids(0, false);
        if (ending == QLatin1String(".h5")) {
            const auto file = engine::Hdf5File::open(request.output);
            QCOMPARE(file.readTexts("ids", 0, ids.size()), ids);
            QCOMPARE(file.textAttribute("embeddings", "synthetic").value_or(""), std::string("true"));
        } else {
            QCOMPARE(bytesOf(request.output.string() + ".ids.txt").count('\n'), static_cast<int>(ids.size()));
        }
    }

    void embeddingsOfPoolsAndFiles() {
        const auto choices = engine::embeddingsChoices(tiny_->product(), {}, {});
        const auto pool = std::find_if(choices.begin(), choices.end(),
                                       [](const auto& c) { return !c.pool.empty() && c.modality == "audio"; });
        QVERIFY(pool != choices.end() && pool->lacking.empty() && pool->rows > 0);
        const engine::Workspace workspace(tiny_->world());
        // The same rows as new files, through the package's own reader of files.
        engine::ApplyRequest apply;
        apply.package = tiny_->product();
        apply.modality = "audio";
        apply.output = tiny_->path("applied.npy");
        for (const auto& word : ui::settingWords(*live_, setting_)) apply.set.push_back(word.toStdString());
        for (const auto& space : live_->model().spacesNeeded("audio")) {
            const engine::Matrix rows = engine::readAll(*workspace.pool(pool->pool, "audio", space));
            engine::writeNpy(tiny_->path(space + ".npy"), rows);
            apply.inputs.push_back(space + "=" + tiny_->path(space + ".npy"));
        }
        engine::apply(apply, {});
        engine::EmbeddingsRequest request;
        request.product = tiny_->product();
        request.pool = pool->pool;
        request.setting = setting_;
        request.output = tiny_->path("pool.npy");
        run(ui::applyCommand(*live_, request) + QStringLiteral(" --json"));
        const QByteArray by_line = bytesOf(request.output);
        QVERIFY(!by_line.isEmpty());
        engine::writeEmbeddings(request, {});
        QCOMPARE(bytesOf(request.output), by_line);
        const auto width = live_->plan().width;
        const auto from_pool = read(request.output, pool->rows, width);
        QVERIFY(close(from_pool, read(apply.output, pool->rows, width)));
        request.pool.clear();
        request.modality = "audio";
        request.inputs = apply.inputs;
        request.output = tiny_->path("files.h5");
        engine::writeEmbeddings(request, {});
        QVERIFY(close(from_pool, read(request.output, pool->rows, width)));
        // Another setting gives other rows: the setting is not without effect.
        request.setting.factors["sigma_a"] = 0.1;
        engine::writeEmbeddings(request, {});
        QVERIFY(!close(from_pool, read(request.output, pool->rows, width)));
    }

    void aStopLeavesNothing() {
        engine::EmbeddingsRequest request;
        request.product = tiny_->product();
        request.set = live_->sets().front().name;
        request.output = tiny_->path("stopped.npy");
        std::stop_source stop;
        stop.request_stop();
        QVERIFY_EXCEPTION_THROWN(engine::writeEmbeddings(request, engine::JobContext(stop.get_token())),
                                 engine::Cancelled);
        QVERIFY(!QFile::exists(QString::fromStdString(request.output.string())));
        request.output = tiny_->path("wrong.txt");
        QVERIFY_EXCEPTION_THROWN(engine::writeEmbeddings(request, {}), engine::Error);
        request.output = tiny_->path("right.npy");
        request.set = "Nothing";
        QVERIFY_EXCEPTION_THROWN(engine::writeEmbeddings(request, {}), engine::Error);
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

    // Through a shell, as a person would.
    engine::Json run(const QString& line) {
        const QString bin = QCoreApplication::applicationDirPath() + QStringLiteral("/../bin");
        QProcess shell;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("PATH"), bin + QLatin1Char(':') + environment.value(QStringLiteral("PATH")));
        shell.setProcessEnvironment(environment);
        shell.start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), line});
        const bool ended = shell.waitForFinished(120000);
        const QByteArray errors = shell.readAllStandardError();
        if (!ended || shell.exitCode() != 0) {
            qWarning("%s\n%s", qPrintable(line), errors.constData());
            return nullptr;
        }
        return engine::parseJson(shell.readAllStandardOutput().toStdString(), "what molspace printed");
    }

    static std::vector<float> read(const std::filesystem::path& path, std::size_t rows, std::size_t width) {
        std::vector<float> out(rows * width);
        if (path.extension() == ".npy") {
            const engine::NpyArray file(path);
            std::uint64_t n = 0, w = 0;
            file.checkMatrix(-1, n, w);
            if (n == rows && w == width) file.readRows(-1, 0, rows, out.data());
        } else if (path.extension() == ".safetensors") {
            const engine::SafetensorsFile file(path);
            const auto values = file.at("embeddings").f32();
            if (file.at("embeddings").shape == std::vector<std::uint64_t>{rows, width})
                out.assign(values.begin(), values.end());
        } else {
            engine::Hdf5File::open(path).readRows("embeddings", 0, rows, out.data());
        }
        return out;
    }

    static bool close(const std::vector<float>& a, const std::vector<float>& b) {
        if (a.size() != b.size() || a.empty()) return false;
        for (std::size_t i = 0; i < a.size(); ++i) {
            if (!(std::fabs(a[i] - b[i]) < 1e-6f)) return false;
        }
        return true;
    }

    std::unique_ptr<TinyProduct> tiny_;
    std::shared_ptr<engine::LiveProduct> live_;
    engine::Setting setting_;
};

QTEST_MAIN(ExportTest)
#include "export_test.moc"
