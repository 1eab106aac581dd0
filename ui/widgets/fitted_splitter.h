// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Two parts one above the other, of which one has the height that its contents need, until the user shares out the
// room. Window's thread.
#pragma once

#include <QSplitter>

namespace ui {

class FittedSplitter : public QSplitter {
    Q_OBJECT
public:
    explicit FittedSplitter(QWidget* parent = nullptr);
    // `height` for a part (0 is above), at most the share `most` of all.
    void fit(int part, int height, double most);

private:
    bool by_hand_ = false;
};

}  // namespace ui
