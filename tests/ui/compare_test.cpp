// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Drives the page that compares, on a small trained product; needs an X server, a virtual one will do.
#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <QToolButton>

#include <cmath>
#include <filesystem>

#include "tests/ui/picture.h"
#include "tests/ui/tiny_product.h"
#include "tests/ui/view_menus.h"
#include "ui/compare/compare_card.h"
#include "ui/compare/compare_columns.h"
#include "ui/compare/compare_page.h"
#include "ui/compare/compare_queries.h"
#include "ui/compare/compare_surfaces.h"
#include "ui/compare/compare_table.h"
#include "ui/reactions/route_view.h"
#include "ui/style/theme.h"
#include "ui/views/heat_map_view.h"
#include "ui/views/surface_view.h"
#include "ui/widgets/progress_strip.h"

using ui::test::picture;
using ui::test::screenPicture;

class CompareTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        ui::applyTheme(ui::ThemeChoice::Light);
        if (const QString product = qEnvironmentVariable("MOLSPACE_PRODUCT"); !product.isEmpty()) {
            live_ = engine::LiveProduct::open({.product = product.toStdString(), .workspace = {}}, {});
        } else {
            tiny_ = std::make_unique<TinyProduct>();
            live_ = tiny_->open();
        }
        a_ = {live_, live_->presets().at("Versatile"), QStringLiteral("Versatile"), {}};
        b_ = {live_, live_->presets().at("AT Expertise"), QStringLiteral("AT Expertise"), {}};
        off_ = {live_, live_->presets().at("AT Expertise"), QStringLiteral("Without CLAP_m"), {}};
        off_.setting.expert_weights["CLAP_m"] = 0;
        space_ = {live_, {}, QStringLiteral("CLAP_g alone"), "CLAP_g"};
    }

    void cleanup() { ui::applyTheme(ui::ThemeChoice::Light); }

    void nothingIsSaidToBeCompared() {
        ui::ComparePage page;
        show(page);
        QVERIFY(page.settled());
        QSignalSpy asked(&page, &ui::ComparePage::addRequested);
        QPushButton* visible = nullptr;
        for (auto* button : page.findChildren<QPushButton*>()) {
            if (button->isVisible()) visible = button;
        }
        QVERIFY(visible);
        QTest::mouseClick(visible, Qt::LeftButton);
        QCOMPARE(asked.count(), 1);
        picture(page, "compare_empty");
    }

    void theTableHasTheEnginesFigures() {
        ui::ComparePage page;
        page.setItems({a_, b_, off_, space_});
        QAbstractItemModelTester tester(page.table().view().model(),
                                        QAbstractItemModelTester::FailureReportingMode::QtTest);
        show(page);
        QTRY_VERIFY_WITH_TIMEOUT(page.settled(), 60000);
        const auto& model = page.table().model();
        const std::vector<engine::Json> tables{evaluated("Versatile", {}), evaluated("AT Expertise", {}),
                                               evaluated("AT Expertise", {"CLAP_m=off"}),
                                               evaluated(engine::Subject{.space = "CLAP_g"})};
        int compared = 0;
        for (int r = 0; r < model.rowCount(); ++r) {
            const std::string set = model.index(r, 0).data().toString().toStdString();
            const std::string metric = model.index(r, 1).data().toString().toStdString();
            for (int c = 0; c < 4; ++c) {
                const auto& table = tables[static_cast<std::size_t>(c)];
                if (!table.contains(set)) continue;
                ++compared;
                const double value = table[set][metric].get<double>();
                const auto index = model.index(r, model.itemColumn(c));
                QVERIFY(std::fabs(index.data(ui::kExportRole).toDouble() - value) < 1e-9);
                QVERIFY(index.data().toString().startsWith(QString::number(value, 'f', 2)));
                if (c == 0 || !tables[0].contains(set)) continue;
                const double difference = value - tables[0][set][metric].get<double>();
                QVERIFY(std::fabs(index.data(ui::CompareModel::DifferenceRole).toDouble() - difference) < 1e-9);
                QVERIFY(index.data().toString().contains(ui::signedNumber(difference)));
                QVERIFY(index.data(Qt::ToolTipRole).toString().contains(QStringLiteral("synthetic world")));
            }
        }
        QVERIFY(compared >= 8);
        // Columns and single spaces find room beside each other.
        QTest::qWait(20);
        QCOMPARE(page.table().view().horizontalScrollBar()->maximum(), 0);
        // The base space stands there too, and the Δ groups are counted against it.
        const auto base = live_->measureSpace(live_->recipe().base, {});
        const auto expert = live_->measure(b_.setting, {});
        QCOMPARE(model.headerData(model.spaceColumn(0), Qt::Horizontal).toString(),
                 QString::fromStdString(live_->recipe().base) + QStringLiteral(" alone"));
        int groups = 0;
        for (const auto& group : live_->groups(base)) {
            for (int r = 0; r < model.rowCount(); ++r) {
                if (model.index(r, 0).data().toString() != QStringLiteral("Δ_") + QString::fromStdString(group.name))
                    continue;
                ++groups;
                const double change = engine::groupValue(group, expert) - engine::groupValue(group, base);
                QVERIFY(std::fabs(model.index(r, model.itemColumn(1)).data(ui::kExportRole).toDouble() - change) <
                        1e-9);
            }
        }
        QVERIFY(groups >= 1);
        picture(page, "compare_figures");
        ui::applyTheme(ui::ThemeChoice::Dark);
        QTest::qWait(50);
        QCOMPARE(page.findChild<QLabel*>(QStringLiteral("compare_note"))->palette().color(QPalette::WindowText),
                 ui::colours().muted);
        picture(page, "compare_figures_dark");
    }

    void theBestOfARowIsMarked() {
        ui::ComparePage page;
        page.setItems({a_, b_});
        show(page);
        QTRY_VERIFY_WITH_TIMEOUT(page.settled(), 60000);
        const auto& model = page.table().model();
        int marked = 0;
        for (int r = 0; r < model.rowCount(); ++r) {
            const auto left = model.index(r, model.itemColumn(0)), right = model.index(r, model.itemColumn(1));
            const double d = right.data(ui::kExportRole).toDouble() - left.data(ui::kExportRole).toDouble();
            if (std::fabs(d) <= 0.005) {
                QVERIFY(!left.data(ui::CompareModel::BestRole).toBool() &&
                        !right.data(ui::CompareModel::BestRole).toBool());
                continue;
            }
            ++marked;
            QCOMPARE(right.data(ui::CompareModel::BestRole).toBool(), d > 0);
            QCOMPARE(left.data(ui::CompareModel::BestRole).toBool(), d < 0);
            QVERIFY((d > 0 ? right : left).data().toString().endsWith(QStringLiteral("●")));
        }
        QVERIFY(marked > 0);
    }

    void differencesOnlyHidesWhatAgrees() {
        // Image and text do not change where only the audio's share does: such rows agree.
        ui::Compared other = a_;
        other.setting.factors["sigma_a"] = 1;
        other.name = QStringLiteral("All of the experts");
        ui::ComparePage page;
        page.setItems({a_, other});
        show(page);
        QTRY_VERIFY_WITH_TIMEOUT(page.settled(), 60000);
        const auto& model = page.table().model();
        QStringList agree, differ;
        for (int r = 0; r < model.rowCount(); ++r) {
            const double d = model.index(r, model.itemColumn(1)).data(ui::kExportRole).toDouble() -
                             model.index(r, model.itemColumn(0)).data(ui::kExportRole).toDouble();
            (std::fabs(d) <= 0.005 ? agree : differ) << model.index(r, 0).data().toString();
        }
        QVERIFY(!agree.isEmpty() && !differ.isEmpty());
        auto* view = page.findChild<QTableView*>(QStringLiteral("compare_table"));
        QCOMPARE(view->model()->rowCount(), static_cast<int>(agree.size() + differ.size()));
        auto* only = page.findChild<QCheckBox*>(QStringLiteral("compare_differences"));
        QTest::mouseClick(only, Qt::LeftButton, {}, QPoint(8, only->height() / 2));
        QStringList shown;
        for (int r = 0; r < view->model()->rowCount(); ++r) shown << view->model()->index(r, 0).data().toString();
        QCOMPARE(shown, differ);
        // Single spaces stay.
        QCOMPARE(view->model()->columnCount(), model.columnCount());
        QTest::mouseClick(only, Qt::LeftButton, {}, QPoint(8, only->height() / 2));
        QCOMPARE(view->model()->rowCount(), static_cast<int>(agree.size() + differ.size()));
    }

    void metricSortingAndCopying() {
        ui::ComparePage page;
        page.setItems({a_, b_});
        show(page);
        QTRY_VERIFY_WITH_TIMEOUT(page.settled(), 60000);
        auto* view = page.findChild<QTableView*>(QStringLiteral("compare_table"));
        page.findChild<QComboBox*>(QStringLiteral("compare_metric"))->setCurrentIndex(2);
        const auto& model = page.table().model();
        QCOMPARE(model.index(0, 1).data().toString(), QStringLiteral("R@10"));
        const engine::Json table = evaluated("Versatile", {});
        const std::string first = model.index(0, 0).data().toString().toStdString();
        QVERIFY(std::fabs(model.index(0, model.itemColumn(0)).data(ui::kExportRole).toDouble() -
                          table[first]["R@10"].get<double>()) < 1e-9);
        view->sortByColumn(model.itemColumn(1), Qt::DescendingOrder);
        double before = INFINITY;
        for (int r = 0; r < view->model()->rowCount(); ++r) {
            const double value = view->model()->index(r, model.itemColumn(1)).data(ui::kExportRole).toDouble();
            QVERIFY(value <= before);
            before = value;
        }
        QTest::mouseClick(page.findChild<QToolButton*>(QStringLiteral("compare_copy")), Qt::LeftButton);
        const QStringList lines = QGuiApplication::clipboard()->text().split(QLatin1Char('\n'));
        QCOMPARE(lines.size(), view->model()->rowCount() + 2);
        QVERIFY(lines[0].startsWith(QStringLiteral("Evaluation set\tMetric\tVersatile\tAT Expertise")));
        const QString csv = ui::toCsv(*view->model(), model.notes());
        QVERIFY(csv.startsWith(QStringLiteral("# synthetic world")) &&
                csv.contains(QStringLiteral("# reference of differences: Versatile")));
    }

    void columnsAreMovedPinnedAndRemoved() {
        InProject in(*live_, {a_, b_, off_});
        auto& page = in.page;
        show(page);
        QTRY_VERIFY_WITH_TIMEOUT(page.items().size() == 3 && page.settled(), 60000);
        const auto button = [&](int card, const char* name) { return cardButton(page, card, name); };
        const auto said = [&](const char* step) { return in.steps().undoText() == QLatin1String(step); };
        QVERIFY(said("Compare: added Without CLAP_m"));
        QVERIFY(page.cards()[2]->factorsText().contains(QStringLiteral("without CLAP_m")));
        QVERIFY(!page.cards()[2]->formulasText().contains(QStringLiteral("CLAP_m")));
        QVERIFY(page.cards()[0]->formulasText().contains(QStringLiteral("CLAP_m")));
        // Pin the second: differences count against it now.
        QTest::mouseClick(button(1, "card_pin"), Qt::LeftButton);
        QCOMPARE(page.reference(), 1);
        QVERIFY(said("Compare: AT Expertise is the reference"));
        const auto& model = page.table().model();
        QVERIFY(!model.index(0, model.itemColumn(1)).data(ui::CompareModel::DifferenceRole).isValid());
        const double d = model.index(0, model.itemColumn(0)).data(ui::CompareModel::DifferenceRole).toDouble();
        QVERIFY(std::fabs(d - (model.index(0, model.itemColumn(0)).data(ui::kExportRole).toDouble() -
                               model.index(0, model.itemColumn(1)).data(ui::kExportRole).toDouble())) < 1e-9);
        // To the left: the pin goes with its column, and nothing is measured again.
        QTest::mouseClick(button(1, "card_left"), Qt::LeftButton);
        QCOMPARE(page.items()[0].name, b_.name);
        QCOMPARE(page.reference(), 0);
        QVERIFY(page.settled());
        QVERIFY(said("Compare: moved AT Expertise"));
        QVERIFY(!button(0, "card_left")->isEnabled());
        QTest::mouseClick(button(2, "card_remove"), Qt::LeftButton);
        QCOMPARE(page.items().size(), 2);
        QCOMPARE(page.table().model().columnCount(), 2 + 2 + static_cast<int>(live_->plan().spaces.size()));
        QVERIFY(page.cards()[0]->height() > 200);
        QVERIFY(said("Compare: removed Without CLAP_m"));
        QCOMPARE(in.steps().count(), 6);
        QSignalSpy apply(&page, &ui::ComparePage::applyRequested);
        QTest::mouseClick(button(1, "card_apply"), Qt::LeftButton);
        QCOMPARE(apply.count(), 1);
        QCOMPARE(apply[0][0].toString(), QString::fromStdString(live_->folder().string()));
        QCOMPARE(apply[0][1].value<engine::Setting>().factors, a_.setting.factors);
        // A space from the menu.
        auto* menu = page.findChild<QToolButton*>(QStringLiteral("compare_space"))->menu();
        QCOMPARE(menu->actions().size(), static_cast<int>(live_->plan().spaces.size()));
        menu->actions().front()->trigger();
        QCOMPARE(page.items().size(), 3);
        QVERIFY(page.items()[2].isSpace());
        QVERIFY(in.steps().undoText().endsWith(QStringLiteral(" alone")));
    }

    // Also where no column of a product was left, so that it must be opened again.
    void whatIsTakenOutComesBackToItsPlace() {
        InProject in(*live_, {a_, b_, off_});
        auto& page = in.page;
        const auto there = [&](int count) { return !in.columns.opening() && page.items().size() == count; };
        show(page);
        QTRY_VERIFY_WITH_TIMEOUT(there(3), 60000);
        QTest::mouseClick(cardButton(page, 1, "card_pin"), Qt::LeftButton);
        QTest::mouseClick(cardButton(page, 1, "card_remove"), Qt::LeftButton);
        QVERIFY(page.items().size() == 2 && page.reference() == 0);
        in.steps().undo();
        QCOMPARE(page.items().size(), 3);
        QCOMPARE(page.items()[1].name, b_.name);
        QCOMPARE(page.reference(), 1);
        in.steps().redo();
        QVERIFY(page.items().size() == 2 && page.reference() == 0);
        in.steps().setIndex(0);
        QVERIFY(page.items().isEmpty() && page.cards().empty());
        in.steps().setIndex(4);
        QVERIFY(in.columns.opening());
        QTRY_VERIFY_WITH_TIMEOUT(there(3), 60000);
        QVERIFY(page.items()[1].setting == b_.setting && page.reference() == 1);
        QVERIFY(page.items()[0].product == page.items()[1].product);
        // Steps while it is opened.
        in.steps().setIndex(0);
        in.steps().setIndex(4);
        in.steps().setIndex(1);
        QTRY_VERIFY_WITH_TIMEOUT(there(1), 60000);
        QCOMPARE(page.items()[0].name, a_.name);
        // Not there any more: it is said, and the project keeps the columns.
        if (!tiny_) QSKIP("only with the test's own world");
        in.steps().setIndex(0);
        const std::filesystem::path folder = live_->folder(), away = tiny_->path("away");
        std::filesystem::rename(folder, away);
        QSignalSpy warned(&in.columns, &ui::CompareColumns::warned);
        in.steps().setIndex(4);
        QTRY_COMPARE_WITH_TIMEOUT(warned.count(), 1, 60000);
        std::filesystem::rename(away, folder);
        QVERIFY(warned[0][0].toString().contains(b_.name));
        QVERIFY(page.items().isEmpty());
        QCOMPARE(in.project.compared().columns.size(), 3);
        in.steps().setIndex(0);
        in.steps().setIndex(4);
        QTRY_VERIFY_WITH_TIMEOUT(there(3), 60000);
        QCOMPARE(page.reference(), 1);
    }

    void surfacesShareScaleAndCursor() {
        for (const auto missing : live_->missing(a_.setting)) live_->prepare(missing, a_.setting, {});
        ui::ComparePage page;
        page.setItems({a_, off_, space_});
        show(page);
        page.showTab(ui::ComparePage::Tab::Surfaces);
        QTRY_VERIFY_WITH_TIMEOUT(page.settled(), 120000);
        // The landscapes of the product that is tuned stay as they are.
        QVERIFY(live_->missing(a_.setting).empty());
        const auto& surfaces = page.surfaces();
        QVERIFY(surfaces.range().has_value());
        // What is shown is what the engine says, and the scale spans both.
        const auto base = live_->measureSpace(live_->recipe().base, {});
        double low = INFINITY, high = -INFINITY;
        for (const auto& item : {a_, off_}) {
            for (const auto missing : live_->missing(item.setting)) live_->prepare(missing, item.setting, {});
            const auto s = live_->surface({{"sigma_a", 0, 1, 11}, {"sigma_t", 0, 1, 11}}, item.setting, base, {});
            for (const auto& group : s.groups) {
                if (QString::fromStdString(group.group.name) != surfaces.groupName()) continue;
                for (const double v : group.change) {
                    low = std::min(low, v);
                    high = std::max(high, v);
                }
            }
        }
        QVERIFY(std::fabs(surfaces.range()->first - low) < 1e-9 && std::fabs(surfaces.range()->second - high) < 1e-9);
        QCOMPARE(surfaces.map(0)->scale().reach, surfaces.map(1)->scale().reach);
        QVERIFY(surfaces.map(0)->isVisible() && surfaces.map(1)->isVisible() && !surfaces.map(2)->isVisible());
        // One cursor: a click on one map moves both.
        const QPointF there = surfaces.map(0)->place(0.3, 0.7);
        QTest::mouseClick(surfaces.map(0), Qt::LeftButton, {}, there.toPoint());
        QVERIFY(std::fabs(surfaces.map(0)->cursorAt().x() - 0.3) < 0.03);
        QCOMPARE(surfaces.map(1)->cursorAt(), surfaces.map(0)->cursorAt());
        QVERIFY(ui::test::coloursOf(ui::test::copiedFigure(surfaces.map(1))) > 20);
        QVERIFY(ui::test::coloursOf(ui::test::copiedFigure(page.cards()[0]->findChild<ui::RouteView*>())) > 20);
        picture(page, "compare_surfaces");
        ui::applyTheme(ui::ThemeChoice::Dark);
        picture(page, "compare_surfaces_dark");
        ui::applyTheme(ui::ThemeChoice::Light);
        // One factor: curves.
        auto* y = page.findChild<QComboBox*>(QStringLiteral("compare_y"));
        y->setCurrentIndex(y->count() - 1);
        QTRY_VERIFY_WITH_TIMEOUT(page.settled() && !surfaces.map(0)->isVisible(), 60000);
        picture(page, "compare_curves");
        if (!ui::SurfaceView::available()) return;
        y->setCurrentIndex(y->findData(QStringLiteral("sigma_t")));
        QTRY_VERIFY_WITH_TIMEOUT(page.settled(), 60000);
        page.surfaces().set3D(true);
        QVERIFY(surfaces.scene(0) && surfaces.scene(1) && surfaces.scene(0)->isVisible());
        QTest::qWait(300);
        ui::CameraPose pose;
        pose.around = 20;
        pose.above = 50;
        surfaces.scene(0)->setCamera(pose);
        Q_EMIT surfaces.scene(0)->cameraMoved(pose);
        QTRY_VERIFY(std::fabs(surfaces.scene(1)->camera().around - 20) < 1);
        QTest::qWait(500);
        screenPicture(page, "compare_3d");
    }

    void productsWithOtherFactors() {
        if (!tiny_) QSKIP("only with the test's own world");
        tiny_->train("InternVL_IB", tiny_->path("other"));
        const auto other = tiny_->open(tiny_->path("other"));
        ui::ComparePage page;
        page.setItems({a_, {other, other->defaults(), QStringLiteral("InternVL_IB"), {}}});
        show(page);
        page.showTab(ui::ComparePage::Tab::Surfaces);
        QTRY_VERIFY_WITH_TIMEOUT(page.settled(), 120000);
        // Each has axes of its own, and the shared ones are gone.
        QVERIFY(!page.findChild<QComboBox*>(QStringLiteral("compare_x"))->isVisible());
        QVERIFY(page.surfaces().map(0)->isVisible() && page.surfaces().map(1)->isVisible());
        QCOMPARE(page.surfaces().map(0)->scale().reach, page.surfaces().map(1)->scale().reach);
        // A place of one is no place of the other.
        const QPointF kept = page.surfaces().map(1)->cursorAt();
        QTest::mouseClick(page.surfaces().map(0), Qt::LeftButton, {},
                          page.surfaces().map(0)->place(0.2, 0.4).toPoint());
        QVERIFY(std::fabs(page.surfaces().map(0)->cursorAt().x() - 0.2) < 0.03);
        QCOMPARE(page.surfaces().map(1)->cursorAt(), kept);
        // The same sets by the same protocol: differences count.
        const auto& model = page.table().model();
        const auto figures = other->measure(other->defaults(), {});
        int counted = 0;
        for (int r = 0; r < model.rowCount(); ++r) {
            const auto* set = figures.find(model.index(r, 0).data().toString().toStdString());
            if (!set) continue;
            const auto index = model.index(r, model.itemColumn(1));
            QVERIFY(std::fabs(index.data(ui::kExportRole).toDouble() -
                              set->value(model.index(r, 1).data().toString().toStdString())) < 1e-9);
            if (index.data(ui::CompareModel::DifferenceRole).isValid()) ++counted;
        }
        QVERIFY(counted > 0);
        picture(page, "compare_products");
        page.showTab(ui::ComparePage::Tab::Queries);
        QTRY_VERIFY_WITH_TIMEOUT(page.settled() && page.queries().status().contains(QStringLiteral("gained")), 60000);
        // R@1 of both, told apart by queries: what is gained less what is lost is the difference.
        auto* sets = page.findChild<QComboBox*>(QStringLiteral("queries_set"));
        auto* directions = page.findChild<QComboBox*>(QStringLiteral("queries_direction"));
        const auto before = live_->measure(a_.setting, {});
        int moved = 0, shared = 0;
        for (const auto& set : live_->sets()) {
            const auto* then = before.find(set.name);
            const auto* now = figures.find(set.name);
            const int at = sets->findText(QString::fromStdString(set.name));
            QCOMPARE(at >= 0, now && set.kind != engine::SetKind::MultiLabel);
            if (at < 0 || set.kind != engine::SetKind::Retrieval) continue;
            ++shared;
            sets->setCurrentIndex(at);
            QTRY_VERIFY_WITH_TIMEOUT(page.settled() && page.queries().status().contains(QStringLiteral("gained")),
                                     60000);
            for (const bool forward : {true, false}) {
                directions->setCurrentIndex(forward ? 0 : 1);
                const auto& was = forward ? then->retrieval->forward : then->retrieval->backward;
                const auto& is = forward ? now->retrieval->forward : now->retrieval->backward;
                const double queries = static_cast<double>(was.queries);
                const int more = page.queries().model().gainedCount() - page.queries().model().lostCount();
                QVERIFY2(std::fabs((is.r1 - was.r1) / 100 * queries - more) < 0.01, set.name.c_str());
                moved += page.queries().model().rowCount();
            }
        }
        QVERIFY(shared > 0 && moved > 0);
        QVERIFY(page.findChild<QTableView*>(QStringLiteral("queries_table"))->isColumnHidden(ui::QueryModel::Movers));
        picture(page, "compare_queries_of_products");
    }

    void queriesGainedAndLost() {
        ui::ComparePage page;
        page.setItems({a_, b_, off_});
        show(page);
        page.showTab(ui::ComparePage::Tab::Queries);
        QTRY_VERIFY_WITH_TIMEOUT(page.settled() && page.queries().status().contains(QStringLiteral("gained")), 60000);
        engine::WhyOptions options;
        const auto expected = live_->why(0, a_.setting, b_.setting, options, {});
        QCOMPARE(
            page.queries().status(),
            QStringLiteral("%1 gained, %2 lost").arg(expected.forward.gained.size()).arg(expected.forward.lost.size()));
        QCOMPARE(page.queries().model().rowCount(),
                 static_cast<int>(expected.forward.gained.size() + expected.forward.lost.size()));
        const QStringList copied = ui::test::copiedTable(page.findChild<QTableView*>(QStringLiteral("queries_table")));
        QCOMPARE(copied.size(), page.queries().model().rowCount() + 1);
        page.findChild<QComboBox*>(QStringLiteral("queries_direction"))->setCurrentIndex(1);
        QCOMPARE(page.queries().model().gainedCount(), static_cast<int>(expected.backward.gained.size()));
        picture(page, "compare_queries");
        page.findChild<QComboBox*>(QStringLiteral("queries_place"))->setCurrentIndex(1);
        QTRY_VERIFY_WITH_TIMEOUT(page.settled(), 60000);
        options.place = 5;
        const auto five = live_->why(0, a_.setting, b_.setting, options, {});
        QCOMPARE(page.queries().model().gainedCount(), static_cast<int>(five.backward.gained.size()));
        page.setItems({a_});
        QVERIFY(page.queries().status().contains(QStringLiteral("second setting or product")));
    }

    // Two columns may be called alike: the one that was chosen is followed, not its name.
    void aChosenColumnIsFollowed() {
        ui::Compared twin = off_;
        twin.name = b_.name;
        ui::ComparePage page;
        page.setItems({a_, b_, twin});
        auto* after = page.findChild<QComboBox*>(QStringLiteral("queries_after"));
        after->setCurrentIndex(2);
        page.setItems({a_, b_, twin, space_});
        QCOMPARE(after->currentData().toInt(), 2);
        page.setItems({a_, twin, b_, space_});
        QCOMPARE(after->currentData().toInt(), 1);
        page.setItems({a_, twin, space_});
        QCOMPARE(after->currentData().toInt(), 1);
    }

    // All columns have the memory of one product: where that is short, surfaces are estimates and say so.
    void surfacesShareTheMemory() {
        if (!tiny_) QSKIP("only with the test's own world");
        const auto landscapes = live_->folder() / "landscapes";
        std::filesystem::remove_all(landscapes);
        const auto whole =
            engine::LiveProduct::open({.product = live_->folder(), .workspace = live_->workspaceFolder()}, {});
        for (const auto missing : whole->missing(a_.setting)) whole->prepare(missing, a_.setting, {});
        std::uintmax_t bytes = 0;
        for (const auto& file : std::filesystem::directory_iterator(landscapes)) bytes += file.file_size();
        ui::ComparePage page;
        page.setMemory(1.2 * static_cast<double>(bytes) / 0x1p30);
        page.setItems({a_});
        show(page);
        page.showTab(ui::ComparePage::Tab::Surfaces);
        auto* groups = page.findChild<QComboBox*>(QStringLiteral("compare_group"));
        const auto estimated = [&] {
            bool any = false;
            for (int g = 0; g < groups->count(); ++g) {
                groups->setCurrentIndex(g);
                for (int c = 0; c < page.items().size(); ++c) {
                    const auto* map = page.surfaces().map(c);
                    any = any || (map->isVisible() && map->readout(map->place(0.5, 0.5)).contains(QStringLiteral("≈")));
                }
            }
            return any;
        };
        QTRY_VERIFY_WITH_TIMEOUT(page.settled(), 120000);
        QVERIFY(page.surfaces().map(0)->isVisible() && !estimated());
        // What was measured with more is kept; over other axes it is measured with what there is now.
        page.setItems({a_, off_});
        page.findChild<QComboBox*>(QStringLiteral("compare_steps"))->setCurrentIndex(0);
        QTRY_VERIFY_WITH_TIMEOUT(page.settled(), 120000);
        QVERIFY(page.surfaces().map(0)->isVisible() && estimated());
    }

    // Kept settings may name what the product has not, or has no more.
    void aSettingOfAnotherRecipeIsSaid() {
        ui::Compared odd = b_;
        odd.name = QStringLiteral("Odd");
        odd.setting.factors["sigma_zz"] = 0.3;
        ui::ComparePage page;
        QSignalSpy failed(&page, &ui::ComparePage::failed);
        page.setItems({a_, odd});
        page.showTab(ui::ComparePage::Tab::Surfaces);
        show(page);
        QTRY_VERIFY_WITH_TIMEOUT(page.settled(), 60000);
        QVERIFY(failed.count() >= 1);
        QVERIFY2(page.cards()[1]->formulasText().contains(QStringLiteral("sigma_zz")),
                 qPrintable(page.cards()[1]->formulasText()));
        QVERIFY(page.table().model().index(0, page.table().model().itemColumn(0)).data(Qt::EditRole).isValid());
    }

    void aStopIsHeardAndGoneOnFrom() {
        ui::ComparePage page;
        page.setItems({a_, b_});
        show(page);
        auto* again = page.findChild<QToolButton*>(QStringLiteral("compare_resume"));
        page.findChild<ui::ProgressStrip*>()->stopRequested();
        QTRY_VERIFY(again->isVisible());
        QTest::mouseClick(again, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(page.settled(), 60000);
        QVERIFY(!again->isVisible());
        const auto& model = page.table().model();
        QVERIFY(model.index(0, model.itemColumn(1)).data(Qt::EditRole).isValid());
    }

private:
    // Columns of a project in which no product is open.
    struct InProject {
        InProject(const engine::LiveProduct& live, const QVector<ui::Compared>& items) {
            project.setWorkspace(QString::fromStdString(live.workspaceFolder().string()));
            for (const auto& item : items) columns.add(live, item.setting, item.name);
        }
        QUndoStack& steps() { return project.undoStack(); }

        ui::Project project;
        ui::LiveSession session;
        ui::ComparePage page;
        ui::CompareColumns& columns = *new ui::CompareColumns(project, session, page);
    };

    static QToolButton* cardButton(const ui::ComparePage& page, int card, const char* name) {
        return page.cards()[static_cast<std::size_t>(card)]->findChild<QToolButton*>(QString::fromLatin1(name));
    }

    static void show(ui::ComparePage& page) {
        page.resize(1200, 740);
        page.show();
        QVERIFY(QTest::qWaitForWindowExposed(&page));
    }

    // By the façade, as the command line measures: set -> metric -> figure.
    engine::Json evaluated(const engine::Subject& subject) const {
        engine::EvaluateRequest request;
        request.workspace = live_->workspaceFolder();
        request.subject = subject;
        engine::Json out = engine::Json::object();
        const engine::Outcome outcome = engine::evaluate(request, {});
        for (const auto& set : outcome.json["sets"]) out[set["set"].get<std::string>()] = set["metrics"];
        return out;
    }
    engine::Json evaluated(const std::string& setting, const std::vector<std::string>& set) const {
        return evaluated(engine::Subject{.product = live_->folder(), .setting = setting, .set = set});
    }

    std::unique_ptr<TinyProduct> tiny_;
    std::shared_ptr<engine::LiveProduct> live_;
    ui::Compared a_, b_, off_, space_;
};

QTEST_MAIN(CompareTest)
#include "compare_test.moc"
