// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The page of reactions: at the left the recipe and its route, at the right its training. Trainings run one after the
// other in the background (TrainingQueue). LibTorch is loaded by the first of them and never before. Window's thread.
#pragma once

#include <QTemporaryDir>
#include <QWidget>

#include <memory>

#include "engine/base/job.h"
#include "engine/base/json.h"
#include "ui/bridge/job_runner.h"

class QSplitter;
class QUndoStack;

namespace ui {

class MessageBar;
class PoolPanel;
class RecipeEditor;
class RunMonitor;
class RunSetup;
class TrainingQueue;
struct WorkspaceFacts;

class ReactionsPage : public QWidget {
    Q_OBJECT
public:
    explicit ReactionsPage(QWidget* parent = nullptr);
    ~ReactionsPage() override;

    // `inspected`: what engine::inspect says of it; an empty folder closes it.
    void setWorkspace(const QString& folder, const engine::Json& inspected);
    bool running() const;
    // Stops what runs at its last whole step, as a pause, and holds the queue. runningChanged(false) follows.
    void stopAll();
    // A product of checkpoints of the released code that lie in `folder`, with the recipe and the product's folder that
    // are shown; in the background. broughtIn() or failed() follows.
    void bringCheckpoints(const QString& folder);
    // Asks what is needed to tune a user's own encoder, and puts it into the queue. `product`: chosen first.
    void tuneEncoder(const QString& product);
    // The recipe on the rows of a tuned encoder, what comes before it taken from the product that it was tuned through.
    void trainOnTuned(const QString& recipe, const QString& product);
    // The curves of a finished product.
    void showProduct(const QString& folder);

    // Queue, recipe with its edits, options of the run: for the project's file.
    engine::Json state() const;
    // `workspace`: whose choices they are; it may be opened later.
    void restore(const engine::Json& state, const QString& workspace = {});

    // Changes of the recipe are steps of it; what is restored is not.
    void setUndoStack(QUndoStack* stack);

    RecipeEditor& recipe() const { return *recipe_; }
    RunSetup& setup() const { return *setup_; }
    RunMonitor& monitor() const { return *monitor_; }
    TrainingQueue& queue() const { return *queue_; }
    PoolPanel& pools() const { return *pools_; }
    QString message() const;  // that is shown at the top; empty: none

Q_SIGNALS:
    void trained(const QString& productFolder);
    void broughtIn(const QString& productFolder);
    void encoderTuned(const QString& recipe, const QString& productFolder);
    void failed(const ui::JobFailure& failure);
    void logged(const QString& line);
    void progressed(const engine::Progress& progress);
    void runningChanged(bool running);
    void edited();  // state() is another

private:
    void recipeChanged();
    void tellPools();

    QString workspace_;  // whose facts are wanted
    QUndoStack* stack_ = nullptr;
    std::shared_ptr<const WorkspaceFacts> facts_;
    QTemporaryDir files_;  // recipes of what is brought in; outlives what runs
    JobRunner reading_, bringing_;
    TrainingQueue* queue_;
    MessageBar* message_;
    QSplitter* split_;
    RecipeEditor* recipe_;
    RunSetup* setup_;
    RunMonitor* monitor_;
    PoolPanel* pools_;
};

}  // namespace ui
