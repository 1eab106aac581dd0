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

QSize Badge::sizeHint() const {
    return {fontMetrics().horizontalAdvance(text()) + 18, fontMetrics().height() + 4};
}

void Badge::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    const QColor colour = kind_ == Kind::Warning ? colours().warning : colours().muted;
    QColor line = colour;
    line.setAlphaF(0.6f);
    p.setPen(line);
    const QRectF frame = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
    p.drawRoundedRect(frame, frame.height() / 2, frame.height() / 2);
    p.setPen(colour);
    p.drawText(rect(), Qt::AlignCenter, text());
}

}  // namespace ui
