// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The problems of an import plan, each a sentence with its remedy and, where one answer is obvious, a button.
#pragma once

#include <QScrollArea>

#include "ui/workspace/import_plan.h"

class QVBoxLayout;

namespace ui {

class CheckList : public QScrollArea {
    Q_OBJECT
public:
    explicit CheckList(QWidget* parent = nullptr);
    void show(const std::vector<PlanProblem>& problems, bool anything);
    QString text() const;

Q_SIGNALS:
    void fixChosen(int problem);
    void problemChosen(int problem);  // its text was clicked

protected:
    void changeEvent(QEvent* event) override;

private:
    void fill();
    std::vector<PlanProblem> problems_;
    bool anything_ = false;
    QVBoxLayout* column_;
};

}  // namespace ui
