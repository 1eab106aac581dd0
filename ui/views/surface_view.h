// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One Δ group over two factors as a 3D surface, as in Figures 3-6: lines at the measured nodes, colours centred at
// zero, a grey plane where nothing changes or where an expert stands, a pin at the current setting. The only place with
// Qt Data Visualization. Needs OpenGL: ask available() first and show a HeatMapView where it says no. New data come in
// as often as one likes; the scene takes the newest once per frame and keeps its camera. Nodes that are not computed
// yet are left out: the surface is the largest complete grid of those that are. Window's thread.
#pragma once

#include <QImage>
#include <QTimer>
#include <QVector3D>
#include <QWidget>

#include <optional>

#include "ui/views/plot_paint.h"
#include "ui/views/surface_grid.h"

QT_FORWARD_DECLARE_CLASS(QCustom3DItem)
QT_FORWARD_DECLARE_CLASS(QCustom3DLabel)
QT_FORWARD_DECLARE_CLASS(Q3DSurface)
QT_FORWARD_DECLARE_CLASS(QSurface3DSeries)
class QLabel;

namespace ui {

class SurfaceLegend;

// Degrees around the vertical axis and above the floor; zoom in percent.
struct CameraPose {
    float around = -40, above = 24, zoom = 105;

    bool operator==(const CameraPose&) const = default;
};

class SurfaceView : public QWidget {
    Q_OBJECT
public:
    // False where no OpenGL context can be made; found out once.
    static bool available();

    explicit SurfaceView(QWidget* parent = nullptr);
    ~SurfaceView() override;

    // Null: an empty scene.
    void setSurface(SurfacePtr surface, std::size_t group);
    void setCursor(double x, double y);
    // A scale shared with other views; without it the scale follows the data.
    void setRange(double low, double high);
    void clearRange();
    void setBestShown(bool shown);
    // Where the grey plane lies and what it stands for ("CLAP_g"); without a name: at 0, no change.
    void setReference(double level, const QString& name);
    void setKeyStep(double step);

    void setCamera(const CameraPose& pose);
    CameraPose camera() const;
    // As it was at first: fitted to the view's shape.
    void resetCamera();

    QPointF cursorAt() const { return cursor_; }
    ValueScale scale() const { return scale_; }
    // What is drawn once the next frame is made.
    const SurfaceGrid& grid() const { return grid_; }
    // The pin's label; empty where there is no pin.
    QString pinText() const;
    // How often the scene was given new heights.
    int redraws() const { return redraws_; }
    // The 3D scene with axes, legend and caption; the scene alone is missing where it was never shown.
    QImage picture(QSize size);

    QSize sizeHint() const override { return {560, 440}; }
    QSize minimumSizeHint() const override { return {280, 220}; }

Q_SIGNALS:
    void picked(double x, double y);
    void cameraMoved(ui::CameraPose pose);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void fitCamera();
    void turnTo(const CameraPose& pose);
    void schedule();
    void refresh();
    void fillSeries();
    void placePin();
    void placeLabel(const QString& text, const QVector3D& at);
    void makeItems();
    void paintItems();
    void frameDrawn(const std::vector<QCustom3DLabel*>& old, bool shown);
    std::vector<QCustom3DItem*> items() const;
    void applyColours();
    void rescale();
    void takeSelection(const QPoint& position);
    bool moveByKey(QKeyEvent* event);
    void askForMenu(const QPoint& at);
    bool hasSurface() const { return surface_ && surface_->axes.size() == 2 && group_ < surface_->groups.size(); }

    SurfacePtr surface_;
    std::size_t group_ = 0;
    SurfaceGrid grid_;
    std::optional<std::pair<double, double>> range_;
    ValueScale scale_;
    double reference_ = 0;
    QString reference_name_;
    QPointF cursor_;
    bool has_cursor_ = false, best_shown_ = true, stale_ = false, posing_ = false, picking_ = false, posed_ = false;
    bool picturing_ = false, label_dark_ = false;
    bool fresh_ = true;           // no frame was drawn yet
    bool repaint_items_ = false;  // the theme changed before

    double key_step_ = 0.01;
    int redraws_ = 0;

    QTimer frame_;     // coalesces what comes within one frame
    QTimer pick_end_;  // shows again what a click had to hide
    Q3DSurface* graph_;
    QSurface3DSeries* series_;
    QCustom3DItem* plane_ = nullptr;
    QCustom3DItem* pin_ = nullptr;
    QCustom3DItem* stem_ = nullptr;
    QCustom3DItem* best_ = nullptr;
    QCustom3DLabel* label_ = nullptr;
    std::vector<QCustom3DLabel*> retired_;  // that the scene may still know
    SurfaceLegend* legend_;
    QLabel* note_;
};

}  // namespace ui
