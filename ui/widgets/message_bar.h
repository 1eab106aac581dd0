// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A message at the top of a page: what happened, where, and what to do, in text that can be selected. It stays until it
// is dismissed or replaced, and takes no room while there is none. Window's thread.
#pragma once

#include <QFrame>

#include <functional>

#include "ui/bridge/job_runner.h"

class QLabel;
class QPushButton;
class QToolButton;

namespace ui {

class WrappedText;

class MessageBar : public QFrame {
    Q_OBJECT
public:
    enum class Kind { None, Note, Warning, Error };

    explicit MessageBar(QWidget* parent = nullptr);
    // The sign of a kind in the theme's colours, for lists of problems.
    static QPixmap kindPixmap(Kind kind, int size, qreal ratio);

    void showError(const JobFailure& failure);
    void showWarning(const QString& text, const QString& hint = {});
    void showNote(const QString& text, const QString& hint = {});
    // A button beside the message that is shown now; the next message comes without it.
    void setAction(const QString& text, std::function<void()> callback);
    void clear();  // hides

    Kind kind() const { return kind_; }
    QString text() const;  // all that is shown; empty when hidden

Q_SIGNALS:
    void dismissed();  // by the user

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;  // Escape dismisses
    void changeEvent(QEvent* event) override;

private:
    void put(Kind kind, const JobFailure& message);
    void dismiss();
    void refresh();

    Kind kind_ = Kind::None;
    JobFailure message_;
    std::function<void()> callback_;
    QLabel* icon_;
    WrappedText* text_;
    QPushButton* action_;
    QToolButton* close_;
};

}  // namespace ui
