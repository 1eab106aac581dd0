// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Paragraphs of plain text that wrap anywhere (paths of files have no spaces), can be selected and are as tall as they
// need to be, up to a height from which they scroll. Unlike a QLabel it never widens its window.
#pragma once

#include <QColor>
#include <QTextEdit>

namespace ui {

class WrappedText : public QTextEdit {
    Q_OBJECT
public:
    struct Paragraph {
        QString text;
        QColor colour;
        bool strong = false;
    };

    explicit WrappedText(int tallest, QWidget* parent = nullptr);
    void setParagraphs(const QList<Paragraph>& paragraphs);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void fit();
    int tallest_;
};

}  // namespace ui
