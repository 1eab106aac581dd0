// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rows of each pool and evaluation set as bars, on a logarithmic scale.
#pragma once

#include <QChartView>

#include "engine/base/json.h"

namespace ui {

class PoolsChart : public QChartView {
    Q_OBJECT
public:
    explicit PoolsChart(QWidget* parent = nullptr);
    void show(const engine::Json& inspected);

protected:
    void changeEvent(QEvent* event) override;

private:
    void followPalette();
};

}  // namespace ui
