// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Drives the map of the page to explore as a person does, on a small trained product; needs an X server, a virtual one
// will do.
#include <QComboBox>
#include <QElapsedTimer>
#include <QLabel>
#include <QLineF>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QThread>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

#include "tests/ui/explore_window.h"
#include "ui/explore/point_splat.h"

using ui::test::picture;

class ExploreTest : public ui::test::ExploreWindow {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { makeProduct(); }
    void init() { openPage(); }
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

    // Without a product the sets of a workspace are mapped in its spaces; with one too, in all that have rows of both
    // sides, and what was kept for the product waits for it.
    void aWorkspaceIsMappedWithoutAProduct() {
        const engine::Json inspected = engine::inspect({path("world")}, {}).json;
        page_ = std::make_unique<ui::ExplorePage>();
        page_->resize(1240, 740);
        page_->show();
        page_->setActive(true);
        QVERIFY(!combo("Evaluation set")->isEnabled());
        page_->setWorkspace(QString::fromStdString(path("world")), inspected);
        settle();
        QVERIFY(combo("Evaluation set")->isEnabled());
        QCOMPARE(combo("Evaluation set")->count(), static_cast<int>(inspected["sets"].size()));
        page_->showSet("AudioCaps");
        auto* spaces = combo("Space that is mapped");
        QStringList names;
        for (int i = 0; i < spaces->count(); ++i) names << spaces->itemText(i);
        QVERIFY2(names.contains("ImageBind") && names.contains("WAV2CLIP") && !names.contains("InternVL"),
                 qPrintable(names.join(' ')));
        QVERIFY(!names.contains("ImageBind++"));
        spaces->setCurrentIndex(spaces->findText("CLAP_g"));
        settle();
        const auto& map = page_->map();
        QVERIFY(map.content().map);
        QCOMPARE(map.content().subject, QString("CLAP_g"));
        QCOMPARE(map.content().first, QString("audio"));
        QVERIFY(map.content().synthetic);
        const auto alone = map.places();
        const auto set = engine::spaceComponents(engine::Workspace(path("world")), "AudioCaps", "CLAP_g", {});
        engine::MapOptions options;
        options.components = 3;
        const auto expected = engine::SpaceMap::make(set, {}, {}, options, {})->places({}, {});
        QCOMPARE(alone.first, expected.first);
        QCOMPARE(alone.second, expected.second);
        picture(*page_, "explore-workspace");
        const auto point = page_->map().placeOf({true, 3});
        QVERIFY(point);
        QTest::mouseClick(&page_->map(), Qt::LeftButton, {}, point->toPoint());
        QVERIFY(!page_->inspector().query());
        const engine::Json state = page_->state();
        QCOMPARE(state["space"].get<std::string>(), std::string("CLAP_g"));
        // The product comes: the map is of it, and of the space once it is chosen again.
        page_->setProduct(product_);
        page_->showSet("AudioCaps");
        settle();
        QCOMPARE(spaces->itemText(0), QString("ImageBind++"));
        QVERIFY(spaces->findText("WAV2CLIP") > 0);
        spaces->setCurrentIndex(spaces->findText("CLAP_g"));
        settle();
        QCOMPARE(map.places().first, alone.first);
        page_->setProduct(nullptr);
        settle();
        QVERIFY(map.content().map);
        page_->setWorkspace({}, engine::Json::object());
        settle();
        QVERIFY(!map.content().map && !combo("Evaluation set")->isEnabled());
        page_->restore(state);
        page_->setWorkspace(QString::fromStdString(path("world")), inspected);
        settle();
        QCOMPARE(combo("Evaluation set")->currentText(), QString("AudioCaps"));
        QCOMPARE(map.content().subject, QString("CLAP_g"));
        // A product that comes is mapped itself; a space that its route has not is found once the workspace is known.
        page_->restore({});
        page_->setProduct(product_);
        page_->showSet("AudioCaps");
        settle();
        QCOMPARE(map.content().subject, QString("ImageBind++"));
        spaces->setCurrentIndex(spaces->findText("WAV2CLIP"));
        settle();
        const engine::Json kept = page_->state();
        page_ = std::make_unique<ui::ExplorePage>();
        page_->show();
        page_->setActive(true);
        page_->restore(kept);
        page_->setProduct(product_);
        settle();
        QCOMPARE(page_->map().content().subject, QString("ImageBind++"));
        page_->setWorkspace(QString::fromStdString(path("world")), inspected);
        settle();
        QCOMPARE(page_->map().content().subject, QString("WAV2CLIP"));
        QVERIFY2(page_->state() == kept, page_->state().dump().c_str());
        // Files that are gone are told of, without a product too.
        page_ = std::make_unique<ui::ExplorePage>();
        page_->show();
        page_->setActive(true);
        QSignalSpy failures(page_.get(), &ui::ExplorePage::failed);
        page_->setWorkspace(QString::fromStdString(path("gone")), inspected);
        settle();
        QCOMPARE(failures.count(), 1);
        const auto told = failures.first()[0].value<ui::JobFailure>();
        QVERIFY2(told.text().contains("gone"), qPrintable(told.text()));
        page_->setProduct(product_);
        page_->setWorkspace(QString::fromStdString(path("world")), inspected);
        combo("Space that is mapped")->setCurrentIndex(combo("Space that is mapped")->findText("WAV2CLIP"));
        settle();
        page_->setWorkspace(QString::fromStdString(path("world")), inspected);  // after an import
        settle();
        QCOMPARE(page_->map().content().subject, QString("WAV2CLIP"));
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
    static bool near(const QColor& a, const QColor& b) {
        return std::abs(a.red() - b.red()) + std::abs(a.green() - b.green()) + std::abs(a.blue() - b.blue()) < 60;
    }
};

QTEST_MAIN(ExploreTest)
#include "explore_test.moc"
