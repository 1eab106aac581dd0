// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Chips that choose one of the paper's tables or figures by its number. Window's thread.
#pragma once

#include <QWidget>

#include <vector>

class QButtonGroup;

namespace ui {

class FlowLayout;

class NumberChips : public QWidget {
    Q_OBJECT
public:
    struct Chip {
        int number;
        QString text, tip, object_name;
    };
    explicit NumberChips(QWidget* parent = nullptr);

    // What was chosen stays chosen where it is there still, else the first one is. Says nothing.
    void setChips(const std::vector<Chip>& chips);
    void choose(int number);                // likewise
    int chosen() const { return chosen_; }  // 0: none

Q_SIGNALS:
    void clicked(int number);

private:
    int chosen_ = 0;
    FlowLayout* row_;
    QButtonGroup* group_;
};

}  // namespace ui
