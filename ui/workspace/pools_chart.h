// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rows of each pool and of both sides of each evaluation set as bars in the colours of their modalities, on a
// logarithmic scale.
#pragma once

#include <QWidget>

#include "engine/base/json.h"

namespace ui {

class PoolsChart : public QWidget {
    Q_OBJECT
public:
    explicit PoolsChart(QWidget* parent = nullptr);
    void show(const engine::Json& inspected);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;  // tooltips

private:
    struct Bar {
        QString name, modality;
        qulonglong rows = 0;
        bool heading = false;  // a line of text without a bar
    };
    int lineHeight() const;
    QList<Bar> bars_;
};

}  // namespace ui
