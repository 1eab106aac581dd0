// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// How long a slider tick takes to reach the table, and a surface its exact nodes, in the window itself; idle, and while
// the window's own queue trains the product's recipe anew (full width, batch 1024, into a folder that is removed).
// Printed apart: how long the window's thread is held at a time, and the drawing of a frame, the graphics driver's part
// included. Needs an X server, a virtual one will do.
//
//   bench_studio <product> [ticks]
#include <QApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QTemporaryDir>
#include <QTimer>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <vector>

#include "ui/main_window.h"
#include "ui/reactions/loss_chart.h"
#include "ui/reactions/reactions_page.h"
#include "ui/reactions/training_queue.h"
#include "ui/style/theme.h"

namespace {

void wait(int ms) {
    QEventLoop loop;
    QTimer::singleShot(ms, &loop, &QEventLoop::quit);
    loop.exec();
}

bool waitFor(const std::function<bool()>& done, int most_ms) {
    QElapsedTimer clock;
    clock.start();
    while (!done()) {
        if (clock.elapsed() > most_ms) return false;
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents | QEventLoop::AllEvents, 5);
    }
    return true;
}

void print(const char* what, std::vector<double> ms) {
    std::sort(ms.begin(), ms.end());
    if (ms.empty()) return;
    const auto at = [&](double q) { return ms[static_cast<std::size_t>(q * static_cast<double>(ms.size() - 1))]; };
    std::printf("  %-46s p50 %7.2f   p95 %7.2f   most %7.2f ms   (%zu)\n", what, at(0.5), at(0.95), ms.back(),
                ms.size());
}

void measure(ui::MainWindow& window, const char* name, int ticks) {
    auto& session = window.session();
    auto& project = window.project();
    const auto live = session.product();
    std::vector<std::string> factors;
    for (const auto& f : live->plan().factors) {
        if (f.live) factors.push_back(f.name);
    }
    std::printf("%s\n", name);
    std::vector<double> tick, nine, twenty_one, frame, held;
    // A timer that is late by so much as the thread was held.
    QTimer beat;
    QElapsedTimer since;
    beat.setTimerType(Qt::PreciseTimer);
    QObject::connect(&beat, &QTimer::timeout, &window, [&] {
        held.push_back(std::max(0.0, since.nsecsElapsed() / 1e6 - beat.interval()));
        since.start();
    });
    since.start();
    beat.start(5);
    double figures_ms = -1;
    QElapsedTimer clock;
    const auto connection = QObject::connect(&session, &ui::LiveSession::figuresChanged, &window,
                                             [&] { figures_ms = clock.nsecsElapsed() / 1e6; });
    for (int i = 0; i < ticks; ++i) {
        engine::Setting setting = project.setting();
        const double v = static_cast<double>((i * 7919) % 1000) / 1000 + 1e-4 * (i % 7);
        setting.factors[factors[static_cast<std::size_t>(i) % factors.size()]] = std::min(v, 1.0);
        figures_ms = -1;
        clock.start();
        project.setSetting(setting, QStringLiteral("tick"), 1);
        if (!waitFor([&] { return figures_ms >= 0; }, 5000)) break;
        tick.push_back(figures_ms);
        QElapsedTimer paint;
        paint.start();
        QCoreApplication::processEvents();
        frame.push_back(paint.nsecsElapsed() / 1e6);
    }
    QObject::disconnect(connection);
    print("tick to table", tick);
    print("events and drawing after it", frame);
    waitFor([&] { return session.settled(); }, 20000);
    for (const std::size_t steps : {std::size_t{9}, std::size_t{21}}) {
        auto& out = steps == 9 ? nine : twenty_one;
        for (int i = 0; i < 15; ++i) {
            engine::Setting setting = project.setting();
            const std::string x = factors.size() > 2 ? "sigma_a" : factors[0];
            const std::string y = factors.size() > 2 ? "sigma_t" : factors[1];
            // Something that the axes do not name moves, so that nothing of the last surface holds.
            for (const auto& f : factors) {
                if (f != x && f != y) setting.factors[f] = 0.1 + 0.05 * i;
            }
            bool complete = false;
            const auto came = QObject::connect(&session, &ui::LiveSession::surfaceChanged, &window, [&] {
                complete = session.surface()->complete() && session.surface()->axes[0].steps == steps;
            });
            session.setAxes({{x, 0, 1, 3}, {y, 0, 1, 3}});
            waitFor([&] { return session.settled(); }, 20000);
            project.setSetting(setting, QStringLiteral("tick"), 1);
            waitFor([&] { return session.settled(); }, 20000);
            complete = false;
            clock.start();
            session.setAxes({{x, 0, 1, steps}, {y, 0, 1, steps}});
            if (waitFor([&] { return complete; }, 20000)) out.push_back(clock.nsecsElapsed() / 1e6);
            QObject::disconnect(came);
        }
    }
    print("surface of 9 x 9 nodes, three groups", nine);
    print("surface of 21 x 21 nodes, three groups", twenty_one);
    print("the window's thread held at a time", held);
}

}  // namespace

int main(int argc, char** argv) {
    QElapsedTimer start;
    start.start();
    QApplication application(argc, argv);
    if (argc < 2) {
        std::fprintf(stderr, "usage: bench_studio <product> [ticks]\n");
        return 2;
    }
    ui::applyTheme(ui::ThemeChoice::Light);
    ui::MainWindow window(false);
    window.show();
    wait(0);
    std::printf("start to a window: %lld ms\n", static_cast<long long>(start.elapsed()));
    window.open(QString::fromLocal8Bit(argv[1]));
    if (!waitFor([&] { return window.session().surface() && window.session().settled(); }, 180000)) {
        std::fprintf(stderr, "the product did not open: %s\n", qPrintable(window.message().text()));
        return 1;
    }
    std::printf("opened, landscapes and single spaces ready: %lld ms\n", static_cast<long long>(start.elapsed()));
    const int ticks = argc > 2 ? std::atoi(argv[2]) : 500;
    measure(window, "idle", ticks);
    const QTemporaryDir folder;
    ui::TrainingQueue& queue = window.reactions().queue();
    ui::TrainingRun run;
    run.workspace = QString::fromStdString(window.session().product()->workspaceFolder().string());
    run.product = folder.filePath(QStringLiteral("trained"));
    run.recipe = engine::recipeToJson(window.session().product()->recipe());
    run.reaction_options = {{"batch_size", 1024}, {"epochs", 100000}};
    bool training = false;
    QObject::connect(&queue, &ui::TrainingQueue::progressed, &window, [&](const engine::Progress& progress) {
        QString reaction, subset;
        training = training || ui::trainingStage(progress.stage, reaction, subset);
    });
    const int id = queue.add(std::move(run));
    if (!waitFor([&] { return training; }, 180000)) {
        std::fprintf(stderr, "the training did not begin: %s\n", qPrintable(window.message().text()));
        return 1;
    }
    measure(window, "while the product's recipe is trained anew", ticks);
    if (!queue.running()) std::fprintf(stderr, "the training ended before the ticks did\n");
    queue.stop(id);
    waitFor([&] { return !queue.running(); }, 60000);
    return 0;
}
