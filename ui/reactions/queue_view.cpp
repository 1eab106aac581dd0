// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/queue_view.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QSignalBlocker>
#include <QToolButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <algorithm>

#include "ui/reactions/training_queue.h"
#include "ui/style/theme.h"

namespace ui {

using State = TrainingRun::State;

QueueView::QueueView(TrainingQueue& queue, QWidget* parent) : QWidget(parent), queue_(queue) {
    list_ = new QTreeWidget(this);
    list_->setObjectName(QStringLiteral("queue"));
    list_->setAccessibleName(tr("Queue of runs"));
    list_->setHeaderLabels({tr("Run"), tr("State"), tr("Folder")});
    list_->setRootIsDecorated(false);
    list_->setUniformRowHeights(true);
    list_->setAllColumnsShowFocus(true);
    list_->setTextElideMode(Qt::ElideMiddle);
    list_->setFrameShape(QFrame::NoFrame);
    list_->header()->setStretchLastSection(true);
    list_->header()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    list_->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    empty_ = new QLabel(tr("Runs that are started appear here; several wait for each other"), list_->viewport());
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setWordWrap(true);
    empty_->setForegroundRole(QPalette::PlaceholderText);
    auto* over = new QVBoxLayout(list_->viewport());
    over->addWidget(empty_);
    auto* bar = new QHBoxLayout;
    bar->setSpacing(4);
    const auto tool = [&](const char* name, const QString& text, const QString& tip, auto call) {
        auto* b = new QToolButton(this);
        b->setObjectName(QString::fromLatin1(name));
        b->setText(text);
        b->setToolTip(tip);
        b->setAccessibleName(tip);
        b->setAutoRaise(true);
        b->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        connect(b, &QToolButton::clicked, this, call);
        bar->addWidget(b);
        return b;
    };
    resume_ = tool("queueResume", tr("Go on"), tr("Go on with the chosen run from its last checkpoint"),
                   [this] { queue_.resume(chosenId()); });
    stop_ = tool("queueStop", tr("Stop"), tr("Stop the chosen run; what is trained is kept"),
                 [this] { queue_.stop(chosenId()); });
    up_ = tool("queueUp", tr("Earlier"), tr("The chosen run earlier in the queue"),
               [this] { queue_.move(chosenId(), -1); });
    down_ =
        tool("queueDown", tr("Later"), tr("The chosen run later in the queue"), [this] { queue_.move(chosenId(), 1); });
    remove_ = tool("queueRemove", tr("Remove"), tr("Take the chosen run off the list; its folder stays as it is"),
                   [this] { queue_.remove(chosenId()); });
    bar->addStretch(1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 4, 0, 0);
    column->setSpacing(4);
    column->addWidget(list_, 1);
    column->addLayout(bar);
    connect(&queue_, &TrainingQueue::changed, this, &QueueView::refresh);
    connect(list_, &QTreeWidget::currentItemChanged, this, &QueueView::tellButtons);
    connect(list_, &QTreeWidget::itemActivated, this, [this] {
        if (const auto* run = queue_.run(chosenId())) Q_EMIT chosen(run->product);
    });
    paintColours();
    refresh();
    followTheme(this, [this] {
        paintColours();
        refresh();
    });
}

int QueueView::chosenId() const {
    const auto* item = list_->currentItem();
    return item ? item->data(0, Qt::UserRole).toInt() : 0;
}

void QueueView::choose(int id) {
    for (int i = 0; i < list_->topLevelItemCount(); ++i) {
        if (list_->topLevelItem(i)->data(0, Qt::UserRole).toInt() == id) list_->setCurrentItem(list_->topLevelItem(i));
    }
}

QStringList QueueView::states() const {
    QStringList out;
    for (int i = 0; i < list_->topLevelItemCount(); ++i) out << list_->topLevelItem(i)->text(1);
    return out;
}

void QueueView::refresh() {
    const int now = chosenId();
    const QSignalBlocker quiet(list_);
    list_->clear();
    for (const auto& run : queue_.runs()) {
        QString name = run.name();
        if (run.more_epochs > 0) name += tr(" (further, epochs: %1)").arg(run.more_epochs);
        const bool stopping = run.state == State::Running && queue_.stopping();
        auto* item = new QTreeWidgetItem(list_, {name, stopping ? tr("stopping…") : stateText(run.state), run.product});
        item->setData(0, Qt::UserRole, run.id);
        item->setSizeHint(0, {fontMetrics().horizontalAdvance(name) + 18, fontMetrics().height() + 12});
        item->setToolTip(2, run.product);
        if (run.state == State::Failed) {
            item->setForeground(1, colours().bad);
            item->setToolTip(1, run.failure.text());
        } else if (run.state == State::Done) {
            item->setForeground(1, colours().good);
        }
        if (run.id == now) list_->setCurrentItem(item);
    }
    if (!list_->currentItem() && list_->topLevelItemCount() > 0)
        list_->setCurrentItem(list_->topLevelItem(list_->topLevelItemCount() - 1));
    empty_->setVisible(list_->topLevelItemCount() == 0);
    tellButtons();
}

void QueueView::tellButtons() {
    const auto* run = queue_.run(chosenId());
    const bool waits = run && run->state == State::Waiting;
    const bool going = run && run->state == State::Running;
    const auto& runs = queue_.runs();
    const auto waiting =
        std::count_if(runs.begin(), runs.end(), [](const auto& r) { return r.state == State::Waiting; });
    up_->setEnabled(waits && waiting > 1);
    down_->setEnabled(waits && waiting > 1);
    // What waits while the queue is held can be told to begin.
    resume_->setEnabled(run && !going && run->state != State::Done && (!waits || !queue_.running()));
    stop_->setEnabled((going && !queue_.stopping()) || (run && run->state == State::Paused));
    remove_->setEnabled(run && !going);
}

void QueueView::paintColours() {
    up_->setIcon(icon(QStringLiteral("up")));
    down_->setIcon(icon(QStringLiteral("down")));
    resume_->setIcon(icon(QStringLiteral("play")));
    stop_->setIcon(icon(QStringLiteral("stop")));
    remove_->setIcon(icon(QStringLiteral("remove")));
}

}  // namespace ui
