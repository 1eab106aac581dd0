// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Drives the real window; needs an X server, a virtual one will do.
#include <QDir>
#include <QScreen>
#include <QTemporaryDir>
#include <QTest>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/session/session.h"
#include "ui/main_window.h"

class MainWindowTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(folder_.isValid());
        engine::synth({path("world"), {{"preset", "tiny"}}}, {});
        engine::Json sweep{{"subject", "P"}, {"baseline", "B"}, {"synthetic", true}};
        sweep["axes"] = {{{"factor", "sigma_a"}, {"values", {0, 0.5, 1}}}, {{"factor", "sigma_t"}, {"values", {0, 1}}}};
        sweep["groups"] = {
            {{"name", "AT"}, {"sets", {"AudioCaps"}}, {"metric", "R@1"}, {"change", {{0, 1}, {2, 3}, {1, 0}}}},
            {{"name", "TV"}, {"sets", {"COCO"}}, {"metric", "R@1"}, {"change", {{0, -1}, {-2, -3}, {-1, 0}}}}};
        engine::writeJsonFile(path("sweep.json"), sweep);
    }

    void aWorkspaceIsShown() {
        ui::MainWindow window;
        window.show();
        window.open(QString::fromStdString(path("world")));
        QTRY_VERIFY_WITH_TIMEOUT(!window.busy() && window.tree().topLevelItemCount() > 0, 20000);
        QStringList sections;
        for (int i = 0; i < window.tree().topLevelItemCount(); ++i) sections << window.tree().topLevelItem(i)->text(0);
        QVERIFY(sections.contains("Spaces") && sections.contains("Pools") && sections.contains("Evaluation sets") &&
                sections.contains("Can react"));
        QCOMPARE(window.tree().topLevelItem(0)->childCount(), 4);
        QCOMPARE(window.tree().topLevelItem(1)->childCount(), 3);
        QVERIFY(window.windowTitle().startsWith("world"));
        picture(window, "workspace");
    }

    void whatIsWrongIsSaid() {
        ui::MainWindow window;
        window.show();
        window.open(QString::fromStdString(path("nothing")));
        QTRY_VERIFY_WITH_TIMEOUT(!window.busy() && window.message().contains("expected the folder of a workspace"),
                                 20000);
        QCOMPARE(window.tree().topLevelItemCount(), 0);
        engine::writeFileWhole(path("other.json"), "{}");
        window.open(QString::fromStdString(path("other.json")));
        QVERIFY(window.message().contains("expected a sweep over two factors"));
    }

    void aSweepIsShownAsSurfaces() {
        ui::MainWindow window;
        window.show();
        window.open(QString::fromStdString(path("sweep.json")));
        auto* view = window.findChild<ui::SurfaceView*>();
        QVERIFY(view != nullptr);
        QCOMPARE(view->groups(), 2);
        QTest::qWait(500);
        picture(window, "surface");
    }

private:
    std::string path(const char* name) const { return folder_.filePath(QString::fromLatin1(name)).toStdString(); }

    // For people to look at, where MOLSPACE_PICTURES names a folder.
    static void picture(QWidget& window, const char* name) {
        const QString folder = qEnvironmentVariable("MOLSPACE_PICTURES");
        if (folder.isEmpty()) return;
        QTest::qWait(300);
        window.screen()
            ->grabWindow(0, window.x(), window.y(), window.frameGeometry().width(), window.frameGeometry().height())
            .save(QDir(folder).filePath(QString::fromLatin1(name) + ".png"));
    }

    QTemporaryDir folder_;
};

QTEST_MAIN(MainWindowTest)
#include "main_window_test.moc"
