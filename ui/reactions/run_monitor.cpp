// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/run_monitor.h"

#include <QEvent>
#include <QFontDatabase>
#include <QGridLayout>
#include <QLabel>
#include <QLocale>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QTabWidget>
#include <QTime>
#include <QVBoxLayout>

#include <algorithm>

#include "ui/reactions/loss_chart.h"
#include "ui/reactions/queue_view.h"
#include "ui/reactions/training_queue.h"
#include "ui/style/theme.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/progress_strip.h"

namespace ui {

using State = TrainingRun::State;

RunMonitor::RunMonitor(TrainingQueue& queue, QWidget* parent) : QWidget(parent), queue_(queue) {
    title_ = new ElidedLabel({}, Qt::ElideRight, this);
    title_->setFont(headingFont(1));
    title_->setAccessibleName(tr("Run"));
    stage_ = new ElidedLabel({}, Qt::ElideRight, this);
    stage_->setObjectName(QStringLiteral("stage"));
    stage_->setAccessibleName(tr("Stage"));
    figures_ = new ElidedLabel({}, Qt::ElideRight, this);
    figures_->setObjectName(QStringLiteral("figures"));
    figures_->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    figures_->setAccessibleName(tr("Loss, rate and time left of this stage"));
    const auto bar = [this](const QString& name, int height) {
        auto* b = new QProgressBar(this);
        b->setTextVisible(false);
        b->setFixedHeight(height);
        b->setRange(0, 1000);
        b->setAccessibleName(name);
        return b;
    };
    all_ = bar(tr("Progress of the whole run"), 10);
    all_->setObjectName(QStringLiteral("all"));
    all_->setToolTip(tr("The whole run, by the work that was counted beforehand"));
    part_ = bar(tr("Progress of this stage"), 5);
    part_->setToolTip(tr("This stage"));
    pause_ = new QPushButton(tr("Pause"), this);
    pause_->setObjectName(QStringLiteral("pause"));
    pause_->setMinimumWidth(pause_->fontMetrics().horizontalAdvance(tr("Pausing…")) + 44);
    stop_ = new QPushButton(tr("Stop"), this);
    stop_->setObjectName(QStringLiteral("stop"));
    stop_->setToolTip(tr("Stop at the last whole step and go to the next run; what is trained is kept"));
    chart_ = new LossChart(this);
    list_ = new QueueView(queue, this);
    log_ = new QPlainTextEdit(this);
    log_->setObjectName(QStringLiteral("log"));
    log_->setReadOnly(true);
    log_->setMaximumBlockCount(5000);
    log_->setFrameShape(QFrame::NoFrame);
    log_->setAccessibleName(tr("Log of the runs"));
    log_->setPlaceholderText(tr("What the engine says appears here"));
    tabs_ = new QTabWidget(this);
    tabs_->setDocumentMode(true);
    tabs_->setAccessibleName(tr("Runs"));
    tabs_->addTab(chart_, tr("Curves"));
    tabs_->addTab(list_, tr("Queue"));
    tabs_->addTab(log_, tr("Log"));
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(4);
    grid->addWidget(title_, 0, 0);
    grid->addWidget(pause_, 0, 1);
    grid->addWidget(stop_, 0, 2);
    grid->addWidget(all_, 1, 0, 1, 3);
    auto* words = new QHBoxLayout;
    words->setSpacing(12);
    words->addWidget(stage_, 1);
    words->addWidget(figures_, 2);
    grid->addLayout(words, 2, 0, 1, 3);
    grid->addWidget(part_, 3, 0, 1, 3);
    grid->setColumnStretch(0, 1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addLayout(grid);
    column->addWidget(tabs_, 1);

    connect(pause_, &QPushButton::clicked, this, [this] {
        if (queue_.running()) return queue_.pause();
        for (const auto& run : queue_.runs()) {
            if (run.state == State::Paused) return queue_.resume(run.id);
        }
    });
    connect(stop_, &QPushButton::clicked, this, [this] {
        if (const auto* run = queue_.current()) return queue_.stop(run->id);
        for (const auto& run : queue_.runs()) {
            if (run.state == State::Paused) return queue_.stop(run.id);
        }
    });
    connect(&queue_, &TrainingQueue::changed, this, &RunMonitor::refresh);
    connect(&queue_, &TrainingQueue::started, this, [this](int id) {
        const auto* run = queue_.run(id);
        if (!run) return;
        log_->appendPlainText(
            tr("— %1: %2 in %3")
                .arg(QTime::currentTime().toString(QStringLiteral("HH:mm:ss")), run->name(), run->product));
        stage_->setText(tr("Starting: loading LibTorch takes a few seconds the first time"));
        figures_->clear();
        figures_->setVisible(false);
        part_->setRange(0, 0);
        // What was trained before the run was stopped stands there already.
        chart_->openLogs(run->product);
    });
    connect(&queue_, &TrainingQueue::progressed, this, &RunMonitor::show);
    connect(&queue_, &TrainingQueue::logged, log_, &QPlainTextEdit::appendPlainText);
    connect(&queue_, &TrainingQueue::failed, this,
            [this](const JobFailure& failure) { log_->appendPlainText(tr("failed: %1").arg(failure.text())); });
    connect(&queue_, &TrainingQueue::checkpointKept, chart_, &LossChart::markCheckpoint);
    // The log has every step; progress is thinned.
    connect(&queue_, &TrainingQueue::ended, this, [this](int id) {
        if (const auto* run = queue_.run(id)) chart_->openLogs(run->product);
    });
    connect(list_, &QueueView::chosen, this, [this](const QString& product) {
        chart_->openLogs(product);
        showCurves();
    });
    paintColours();
    refresh();
    followTheme(this, [this] {
        paintColours();
        refresh();
    });
}

QString RunMonitor::stage() const {
    return stage_->text();
}

QString RunMonitor::log() const {
    return log_->toPlainText();
}

void RunMonitor::showCurves() const {
    tabs_->setCurrentWidget(chart_);
}

void RunMonitor::addTab(QWidget* panel, const QString& title, const QString& tip) {
    tabs_->setTabToolTip(tabs_->addTab(panel, title), tip);
}

void RunMonitor::showTab(QWidget* panel) const {
    tabs_->setCurrentWidget(panel);
}

void RunMonitor::show(const engine::Progress& progress) {
    stage_->setText(QString::fromStdString(progress.stage));
    showShare(*part_, progress);
    QStringList figures;
    for (const auto& [name, value] : progress.values)
        figures << QString::fromStdString(name) + QLatin1Char(' ') + QLocale().toString(value, 'g', 4);
    if (progress.total > 0)
        figures << tr("%1 of %2 %3")
                       .arg(QLocale().toString(static_cast<qulonglong>(progress.done)),
                            QLocale().toString(static_cast<qulonglong>(progress.total)),
                            QString::fromStdString(progress.unit));
    if (const QString rate = rateText(progress.rate, QString::fromStdString(progress.unit)); !rate.isEmpty())
        figures << rate;
    // Where the whole run's time is known, the stage's own is not said too.
    const auto* now = queue_.current();
    if (const QString left = timeLeftText(progress.eta_seconds); !left.isEmpty() && !(now && now->seconds_left >= 0))
        figures << left;
    figures_->setVisible(true);
    figures_->setText(figures.join(QStringLiteral("  ·  ")));
    chart_->addProgress(progress);
    if (const auto* run = queue_.current()) {
        all_->setValue(static_cast<int>(1000 * run->fraction));
        QString text = run->name();
        if (run->fraction > 0) text += QStringLiteral("  %1 %").arg(std::max(1, static_cast<int>(100 * run->fraction)));
        if (run->seconds_left >= 0) text += QStringLiteral("  ·  ") + timeLeftText(run->seconds_left);
        title_->setText(text);
    }
}

void RunMonitor::refresh() {
    const auto& runs = queue_.runs();
    const auto* current = queue_.current();
    const auto paused = std::find_if(runs.begin(), runs.end(), [](const auto& r) { return r.state == State::Paused; });
    const auto waiting =
        std::count_if(runs.begin(), runs.end(), [](const auto& r) { return r.state == State::Waiting; });
    all_->setVisible(current || paused != runs.end());
    part_->setVisible(current != nullptr);
    const bool held = !current && paused != runs.end();
    pause_->setText(queue_.stopping() ? tr("Pausing…") : held ? tr("Go on") : tr("Pause"));
    if (queue_.stopping()) pause_->setText(tr("Stopping…"));
    pause_->setIcon(icon(held ? QStringLiteral("play") : QStringLiteral("pause")));
    pause_->setToolTip(held ? tr("Go on from the last checkpoint")
                            : tr("Stop at the last whole step and hold the queue; going on continues from there"));
    pause_->setEnabled((current && !queue_.stopping()) || held);
    stop_->setEnabled((current && !queue_.stopping()) || held);
    tabs_->setTabText(1, waiting > 0 ? tr("Queue (%1 waiting)").arg(waiting) : tr("Queue"));
    if (current) {
        if (title_->text().isEmpty() || !title_->text().startsWith(current->name())) title_->setText(current->name());
        all_->setValue(static_cast<int>(1000 * current->fraction));
        return;
    }
    part_->setRange(0, 1000);
    part_->setValue(0);
    figures_->clear();
    figures_->setVisible(false);
    const TrainingRun* last = paused != runs.end() ? &*paused : nullptr;
    for (const auto& r : runs) {
        if (!last && r.id == queue_.lastId()) last = &r;
    }
    if (!last) {
        title_->setText(tr("Nothing runs"));
        stage_->setText(waiting > 0 ? tr("Runs wait: choose one in the queue and go on")
                                    : tr("A run trains in the background; everything else goes on working"));
        return;
    }
    title_->setText(tr("%1: %2").arg(last->name(), stateText(last->state)));
    all_->setValue(static_cast<int>(1000 * last->fraction));
    stage_->setText(last->state == State::Failed ? last->failure.message
                    : last->state == State::Done ? last->product
                                                 : tr("Kept at its last whole step in %1").arg(last->product));
}

void RunMonitor::paintColours() {
    QPalette quiet = palette();
    quiet.setColor(QPalette::WindowText, colours().muted);
    figures_->setPalette(quiet);
    stage_->setPalette(quiet);
    stop_->setIcon(icon(QStringLiteral("stop")));
}

}  // namespace ui
