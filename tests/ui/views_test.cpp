// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Surfaces as map, curves and 3D; needs an X server, a virtual one will do. The 3D part is skipped without OpenGL.
#include <QBuffer>
#include <QElapsedTimer>
#include <QPainter>
#include <QSet>
#include <QSignalSpy>
#include <QSvgGenerator>
#include <QTest>

#include <cmath>
#include <limits>

#include "tests/ui/picture.h"
#include "ui/style/theme.h"
#include "ui/views/axis_ticks.h"
#include "ui/views/curve_view.h"
#include "ui/views/heat_map_view.h"
#include "ui/views/surface_view.h"

using ui::test::keepPicture;
using ui::test::screenPicture;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// A hill with its top at (0.7, 0.4), 21 x 21.
std::shared_ptr<engine::SweepSurface> hill(double lift = 0) {
    auto out = std::make_shared<engine::SweepSurface>();
    out->subject = "ImageBind++";
    out->baseline = "ImageBind";
    out->synthetic = true;
    out->axes = {{"sigma_a", 0, 1, 21}, {"sigma_t", 0, 1, 21}};
    engine::GroupSurface group;
    group.group = {"AT", {"AudioCaps"}, "R@1", {}};
    for (std::size_t i = 0; i < 21; ++i) {
        for (std::size_t j = 0; j < 21; ++j) {
            const double x = out->axes[0].value(i), y = out->axes[1].value(j);
            group.change.push_back(lift + 14 * std::exp(-4 * ((x - 0.7) * (x - 0.7) + (y - 0.4) * (y - 0.4))) -
                                   6 * y * y - 1);
        }
    }
    out->groups.push_back(group);
    out->done = out->total = 441;
    return out;
}

// Only every `stride`-th row and column, the last ones too.
void forget(engine::SweepSurface& surface, std::size_t stride) {
    surface.done = 0;
    for (std::size_t i = 0; i < 21; ++i) {
        for (std::size_t j = 0; j < 21; ++j) {
            const bool keep = (i % stride == 0 || i == 20) && (j % stride == 0 || j == 20);
            if (!keep) surface.groups[0].change[i * 21 + j] = kNan;
            surface.done += keep;
        }
    }
}

template <class View>
QImage drawn(const View& view, QSize size, qreal scale = 1) {
    QImage image(size * scale, QImage::Format_ARGB32_Premultiplied);
    image.setDevicePixelRatio(scale);
    QPainter painter(&image);
    view.paintTo(painter, QRectF(QPointF(0, 0), QSizeF(size)));
    return image;
}

int distinctColours(const QImage& image) {
    QSet<QRgb> seen;
    for (int y = 0; y < image.height(); y += 3) {
        for (int x = 0; x < image.width(); x += 3) seen.insert(image.pixel(x, y));
    }
    return static_cast<int>(seen.size());
}

}  // namespace

class ViewsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { ui::applyTheme(ui::ThemeChoice::Light); }

    void ticksAreRound() {
        const auto t = ui::axisTicks(0, 1, 6);
        QCOMPARE(t.values, (std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1}));
        QCOMPARE(t.text(1), QStringLiteral("0.2"));
        const auto wide = ui::axisTicks(-1.67, 20.2, 9, true);
        QCOMPARE(wide.low, -5.0);
        QCOMPARE(wide.high, 25.0);
        QCOMPARE(wide.step, 5.0);
        QCOMPARE(wide.text(0, true), QStringLiteral("−5"));
        QCOMPARE(wide.text(1, true), QStringLiteral("0"));
        QCOMPARE(wide.text(2, true), QStringLiteral("+5"));
        for (const double high : {1e-5, 0.037, 1.0, 7.3, 99.0, 12345.0}) {
            for (int most = 2; most < 12; ++most) {
                const auto ticks = ui::axisTicks(0, high, most, true);
                QVERIFY(static_cast<int>(ticks.values.size()) <= most && ticks.values.size() >= 2);
                QVERIFY(ticks.low <= 0 && ticks.high >= high * (1 - 1e-6));
            }
        }
        QVERIFY(ui::axisTicks(3, 3, 5).values.size() >= 1);
        QVERIFY(ui::axisTicks(kNan, 3, 5).values.size() >= 1);
        QCOMPARE(ui::signedNumber(-0.001, 2), QStringLiteral("0.00"));
    }

    void contoursLieOnTheirLevel() {
        ui::SurfaceGrid grid;
        for (int i = 0; i <= 40; ++i) {
            grid.x.push_back(i / 20.0 - 1);
            grid.y.push_back(i / 20.0 - 1);
        }
        for (const double x : grid.x) {
            for (const double y : grid.y) grid.values.push_back(std::hypot(x, y));
        }
        const auto lines = ui::contourLines(grid, 0.63);
        QCOMPARE(lines.size(), std::size_t(1));
        QCOMPARE(lines[0].front(), lines[0].back());
        for (const QPointF& p : lines[0]) QVERIFY(std::fabs(std::hypot(p.x(), p.y()) - 0.63) < 2e-3);
        QVERIFY(ui::contourLines(grid, 3).empty());
        // A plane is exact.
        for (std::size_t i = 0; i < 41; ++i) {
            for (std::size_t j = 0; j < 41; ++j) grid.values[i * 41 + j] = 2 * grid.x[i] - grid.y[j];
        }
        const auto straight = ui::contourLines(grid, 0.33);
        QCOMPARE(straight.size(), std::size_t(1));
        for (const QPointF& p : straight[0]) QVERIFY(std::fabs(2 * p.x() - p.y() - 0.33) < 1e-12);
    }

    void unknownNodesAreNoZeros() {
        auto surface = hill();
        QCOMPARE(ui::completeGrid(*surface, 0).x.size(), std::size_t(21));
        auto partial = hill();
        forget(*partial, 8);
        auto grid = ui::completeGrid(*partial, 0);
        QCOMPARE(grid.x.size(), std::size_t(4));  // 0, 8, 16, 20
        QCOMPARE(grid.y.size(), std::size_t(4));
        for (const double v : grid.values) QVERIFY(!std::isnan(v));
        QCOMPARE(grid.value(1, 2), surface->groups[0].change[8 * 21 + 16]);
        QVERIFY(std::isnan(grid.at(1.5, 0)));
        QVERIFY(!std::isnan(grid.at(1, 1)));
        // A node of the next level changes nothing until its row or column is complete.
        partial->groups[0].change[4 * 21 + 8] = 3;
        QCOMPARE(ui::completeGrid(*partial, 0).x.size(), std::size_t(4));
        for (auto& v : partial->groups[0].change) v = kNan;
        QVERIFY(!ui::completeGrid(*partial, 0).drawable());
        QVERIFY(!ui::completeGrid(*surface, 7).drawable());
        // The map has no colours where nothing is known.
        ui::HeatMapView view;
        view.resize(500, 460);
        view.setSurface(partial, 0);
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        QVERIFY(!view.readout(view.place(0.5, 0.5)).contains(QStringLiteral("measured")));
    }

    void theMapPicksNodes() {
        ui::HeatMapView view;
        view.resize(700, 640);
        view.setSurface(hill(), 0);
        view.setCursor(0.5, 0.5);
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        QSignalSpy spy(&view, &ui::HeatMapView::picked);
        // Near a node: the node itself, exactly.
        QTest::mouseClick(&view, Qt::LeftButton, {}, (view.place(0.35, 0.8) + QPointF(3, -2)).toPoint());
        QVERIFY(!spy.isEmpty());
        QCOMPARE(spy.last()[0].toDouble(), hill()->axes[0].value(7));
        QCOMPARE(spy.last()[1].toDouble(), hill()->axes[1].value(16));
        QCOMPARE(spy.last()[2].toBool(), false);
        // A drag follows the pointer and ends once.
        spy.clear();
        QTest::mousePress(&view, Qt::LeftButton, {}, view.place(0.2, 0.2).toPoint());
        QTest::mouseMove(&view, view.place(0.5, 0.3).toPoint());
        QTest::mouseMove(&view, view.place(0.62, 0.37).toPoint());
        QTest::mouseRelease(&view, Qt::LeftButton, {}, view.place(0.62, 0.37).toPoint());
        QVERIFY(spy.size() >= 3);
        int ends = 0;
        for (const auto& one : spy) ends += one[2].toBool() ? 0 : 1;
        QCOMPARE(ends, 1);
        QVERIFY(!spy.last()[2].toBool());
        QVERIFY(std::fabs(spy.last()[0].toDouble() - 0.62) < 0.003);
        QVERIFY(std::fabs(spy.last()[1].toDouble() - 0.37) < 0.003);
        QVERIFY(std::fabs(view.cursorAt().x() - 0.62) < 0.003);
        const QString read = view.readout(view.place(0.7, 0.4));
        QVERIFY2(read.contains(QStringLiteral("+12.040 (measured)")), qPrintable(read));
    }

    void theMapFollowsKeys() {
        ui::HeatMapView view;
        view.resize(500, 460);
        view.setSurface(hill(), 0);
        view.setCursor(0.5, 0.1);
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        QSignalSpy spy(&view, &ui::HeatMapView::picked);
        QTest::keyClick(&view, Qt::Key_Right);
        QCOMPARE(view.cursorAt(), QPointF(0.51, 0.1));
        QTest::keyClick(&view, Qt::Key_Up, Qt::ShiftModifier);
        QCOMPARE(view.cursorAt(), QPointF(0.51, 0.2));
        QCOMPARE(spy.size(), 2);
        QCOMPARE(spy.last()[0].toDouble(), 0.51);
        QCOMPARE(spy.last()[1].toDouble(), 0.2);
        QTest::keyClick(&view, Qt::Key_Down, Qt::ShiftModifier);
        QTest::keyClick(&view, Qt::Key_Down, Qt::ShiftModifier);
        QTest::keyClick(&view, Qt::Key_Down, Qt::ShiftModifier);
        QCOMPARE(view.cursorAt().y(), 0.0);  // stays on the map
    }

    void theScaleIsCentredAtZero() {
        ui::HeatMapView view;
        view.setSurface(hill(), 0);
        QVERIFY(view.scale().low < 0 && view.scale().high > 12 && view.scale().reach >= 12);
        view.setSurface(hill(20), 0);  // all above zero: zero is still on the scale
        QCOMPARE(view.scale().low, 0.0);
        view.setRange(-40, 10);
        QCOMPARE(view.scale().low, -40.0);
        QCOMPARE(view.scale().reach, 40.0);
        view.clearRange();
        QVERIFY(view.scale().high >= 32);
    }

    void aMapIsPaintedInBothThemes() {
        for (const auto theme : {ui::ThemeChoice::Light, ui::ThemeChoice::Dark}) {
            ui::applyTheme(theme);
            ui::HeatMapView view;
            view.setSurface(hill(), 0);
            view.setCursor(0.52, 0.13);
            view.setMarkers({{0.7, 0.35, ui::HeatMapView::MarkerKind::Best, "best"},
                             {0.5, 0.1, ui::HeatMapView::MarkerKind::Preset, "Versatile"},
                             {0.8, 0.5, ui::HeatMapView::MarkerKind::Preset, "AT Expertise"},
                             {0.2, 0.8, ui::HeatMapView::MarkerKind::Snapshot, "#3"},
                             {0.3, 0.3, ui::HeatMapView::MarkerKind::Pareto, "goal"}});
            const int plain = distinctColours(drawn(view, {640, 560}));
            QVERIFY(plain > 60);
            std::vector<char> tied(441, 0);
            for (std::size_t i = 0; i < 441; ++i) tied[i] = hill()->groups[0].change[i] > 11;
            const QImage before = drawn(view, {640, 560});
            view.setTied(tied);
            QVERIFY(drawn(view, {640, 560}) != before);
            const QString name = theme == ui::ThemeChoice::Dark ? "map-dark" : "map-light";
            keepPicture(drawn(view, {640, 560}, 2), name);
            auto partial = hill();
            forget(*partial, 4);
            view.setTied({});
            view.setSurface(partial, 0);
            keepPicture(drawn(view, {640, 560}), name + "-partial");
            view.setSurface(nullptr, 0);
            keepPicture(drawn(view, {320, 260}), name + "-none");
            view.setSurface(hill(), 0);
            view.setSmooth(false);
            keepPicture(drawn(view, {260, 240}), name + "-small");
        }
    }

    void namesOfMarkersStandClearOfTheCursor() {
        ui::HeatMapView view;
        view.resize(700, 640);
        view.setSurface(hill(), 0);
        for (const QPointF cursor : {QPointF(0.5, 0.5), QPointF(0.2, 0.8), QPointF(0.85, 0.15)}) {
            view.setCursor(cursor.x(), cursor.y());
            view.setMarkers({{cursor.x(), cursor.y(), ui::HeatMapView::MarkerKind::Snapshot, "this column"},
                             {0.7, 0.35, ui::HeatMapView::MarkerKind::Best, "best"}});
            const auto labels = view.labelsShown();
            QCOMPARE(labels.size(), 2);
            const QPointF at = view.place(cursor.x(), cursor.y());
            const QRectF box = labels[0].second;
            QVERIFY2(box.bottom() < at.y() || box.top() > at.y(), "the line across");
            QVERIFY2(box.right() < at.x() || box.left() > at.x(), "the line up");
        }
        keepPicture(drawn(view, {640, 560}, 2), "map-cursor");
    }

    void aMapIsAVectorFigure() {
        ui::HeatMapView view;
        view.setSurface(hill(), 0);
        QByteArray bytes;
        QBuffer buffer(&bytes);
        QVERIFY(buffer.open(QIODevice::WriteOnly));
        QSvgGenerator svg;
        svg.setOutputDevice(&buffer);
        svg.setSize({640, 560});
        QPainter painter(&svg);
        view.paintTo(painter, QRectF(0, 0, 640, 560));
        painter.end();
        QVERIFY(bytes.contains("<polyline") && bytes.contains("<text"));
    }

    void cursorMovesAreQuick() {
        ui::HeatMapView view;
        view.resize(900, 700);
        view.setSurface(hill(), 0);
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        view.grab();
        QElapsedTimer clock;
        clock.start();
        for (int i = 0; i < 50; ++i) {
            view.setCursor(i / 50.0, 0.4);
            view.repaint();
        }
        const double each = clock.nsecsElapsed() / 50.0 / 1e6;
        qInfo("%.2f ms for each move of the cursor", each);
        clock.restart();
        for (int i = 0; i < 20; ++i) {
            view.setSurface(hill(i * 0.1), 0);
            view.repaint();
        }
        qInfo("%.2f ms for each new surface", clock.nsecsElapsed() / 20.0 / 1e6);
        QVERIFY(each < 25);  // 5 ms on a machine of one's own
    }

    void curvesAreExact() {
        ui::CurveView view;
        view.resize(700, 460);
        std::vector<engine::LiveCurve> curves(2);
        curves[0] = {"sigma_a", {"AT", {}, "R@1", {}}, {0, 1, {0.25, 0.4371, 0.8}, {-1, 2.5, 4, 3}}};
        curves[1] = {"sigma_a", {"AV", {}, "R@1", {}}, {0, 1, {0.5}, {0, -2}}};
        view.setCurves(curves);
        view.setHighlighted("AT");
        view.setCursor(0.3);
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        QCOMPARE(ui::curveAt(view.curves()[0], 0.4371), 4.0);
        QCOMPARE(ui::curveAt(view.curves()[0], 0.4370), 2.5);
        const QString read = view.readout(0.3);
        QVERIFY2(read.contains(QStringLiteral("next change at σ_a = 0.4371")), qPrintable(read));
        QVERIFY2(read.contains(QStringLiteral("last change at σ_a = 0.2500")), qPrintable(read));
        QVERIFY2(read.contains(QStringLiteral("Δ_AT +2.50")), qPrintable(read));
        QSignalSpy spy(&view, &ui::CurveView::picked);
        QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
        QCOMPARE(view.cursorAt(), 0.4371);
        QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
        QCOMPARE(view.cursorAt(), 0.5);
        QTest::keyClick(&view, Qt::Key_Left, Qt::ShiftModifier);
        QCOMPARE(spy.last()[0].toDouble(), 0.4);
        QCOMPARE(spy.last()[1].toBool(), false);
        QTest::mouseClick(&view, Qt::LeftButton, {}, view.place(0.7, 1).toPoint());
        QVERIFY(std::fabs(view.cursorAt() - 0.7) < 0.003);
        QVERIFY(spy.at(spy.size() - 2)[1].toBool() && !spy.last()[1].toBool());
        QVERIFY(view.scale().low <= -2 && view.scale().high >= 4);
        for (const auto theme : {ui::ThemeChoice::Light, ui::ThemeChoice::Dark}) {
            ui::applyTheme(theme);
            QVERIFY(distinctColours(drawn(view, {700, 460})) > 8);
            keepPicture(drawn(view, {700, 460}, 2), theme == ui::ThemeChoice::Dark ? "curve-dark" : "curve-light");
        }
    }

    // A click on a step asks what changes there; a click beside it, or a drag, only moves the cursor.
    void aChangeOfACurveIsAsked() {
        ui::CurveView view;
        view.resize(600, 360);
        view.setCurves({{"Δ_AT", {}, true, false, {0.25, 0.7}, {0, 4, 1}}, {"Δ_AV", {}, true, false, {0.5}, {2, 3}}}, 0,
                       1);
        view.setFactor("σ_a");
        view.setHighlighted("AT");
        view.show();
        QSignalSpy asked(&view, &ui::CurveView::changesAsked);
        QTest::mouseClick(&view, Qt::LeftButton, {}, view.place(0.25, 2).toPoint());
        QCOMPARE(asked.count(), 1);
        const double low = asked[0][0].toDouble(), high = asked[0][1].toDouble();
        QVERIFY(low < 0.25 && high > 0.25 && high - low < 0.05);
        QTest::mouseClick(&view, Qt::LeftButton, {}, view.place(0.5, 4).toPoint());    // on the line, at no step
        QTest::mouseClick(&view, Qt::LeftButton, {}, view.place(0.25, -3).toPoint());  // below the step
        QTest::mouseClick(&view, Qt::LeftButton, {}, view.place(0.5, 2.5).toPoint());  // of a curve in the background
        QTest::mousePress(&view, Qt::LeftButton, {}, view.place(0.7, 2).toPoint());
        QTest::mouseMove(&view, view.place(0.8, 2).toPoint());
        QTest::mouseRelease(&view, Qt::LeftButton, {}, view.place(0.8, 2).toPoint());
        QCOMPARE(asked.count(), 1);
        view.setCursor(0.6);
        QTest::keyClick(&view, Qt::Key_Return);
        QCOMPARE(asked.count(), 1);
        QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
        QTest::keyClick(&view, Qt::Key_Return);
        QCOMPARE(asked.count(), 2);
        QCOMPARE(asked[1][0].toDouble(), 0.7);
        QCOMPARE(asked[1][1].toDouble(), 0.7);
        // Scores are no changes: without a sign, and with what is shaded said.
        view.setDecimals(3);
        QVERIFY(view.readout(0.1).contains("Δ_AT 0.000"));
        const QImage before = view.grab().toImage();
        view.setSpans({{0.3, 0.6}}, "a hit at 1");
        const QImage after = view.grab().toImage();
        QVERIFY(before.pixelColor(view.place(0.45, 1).toPoint()) != after.pixelColor(view.place(0.45, 1).toPoint()));
        QCOMPARE(before.pixelColor(view.place(0.1, 1).toPoint()), after.pixelColor(view.place(0.1, 1).toPoint()));
    }

    void curvesAreSampled() {
        auto surface = std::make_shared<engine::SweepSurface>();
        surface->subject = "ImageBind++";
        surface->axes = {{"lambda_t", 0, 1, 5}};
        surface->groups.push_back({{"TV", {}, "R@1", {}}, {0, 1, kNan, 3, 4}, 0});
        surface->done = 4;
        surface->total = 5;
        ui::CurveView view;
        view.setSampled(surface);
        QCOMPARE(view.curves().size(), std::size_t(1));
        QCOMPARE(ui::curveAt(view.curves()[0], 0.5), 2.0);
        QVERIFY(view.readout(0.5).contains(QStringLiteral("interpolated")));
        QVERIFY(!view.readout(0.25).contains(QStringLiteral("interpolated")));
        keepPicture(drawn(view, {480, 340}, 2), "curve-sampled");
    }

    void theSurfaceIsDrawn() {
        if (!ui::SurfaceView::available()) QSKIP("no OpenGL");
        for (const auto theme : {ui::ThemeChoice::Light, ui::ThemeChoice::Dark}) {
            ui::applyTheme(theme);
            ui::SurfaceView view;
            view.resize(760, 600);
            view.setSurface(hill(), 0);
            view.setCursor(0.5, 0.1);
            view.show();
            QVERIFY(QTest::qWaitForWindowExposed(&view));
            QTest::qWait(400);
            QCOMPARE(view.pinText(), QStringLiteral("+7.26"));
            const auto seen = [&view] {
                return view.screen()->grabWindow(0, view.x(), view.y(), view.width(), view.height()).toImage();
            };
            const QImage at_first = seen();
            view.setCursor(0.52, 0.13);
            QTRY_COMPARE(view.pinText(), QStringLiteral("≈ +8.06"));
            QTRY_VERIFY(seen() != at_first);
            QTest::qWait(300);
            const QString name = theme == ui::ThemeChoice::Dark ? "surface-dark" : "surface-light";
            screenPicture(view, name);
            // A theme that changes while it is shown.
            ui::applyTheme(theme == ui::ThemeChoice::Dark ? ui::ThemeChoice::Light : ui::ThemeChoice::Dark);
            QTest::qWait(200);
            ui::applyTheme(theme);
            QTest::qWait(200);
            const QImage image = view.picture({900, 700});
            QVERIFY(distinctColours(image) > 60);
            keepPicture(image, name + "-picture");
            // Many settings a second: once per frame, and the camera stays.
            view.setCamera({20, 30, 120});
            const int before = view.redraws();
            for (int i = 0; i < 200; ++i) view.setSurface(hill(i * 0.01), 0);
            QTRY_COMPARE(view.redraws(), before + 1);
            QVERIFY(std::fabs(view.camera().around - 20) < 1e-3f);
            // A drag of the cursor, too.
            for (int i = 0; i <= 80; ++i) {
                view.setCursor(0.1 + i * 0.01, 0.3);
                QTest::qWait(5);
            }
            view.setSurface(hill(), 0);
            QTRY_COMPARE(view.pinText(), ui::signedNumber(hill()->groups[0].change[18 * 21 + 6], 2));
            auto partial = hill();
            forget(*partial, 4);
            view.setSurface(partial, 0);
            QTest::qWait(300);
            QCOMPARE(view.grid().x.size(), std::size_t(6));
            keepPicture(view.picture({900, 700}), name + "-partial");
            view.setSurface(nullptr, 0);
            QTest::qWait(100);
        }
    }

    void aHiddenSurfaceHasAPictureToo() {
        if (!ui::SurfaceView::available()) QSKIP("no OpenGL");
        ui::SurfaceView view;
        view.setSurface(hill(), 0);
        const QImage image = view.picture({600, 460});
        QCOMPARE(image.size(), QSize(600, 460));
        keepPicture(image, QStringLiteral("surface-hidden"));
        QVERIFY(distinctColours(image) > 40);
    }

    void camerasAreLinked() {
        if (!ui::SurfaceView::available()) QSKIP("no OpenGL");
        ui::SurfaceView leader, follower;
        QSignalSpy led(&follower, &ui::SurfaceView::cameraMoved);
        follower.setCamera({10, 40, 90});
        QCOMPARE(follower.camera(), (ui::CameraPose{10, 40, 90}));
        QVERIFY(led.isEmpty());  // who follows does not lead
        follower.resize(900, 300);
        QCOMPARE(follower.camera(), (ui::CameraPose{10, 40, 90}));
        follower.resetCamera();
        QVERIFY(!(follower.camera() == ui::CameraPose{10, 40, 90}));
        QCOMPARE(led.size(), 1);
    }

    void aClickOnTheSurfacePicksANode() {
        if (!ui::SurfaceView::available()) QSKIP("no OpenGL");
        ui::SurfaceView view;
        view.resize(760, 600);
        view.setSurface(hill(), 0);
        view.setCursor(0.5, 0.1);
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        QTest::qWait(300);
        QSignalSpy spy(&view, &ui::SurfaceView::picked);
        QWindow* scene = nullptr;
        for (auto* one : QGuiApplication::allWindows()) {
            if (one->inherits("QtDataVisualization::Q3DSurface") || one->inherits("Q3DSurface")) scene = one;
        }
        QVERIFY(scene != nullptr);
        QTest::mouseClick(scene, Qt::LeftButton, {}, QPoint(scene->width() / 2, scene->height() / 2));
        QTRY_VERIFY_WITH_TIMEOUT(!spy.isEmpty(), 3000);
        const double x = spy[0][0].toDouble(), y = spy[0][1].toDouble();
        QVERIFY(std::fabs(x * 20 - std::round(x * 20)) < 1e-9 && std::fabs(y * 20 - std::round(y * 20)) < 1e-9);
        QCOMPARE(view.cursorAt(), QPointF(x, y));
        QTest::keyClick(scene, Qt::Key_Left);
        QVERIFY(std::fabs(view.cursorAt().x() - std::max(0.0, x - 0.01)) < 1e-9);
        QSignalSpy moved(&view, &ui::SurfaceView::cameraMoved);
        QTest::mousePress(scene, Qt::LeftButton, {}, {200, 200});
        QTest::mouseMove(scene, {240, 220});
        QTest::mouseMove(scene, {280, 230});
        QTest::mouseRelease(scene, Qt::LeftButton, {}, {280, 230});
        QTRY_VERIFY_WITH_TIMEOUT(!moved.isEmpty(), 3000);
        // A right click and the menu key ask for the menu, a right drag turns.
        view.setContextMenuPolicy(Qt::CustomContextMenu);
        QSignalSpy menu(&view, &QWidget::customContextMenuRequested);
        const auto picks = spy.size();
        QTest::mouseClick(scene, Qt::RightButton, {}, {200, 150});
        QTRY_COMPARE(menu.size(), 1);
        QTest::keyClick(scene, Qt::Key_Menu);
        QTRY_COMPARE(menu.size(), 2);
        moved.clear();
        QTest::mousePress(scene, Qt::RightButton, {}, {200, 200});
        QTest::mouseMove(scene, {240, 220});
        QTest::mouseMove(scene, {280, 230});
        QTest::mouseRelease(scene, Qt::RightButton, {}, {280, 230});
        QTRY_VERIFY_WITH_TIMEOUT(!moved.isEmpty(), 3000);
        QTest::qWait(50);
        QCOMPARE(menu.size(), 2);
        QCOMPARE(spy.size(), picks);
    }
};

QTEST_MAIN(ViewsTest)
#include "views_test.moc"
