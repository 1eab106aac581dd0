// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "ui/document/project.h"

class DocumentTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aDragIsOneStep() {
        ui::Project project;
        begin(project);
        const int drag = project.newDrag();
        for (int i = 0; i <= 50; ++i) project.setSetting(at(i / 100.0), "a", drag);
        QCOMPARE(project.undoStack().count(), 1);
        project.setSetting(at(0.9), "a", project.newDrag());
        QCOMPARE(project.undoStack().count(), 2);
        project.undoStack().undo();
        QCOMPARE(project.setting().factors.at("sigma_a"), 0.5);
        project.undoStack().undo();
        QCOMPARE(project.setting().factors.at("sigma_a"), 0.7);  // as it began
        project.undoStack().redo();
        project.undoStack().redo();
        QCOMPARE(project.setting().factors.at("sigma_a"), 0.9);
    }

    void aDragThereAndBackIsNoStep() {
        ui::Project project;
        begin(project);
        project.setSetting(at(0.4), "before");
        const int drag = project.newDrag();
        for (const double value : {0.5, 0.6, 0.4}) project.setSetting(at(value), "a", drag);
        QCOMPARE(project.undoStack().count(), 1);
        QCOMPARE(project.setting(), at(0.4));
        for (const double value : {0.5, 0.6}) project.setSetting(at(value), "a", drag);  // it goes on
        QCOMPARE(project.undoStack().count(), 2);
        project.undoStack().undo();
        QCOMPARE(project.setting(), at(0.4));
    }

    void undoTellsWhatChanged() {
        ui::Project project;
        begin(project);
        QSignalSpy settings(&project, &ui::Project::settingChanged), shots(&project, &ui::Project::snapshotsChanged),
            baselines(&project, &ui::Project::baselineChanged), views(&project, &ui::Project::viewChanged);
        project.setSetting(at(0.2), "x");
        const int number = project.addSnapshot("first");
        project.pinBaseline({{}, number}, "pin");
        ui::TuneView view;
        view.steps = 41;
        project.setView(view, "view");
        QCOMPARE(settings.count(), 1);
        QCOMPARE(shots.count(), 1);
        QCOMPARE(baselines.count(), 1);
        QCOMPARE(views.count(), 1);
        while (project.undoStack().canUndo()) project.undoStack().undo();
        QCOMPARE(settings.count(), 2);
        QCOMPARE(shots.count(), 2);
        QVERIFY(project.snapshots().empty());
        QVERIFY(project.baseline() == ui::PinnedBaseline{});
        QVERIFY(project.view() == ui::TuneView{});
        // Numbers are never given twice.
        QVERIFY(project.addSnapshot() > number);
    }

    void removingAPinnedSnapshotUnpinsIt() {
        ui::Project project;
        begin(project);
        const int number = project.addSnapshot();
        project.pinBaseline({{}, number}, "pin");
        project.removeSnapshot(number);
        QCOMPARE(project.baseline().snapshot, 0);
        project.undoStack().undo();
        QCOMPARE(project.baseline().snapshot, number);
    }

    void twoSnapshotsAreAAndB() {
        ui::Project project;
        project.addProduct("/p");
        const int one = project.addSnapshot("one"), two = project.addSnapshot("two");
        project.flipTo(0, one);
        project.flipTo(1, two);
        QCOMPARE(project.flipped(), (std::array<int, 2>{one, two}));
        project.flipTo(0, two);  // no snapshot is both
        QCOMPARE(project.flipped(), (std::array<int, 2>{two, 0}));
        project.undoStack().undo();
        QCOMPARE(project.flipped(), (std::array<int, 2>{one, two}));
        project.flipTo(0, 77);
        QCOMPARE(project.flipped()[0], one);
        ui::Project again;
        again.restore(project.state());
        QCOMPARE(again.flipped(), (std::array<int, 2>{one, two}));
        project.removeSnapshot(two);
        QCOMPARE(project.flipped(), (std::array<int, 2>{one, 0}));
        auto state = project.state();
        state["flipped"] = {one, two};  // which is gone
        again.restore(state);
        QCOMPARE(again.flipped(), (std::array<int, 2>{one, 0}));
    }

    void whatIsComparedIsStepsOfTheHistory() {
        ui::Project project;
        begin(project);
        QSignalSpy changed(&project, &ui::Project::comparedChanged);
        ui::Comparison one, two;
        one.columns = {{"/p/one", {}, at(0.2), "first"}};
        two.columns = {one.columns[0], {"/p/not open", "CLAP", {}, "CLAP alone"}};
        two.reference = 1;
        QVERIFY(!project.worthSaving());
        project.setCompared(one, "one");
        QVERIFY(project.worthSaving());  // also without a file
        project.setCompared(two, "two");
        project.setCompared(two, "the same");
        QCOMPARE(project.undoStack().count(), 2);
        project.setSetting(at(0.4), "x");
        QCOMPARE(changed.count(), 2);
        project.undoStack().undo();
        QVERIFY(project.compared() == two);
        project.undoStack().undo();
        QVERIFY(project.compared() == one);
        project.undoStack().undo();
        QVERIFY(project.compared() == ui::Comparison{});
        project.undoStack().redo();
        project.undoStack().redo();
        QVERIFY(project.compared() == two);
        QCOMPARE(changed.count(), 6);
        project.clear();
        QVERIFY(project.compared() == ui::Comparison{});
        QCOMPARE(project.newColumnNumber(), 1);
    }

    void whatIsComparedIsKeptInTheFile() {
        ui::Project project;
        project.addProduct(path("one"));
        ui::Comparison compared;
        compared.columns = {{path("one"), {}, at(0.2), "first"}, {"/p/elsewhere", "CLAP", {}, "CLAP alone"}};
        compared.reference = 1;
        QCOMPARE(project.newColumnNumber(), 1);
        project.setCompared(compared, "two");
        project.save(path("c.msproject"));
        auto json = engine::readJsonFile(path("c.msproject").toStdString());
        QCOMPARE(QString::fromStdString(json["compared"]["columns"][0]["product"].get<std::string>()), QString("one"));
        ui::Project again;
        again.load(path("c.msproject"));
        QVERIFY(again.compared() == compared);
        QCOMPARE(again.newColumnNumber(), 2);
        ui::Project recovered;
        auto state = project.state();
        state["recovered_from"] = project.file().toStdString();
        recovered.recover(state);
        QVERIFY(recovered.compared() == compared);

        // As older files have it: with what the window shows, products by their places.
        auto old = json["compared"];
        old["columns"][0]["product"] = 0;
        const engine::Json none{{"product", 7}, {"name", "of none"}};
        old["columns"].insert(old["columns"].begin(), none);
        old["reference"] = 2;
        old["tab"] = 1;
        json.erase("compared");
        json["window"] = {{"compare", old}};
        engine::writeJsonFile(path("c.msproject").toStdString(), json);
        again.load(path("c.msproject"));
        QVERIFY(again.compared() == compared);
        QCOMPARE(again.newColumnNumber(), 2);
        QCOMPARE(again.extra("compare").dump(), std::string(R"({"tab":1})"));
        old.erase("numbered");
        json["window"] = {{"compare", old}};
        again.restore(json);
        QCOMPARE(again.newColumnNumber(), 3);
    }

    void aProjectComesBackAsItWas() {
        ui::Project project;
        project.setWorkspace(path("world"));
        begin(project);
        project.setSetting(at(0.123456789012345), "x");
        project.addSnapshot("mine");
        project.addPreset("of my own", at(0.4));
        ui::TuneView view;
        view.group = "AT";
        view.x = "sigma_t";
        view.steps = 41;
        project.setView(view, "view");
        project.setExtra("page", 3);
        project.save(path("p.msproject"));
        QVERIFY(!project.modified());
        // Paths beside the file travel with it.
        const auto json = engine::readJsonFile(path("p.msproject").toStdString());
        QCOMPARE(QString::fromStdString(json["workspace"].get<std::string>()), QString("world"));
        ui::Project again;
        again.load(path("p.msproject"));
        QCOMPARE(again.workspace(), path("world"));
        QCOMPARE(again.products(), project.products());
        QCOMPARE(again.setting().factors, project.setting().factors);
        QCOMPARE(again.snapshots().size(), std::size_t{1});
        QCOMPARE(again.snapshots()[0].name, QString("mine"));
        QVERIFY(again.presets().contains("of my own"));
        QVERIFY(again.view() == view);
        QCOMPARE(again.extra("page").get<int>(), 3);
        QVERIFY(again.addSnapshot() > 1);
    }

    void whatIsNoStepCountsAsChanged() {
        ui::Project project;
        begin(project);
        project.save(path("t.msproject"));
        QSignalSpy changed(&project, &ui::Project::changed);
        project.touch();
        QCOMPARE(changed.count(), 1);
        QVERIFY(project.modified() && project.worthSaving());
        project.save(path("t.msproject"));
        QVERIFY(!project.modified());
    }

    void unknownKeysAreKeptAndNewerFormatsRefused() {
        ui::Project project;
        begin(project);
        project.save(path("q.msproject"));
        auto json = engine::readJsonFile(path("q.msproject").toStdString());
        json["of_tomorrow"] = {1, 2};
        engine::writeJsonFile(path("q.msproject").toStdString(), json);
        ui::Project again;
        again.load(path("q.msproject"));
        again.save(path("q.msproject"));
        QVERIFY(engine::readJsonFile(path("q.msproject").toStdString())["of_tomorrow"] == json["of_tomorrow"]);
        json["format_version"] = {2, 0};
        engine::writeJsonFile(path("r.msproject").toStdString(), json);
        QVERIFY_THROWS_EXCEPTION(engine::Error, again.load(path("r.msproject")));
        QCOMPARE(again.products(), project.products());  // as it was
    }

    void damagedFilesAreRefusedAndChangeNothing() {
        ui::Project project;
        begin(project);
        project.setSetting(at(0.3), "x");
        const char* bad[] = {"",
                             "[]",
                             "{}",
                             "{\"format\": \"molspace project\", \"products\": 5}",
                             "{\"format\": \"molspace project\", \"view\": {\"steps\": \"many\"}}",
                             "{\"format\": \"molspace project\", \"snapshots\": [{\"number\": 1}]}",
                             "{\"format\": \"molspace project\", \"presets\": {\"a\": {\"factors\": 3}}}",
                             "{\"format\": \"molspace project\", \"compared\": {\"columns\": [{\"name\": \"a\"}]}}"};
        for (const char* text : bad) {
            engine::writeFileWhole(path("bad.msproject").toStdString(), text);
            QVERIFY_THROWS_EXCEPTION(engine::Error, project.load(path("bad.msproject")));
            QCOMPARE(project.setting().factors.at("sigma_a"), 0.3);
        }
    }

    void aProductTrainedAnewKeepsWhatItStillHas() {
        ui::Project project;
        begin(project);
        project.setSetting(at(0.3), "x");
        engine::Setting other;
        other.factors = {{"sigma_a", 0.5}, {"lambda_v", 0.9}};
        other.expert_weights = {{"New", 1.0}};
        project.beginWith("/p/one", other);
        QCOMPARE(project.setting().factors.at("sigma_a"), 0.3);
        QCOMPARE(project.setting().factors.at("lambda_v"), 0.9);
        QVERIFY(!project.setting().expert_weights.contains("CLAP"));
        QVERIFY(project.setting().expert_weights.contains("New"));
    }

    // Brought in anew without an expert: steps and snapshots of before name it, the setting in force must not.
    void whatAProductHasNoMoreComesBackByNoStep() {
        ui::Project project;
        engine::Setting two = at(0.7);
        two.factors["lambda_v"] = 0.5;
        two.expert_weights["Gone"] = 1;
        project.addProduct("/p/one");
        project.beginWith("/p/one", two);
        const int number = project.addSnapshot();
        two.factors["sigma_a"] = 0.2;
        project.setSetting(two, "x");
        project.beginWith("/p/one", at(0.7));
        QCOMPARE(project.setting(), at(0.2));
        project.undoStack().undo();
        QCOMPARE(project.setting(), at(0.7));
        project.undoStack().redo();
        QCOMPARE(project.setting(), at(0.2));
        project.show("/p/one", project.snapshot(number)->setting, "snapshot");
        QCOMPARE(project.setting(), at(0.7));
        // From another product.
        project.addProduct("/p/two");
        project.show("/p/one", two, "of one");
        QCOMPARE(project.setting(), at(0.2));
    }

    void switchedProjectorsAreStepsAndAreSaved() {
        ui::Project project;
        project.addProduct(path("one"));
        engine::Setting all = at(0.7);
        all.projectors = {{"CLAP:T", true}, {"CLAP:A", true}, {"CLAP:TA", true}};
        project.beginWith(path("one"), all);
        engine::Setting some = all;
        some.projectors["CLAP:T"] = some.projectors["CLAP:A"] = false;
        QSignalSpy changed(&project, &ui::Project::settingChanged);
        project.setSetting(some, "off");
        QCOMPARE(changed.count(), 1);
        project.addPreset("mine", some);
        project.addSnapshot("then");
        project.save(path("p.msproject"));
        ui::Project again;
        again.load(path("p.msproject"));
        QCOMPARE(again.setting(path("one")), some);
        QCOMPARE(again.presets().at("mine"), some);
        QCOMPARE(again.snapshots().at(0).setting, some);
        again.beginWith(path("one"), all);
        QCOMPARE(again.setting(path("one")), some);
        // Trained anew without the one that was left on: an expert is never without a projector.
        engine::Setting fewer = at(0.7);
        fewer.projectors = {{"CLAP:T", true}, {"CLAP:A", true}};
        again.beginWith(path("one"), fewer);
        QCOMPARE(again.setting(path("one")).projectors, fewer.projectors);
        for (int i = 0; i < 3; ++i) project.undoStack().undo();
        QCOMPARE(project.setting(), all);
    }

    // Paths beside the project's file are relative in the copy, too.
    void whatIsRecoveredKnowsItsFileAndCountsAsChanged() {
        ui::Project project;
        project.addProduct(path("one"));
        project.beginWith(path("one"), at(0.7));
        project.save(path("s.msproject"));
        project.setSetting(at(0.2), "x");
        auto state = project.state();
        state["recovered_from"] = project.file().toStdString();
        ui::Project again;
        QVERIFY(!again.worthSaving());
        again.recover(state);
        QCOMPARE(again.file(), path("s.msproject"));
        QCOMPARE(again.product(), path("one"));
        QCOMPARE(again.setting().factors.at("sigma_a"), 0.2);
        QVERIFY(again.modified() && again.worthSaving());
        QVERIFY(!again.state().contains("recovered_from"));
        again.save(path("s.msproject"));
        QVERIFY(!again.worthSaving());
        // Of no file yet: still not to be lost without a word.
        state = project.state();
        state["products"][0]["folder"] = path("one").toStdString();
        state["recovered_from"] = "";
        ui::Project unnamed;
        unnamed.recover(state);
        QVERIFY(unnamed.file().isEmpty() && unnamed.worthSaving());
        QVERIFY_THROWS_EXCEPTION(engine::Error, again.recover(engine::Json::array()));
        QCOMPARE(again.file(), path("s.msproject"));
    }

    void aSettingOfAnotherProductIsOneStep() {
        ui::Project project;
        begin(project);
        project.addProduct("/p/two", false);
        QCOMPARE(project.product(), QString("/p/one"));
        project.show("/p/two", at(0.4), "of two");
        QCOMPARE(project.product(), QString("/p/two"));
        QCOMPARE(project.setting().factors.at("sigma_a"), 0.4);
        QCOMPARE(project.undoStack().count(), 1);
        project.undoStack().undo();
        QCOMPARE(project.product(), QString("/p/one"));
        QCOMPARE(project.setting().factors.at("sigma_a"), 0.7);
        project.undoStack().redo();
        QCOMPARE(project.product(), QString("/p/two"));
        QCOMPARE(project.setting().factors.at("sigma_a"), 0.4);
    }

private:
    QString path(const char* name) const { return folder_.filePath(QString::fromLatin1(name)); }
    static engine::Setting at(double value) {
        engine::Setting s;
        s.factors["sigma_a"] = value;
        s.expert_weights["CLAP"] = 1;
        return s;
    }
    static void begin(ui::Project& project) {
        project.addProduct("/p/one");
        project.beginWith("/p/one", at(0.7));
    }
    QTemporaryDir folder_;
};

QTEST_GUILESS_MAIN(DocumentTest)
#include "document_test.moc"
