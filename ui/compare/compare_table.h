// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The figures of a comparison as a table with its controls: metric, differences only, copy, save. Window's thread.
#pragma once

#include <QStyledItemDelegate>
#include <QWidget>

#include "ui/compare/compare_model.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QTableView;
class QToolButton;

namespace ui {

// A figure to the right, its signed difference in good or bad colour beside it, a dot where it is the best.
class FigureDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

class CompareTable : public QWidget {
    Q_OBJECT
public:
    explicit CompareTable(const CompareWork& work, QWidget* parent = nullptr);

    void refresh();
    void setReference(int item);
    const CompareModel& model() const { return *model_; }
    QTableView& view() { return *view_; }
    void setDifferencesOnly(bool only);

Q_SIGNALS:
    void failed(const ui::JobFailure& failure);

protected:
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void dress();
    void fitColumns();
    void copy();
    void save();
    void count();

    CompareModel* model_;
    CompareFilter* filter_;
    QComboBox* metric_;
    QCheckBox* differences_;
    QToolButton *copy_, *save_;
    QLabel* note_;
    QTableView* view_;
};

}  // namespace ui
