// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a project keeps of the window itself: docks, pages and what they show. None of it is a step of the history. What
// is missing or of another kind than expected leaves the window as it is.
#include <QScopedValueRollback>

#include <algorithm>

#include "ui/main_window.h"

namespace ui {

using engine::Json;

Json MainWindow::windowState() const {
    return {{"layout", saveState().toBase64().toStdString()},
            {"page", static_cast<int>(page())},
            {"reactions", reactions_->state()},
            {"report", report_->state()},
            {"tune", tune_->state()},
            {"explore", explore_->state()},
            {"compare", columns_->state()}};
}

void MainWindow::restoreWindow() {
    const QScopedValueRollback<bool> restoring(restoring_, true);
    if (const auto layout = project_.extra("layout"); layout.is_string())
        restoreState(QByteArray::fromBase64(QByteArray::fromStdString(layout.get<std::string>())));
    const auto reactions = project_.extra("reactions");
    reactions_->restore(reactions.is_object() ? reactions : Json::object(), project_.workspace());
    if (const auto state = project_.extra("report"); state.is_object()) report_->restore(state);
    tune_->restore(project_.extra("tune"));
    explore_->restore(project_.extra("explore"));
    columns_->restore(project_.extra("compare"));
    const auto shown = project_.extra("page");
    showPage(shown.is_number_integer()      ? static_cast<Page>(std::clamp(shown.get<int>(), 1, 7))
             : project_.product().isEmpty() ? Page::Workspace
                                            : Page::Tune);
}

}  // namespace ui
