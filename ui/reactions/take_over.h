// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// An expert later: what a run can take from a finished product instead of training it again (engine/recipe/reuse.h).
// Offers the workspace's products that have something of the recipe, and says of the chosen one what is taken, what is
// trained and why. Takes no room while there is nothing to take. Window's thread; products are read by a job.
#pragma once

#include <QTimer>
#include <QWidget>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/recipe/reuse.h"
#include "ui/bridge/job_runner.h"
#include "ui/reactions/run_estimate.h"

class QComboBox;
class QToolButton;

namespace ui {

class WrappedText;

class TakeOver : public QWidget {
    Q_OBJECT
public:
    explicit TakeOver(QWidget* parent = nullptr);

    // The recipe as it would be trained, whether it can be (else nothing is offered), the run's seed, and the folder
    // that the run would write, which is not offered.
    void setSource(std::shared_ptr<const WorkspaceFacts> facts, const engine::Recipe& recipe, bool sound,
                   std::uint64_t seed, const QString& target);
    void lookAgain();  // products may be others

    QString from() const { return from_; }  // folder of the product that is taken from; empty: all is trained
    void setFrom(const QString& folder);
    // Keys of the reactions and tunings that are taken, as far as that is known yet.
    std::set<std::string> taken() const;
    QString shown() const;  // what is said of the chosen product
    bool looking() const { return look_.isActive() || looking_.running(); }

Q_SIGNALS:
    void changed();  // from() or taken()

private:
    struct Offer {
        std::string folder, problem;
        engine::Reuse reuse;
    };
    using Offers = std::vector<Offer>;

    void look();
    void refresh();
    void choose(int index);
    const Offer* chosen() const;

    std::shared_ptr<const WorkspaceFacts> facts_;
    engine::Recipe recipe_;
    bool sound_ = false;
    engine::Json source_;  // all that the offers follow from
    std::uint64_t seed_ = 0;
    QString target_, from_;
    Offers offers_;
    JobRunner looking_;
    QTimer look_;

    QComboBox* list_;
    QToolButton* browse_;
    WrappedText* said_;
};

}  // namespace ui
