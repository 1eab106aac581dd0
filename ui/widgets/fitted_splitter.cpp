// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/fitted_splitter.h"

#include <algorithm>

namespace ui {

FittedSplitter::FittedSplitter(QWidget* parent) : QSplitter(Qt::Vertical, parent) {
    setChildrenCollapsible(false);
    connect(this, &QSplitter::splitterMoved, this, [this] { by_hand_ = true; });
}

void FittedSplitter::fit(int part, int height, double most) {
    if (by_hand_) return;
    const int all = sizes()[0] + sizes()[1];
    height = std::min(height, static_cast<int>(most * all));
    setSizes(part == 0 ? QList<int>{height, all - height} : QList<int>{all - height, height});
}

}  // namespace ui
