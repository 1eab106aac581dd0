// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/newest_worker.h"

#include "engine/base/error.h"

namespace ui {

void NewestWorker::TaskContext::allowInterrupt() {
    const std::lock_guard lock(worker_->mutex_);
    worker_->interruptible_ = true;
    if (worker_->waiting_) stop_.request_stop();
}

NewestWorker::NewestWorker() : thread_([this] { run(); }) {}

NewestWorker::~NewestWorker() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        waiting_.reset();
        if (running_) running_->stop_.request_stop();
    }
    wake_.notify_all();
    thread_.join();
}

void NewestWorker::post(Task task) {
    {
        const std::lock_guard lock(mutex_);
        waiting_ = std::move(task);
        if (running_ && interruptible_) running_->stop_.request_stop();
    }
    wake_.notify_all();
}

void NewestWorker::interrupt() {
    const std::lock_guard lock(mutex_);
    waiting_.reset();
    if (running_) running_->stop_.request_stop();
}

bool NewestWorker::idle() const {
    const std::lock_guard lock(mutex_);
    return !waiting_ && !running_;
}

void NewestWorker::run() {
    for (;;) {
        Task task;
        TaskContext context;
        context.worker_ = this;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return closing_ || waiting_; });
            if (closing_) return;
            task = std::move(*waiting_);
            waiting_.reset();
            running_ = &context;
            interruptible_ = false;
        }
        try {
            task(context);
        } catch (const engine::Cancelled&) {
            // Given up for a newer one, or closing.
        }
        const std::lock_guard lock(mutex_);
        running_ = nullptr;
    }
}

}  // namespace ui
