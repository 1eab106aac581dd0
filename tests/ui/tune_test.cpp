// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The page where a product is tuned. Where memory is short, what is estimated from a sample is marked, says from what,
// and is refined behind; what single queries could have is what the command line says.
#include "ui/tune/metrics_model.h"

#include <QAbstractItemModelTester>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QSlider>
#include <QTabWidget>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>
#include <filesystem>

#include "engine/session/live_product.h"
#include "engine/session/session.h"
#include "ui/style/numbers.h"
#include "ui/tune/tune_page.h"
#include "ui/views/surface_grid.h"

using ui::MetricsModel;

class TuneTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        folder_ = dir_.path().toStdString();
        engine::synth({folder_ / "world", {{"preset", "tiny"}}}, {});
        engine::ReactRequest react;
        react.workspace = folder_ / "world";
        react.recipe = "ImageBind++";
        react.product = folder_ / "product";
        react.reaction_options = {{"hidden_width", 24}, {"batch_size", 64}, {"epochs", 1}};
        react.run_options = {{"stages", 3}};
        try {
            engine::train(react, {});
        } catch (const std::exception& error) {
            QSKIP(error.what());  // built without the reactor
        }
        whole_ = opened(std::uint64_t{1} << 30);
        for (const auto& file : std::filesystem::directory_iterator(landscapes())) bytes_ += file.file_size();
    }

    void init() { std::filesystem::remove_all(landscapes()); }

    void estimatesAreMarked() {
        const auto live = opened(bytes_ * 8 / 10);

        MetricsModel model;
        const QAbstractItemModelTester tester(&model);
        model.setProduct(live);
        model.setFigures(live->figures(live->defaults(), false, {}));
        int marked = 0, plain = 0;
        for (int set = 0; set < model.columnCount(); ++set) {
            const auto index = model.index(model.rowCount() - 1, set);
            const QString text = index.data().toString(), tip = index.data(Qt::ToolTipRole).toString();
            const auto sample = live->sample(static_cast<std::size_t>(set));
            QCOMPARE(text.startsWith(QStringLiteral("≈ ")), sample.has_value());
            QCOMPARE(text.contains(QStringLiteral(" ±")), sample.has_value());
            if (sample) {
                QVERIFY2(tip.contains(QString::fromStdString(sample->text())), qPrintable(tip));
                const auto interval =
                    live->figures(live->defaults(), false, {}).intervals[static_cast<std::size_t>(set)].at("R@1");
                QVERIFY2(
                    tip.contains(QStringLiteral("[%1, %2]").arg(interval.low, 0, 'f', 2).arg(interval.high, 0, 'f', 2)),
                    qPrintable(tip));
                ++marked;
            } else {
                QVERIFY(!tip.contains(QStringLiteral("estimated")));
                ++plain;
            }
        }
        QVERIFY(marked > 0);
        QVERIFY(plain > 0);
    }

    // Everything that is shown of a sample says so; while nobody moves anything more queries are asked, until all are.
    void samplesGrowBehindUntilAllQueriesAreAsked() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        const double little = gib(bytes_ * 8 / 10);
        session.setMemory(little, -1);
        open(project, session, page);
        QVERIFY(samples(session) > 0);
        QString group;  // one that has a sampled set
        for (const auto& name : page.surfaces().groups()) {
            if (page.surfaces().groupText(name).contains(QStringLiteral("≈ "))) group = name;
        }
        QVERIFY(!group.isEmpty());
        page.surfaces().chooseGroup(group);
        QVERIFY(page.surfaces().groupText(group).contains(QStringLiteral(" ±")));
        const auto surface = session.surface();
        QVERIFY(surface && surface->complete());
        std::size_t at = 0;
        while (surface->groups[at].group.name != group.toStdString()) ++at;
        QVERIFY(ui::changeTitle(*surface, at).contains(QStringLiteral("≈")));
        QVERIFY(ui::surfaceCaption(*surface).contains(QStringLiteral("≈")));
        QVERIFY(surface->groups[at].best_interval);
        bool said = false;
        for (const auto* label : page.surfaces().findChildren<QLabel*>())
            said = said || label->text().contains(ui::intervalText(*surface->groups[at].best_interval));
        QVERIFY(said);
        page.goal().findChild<QPushButton*>(QStringLiteral("search"))->click();
        QTRY_VERIFY_WITH_TIMEOUT(page.goal().result() && !page.goal().searching(), 60000);
        QString row;
        const auto* found = page.goal().findChild<QTableWidget*>();
        for (int column = 0; column < found->columnCount(); ++column) row += found->item(0, column)->text();
        QVERIFY2(row.contains(QStringLiteral("≈")), qPrintable(row));

        QSignalSpy larger(&session, &ui::LiveSession::sampleEnlarged);
        session.setMemory(little, 1);
        QTRY_COMPARE_WITH_TIMEOUT(samples(session), 0, 120000);
        QVERIFY(larger.count() > 0);
        QTRY_VERIFY_WITH_TIMEOUT(session.settled() && !session.refining(), 60000);
        QTest::qWait(50);
        // What is shown now is what a product without a sample has.
        const auto truth = whole_->figures(session.setting(), true, {});
        for (std::size_t s = 0; s < truth.sets.size(); ++s) QVERIFY(session.figures().sets[s] == truth.sets[s]);
        QVERIFY(!page.surfaces().groupText(group).contains(QStringLiteral("≈")));
        QVERIFY(session.surface() != surface && !ui::isEstimate(*session.surface(), at));
    }

    // Where the memory does not allow more it rests, and says what it has.
    void samplesStopAtTheMemory() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        session.setMemory(gib(bytes_ * 6 / 10), gib(bytes_ * 7 / 10));
        open(project, session, page);
        const int before = samples(session);
        QVERIFY(before > 0);
        QTRY_VERIFY_WITH_TIMEOUT(session.refining(), 10000);
        // Each sampled set is tried until it fits no more.
        int quiet = 0;
        for (int i = 0; i < 600 && quiet < 15; ++i) {
            QTest::qWait(100);
            quiet = session.refining() ? 0 : quiet + 1;
        }
        QCOMPARE(quiet, 15);
        // Some set is still asked a sample, or has no landscape at all.
        int not_whole = samples(session);
        for (std::size_t s = 0; s < session.product()->sets().size(); ++s)
            not_whole += session.product()->ready(s, session.setting()) ? 0 : 1;
        QVERIFY(not_whole > 0);
        std::uint64_t held = 0;
        for (const auto& file : std::filesystem::directory_iterator(landscapes()))
            held = std::max<std::uint64_t>(held, file.file_size());
        QVERIFY(held < bytes_);
    }

    // The same figures, and each of them explained.
    void theHeadroomIsThatOfTheCommandLine() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        open(project, session, page);
        auto& panel = page.headroom();
        auto* side = page.findChild<QTabWidget*>("tune_side");
        side->setCurrentWidget(&panel);
        auto* measure = panel.findChild<QPushButton*>("measure_headroom");
        QTRY_VERIFY(measure->isVisible() && measure->isEnabled());
        // Stopped, it says so and shows nothing.
        QTest::mouseClick(measure, Qt::LeftButton);
        QTest::mouseClick(measure, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!panel.measuring(), 20000);
        QVERIFY(!panel.result());
        QTest::mouseClick(measure, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(panel.result() && !panel.measuring(), 120000);
        engine::TuneRequestText request;
        const auto live = session.product();
        const auto asked = *page.goal().request();
        request.subject.product = live->folder();
        for (const auto& [name, value] : asked.fixed.factors)
            request.subject.set.push_back(name + "=" + QString::number(value, 'g', 17).toStdString());
        for (const auto& [name, value] : asked.fixed.expert_weights)
            request.subject.set.push_back(name + "=" + QString::number(value, 'g', 17).toStdString());
        request.maximize = {asked.maximize[0].first};
        for (const auto& c : asked.constraints)
            request.at_least.push_back(c.group + "=" + QString::number(c.at_least, 'g', 17).toStdString());
        request.headroom = true;
        const auto told = engine::tuneFactors(request, {}).json["headroom"][0];
        QCOMPARE(QString::fromStdString(engine::toJson(*panel.result()).dump()), QString::fromStdString(told.dump()));
        // What is displayed is that, a row for each.
        auto* table = panel.findChild<QTableWidget*>("headroom_figures");
        QVERIFY(table->isVisible());
        const auto& rates = told["rates"]["R@1"];
        const double wanted[] = {rates["current"],
                                 rates["best"],
                                 rates["oracle_own_factors"],
                                 rates["oracle_all_factors"],
                                 told["router"]["one_setting"],
                                 told["router"]["router"],
                                 told["router"]["router_where_fitted"],
                                 told["router"]["oracle_of_settings"]};
        QCOMPARE(table->rowCount(), 8);
        for (int row = 0; row < 8; ++row) {
            QCOMPARE(table->item(row, 1)->text(), QString::number(wanted[row], 'f', 2));
            QVERIFY(!table->item(row, 0)->toolTip().isEmpty());
        }
        QVERIFY2(panel.verdict().contains(ui::signedNumber(told["router"]["gain"]["low"])),
                 qPrintable(panel.verdict()));
        QCOMPARE(panel.findChild<QTableWidget*>("headroom_directions")->rowCount(),
                 2 * static_cast<int>(told["sets"].size()));
        if (const QString folder = qEnvironmentVariable("MOLSPACE_PICTURES"); !folder.isEmpty())
            page.grab().save(folder + "/headroom.png");
        // Other experts: these figures are of none of them.
        auto setting = project.setting();
        setting.expert_weights["CLAP_m"] = 0;
        project.setSetting(setting, "without CLAP_m");
        QVERIFY(!panel.result() && !table->isVisible());
    }

    // The slider goes through what was kept of the training: figures and surfaces are those of then, the setting stays.
    void theTrainingIsTravelledThrough() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        open(project, session, page);
        auto* slider = page.findChild<QSlider*>(QStringLiteral("stage"));
        QVERIFY(slider && slider->isVisible());
        QCOMPARE(slider->maximum(), 3);
        QCOMPARE(slider->value(), 3);
        auto setting = project.setting();
        setting.factors["sigma_a"] = 0.7;
        project.setSetting(setting, "sigma_a");
        const auto settle = [&](int part) {
            QTRY_VERIFY_WITH_TIMEOUT(session.product() && session.product()->stage().part == part, 60000);
            QTRY_VERIFY_WITH_TIMEOUT(session.settled() && session.baseline() && session.surface() &&
                                         session.surface()->complete() &&
                                         session.figures().setting == project.setting(),
                                     60000);
            QCOMPARE(slider->value(), part);
        };
        settle(3);
        const auto figures = session.figures().sets;
        const auto change = session.surface()->groups.front().change;

        slider->setValue(1);
        settle(1);
        QCOMPARE(QString::fromStdString(session.product()->recipe().name), QStringLiteral("ImageBind++ at 1 of 3"));
        QVERIFY(project.setting() == setting);
        QVERIFY(session.figures().sets != figures);
        QVERIFY(session.surface()->groups.front().change != change);
        // What is shown is what the stage's own folder gives.
        engine::LiveProduct::Request request;
        request.product = folder_ / "product" / "stages" / "1";
        const auto alone = engine::LiveProduct::open(request, {});
        const auto table = alone->measure(setting, {});
        for (std::size_t s = 0; s < alone->sets().size(); ++s) {
            const auto& shown = session.figures().sets[s];
            if (shown && shown->contains("R@1"))
                QCOMPARE(shown->at("R@1"), table.at(alone->sets()[s].name).value("R@1"));
        }
        if (const QString folder = qEnvironmentVariable("MOLSPACE_PICTURES"); !folder.isEmpty())
            page.grab().save(folder + "/stages.png");

        // Moved on while it is being opened, the last place counts; undo leads back.
        slider->setValue(2);
        slider->setValue(0);
        settle(0);
        while (project.view().stage >= 0) project.undoStack().undo();
        settle(3);
        QVERIFY(session.figures().sets == figures);
        // A stage that is gone is not opened.
        std::filesystem::remove_all(folder_ / "product" / "stages" / "2");
        slider->setValue(2);
        QTest::qWait(50);
        settle(3);
    }

private:
    static double gib(std::uint64_t bytes) { return static_cast<double>(bytes) / 0x1p30; }
    std::filesystem::path landscapes() const { return folder_ / "product" / "landscapes"; }
    std::shared_ptr<engine::LiveProduct> opened(std::uint64_t bytes) const {
        engine::LiveProduct::Request request;
        request.product = folder_ / "product";
        request.landscapes = {{"memory_gib", gib(bytes)}};
        auto live = engine::LiveProduct::open(request, {});
        for (const std::size_t set : live->missing(live->defaults())) live->prepare(set, live->defaults(), {});
        return live;
    }
    void open(ui::Project& project, ui::LiveSession& session, ui::TunePage& page) const {
        const auto product = QString::fromStdString((folder_ / "product").string());
        project.addProduct(product);
        session.open(product, QString::fromStdString((folder_ / "world").string()));
        page.resize(1200, 760);
        page.show();
        QVERIFY(QTest::qWaitForWindowExposed(&page));
        QTRY_VERIFY_WITH_TIMEOUT(session.product() && session.baseline() && session.surface(), 60000);
        QTRY_VERIFY_WITH_TIMEOUT(session.settled() && session.surface()->complete(), 60000);
        QTest::qWait(30);
    }
    static int samples(const ui::LiveSession& session) {
        int out = 0;
        for (std::size_t s = 0; s < session.product()->sets().size(); ++s) out += session.product()->sample(s) ? 1 : 0;
        return out;
    }

    QTemporaryDir dir_;
    std::filesystem::path folder_;
    std::shared_ptr<engine::LiveProduct> whole_;
    std::uint64_t bytes_ = 0;  // of all landscapes
};

QTEST_MAIN(TuneTest)
#include "tune_test.moc"
