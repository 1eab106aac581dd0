// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/mailbox.h"

#include <QCoreApplication>
#include <QEvent>

#include <utility>

namespace ui {

void Mailbox::post(std::function<void()> call) {
    {
        const std::lock_guard lock(mutex_);
        calls_.push_back(std::move(call));
    }
    QCoreApplication::postEvent(this, new QEvent(QEvent::User));
}

bool Mailbox::event(QEvent* event) {
    if (event->type() != QEvent::User) return QObject::event(event);
    std::function<void()> call;
    {
        const std::lock_guard lock(mutex_);
        if (calls_.empty()) return true;
        call = std::move(calls_.front());
        calls_.pop_front();
    }
    call();  // may be the end of this mailbox
    return true;
}

}  // namespace ui
