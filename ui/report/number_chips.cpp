// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/report/number_chips.h"

#include <QButtonGroup>
#include <QToolButton>

#include <algorithm>

#include "ui/widgets/flow_layout.h"

namespace ui {

NumberChips::NumberChips(QWidget* parent)
    : QWidget(parent), row_(new FlowLayout(this, 6)), group_(new QButtonGroup(this)) {
    row_->setContentsMargins(0, 0, 0, 0);
    connect(group_, &QButtonGroup::idClicked, this, [this](int number) {
        chosen_ = number;
        Q_EMIT clicked(number);
    });
}

void NumberChips::setChips(const std::vector<Chip>& chips) {
    for (auto* chip : group_->buttons()) {
        group_->removeButton(chip);
        row_->removeWidget(chip);
        delete chip;
    }
    for (const auto& one : chips) {
        auto* chip = new QToolButton;
        chip->setProperty("chip", true);
        chip->setCheckable(true);
        chip->setText(one.text);
        chip->setObjectName(one.object_name);
        chip->setToolTip(one.tip);
        group_->addButton(chip, one.number);
        row_->addWidget(chip);
    }
    const bool there = std::any_of(chips.begin(), chips.end(), [&](const Chip& c) { return c.number == chosen_; });
    choose(there ? chosen_ : chips.empty() ? 0 : chips.front().number);
}

void NumberChips::choose(int number) {
    chosen_ = number;
    if (auto* chip = group_->button(number)) chip->setChecked(true);
}

}  // namespace ui
