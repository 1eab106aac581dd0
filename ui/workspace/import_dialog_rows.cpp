// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The rows of the import dialog: which are chosen and what is done with them, and the look at their values.
#include <QTreeView>

#include <algorithm>
#include <set>

#include "ui/workspace/import_dialog.h"
#include "ui/workspace/import_model.h"

namespace ui {

void ImportDialog::chooseRows(const std::vector<int>& wanted) {
    QItemSelection selection;
    QModelIndex first;
    for (const int row : wanted) {
        const auto index = mapping_model_->indexOf(row, MappingModel::Role);
        if (!index.isValid()) continue;
        if (!first.isValid()) first = index;
        selection.select(index.siblingAtColumn(0), index.siblingAtColumn(MappingModel::kColumns - 1));
        for (auto above = index.parent(); above.isValid(); above = above.parent()) mapping_->expand(above);
    }
    if (!first.isValid()) return;
    mapping_->selectionModel()->setCurrentIndex(first, QItemSelectionModel::NoUpdate);
    mapping_->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
    mapping_->scrollTo(first);
    mapping_->setFocus();
}

// A file or group stands for all of its arrays, but not where some of these are chosen themselves: then a range of rows
// only went past it.
std::vector<int> ImportDialog::chosenRows() const {
    const auto chosen = mapping_->selectionModel()->selectedRows();
    std::set<QModelIndex> passed;
    for (const auto& index : chosen) {
        for (auto above = index.parent(); above.isValid(); above = above.parent()) passed.insert(above);
    }
    std::set<int> out;
    for (const auto& index : chosen) {
        if (passed.count(index)) continue;
        const auto rows = mapping_model_->rowsUnder(index);
        out.insert(rows.begin(), rows.end());
    }
    return {out.begin(), out.end()};
}

void ImportDialog::removeRows() {
    const auto rows = chosenRows();
    if (rows.empty()) return;
    for (auto it = rows.rbegin(); it != rows.rend(); ++it) plan_.rows.erase(plan_.rows.begin() + *it);
    mapping_model_->reset();
    planChanged();
}

void ImportDialog::copyRows() {
    const auto rows = chosenRows();
    for (auto it = rows.rbegin(); it != rows.rend(); ++it) {
        PlanRow copy = plan_.rows[static_cast<std::size_t>(*it)];
        copy.role = ArrayRole::Unset;
        plan_.rows.insert(plan_.rows.begin() + *it + 1, std::move(copy));
    }
    mapping_model_->reset();
    planChanged();
}

void ImportDialog::leaveRowsOut() {
    for (const int row : chosenRows()) plan_.rows[static_cast<std::size_t>(row)].role = ArrayRole::Ignored;
    planChanged();
}

bool ImportDialog::looking() const {
    return looker_->running();
}

// One array after the other, each once. What nobody needs any more is not looked at further.
void ImportDialog::lookAtValues() {
    const PlanRow* next = nullptr;
    bool still_wanted = false;
    for (const auto& row : plan_.rows) {
        const auto key = row.seen || !row.unseen.empty() ? std::string() : valuesKey(row);
        if (key.empty()) continue;
        if (!next) next = &row;
        still_wanted |= key == looked_at_;
    }
    const bool may = isVisible() && !importer_->running();
    if (looker_->running() && may && still_wanted) return;
    looker_->drop();
    if (!may || !next) return;
    looked_at_ = valuesKey(*next);
    looker_->start<engine::ValuesPeek>(
        tr("Looking at values"),
        [array = next->array, index = next->index](const engine::JobContext& job) {
            return engine::peekValues(array, index, job);
        },
        [this, key = looked_at_](const engine::ValuesPeek& seen) { takeValues(key, seen, {}); });
}

void ImportDialog::takeValues(const std::string& key, const std::optional<engine::ValuesPeek>& seen,
                              const QString& problem) {
    for (auto& row : plan_.rows) {
        if (valuesKey(row) != key) continue;
        row.seen = seen;
        row.unseen = problem.toStdString();
    }
    check();  // at once, not with planChanged(): Import can be pressed all the time
    lookAtValues();
    updateButtons();
}

void ImportDialog::showEvent(QShowEvent* event) {
    QDialog::showEvent(event);
    planChanged();
}

void ImportDialog::hideEvent(QHideEvent* event) {
    looker_->drop();
    QDialog::hideEvent(event);
}

}  // namespace ui
