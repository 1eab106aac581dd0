// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Import: the plan without widgets, then the dialog driven as a person does; needs an X server, a virtual one will do.
#include <QDir>
#include <QLineEdit>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeView>

#include <algorithm>
#include <limits>
#include <random>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/session/session.h"
#include "engine/store/npy.h"
#include "engine/store/safetensors.h"
#include "tests/ui/import_table.h"
#include "tests/ui/picture.h"
#include "ui/style/theme.h"
#include "ui/widgets/message_bar.h"
#include "ui/workspace/import_dialog.h"
#include "ui/workspace/import_model.h"

using engine::Json;
using ui::ArrayRole;
using ui::test::cellOf;
using ui::test::edit;
using ui::test::picture;

class ImportTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(folder_.isValid());
        ui::applyTheme(ui::ThemeChoice::Light);
        QDir(folder_.path()).mkpath("data");
        // Two spaces share text: what is needed for a reaction. A set with five captions for each image.
        npy("ib_text.npy", 40, 12);
        npy("ib_image.npy", 30, 12);
        npy("clap_text.npy", 40, 8);
        npy("ib_coco_image.npy", 6, 12);
        npy("ib_coco_text.npy", 30, 12);
        const auto audio = values(25, 8), esc = values(10, 8), esc_text = values(5, 8);
        engine::SafetensorsWriter writer;
        writer.add("audio", engine::TensorType::F32, {25, 8}, audio.data());
        writer.add("esc50_audio", engine::TensorType::F32, {10, 8}, esc.data());
        writer.add("esc50_text", engine::TensorType::F32, {5, 8}, esc_text.data());
        writer.write(data("clap.safetensors").toStdString());
        engine::writeFileWhole(data("esc50.csv").toStdString(),
                               "filename,label\na,0\nb,1\nc,2\nd,3\ne,4\nf,0\ng,1\nh,2\ni,3\nj,4\n");
        std::string captions = "id\n";
        for (int i = 0; i < 40; ++i) captions += "caption " + std::to_string(i) + "\n";
        engine::writeFileWhole(data("text_ids.csv").toStdString(), captions);
    }

    void namesAndShapesAreRead() {
        ui::ImportPlan plan;
        ui::addArrays(plan, peekAll(), {});
        const auto* text = row(plan, "ib_text.npy");
        QVERIFY(text && text->role == ArrayRole::PoolRows);
        QCOMPARE(text->space, std::string("ImageBind"));
        QCOMPARE(text->modality, std::string("text"));
        QCOMPARE(text->item, std::string("text"));
        const auto* clap = row(plan, "clap.safetensors › audio");
        QVERIFY(clap && clap->role == ArrayRole::PoolRows);
        QCOMPARE(clap->space, std::string("CLAP"));
        const auto* image = row(plan, "ib_coco_image.npy");
        QVERIFY(image && image->role == ArrayRole::FirstRows);
        QVERIFY(row(plan, "ib_coco_text.npy")->role == ArrayRole::SecondRows);
        QVERIFY(plan.set("COCO") && plan.set("COCO")->pairing == ui::Pairing::Captions);
        QCOMPARE(plan.set("COCO")->captions, std::int64_t{5});
        QCOMPARE(plan.set("ESC-50")->kind, std::string("classification"));
        QVERIFY(row(plan, "esc50.csv › label")->role == ArrayRole::Labels);
        QVERIFY(row(plan, "esc50.csv › filename")->role == ArrayRole::FirstPaths);
        QVERIFY(row(plan, "text_ids.csv › id")->role == ArrayRole::PoolIds);
        QCOMPARE(row(plan, "text_ids.csv › id")->modality, std::string("text"));
        for (const auto& p : ui::checkPlan(plan, {})) QVERIFY2(!p.error, qPrintable(p.text));
    }

    void aPlanAndItsManifestSayTheSame() {
        ui::ImportPlan plan;
        ui::addArrays(plan, peekAll(), {});
        const Json manifest = ui::manifestOf(plan);
        QCOMPARE(manifest["root"].get<std::string>(), folder_.filePath("data").toStdString());
        QCOMPARE(manifest["pools"].size(), std::size_t{3});
        Json text;
        for (const auto& p : manifest["pools"]) {
            if (p["name"] == "text") text = p;
        }
        QCOMPARE(text["ids"].get<std::string>(), std::string("text_ids.csv#id"));
        QCOMPARE(text["spaces"]["CLAP"].get<std::string>(), std::string("clap_text.npy"));
        const auto again = ui::planOf(manifest, "m.json", "/nowhere");
        QCOMPARE(ui::manifestOf(again).dump(1), manifest.dump(1));
        QVERIFY(again.set("COCO")->pairing == ui::Pairing::Captions);
    }

    void nothingOfAManifestIsLost() {
        const Json manifest = quoted(
            "{'format': 'molspace-import', 'version': 1, 'root': '/data/e',"
            "'description': 'all of it',"
            "'pools': ["
            "{'name': 'text', 'modality': 'text', 'ids': 'captions.csv#id', 'rows': {'first': 0, 'count': 100},"
            "'spaces': {'ImageBind': 'ib_text.npy', 'CLAP': {'file': 'clap.h5', 'dataset': 'text/rows', 'index': 1},"
            "'Part': {'file': 'p.npy', 'rows': [0, 5, 9], 'ids': 'p.csv#id'}}},"
            "{'name': 'pairs', 'tables': ["
            "{'modality': 'image', 'spaces': {'A': 'x.npz#a'}},"
            "{'modality': 'text', 'paths': {'file': 'clip/metadata', 'column': 'image_path'},"
            "'spaces': {'A': 'clip/text_emb'}}]}],"
            "'sets': ["
            "{'name': 'M', 'kind': 'retrieval',"
            "'positives': {'pairs': {'first': 'm.csv#a', 'second': 'm.csv#b'}},"
            "'first': {'modality': 'image', 'spaces': {'A': 'm.npy#0'}},"
            "'second': {'modality': 'text', 'ids': ['x', 'y'], 'spaces': {'A': 'm.npy#1'}}},"
            "{'name': 'N', 'kind': 'retrieval',"
            "'positives': {'match': {'first': 'n.jsonl#key', 'second': {'file': 'n.json', 'dataset': 'keys'}}},"
            "'first': {'modality': 'audio', 'spaces': {'A': 'n.npy'}},"
            "'second': {'modality': 'text', 'spaces': {'A': 'o.npy'}}},"
            "{'name': 'L', 'kind': 'multilabel',"
            "'labels': {'file': 'l.csv', 'column': 'labels', 'separator': '|'}, 'classes_from_items': true,"
            "'prompt': 'This is a sound of {}.',"
            "'first': {'modality': 'audio', 'rows': {'file': 'l.csv', 'where': {'fold': ['1', '2']}},"
            "'spaces': {'A': 'l.npy'}},"
            "'second': {'modality': 'text', 'spaces': {'A': 'c.npy'}}}]}");
        const auto plan = ui::planOf(manifest, "m.json", "/elsewhere");
        QCOMPARE(plan.rows.size(), std::size_t{19});
        const Json written = ui::manifestOf(plan);
        // Keys may stand in another order.
        QCOMPARE(nlohmann::json::parse(written.dump()).dump(1), nlohmann::json::parse(manifest.dump()).dump(1));
        Json wrong = manifest;
        wrong["sets"][0]["positivs"] = "identity";
        QVERIFY_EXCEPTION_THROWN(ui::planOf(wrong, "m.json", "/"), engine::Error);
    }

    void checksAreSentencesWithRemedies() {
        const auto plan = [&](const std::vector<ui::PlanRow>& rows) {
            ui::ImportPlan out;
            out.rows = rows;
            ui::tidySets(out);
            return out;
        };
        const auto pool = [](const char* file, std::uint64_t rows, std::uint64_t width, const char* space) {
            return arrayRow(file, rows, width, ArrayRole::PoolRows, "text", "text", space);
        };
        QVERIFY(said(plan({pool("a.npy", 5, 4, "A"), pool("b.npy", 6, 8, "B")}),
                     "a.npy has 5 rows, b.npy has 6: in one table row i must be the same item in every space."));
        QVERIFY(
            said(plan({pool("a.npy", 5, 4, "A"), arrayRow("b.npy", 7, 8, ArrayRole::PoolRows, "image", "image", "A")}),
                 "A has two widths: a.npy is 4 wide, b.npy is 8 wide."));
        QVERIFY(said(plan({pool("a.npy", 5, 4, "A"), pool("b.npy", 5, 4, "A")}),
                     "a.npy and b.npy are both the text rows of text in A."));
        QVERIFY(said(plan({arrayRow("a.npy", 5, 4, ArrayRole::Unset, "", "", "")}), "a.npy has no role yet."));
        QVERIFY(said(plan({arrayRow("a.npy", 5, 4, ArrayRole::PoolRows, "text", "text", "")}), "a.npy has no space."));
        QVERIFY(said(plan({arrayRow("a.npy", 5, 4, ArrayRole::PoolRows, "te/xt", "text", "A")}),
                     "“te/xt” cannot be a name"));
        const auto first = arrayRow("i.npy", 6, 4, ArrayRole::FirstRows, "COCO", "image", "A");
        QVERIFY(said(plan({first}), "The evaluation set COCO has no second side."));
        auto uneven = plan({first, arrayRow("t.npy", 30, 4, ArrayRole::SecondRows, "COCO", "text", "A")});
        QVERIFY(said(uneven, "COCO pairs row i with row i, but its sides have 6 and 30 rows."));
        // The obvious answer is a button.
        for (const auto& p : ui::checkPlan(uneven, {})) {
            if (!p.fix) continue;
            QCOMPARE(p.fix_text, "5 captions for each");
            p.fix(uneven);
        }
        QVERIFY(ui::checkPlan(uneven, {}).empty());
        auto labelled = plan({first, arrayRow("t.npy", 3, 4, ArrayRole::SecondRows, "COCO", "text", "A")});
        labelled.set("COCO")->kind = "classification";
        QVERIFY(said(labelled, "COCO has no labels."));
        // What the workspace has counts too.
        ui::KnownWorkspace known;
        known.widths["A"] = 16;
        known.pools["words"] = {"text"};
        bool wide = false, two = false;
        for (const auto& p : ui::checkPlan(plan({pool("a.npy", 5, 4, "A")}), known)) {
            wide |= p.error && p.text == "a.npy is 4 wide, but A is 16 wide in the workspace.";
            two |= !p.error && p.text == "There would be 2 pools of text: text, words.";
            QVERIFY(!p.remedy.isEmpty());
        }
        QVERIFY(wide && two);
    }

    void filesAreImportedThroughTheTable() {
        ui::ImportDialog dialog;
        dialog.show();
        QApplication::setActiveWindow(&dialog);  // there may be no window manager
        picture(dialog, "import-empty");
        auto* import = dialog.findChild<QPushButton*>("import");
        QVERIFY(!import->isEnabled());
        QTest::keyClicks(dialog.findChild<QLineEdit*>("folder"), folder_.filePath("made"));
        // Dropped, as from a file manager.
        QMimeData mime;
        QList<QUrl> urls;
        for (const char* file : {"ib_text.npy", "ib_image.npy", "clap_text.npy", "clap.safetensors",
                                 "ib_coco_image.npy", "ib_coco_text.npy", "esc50.csv", "text_ids.csv"})
            urls << QUrl::fromLocalFile(data(file));
        mime.setUrls(urls);
        QDragEnterEvent enter(QPoint(300, 300), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&dialog, &enter);
        QDropEvent drop(QPointF(300, 300), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&dialog, &drop);
        QTRY_VERIFY2_WITH_TIMEOUT(dialog.ready(), qPrintable(dialog.checksText()), 5000);
        auto* table = dialog.findChild<QTreeView*>("mapping");
        QCOMPARE(dialog.plan().rows.size(), std::size_t{11});
        QCOMPARE(table->model()->rowCount(), 8);  // files
        picture(dialog, "import");
        // A space of another width in the same name is refused before anything is written.
        edit(*table, cellOf(*table, "clap_text.npy", ui::MappingModel::Space), "ImageBind");
        QTRY_VERIFY(dialog.checksText().contains("ImageBind has two widths"));
        QVERIFY(dialog.checksText().contains("both the text rows of text in ImageBind"));
        QVERIFY(!import->isEnabled());
        picture(dialog, "import-errors");
        edit(*table, cellOf(*table, "clap_text.npy", ui::MappingModel::Space), "CLAP");
        QTRY_VERIFY(dialog.ready());
        // Rename the set in its own table.
        auto* sets = dialog.findChild<QTableView*>("sets");
        QCOMPARE(sets->model()->rowCount(), 2);
        int coco = sets->model()->index(0, 0).data().toString() == "COCO" ? 0 : 1;
        edit(*sets, sets->model()->index(coco, 0), "COCO-small");
        QTRY_VERIFY(dialog.manifestText().contains("\"COCO-small\""));
        QTRY_VERIFY(dialog.ready());
        QTest::mouseClick(dialog.findChild<QPushButton*>("show_manifest"), Qt::LeftButton);
        QVERIFY(dialog.findChild<QPlainTextEdit*>()->isVisible());
        picture(dialog, "import-manifest");
        QSignalSpy imported(&dialog, &ui::ImportDialog::imported);
        QVERIFY(import->isEnabled());
        QTest::mouseClick(import, Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(imported.count(), 1, 8000);
        QCOMPARE(imported[0][0].toString(), folder_.filePath("made"));
        QVERIFY(!dialog.isVisible());
        const Json found = engine::inspect({folder_.filePath("made").toStdString()}, {}).json;
        QCOMPARE(found["spaces"].size(), std::size_t{2});
        QCOMPARE(found["pools"].size(), std::size_t{3});
        QCOMPARE(found["reactions"].size(), std::size_t{1});
        for (const auto& s : found["sets"]) {
            if (s["name"] == "COCO-small") QCOMPARE(s["pairs"].get<int>(), 30);
            else QCOMPARE(s["pairs"].get<int>(), 10);
        }
    }

    void aButtonMendsWhatIsPlain() {
        ui::ImportDialog dialog;
        dialog.show();
        dialog.setWorkspace(folder_.filePath("mended"));
        dialog.addPaths({data("ib_coco_image.npy"), data("ib_coco_text.npy")});
        QTRY_VERIFY_WITH_TIMEOUT(dialog.ready(), 8000);
        auto* sets = dialog.findChild<QTableView*>("sets");
        // Six images with five captions each, set to four.
        edit(*sets, sets->model()->index(0, ui::SetsModel::Captions), "4");
        QTRY_VERIFY(dialog.checksText().contains("24 rows were expected on the second side, not 30"));
        auto* fix = dialog.findChild<QPushButton*>("fix");
        QVERIFY(fix);
        QCOMPARE(fix->text(), "5 captions for each");
        QTest::mouseClick(fix, Qt::LeftButton);
        QTRY_VERIFY(dialog.ready());
        QCOMPARE(dialog.plan().sets[0].captions, std::int64_t{5});
    }

    void whatTheEngineRefusesLeavesNothing() {
        npy("ib_audio.npy", 5, 4);
        ui::ImportDialog dialog;
        dialog.show();
        dialog.setWorkspace(folder_.filePath("refused"));
        dialog.addPaths({data("ib_audio.npy")});
        QTRY_VERIFY_WITH_TIMEOUT(dialog.ready() && dialog.plan().rows[0].seen, 8000);
        // The file is another one after it was looked at.
        auto rows = values(5, 4);
        rows[7] = std::numeric_limits<float>::quiet_NaN();
        engine::writeNpy(data("ib_audio.npy").toStdString(), {rows.data(), 5, 4});
        QSignalSpy imported(&dialog, &ui::ImportDialog::imported);
        QTest::mouseClick(dialog.findChild<QPushButton*>("import"), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(dialog.messages().kind() == ui::MessageBar::Kind::Error, 8000);
        QVERIFY2(dialog.messages().text().contains("NaN"), qPrintable(dialog.messages().text()));
        QCOMPARE(imported.count(), 0);
        QVERIFY(dialog.isVisible());
        QVERIFY(!QFileInfo::exists(folder_.filePath("refused")));
        picture(dialog, "import-refused");
        // A file that is no array says so, and what to do with a pickled one.
        engine::writeFileWhole(data("w.pt").toStdString(), "x");
        dialog.addPaths({data("w.pt")});
        QTRY_VERIFY(dialog.messages().text().contains("weights_only=True"));
        // Of several each is named.
        engine::writeFileWhole(data("broken.npy").toStdString(), "x");
        dialog.addPaths({data("w.pt"), data("broken.npy"), data("ib_audio.npy")});
        QTRY_VERIFY(!dialog.busy());
        const QString said = dialog.messages().text();
        QVERIFY2(said.contains("w.pt") && said.contains("weights_only=True") && said.contains("broken.npy"),
                 qPrintable(said));
        QVERIFY(!said.contains("ib_audio.npy"));
    }

    void aManifestIsLoadedAndRun() {
        const Json manifest = quoted(
            "{'format': 'molspace-import', 'version': 1, 'pools': ["
            "{'name': 'text', 'modality': 'text', 'rows': {'first': 0, 'count': 10}, 'ids': 'text_ids.csv#id',"
            "'spaces': {'ImageBind': 'ib_text.npy', 'CLAP': 'clap_text.npy'}}]}");
        engine::writeJsonFile(data("manifest.json").toStdString(), manifest);
        ui::ImportDialog dialog;
        dialog.show();
        dialog.addPaths({data("manifest.json")});
        QTRY_VERIFY_WITH_TIMEOUT(dialog.plan().rows.size() == 3 && dialog.ready(), 8000);
        auto* table = dialog.findChild<QTreeView*>("mapping");
        QCOMPARE(table->model()->index(0, ui::MappingModel::Shape).data().toString(), "40 × 12 float32");
        dialog.setWorkspace(folder_.filePath("from-manifest"));
        QTRY_VERIFY(dialog.ready());
        QSignalSpy imported(&dialog, &ui::ImportDialog::imported);
        QVERIFY(dialog.findChild<QPushButton*>("import")->isEnabled());
        QTest::keyClick(&dialog, Qt::Key_Escape);  // does not throw the table away
        QVERIFY(dialog.isVisible() && dialog.messages().text().contains("Cancel closes"));
        QApplication::setActiveWindow(&dialog);
        QTest::keyClick(&dialog, Qt::Key_Return, Qt::ControlModifier);
        QTRY_VERIFY2_WITH_TIMEOUT(imported.count() == 1, qPrintable(dialog.messages().text()), 8000);
        const Json found = engine::inspect({folder_.filePath("from-manifest").toStdString()}, {}).json;
        QCOMPARE(found["pools"][0]["tables"][0]["rows"].get<int>(), 10);
        // A wrong one is named, and the table stays.
        ui::ImportDialog other;
        other.show();
        Json wrong = manifest;
        wrong["pools"][0]["modalty"] = "text";
        engine::writeJsonFile(data("wrong.json").toStdString(), wrong);
        other.loadManifest(data("wrong.json"));
        QTRY_VERIFY_WITH_TIMEOUT(!other.busy(), 20000);
        QVERIFY(other.messages().text().contains("did you mean 'modality'"));
        QVERIFY(other.plan().rows.empty());
    }

    void aStoppedImportLeavesNothing() {
        ui::ImportDialog dialog;
        dialog.show();
        npy("ib_large_text.npy", 60000, 64);
        dialog.setWorkspace(folder_.filePath("stopped"));
        dialog.addPaths({data("ib_large_text.npy")});
        QTRY_VERIFY_WITH_TIMEOUT(dialog.ready(), 8000);
        QSignalSpy imported(&dialog, &ui::ImportDialog::imported);
        QTest::mouseClick(dialog.findChild<QPushButton*>("import"), Qt::LeftButton);
        QVERIFY(dialog.busy() && !dialog.findChild<QPushButton*>("import")->isEnabled());
        QTest::mouseClick(dialog.findChild<QPushButton*>("cancel"), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!dialog.isVisible(), 8000);
        QCOMPARE(imported.count(), 0);
        QVERIFY(!QFileInfo::exists(folder_.filePath("stopped/workspace.h5")));
    }

    void rowsAreRemovedAndChangedTogether() {
        ui::ImportDialog dialog;
        dialog.show();
        QApplication::setActiveWindow(&dialog);  // there may be no window manager
        dialog.setWorkspace(folder_.filePath("made"));
        dialog.addPaths({data("ib_text.npy"), data("ib_image.npy"), data("clap_text.npy")});
        QTRY_VERIFY_WITH_TIMEOUT(!dialog.busy() && dialog.plan().rows.size() == 3, 8000);
        QTRY_VERIFY(dialog.checksText().contains("The workspace has a pool text already; it will be replaced."));
        auto* table = dialog.findChild<QTreeView*>("mapping");
        table->selectAll();
        edit(*table, table->model()->index(0, ui::MappingModel::Item), "all");
        QTRY_COMPARE(dialog.plan().rows[2].item, std::string("all"));
        QCOMPARE(dialog.plan().rows[1].item, std::string("all"));
        table->setCurrentIndex(table->model()->index(1, 0));
        table->setFocus();
        QTest::keyClick(table, Qt::Key_Delete);
        QCOMPARE(dialog.plan().rows.size(), std::size_t{2});
        table->setCurrentIndex(table->model()->index(0, 0));
        QTest::mouseClick(dialog.findChild<QPushButton*>("copy"), Qt::LeftButton);
        QCOMPARE(dialog.plan().rows.size(), std::size_t{3});
        QTRY_VERIFY(dialog.checksText().contains("has no role yet"));
        ui::applyTheme(ui::ThemeChoice::Dark);
        QTest::qWait(50);
        picture(dialog, "import-dark");
        ui::applyTheme(ui::ThemeChoice::Light);
        QTest::qWait(50);
    }

private:
    QString data(const char* name) const { return folder_.filePath("data/" + QString::fromLatin1(name)); }

    std::vector<float> values(std::size_t rows, std::size_t width) {
        std::normal_distribution<float> normal;
        std::vector<float> out(rows * width);
        for (auto& v : out) v = normal(random_);
        return out;
    }
    void npy(const char* name, std::size_t rows, std::size_t width) {
        const auto all = values(rows, width);
        engine::writeNpy(data(name).toStdString(), {all.data(), rows, width});
    }

    std::vector<engine::ArrayPeek> peekAll() const {
        std::vector<engine::ArrayPeek> out;
        for (const char* file : {"ib_text.npy", "ib_image.npy", "clap_text.npy", "clap.safetensors",
                                 "ib_coco_image.npy", "ib_coco_text.npy", "esc50.csv", "text_ids.csv"}) {
            for (auto& a : engine::peekArrays(data(file).toStdString(), {})) out.push_back(std::move(a));
        }
        return out;
    }

    // JSON with single quotes: moc loses its way in raw strings.
    static Json quoted(std::string text) {
        std::replace(text.begin(), text.end(), '\'', '"');
        return Json::parse(text);
    }

    static const ui::PlanRow* row(const ui::ImportPlan& plan, const char* name) {
        for (const auto& r : plan.rows) {
            if (r.name() == QString::fromUtf8(name)) return &r;
        }
        return nullptr;
    }

    static ui::PlanRow arrayRow(const char* file, std::uint64_t rows, std::uint64_t width, ArrayRole role,
                                const char* item, const char* modality, const char* space) {
        ui::PlanRow out;
        out.array.file = std::string("/data/") + file;
        out.array.type = "float32";
        out.array.shape = {rows, width};
        out.array.rows = true;
        out.role = role;
        out.item = item;
        out.modality = modality;
        out.space = space;
        return out;
    }

    static bool said(const ui::ImportPlan& plan, const char* text) {
        QStringList all;
        for (const auto& p : ui::checkPlan(plan, {})) {
            if (p.error && p.text.startsWith(QString::fromUtf8(text)) && !p.remedy.isEmpty()) return true;
            all << p.text;
        }
        qWarning() << "said instead:" << all;
        return false;
    }

    QTemporaryDir folder_;
    std::mt19937 random_{7};
};

QTEST_MAIN(ImportTest)
#include "import_dialog_test.moc"
