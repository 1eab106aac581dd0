// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/badge.h"

#include <QPainter>

#include "ui/style/theme.h"

namespace ui {

Badge::Badge(const QString& text, Kind kind, QWidget* parent) : QLabel(text, parent), kind_(kind) {
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

Badge* Badge::syntheticWorld(QWidget* parent) {
    auto* badge = new Badge(tr("synthetic world"), Kind::Warning, parent);
    badge->setToolTip(
        tr("Made by this program, not by real encoders: its figures show how things work, they are no "
           "results"));
    return badge;
}

QSize Badge::room(const QFontMetrics& metrics, const QString& text) {
    return {metrics.horizontalAdvance(text) + 18, metrics.height() + 4};
}

void Badge::paint(QPainter& p, const QRectF& area, const QString& text, Kind kind, const QColor& ground) {
    const auto& c = colours();
    const QColor colour = kind == Kind::Warning ? c.warning
                          : kind == Kind::Good  ? c.good
                          : kind == Kind::Bad   ? c.bad
                                                : c.muted;
    QColor line = colour;
    line.setAlphaF(0.6f);
    QRectF frame(QPointF(), QSizeF(room(QFontMetrics(p.font()), text)));
    frame.moveCenter(area.center());
    p.save();
    p.setRenderHint(QPainter::Antialiasing);
    p.setPen(line);
    p.setBrush(ground);
    const QRectF inside = frame.adjusted(0.5, 0.5, -0.5, -0.5);
    p.drawRoundedRect(inside, inside.height() / 2, inside.height() / 2);
    p.setPen(colour);
    p.drawText(frame, Qt::AlignCenter, text);
    p.restore();
}

void Badge::setText(const QString& text, Kind kind) {
    kind_ = kind;
    QLabel::setText(text);
    updateGeometry();
    update();
}

QSize Badge::sizeHint() const {
    return room(fontMetrics(), text());
}

void Badge::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setFont(font());
    paint(p, rect(), text(), kind_);
}

}  // namespace ui
