// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Trainings one after the other, in the background: what is wanted, what runs, what became of it. A pause stops at the
// last whole step and holds the queue; going on continues from there. A run that fails or is stopped makes room for
// the next one. A run trains a recipe, or tunes a user's own encoder through a product. Window's thread; the engine
// works in the thread of a JobRunner that gives way.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QTemporaryDir>

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/json.h"
#include "ui/bridge/job_runner.h"
#include "ui/reactions/run_estimate.h"

namespace ui {

struct TrainingRun {
    enum class State { Waiting, Running, Paused, Done, Failed, Stopped };
    int id = 0;
    QString workspace, product;
    engine::Json recipe;  // whole; written to a file for the engine
    engine::Json reaction_options = engine::Json::object(), run_options = engine::Json::object();
    std::int64_t more_epochs = 0;
    QString from;  // a finished product that reactions are taken from, or whose encoder is tuned; empty: none
    // Tuning of an encoder instead of a training: fields of engine::TuneEncoderRequest by their names. `product` is the
    // folder of what comes out, recipe.json in it.
    engine::Json encoder;
    RunEstimate estimate;
    State state = State::Waiting;
    double fraction = 0;  // of the work in all
    double seconds_left = -1;
    JobFailure failure;  // where it failed
    bool tunesEncoder() const { return encoder.is_object(); }
    QString name() const;  // the recipe's
};
QString stateText(TrainingRun::State state);

class TrainingQueue : public QObject {
    Q_OBJECT
public:
    explicit TrainingQueue(QObject* parent = nullptr);
    ~TrainingQueue() override;

    int add(TrainingRun run);   // and start it, if nothing runs or is paused
    void pause();               // what runs
    void resume(int id);        // a paused, stopped or failed one: next, or now
    void stop(int id);          // what runs or is paused; what is done stays on the disk
    void remove(int id);        // what does not run
    void move(int id, int by);  // a waiting one, among those that wait
    void stopAll();             // stops what runs and holds the rest

    const std::vector<TrainingRun>& runs() const { return runs_; }
    const TrainingRun* run(int id) const;
    const TrainingRun* current() const;  // that runs
    bool running() const { return runner_.running(); }
    bool stopping() const { return running() && ending_; }
    int lastId() const { return current_; }        // that ran last; 0: none
    double measuredRate() const { return rate_; }  // FLOP a second; 0: no run has measured it yet

    engine::Json state() const;
    // Nothing starts by itself. What runs stops at its last whole step and is not heard of any more.
    void restore(const engine::Json& state);

Q_SIGNALS:
    void changed();  // the list or a state in it
    void started(int id);
    void ended(int id);
    void trained(const QString& product);
    void encoderTuned(const QString& recipe, const QString& product);  // to train on it, taking from the product
    void failed(const ui::JobFailure& failure);
    void logged(const QString& line);
    void progressed(const engine::Progress& progress);
    void checkpointKept(const QString& reaction, const QString& subset, double step);
    void runningChanged(bool running);
    void rateMeasured();

private:
    TrainingRun* find(int id);
    void next();
    void start(TrainingRun& run);
    void startTraining(const TrainingRun& run);
    void startEncoder(const TrainingRun& run);
    void progressCame(const engine::Progress& progress);
    void lineCame(const QString& line);
    void end(TrainingRun::State state);

    std::vector<TrainingRun> runs_;
    QTemporaryDir files_;  // outlives what runs
    JobRunner runner_;
    int next_id_ = 1, current_ = 0;
    bool held_ = false, ending_ = false;
    TrainingRun::State after_ = TrainingRun::State::Stopped;  // what a stop makes of the run
    double rate_ = 0;
    // For the rate: where the measurement began.
    QElapsedTimer clock_;
    double clock_flops_ = 0;
    std::string clock_label_;
    // Where the checkpoint that is being written lies, and when it was last seen new.
    std::int64_t checkpoint_time_ = 0;
    QElapsedTimer checkpoint_look_;
};

}  // namespace ui
