// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A recipe under the hand: choose one that ships or a file, see its route as a diagram with what is wrong with it in
// plain words, change it (base, steps, experts, factors, options), save it as a file. Window's thread.
#pragma once

#include <QStringList>
#include <QTimer>
#include <QWidget>

#include <memory>
#include <optional>
#include <vector>

#include "engine/recipe/route_plan.h"
#include "ui/reactions/run_estimate.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QToolButton;
class QUndoStack;
class QVBoxLayout;

namespace ui {

class MessageBar;
class RouteView;
class StepCard;
class WrappedText;

// What the engine says of a recipe in the words of the window: "route[0].experts[1]: ..." is "Step 1, expert 2: ...".
QString recipeWords(const QString& line);

class RecipeEditor : public QWidget {
    Q_OBJECT
public:
    explicit RecipeEditor(QWidget* parent = nullptr);

    void setFacts(std::shared_ptr<const WorkspaceFacts> facts);
    // What is edited; `source`: a shipped name or a file, what "edited" is counted from.
    void setRecipe(const engine::Recipe& recipe, const QString& source);
    bool openRecipe(const QString& nameOrFile);  // false, with a message, if it cannot be read
    bool save(const QString& file);
    // Where changes are steps from now on; typing in one field is one. Null: nowhere.
    void setUndoStack(QUndoStack* stack);

    const engine::Recipe& recipe() const { return recipe_; }
    const QString& source() const { return source_; }
    bool edited() const;
    // Nothing while the recipe cannot be planned or no workspace is known.
    const std::optional<engine::RoutePlan>& plan() const { return plan_; }
    const QStringList& problems() const { return problems_; }  // plan errors and options that do not fit
    const QStringList& warnings() const { return warnings_; }
    RouteView* route() const { return route_; }
    QString shownProblems() const;
    void setCentred(std::size_t step, bool centred);  // the option of a step

Q_SIGNALS:
    void changed();  // recipe, plan or problems
    void poolsWanted(std::size_t step);
    void wentBack();  // or forth, through the undo stack

private:
    void choose(int index);
    void toggleExpert(const QString& key);
    void addStep();
    void rebuildSteps();
    void rebuildHead();
    void replan();
    void showProblems();
    void paintColours();

    friend class RecipeChange;
    struct State {              // that the undo stack covers
        engine::Recipe recipe;  // which need not be sound
        engine::Json json, original;
        QString source;
        bool operator==(const State& other) const {
            return json == other.json && original == other.original && source == other.source;
        }
    };
    State state() const;
    void put(const State& state);
    void record();  // a step, if state() is another than at the last one

    std::shared_ptr<const WorkspaceFacts> facts_;
    engine::Recipe recipe_;
    QString source_;
    engine::Json original_;
    std::optional<engine::RoutePlan> plan_;
    QStringList problems_, warnings_;
    QString hint_;

    QComboBox *list_, *base_;
    QLineEdit* name_;
    QLabel *description_, *state_;
    QToolButton *open_, *save_, *revert_;
    MessageBar* message_;
    RouteView* route_;
    WrappedText* notes_;
    QVBoxLayout* steps_;
    QPushButton* add_;
    std::vector<StepCard*> cards_;
    QTimer rebuild_;
    QUndoStack* stack_ = nullptr;
    State last_;  // recorded
};

}  // namespace ui
