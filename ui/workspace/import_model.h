// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The tree of arrays and the table of evaluation sets of an import, as models over one plan. The plan's owner reads it
// after changed().
#pragma once

#include <QAbstractTableModel>
#include <QStyledItemDelegate>

#include "ui/workspace/import_plan.h"
#include "ui/workspace/plan_tree.h"

namespace ui {

// Files and groups say what is in them; arrays can be changed. Index: a node of PlanTree by its number.
class MappingModel : public QAbstractItemModel {
    Q_OBJECT
public:
    enum Column { State, Array, Shape, Norms, Role, Item, Modality, Space, kColumns };
    static constexpr int kKey = Qt::UserRole + 2;  // data: PlanTree::Node::key

    MappingModel(ImportPlan& plan, QObject* parent);
    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& index) const override;
    using QObject::parent;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

    void reset();                                                // after rows came or went otherwise
    void setProblems(const std::vector<PlanProblem>& problems);  // for the column State; after values were seen too
    QModelIndex indexOf(int row, int column) const;              // of a row of the plan
    std::vector<int> rowsUnder(const QModelIndex& index) const;  // of the plan: its own, or those of the file or group
    // What can be chosen in a cell; empty: any text.
    QStringList choices(const QModelIndex& index) const;
    void setTarget(const KnownWorkspace& target) { target_ = target; }

Q_SIGNALS:
    void changed();

private:
    QVariant groupData(int node, int column, int role) const;
    PlanRow* rowOf(const QModelIndex& index) const;  // nullptr: a file or a group

    ImportPlan& plan_;
    PlanTree tree_;
    KnownWorkspace target_;
    std::map<int, std::pair<bool, QString>> states_;  // row: is it an error, and the texts
};

class SetsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Kind, Pairs, Captions, Prompt, kColumns };

    SetsModel(ImportPlan& plan, QObject* parent);
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    void reset();
    QStringList choices(const QModelIndex& index) const;

Q_SIGNALS:
    void changed();

private:
    ImportPlan& plan_;
};

// A list where a cell has choices (open to other texts where it is a name), a line of text elsewhere. A change of a
// cell in a selection of several rows is made in all of them.
class PlanDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    void setEditorData(QWidget* editor, const QModelIndex& index) const override;
    void setModelData(QWidget* editor, QAbstractItemModel* model, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace ui
