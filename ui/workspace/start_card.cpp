// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/workspace/start_card.h"

#include <QDir>
#include <QEvent>
#include <QFileInfo>
#include <QKeyEvent>
#include <QPainter>
#include <QToolButton>

#include "ui/style/theme.h"

namespace ui {
namespace {

bool isEnter(const QKeyEvent* event) {
    return event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
}

bool isHover(QEvent::Type type) {
    return type == QEvent::HoverEnter || type == QEvent::HoverLeave;
}

// "~/data/world" instead of "/home/somebody/data/world".
QString shortPath(const QString& path) {
    const QString home = QDir::homePath();
    return home.size() > 1 && path.startsWith(home + QLatin1Char('/')) ? QLatin1Char('~') + path.mid(home.size())
                                                                       : path;
}

}  // namespace

// --- Emblem ---

Emblem::Emblem(QWidget* parent) : QWidget(parent) {
    setFixedSize(sizeHint());
    setAccessibleName(tr("Emblem: molecules joined by a bond"));
}

void Emblem::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    const QColor text = modalityColour(QStringLiteral("text")), image = modalityColour(QStringLiteral("image")),
                 audio = modalityColour(QStringLiteral("audio"));
    const QPointF a(44, 56), b(98, 32), c(140, 66);
    const QPointF left(10, 26), below(24, 87), right(171, 40);
    const QColor bond = colours().muted;
    const auto line = [&](QPointF from, QPointF to, double width, Qt::PenStyle style) {
        p.setPen(QPen(bond, width, style, Qt::RoundCap));
        p.drawLine(from, to);
    };
    line(a, left, 2, Qt::SolidLine);
    line(a, below, 2, Qt::SolidLine);
    line(c, right, 2, Qt::SolidLine);
    const QPointF d = b - a, n = QPointF(-d.y(), d.x()) / std::hypot(d.x(), d.y()) * 3.2;
    line(a + n, b + n, 2.4, Qt::SolidLine);
    line(a - n, b - n, 2.4, Qt::SolidLine);
    line(b, c, 2.4, Qt::DashLine);  // a reaction yet to come
    const auto atom = [&](QPointF at, double radius, const QColor& colour) {
        p.setPen(QPen(colours().window, 2));
        p.setBrush(colour);
        p.drawEllipse(at, radius + 1.5, radius + 1.5);
        QColor gleam(Qt::white);
        gleam.setAlphaF(0.28f);
        p.setPen(Qt::NoPen);
        p.setBrush(gleam);
        p.drawEllipse(at - QPointF(radius * 0.32, radius * 0.36), radius * 0.26, radius * 0.2);
    };
    atom(left, 7, image);
    atom(below, 7, audio);
    atom(right, 6, audio);
    atom(a, 17, colours().accent);
    atom(b, 13, text);
    atom(c, 14, image);
}

// --- Cards ---

StartCard::StartCard(const QString& icon_name, const QString& title, const QString& line, QWidget* parent)
    : QAbstractButton(parent), icon_name_(icon_name), line_(line) {
    setText(title);
    setAccessibleName(title);
    setAccessibleDescription(line);
    setToolTip(line);
    setCursor(Qt::PointingHandCursor);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void StartCard::setPrimary(bool primary) {
    primary_ = primary;
    update();
}

QSize StartCard::sizeHint() const {
    return {268, 40 + 32 + 14 + QFontMetrics(headingFont(1)).height() + 6 + 3 * fontMetrics().lineSpacing()};
}

QSize StartCard::minimumSizeHint() const {
    return {200, sizeHint().height()};
}

void StartCard::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    const auto& c = colours();
    const QRectF frame = QRectF(rect()).adjusted(1.5, 1.5, -1.5, -1.5);
    const bool lit = underMouse() || hasFocus();
    p.setBrush(isDown() ? c.window : lit ? c.raised : c.panel);
    p.setPen(QPen(lit || primary_ ? c.accent : c.line, hasFocus() ? 2 : 1));
    p.drawRoundedRect(frame, 10, 10);
    ui::icon(icon_name_)
        .paint(&p, QRect(20, 20, 32, 32), Qt::AlignCenter, QIcon::Normal, primary_ ? QIcon::On : QIcon::Off);
    const int left = 20, wide = width() - 40;
    int top = 20 + 32 + 14;
    p.setFont(headingFont(1));
    p.setPen(c.text);
    p.drawText(QRect(left, top, wide, p.fontMetrics().height()), Qt::AlignLeft | Qt::AlignVCenter,
               p.fontMetrics().elidedText(text(), Qt::ElideRight, wide));
    top += p.fontMetrics().height() + 6;
    p.setFont(font());
    p.setPen(c.muted);
    p.drawText(QRect(left, top, wide, height() - top - 12), Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, line_);
}

void StartCard::keyPressEvent(QKeyEvent* event) {
    if (isEnter(event)) click();
    else QAbstractButton::keyPressEvent(event);
}

bool StartCard::event(QEvent* event) {
    if (isHover(event->type())) update();
    return QAbstractButton::event(event);
}

// --- Recent files ---

RecentRow::RecentRow(const QString& path, QWidget* parent) : QAbstractButton(parent), path_(path) {
    setText(QFileInfo(path).fileName());
    setCursor(Qt::PointingHandCursor);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    auto* remove = new QToolButton(this);
    remove->setAutoRaise(true);
    remove->setToolTip(tr("Take %1 off this list; the file stays (Delete)").arg(text()));
    remove->setAccessibleName(tr("Take %1 off the list").arg(text()));
    connect(remove, &QToolButton::clicked, this, [this] { Q_EMIT removeRequested(path_); });
    remove_ = remove;
    refresh();
    setMissing(false);
}

void RecentRow::setMissing(bool missing) {
    missing_ = missing;
    setToolTip(missing ? tr("%1 is not there any more").arg(path_) : path_);
    setAccessibleName(missing ? tr("%1, missing").arg(path_) : path_);
    update();
}

QSize RecentRow::sizeHint() const {
    return {400, 2 * fontMetrics().height() + 16};
}

void RecentRow::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    const auto& c = colours();
    if (underMouse() || hasFocus()) {
        p.setPen(hasFocus() ? QPen(c.accent, 1.5) : QPen(Qt::NoPen));
        p.setBrush(c.raised);
        p.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 6, 6);
    }
    ui::icon(missing_ ? QStringLiteral("warning") : QStringLiteral("workspace"))
        .paint(&p, QRect(12, (height() - 20) / 2, 20, 20), Qt::AlignCenter, missing_ ? QIcon::Disabled : QIcon::Normal);
    const int line = fontMetrics().height(), left = 44, top = (height() - 2 * line) / 2;
    int wide = remove_->x() - left - 12;
    if (missing_) {
        const QString note = tr("missing");
        const int note_wide = fontMetrics().horizontalAdvance(note);
        p.setPen(c.warning);
        p.drawText(QRect(remove_->x() - 12 - note_wide, 0, note_wide, height()), Qt::AlignVCenter, note);
        wide -= note_wide + 12;
    }
    QFont strong = font();
    strong.setWeight(QFont::DemiBold);
    p.setFont(strong);
    p.setPen(missing_ ? c.muted : c.text);
    p.drawText(QRect(left, top, wide, line), Qt::AlignVCenter,
               p.fontMetrics().elidedText(text(), Qt::ElideMiddle, wide));
    p.setFont(font());
    p.setPen(c.muted);
    p.drawText(QRect(left, top + line, wide, line), Qt::AlignVCenter,
               fontMetrics().elidedText(shortPath(QFileInfo(path_).path()), Qt::ElideMiddle, wide));
}

void RecentRow::keyPressEvent(QKeyEvent* event) {
    if (isEnter(event)) click();
    else if (event->key() == Qt::Key_Delete) Q_EMIT removeRequested(path_);
    else QAbstractButton::keyPressEvent(event);
}

void RecentRow::resizeEvent(QResizeEvent* event) {
    QAbstractButton::resizeEvent(event);
    const QSize size = remove_->sizeHint();
    remove_->setGeometry(width() - size.width() - 8, (height() - size.height()) / 2, size.width(), size.height());
}

void RecentRow::changeEvent(QEvent* event) {
    QAbstractButton::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) refresh();
}

bool RecentRow::event(QEvent* event) {
    if (isHover(event->type())) update();
    return QAbstractButton::event(event);
}

void RecentRow::refresh() {
    remove_->setIcon(ui::icon(QStringLiteral("remove")));
    update();
}

}  // namespace ui
