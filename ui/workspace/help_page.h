// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The guide that ships with the program: its pages, links between them, search within a page. Links that lead out open
// the system's browser. Window's thread; pages are small.
#pragma once

#include <QStringList>
#include <QWidget>

class QAction;
class QLabel;
class QLineEdit;
class QListWidget;
class QTextBrowser;
class QToolButton;

namespace ui {

class HelpPage : public QWidget {
    Q_OBJECT
public:
    explicit HelpPage(QWidget* parent = nullptr);

    void showPage(const QString& name);  // "import", "import.md" or "index"; unknown: says so
    QString pageShown() const { return page_; }
    QStringList pages() const;  // names, in the order of the list
    QTextBrowser& browser() { return *browser_; }

Q_SIGNALS:
    void externalLink(const QUrl& url);  // just before the browser is asked to open it

protected:
    void changeEvent(QEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void load();
    void follow(const QUrl& url);
    void render(const QString& name, const QString& anchor, int scroll);
    void step(int by);
    void find(bool backward, bool from_start);
    void refresh();

    struct Visit {
        QString name;
        int scroll = 0;
    };
    QString folder_, page_;
    QList<Visit> visits_;
    int at_ = -1;
    QListWidget* list_;
    QTextBrowser* browser_;
    QToolButton *back_, *forward_, *find_up_, *find_down_;
    QLineEdit* search_;
    QLabel* found_;
};

}  // namespace ui
