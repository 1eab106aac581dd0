// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/mailbox.h"

#include <QCoreApplication>
#include <QEvent>

#include <memory>
#include <utility>

namespace ui {

// The event is made before the lock is taken, and looked at only under it: its memory, too, is seen to be handed over.
void Mailbox::post(std::function<void()> call) {
    auto event = std::make_unique<QEvent>(QEvent::User);
    {
        const std::lock_guard lock(mutex_);
        calls_.push_back(std::move(call));
    }
    QCoreApplication::postEvent(this, event.release());
}

bool Mailbox::event(QEvent* event) {
    std::function<void()> call;
    {
        std::unique_lock lock(mutex_);
        if (event->type() != QEvent::User) {
            lock.unlock();
            return QObject::event(event);
        }
        if (calls_.empty()) return true;
        call = std::move(calls_.front());
        calls_.pop_front();
    }
    call();  // may be the end of this mailbox
    return true;
}

}  // namespace ui
