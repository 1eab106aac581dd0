// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// An expert's subset projectors as switches: a chip for each one that is trained, T V A TV TA VA TVA. The last one that
// is on cannot be switched off, and says why.
#pragma once

#include <QToolButton>
#include <QWidget>

#include <map>
#include <string>
#include <vector>

#include "engine/session/live_product.h"

namespace ui {

class ProjectorChips : public QWidget {
    Q_OBJECT
public:
    ProjectorChips(const engine::LiveProduct& product, const engine::ExpertSwitch& expert, QWidget* parent = nullptr);

    // By projector key, as Setting::projectors; those not named are the recipe's. Without a signal. `used`: the expert
    // takes part, so that its projectors have an effect.
    void setActive(const std::map<std::string, bool>& projectors, bool used);
    QToolButton* chip(const std::string& subset) const;

Q_SIGNALS:
    // Of the projector key.
    void switched(const std::string& projector, bool on);

private:
    struct Chip {
        std::string key, subset;
        bool recipe = true;
        QToolButton* button;
    };
    void clicked(const Chip& chip, bool on);
    void showState();

    std::string expert_;
    bool displacement_;
    std::vector<Chip> chips_;
};

}  // namespace ui
