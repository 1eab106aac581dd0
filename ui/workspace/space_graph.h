// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What can react with what: spaces as molecules with an atom for each modality, joined where they share one that pools
// have in both. Arrow keys go from molecule to molecule.
#pragma once

#include <QWidget>

#include "engine/base/json.h"

namespace ui {

class SpaceGraph : public QWidget {
    Q_OBJECT
public:
    explicit SpaceGraph(QWidget* parent = nullptr);
    void show(const engine::Json& inspected);
    void choose(int space);    // index; -1: none
    QString describe() const;  // the reactions in words, one a line
    QSize sizeHint() const override { return {320, 240}; }
    QSize minimumSizeHint() const override { return {220, 160}; }

Q_SIGNALS:
    void spaceChosen(int space);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    struct Space {
        QString name;
        QStringList modalities;
        qulonglong width = 0;
    };
    struct Bond {
        int a = 0, b = 0;
        QStringList shared;
    };
    QPointF place(int space) const;
    double radius() const;
    int spaceAt(QPointF at) const;
    int bondAt(QPointF at) const;

    QList<Space> spaces_;
    QList<Bond> bonds_;
    int chosen_ = -1;
};

}  // namespace ui
