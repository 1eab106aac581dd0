// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/wrapped_text.h"

#include <QEvent>
#include <QResizeEvent>
#include <QTextBlock>

#include <cmath>

namespace ui {

WrappedText::WrappedText(int tallest, QWidget* parent) : QTextEdit(parent), tallest_(tallest) {
    setReadOnly(true);
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    setFrameShape(QFrame::NoFrame);
    setTabChangesFocus(true);
    setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setAutoFillBackground(false);
    document()->setDocumentMargin(0);
    setMinimumWidth(80);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void WrappedText::setParagraphs(const QList<Paragraph>& paragraphs) {
    QString all;
    for (const auto& p : paragraphs) {
        if (!all.isEmpty()) all += QLatin1Char('\n');
        all += p.text;
    }
    if (all != toPlainText()) setPlainText(all);
    QTextCursor cursor(document());
    int position = 0;
    for (const auto& p : paragraphs) {
        cursor.setPosition(position);
        position += static_cast<int>(p.text.size());
        cursor.setPosition(position, QTextCursor::KeepAnchor);
        QTextCharFormat format;
        format.setForeground(p.colour);
        format.setFontWeight(p.strong ? QFont::DemiBold : QFont::Normal);
        cursor.setCharFormat(format);
        ++position;  // the line break
    }
    fit();
}

void WrappedText::resizeEvent(QResizeEvent* event) {
    QTextEdit::resizeEvent(event);
    if (event->oldSize().width() != event->size().width()) fit();
}

void WrappedText::changeEvent(QEvent* event) {
    QTextEdit::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) fit();
}

void WrappedText::fit() {
    const auto tallAt = [this](int width) {
        document()->setTextWidth(width);
        return static_cast<int>(std::ceil(document()->size().height())) + 1;
    };
    const int whole = tallAt(width());
    const bool scrolls = whole > tallest_;
    setVerticalScrollBarPolicy(scrolls ? Qt::ScrollBarAlwaysOn : Qt::ScrollBarAlwaysOff);
    setFixedHeight(std::min(whole, tallest_));
}

}  // namespace ui
