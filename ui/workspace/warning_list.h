// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is wrong or doubtful, each a sentence with what to do about it.
#pragma once

#include <QStringList>
#include <QWidget>

namespace ui {

// What can be done about a warning of engine::inspect().
QString warningRemedy(const QString& warning);

class WarningList : public QWidget {
    Q_OBJECT
public:
    explicit WarningList(QWidget* parent = nullptr);
    void show(const QStringList& warnings);
    QString text() const;

protected:
    void changeEvent(QEvent* event) override;

private:
    void fill();
    void recolour();
    QStringList warnings_;
};

}  // namespace ui
