// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Drives the widgets of reactions as a person does; needs an X server, a virtual one will do.
#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include "engine/recipe/reaction_options.h"
#include "engine/session/session.h"
#include "ui/reactions/number_edit.h"
#include "ui/reactions/option_form.h"
#include "ui/reactions/route_view.h"
#include "ui/style/theme.h"

namespace {

using engine::Json;

std::vector<engine::SpaceInfo> spaces() {
    return {{"ImageBind", 96, {"text", "image", "audio"}, {"text", "image", "audio"}},
            {"InternVL", 80, {"text", "image"}, {"text", "image"}},
            {"CLAP_g", 64, {"text", "audio"}, {"text", "audio"}},
            {"CLAP_m", 64, {"text", "audio"}, {"text", "audio"}}};
}

// Another value for an option, that fits.
Json otherValue(const engine::OptionEntry& e) {
    switch (e.type) {
        case engine::OptionType::Bool:
            return !e.default_value.get<bool>();
        case engine::OptionType::Integer:
            return e.default_value.is_number_unsigned() ? Json(std::uint64_t{18446744073709551615u}) : Json(33);
        case engine::OptionType::Real:
            return 0.3125;
        case engine::OptionType::Text:
            return "something";
        case engine::OptionType::Choice:
            return e.info.choices.back() == e.default_value ? e.info.choices.front() : e.info.choices.back();
        case engine::OptionType::List:
            return Json{"T", "TV"};
    }
    return {};
}

}  // namespace

namespace {
// For people to look at, where MOLSPACE_PICTURES names a folder: in both themes.
void picture(QWidget& widget, const char* name) {
    const QString folder = qEnvironmentVariable("MOLSPACE_PICTURES");
    if (folder.isEmpty()) return;
    for (const auto theme : {ui::ThemeChoice::Dark, ui::ThemeChoice::Light}) {
        ui::applyTheme(theme);
        QTest::qWait(150);
        widget.grab().save(folder + "/" + name + (ui::darkTheme() ? "-dark.png" : "-light.png"));
    }
}
}  // namespace

class ReactionsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { ui::applyTheme(ui::ThemeChoice::Light); }

    void pictures() {
        if (!qEnvironmentVariableIsSet("MOLSPACE_PICTURES")) QSKIP("no folder for pictures");
        for (const char* name : {"ImageBind++", "InternVL_IB", "InternVL_IB++"}) {
            const auto recipe = engine::findRecipe(name);
            const auto plan = engine::planRoute(recipe, spaces());
            ui::RouteView view;
            view.resize(760, 300);
            view.show();
            view.setRoute(recipe, plan, {});
            picture(view, (std::string("route-") + name).c_str());
            view.setRoute(recipe, plan, {{{"sigma_a", 0.8}, {"sigma_t", 0.5}}, {{"CLAP_m", 0}}});
            view.resize(300, 180);
            picture(view, (std::string("route-small-") + name).c_str());
        }
        engine::Recipe long_one = engine::findRecipe("InternVL_IB++");
        long_one.name = "A long route";
        auto cr = long_one.route[1];
        cr.experts = {{"CLAP_g"}, {"CLAP_m"}, {"InternVL"}, {"ImageBind"}};
        long_one.route.push_back(cr);
        long_one.route.push_back(long_one.route[0]);
        long_one.route.back().experts[0].space = "CLAP_g";
        ui::RouteView view;
        view.resize(1000, 360);
        view.show();
        engine::RoutePlan plan;
        plan.spaces = spaces();
        view.setRoute(long_one, plan, {});
        picture(view, "route-long");
        ui::OptionForm form(engine::reactionOptionTable().entries());
        form.resize(460, 700);
        form.setValues({{"batch_size", 3}, {"epochs", 7}});
        form.show();
        picture(form, "form");
    }

    void everyOptionGoesRound_data() {
        QTest::addColumn<bool>("run");
        QTest::newRow("reaction") << false;
        QTest::newRow("run") << true;
    }
    void everyOptionGoesRound() {
        QFETCH(bool, run);
        const auto& entries = run ? engine::runOptionTable().entries() : engine::reactionOptionTable().entries();
        ui::OptionForm form(entries);
        form.show();
        QCOMPARE(form.changed().dump(), std::string("{}"));
        for (const auto& e : entries) {
            const Json other = otherValue(e);
            QVERIFY2(e.check(other).empty(), e.check(other).c_str());
            form.setValues({{e.key, other}});
            QVERIFY2(form.changed() == Json({{e.key, other}}), (e.key + ": " + form.changed().dump()).c_str());
            auto* reset = form.findChild<QToolButton*>(QString::fromStdString(e.key) + "_reset");
            QVERIFY(reset && reset->isVisible());
            QTest::mouseClick(reset, Qt::LeftButton);
            QVERIFY2(form.changed() == Json::object(), form.changed().dump().c_str());
            QVERIFY(!reset->isVisible());
        }
        Json all = Json::object();
        for (const auto& e : entries) all[e.key] = otherValue(e);
        form.setValues(all);
        QCOMPARE(form.changed().dump(), all.dump());
    }

    void problemsStandAtTheirFields() {
        ui::OptionForm form(engine::reactionOptionTable().entries());
        form.show();
        QSignalSpy edited(&form, &ui::OptionForm::edited);
        auto* batch = qobject_cast<ui::NumberEdit*>(form.editor("batch_size"));
        QVERIFY(batch);
        batch->setFocus();
        batch->selectAll();
        QTest::keyClicks(batch, "3");
        QVERIFY(form.problemShown("batch_size").contains("from 8 to"));
        QCOMPARE(form.problems().size(), 1u);
        QVERIFY(!form.changed().contains("batch_size"));
        QVERIFY(edited.count() > 0);
        batch->selectAll();
        QTest::keyClicks(batch, "64");
        QCOMPARE(form.problemShown("batch_size"), QString());
        QCOMPARE(form.changed().dump(), Json({{"batch_size", 64}}).dump());
        QTest::keyClick(batch, Qt::Key_Up);  // a log scale doubles
        QCOMPARE(form.changed()["batch_size"].get<int>(), 128);
        batch->selectAll();
        QTest::keyClicks(batch, "many");
        QVERIFY(form.problemShown("batch_size").contains("whole number"));
        auto* projectors = qobject_cast<QLineEdit*>(form.editor("projectors"));
        projectors->setText("T, TV ,");
        QCOMPARE(form.changed()["projectors"].dump(), Json({"T", "TV"}).dump());
    }

    void aClickOnTheRouteNamesItsExpert() {
        const engine::Recipe recipe = engine::findRecipe("InternVL_IB++");
        const auto plan = engine::planRoute(recipe, spaces());
        ui::RouteView view;
        view.resize(760, 300);
        view.setRoute(recipe, plan);
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        QSignalSpy clicked(&view, &ui::RouteView::expertClicked), hovered(&view, &ui::RouteView::expertHovered);
        for (const char* key : {"InternVL", "CLAP_g", "CLAP_m"}) {
            const auto place = view.expertPlace(key);
            QVERIFY(place);
            QTest::mouseMove(&view, place->toPoint());
            QTRY_COMPARE(hovered.isEmpty() ? QString() : hovered.last().at(0).toString(), QString(key));
            QTest::mouseClick(&view, Qt::LeftButton, {}, place->toPoint());
            QCOMPARE(clicked.takeFirst().at(0).toString(), QString(key));
        }
        QVERIFY(hovered.count() >= 3);
        // The middle of a bond is a button too.
        const auto& e = view.layoutOf().experts[0];
        const QPointF to = view.layoutOf().steps[0].unified.centre;
        QTest::mouseClick(&view, Qt::LeftButton, {}, ((e.molecule.centre + to) / 2).toPoint());
        QCOMPARE(clicked.takeFirst().at(0).toString(), QString("InternVL"));
        QTest::mouseClick(&view, Qt::LeftButton, {}, QPoint(2, 2));
        QCOMPARE(clicked.count(), 0);
        // Keys.
        view.setFocus(Qt::TabFocusReason);
        QTest::keyClick(&view, Qt::Key_Tab);
        QTest::keyClick(&view, Qt::Key_Space);
        QCOMPARE(clicked.takeFirst().at(0).toString(), QString("CLAP_g"));
    }

    void bondsFollowTheSetting() {
        const engine::Recipe recipe = engine::findRecipe("ImageBind++");
        const auto plan = engine::planRoute(recipe, spaces());
        ui::RouteView view;
        view.setRoute(recipe, plan, {{{"sigma_a", 0.8}}, {{"CLAP_m", 3.0}}});
        const auto share = [&](std::size_t expert, const QString& modality) {
            for (const auto& s : view.layoutOf().experts[expert].strands) {
                if (s.modality == modality) return s.share;
            }
            return -1.0;
        };
        QVERIFY(std::abs(share(0, "audio") - 0.2) < 1e-12);
        QVERIFY(std::abs(share(1, "audio") - 0.6) < 1e-12);
        QVERIFY(std::abs(share(1, "text") - 0.075) < 1e-12);
        QCOMPARE(share(0, "image"), -1.0);
        view.setRoute(recipe, plan, {{}, {{"CLAP_g", 0.0}}});
        QVERIFY(!view.layoutOf().experts[0].on);
        QVERIFY(std::abs(share(1, "audio") - 0.5) < 1e-12);
        QVERIFY(view.expertText("CLAP_g").contains("Switched off"));
        QVERIFY(view.expertText("CLAP_m").contains("audio: 50"));
    }
};

QTEST_MAIN(ReactionsTest)
#include "reactions_test.moc"
