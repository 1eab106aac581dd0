// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The one door from worker threads into the window's: calls that are posted from any thread are made in the thread
// that the mailbox lives in, one for each turn of its event loop, in the order in which they came. What has not been
// made when the mailbox goes is dropped. What a call carries is handed over under a lock of our own and not only by
// Qt's queue, so that ThreadSanitizer, which cannot look into Qt's libraries, sees that it is handed over.
#pragma once

#include <QObject>

#include <deque>
#include <functional>
#include <mutex>

namespace ui {

class Mailbox : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    void post(std::function<void()> call);  // thread-safe; the mailbox must outlive the thread that posts

protected:
    bool event(QEvent* event) override;

private:
    std::mutex mutex_;
    std::deque<std::function<void()>> calls_;  // guarded
};

}  // namespace ui
