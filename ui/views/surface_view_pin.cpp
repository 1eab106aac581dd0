// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What stands in the scene beside the surface: the plane, the pin with its label, the best node.
#include <QtDataVisualization/Q3DSurface>
#include <QtDataVisualization/QCustom3DItem>
#include <QtDataVisualization/QCustom3DLabel>
#include <QtDataVisualization/QValue3DAxis>

#include <algorithm>
#include <cmath>

#include "ui/style/theme.h"
#include "ui/views/surface_view.h"

namespace ui {
namespace {

constexpr double kLabelPoints = 40;  // of a scene that scales with its window

QImage plain(const QColor& colour) {
    QImage image(4, 4, QImage::Format_ARGB32);
    image.fill(colour);
    return image;
}

QColor planeColour() {
    return darkTheme() ? QColor(170, 175, 185, 70) : QColor(120, 120, 120, 90);
}

// Textures are set before the item comes to the scene or after its first frame: one that is set in between comes out
// black. None is deleted before a frame without it: the scene takes a new one at an old one's address for the old one.
QCustom3DItem* item(const char* mesh, const QColor& colour) {
    auto* out = new QCustom3DItem;
    out->setMeshFile(QLatin1String(mesh));
    out->setTextureImage(plain(colour));
    out->setShadowCasting(false);
    out->setVisible(false);
    return out;
}

}  // namespace

void SurfaceView::placePin() {
    if (picking_) return;
    const bool drawn = grid_.drawable();
    plane_->setVisible(drawn && scale_.low < reference_ && scale_.high > reference_);
    const double value = drawn && has_cursor_ ? grid_.at(cursor_.x(), cursor_.y()) : NAN;
    const bool pinned = !std::isnan(value);
    for (auto* one : {pin_, stem_}) one->setVisible(pinned);
    SurfaceNode node;
    const bool best = drawn && best_shown_ && bestNode(*surface_, group_, node);
    best_->setVisible(best);
    if (!pinned && label_) label_->setVisible(false);
    if (!drawn) return;
    const auto point = [](double x, double y, double z) {
        return QVector3D(static_cast<float>(x), static_cast<float>(y), static_cast<float>(z));
    };
    const double x0 = graph_->axisX()->min(), x1 = graph_->axisX()->max();
    const double z0 = graph_->axisZ()->min(), z1 = graph_->axisZ()->max();
    const double tall = scale_.high - scale_.low;
    plane_->setPosition(point((x0 + x1) / 2, reference_, (z0 + z1) / 2));
    plane_->setScaling(point(x1 - x0, tall * 0.002, z1 - z0));
    if (best) best_->setPosition(point(node.x, std::clamp(node.value, scale_.low, scale_.high), node.y));
    if (!pinned) return;
    const double foot = std::clamp(value, scale_.low, scale_.high);
    const double head = std::min(foot + tall * 0.2, scale_.high);
    pin_->setPosition(point(cursor_.x(), foot, cursor_.y()));
    const double end = std::max(foot, head - tall * 0.05);  // beneath the label
    stem_->setPosition(point(cursor_.x(), (foot + end) / 2, cursor_.y()));
    stem_->setScaling(point((x1 - x0) * 0.006, end - foot, (z1 - z0) * 0.006));
    SurfaceNode nearest;
    const bool on_node = nearestNode(*surface_, group_, cursor_.x(), cursor_.y(), nearest) &&
                         std::fabs(nearest.x - cursor_.x()) < 1e-6 && std::fabs(nearest.y - cursor_.y()) < 1e-6;
    placeLabel(on_node ? signedNumber(nearest.value, 2) : tr("≈ %1").arg(signedNumber(value, 2)),
               point(cursor_.x(), head, cursor_.y()));
}

void SurfaceView::placeLabel(const QString& text, const QVector3D& at) {
    if (!label_ || label_->text() != text || label_dark_ != darkTheme()) {
        // A text that changes after the first frame is not drawn anew; a new label is. Without frames old ones would
        // pile up: what is hidden has none until it is shown.
        if (!graph_->isExposed() && !picturing_) {
            if (label_) label_->setVisible(false);
            return;
        }
        if (label_) {
            graph_->releaseCustomItem(label_);
            retired_.push_back(label_);
        }
        label_dark_ = darkTheme();
        label_ = new QCustom3DLabel;
        label_->setShadowCasting(false);
        label_->setFacingCamera(true);
        label_->setScaling(QVector3D(1, 1, 1));
        QFont large = font();
        large.setPointSizeF(kLabelPoints);
        label_->setFont(large);
        label_->setTextColor(colours().text);
        label_->setBackgroundColor(colours().raised);
        label_->setText(text);
        label_->setPosition(at);
        graph_->addCustomItem(label_);
    }
    label_->setPosition(at);
    label_->setVisible(true);
}

std::vector<QCustom3DItem*> SurfaceView::items() const {
    std::vector<QCustom3DItem*> out{plane_, pin_, stem_, best_};
    if (label_) out.push_back(label_);
    return out;
}

void SurfaceView::makeItems() {
    plane_ = item(":/defaultMeshes/barFull", planeColour());
    pin_ = item(":/defaultMeshes/sphereSmooth", colours().accent);
    stem_ = item(":/defaultMeshes/barFull", colours().accent);
    best_ = item(":/defaultMeshes/sphereSmooth", colours().text);
    plane_->setScalingAbsolute(false);
    stem_->setScalingAbsolute(false);
    pin_->setScaling(QVector3D(0.035f, 0.035f, 0.035f));
    best_->setScaling(QVector3D(0.025f, 0.025f, 0.025f));
    for (auto* one : items()) graph_->addCustomItem(one);
}

void SurfaceView::paintItems() {
    repaint_items_ = fresh_;
    if (fresh_) return;
    plane_->setTextureImage(plain(planeColour()));
    pin_->setTextureImage(plain(colours().accent));
    stem_->setTextureImage(plain(colours().accent));
    best_->setTextureImage(plain(colours().text));
}

void SurfaceView::frameDrawn(const std::vector<QCustom3DLabel*>& old, bool shown) {
    for (auto* label : old) delete label;
    if (fresh_ || shown) schedule();
    fresh_ = false;
    if (repaint_items_) paintItems();
}

}  // namespace ui
