// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/progress_strip.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLocale>
#include <QProgressBar>
#include <QPushButton>

#include <cmath>

#include "ui/bridge/job_runner.h"
#include "ui/style/theme.h"
#include "ui/widgets/elided_label.h"

namespace ui {

QString timeLeftText(double seconds) {
    if (!(seconds >= 0) || !std::isfinite(seconds)) return {};
    if (seconds < 4) return QObject::tr("a few seconds left");
    if (seconds < 55)
        return QObject::tr("about %1 s left").arg(seconds < 20 ? std::lround(seconds) : 5 * std::lround(seconds / 5));
    const auto minutes = std::lround(seconds / 60);
    if (minutes < 60) return QObject::tr("about %1 min left").arg(std::max(1L, minutes));
    if (minutes < 10 * 60) return QObject::tr("about %1 h %2 min left").arg(minutes / 60).arg(minutes % 60);
    return QObject::tr("about %1 h left").arg(std::lround(static_cast<double>(minutes) / 60));
}

QString rateText(double rate, const QString& unit) {
    if (!(rate > 0) || !std::isfinite(rate)) return {};
    const QString number = QLocale().toString(rate, 'f', rate < 10 ? 1 : 0);
    return unit.isEmpty() ? QObject::tr("%1/s").arg(number) : QObject::tr("%1 %2/s").arg(number, unit);
}

ProgressStrip::ProgressStrip(QWidget* parent) : QWidget(parent) {
    stage_ = new ElidedLabel({}, Qt::ElideRight, this);
    stage_->setAccessibleName(tr("Stage"));
    bar_ = new QProgressBar(this);
    bar_->setTextVisible(false);
    bar_->setFixedHeight(8);
    bar_->setMinimumWidth(90);
    bar_->setAccessibleName(tr("Progress"));
    figures_ = new ElidedLabel({}, Qt::ElideRight, this);
    figures_->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    figures_->setAccessibleName(tr("Rate"));
    figures_->setForegroundRole(QPalette::PlaceholderText);
    left_ = new ElidedLabel({}, Qt::ElideRight, this);
    left_->setAccessibleName(tr("Time left"));
    left_->setForegroundRole(QPalette::PlaceholderText);
    stop_ = new QPushButton(tr("Stop"), this);
    stop_->setToolTip(tr("Stop this job; what was there before stays as it was"));
    stop_->setAccessibleName(tr("Stop the job"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(12, 6, 8, 6);
    row->setSpacing(12);
    row->addWidget(stage_, 3);
    row->addWidget(bar_, 4);
    row->addWidget(figures_, 0);
    row->addWidget(left_, 0);
    row->addWidget(stop_, 0);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(stop_, &QPushButton::clicked, this, [this] {
        stop_->setEnabled(false);
        stop_->setText(tr("Stopping…"));
        Q_EMIT stopRequested();
    });
    // What ends at once does not flash.
    appear_.setSingleShot(true);
    appear_.setInterval(250);
    connect(&appear_, &QTimer::timeout, this, [this] { setVisible(true); });
    refresh();
    finish();
}

void ProgressStrip::follow(JobRunner& runner) {
    connect(&runner, &JobRunner::started, this, [this](const QString& title) {
        finish();
        stage_->setText(title);
        appear_.start();
    });
    connect(&runner, &JobRunner::progressed, this, qOverload<const engine::Progress&>(&ProgressStrip::show));
    connect(&runner, &JobRunner::ended, this, &ProgressStrip::finish);
    connect(this, &ProgressStrip::stopRequested, &runner, &JobRunner::stop);
}

void showShare(QProgressBar& bar, const engine::Progress& progress) {
    if (progress.total == 0) return bar.setRange(0, 0);
    bar.setRange(0, 1000);
    bar.setValue(static_cast<int>(1000.0 * static_cast<double>(std::min(progress.done, progress.total)) /
                                  static_cast<double>(progress.total)));
}

void ProgressStrip::show(const engine::Progress& progress) {
    stage_->setText(QString::fromStdString(progress.stage));
    showShare(*bar_, progress);
    const QString unit = QString::fromStdString(progress.unit);
    QStringList figures;
    for (const auto& [name, value] : progress.values)
        figures << QString::fromStdString(name) + QLatin1Char(' ') + QLocale().toString(value, 'g', 4);
    if (const QString rate = rateText(progress.rate, unit); !rate.isEmpty()) figures << rate;
    figures_->setText(figures.join(QStringLiteral("   ")));
    left_->setText(timeLeftText(progress.eta_seconds));
    if (progress.total > 0) {
        bar_->setToolTip(tr("%1 of %2 %3")
                             .arg(QLocale().toString(static_cast<qulonglong>(progress.done)),
                                  QLocale().toString(static_cast<qulonglong>(progress.total)), unit));
    }
    if (!appear_.isActive()) setVisible(true);
}

void ProgressStrip::finish() {
    appear_.stop();
    setVisible(false);
    stage_->clear();
    figures_->clear();
    left_->clear();
    bar_->setRange(0, 0);
    bar_->setToolTip({});
    stop_->setEnabled(true);
    stop_->setText(tr("Stop"));
}

void ProgressStrip::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) refresh();
}

void ProgressStrip::refresh() {
    stop_->setIcon(icon(QStringLiteral("stop")));
    // Fixed places, so that nothing moves while figures change.
    figures_->setFixedWidth(fontMetrics().horizontalAdvance(QStringLiteral("loss 0.0000   100,000 steps/s")));
    left_->setFixedWidth(fontMetrics().horizontalAdvance(QStringLiteral("about 10 h 59 min left")));
}

}  // namespace ui
