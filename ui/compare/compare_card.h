// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One column's card: its name, route drawn small, factors (those that differ from the reference stand out) and the
// formula in force for each modality. Buttons ask; the page acts. Window's thread.
#pragma once

#include <QFrame>
#include <QLabel>
#include <QToolButton>

#include "ui/bridge/job_runner.h"
#include "ui/compare/compared.h"

namespace ui {

class ElidedLabel;
class RouteView;

class CompareCard : public QFrame {
    Q_OBJECT
public:
    explicit CompareCard(QWidget* parent = nullptr);

    // `reference`: what factors are compared with; null or the item itself: nothing stands out.
    void setItem(int index, int count, const Compared& item, const Compared* reference, bool is_reference);
    const Compared& item() const { return item_; }
    QString factorsText() const;
    QString formulasText() const;

Q_SIGNALS:
    void removeAsked();
    void moveAsked(int by);  // -1 left, 1 right
    void referenceAsked();
    void applyAsked();
    void failed(const ui::JobFailure& failure);

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void dress();
    void fill();

    int index_ = 0, count_ = 0;
    Compared item_, reference_;
    bool is_reference_ = false;
    ElidedLabel *name_, *subject_;
    QToolButton *pin_, *left_, *right_, *apply_, *remove_;
    RouteView* route_;
    QLabel *factors_, *formulas_;
};

}  // namespace ui
