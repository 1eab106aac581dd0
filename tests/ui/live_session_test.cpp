// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A product under the hand without a window: everything that is asked at once, in any order, while landscapes are made,
// baselines measured and samples enlarged; what stays is of the last setting. Needs no trained product and no screen,
// so that it runs under ThreadSanitizer.
#include "ui/bridge/live_session.h"

#include <QDeadlineTimer>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <filesystem>

#include "engine/base/rng.h"
#include "engine/store/workspace.h"
#include "tests/recipe/recipe_support.h"

namespace {

// Under ThreadSanitizer each of them takes some twenty times as long.
#ifdef __SANITIZE_THREAD__
constexpr int kTicks = 120, kOpenings = 5;
#else
constexpr int kTicks = 240, kOpenings = 12;
#endif

}  // namespace

class LiveSessionTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        folder_ = dir_.path().toStdString();
        engine::synth({folder_ / "world", {{"preset", "tiny"}}}, {});
        const auto spaces = engine::spacesOf(engine::Workspace(folder_ / "world"));
        engine::test::writeProduct(folder_ / "one", engine::test::kImageBindPlus, 16, spaces);
        engine::test::writeProduct(folder_ / "two", engine::test::kInternVlPlus, 16, spaces);
    }

    void whatStaysIsOfTheLastSetting() {
        ui::LiveSession session;
        opened(session, "one");
        engine::Rng rng(1);
        for (int i = 0; i < kTicks; ++i) {
            session.setSetting(randomSetting(*session.product(), rng, i % 16 == 7));
            if (i % 20 == 3) session.setAxes({{"sigma_a", 0, 1, 9}, {"sigma_t", 0, 1, i % 40 == 3 ? 9u : 5u}});
            if (i % 25 == 4) session.setCurveFactor(i % 50 == 4 ? "sigma_t" : "sigma_a");
            if (i % 30 == 5) session.setBaseline({{}, randomSetting(*session.product(), rng, false), "a setting"});
            if (i % 60 == 35) session.setBaseline({"CLAP_g", std::nullopt, "CLAP_g"});
            if (i % 3 == 0) QCoreApplication::processEvents();
        }
        settle(session);
        const auto truth = session.product()->figures(session.setting(), true, {});
        QCOMPARE(session.figures().setting.factors, session.setting().factors);
        for (std::size_t s = 0; s < truth.sets.size(); ++s) QVERIFY(session.figures().sets[s] == truth.sets[s]);
        const auto surface = session.product()->surface(session.axes(), session.setting(), *session.baseline(), {});
        QVERIFY(session.surface() && session.surface()->complete());
        for (std::size_t g = 0; g < surface.groups.size(); ++g)
            QCOMPARE(session.surface()->groups[g].change, surface.groups[g].change);
    }

    void productsComeAndGoInTheMiddle() {
        ui::LiveSession session;
        QSignalSpy failed(&session, &ui::LiveSession::failed), refused(&session, &ui::LiveSession::openFailed);
        engine::Rng rng(2);
        for (int i = 0; i < kOpenings; ++i) {
            session.open(path(i % 2 ? "two" : "one"), path("world"));
            const auto end = static_cast<int>(rng.below(120));
            for (int k = 0; k < end; ++k) {
                QCoreApplication::processEvents();
                if (session.product() && k % 4 == 0) {
                    session.setSetting(randomSetting(*session.product(), rng, k % 16 == 0));
                    session.setAxes({{"sigma_a", 0, 1, 9}, {"sigma_t", 0, 1, 9}});
                }
                QTest::qSleep(1);
            }
            if (i % 5 == 4) session.close();
        }
        opened(session, "two");
        settle(session);
        QCOMPARE(failed.count() + refused.count(), 0);
        const auto truth = session.product()->figures(session.setting(), true, {});
        for (std::size_t s = 0; s < truth.sets.size(); ++s) QVERIFY(session.figures().sets[s] == truth.sets[s]);
        QCOMPARE(QString::fromStdString(session.product()->folder().string()), path("two"));
        // It goes while all of it is at work.
        session.setSetting(randomSetting(*session.product(), rng, true));
    }

    void samplesGrowWhileSlidersMove() {
        // On disk they are about as large as in memory; those of other experts do not count.
        const auto landscapes = folder_ / "one" / "landscapes";
        std::filesystem::remove_all(landscapes);
        const auto whole = engine::LiveProduct::open({.product = folder_ / "one", .workspace = folder_ / "world"}, {});
        for (const std::size_t set : whole->missing(whole->defaults())) whole->prepare(set, whole->defaults(), {});
        std::uint64_t bytes = 0;
        for (const auto& file : std::filesystem::directory_iterator(landscapes)) bytes += file.file_size();
        std::filesystem::remove_all(landscapes);
        ui::LiveSession session;
        session.setMemory(0.8 * static_cast<double>(bytes) / 0x1p30, 1);
        QSignalSpy larger(&session, &ui::LiveSession::sampleEnlarged);
        opened(session, "one");
        settle(session);
        engine::Rng rng(3);
        // The hand rests until it begins, then moves on; with pauses, for it gives way to all others.
        QDeadlineTimer end(600000);
        for (int i = 0; larger.count() == 0 && !end.hasExpired(); ++i) {
            if (!session.refining() || i % 100 < 50) {
                QTest::qWait(10);
                continue;
            }
            session.setSetting(randomSetting(*session.product(), rng, false));
            QTest::qWait(1);
        }
        QVERIFY(larger.count() > 0);
        settle(session);
        const auto truth = session.product()->figures(session.setting(), true, {});
        for (std::size_t s = 0; s < truth.sets.size(); ++s) QVERIFY(session.figures().sets[s] == truth.sets[s]);
    }

private:
    QString path(const char* name) const { return dir_.filePath(QString::fromLatin1(name)); }
    void opened(ui::LiveSession& session, const char* name) {
        session.open(path(name), path("world"));
        QTRY_VERIFY_WITH_TIMEOUT(session.product(), 120000);
        session.setAxes({{"sigma_a", 0, 1, 9}, {"sigma_t", 0, 1, 9}});
        session.setCurveFactor("sigma_a");
    }
    static void settle(ui::LiveSession& session) {
        QTRY_VERIFY_WITH_TIMEOUT(session.baseline() && session.surface() && session.settled(), 900000);
        QTest::qWait(50);
    }
    // `experts`: also one of them off.
    static engine::Setting randomSetting(const engine::LiveProduct& live, engine::Rng& rng, bool experts) {
        engine::Setting out = live.defaults();
        for (auto& [name, value] : out.factors) value = rng.uniform();
        if (experts) out.expert_weights[live.experts()[rng.below(live.experts().size())].key] = 0;
        return out;
    }

    QTemporaryDir dir_;
    std::filesystem::path folder_;
};

QTEST_GUILESS_MAIN(LiveSessionTest)
#include "live_session_test.moc"
