// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The form of a package: where to, with which extras. Its job writes the package with the setting in force and then
// verifies it. Window's thread.
#pragma once

#include "ui/export/export_page.h"

class QCheckBox;
class QLabel;

namespace ui {

class PathField;

class PackagePage : public ExportPage {
    Q_OBJECT
public:
    PackagePage(std::shared_ptr<engine::LiveProduct> product, engine::Setting setting, QWidget* parent = nullptr);

    QString heading() const override;
    QString explanation() const override;
    QString action() const override;
    QString problem() const override;
    Work work() override;

protected:
    void changeEvent(QEvent* event) override;

private:
    void fillContents();

    PathField* folder_;
    QCheckBox *metrics_, *freebind_;
    QLabel* contents_;
};

}  // namespace ui
