// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is chosen before a run: the product's folder, options of the run, what it will take; and the start. Says what
// lies in the folder already and offers to go on from there. Window's thread; folders are looked into by a job.
#pragma once

#include <QTimer>
#include <QWidget>

#include <memory>
#include <optional>

#include "ui/bridge/job_runner.h"
#include "ui/reactions/run_folder.h"
#include "ui/reactions/training_queue.h"

class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;
class QToolButton;

namespace ui {

class MessageBar;
class OptionForm;
class TakeOver;

class RunSetup : public QWidget {
    Q_OBJECT
public:
    explicit RunSetup(QWidget* parent = nullptr);

    void setFacts(std::shared_ptr<const WorkspaceFacts> facts);
    // `plan` empty: the recipe cannot be trained, for the reason given.
    void setRecipe(const engine::Recipe& recipe, const std::optional<engine::RoutePlan>& plan, const QString& problem);
    void setRate(double flops_per_second);      // 0: assumed
    void setBusy(bool busy);                    // something runs: a start is queued
    void setTaken(const QStringList& folders);  // that runs in the queue write to
    void lookAgain();                           // into the folder

    QString folder() const;
    void setFolder(const QString& folder);
    // What was chosen for a workspace that may still have to be opened; empty: nothing was.
    void restoreChoices(const QString& workspace, const QString& folder, const QString& from);
    engine::Json runOptions() const;
    engine::Json reactionOptions() const;
    void setOptions(const engine::Json& run, const engine::Json& reaction);
    bool folderChosen() const { return chosen_; }
    const RunFolder& found() const { return found_; }
    QString shownEstimate() const;
    TakeOver& takeOver() const { return *take_; }
    engine::Recipe effective() const;  // with the options of the run over those of its steps

Q_SIGNALS:
    void optionsEdited();  // by the user: runOptions() or reactionOptions() are others
    void startWanted(const ui::TrainingRun& run);
    void folderLooked();  // found() is new

private:
    void followRecipe();
    void look();
    void tell();
    void tellEstimate();
    bool sameRecipe() const;
    std::uint64_t seed() const;
    TrainingRun wanted() const;
    void start();
    void goOn();
    void further();
    void useFreeFolder();
    void paintColours();

    std::shared_ptr<const WorkspaceFacts> facts_;
    std::string workspace_;  // the newest that there was
    engine::Recipe recipe_;
    std::optional<engine::RoutePlan> plan_;
    QString problem_;
    double rate_ = 0;
    bool busy_ = false, chosen_ = false, calm_ = true;
    QStringList taken_;
    RunFolder found_;
    JobRunner looking_;
    QTimer look_;

    QLineEdit* folder_;
    QToolButton *browse_, *default_, *more_;
    QLabel *estimate_, *why_;
    MessageBar* message_;
    TakeOver* take_;
    QWidget* options_;
    OptionForm *run_form_, *reaction_form_;
    QPushButton *start_, *further_, *free_;
    QSpinBox* epochs_;
    QLabel* epochs_label_;
};

}  // namespace ui
