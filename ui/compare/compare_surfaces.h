// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The surfaces of a comparison beside each other: one Δ group over chosen factors for every column, all on one colour
// scale, with one cursor; as maps, curves (one factor) or, on request, in 3D with one camera. Columns whose products
// have other factors have axes of their own. Window's thread.
#pragma once

#include <QWidget>

#include <optional>
#include <vector>

#include "ui/compare/compare_work.h"

class QCheckBox;
class QComboBox;
class QHBoxLayout;
class QLabel;
class QStackedWidget;

namespace ui {

class CurveView;
class ElidedLabel;
class HeatMapView;
class SurfaceView;
struct CameraPose;

class CompareSurfaces : public QWidget {
    Q_OBJECT
public:
    explicit CompareSurfaces(CompareWork& work, QWidget* parent = nullptr);

    void itemsChanged();
    void surfaceCame(int column);
    void set3D(bool on);

    // The colour scale that all columns share; nothing while there is no surface.
    std::optional<std::pair<double, double>> range() const { return range_; }
    HeatMapView* map(int column) const { return columns_[static_cast<std::size_t>(column)].map; }
    SurfaceView* scene(int column) const { return columns_[static_cast<std::size_t>(column)].scene; }
    QString groupName() const;

Q_SIGNALS:
    void failed(const ui::JobFailure& failure);

protected:
    void changeEvent(QEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    struct Column {
        QWidget* widget = nullptr;
        ElidedLabel* name = nullptr;
        QWidget* axes = nullptr;
        QComboBox *x = nullptr, *y = nullptr;
        QStackedWidget* stack = nullptr;
        QLabel* status = nullptr;
        HeatMapView* map = nullptr;
        CurveView* curve = nullptr;
        SurfaceView* scene = nullptr;  // made when 3D is first wanted
        bool axes_set = false;
    };
    Column makeColumn(int index);
    void fillAxes(QComboBox* x, QComboBox* y, const engine::LiveProduct& product) const;
    std::vector<engine::FactorAxis> axesOf(int column) const;
    void wantSurfaces();
    void fillGroups();
    void showColumn(int column);
    void rescale();
    void moveCursors(int from, double x, double y);
    void moveCameras(int from, const CameraPose& pose);
    void dress();
    bool shared() const;  // all products have the same factors

    CompareWork& work_;
    std::vector<Column> columns_;
    QComboBox *group_, *x_, *y_, *steps_;
    QLabel *x_label_, *y_label_, *note_;
    QCheckBox* three_;
    QHBoxLayout* row_;
    QString factors_key_;
    std::optional<std::pair<double, double>> range_;
    bool linking_ = false;
};

}  // namespace ui
