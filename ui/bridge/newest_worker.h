// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A thread that does the newest of what it was asked: what waits is replaced, what runs goes on to its end, so that
// answers keep coming while a slider is dragged. A task may allow to be given up once it has shown something
// (TaskContext::allowInterrupt). Tasks end silently on a stop. The destructor stops and joins. post() from any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "engine/base/job.h"

namespace ui {

class NewestWorker {
public:
    class TaskContext {
    public:
        engine::JobContext job() const { return engine::JobContext(stop_.get_token()); }
        // From now on a newer task ends this one.
        void allowInterrupt();

    private:
        friend class NewestWorker;
        NewestWorker* worker_ = nullptr;
        std::stop_source stop_;
    };
    using Task = std::function<void(TaskContext&)>;

    NewestWorker();
    ~NewestWorker();
    void post(Task task);
    void interrupt();  // ends what runs and drops what waits
    bool idle() const;

private:
    void run();

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::optional<Task> waiting_;
    TaskContext* running_ = nullptr;
    bool interruptible_ = false, closing_ = false;
    std::thread thread_;
};

}  // namespace ui
