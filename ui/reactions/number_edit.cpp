// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/number_edit.h"

#include <QLineEdit>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace ui {

NumberEdit::NumberEdit(const engine::OptionEntry& entry, QWidget* parent) : QAbstractSpinBox(parent), entry_(entry) {
    setFocusPolicy(Qt::StrongFocus);
    setValue(entry.default_value);
    connect(lineEdit(), &QLineEdit::textChanged, this, &NumberEdit::edited);
}

engine::Json NumberEdit::value() const {
    const std::string text = lineEdit()->text().trimmed().toStdString();
    auto json = engine::Json::parse(text, nullptr, false);
    if (json.is_discarded() || !json.is_number()) return engine::Json(text);
    // 1e3 is a whole number too.
    if (entry_.type == engine::OptionType::Integer && json.is_number_float()) {
        const double v = json.get<double>();
        if (v == std::floor(v) && std::abs(v) < 9e15) json = static_cast<std::int64_t>(v);
    }
    if (json.is_number_integer() && !json.is_number_unsigned() && json.get<std::int64_t>() >= 0 &&
        entry_.default_value.is_number_unsigned())
        json = static_cast<std::uint64_t>(json.get<std::int64_t>());
    return json;
}

void NumberEdit::setValue(const engine::Json& value) {
    lineEdit()->setText(value.is_string() ? QString::fromStdString(value.get<std::string>())
                                          : QString::fromStdString(value.dump()));
}

void NumberEdit::stepBy(int steps) {
    const engine::Json now = value();
    if (!now.is_number()) return;
    const auto& info = entry_.info;
    double v = now.get<double>();
    const bool whole = entry_.type == engine::OptionType::Integer;
    if (info.scale == engine::OptionScale::Log && v > 0) {
        const double factor = whole ? 2 : std::pow(10.0, 0.25);
        v *= std::pow(factor, steps);
        // Three digits are enough where a step is a factor.
        if (!whole) {
            const double unit = std::pow(10.0, std::floor(std::log10(v)) - 2);
            v = std::round(v / unit) * unit;
        }
    } else {
        double step = info.step;
        if (step <= 0) {
            if (whole) step = 1;
            else if (std::isfinite(info.max) && info.max <= 1) step = 0.01;
            else step = 0.1;
        }
        v = std::round(v / step + steps) * step;
    }
    // An open minimum is never met.
    if (v < info.min || (info.min_open && v <= info.min)) {
        if (info.min_open) return;
        v = info.min;
    }
    v = std::min(v, info.max);
    if (whole) {
        const double round = std::round(v);
        if (std::abs(round) >= 9e15) return;
        setValue(static_cast<std::int64_t>(entry_.default_value.is_number_unsigned() ? std::max(0.0, round) : round));
    } else {
        setValue(engine::Json::parse(QByteArray::number(v, 'g', 12).toStdString()));
    }
}

QValidator::State NumberEdit::validate(QString&, int&) const {
    return QValidator::Acceptable;
}

QSize NumberEdit::sizeHint() const {
    return {fontMetrics().horizontalAdvance(QStringLiteral("0.000000000")) + 40, QAbstractSpinBox::sizeHint().height()};
}

QSize NumberEdit::minimumSizeHint() const {
    return {fontMetrics().horizontalAdvance(QStringLiteral("0.00000")) + 32,
            QAbstractSpinBox::minimumSizeHint().height()};
}

QAbstractSpinBox::StepEnabled NumberEdit::stepEnabled() const {
    return value().is_number() ? StepUpEnabled | StepDownEnabled : StepEnabled(StepNone);
}

void NumberEdit::wheelEvent(QWheelEvent* event) {
    // Whoever scrolls the page does not change what lies under the pointer.
    if (hasFocus()) QAbstractSpinBox::wheelEvent(event);
    else event->ignore();
}

}  // namespace ui
