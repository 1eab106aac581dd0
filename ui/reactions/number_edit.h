// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A field for a number of an option: whole numbers of any size (seeds) and reals without loss of digits. Takes any
// text while it is typed; whether it fits is for OptionEntry::check to say. Arrow keys and the wheel (when focused)
// step; on a log scale a step is a factor.
#pragma once

#include <QAbstractSpinBox>

#include "engine/base/option_table.h"

namespace ui {

class NumberEdit : public QAbstractSpinBox {
    Q_OBJECT
public:
    explicit NumberEdit(const engine::OptionEntry& entry, QWidget* parent = nullptr);

    // A number, or the text as it is where that is none.
    engine::Json value() const;
    void setValue(const engine::Json& value);

    void stepBy(int steps) override;
    QValidator::State validate(QString& input, int& pos) const override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void edited();

protected:
    StepEnabled stepEnabled() const override;
    void wheelEvent(QWheelEvent* event) override;

private:
    engine::OptionEntry entry_;
};

}  // namespace ui
