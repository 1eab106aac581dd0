// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/option_form.h"

#include <QCheckBox>
#include <QComboBox>
#include <QCompleter>
#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>
#include <QWheelEvent>

#include <cmath>

#include "ui/reactions/number_edit.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

using engine::Json;
using engine::OptionType;

// A list that does not move when the page is scrolled over it.
class QuietCombo : public QComboBox {
public:
    using QComboBox::QComboBox;

protected:
    void wheelEvent(QWheelEvent* event) override {
        if (hasFocus()) QComboBox::wheelEvent(event);
        else event->ignore();
    }
};

QString listText(const Json& list) {
    QStringList names;
    if (list.is_array()) {
        for (const auto& item : list)
            names << QString::fromStdString(item.is_string() ? item.get<std::string>() : item.dump());
    }
    return names.join(QStringLiteral(", "));
}

QString plainText(const Json& value) {
    if (value.is_string()) return QString::fromStdString(value.get<std::string>());
    if (value.is_array()) return listText(value);
    return QString::fromStdString(value.dump());
}

QLabel* smallLabel(QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    QFont font = label->font();
    font.setPointSizeF(font.pointSizeF() * 0.9);
    label->setFont(font);
    return label;
}

}  // namespace

QString optionLabel(const std::string& key) {
    QString text = QString::fromStdString(key).replace(QLatin1Char('_'), QLatin1Char(' '));
    if (!text.isEmpty()) text[0] = text[0].toUpper();
    return text.replace(QStringLiteral(" gib"), QStringLiteral(""));
}

QString optionRange(const engine::OptionEntry& entry) {
    const auto& info = entry.info;
    const QLocale locale;
    const auto number = [&](double v) {
        return entry.type == OptionType::Integer ? locale.toString(v, 'f', 0) : locale.toString(v, 'g', 10);
    };
    const QString unit = info.unit.empty() ? QString() : QStringLiteral(" ") + QString::fromStdString(info.unit);
    if (!info.choices.empty()) {
        QStringList names;
        for (const auto& c : info.choices) names << QString::fromStdString(c);
        return names.join(QStringLiteral(", "));
    }
    if (entry.type != OptionType::Integer && entry.type != OptionType::Real) return {};
    const bool min = std::isfinite(info.min), max = std::isfinite(info.max);
    if (min && max) {
        return (info.min_open ? QObject::tr("above %1, up to %2") : QObject::tr("%1 to %2"))
                   .arg(number(info.min), number(info.max)) +
               unit;
    }
    if (min) return (info.min_open ? QObject::tr("above %1") : QObject::tr("%1 or more")).arg(number(info.min)) + unit;
    if (max) return QObject::tr("up to %1").arg(number(info.max)) + unit;
    return entry.type == OptionType::Integer ? QObject::tr("any whole number") : QString();
}

struct OptionForm::Field {
    engine::OptionEntry entry;
    QLabel *label = nullptr, *unit = nullptr, *help = nullptr, *problem = nullptr;
    QWidget* editor = nullptr;
    QToolButton* reset = nullptr;

    Json value() const {
        if (const auto* box = qobject_cast<QCheckBox*>(editor)) return Json(box->isChecked());
        if (const auto* number = qobject_cast<NumberEdit*>(editor)) return number->value();
        if (const auto* combo = qobject_cast<QComboBox*>(editor)) return Json(combo->currentText().toStdString());
        const QString text = qobject_cast<QLineEdit*>(editor)->text();
        if (entry.type != OptionType::List) return Json(text.trimmed().toStdString());
        Json list = Json::array();
        for (const auto& part : text.split(QLatin1Char(','), Qt::SkipEmptyParts)) {
            if (!part.trimmed().isEmpty()) list.push_back(part.trimmed().toStdString());
        }
        return list;
    }
    void set(const Json& value) const {
        if (auto* box = qobject_cast<QCheckBox*>(editor)) {
            if (value.is_boolean()) box->setChecked(value.get<bool>());
        } else if (auto* number = qobject_cast<NumberEdit*>(editor)) {
            number->setValue(value);
        } else if (auto* combo = qobject_cast<QComboBox*>(editor)) {
            const QString text = plainText(value);
            // What is none of the choices is shown as it is, with its problem, and not replaced.
            if (combo->findText(text) < 0 && !combo->isEditable()) combo->addItem(text);
            combo->setCurrentText(text);
        } else {
            qobject_cast<QLineEdit*>(editor)->setText(plainText(value));
        }
    }
    bool atDefault() const { return value() == entry.default_value; }
};

OptionForm::OptionForm(std::vector<engine::OptionEntry> entries, QWidget* parent) : QWidget(parent) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    const auto grid = [](QWidget* owner) {
        auto* g = new QGridLayout(owner);
        g->setContentsMargins(0, 0, 0, 0);
        g->setHorizontalSpacing(10);
        g->setVerticalSpacing(2);
        g->setColumnStretch(1, 1);
        return g;
    };
    auto* plain = new QWidget(this);
    auto* plain_grid = grid(plain);
    column->addWidget(plain);
    int hidden = 0;
    for (const auto& e : entries) hidden += e.info.advanced ? 1 : 0;
    QGridLayout* advanced_grid = nullptr;
    if (hidden > 0) {
        more_ = new QToolButton(this);
        more_->setObjectName(QStringLiteral("advanced"));
        more_->setText(tr("Advanced (%1)").arg(hidden));
        more_->setAccessibleName(tr("Advanced options"));
        more_->setToolTip(tr("Show or hide the options that are seldom changed"));
        more_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        more_->setArrowType(Qt::RightArrow);
        more_->setAutoRaise(true);
        more_->setCheckable(true);
        column->addWidget(more_, 0, Qt::AlignLeft);
        advanced_ = new QWidget(this);
        advanced_grid = grid(advanced_);
        advanced_->setVisible(false);
        column->addWidget(advanced_);
        connect(more_, &QToolButton::toggled, this, &OptionForm::setAdvancedShown);
    }
    for (auto& e : entries) addField(e.info.advanced ? *advanced_grid : *plain_grid, e);
    column->addStretch(1);
    // One column of labels for both parts.
    int width = 0;
    for (const auto& f : fields_) width = std::max(width, f->label->sizeHint().width());
    plain_grid->setColumnMinimumWidth(0, width);
    if (advanced_grid) advanced_grid->setColumnMinimumWidth(0, width);
    paintColours();
    followTheme(this, [this] { paintColours(); });
}

OptionForm::~OptionForm() = default;

void OptionForm::addField(QGridLayout& grid, const engine::OptionEntry& entry) {
    auto field = std::make_unique<Field>();
    Field& f = *field;
    f.entry = entry;
    const QString name = optionLabel(entry.key);
    const QString help = QString::fromStdString(entry.info.help), range = optionRange(entry);
    switch (entry.type) {
        case OptionType::Bool: {
            auto* box = new QCheckBox(tr("on"), this);
            connect(box, &QCheckBox::toggled, this, [this, &f] { fieldEdited(f); });
            f.editor = box;
            break;
        }
        case OptionType::Integer:
        case OptionType::Real: {
            auto* number = new NumberEdit(entry, this);
            connect(number, &NumberEdit::edited, this, [this, &f] { fieldEdited(f); });
            f.editor = number;
            break;
        }
        case OptionType::Choice: {
            auto* combo = new QuietCombo(this);
            combo->setFocusPolicy(Qt::StrongFocus);
            for (const auto& c : entry.info.choices) combo->addItem(QString::fromStdString(c));
            connect(combo, &QComboBox::currentTextChanged, this, [this, &f] { fieldEdited(f); });
            f.editor = combo;
            break;
        }
        case OptionType::Text:
        case OptionType::List: {
            auto* line = new QLineEdit(this);
            line->setPlaceholderText(entry.type == OptionType::List ? tr("all; or names with commas between them")
                                                                    : tr("none"));
            connect(line, &QLineEdit::textChanged, this, [this, &f] { fieldEdited(f); });
            f.editor = line;
            break;
        }
    }
    f.label = new QLabel(name, this);
    f.label->setBuddy(f.editor);
    QStringList tip{help};
    if (!range.isEmpty()) tip << tr("Range: %1").arg(range);
    tip << tr("Default: %1")
               .arg(plainText(entry.default_value).isEmpty() ? tr("empty") : plainText(entry.default_value));
    tip << tr("Command line: %1").arg(QString::fromStdString(entry.flag()));
    for (QWidget* w : {static_cast<QWidget*>(f.label), f.editor}) w->setToolTip(tip.join(QLatin1Char('\n')));
    f.editor->setAccessibleName(name);
    f.editor->setAccessibleDescription(help);
    f.editor->setObjectName(QString::fromStdString(entry.key));
    f.reset = new QToolButton(this);
    f.reset->setAutoRaise(true);
    f.reset->setObjectName(QString::fromStdString(entry.key) + QStringLiteral("_reset"));
    f.reset->setAccessibleName(tr("Reset %1").arg(name));
    f.reset->setToolTip(
        tr("Back to the default: %1")
            .arg(plainText(entry.default_value).isEmpty() ? tr("empty") : plainText(entry.default_value)));
    QSizePolicy keep = f.reset->sizePolicy();
    keep.setRetainSizeWhenHidden(true);
    f.reset->setSizePolicy(keep);
    connect(f.reset, &QToolButton::clicked, this, [&f] {
        f.set(f.entry.default_value);
        f.editor->setFocus();
    });
    f.help = smallLabel(this);
    f.help->setText(help);
    // The theme's palette has its muted and its bad colour in these roles.
    f.help->setForegroundRole(QPalette::PlaceholderText);
    f.problem = smallLabel(this);
    f.problem->setForegroundRole(QPalette::BrightText);
    f.problem->setVisible(false);
    auto* beside = new QHBoxLayout;
    beside->setSpacing(6);
    beside->addWidget(f.editor, 1);
    if (!entry.info.unit.empty()) {
        f.unit = new QLabel(QString::fromStdString(entry.info.unit), this);
        f.unit->setForegroundRole(QPalette::PlaceholderText);
        beside->addWidget(f.unit);
    }
    const int row = grid.rowCount();
    grid.addWidget(f.label, row, 0);
    grid.addLayout(beside, row, 1);
    grid.addWidget(f.reset, row, 2);
    grid.addWidget(f.problem, row + 1, 1, 1, 2);
    grid.addWidget(f.help, row + 2, 1, 1, 2);
    grid.setRowMinimumHeight(row + 3, 6);
    f.set(entry.default_value);
    refresh(f);
    fields_.push_back(std::move(field));
}

void OptionForm::setSuggestions(const std::string& key, const QStringList& texts) {
    Field* f = find(key);
    auto* line = f ? qobject_cast<QLineEdit*>(f->editor) : nullptr;
    if (!line) return;
    auto* completer = new QCompleter(texts, line);
    completer->setCompletionMode(QCompleter::PopupCompletion);
    completer->setCaseSensitivity(Qt::CaseInsensitive);
    completer->setFilterMode(Qt::MatchContains);
    line->setCompleter(completer);
    if (!texts.isEmpty() && f->entry.type == OptionType::Text) {
        const QString shown = texts.size() > 3 ? texts.mid(0, 3).join(QStringLiteral(", ")) + QStringLiteral("…")
                                               : texts.join(QStringLiteral(", "));
        line->setPlaceholderText(tr("none; or %1").arg(shown));
    }
}

Json OptionForm::changed() const {
    Json out = Json::object();
    for (const auto& f : fields_) {
        const Json value = f->value();
        if (value != f->entry.default_value && f->entry.check(value).empty()) out[f->entry.key] = value;
    }
    return out;
}

void OptionForm::setValues(const Json& values) {
    setting_ = true;
    for (const auto& f : fields_) {
        f->set(values.is_object() && values.contains(f->entry.key) ? values[f->entry.key] : f->entry.default_value);
        refresh(*f);
        // What is not at its default is not hidden.
        if (more_ && f->entry.info.advanced && !f->atDefault()) more_->setChecked(true);
    }
    setting_ = false;
}

std::vector<engine::OptionProblem> OptionForm::problems() const {
    std::vector<engine::OptionProblem> out;
    for (const auto& f : fields_) {
        if (auto text = f->entry.check(f->value()); !text.empty()) out.push_back({f->entry.key, text});
    }
    return out;
}

void OptionForm::setIdle(const std::map<std::string, std::string>& reasons) {
    for (const auto& f : fields_) {
        const auto why = reasons.find(f->entry.key);
        const bool idle = why != reasons.end();
        for (QWidget* w : {static_cast<QWidget*>(f->label), f->editor}) w->setEnabled(!idle);
        f->help->setText(QString::fromStdString(idle ? why->second : f->entry.info.help));
    }
}

void OptionForm::setAdvancedShown(bool shown) {
    if (!more_) return;
    const QSignalBlocker quiet(more_);
    more_->setChecked(shown);
    more_->setArrowType(shown ? Qt::DownArrow : Qt::RightArrow);
    advanced_->setVisible(shown);
}

OptionForm::Field* OptionForm::find(const std::string& key) const {
    for (const auto& f : fields_) {
        if (f->entry.key == key) return f.get();
    }
    return nullptr;
}

QWidget* OptionForm::editor(const std::string& key) const {
    const Field* f = find(key);
    return f ? f->editor : nullptr;
}

QString OptionForm::problemShown(const std::string& key) const {
    const Field* f = find(key);
    return f && !f->problem->isHidden() ? f->problem->text() : QString();
}

void OptionForm::fieldEdited(Field& field) {
    if (setting_ || !field.reset) return;
    refresh(field);
    Q_EMIT edited();
}

void OptionForm::refresh(Field& field) {
    QString text = QString::fromStdString(field.entry.check(field.value()));
    // The field says whose problem it is.
    const QString key = QString::fromStdString(field.entry.key) + QStringLiteral(": ");
    if (text.startsWith(key)) text = text.mid(key.size());
    field.problem->setText(text);
    field.problem->setVisible(!text.isEmpty());
    field.reset->setVisible(!field.atDefault());
    QFont font = field.label->font();
    font.setWeight(field.atDefault() ? QFont::Normal : QFont::DemiBold);
    field.label->setFont(font);
}

void OptionForm::paintColours() {
    for (const auto& f : fields_) f->reset->setIcon(icon(QStringLiteral("reset")));
}

}  // namespace ui
