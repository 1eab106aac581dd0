// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Drives the inspector of queries on the page to explore as a person does, on a small trained product; needs an X
// server, a virtual one will do.
#include <QComboBox>
#include <QDesktopServices>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTableView>
#include <QTest>

#include <algorithm>
#include <cmath>

#include "tests/ui/explore_window.h"
#include "tests/ui/view_menus.h"

using engine::Setting;
using ui::test::picture;

// Takes the place of the system's programs.
class Opener : public QObject {
    Q_OBJECT
public:
    QUrl opened;
public Q_SLOTS:
    void open(const QUrl& url) { opened = url; }
};

class InspectorTest : public ui::test::ExploreWindow {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { makeProduct(); }
    void init() { openPage(); }
    void cleanup() { page_.reset(); }

    void theInspectorListsWhatChanged() {
        activate();
        QVERIFY(page_->inspector().status().contains("Move a slider"));
        page_->setReference(product_->defaults(), "Versatile");
        page_->setSetting(far());
        settle();
        const engine::SetChange want = product_->why(set(), product_->defaults(), far(), {}, {});
        const auto& model = page_->inspector().model();
        QCOMPARE(model.gainedCount(), static_cast<int>(want.forward.gained.size()));
        QCOMPARE(model.lostCount(), static_cast<int>(want.forward.lost.size()));
        QVERIFY(model.rowCount() > 3);
        QVERIFY(page_->inspector().status().contains("Versatile"));
        QVERIFY(page_->inspector().status().contains("synthetic world"));
        // Filters.
        const QTableView& table = page_->inspector().table();
        auto* kind = combo("Which queries are listed");
        kind->setCurrentText("Lost");
        QCOMPARE(table.model()->rowCount(), model.lostCount());
        QVERIFY(table.model()->index(0, 0).data().toString().startsWith("▼ "));
        kind->setCurrentText("All");
        const QString id = model.index(1, 0).data(ui::QueryModel::SortRole).toString();
        auto* search = page_->findChild<QLineEdit*>();
        QTest::keyClicks(search, id);
        QVERIFY(table.model()->rowCount() >= 1);
        for (int i = 0; i < table.model()->rowCount(); ++i) {
            QVERIFY(
                table.model()->index(i, 0).data(ui::QueryModel::SortRole).toString().contains(id) ||
                table.model()->index(i, ui::QueryModel::Wrong).data(ui::QueryModel::SortRole).toString().contains(id));
        }
        search->clear();
        // The list says of every query what moved it.
        for (int row = 0; row < model.rowCount(); ++row) {
            const engine::QueryChange* q = model.change(row);
            double sum = 0;
            for (const double s : model.sharesOf(row)) sum += s;
            QVERIFY(std::abs(sum - (q->margin_after - q->margin_before)) < 1e-5);
        }
        // Other direction, other place.
        combo("Direction of retrieval")->setCurrentIndex(1);
        settle();
        QCOMPARE(model.gainedCount(), static_cast<int>(want.backward.gained.size()));
        combo("Rank that counts as a hit")->setCurrentText("R@5");
        settle();
        engine::WhyOptions five;
        five.place = 5;
        QCOMPARE(model.lostCount(),
                 static_cast<int>(product_->why(set(), product_->defaults(), far(), five, {}).backward.lost.size()));
    }

    void aQueryIsShownWithItsAnswers() {
        activate();
        page_->setSetting(far());
        settle();
        QSignalSpy spy(page_.get(), &ui::ExplorePage::queryChosen);
        const QTableView& table = page_->inspector().table();
        const QModelIndex index = table.model()->index(0, ui::QueryModel::Query);
        QTest::mouseClick(table.viewport(), Qt::LeftButton, {}, table.visualRect(index).center());
        QCOMPARE(spy.count(), 1);
        settle();
        const auto query = page_->inspector().query();
        QVERIFY(query.has_value());
        QCOMPARE(page_->map().chosen(), std::optional(ui::MapItem{true, *query}));
        const auto& answers = page_->inspector().answers();
        const auto& model = page_->inspector().model();
        const engine::QueryChange* change = model.change(*model.rowOf(*query));
        QVERIFY(
            answers.headline().contains(ui::rankText(change->rank_before) + " → " + ui::rankText(change->rank_after)));
        // The first rows are those of brute force, and a positive is marked.
        const auto items = product_->components(set(), product_->defaults(), {});
        const auto& components = *items;
        for (const bool before : {true, false}) {
            const Setting at = before ? product_->defaults() : far();
            const auto first = product_->model().weights("audio", components.first, at);
            const auto second = product_->model().weights("text", components.second, at);
            const auto want =
                engine::QueryAnswers(components, true, *query, {}).at(first, second, 10, engine::TieRule::Expected);
            const QTableWidget& shown = before ? answers.before() : answers.after();
            QCOMPARE(shown.item(0, 2)->text().remove("= "), QString::number(want.best[0].score, 'f', 4));
            const std::string& id = (*page_->map().content().second_ids)[want.best[0].row];
            QCOMPARE(shown.item(0, 1)->toolTip().section('\n', 0, 0), QString::fromStdString(id));
            QVERIFY(id.ends_with(shown.item(0, 1)->text().remove("✓ ").toStdString()));
            int marked = 0;
            for (int i = 0; i < shown.rowCount(); ++i) marked += shown.item(i, 1)->text().startsWith("✓ ");
            QVERIFY(marked >= 1);
            // Copied, ids are whole.
            const QStringList lines = ui::test::copiedTable(before ? &answers.before() : &answers.after());
            QCOMPARE(lines.size(), shown.rowCount() + 1);
            QCOMPARE(lines[1].section('\t', 1, 1), QString::fromStdString(id));
        }
        const QStringList list = ui::test::copiedTable(&const_cast<QTableView&>(table));
        QCOMPARE(list.size(), table.model()->rowCount() + 1);
        QCOMPARE(list[1].section('\t', 0, 0), table.model()->index(0, 0).data(ui::QueryModel::SortRole).toString());
        QVERIFY(list[1].contains(ui::moverLabel(model.movers()[0])));
        // The map, too.
        QVERIFY(ui::test::coloursOf(ui::test::copiedFigure(&page_->map())) > 20);
        // What moved it adds up.
        double sum = 0;
        for (const double s : change->shares) sum += s;
        QVERIFY(std::abs(sum - (change->margin_after - change->margin_before)) < 1e-9);
        picture(*page_, "explore-query");
    }

    // The scores along the factor and the values where the hit comes and goes, against ranks at points between them.
    void aQueryIsFollowedAlongAFactor() {
        activate();
        auto& panel = page_->inspector();
        auto* looks = panel.findChild<QTabWidget*>("looks");
        looks->setCurrentIndex(1);
        auto& line = panel.line();
        QVERIFY(line.isVisible());
        QVERIFY(line.said().startsWith("Choose a query"));
        const Setting setting = product_->defaults();
        const auto items = product_->components(set(), setting, {});
        QVERIFY(product_->prepare(set(), setting, {}));
        const auto all = product_->flips(set(), true, "sigma_a", setting, {});
        QVERIFY(all);
        std::map<std::uint32_t, int> changes;
        for (const auto& flip : all->flips) changes[flip.query] += flip.place == 0;
        const auto most =
            std::max_element(changes.begin(), changes.end(), [](auto& a, auto& b) { return a.second < b.second; });
        QVERIFY(most != changes.end() && most->second > 0);
        panel.chooseQuery(most->first);
        page_->setSetting(setting);
        settle();
        QVERIFY(line.line() && line.line()->hits);
        auto* factors = line.findChild<QComboBox*>("line_factor");
        if (factors->currentData().toString() != "sigma_a") {
            factors->setCurrentIndex(factors->findData("sigma_a"));
            Q_EMIT factors->activated(factors->currentIndex());
            settle();
        }
        QCOMPARE(factors->count(), 2);  // of audio and text
        QVERIFY(line.said().startsWith(QString::fromUtf8("R@1 along σ_a")));
        const engine::QueryAnswers answers(*items, true, most->first, {});
        const auto at = [&](double value) {
            Setting there = setting;
            there.factors["sigma_a"] = value;
            return answers.at(product_->model().weights("audio", items->first, there),
                              product_->model().weights("text", items->second, there), 5, engine::TieRule::Expected);
        };
        std::vector<double> ends{0};
        for (const auto& flip : line.line()->hits->flips) {
            if (flip.place != 0) continue;
            ends.push_back(flip.at);
            QVERIFY2(line.said().contains(QString::number(flip.at, 'f', 6)) || ends.size() > 9,
                     qPrintable(line.said()));
        }
        ends.push_back(1);
        int looked = 0;
        for (std::size_t i = 1; i < ends.size(); ++i) {
            if (ends[i] - ends[i - 1] < 1e-6) continue;
            const double middle = (ends[i - 1] + ends[i]) / 2;
            const bool shaded =
                std::any_of(line.curves().spans().begin(), line.curves().spans().end(),
                            [&](const auto& span) { return middle > span.first && middle < span.second; });
            QCOMPARE(shaded, at(middle).rank <= 1);
            ++looked;
        }
        QVERIFY(looked > 1);
        const auto& shown = line.curves().curves();
        QVERIFY(shown.size() >= 2);
        QVERIFY(shown[0].label.startsWith(QString::fromUtf8("✓")));
        for (const std::size_t k : {std::size_t{0}, shown[0].x.size() / 2, shown[0].x.size() - 1}) {
            const auto there = at(shown[0].x[k]);
            double best = -1;  // of those drawn
            for (const auto& curve : shown) best = std::max(best, curve.y[k]);
            QVERIFY(best <= there.best[0].score + 1e-12);
            QVERIFY(std::any_of(there.positives.begin(), there.positives.end(),
                                [&](const auto& own) { return std::abs(own.score - shown[0].y[k]) < 1e-12; }));
        }
        picture(*page_, "query-line-light");
        ui::applyTheme(ui::ThemeChoice::Dark);
        picture(*page_, "query-line-dark");
        ui::applyTheme(ui::ThemeChoice::Light);
        // A click sets the factor; the factor's own change moves the cursor and nothing else.
        QSignalSpy picked(page_.get(), &ui::ExplorePage::factorPicked);
        auto* view = line.findChild<ui::CurveView*>();
        QTest::mouseClick(view, Qt::LeftButton, {}, view->place(0.25, shown[0].y[10]).toPoint());
        QVERIFY(picked.count() > 0);
        QCOMPARE(picked.last()[0].value<std::string>(), std::string("sigma_a"));
        QVERIFY(std::abs(picked.last()[1].toDouble() - 0.25) < 0.01);
        const auto kept = line.line();
        Setting moved = setting;
        moved.factors["sigma_a"] = 0.25;
        page_->setSetting(moved);
        settle();
        QCOMPARE(line.line(), kept);
        QCOMPARE(line.curves().cursorAt(), 0.25);
        auto* hits = line.findChild<QLabel*>(QString(), Qt::FindChildrenRecursively);
        for (auto* label : line.findChildren<QLabel*>()) {
            if (label->accessibleName() == "Where the query is a hit") hits = label;
        }
        Q_EMIT hits->linkActivated(QString::number(ends[1], 'g', 17));
        QCOMPARE(picked.last()[1].toDouble(), ends[1]);
        // Another factor, and another place.
        factors->setCurrentIndex(factors->findData("sigma_t"));
        Q_EMIT factors->activated(factors->currentIndex());
        settle();
        QCOMPARE(line.line()->factor, std::string("sigma_t"));
        for (auto* box : panel.findChildren<QComboBox*>()) {
            if (box->accessibleName() == "Rank that counts as a hit") box->setCurrentIndex(2);
        }
        settle();
        QVERIFY2(line.said().startsWith("R@10"), qPrintable(line.said()));
        // Jumped to from elsewhere: another set, the other direction.
        page_->showQuery("VGG-SS", false, 2, "sigma_a");
        settle();
        QCOMPARE(panel.query(), std::optional<std::uint32_t>(2));
        QCOMPARE(line.line()->factor, std::string("sigma_a"));
        QVERIFY2(line.said().contains("as soon as"), qPrintable(line.said()));  // nothing is prepared of that set
        std::size_t other = 0;
        while (product_->sets()[other].name != "VGG-SS") ++other;
        QVERIFY(product_->prepare(other, setting, {}));
        page_->setPrepared(set());
        QVERIFY(!page_->busy());
        page_->setPrepared(other);
        QVERIFY(line.curves().isVisible());  // what is known stays in sight
        settle();
        QVERIFY(line.line()->hits);
        QVERIFY2(line.said().startsWith("R@10"), qPrintable(line.said()));
    }

    // As along a share, once the weight is live; ranks are those of the setting that the weight stands for.
    void aQueryIsFollowedAlongAWeight() {
        activate();
        auto& panel = page_->inspector();
        auto& line = panel.line();
        panel.findChild<QTabWidget*>("looks")->setCurrentIndex(1);
        const Setting setting = product_->defaults();
        page_->setSetting(setting);
        page_->showQuery("AudioCaps", true, 0, "sigma_t");
        settle();
        auto* factors = line.findChild<QComboBox*>("line_factor");
        QCOMPARE(factors->findData("weight_CLAP_g"), -1);
        QVERIFY(product_->setLiveWeight("weight_CLAP_g"));
        page_->setAxes();
        QVERIFY(factors->findData("weight_CLAP_g") >= 0);
        QCOMPARE(factors->currentData().toString(), QString("sigma_t"));  // what was chosen stays so
        QVERIFY(product_->prepare(set(), setting, {}));
        page_->setPrepared(set());
        const auto all = product_->flips(set(), true, "weight_CLAP_g", setting, {});
        QVERIFY(all);
        QVERIFY(!all->flips.empty());
        const auto query = all->flips.front().query;
        page_->showQuery("AudioCaps", true, query, "weight_CLAP_g");
        settle();
        QVERIFY(line.line() && line.line()->hits);
        QCOMPARE(line.line()->factor, std::string("weight_CLAP_g"));
        QVERIFY2(line.said().startsWith("R@1 along w_CLAP_g"), qPrintable(line.said()));
        QVERIFY(std::abs(line.curves().cursorAt() - 0.5) < 1e-12);
        QVERIFY(!line.line()->hits->flips.empty());
        const auto items = product_->components(set(), setting, {});
        const engine::QueryAnswers answers(*items, true, query, {});
        for (const std::size_t place : {0, 1, 2}) {
            const auto spans = line.line()->hits->intervals(place);
            for (int i = 0; i <= 20; ++i) {
                const double value = (i + 0.013) / 20.03;
                Setting there = setting;
                there.expert_weights["CLAP_g"] = value;
                there.expert_weights["CLAP_m"] = 1 - value;
                const auto at =
                    answers.at(product_->model().weights("audio", items->first, there),
                               product_->model().weights("text", items->second, there), 5, engine::TieRule::Expected);
                const bool hit = std::any_of(spans.begin(), spans.end(), [&](const auto& span) {
                    return value > span.first && value < span.second;
                });
                QCOMPARE(hit, at.rank <= static_cast<double>(engine::kHitPlaces[place]));
            }
        }
        // Other experts' weights alone move the cursor; taken back, the list has shares alone.
        const auto kept = line.line();
        Setting moved = setting;
        moved.expert_weights["CLAP_g"] = 0.25;
        moved.expert_weights["CLAP_m"] = 0.75;
        page_->setSetting(moved);
        settle();
        QCOMPARE(line.line(), kept);
        QCOMPARE(line.curves().cursorAt(), 0.25);
        picture(*page_, "query-line-weight");
        QVERIFY(product_->setLiveWeight({}));
        page_->setAxes();
        settle();
        QCOMPARE(factors->findData("weight_CLAP_g"), -1);
        QCOMPARE(line.line()->factor, factors->currentData().toString().toStdString());
    }

    void titlesOfColumnsAreWhole() {
        activate();
        page_->setSetting(far());
        settle();
        for (const int width : {1240, 1100, 1000, 940, 900}) {
            page_->resize(width, 740);
            QTest::qWait(20);
            auto& table = page_->inspector().table();
            for (int c = 0; c < ui::QueryModel::Columns; ++c) {
                if (table.isColumnHidden(c)) continue;
                const QString title = table.model()->headerData(c, Qt::Horizontal).toString();
                QVERIFY2(table.columnWidth(c) >= table.horizontalHeader()->fontMetrics().horizontalAdvance(title) + 16,
                         qPrintable(QString("%1 at %2").arg(title).arg(width)));
            }
        }
    }

    void aSetOfSeveralLabelsSaysWhyItHasNoList() {
        QSignalSpy failures(page_.get(), &ui::ExplorePage::failed);
        page_->showSet("AudioSet");
        activate();
        page_->setSetting(far());
        settle();
        QVERIFY(page_->inspector().status().contains("several labels"));
        QCOMPARE(failures.count(), 0);
        QVERIFY(page_->map().content().map != nullptr);
    }

    void aFileIsShownWhereThereIsOne() {
        QImage image(300, 200, QImage::Format_RGB32);
        image.fill(Qt::darkCyan);
        QVERIFY(image.save(folder_.filePath("item.png")));
        ui::QueryPanel panel;
        panel.resize(500, 700);
        panel.show();
        ui::SetItems items;
        items.ids[0] = std::make_shared<const std::vector<std::string>>(product_->ids(set(), true));
        items.ids[1] = std::make_shared<const std::vector<std::string>>(product_->ids(set(), false));
        std::vector<std::string> paths(items.ids[0]->size());
        paths[2] = path("item.png");
        paths[3] = path("gone.wav");
        items.paths[0] = std::make_shared<const std::vector<std::string>>(paths);
        items.paths[1] = std::make_shared<const std::vector<std::string>>(items.ids[1]->size(), path("item.png"));
        panel.setReference(product_->defaults(), "Versatile");
        panel.setSubject(product_, set(), true, items);
        panel.refresh(far());
        const auto labelled = [&](const QString& text) {
            const auto labels = panel.findChildren<QLabel*>();
            return std::any_of(labels.begin(), labels.end(),
                               [&](QLabel* l) { return l->isVisible() && l->text().contains(text); });
        };
        QPushButton* open = nullptr;
        for (auto* b : panel.findChildren<QPushButton*>()) {
            if (b->text() == "Open file") open = b;
        }
        panel.chooseQuery(2);
        QTRY_VERIFY_WITH_TIMEOUT(!panel.busy(), 30000);
        QVERIFY(open && open->isVisible());
        QVERIFY(labelled("item.png"));
        const auto labels = panel.findChildren<QLabel*>();
        QVERIFY(std::any_of(labels.begin(), labels.end(), [](QLabel* l) {
            return l->isVisible() && !l->pixmap(Qt::ReturnByValue).isNull() &&
                   l->pixmap(Qt::ReturnByValue).toImage().pixelColor(5, 5) == QColor(Qt::darkCyan);
        }));
        // So are those of the answers, and a right click opens them.
        auto& answers = panel.answers().after();
        const auto* first = answers.item(0, 1);
        QVERIFY(first->toolTip().contains("item.png"));
        QCOMPARE(first->icon().pixmap(40).toImage().pixelColor(5, 5), QColor(Qt::darkCyan));
        Opener opener;
        QDesktopServices::setUrlHandler("file", &opener, "open");
        QVERIFY(ui::test::chooseFromMenu(&answers, "Open file"));
        QDesktopServices::unsetUrlHandler("file");
        QCOMPARE(opener.opened, QUrl::fromLocalFile(folder_.filePath("item.png")));
        panel.chooseQuery(3);
        QTRY_VERIFY_WITH_TIMEOUT(!panel.busy(), 30000);
        QVERIFY(!open->isVisible());
        QVERIFY(labelled("gone.wav (not found)"));
        panel.chooseQuery(4);
        QTRY_VERIFY_WITH_TIMEOUT(!panel.busy(), 30000);
        QVERIFY(!labelled("wav"));
    }
};

QTEST_MAIN(InspectorTest)
#include "inspector_test.moc"
