// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The path of a file or folder: typed, dropped or chosen. Window's thread.
#pragma once

#include <QWidget>

class QLineEdit;
class QPushButton;

namespace ui {

class PathField : public QWidget {
    Q_OBJECT
public:
    enum class Kind { SaveFile, OpenFile, Folder };

    // `name`: what it is, for the accessible name and the chooser's title.
    PathField(Kind kind, const QString& name, const QString& tip, QWidget* parent = nullptr);

    QString path() const;
    void setPath(const QString& path);
    void setFilter(const QString& filter) { filter_ = filter; }
    // Gives the file another ending: ".npy".
    void setEnding(const QString& ending);
    // True once the user has typed or chosen: suggestions no longer replace it.
    bool touched() const { return touched_; }
    // The path, unless the user has set one.
    void suggest(const QString& path);

Q_SIGNALS:
    void changed();

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void browse();

    Kind kind_;
    QString name_, filter_;
    bool touched_ = false;
    QLineEdit* edit_;
    QPushButton* button_;
};

}  // namespace ui
