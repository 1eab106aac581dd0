// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/message_bar.h"

#include <QAccessible>
#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPainterPath>
#include <QPushButton>
#include <QToolButton>

#include "ui/style/theme.h"
#include "ui/widgets/wrapped_text.h"

namespace ui {
namespace {

constexpr int kIconSize = 20, kTallest = 180;

QColor colourOf(MessageBar::Kind kind) {
    switch (kind) {
        case MessageBar::Kind::Error:
            return colours().bad;
        case MessageBar::Kind::Warning:
            return colours().warning;
        default:
            return colours().accent;
    }
}

QPixmap painted(qreal ratio, int size, const std::function<void(QPainter&)>& paint) {
    QPixmap pixmap(QSize(size, size) * ratio);
    pixmap.setDevicePixelRatio(ratio);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    paint(painter);
    return pixmap;
}

QIcon closeIcon(QWidget* widget) {
    return painted(widget->devicePixelRatioF(), 16, [](QPainter& p) {
        p.setPen(QPen(colours().text, 1.4, Qt::SolidLine, Qt::RoundCap));
        p.drawLine(QPointF(4, 4), QPointF(12, 12));
        p.drawLine(QPointF(12, 4), QPointF(4, 12));
    });
}

}  // namespace

// A circle with an i, a triangle or an octagon with an exclamation mark: kinds differ in shape, not in colour alone.
QPixmap MessageBar::kindPixmap(Kind kind, int size, qreal ratio) {
    return painted(ratio, size, [kind, size](QPainter& p) {
        p.setPen(Qt::NoPen);
        p.setBrush(colourOf(kind));
        const double s = size;
        QPolygonF shape;
        double top = 0.26, bottom = 0.57, dot = 0.72;
        if (kind == MessageBar::Kind::Warning) {
            shape << QPointF(s * 0.5, s * 0.06) << QPointF(s * 0.97, s * 0.92) << QPointF(s * 0.03, s * 0.92);
            top = 0.38, bottom = 0.64, dot = 0.78;
        } else if (kind == MessageBar::Kind::Error) {
            const double a = 0.04 * s, b = 0.31 * s, c = 0.69 * s, d = 0.96 * s;
            shape << QPointF(b, a) << QPointF(c, a) << QPointF(d, b) << QPointF(d, c) << QPointF(c, d) << QPointF(b, d)
                  << QPointF(a, c) << QPointF(a, b);
        }
        if (shape.isEmpty()) {
            p.drawEllipse(QRectF(0.04 * s, 0.04 * s, 0.92 * s, 0.92 * s));
            top = 0.45, bottom = 0.74, dot = 0.28;
        } else {
            p.drawPolygon(shape);
        }
        p.setPen(QPen(colours().on_accent, s / 10, Qt::SolidLine, Qt::RoundCap));
        p.drawLine(QPointF(s * 0.5, s * top), QPointF(s * 0.5, s * bottom));
        p.drawPoint(QPointF(s * 0.5, s * dot));
    });
}

MessageBar::MessageBar(QWidget* parent) : QFrame(parent) {
    icon_ = new QLabel(this);
    icon_->setFixedSize(kIconSize, kIconSize);
    text_ = new WrappedText(kTallest, this);
    action_ = new QPushButton(this);
    close_ = new QToolButton(this);
    close_->setObjectName(QStringLiteral("dismiss"));
    close_->setAutoRaise(true);
    close_->setToolTip(tr("Dismiss this message (Escape)"));
    close_->setAccessibleName(tr("Dismiss message"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(14, 8, 8, 8);
    row->setSpacing(10);
    row->addWidget(icon_, 0, Qt::AlignTop);
    row->addWidget(text_, 1, Qt::AlignVCenter);
    row->addWidget(action_, 0, Qt::AlignVCenter);
    row->addWidget(close_, 0, Qt::AlignTop);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(action_, &QPushButton::clicked, this, [this] {
        if (const auto callback = callback_) callback();
    });
    connect(close_, &QToolButton::clicked, this, &MessageBar::dismiss);
    clear();
}

void MessageBar::showError(const JobFailure& failure) {
    put(Kind::Error, failure);
}

void MessageBar::showWarning(const QString& text, const QString& hint) {
    put(Kind::Warning, {{}, text, hint});
}

void MessageBar::showNote(const QString& text, const QString& hint) {
    put(Kind::Note, {{}, text, hint});
}

void MessageBar::setAction(const QString& text, std::function<void()> callback) {
    callback_ = std::move(callback);
    action_->setText(text);
    action_->setAccessibleName(text);
    action_->setMinimumWidth(fontMetrics().horizontalAdvance(text) + 32);
    action_->setVisible(callback_ != nullptr);
}

void MessageBar::clear() {
    kind_ = Kind::None;
    message_ = {};
    callback_ = nullptr;
    action_->hide();
    hide();
}

QString MessageBar::text() const {
    return kind_ == Kind::None ? QString() : text_->toPlainText();
}

void MessageBar::put(Kind kind, const JobFailure& message) {
    kind_ = kind;
    message_ = message;
    setAction({}, nullptr);
    refresh();
    setVisible(true);
    setAccessibleName(kind == Kind::Error     ? tr("Error: %1").arg(text())
                      : kind == Kind::Warning ? tr("Warning: %1").arg(text())
                                              : text());
    QAccessibleEvent alert(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&alert);
}

void MessageBar::dismiss() {
    clear();
    Q_EMIT dismissed();
}

void MessageBar::refresh() {
    close_->setIcon(closeIcon(this));
    if (kind_ == Kind::None) return;
    icon_->setPixmap(kindPixmap(kind_, kIconSize, devicePixelRatioF()));
    QList<WrappedText::Paragraph> lines{{message_.message, colours().text, kind_ != Kind::Note}};
    if (!message_.where.isEmpty()) lines << WrappedText::Paragraph{message_.where, colours().muted, false};
    if (!message_.hint.isEmpty()) {
        QString hint = message_.hint;
        hint[0] = hint[0].toUpper();
        lines << WrappedText::Paragraph{hint, colours().text, false};
    }
    text_->setParagraphs(lines);
    update();
}

void MessageBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor colour = colourOf(kind_);
    QColor line = colour;
    line.setAlphaF(0.45f);
    QPainterPath path;
    path.addRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
    painter.fillPath(path, colours().panel);
    QColor tint = colour;
    tint.setAlphaF(darkTheme() ? 0.10f : 0.06f);
    painter.fillPath(path, tint);
    painter.setClipPath(path);
    painter.fillRect(QRect(0, 0, 4, height()), colour);
    painter.setClipping(false);
    painter.setPen(line);
    painter.drawPath(path);
}

void MessageBar::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape) dismiss();
    else QFrame::keyPressEvent(event);
}

void MessageBar::changeEvent(QEvent* event) {
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) refresh();
}

}  // namespace ui
