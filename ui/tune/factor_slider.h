// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One factor: its symbol, a slider, the exact value, and back to the recipe's. Always the expert's share, 0 to 1, of a
// modality against what is before it, or (a weight) of its step against the other experts.
// Arrows step by 0.01, with Shift by 0.1; Page keys by 0.1; Home and End go to the ends; double click types. A factor
// that is not live costs a job each time: it is told when the hand rests, not while it moves.
#pragma once

#include <QDoubleSpinBox>
#include <QLabel>
#include <QTimer>
#include <QToolButton>
#include <QWidget>

#include "engine/recipe/route_plan.h"

namespace ui {

class FactorSlider : public QWidget {
    Q_OBJECT
public:
    // `experts`: whose share it is; `unified`: what the rest is left to.
    FactorSlider(const engine::FactorInfo& factor, const QString& experts, const QString& unified,
                 QWidget* parent = nullptr);

    const std::string& name() const { return factor_.name; }
    const engine::FactorInfo& factor() const { return factor_; }
    double value() const { return value_; }
    void setValue(double value);  // without a signal
    // A mark on the groove: where the pinned baseline stands; below 0: none.
    void setMark(double value);
    QSize sizeHint() const override;

Q_SIGNALS:
    // `dragging`: more will follow until released().
    void moved(double value, bool dragging);
    void released();
    void focused();  // this factor is the one of interest: its curve is drawn

private:
    class Groove;
    void set(double value, bool dragging);
    void tell();   // what was not told yet
    void letGo();  // the same, and that no more will follow
    void keyUp();

    engine::FactorInfo factor_;
    double value_ = 0;
    bool untold_ = false;
    QTimer rest_;
    Groove* groove_;
    QDoubleSpinBox* exact_;
    QToolButton* reset_;
};

}  // namespace ui
