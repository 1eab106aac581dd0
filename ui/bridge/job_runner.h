// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Runs engine jobs in a thread of its own, one at a time; the newest start wins: an older run is asked to stop, and
// nothing of it is heard any more. Every run that is not replaced ends exactly once: succeeded (its `done` is called),
// failed or cancelled, then ended. All signals and `done` come in the runner's thread, queued. Progress is thinned to
// the newest value, at most 20 a second. The destructor stops and joins.
//
//     runner.start<engine::Json>(tr("reading"), [](const engine::JobContext& job) { return ...; },
//                                [this](engine::Json json) { show(json); });
#pragma once

#include <QObject>
#include <QString>

#include <any>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/job.h"
#include "ui/bridge/mailbox.h"

namespace ui {

// What went wrong, for a message bar: one sentence and what to do.
struct JobFailure {
    QString where, message, hint;
    QString text() const;  // all three
};

class JobRunner : public QObject {
    Q_OBJECT
public:
    // `background`: its threads give way to those that draw and answer sliders.
    explicit JobRunner(QObject* parent = nullptr, bool background = false);
    void setBackground(bool background) { background_ = background; }  // of the next start
    ~JobRunner() override;

    template <class T>
    void start(const QString& title, std::function<T(const engine::JobContext&)> work, std::function<void(T)> done) {
        startAny(
            title, [work = std::move(work)](const engine::JobContext& job) { return std::any(work(job)); },
            [done = std::move(done)](std::any result) {
                if (done) done(std::any_cast<T>(std::move(result)));
            });
    }
    // T must be copyable; results go by std::shared_ptr<const X> where they are large.

    void stop();  // asks; the run ends by cancelled(), or by its result where that was there already
    void drop();  // stops, and nothing of the run is heard any more, not even its end
    bool running() const { return current_ != nullptr; }
    QString title() const { return title_; }

Q_SIGNALS:
    void started(const QString& title);
    void progressed(const engine::Progress& progress);
    void logged(const QString& line);
    void failed(const ui::JobFailure& failure);
    void cancelled();
    void ended();  // after succeeded, failed or cancelled

private:
    struct Run;
    using Work = std::function<std::any(const engine::JobContext&)>;
    using Done = std::function<void(std::any)>;
    void startAny(const QString& title, Work work, Done done);
    void progressCame(const std::shared_ptr<Run>& run);
    void runEnded(const std::shared_ptr<Run>& run);

    bool background_;
    QString title_;
    std::shared_ptr<Run> current_;
    std::vector<std::shared_ptr<Run>> runs_;  // that have not ended
    Mailbox mailbox_;
};

// The failure that an exception in flight stands for; nothing for a stop. Call inside catch.
std::optional<JobFailure> currentFailure();

}  // namespace ui
