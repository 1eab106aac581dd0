// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Loss and validation over the steps of a reaction: one line for each of its projectors, validation dashed on the right
// axis, marks where a checkpoint was kept. Fed by the progress of a run as it comes, and by the logs in a product's
// folder. Wheel and rubber band zoom, a double click shows all again. Window's thread; logs are read in a job.
#pragma once

#include <QPointF>
#include <QTimer>
#include <QWidget>

#include <map>
#include <memory>
#include <vector>

#include "engine/base/job.h"
#include "ui/bridge/job_runner.h"

class QComboBox;
class QPainter;
class QLineSeries;
class QLogValueAxis;
class QScatterSeries;
class QValueAxis;
class QLabel;
class QToolButton;

namespace ui {

// The curves of one projector.
struct LossCurve {
    std::vector<QPointF> loss, validation;  // by step, rising
    std::vector<double> checkpoints;        // steps
};
using LossCurves = std::map<QString, std::map<QString, LossCurve>>;  // by reaction, by subset

// "training 1-InternVL TV" to reaction and subset; "tuning the encoder of audio" to "encoder" and "loss"; false for
// another stage.
bool trainingStage(const std::string& stage, QString& reaction, QString& subset);
// Reads reactions/<key>/<subset>.csv of a product's folder, or log.csv of a tuned encoder's. Blocking.
LossCurves readLossLogs(const std::string& folder, const engine::JobContext& job);

class ZoomChart;

class LossChart : public QWidget {
    Q_OBJECT
public:
    explicit LossChart(QWidget* parent = nullptr);
    ~LossChart() override;

    void clear();
    // A run's progress; the chart follows to the reaction that is being trained.
    void addProgress(const engine::Progress& progress);
    void markCheckpoint(const QString& reaction, const QString& subset, double step);
    // Replaces what is shown by the logs of a product, or of a run that goes on.
    void openLogs(const QString& folder);
    void setCurves(LossCurves curves);
    // Figures of a synthetic world say so.
    void setSynthetic(bool synthetic);

    const LossCurves& curves() const { return curves_; }
    QString reaction() const;
    void setReaction(const QString& reaction);
    QStringList reactions() const;
    bool logarithmic() const;
    bool zoomed() const;
    int linesShown() const;
    // With the reaction's name above, in the colours of colours().
    void paintTo(QPainter& painter, const QRectF& area);

Q_SIGNALS:
    void logsRead();
    void failed(const ui::JobFailure& failure);

private:
    void changed();
    void fitAxes(const std::map<QString, LossCurve>& curves);
    void fitTicks();  // to a zoom
    void rebuild();
    void paintColours();
    void listReactions();

    // Series of a projector; kept while its reaction is shown, only their points change.
    struct Lines {
        QLineSeries *loss = nullptr, *validation = nullptr;
        QScatterSeries* marks = nullptr;
    };

    LossCurves curves_;
    std::map<QString, Lines> lines_;
    QString lines_of_;  // the reaction of lines_
    QValueAxis *steps_, *even_, *score_;
    QLogValueAxis* decades_;
    QString followed_;  // the reaction of the newest progress
    QComboBox* list_;
    QToolButton *log_, *reset_;
    QLabel *empty_, *synthetic_;
    ZoomChart* view_;
    QTimer redraw_;
    std::uint64_t round_ = 0;  // of logs that were asked for
    JobRunner reading_;
};

}  // namespace ui
