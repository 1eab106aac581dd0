// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Painted parts of the start page: the emblem, a card to press, a row of the list of recent files.
#pragma once

#include <QAbstractButton>

namespace ui {

// Two molecules joined by a bond, and a third that is about to be.
class Emblem : public QWidget {
    Q_OBJECT
public:
    explicit Emblem(QWidget* parent = nullptr);
    QSize sizeHint() const override { return {180, 96}; }

protected:
    void paintEvent(QPaintEvent* event) override;
};

class StartCard : public QAbstractButton {
    Q_OBJECT
public:
    StartCard(const QString& icon_name, const QString& title, const QString& line, QWidget* parent = nullptr);
    void setPrimary(bool primary);  // the one to begin with
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;  // Enter presses, as Space does
    bool event(QEvent* event) override;             // hover

private:
    QString icon_name_, line_;
    bool primary_ = false;
};

// Name, folder, and whether the file is there.
class RecentRow : public QAbstractButton {
    Q_OBJECT
public:
    explicit RecentRow(const QString& path, QWidget* parent = nullptr);
    QString path() const { return path_; }
    void setMissing(bool missing);
    bool missing() const { return missing_; }
    QSize sizeHint() const override;

Q_SIGNALS:
    void removeRequested(const QString& path);

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;  // Delete removes, Enter presses
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    bool event(QEvent* event) override;

private:
    void refresh();

    QString path_;
    bool missing_ = false;
    QAbstractButton* remove_;
};

}  // namespace ui
