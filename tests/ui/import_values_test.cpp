// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the import dialog sees of values before anything is imported, and the tree of files, groups and arrays; needs an
// X server, a virtual one will do.
#include <QAbstractItemModelTester>
#include <QAction>
#include <QFile>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeView>

#include <limits>

#include "engine/store/hdf5_file.h"
#include "engine/store/npy.h"
#include "tests/ui/import_table.h"
#include "tests/ui/picture.h"
#include "ui/style/theme.h"
#include "ui/workspace/import_dialog.h"
#include "ui/workspace/import_model.h"

using engine::Json;
using ui::ArrayRole;
using ui::MappingModel;
using ui::test::cellOf;
using ui::test::edit;
using ui::test::openEditor;
using ui::test::picture;

namespace {

constexpr std::size_t kRows = 6, kWidth = 4;

// Row i has the norm `norms[i]`; NaN and 0 make such rows.
std::vector<float> rowsOf(const std::vector<float>& norms) {
    std::vector<float> out(norms.size() * kWidth, 0);
    for (std::size_t i = 0; i < norms.size(); ++i) out[i * kWidth + i % kWidth] = norms[i];
    return out;
}

ui::PlanRow rowOf(const char* file, const char* dataset, std::int64_t index = -1) {
    ui::PlanRow row;
    row.array.file = file;
    row.array.dataset = dataset;
    row.array.type = "float32";
    row.array.shape = {kRows, kWidth};
    row.array.rows = true;
    row.index = index;
    return row;
}

QStringList linesOf(const ui::PlanTree& tree, int node = 0, int depth = 0) {
    QStringList out;
    for (const int child : tree.at(node).children) {
        out << QString(depth * 2, QLatin1Char(' ')) + tree.at(child).label;
        out << linesOf(tree, child, depth + 1);
    }
    return out;
}

}  // namespace

class ImportValuesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(folder_.isValid());
        ui::applyTheme(ui::ThemeChoice::Light);
        npy("ib_text.npy", {1, 1, 1, 1, 1, 1});
        npy("clap_text.npy", {1, 2, 0.5F, 1, 1, 1});
        npy("nan_text.npy", {1, kNan, 1, 1, kNan, 1});
        npy("zero_text.npy", {1, 1, 1, 0, 1, 1});
        const auto values = rowsOf({1, 1, 1, 1, 1, 1});
        auto hdf5 = engine::Hdf5File::create(file("arrays.h5").toStdString());
        for (const char* name : {"image/ImageBind", "text/CLAP", "text/ImageBind"}) {
            hdf5.createRows(name, kRows, kWidth, false);
            hdf5.writeRows(name, 0, kRows, kWidth, values.data());
        }
        hdf5.close();
    }

    void badRowsAreNamedBeforeTheImport() {
        ui::ImportDialog dialog;
        dialog.show();
        dialog.setWorkspace(file("w"));
        dialog.addPaths({file("nan_text.npy"), file("zero_text.npy"), file("ib_text.npy")});
        QTRY_VERIFY_WITH_TIMEOUT(seen(dialog) == 3, 8000);
        const QString said = dialog.checksText();
        QVERIFY2(said.contains("2 rows of nan_text.npy have a NaN or an Inf; the first is row 1."), qPrintable(said));
        QVERIFY2(said.contains("Row 3 of zero_text.npy is all zeros, so it has no direction."), qPrintable(said));
        QVERIFY(said.contains("Take such rows out of the file"));
        QVERIFY(!dialog.ready() && !dialog.looking());
        picture(dialog, "import-values");
        for (int i = 0; i < 2; ++i) {
            auto* fix = dialog.findChild<QPushButton*>("fix");
            QVERIFY(fix);
            QCOMPARE(fix->text(), "Leave it out");
            QTest::mouseClick(fix, Qt::LeftButton);
            QTRY_COMPARE(notImported(dialog), i + 1);
            QTest::qWait(20);  // buttons that are gone are deleted later
        }
        QTRY_VERIFY2(dialog.ready(), qPrintable(dialog.checksText()));
    }

    void normsAreShown() {
        ui::ImportDialog dialog;
        dialog.show();
        dialog.addPaths({file("ib_text.npy"), file("clap_text.npy")});
        QTRY_VERIFY_WITH_TIMEOUT(seen(dialog) == 2, 8000);
        const auto* table = dialog.findChild<QTreeView*>("mapping");
        QCOMPARE(cellOf(*table, "ib_text.npy", MappingModel::Norms).data().toString(), "unit length");
        const auto cell = cellOf(*table, "clap_text.npy", MappingModel::Norms);
        QCOMPARE(cell.data().toString(), "0.5 to 2");
        const QString tip = cell.siblingAtColumn(MappingModel::Shape).data(Qt::ToolTipRole).toString();
        QVERIFY2(tip.contains("Norms 0.5 to 2, mean 1.08.") && tip.contains("All of its rows were looked at."),
                 qPrintable(tip));
        // Rows that are not of unit length are no problem of an import.
        for (const auto& p : ui::checkPlan(dialog.plan(), {})) QVERIFY2(!p.text.contains("clap"), qPrintable(p.text));
        // A copy has been looked at.
        auto* view = dialog.findChild<QTreeView*>("mapping");
        view->setCurrentIndex(cell.siblingAtColumn(0));
        QTest::mouseClick(dialog.findChild<QPushButton*>("copy"), Qt::LeftButton);
        QCOMPARE(seen(dialog), 3);
    }

    void checksSayWhatTheImportWouldDo() {
        ui::ImportPlan plan;
        plan.rows = {rowOf("/data/a.npy", "")};
        auto& row = plan.rows[0];
        row.role = ArrayRole::PoolRows;
        row.item = row.modality = "text";
        row.space = "A";
        row.seen = engine::ValuesPeek{kRows, kRows, 0, 1, 0, 2, 0, 1, 1, false};
        auto problems = ui::checkPlan(plan, {});
        QCOMPARE(problems.size(), std::size_t{1});
        QVERIFY(problems[0].error && problems[0].rows == std::vector<int>{0});
        // Of an array of which some rows are taken, these may be others.
        row.rows = Json::array({0, 1});
        problems = ui::checkPlan(plan, {});
        QCOMPARE(problems.size(), std::size_t{1});
        QVERIFY(!problems[0].error && problems[0].remedy.contains("Only some of its rows are taken"));
        row.rows = nullptr;
        row.seen->of = 900;
        QVERIFY(ui::checkPlan(plan, {})[0].text.contains("There may be more: 6 of its 900 rows were looked at."));
        // What could not be looked at is the import's to say.
        row.seen = {};
        row.unseen = "there is no such file";
        problems = ui::checkPlan(plan, {});
        QVERIFY(!problems[0].error && problems[0].text.contains("could not be looked at: there is no such file"));
        // Where it has another role nobody asks for its values.
        row.role = ArrayRole::Ignored;
        for (const auto& p : ui::checkPlan(plan, {})) QVERIFY(!p.text.contains("a.npy"));
        QVERIFY(ui::valuesKey(row).empty());
    }

    void onlyWhatIsShownIsLookedAt() {
        ui::ImportDialog dialog;
        npy("gone_text.npy", {1, 1, 1, 1, 1, 1});
        dialog.setWorkspace(file("w"));
        dialog.addPaths({file("ib_text.npy"), file("gone_text.npy")});
        QTRY_VERIFY_WITH_TIMEOUT(dialog.plan().rows.size() == 2 && dialog.ready(), 8000);
        QVERIFY(!dialog.looking() && seen(dialog) == 0);
        QVERIFY(QFile::remove(file("gone_text.npy")));
        dialog.show();
        QTRY_VERIFY_WITH_TIMEOUT(dialog.checksText().contains("gone_text.npy could not be looked at"), 8000);
        QTRY_VERIFY(seen(dialog) == 1 && !dialog.looking());
        QVERIFY(dialog.ready());
    }

    void whatIsTypedStaysWhileValuesCome() {
        ui::ImportDialog dialog;
        dialog.show();
        dialog.addPaths({file("ib_text.npy")});
        QTRY_VERIFY_WITH_TIMEOUT(seen(dialog) == 1, 8000);
        auto* table = dialog.findChild<QTreeView*>("mapping");
        auto* line = openEditor(*table, cellOf(*table, "ib_text.npy", MappingModel::Space));
        QVERIFY(line);
        line->selectAll();
        QTest::keyClicks(line, "Oth");
        auto* model = table->model();
        Q_EMIT model->dataChanged(model->index(0, 0), model->index(0, MappingModel::kColumns - 1));
        QCOMPARE(line->text(), "Oth");
    }

    void aTreeHasLevelsWhereTheyHelp() {
        ui::ImportPlan plan;
        plan.rows = {
            rowOf("/a/b.h5", "pools/text/CLAP"), rowOf("/a/a.npy", ""),     rowOf("/a/b.h5", "/pools/text/IB", 1),
            rowOf("/a/b.h5", "sets/x"),          rowOf("/a/c.npy", "", 0),  rowOf("/a/c.npy", "", 1),
            rowOf("/a/d.csv", "km/h"),           rowOf("/a/d.csv", "km/s"), rowOf("/a/e.h5", "data/one/x"),
            rowOf("/a/e.h5", "data/two/x"),      rowOf("/other/a.npy", ""), rowOf("/other/f.h5", "one/x")};
        plan.rows[6].array.column = plan.rows[7].array.column = true;
        const ui::PlanTree tree(plan);
        const QStringList expected{"b.h5",        "  pools/text", "    CLAP", "    IB [1]", "  sets/x",    "a.npy",
                                   "c.npy",       "  [0]",        "  [1]",    "d.csv",      "  km/h",      "  km/s",
                                   "e.h5 › data", "  one/x",      "  two/x",  "a.npy",      "f.h5 › one/x"};
        QCOMPARE(linesOf(tree), expected);
        QCOMPARE(tree.rowsUnder(0).size(), plan.rows.size());
        QCOMPARE(tree.rowsUnder(tree.at(tree.nodeOf(2)).parent), (std::vector<int>{0, 2}));
        QCOMPARE(tree.nodeOf(12), -1);
    }

    void filesAndGroupsStandForTheirArrays() {
        ui::ImportDialog dialog;
        dialog.show();
        QApplication::setActiveWindow(&dialog);  // there may be no window manager
        dialog.addPaths({file("arrays.h5"), file("nan_text.npy")});
        QTRY_VERIFY_WITH_TIMEOUT(!dialog.busy() && dialog.plan().rows.size() == 4, 8000);
        auto* table = dialog.findChild<QTreeView*>("mapping");
        auto* model = table->model();
        const QAbstractItemModelTester tester(model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QCOMPARE(model->rowCount(), 2);
        const auto top = cellOf(*table, "arrays.h5", 0), group = cellOf(*table, "text", 0);
        QVERIFY(top.isValid() && group.parent() == top && model->rowCount(group) == 2);
        QVERIFY(table->isExpanded(top) && table->isExpanded(group));
        QCOMPARE(top.siblingAtColumn(MappingModel::Shape).data().toString(), "3 arrays");
        picture(dialog, "import-tree");

        // Left and right go through the cells of an array, and close and open a group.
        table->setCurrentIndex(cellOf(*table, "CLAP", MappingModel::Role));
        QTest::keyClick(table, Qt::Key_Right);
        QCOMPARE(table->currentIndex().column(), static_cast<int>(MappingModel::Item));
        QTest::keyClick(table, Qt::Key_Left);
        QCOMPARE(table->currentIndex(), cellOf(*table, "CLAP", MappingModel::Role));
        table->setCurrentIndex(group.siblingAtColumn(MappingModel::Role));
        QTest::keyClick(table, Qt::Key_Left);
        QVERIFY(!table->isExpanded(group));
        QTest::keyClick(table, Qt::Key_Right);
        QVERIFY(table->isExpanded(group));

        // A cell is changed in all selected arrays, whatever their files.
        table->selectAll();
        edit(*table, cellOf(*table, "CLAP", MappingModel::Space), "Other");
        for (const auto& row : dialog.plan().rows) QCOMPARE(row.space, std::string("Other"));
        // A check shows its arrays wherever they are.
        QTRY_VERIFY(dialog.checksText().contains("both the text rows"));
        table->collapse(cellOf(*table, "text", 0));
        for (auto* button : dialog.findChildren<QPushButton*>()) {
            if (!button->accessibleName().contains("text/CLAP and arrays.h5 › text/ImageBind are both")) continue;
            QTest::mouseClick(button, Qt::LeftButton);
            break;
        }
        QVERIFY(table->isExpanded(cellOf(*table, "text", 0)));
        QCOMPARE(table->selectionModel()->selectedRows().size(), 2);
        QVERIFY(table->selectionModel()->isSelected(cellOf(*table, "CLAP", 0)));
    }

    void filesAreLeftOutAndRemoved() {
        ui::ImportDialog dialog;
        dialog.show();
        dialog.addPaths({file("arrays.h5"), file("ib_text.npy")});
        QTRY_VERIFY_WITH_TIMEOUT(!dialog.busy() && dialog.plan().rows.size() == 4, 8000);
        auto* table = dialog.findChild<QTreeView*>("mapping");
        table->setCurrentIndex(cellOf(*table, "text", 0));
        QAction* leave_out = nullptr;
        for (auto* action : table->actions()) {
            if (action->text() == "Leave out") leave_out = action;
        }
        QVERIFY(leave_out && leave_out->isEnabled());
        leave_out->trigger();
        QCOMPARE(notImported(dialog), 2);
        QVERIFY(dialog.plan().rows[0].role != ArrayRole::Ignored);
        QTRY_COMPARE(cellOf(*table, "text", MappingModel::Role).data().toString(), "none to import");
        // What was closed stays so when rows come.
        table->collapse(cellOf(*table, "text", 0));
        table->setCurrentIndex(cellOf(*table, "ib_text.npy", 0));
        QTest::mouseClick(dialog.findChild<QPushButton*>("copy"), Qt::LeftButton);
        QCOMPARE(dialog.plan().rows.size(), std::size_t{5});
        QVERIFY(!table->isExpanded(cellOf(*table, "text", 0)) && table->isExpanded(cellOf(*table, "arrays.h5", 0)));
        // Rows that a range goes past are not meant.
        auto* selection = table->selectionModel();
        selection->select(cellOf(*table, "arrays.h5", 0),
                          QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
        selection->select(cellOf(*table, "image/ImageBind", 0),
                          QItemSelectionModel::Select | QItemSelectionModel::Rows);
        QTest::mouseClick(dialog.findChild<QPushButton*>("remove"), Qt::LeftButton);
        QCOMPARE(dialog.plan().rows.size(), std::size_t{4});
        QApplication::setActiveWindow(&dialog);  // there may be no window manager
        table->setFocus();
        table->setCurrentIndex(table->model()->index(0, 0));
        QTest::keyClick(table, Qt::Key_Delete);
        QCOMPARE(dialog.plan().rows.size(), std::size_t{2});
        QCOMPARE(dialog.plan().rows[0].array.file.filename().string(), std::string("ib_text.npy"));
    }

private:
    static constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

    QString file(const char* name) const { return folder_.filePath(QString::fromLatin1(name)); }
    void npy(const char* name, const std::vector<float>& norms) const {
        const auto all = rowsOf(norms);
        engine::writeNpy(file(name).toStdString(), {all.data(), norms.size(), kWidth});
    }

    static int seen(const ui::ImportDialog& dialog) {
        int count = 0;
        for (const auto& row : dialog.plan().rows) count += row.seen.has_value();
        return count;
    }
    static int notImported(const ui::ImportDialog& dialog) {
        int count = 0;
        for (const auto& row : dialog.plan().rows) count += row.role == ArrayRole::Ignored;
        return count;
    }

    QTemporaryDir folder_;
};

QTEST_MAIN(ImportValuesTest)
#include "import_values_test.moc"
