// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Figures, tables, embeddings and command lines of a small trained product, read back; needs an X server, a virtual one
// will do.
#include <QClipboard>
#include <QFile>
#include <QGuiApplication>
#include <QImageReader>
#include <QLabel>
#include <QPainter>
#include <QProcess>
#include <QStandardItemModel>
#include <QSvgRenderer>
#include <QTableWidget>
#include <QTest>
#include <QXmlStreamReader>

#include <cmath>
#include <thread>

#include "engine/base/error.h"
#include "engine/session/embeddings.h"
#include "tests/ui/exported_product.h"
#include "tests/ui/view_menus.h"
#include "ui/export/command_line.h"
#include "ui/export/command_page.h"
#include "ui/export/figure_export.h"
#include "ui/export/table_export.h"
#include "ui/export/view_menu.h"

namespace {

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

// A grey field with a red line of text: enough to tell a picture from an empty one.
void paintSomething(QPainter& painter, const QRectF& room) {
    painter.fillRect(room.adjusted(20, 20, -20, -20), QColor(200, 30, 30));
    painter.setPen(ui::colours().text);
    painter.drawText(room, Qt::AlignCenter, QStringLiteral("Δ_AT"));
}

}  // namespace

class ExportTest : public ui::test::ExportedProduct {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { openProduct(); }
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

private:
    static bool close(const std::vector<float>& a, const std::vector<float>& b) {
        if (a.size() != b.size() || a.empty()) return false;
        for (std::size_t i = 0; i < a.size(); ++i) {
            if (!(std::fabs(a[i] - b[i]) < 1e-6f)) return false;
        }
        return true;
    }
};

QTEST_MAIN(ExportTest)
#include "export_test.moc"
