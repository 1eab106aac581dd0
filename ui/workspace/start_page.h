// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is seen while nothing is open: what the program does, three ways to begin, recent files. Takes dropped files and
// folders. Knows no engine; the window acts on its signals. Whether recent files are there is looked up in the
// background, since they may lie on a slow network.
#pragma once

#include <QStringList>
#include <QWidget>

class QLabel;
class QVBoxLayout;

namespace ui {

class JobRunner;
class StartCard;

class StartPage : public QWidget {
    Q_OBJECT
public:
    explicit StartPage(QWidget* parent = nullptr);

    void setRecent(const QStringList& paths);  // newest first
    QStringList recent() const { return recent_; }

Q_SIGNALS:
    void demoRequested();
    void importRequested();
    void openRequested();
    void recentChosen(const QString& path);
    void recentRemoved(const QString& path);  // the page has taken it off its list already
    void dropped(const QStringList& paths);

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void refresh();
    void fillRecent();
    void removeRecent(const QString& path);

    QStringList recent_, missing_;
    bool drag_over_ = false;
    QLabel *title_, *sentence_, *recent_title_, *drop_hint_;
    QVBoxLayout* recent_rows_;
    JobRunner* runner_;
};

}  // namespace ui
