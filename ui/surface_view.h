// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The Δ surfaces of a sweep that `molspace sweep -o file.json` wrote, one group at a time: change against the baseline
// over two factors (Figures 3-6).
#pragma once

#include <QComboBox>
#include <QLabel>
#include <QWidget>
#include <QtDataVisualization/Q3DSurface>

#include "engine/base/json.h"

namespace ui {

class SurfaceView : public QWidget {
    Q_OBJECT
public:
    explicit SurfaceView(QWidget* parent = nullptr);
    // Throws engine::Error where the file is no sweep over two factors.
    void open(const QString& path);
    int groups() const { return choice_->count(); }

private:
    void showGroup(int index);

    engine::Json sweep_;
    QComboBox* choice_;
    QLabel* about_;
    Q3DSurface* surface_;
};

}  // namespace ui
