// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The list of runs with their states and what can be done with the chosen one. Window's thread.
#pragma once

#include <QWidget>

class QLabel;
class QToolButton;
class QTreeWidget;

namespace ui {

class TrainingQueue;

class QueueView : public QWidget {
    Q_OBJECT
public:
    explicit QueueView(TrainingQueue& queue, QWidget* parent = nullptr);

    QStringList states() const;  // as shown, from the top
    void choose(int id);

Q_SIGNALS:
    void chosen(const QString& product);  // its curves are wanted

private:
    void refresh();
    void tellButtons();
    int chosenId() const;
    void paintColours();

    TrainingQueue& queue_;
    QTreeWidget* list_;
    QLabel* empty_;
    QToolButton *up_, *down_, *resume_, *stop_, *remove_;
};

}  // namespace ui
