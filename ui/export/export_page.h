// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One thing that the export dialog can make: a form, why it cannot start yet, and the job. Window's thread but for the
// work itself.
#pragma once

#include <QString>
#include <QWidget>

#include <functional>
#include <memory>

#include "engine/session/live_product.h"

namespace ui {

// What a job made, for the dialog to show.
struct Exported {
    QString title;    // "Package written and verified"
    QString details;  // lines of facts
    QString path;     // file or folder, to be opened on request
};

class ExportPage : public QWidget {
    Q_OBJECT
public:
    using Work = std::function<Exported(const engine::JobContext&)>;

    ExportPage(std::shared_ptr<engine::LiveProduct> product, engine::Setting setting, QWidget* parent)
        : QWidget(parent), product_(std::move(product)), setting_(std::move(setting)) {}

    virtual QString heading() const = 0;
    virtual QString explanation() const = 0;
    // The button's text; empty: there is nothing to run.
    virtual QString action() const = 0;
    // A sentence; empty if it can start.
    virtual QString problem() const = 0;
    virtual Work work() = 0;
    // Called when the page is shown: reads what it needs at first.
    virtual void shown() {}

Q_SIGNALS:
    void changed();

protected:
    std::shared_ptr<engine::LiveProduct> product_;
    engine::Setting setting_;
};

}  // namespace ui
