// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One step of a route as a card: kind, experts with their weights and switches, factors, options. Edits a copy of the
// step and says when it changed. Window's thread.
#pragma once

#include <QFrame>

#include <map>
#include <vector>

#include "engine/recipe/route_plan.h"

class QComboBox;
class QLabel;
class QToolButton;
class QVBoxLayout;

namespace ui {

class OptionForm;

class StepCard : public QFrame {
    Q_OBJECT
public:
    struct Place {
        std::size_t index = 0, count = 1;
        std::vector<engine::SpaceInfo> spaces;  // of the workspace
        std::vector<engine::Modality> unified;  // of the product before this step
        QStringList retrieval_sets;             // for the validation set
        QStringList paired_pools;               // for a tuning
        bool options_open = false;
    };
    StepCard(const engine::ReactionStep& step, Place place, QWidget* parent = nullptr);

    const engine::ReactionStep& step() const { return step_; }
    bool optionsOpen() const;
    std::vector<engine::OptionProblem> problems() const;  // of its options

Q_SIGNALS:
    void edited();        // values
    void restructured();  // experts or kind: the card is to be made anew
    void moveWanted(int by);
    void removeWanted();
    void poolsWanted();  // what they can give this step is to be shown

private:
    void addHead(QVBoxLayout& column);
    void addExperts(QVBoxLayout& column);
    void addTuning(QVBoxLayout& column);
    void addFactors(QVBoxLayout& column);
    void addOptions(QVBoxLayout& column);
    void openOptions(bool open);
    void tellOptions();
    void tellIdle();
    std::vector<engine::OptionEntry> offered() const;
    void paintColours();

    engine::ReactionStep step_;
    Place place_;
    std::map<QToolButton*, QString> icons_;
    std::map<QLabel*, QString> coloured_;  // by modality
    QToolButton* more_ = nullptr;
    OptionForm* form_ = nullptr;  // made when it is first opened
    QVBoxLayout* form_place_ = nullptr;
};

}  // namespace ui
