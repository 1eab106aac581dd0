// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The form of figures as files: surfaces over one or two factors, or every figure at the setting with its protocol.
// Window's thread.
#pragma once

#include <optional>
#include <vector>

#include "ui/bridge/live_session.h"
#include "ui/export/export_page.h"

class QComboBox;
class QFormLayout;
class QSpinBox;

namespace ui {

class PathField;

class SurfacePage : public ExportPage {
    Q_OBJECT
public:
    SurfacePage(std::shared_ptr<engine::LiveProduct> product, engine::Setting setting, QWidget* parent = nullptr);

    QString heading() const override;
    QString explanation() const override;
    QString action() const override;
    QString problem() const override;
    Work work() override;

    void setAxes(const std::vector<engine::FactorAxis>& axes);
    std::vector<engine::FactorAxis> axes() const;
    // What is pinned while tuning; a setting can be chosen beside the spaces from then on.
    void setBaseline(const BaselineChoice& baseline);
    BaselineChoice baseline() const;

private:
    bool figures() const;
    void whatChanged();
    Work figuresWork() const;

    QComboBox *what_, *x_, *y_, *baseline_, *format_;
    std::optional<BaselineChoice> pinned_;  // a setting: the last of the baselines
    QSpinBox* steps_;
    QFormLayout* form_;
    PathField* output_;
};

// Figures at a setting beside those of a baseline, as CSV with protocols in its comment lines. Any thread.
QString figuresCsv(const engine::MetricsTable& table, const engine::MetricsTable& baseline);

}  // namespace ui
