// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What comes later to a finished product, in the real window: another expert, or one fewer, without training the
// others; the user's own encoder tuned through it; and the recipe's changes as steps that are undone. Needs an X
// server.
#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QDialog>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QProcess>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QUndoStack>

#include <filesystem>

#include "engine/base/file.h"
#include "engine/recipe/change_experts.h"
#include "engine/recipe/product.h"
#include "engine/recipe/projector_weights.h"
#include "engine/session/session.h"
#include "engine/store/workspace.h"
#include "tests/ui/picture.h"
#include "ui/main_window.h"
#include "ui/reactions/loss_chart.h"
#include "ui/reactions/option_form.h"
#include "ui/reactions/queue_view.h"
#include "ui/reactions/recipe_editor.h"
#include "ui/reactions/route_view.h"
#include "ui/reactions/run_monitor.h"
#include "ui/reactions/run_setup.h"
#include "ui/reactions/take_over.h"
#include "ui/reactions/training_queue.h"
#include "ui/style/theme.h"

using engine::Json;
using ui::MainWindow;
using ui::test::picturesInBothThemes;

namespace {

const Json kQuick{{"hidden_width", 16}, {"batch_size", 64}, {"epochs", 1}};

void train(const std::string& workspace, const std::string& recipe, const std::string& product) {
    engine::ReactRequest request;
    request.workspace = workspace;
    request.recipe = recipe;
    request.product = product;
    request.reaction_options = kQuick;
    engine::train(request, {});
}

std::string bytes(const std::filesystem::path& product, const char* projector) {
    return engine::readFile(product / "reactions" / projector);
}

// Without the recipe's name, which the file has.
engine::ProjectorWeights weights(const std::filesystem::path& product, const char* projector) {
    return engine::readProjector(product / "reactions" / projector);
}

}  // namespace

class LaterPageTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        ui::applyTheme(ui::ThemeChoice::Light);
        world_ = path("world");
        engine::synth({world_, {{"preset", "tiny"}}}, {});
        train(world_, "ImageBind++", world_ + "/products/both");
        train(world_, "InternVL_IB++", world_ + "/products/plain");
        window_ = std::make_unique<MainWindow>(false);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
        window_->open(QString::fromStdString(world_));
        QTRY_VERIFY_WITH_TIMEOUT(page().recipe().plan().has_value(), 20000);
        window_->showPage(MainWindow::Page::Reactions);
    }
    void cleanupTestCase() { window_.reset(); }

    void anExpertIsGivenUpWithoutTraining() {
        const auto spaces = engine::spacesOf(engine::Workspace(world_));
        page().setup().setOptions(Json::object(), kQuick);
        page().recipe().setRecipe(engine::withoutExpert(engine::findRecipe("ImageBind++"), spaces, "CLAP_m"),
                                  "ImageBind++");
        page().setup().setFolder(QString::fromStdString(path("one")));
        auto* list = window_->findChild<QComboBox*>("takeFrom");
        QTRY_VERIFY_WITH_TIMEOUT(list->findText("both: 1 of 1 reactions") > 0, 20000);
        QCOMPARE(list->currentText(), QString("nothing: train everything"));
        QVERIFY(list->isVisible());
        const QString all = page().setup().shownEstimate();
        choose(*list, "both: 1 of 1 reactions");
        QCOMPARE(takeOver().taken(), std::set<std::string>({"1-CLAP_g"}));
        QVERIFY2(takeOver().shown().contains("1-CLAP_g: taken as it is"), qPrintable(takeOver().shown()));
        QVERIFY(page().setup().shownEstimate() != all);
        QVERIFY2(page().setup().shownEstimate().contains("Projectors: 0"), qPrintable(page().setup().shownEstimate()));
        picturesInBothThemes(*window_, "later-taken");
        startAndWait();
        for (const char* projector : {"1-CLAP_g/TVA.safetensors", "1-CLAP_g/A.safetensors"})
            QVERIFY(bytes(path("one"), projector) == bytes(world_ + "/products/both", projector));
        const auto one = engine::loadProduct(path("one"));
        QCOMPARE(one.record.training["1-CLAP_g"]["TVA"]["taken"]["product"].get<std::string>(),
                 std::string("ImageBind++"));
        QVERIFY(!one.record.training.contains("1-CLAP_m"));
    }

    void anExpertMoreTrainsOnlyItself() {
        const auto spaces = engine::spacesOf(engine::Workspace(world_));
        page().recipe().setRecipe(engine::withExpert(engine::findRecipe("ImageBind++"), spaces, "InternVL"),
                                  "ImageBind++");
        page().setup().setFolder(QString::fromStdString(path("three")));
        auto* list = window_->findChild<QComboBox*>("takeFrom");
        QTRY_VERIFY_WITH_TIMEOUT(list->findText("both: 2 of 3 reactions") > 0, 20000);
        choose(*list, "both: 2 of 3 reactions");
        QVERIFY2(takeOver().shown().contains("1-InternVL: trained; ImageBind++ has no Cr(InternVL)"),
                 qPrintable(takeOver().shown()));
        // Another seed would make other bits: nothing can be taken then, and that is said before anything is done.
        page().setup().setOptions({{"seed", 5}}, kQuick);
        QTRY_VERIFY_WITH_TIMEOUT(takeOver().shown().contains("its seed is 0, not 5"), 20000);
        QVERIFY(takeOver().taken().empty());
        page().setup().setOptions(Json::object(), kQuick);
        QTRY_COMPARE_WITH_TIMEOUT(takeOver().taken().size(), 2u, 20000);
        // A project keeps the choice.
        const Json state = page().state();
        QCOMPARE(state["take_from"].get<std::string>(), world_ + "/products/both");
        page().restore(state, QString::fromStdString(world_));
        QCOMPARE(takeOver().from().toStdString(), world_ + "/products/both");
        startAndWait();
        // As training from the beginning makes it.
        const auto recipe = path("three.json");
        engine::writeJsonFile(
            recipe, engine::recipeToJson(engine::withExpert(engine::findRecipe("ImageBind++"), spaces, "InternVL")));
        train(world_, recipe, path("anew"));
        for (const char* projector : {"1-CLAP_g/TVA.safetensors", "1-InternVL/TV.safetensors"})
            QVERIFY(weights(path("three"), projector) == weights(path("anew"), projector));
        // What the next run takes is asked anew.
        takeOver().setFrom({});
        QVERIFY(!page().state().contains("take_from"));
    }

    void changesOfTheRecipeAreUndone() {
        auto& stack = window_->project().undoStack();
        page().recipe().openRecipe("InternVL_IB++");
        stack.clear();
        const auto before = engine::recipeToJson(page().recipe().recipe());
        auto* name = window_->findChild<QLineEdit*>("name");
        name->setFocus();
        name->selectAll();
        QTest::keyClicks(name, "Mine");
        QCOMPARE(stack.count(), 1);  // typing is one step
        QVERIFY2(stack.undoText().startsWith("Name of recipe"), qPrintable(stack.undoText()));
        auto* route = page().recipe().route();
        const auto place = route->expertPlace("CLAP_m");
        QVERIFY(place);
        QTest::mouseClick(route, Qt::LeftButton, {}, place->toPoint());
        QCOMPARE(stack.count(), 2);
        QTest::mouseClick(window_->findChild<QPushButton*>("addStep"), Qt::LeftButton);
        QCOMPARE(stack.count(), 3);
        QCOMPARE(page().recipe().recipe().route.size(), 3u);
        page().recipe().openRecipe("ImageBind++");
        QCOMPARE(stack.undoText(), QString("Recipe ImageBind++"));
        const auto last = engine::recipeToJson(page().recipe().recipe());
        // From another page: what changes is shown.
        window_->showPage(MainWindow::Page::Workspace);
        window_->findChild<QAction*>("undo_change")->trigger();
        QCOMPARE(window_->page(), MainWindow::Page::Reactions);
        QCOMPARE(page().recipe().source(), QString("InternVL_IB++"));
        QCOMPARE(page().recipe().recipe().route.size(), 3u);
        QVERIFY(page().recipe().edited());
        stack.undo();
        QCOMPARE(page().recipe().recipe().route.size(), 2u);
        QVERIFY(!page().recipe().recipe().route[1].experts[1].enabled);
        stack.undo();
        QVERIFY(page().recipe().recipe().route[1].experts[1].enabled);
        QCOMPARE(name->text(), QString("Mine"));
        stack.undo();
        QVERIFY(engine::recipeToJson(page().recipe().recipe()) == before);
        QVERIFY(!page().recipe().edited());
        QCOMPARE(stack.count(), 4);  // going back is no step
        while (stack.canRedo()) stack.redo();
        QVERIFY(engine::recipeToJson(page().recipe().recipe()) == last);
        // What cannot be read as a recipe can be gone back to all the same.
        auto broken = page().recipe().recipe();
        broken.route[0].experts.clear();
        page().recipe().setRecipe(broken, "ImageBind++");
        QVERIFY(!page().recipe().problems().isEmpty());
        stack.undo();
        QVERIFY(page().recipe().problems().isEmpty());
        stack.redo();
        QVERIFY(!page().recipe().problems().isEmpty());
        stack.undo();
    }

    void anEncoderOfOnesOwnIsTuned() {
        const QString python = qEnvironmentVariable("MOLSPACE_PYTHON"),
                      script = QFINDTESTDATA("../data/make_encoder.py");
        if (python.isEmpty()) QSKIP("MOLSPACE_PYTHON names no Python with torch and h5py that could make an encoder");
        QVERIFY(QFile::exists(script));
        QProcess make;
        make.start(python, {script, QString::fromStdString(world_), dir_.path()});
        QVERIFY(make.waitForFinished(120000));
        QVERIFY2(make.exitCode() == 0, make.readAllStandardError().constData());

        window_->findChild<QAction*>("tune_encoder")->trigger();
        auto* dialog = window_->findChild<QDialog*>("encoderDialog");
        QVERIFY(dialog && dialog->isVisible());
        auto* start = dialog->findChild<QPushButton*>("encoderStart");
        auto* products = dialog->findChild<QComboBox*>("encoderProduct");
        QTRY_VERIFY_WITH_TIMEOUT(products->findText("plain") >= 0, 20000);
        choose(*products, "plain");
        const auto why = [&] { return dialog->findChild<QLabel*>("encoderWhy")->text(); };
        QVERIFY(why().contains("encoder's file"));
        field(*dialog, "encoderFile")->setText(dir_.filePath("nothing.pt"));
        QVERIFY(why().contains("There is no file"));
        field(*dialog, "encoderFile")->setText(dir_.filePath("encoder.pt"));
        QVERIFY(why().contains("trusted"));
        auto* trust = dialog->findChild<QCheckBox*>("encoderTrust");
        trust->setFocus();
        QTest::keyClick(trust, Qt::Key_Space);
        QVERIFY(trust->isChecked());
        field(*dialog, "encoderFile")->setText(dir_.filePath("inputs.h5"));  // another file: not trusted yet
        QVERIFY(!trust->isChecked());
        field(*dialog, "encoderFile")->setText(dir_.filePath("encoder.pt"));
        trust->setChecked(true);
        field(*dialog, "encoderInputs")->setText(dir_.filePath("inputs.h5"));
        QTRY_VERIFY_WITH_TIMEOUT(start->isEnabled(), 20000);
        auto* space = dialog->findChild<QLineEdit*>("encoderSpace");
        QCOMPARE(space->placeholderText(), QString("ImageBind_tuned"));
        space->setText("CLAP_g");
        QVERIFY(!start->isEnabled() && why().contains("is there already"));
        space->clear();
        auto* form = dialog->findChild<ui::OptionForm*>();
        form->setValues({{"epochs", 3}, {"batch_size", 50}, {"learning_rate", 0.01}});
        picturesInBothThemes(*dialog, "later-encoder");
        QSignalSpy tuned(&page(), &ui::ReactionsPage::encoderTuned);
        QTest::mouseClick(start, Qt::LeftButton);
        QVERIFY(page().queue().runs().back().tunesEncoder());
        QTRY_VERIFY2_WITH_TIMEOUT(tuned.count() == 1, qPrintable(page().message()), 120000);
        QCOMPARE(page().monitor().queueView()->states().back(), QString("done"));
        QVERIFY(page().monitor().log().contains("tuned encoder of audio"));
        QTRY_COMPARE_WITH_TIMEOUT(page().monitor().chart()->reactions(), QStringList("encoder"), 10000);
        const auto record = engine::readJsonFile(world_ + "/products/plain/encoders/ImageBind_tuned/encoder.json");
        QCOMPARE(record["options"]["epochs"].get<int>(), 3);
        QCOMPARE(record["pool"].get<std::string>(), std::string("audio-image"));
        QVERIFY(record["losses"].back().get<double>() < record["losses"].front().get<double>());

        // What comes after is made anew on its rows; what came before is taken.
        QPushButton* open = nullptr;
        QTRY_VERIFY_WITH_TIMEOUT((open = withText("Open its recipe")) != nullptr, 20000);
        QTest::mouseClick(open, Qt::LeftButton);
        QCOMPARE(takeOver().from().toStdString(), world_ + "/products/plain");
        QTRY_VERIFY_WITH_TIMEOUT(takeOver().taken().contains("1-InternVL"), 20000);
        QVERIFY2(page().recipe().problems().isEmpty(), qPrintable(page().recipe().shownProblems()));
        // The recipe has the options that its product was trained with.
        page().setup().setOptions(Json::object(), Json::object());
        page().setup().setFolder(QString::fromStdString(path("tuned")));
        QTRY_VERIFY_WITH_TIMEOUT(takeOver().taken().contains("1-InternVL") && !takeOver().looking(), 20000);
        picturesInBothThemes(*window_, "later-tuned");
        startAndWait();
        QVERIFY(bytes(path("tuned"), "1-InternVL/TV.safetensors") ==
                bytes(world_ + "/products/plain", "1-InternVL/TV.safetensors"));
        const auto product = engine::loadProduct(path("tuned"));
        QCOMPARE(product.model->recipe().route[1].space, std::string("ImageBind_tuned"));
        QVERIFY(bytes(path("tuned"), "3-CLAP_g/A.safetensors") !=
                bytes(world_ + "/products/plain", "2-CLAP_g/A.safetensors"));
    }

private:
    ui::ReactionsPage& page() { return window_->reactions(); }
    ui::TakeOver& takeOver() { return page().setup().takeOver(); }
    std::string path(const char* name) const { return dir_.filePath(QString::fromLatin1(name)).toStdString(); }

    // As the keyboard does it.
    static void choose(QComboBox& list, const QString& text) {
        const int to = list.findText(text);
        QVERIFY2(to >= 0, qPrintable(text));
        list.setFocus();
        while (list.currentIndex() != to) QTest::keyClick(&list, list.currentIndex() < to ? Qt::Key_Down : Qt::Key_Up);
    }

    static QLineEdit* field(QDialog& dialog, const char* name) {
        return dialog.findChild<QWidget*>(QString::fromLatin1(name))->findChild<QLineEdit*>();
    }

    QPushButton* withText(const char* text) {
        for (auto* b : window_->findChildren<QPushButton*>()) {
            if (b->isVisible() && b->text() == QString::fromLatin1(text)) return b;
        }
        return nullptr;
    }

    void startAndWait() {
        auto* start = window_->findChild<QPushButton*>("start");
        QTRY_VERIFY2_WITH_TIMEOUT(start->isEnabled(), qPrintable(start->toolTip()), 20000);
        QSignalSpy trained(&page(), &ui::ReactionsPage::trained);
        QTest::mouseClick(start, Qt::LeftButton);
        QTRY_VERIFY2_WITH_TIMEOUT(trained.count() == 1, qPrintable(page().message()), 120000);
        QTRY_VERIFY_WITH_TIMEOUT(!page().running(), 20000);
    }

    QTemporaryDir dir_;
    std::string world_;
    std::unique_ptr<MainWindow> window_;
};

QTEST_MAIN(LaterPageTest)
#include "later_page_test.moc"
