// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A word in a rounded frame, beside a name or a figure: "synthetic world", "holds".
#pragma once

#include <QLabel>

namespace ui {

class Badge : public QLabel {
    Q_OBJECT
public:
    enum class Kind { Quiet, Warning, Good, Bad };

    explicit Badge(const QString& text = {}, Kind kind = Kind::Quiet, QWidget* parent = nullptr);
    // The label that every figure of a generated world stands beside.
    static Badge* syntheticWorld(QWidget* parent = nullptr);
    // For what paints itself: a badge centred in `area`, and the room that one needs.
    static void paint(QPainter& painter, const QRectF& area, const QString& text, Kind kind,
                      const QColor& ground = Qt::transparent);
    static QSize room(const QFontMetrics& metrics, const QString& text);
    using QLabel::setText;
    void setText(const QString& text, Kind kind);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Kind kind_;
};

}  // namespace ui
