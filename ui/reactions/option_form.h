// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A form made from any option table: one editor for each option after its type, help under it and in the tooltip with
// the range, a reset button where the value is not the default, "advanced" ones behind a disclosure, problems at their
// fields in the words of OptionEntry::check. Edits a copy of its own. Window's thread.
#pragma once

#include <QWidget>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/option_table.h"

class QGridLayout;
class QToolButton;

namespace ui {

class OptionForm : public QWidget {
    Q_OBJECT
public:
    explicit OptionForm(std::vector<engine::OptionEntry> entries, QWidget* parent = nullptr);
    ~OptionForm() override;

    // What to offer in a text field ("validation_set": names of sets); any other text may be typed too.
    void setSuggestions(const std::string& key, const QStringList& texts);

    // Only what differs from the defaults; what is not fit is left out (see problems()).
    engine::Json changed() const;
    // Defaults, and over them what `values` names. Unknown keys are kept out. No signal.
    void setValues(const engine::Json& values);
    // Every field that does not fit, one sentence each.
    std::vector<engine::OptionProblem> problems() const;
    // Options that change nothing as things are, with the reason; all others are in use.
    void setIdle(const std::map<std::string, std::string>& reasons);
    // Shows the advanced ones.
    void setAdvancedShown(bool shown);

    QWidget* editor(const std::string& key) const;       // for tests and focus
    QString problemShown(const std::string& key) const;  // empty: none

Q_SIGNALS:
    void edited();

private:
    struct Field;
    void addField(QGridLayout& grid, const engine::OptionEntry& entry);
    void fieldEdited(Field& field);
    void refresh(Field& field);
    void paintColours();
    Field* find(const std::string& key) const;

    std::vector<std::unique_ptr<Field>> fields_;
    QToolButton* more_ = nullptr;
    QWidget* advanced_ = nullptr;
    bool setting_ = false;
};

// "batch_size": "Batch size".
QString optionLabel(const std::string& key);
// "from 8 to 1,048,576 rows"; empty where any value will do.
QString optionRange(const engine::OptionEntry& entry);

}  // namespace ui
