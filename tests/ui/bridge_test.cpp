// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The contract of jobs: one end each, nothing stale, no call that blocks the window.
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>
#include <QThread>

#include <atomic>

#include "engine/base/error.h"
#include "ui/bridge/job_runner.h"
#include "ui/bridge/newest_worker.h"

Q_DECLARE_METATYPE(engine::Progress)

class BridgeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aResultComesOnceInTheWindowsThread() {
        ui::JobRunner runner;
        QSignalSpy ended(&runner, &ui::JobRunner::ended), failed(&runner, &ui::JobRunner::failed);
        int calls = 0;
        QThread* where = nullptr;
        runner.start<int>(
            "sum", [](const engine::JobContext&) { return 42; },
            [&](int value) {
                QCOMPARE(value, 42);
                ++calls;
                where = QThread::currentThread();
            });
        QVERIFY(runner.running());
        QVERIFY(ended.wait(5000));
        QCOMPARE(calls, 1);
        QCOMPARE(where, QThread::currentThread());
        QCOMPARE(failed.count(), 0);
        QVERIFY(!runner.running());
    }

    void anErrorIsToldWithItsRemedy() {
        ui::JobRunner runner;
        ui::JobFailure told;
        QObject::connect(&runner, &ui::JobRunner::failed, [&](const ui::JobFailure& f) { told = f; });
        QSignalSpy ended(&runner, &ui::JobRunner::ended);
        bool done = false;
        runner.start<int>(
            "bad",
            [](const engine::JobContext&) -> int {
                throw engine::Error(engine::ErrorCode::InvalidInput, "a.npy row 3", "expected 5, found 4",
                                    "do it again");
            },
            [&](int) { done = true; });
        QVERIFY(ended.wait(5000));
        QVERIFY(!done);
        QCOMPARE(told.where, QString("a.npy row 3"));
        QCOMPARE(told.message, QString("expected 5, found 4"));
        QCOMPARE(told.hint, QString("do it again"));
    }

    void aStopIsNoError() {
        ui::JobRunner runner;
        QSignalSpy cancelled(&runner, &ui::JobRunner::cancelled), failed(&runner, &ui::JobRunner::failed);
        runner.start<int>(
            "long",
            [](const engine::JobContext& job) {
                for (;;) {
                    job.checkStop();
                    QThread::msleep(1);
                }
                return 0;
            },
            [](int) {});
        QTest::qWait(20);
        runner.stop();
        QVERIFY(cancelled.wait(2000));
        QCOMPARE(failed.count(), 0);
    }

    void theNewestStartWinsAndNothingOfTheOldIsHeard() {
        ui::JobRunner runner;
        std::atomic<int> old_ran = 0;
        QStringList results;
        QSignalSpy ended(&runner, &ui::JobRunner::ended), cancelled(&runner, &ui::JobRunner::cancelled);
        QElapsedTimer clock;
        clock.start();
        for (int i = 0; i < 20; ++i) {
            runner.start<int>(
                QString::number(i),
                [i, &old_ran](const engine::JobContext& job) {
                    // Deaf to the stop, as a job may be for a moment.
                    QThread::msleep(10);
                    job.log("from " + std::to_string(i));
                    ++old_ran;
                    return i;
                },
                [&](int value) { results << QString::number(value); });
        }
        QVERIFY(clock.elapsed() < 1000);  // starting never waits for an older run
        QVERIFY(ended.wait(5000));
        QCOMPARE(results, QStringList{"19"});
        QCOMPARE(cancelled.count(), 0);
        QCOMPARE(ended.count(), 1);
    }

    void progressIsThinnedToTheNewest() {
        ui::JobRunner runner;
        std::vector<std::uint64_t> seen;
        QObject::connect(&runner, &ui::JobRunner::progressed,
                         [&](const engine::Progress& p) { seen.push_back(p.done); });
        QSignalSpy ended(&runner, &ui::JobRunner::ended);
        runner.start<int>(
            "count",
            [](const engine::JobContext& job) {
                for (std::uint64_t i = 1; i <= 10000; ++i) {
                    engine::Progress p;
                    p.stage = "counting";
                    p.done = i;
                    job.report(p);
                }
                return 0;
            },
            [](int) {});
        QThread::msleep(100);  // the window is busy elsewhere
        QVERIFY(ended.wait(5000));
        QVERIFY(!seen.empty() && seen.size() < 100);
        QVERIFY(std::is_sorted(seen.begin(), seen.end()));
        QCOMPARE(seen.back(), std::uint64_t{10000});
    }

    void goingAwayStopsAndJoins() {
        std::atomic<bool> stopped = false;
        {
            ui::JobRunner runner;
            runner.start<int>(
                "long",
                [&](const engine::JobContext& job) {
                    while (!job.stopRequested()) QThread::msleep(1);
                    stopped = true;
                    return 0;
                },
                [](int) {});
            QTest::qWait(10);
        }
        QVERIFY(stopped);
    }

    // Also where the result is on its way already when it is dropped.
    void nothingIsHeardOfWhatWasDropped() {
        ui::JobRunner runner;
        std::atomic<bool> ready = false;
        int calls = 0;
        QSignalSpy ended(&runner, &ui::JobRunner::ended), cancelled(&runner, &ui::JobRunner::cancelled);
        runner.start<int>(
            "quick",
            [&](const engine::JobContext&) {
                ready = true;
                return 1;
            },
            [&](int) { ++calls; });
        while (!ready) QThread::msleep(1);
        QThread::msleep(50);  // its message waits for the window by now
        runner.drop();
        QVERIFY(!runner.running());
        QTest::qWait(50);
        QCOMPARE(calls + ended.count() + cancelled.count(), 0);
        runner.start<int>(
            "next", [](const engine::JobContext&) { return 2; }, [&](int value) { calls = value; });
        QVERIFY(ended.wait(5000));
        QCOMPARE(calls, 2);
    }

    void theNewestTaskIsDoneAndThoseBetweenAreNot() {
        std::atomic<int> ran = 0, last = -1;
        ui::NewestWorker worker;
        for (int i = 0; i < 1000; ++i) {
            worker.post([&, i](auto&) {
                ++ran;
                QThread::msleep(2);
                last = i;
            });
        }
        QTRY_COMPARE_WITH_TIMEOUT(last.load(), 999, 5000);
        QVERIFY(ran < 1000);
        QTRY_VERIFY(worker.idle());
    }

    // What runs is not given up before it has shown something: a drag must not starve.
    void aTaskIsGivenUpOnlyWhenItAllows() {
        ui::NewestWorker worker;
        std::atomic<bool> first_part = false, second_part = false, next = false;
        std::atomic<bool> go = false, started = false;
        worker.post([&](auto& context) {
            started = true;
            while (!go) QThread::msleep(1);
            first_part = !context.job().stopRequested();
            context.allowInterrupt();
            context.job().checkStop();
            second_part = true;
        });
        QTRY_VERIFY(started.load());
        worker.post([&](auto&) { next = true; });
        go = true;
        QTRY_VERIFY(next.load());
        QVERIFY(first_part);
        QVERIFY(!second_part);
    }
};

QTEST_GUILESS_MAIN(BridgeTest)
#include "bridge_test.moc"
