// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What stands beside the sliders says what the command line says: goals, headroom, routers. Where memory is short, what
// is estimated from a sample is marked, says from what, and is refined behind.
#include "ui/tune/metrics_model.h"

#include <QAbstractItemModelTester>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTableWidget>
#include <QTest>
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "engine/session/live_product.h"
#include "engine/session/session.h"
#include "tests/ui/tune_window.h"
#include "tests/ui/view_menus.h"
#include "ui/reactions/option_form.h"
#include "ui/style/numbers.h"
#include "ui/tune/tune_page.h"

using ui::MetricsModel;
using ui::test::picture;

class TunePanelsTest : public ui::test::TuneWindow {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        train({{"ImageBind++", "product"}});
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
            const auto index = model.index(model.rowCount() - 2, set);
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
        const QStringList copied = ui::test::copiedTable(page.goal().findChild<QTableWidget*>());
        QCOMPARE(copied.size(), found->rowCount() + 1);
        QCOMPARE(copied[1].section(QLatin1Char('\t'), -1).toDouble(), page.goal().result()->best.change.back());

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
        picture(page, "headroom");
        // Other experts: these figures are of none of them.
        auto setting = project.setting();
        setting.expert_weights["CLAP_m"] = 0;
        project.setSetting(setting, "without CLAP_m");
        QVERIFY(!panel.result() && !table->isVisible());
    }

    // What is said of the best setting is what the command line says; and a value is reached where the others pay
    // least.
    void aGoalSaysHowSureItIs() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        open(project, session, page);
        auto& goal = page.goal();
        page.findChild<QTabWidget*>("tune_side")->setCurrentWidget(&goal);
        const auto search = [&] {
            goal.findChild<QPushButton*>("search")->click();
            QTRY_VERIFY_WITH_TIMEOUT(goal.result() && !goal.searching(), 120000);
        };
        const auto told = [&] {
            auto request = *goal.requestText();
            request.subject.product = folder_ / "product";
            for (const auto& [name, value] : project.setting().factors)
                request.subject.set.push_back(name + "=" + QString::number(value, 'g', 17).toStdString());
            return engine::tuneFactors(request, {}).json;
        };
        const engine::Json highest = told();
        search();
        QVERIFY(goal.sureness());
        QCOMPARE(QString::fromStdString(engine::toJson(*goal.sureness()).dump()),
                 QString::fromStdString(highest["confidence"].dump()));
        auto* sure = goal.findChild<QLabel*>("goal_sure");
        QVERIFY(sure->isVisible());
        const auto& start = highest["confidence"]["against_start"];
        const auto& held = highest["confidence"]["held_out"];
        for (const QString& said : {ui::signedNumber(start["low"]), ui::signedNumber(start["high"]),
                                    QString::number(held["chosen_on_one_half"].get<double>(), 'f', 2),
                                    QString::number(held["on_the_other_half"].get<double>(), 'f', 2)})
            QVERIFY2(sure->text().contains(said), qPrintable(sure->text() + " lacks " + said));

        const double most = goal.result()->best.change[0];
        QVERIFY(most > 0.5);
        page.findChild<QComboBox*>("goal")->setCurrentIndex(1);
        auto* value = page.findChild<QDoubleSpinBox*>("goal_value");
        QVERIFY(value->isVisible());
        value->setValue(std::floor(50 * most) / 100);  // half of it
        const engine::Json reached = told();
        search();
        QVERIFY(goal.result()->feasible());
        QVERIFY(goal.result()->best.change[0] >= value->value() && goal.result()->best.change[0] < most);
        for (std::size_t f = 0; f < goal.result()->factors.size(); ++f)
            QCOMPARE(goal.result()->best.factors[f],
                     reached["best"]["factors"][goal.result()->factors[f].name].get<double>());
        QVERIFY(goal.sureness() && QString::fromStdString(goal.sureness()->group).startsWith("AT"));
        picture(page, "goal");
        // Other experts: nothing of it holds.
        auto setting = project.setting();
        setting.expert_weights["CLAP_m"] = 0;
        project.setSetting(setting, "without CLAP_m");
        QVERIFY(!goal.result() && !goal.sureness());
    }

    // What is pinned is in the line of the search, and what was set for the search stays as it was.
    void aSearchCountsAgainstWhatIsPinned() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        open(project, session, page);
        auto& goal = page.goal();
        const auto limit = [&] {
            for (auto* box : goal.findChildren<QDoubleSpinBox*>()) {
                if (box->accessibleName().startsWith(QStringLiteral("Δ_TV"))) return box;
            }
            qFatal("there is no limit of TV");
        };
        limit()->setValue(-1.25);
        auto* group = goal.findChild<QComboBox*>("goal_group");
        group->setCurrentIndex(1);
        const QString chosen = group->currentText();
        QVERIFY(goal.requestText()->baseline.space.empty() || goal.requestText()->baseline.space == "ImageBind");
        engine::Setting other = project.setting();
        other.factors["sigma_a"] = 0.33;
        const int number = project.addSnapshot("here", other);
        project.pinBaseline({{}, number}, "pin");
        QTRY_VERIFY_WITH_TIMEOUT(QString::fromStdString(session.baseline()->subject).endsWith("here"), 20000);
        QCOMPARE(limit()->value(), -1.25);
        QCOMPARE(group->currentText(), chosen);
        auto request = *goal.requestText();
        QCOMPARE(request.baseline.set, std::vector<std::string>{"sigma_a=0.33"});
        request.subject.product = folder_ / "product";
        request.factors = {"sigma_t"};
        request.step = 0.5;
        const auto told = engine::tuneFactors(request, {}).json;
        for (const auto& g : session.product()->groups(*session.baseline())) {
            for (const auto& there : told["groups"]) {
                if (there["name"] == g.name)
                    QVERIFY(std::abs(there["baseline"].get<double>() - engine::groupValue(g, *session.baseline())) <
                            1e-9);
            }
        }
        project.renameSnapshot(number, "there");
        QTRY_VERIFY_WITH_TIMEOUT(QString::fromStdString(session.baseline()->subject).endsWith("there"), 20000);
        QCOMPARE(limit()->value(), -1.25);
        QCOMPARE(group->currentText(), chosen);
        // Every metric of a cell is in its tooltip and is read out, with its change.
        QTRY_VERIFY_WITH_TIMEOUT(session.settled(), 20000);
        QTest::qWait(30);
        std::size_t set = 0;
        while (session.product()->sets()[set].name != "AudioCaps") ++set;
        const auto& model = page.metrics();
        const auto cell = model.index(model.rowCount() - 2, static_cast<int>(set));
        const auto& figures = *session.figures().sets[set];
        const auto before = session.baseline()->at("AudioCaps").values();
        for (const auto& [metric, value] : figures) {
            const QString said = QStringLiteral("%1 %2 (%3)")
                                     .arg(QString::fromStdString(metric), QString::number(value, 'f', 2),
                                          ui::signedNumber(value - before.at(metric)));
            for (const int role : {static_cast<int>(Qt::ToolTipRole), static_cast<int>(Qt::AccessibleTextRole)})
                QVERIFY2(cell.data(role).toString().contains(said), qPrintable(said));
        }
        QVERIFY(figures.size() >= 9 && figures.contains("R@5"));
        // A second metric stands below, whatever is chosen; where a set has one alone, nothing.
        const int also = model.rowCount() - 1;
        const auto shows = [&](int row, const std::string& metric) {
            const QString wanted = QString::number(figures.at(metric), 'f', 2) + QLatin1Char('\n') +
                                   ui::signedNumber(figures.at(metric) - before.at(metric));
            return model.index(row, cell.column()).data().toString() == wanted;
        };
        auto* metric = page.findChild<QComboBox*>("metric");
        for (const auto& [one, second] : {std::pair{"R@1", "R@5"}, {"R@10", "R@1"}, {"R@5", "R@1"}}) {
            auto view = project.view();
            view.metric = QString::fromLatin1(one);
            project.setView(view, "metric");
            QCOMPARE(metric->currentText(), QString::fromLatin1(one));
            QVERIFY(shows(also - 1, one) && shows(also, second));
            QVERIFY(model.headerData(also, Qt::Vertical).toString().contains(QString::fromLatin1(second)));
        }
        for (std::size_t k = 0; k < session.product()->sets().size(); ++k) {
            if (session.product()->sets()[k].kind != engine::SetKind::MultiLabel) continue;
            QCOMPARE(model.index(also, static_cast<int>(k)).data().toString(), QStringLiteral("–"));
        }
        picture(page, "figures");
        // All of it is in sight.
        auto* table = page.findChild<QTableView*>("metrics");
        QVERIFY(table->viewport()->rect().contains(table->visualRect(model.index(also, 0)).center()));
    }

    // The weights of a learned router are those of the command line; shares by hand follow the sliders.
    void aRouterStandsBesideTheFactors() {
        ui::Project project;
        ui::LiveSession session;
        ui::TunePage page(project, session);
        open(project, session, page);
        auto& panel = page.routing();
        page.findChild<QTabWidget*>("tune_side")->setCurrentWidget(&panel);
        auto* learn = panel.findChild<QPushButton*>("learn_router");
        QTRY_VERIFY(learn->isVisible() && learn->isEnabled());
        QCOMPARE(learn->text(), QString("Learn a router"));
        QVERIFY(!panel.routed("AudioCaps"));
        // Stopped, there is none.
        QTest::mouseClick(learn, Qt::LeftButton);
        QCOMPARE(learn->text(), QString("Stop"));
        QTest::mouseClick(learn, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!panel.working(), 20000);
        QVERIFY(!std::filesystem::exists(folder_ / "product" / "routers" / "learned" / "router.json"));
        QVERIFY(!panel.routed("AudioCaps"));

        panel.options().setValues({{"examples", 200}, {"batch_size", 64}, {"epochs", 2}});
        QSignalSpy shown(&panel, &ui::RoutingPanel::shown);
        QTest::mouseClick(learn, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!shown.empty() && !panel.working(), 60000);
        engine::RoutingRequest request;
        request.product = folder_ / "product";
        const auto told = engine::learnRouting(request, {}).json;
        const auto compare = [&](bool hand) {
            for (const auto& set : told["sets"]) {
                const QString name = QString::fromStdString(set["set"].get<std::string>());
                QCOMPARE(panel.routed(name).value(),
                         set["routed"]["metrics"][set["metric"].get<std::string>()].get<double>());
                for (const char* side : {"first", "second"}) {
                    const auto modality = QString::fromStdString(set[side]["modality"].get<std::string>());
                    for (const auto& [space, weight] : set[side]["weights"].items()) {
                        const auto found = panel.weight(name, modality, QString::fromStdString(space));
                        QVERIFY(found);
                        QCOMPARE(found->mean, weight["mean"].get<double>());
                        QCOMPARE(found->deviation, weight["deviation"].get<double>());
                        if (hand) QCOMPARE(found->by_hand, weight["by_hand"].get<double>());
                    }
                }
            }
        };
        compare(true);
        auto* table = panel.findChild<QTableWidget*>("router_weights");
        QVERIFY(table->isVisible());
        QVERIFY(panel.about().contains("Synthetic world"));
        // The sliders move what is by hand, and nothing of the router.
        auto setting = project.setting();
        setting.factors["sigma_a"] = 0.8;
        project.setSetting(setting, "sigma_a");
        QVERIFY(std::abs(panel.weight("AudioCaps", "audio", "ImageBind")->by_hand - 0.2) < 1e-12);
        QVERIFY(std::abs(panel.weight("AudioCaps", "audio", "CLAP_g")->by_hand - 0.4) < 1e-12);
        compare(false);
        QTRY_VERIFY_WITH_TIMEOUT(session.settled(), 20000);
        QTest::qWait(30);
        engine::EvaluateRequest evaluate;
        evaluate.subject.product = folder_ / "product";
        evaluate.subject.set = {"sigma_a=0.8"};
        evaluate.sets = {"AudioCaps"};
        const double figure = engine::evaluate(evaluate, {}).json["sets"][0]["metrics"]["R@1"];
        bool said = false;
        for (int row = 0; row < table->rowCount(); ++row) {
            const QString text = table->item(row, 0)->text();
            if (text.startsWith("AudioCaps")) said = text.contains("by hand " + QString::number(figure, 'f', 2));
        }
        QVERIFY(said);
        picture(page, "router");

        // Opened again, the weights that are there are shown when they are looked at.
        ui::Project again;
        ui::LiveSession other;
        ui::TunePage second(again, other);
        open(again, other, second);
        QVERIFY(!second.routing().working());
        second.findChild<QTabWidget*>("tune_side")->setCurrentWidget(&second.routing());
        QTRY_VERIFY_WITH_TIMEOUT(second.routing().routed("AudioCaps"), 60000);
        QCOMPARE(*second.routing().routed("AudioCaps"), *panel.routed("AudioCaps"));
        QCOMPARE(second.routing().findChild<QPushButton*>("learn_router")->text(), QString("Learn the router anew"));
    }

private:
    static double gib(std::uint64_t bytes) { return static_cast<double>(bytes) / 0x1p30; }
    std::shared_ptr<engine::LiveProduct> opened(std::uint64_t bytes) const {
        engine::LiveProduct::Request request;
        request.product = folder_ / "product";
        request.landscapes = {{"memory_gib", gib(bytes)}};
        auto live = engine::LiveProduct::open(request, {});
        for (const std::size_t set : live->missing(live->defaults())) live->prepare(set, live->defaults(), {});
        return live;
    }
    static int samples(const ui::LiveSession& session) {
        int out = 0;
        for (std::size_t s = 0; s < session.product()->sets().size(); ++s) out += session.product()->sample(s) ? 1 : 0;
        return out;
    }

    std::shared_ptr<engine::LiveProduct> whole_;
    std::uint64_t bytes_ = 0;  // of all landscapes
};

QTEST_MAIN(TunePanelsTest)
#include "tune_panels_test.moc"
