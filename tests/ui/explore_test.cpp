// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Drives the page to explore as a person does, on a small trained product; needs an X server, a virtual one will do.
#include <QComboBox>
#include <QDesktopServices>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

#include "engine/session/session.h"
#include "tests/ui/picture.h"
#include "tests/ui/view_menus.h"
#include "ui/explore/explore_page.h"
#include "ui/explore/point_splat.h"
#include "ui/style/theme.h"

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

class ExploreTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(folder_.isValid());
        engine::synth({path("world"), {{"preset", "tiny"}}}, {});
        engine::ReactRequest request;
        request.workspace = path("world");
        request.recipe = "ImageBind++";
        request.product = path("product");
        request.reaction_options = {{"hidden_width", 64}, {"batch_size", 256}, {"epochs", 2}};
        request.run_options = {{"device", "cpu"}};
        engine::train(request, {});
        product_ = engine::LiveProduct::open({path("product"), {}, engine::Json::object(), engine::Json::object()}, {});
        ui::applyTheme(ui::ThemeChoice::Light);
    }

    void init() {
        page_ = std::make_unique<ui::ExplorePage>();
        page_->resize(1240, 740);
        page_->show();
        page_->setProduct(product_);
        page_->showSet("AudioCaps");
    }

    void cleanup() { page_.reset(); }

    void nothingIsDoneWhileThePageIsNotActive() {
        QTest::qWait(400);
        QVERIFY(!page_->busy());
        QVERIFY(!page_->map().content().map);
        activate();
        QVERIFY(page_->map().content().map != nullptr);
        // Neither later.
        const auto before = page_->map().places().first;
        page_->setActive(false);
        page_->setSetting(far());
        QTest::qWait(400);
        QVERIFY(!page_->busy());
        QCOMPARE(page_->map().places().first, before);
        activate();
        QVERIFY(page_->map().places().first != before);
        QVERIFY(page_->inspector().model().rowCount() > 0);
    }

    void theMapShowsTheSet() {
        activate();
        ui::MapView& map = page_->map();
        const auto items = product_->components(set(), product_->defaults(), {});
        const auto& components = *items;
        QCOMPARE(map.content().map->rows(true).size(), components.first.rows());
        QCOMPARE(map.content().map->rows(false).size(), components.second.rows());
        QVERIFY(map.content().synthetic);
        QVERIFY(map.axisCaption(0).startsWith("principal component 1 · "));
        QVERIFY(map.axisCaption(0).endsWith("% of the variance"));
        // Every point is inside the frame, and its colour is there.
        const QImage picture = map.grab().toImage();
        for (std::uint32_t i = 0; i < 5; ++i) {
            const auto at = map.placeOf({true, i});
            QVERIFY(at && map.rect().contains(at->toPoint()));
        }
        int audio = 0, text = 0;
        const QColor a = ui::modalityColour("audio"), t = ui::modalityColour("text");
        for (int y = 0; y < picture.height(); ++y) {
            for (int x = 0; x < picture.width(); ++x) {
                audio += near(picture.pixelColor(x, y), a);
                text += near(picture.pixelColor(x, y), t);
            }
        }
        QVERIFY2(audio > 100 && text > 100, qPrintable(QString("%1 %2").arg(audio).arg(text)));
        const auto figures = page_->findChildren<QLabel*>();
        QVERIFY(std::any_of(figures.begin(), figures.end(), [](QLabel* l) {
            return l->text().contains("Matched pairs: mean cosine") && l->text().contains("modality gap");
        }));
    }

    void pointsFollowTheSetting() {
        activate();
        ui::MapView& map = page_->map();
        const auto item = ui::MapItem{true, 3};
        const auto before = map.placeOf(item);
        const auto items = product_->components(set(), product_->defaults(), {});
        const auto& components = *items;
        page_->setSetting(far());
        QTRY_VERIFY(map.placeOf(item) != before);
        // To where the blended row has it on the same axes.
        const auto w = product_->model().weights("audio", components.first, far());
        const auto w0 = product_->model().weights("audio", components.first, product_->defaults());
        std::vector<double> z(components.first.width()), z0(z.size());
        engine::blendRow(components.first, w, 3, z.data());
        engine::blendRow(components.first, w0, 3, z0.data());
        double moved = 0;
        for (std::size_t d = 0; d < z.size(); ++d)
            moved += (z[d] - z0[d]) * static_cast<double>(map.content().map->axis(0)[d]);
        page_->setSetting(product_->defaults());
        QTRY_VERIFY((*map.placeOf(item) - *before).manhattanLength() < 1e-3);
        const double start = static_cast<double>(map.places().first[3 * map.places().axes]);
        page_->setSetting(far());
        QTRY_VERIFY(map.placeOf(item) != before);
        QVERIFY(std::abs(static_cast<double>(map.places().first[3 * map.places().axes]) - start - moved) < 1e-5);
        settle();
    }

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
    }

    void switchedProjectorsMakeTheMapAnewAndAreOneMover() {
        activate();
        engine::Setting some = product_->defaults();
        some.projectors["CLAP_g:T"] = some.projectors["CLAP_g:TVA"] = some.projectors["CLAP_m:A"] = false;
        page_->setSetting(some);
        settle();
        QTRY_VERIFY(page_->inspector().model().rowCount() > 0);
        ui::MapView& map = page_->map();
        const auto items = product_->components(set(), some, {});
        const auto first = product_->model().weights("audio", items->first, some);
        const auto second = product_->model().weights("text", items->second, some);
        const auto reference = engine::SpaceMap::make(*items, first, second,
                                                      [] {
                                                          engine::MapOptions options;
                                                          options.components = 3;
                                                          return options;
                                                      }(),
                                                      {});
        const auto want = reference->places(first, second), shown = map.places();
        QVERIFY(std::abs(want.pair_cosine - shown.pair_cosine) < 1e-9);
        const auto& movers = page_->inspector().model().movers();
        QCOMPARE(movers.size(), std::size_t{2});
        QCOMPARE(ui::moverLabel(movers[0]), QString("projectors of CLAP_g"));
        QCOMPARE(movers[0].after, 5.0);
        // Sliders go on from there, on the same map.
        const auto before = map.content().map;
        some.factors["sigma_a"] = 0.9;
        page_->setSetting(some);
        settle();
        QCOMPARE(map.content().map, before);
        page_->setSetting(product_->defaults());
        settle();
        QCOMPARE(page_->inspector().model().rowCount(), 0);
    }

    void aClickOnTheMapChoosesAndSaysTheName() {
        activate();
        ui::MapView& map = page_->map();
        // The item that stands most alone.
        std::optional<ui::MapItem> alone;
        for (std::uint32_t i = 0; i < map.content().map->rows(true).size() && !alone; ++i) {
            const ui::MapItem item{true, i};
            if (const auto at = map.placeOf(item); at && map.itemAt(*at) == item) alone = item;
        }
        QVERIFY(alone.has_value());
        QSignalSpy spy(page_.get(), &ui::ExplorePage::queryChosen);
        QTest::mouseMove(&map, map.placeOf(*alone)->toPoint());
        QTest::mouseClick(&map, Qt::LeftButton, {}, map.placeOf(*alone)->toPoint());
        QCOMPARE(spy.count(), 1);
        const auto chosen = map.chosen();
        QVERIFY(chosen.has_value());
        settle();
        QVERIFY(page_->inspector().answers().after().rowCount() >= 10);
        QVERIFY(page_->inspector().answers().headline().startsWith("Rank "));
        // Esc takes it away.
        map.setFocus();
        QTest::keyClick(&map, Qt::Key_Escape);
        QVERIFY(!map.chosen());
        QVERIFY(!page_->inspector().query());
    }

    void aClickOnTheOtherSideAsksFromThere() {
        activate();
        ui::MapView& map = page_->map();
        std::optional<ui::MapItem> answer;
        for (std::uint32_t i = 0; i < map.content().map->rows(false).size() && !answer; ++i) {
            const ui::MapItem item{false, map.content().map->rows(false)[i]};
            if (const auto at = map.placeOf(item); at && map.itemAt(at->toPoint()) == item) answer = item;
        }
        QVERIFY(answer.has_value());
        QComboBox* directions = combo("Direction of retrieval");
        QVERIFY(directions && directions->currentIndex() == 0);
        QSignalSpy spy(page_.get(), &ui::ExplorePage::queryChosen);
        QTest::mouseClick(&map, Qt::LeftButton, {}, map.placeOf(*answer)->toPoint());
        QCOMPARE(directions->currentIndex(), 1);
        QCOMPARE(spy.count(), 1);
        QCOMPARE(spy[0][1].toBool(), false);
        QCOMPARE(spy[0][2].toUInt(), answer->row);
        QVERIFY(map.chosen() == answer);
        settle();
        QCOMPARE(page_->inspector().query(), std::optional(answer->row));
        QVERIFY(page_->inspector().answers().headline().startsWith("Rank "));
    }

    // Jobs that ended just before they were told to stop bring what nobody wants any more.
    void aClosedProductLeavesNothing() {
        activate();
        combo("Axes of the map")->setCurrentIndex(1);
        QThread::msleep(1500);  // the job ends, its message waits
        page_->setProduct(nullptr);
        QTest::qWait(100);
        QVERIFY(!page_->map().content().map);
        page_->setProduct(product_);
        page_->showSet("AudioCaps");
        settle();
        page_->setSetting(far());
        QTest::qWait(260);
        QThread::msleep(1500);
        page_->setProduct(nullptr);
        QTest::qWait(100);
        QCOMPARE(page_->inspector().status(), QString("There is no product yet."));
        QCOMPARE(page_->inspector().table().model()->rowCount(), 0);
    }

    void slidersMayMoveWhileAnotherSpaceIsMapped() {
        activate();
        auto* spaces = combo("Space that is mapped");
        QVERIFY(spaces && spaces->count() >= 2);
        spaces->setCurrentIndex(1);
        page_->setReference(far(), "far");
        QTest::qWait(1);
        settle();
        spaces->setCurrentIndex(0);
        page_->setSetting(far());
        QTest::qWait(1);
        settle();
        QCOMPARE(page_->map().content().subject, spaces->currentText());
    }

    void aProductMayBeClosedDuringALasso() {
        activate();
        ui::MapView& map = page_->map();
        QTest::mousePress(&map, Qt::LeftButton, Qt::ShiftModifier, {100, 100});
        for (const QPoint& p : {QPoint(200, 100), QPoint(200, 200), QPoint(100, 200)}) QTest::mouseMove(&map, p);
        page_->setProduct(nullptr);
        QTest::mouseRelease(&map, Qt::LeftButton, Qt::ShiftModifier, {100, 200});
        QVERIFY(map.selection().empty());
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

    void aLassoSelectsAndTheListFollows() {
        activate();
        page_->setSetting(far());
        settle();
        ui::MapView& map = page_->map();
        const int all = page_->inspector().table().model()->rowCount();
        const QRect r = map.rect();
        const QPoint corners[] = {{r.width() / 2, 20},
                                  {r.width() - 20, 20},
                                  {r.width() - 20, r.height() - 60},
                                  {r.width() / 2, r.height() - 60}};
        QTest::mousePress(&map, Qt::LeftButton, Qt::ShiftModifier, corners[0]);
        for (const QPoint& c : corners) QTest::mouseMove(&map, c);
        QTest::mouseRelease(&map, Qt::LeftButton, Qt::ShiftModifier, corners[3]);
        QVERIFY(!map.selection().empty());
        for (const auto& item : map.selection()) QVERIFY(map.placeOf(item)->x() >= r.width() / 2 - 1);
        const auto inside = map.selection().size();
        QVERIFY(inside < map.content().map->rows(true).size() + map.content().map->rows(false).size());
        const int some = page_->inspector().table().model()->rowCount();
        QVERIFY2(some < all, qPrintable(QString("%1 of %2").arg(some).arg(all)));
        picture(*page_, "explore-lasso");
        QPushButton* drop = nullptr;
        for (auto* b : page_->findChildren<QPushButton*>()) {
            if (b->accessibleName() == "List all queries again") drop = b;
        }
        QVERIFY(drop && drop->isVisible());
        QTest::mouseClick(drop, Qt::LeftButton);
        QCOMPARE(page_->inspector().table().model()->rowCount(), all);
        QVERIFY(map.selection().empty());
    }

    void theMapZoomsAndPans() {
        activate();
        ui::MapView& map = page_->map();
        const ui::MapItem a{true, 0}, b{false, 0};
        const QPointF a0 = *map.placeOf(a), b0 = *map.placeOf(b);
        const auto apart = [&] { return QLineF(*map.placeOf(a), *map.placeOf(b)).length(); };
        const double before = apart();
        QWheelEvent wheel(a0, map.mapToGlobal(a0), {}, {0, 240}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                          false);
        QCoreApplication::sendEvent(&map, &wheel);
        QVERIFY(apart() > 1.3 * before);
        // What is under the pointer stays there.
        QVERIFY((*map.placeOf(a) - a0).manhattanLength() < 0.01);
        QTest::mousePress(&map, Qt::LeftButton, {}, {200, 200});
        QTest::mouseMove(&map, {230, 190});
        QTest::mouseMove(&map, {260, 180});
        QTest::mouseRelease(&map, Qt::LeftButton, {}, {260, 180});
        const QPointF moved = *map.placeOf(a) - a0;
        QVERIFY(std::abs(moved.x() - 60) < 1 && std::abs(moved.y() + 20) < 1);
        map.setFocus();
        QTest::keyClick(&map, Qt::Key_Home);
        QVERIFY((*map.placeOf(a) - a0).manhattanLength() < 1e-6 && (*map.placeOf(b) - b0).manhattanLength() < 1e-6);
    }

    void otherAxesAndSpaces() {
        activate();
        combo("Axes of the map")->setCurrentText("Modality gap first");
        settle();
        ui::MapView& map = page_->map();
        QVERIFY(map.axisCaption(0).startsWith("modality gap · "));
        QVERIFY(map.axisCaption(1).startsWith("principal component 1 · "));
        combo("Which axes are drawn")->setCurrentText("2 × 3");
        QCOMPARE(map.axisAcross(), 1);
        QCOMPARE(map.axisUp(), 2);
        auto* spaces = combo("Space that is mapped");
        QVERIFY(spaces->count() >= 2);
        spaces->setCurrentText("ImageBind");
        settle();
        QCOMPARE(map.content().subject, QString("ImageBind"));
        const auto before = map.places().first;
        page_->setSetting(far());
        settle();
        QCOMPARE(map.places().first, before);  // a single space has no factors
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

    void everySetCanBeShown() {
        activate();
        page_->setSetting(far());
        QSignalSpy failures(page_.get(), &ui::ExplorePage::failed);
        for (const auto& s : product_->sets()) {
            page_->showSet(QString::fromStdString(s.name));
            settle();
            QVERIFY2(page_->map().content().map, s.name.c_str());
            QCOMPARE(page_->map().content().first, QString::fromStdString(s.first));
        }
        QCOMPARE(failures.count(), 0);
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

    void aThemeChangeIsFollowed() {
        activate();
        page_->setSetting(far());
        settle();
        picture(*page_, "explore-light");
        ui::applyTheme(ui::ThemeChoice::Dark);
        QTest::qWait(50);
        const QImage dark = page_->map().grab().toImage();
        QCOMPARE(dark.pixelColor(2, 2), ui::colours().panel);
        picture(*page_, "explore-dark");
        ui::applyTheme(ui::ThemeChoice::Light);
    }

    void manyPointsArePlottedAtOnce() {
        QImage image(1200, 900, QImage::Format_ARGB32_Premultiplied);
        const ui::PointStamp disc(ui::PointShape::Disc, 1.5), diamond(ui::PointShape::Diamond, 1.5);
        QElapsedTimer timer;
        timer.start();
        image.fill(Qt::transparent);
        for (int i = 0; i < 40000; ++i) {
            const double x = std::fmod(i * 7.31, 1200.0), y = std::fmod(i * 3.77, 900.0);
            (i % 2 == 0 ? disc : diamond).plot(image, x, y, 0xff0072b2, 150);
        }
        qInfo("40,000 points in %.1f ms", static_cast<double>(timer.nsecsElapsed()) * 1e-6);
        // At the edges too nothing is written outside.
        for (const double x : {-3.0, -0.4, 1199.9, 1203.0}) {
            disc.plot(image, x, 3, 0xffffffff, 255);
            ui::plotLine(image, x, -5, 400, 2000, 0xffffffff, 200);
        }
        image.fill(Qt::transparent);
        disc.plot(image, 100.5, 50.5, 0xff204060, 255);
        QCOMPARE(image.pixelColor(100, 50), QColor(0x20, 0x40, 0x60));
        QCOMPARE(qAlpha(image.pixel(104, 50)), 0);
    }

private:
    std::string path(const char* name) const { return folder_.filePath(QString::fromLatin1(name)).toStdString(); }
    static bool near(const QColor& a, const QColor& b) {
        return std::abs(a.red() - b.red()) + std::abs(a.green() - b.green()) + std::abs(a.blue() - b.blue()) < 60;
    }

    std::size_t set() const {
        for (std::size_t s = 0; s < product_->sets().size(); ++s) {
            if (product_->sets()[s].name == "AudioCaps") return s;
        }
        return 0;
    }

    Setting far() const {
        Setting out = product_->defaults();
        for (auto& [name, value] : out.factors) value = value > 0.5 ? 0 : 1;
        return out;
    }

    void settle() { QTRY_VERIFY_WITH_TIMEOUT(!page_->busy(), 30000); }
    void activate() {
        page_->setActive(true);
        settle();
    }

    QComboBox* combo(const QString& name) const {
        for (auto* box : page_->findChildren<QComboBox*>()) {
            if (box->accessibleName() == name) return box;
        }
        return nullptr;
    }

    QTemporaryDir folder_;
    std::shared_ptr<engine::LiveProduct> product_;
    std::unique_ptr<ui::ExplorePage> page_;
};

QTEST_MAIN(ExploreTest)
#include "explore_test.moc"
