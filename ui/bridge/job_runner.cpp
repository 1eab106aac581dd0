// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/job_runner.h"

#include <sys/resource.h>

#include <algorithm>
#include <new>

#include "engine/base/error.h"

namespace ui {

struct JobRunner::Run {
    std::stop_source stop;
    Done done;
    std::mutex mutex;
    engine::Progress newest;  // guarded
    std::vector<std::string> lines;
    std::atomic<bool> posted = false;  // a message about progress is under way
    std::any result;                   // written before the thread ends
    std::optional<JobFailure> failure;
    bool cancelled = false;
    std::thread thread;
};

QString JobFailure::text() const {
    QString out = where.isEmpty() ? message : where + QStringLiteral(": ") + message;
    if (!hint.isEmpty()) out += QStringLiteral("\n") + hint;
    return out;
}

std::optional<JobFailure> currentFailure() {
    try {
        throw;
    } catch (const engine::Cancelled&) {
        return std::nullopt;
    } catch (const engine::Error& error) {
        return JobFailure{QString::fromStdString(error.where()), QString::fromStdString(error.message()),
                          QString::fromStdString(error.hint())};
    } catch (const std::bad_alloc&) {
        return JobFailure{{},
                          QObject::tr("there is not enough memory"),
                          QObject::tr("close other programs or lower the memory budget")};
    } catch (const std::exception& error) {
        return JobFailure{{}, QString::fromUtf8(error.what()), {}};
    }
}

JobRunner::JobRunner(QObject* parent, bool background) : QObject(parent), background_(background) {}

JobRunner::~JobRunner() {
    for (const auto& run : runs_) run->stop.request_stop();
    for (const auto& run : runs_) {
        if (run->thread.joinable()) run->thread.join();
    }
}

void JobRunner::stop() {
    if (current_) current_->stop.request_stop();
}

void JobRunner::drop() {
    stop();
    current_ = nullptr;
}

void JobRunner::startAny(const QString& title, Work work, Done done) {
    if (current_) current_->stop.request_stop();
    auto run = std::make_shared<Run>();
    run->done = std::move(done);
    current_ = run;
    title_ = title;
    runs_.push_back(run);
    run->thread = std::thread([this, run, background = background_, work = std::move(work)] {
        // Threads that this one starts inherit it.
        if (background) setpriority(PRIO_PROCESS, 0, 15);
        const auto post = [this, &run] {
            if (!run->posted.exchange(true)) mailbox_.post([this, run] { progressCame(run); });
        };
        const engine::JobContext job(
            run->stop.get_token(),
            [&](const engine::Progress& progress) {
                {
                    const std::lock_guard lock(run->mutex);
                    run->newest = progress;
                }
                post();
            },
            [&](const std::string& line) {
                {
                    const std::lock_guard lock(run->mutex);
                    run->lines.push_back(line);
                }
                post();
            });
        try {
            run->result = work(job);
        } catch (...) {
            run->failure = currentFailure();
            run->cancelled = !run->failure;
        }
        mailbox_.post([this, run] { runEnded(run); });
    });
    Q_EMIT started(title);
}

void JobRunner::progressCame(const std::shared_ptr<Run>& run) {
    run->posted = false;
    engine::Progress progress;
    std::vector<std::string> lines;
    {
        const std::lock_guard lock(run->mutex);
        progress = run->newest;
        lines.swap(run->lines);
    }
    if (run != current_) return;
    for (const auto& line : lines) Q_EMIT logged(QString::fromStdString(line));
    if (run == current_ && !progress.stage.empty()) Q_EMIT progressed(progress);
}

void JobRunner::runEnded(const std::shared_ptr<Run>& run) {
    run->thread.join();
    runs_.erase(std::find(runs_.begin(), runs_.end(), run));
    if (run != current_) return;
    progressCame(run);
    if (run != current_) return;
    current_ = nullptr;
    if (run->failure) Q_EMIT failed(*run->failure);
    else if (run->cancelled) Q_EMIT cancelled();
    else run->done(std::move(run->result));
    // `done` may have started the next one.
    if (!current_) Q_EMIT ended();
}

}  // namespace ui
