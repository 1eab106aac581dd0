// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The rows of an import plan as a tree: a file with several rows has them under it, a file with one is that row. Within
// a file, groups (of HDF5, and wherever names of arrays have slashes) are levels where they hold several rows; a group
// that holds one is part of that row's name. Values only.
#pragma once

#include <QStringList>

#include "ui/workspace/import_plan.h"

namespace ui {

class PlanTree {
public:
    struct Node {
        int parent = -1;
        int place = 0;  // among the children of its parent
        int row = -1;   // of the plan; -1: a file or a group
        QString label;  // "coco_text.npy", "clap.h5", "text", "text/rows [1]"
        QString key;    // of a file or group: tells it from all others
        std::vector<int> children;
    };

    PlanTree() : nodes_(1) {}
    explicit PlanTree(const ImportPlan& plan);

    int size() const { return static_cast<int>(nodes_.size()); }
    const Node& at(int node) const { return nodes_[static_cast<std::size_t>(node)]; }  // 0: above all
    int nodeOf(int row) const;                                                         // -1: there is no such row
    std::vector<int> rowsUnder(int node) const;  // of the plan, from top to bottom; its own where it is one

private:
    struct Member {
        int row;
        QStringList path;  // in the file
        QString suffix;
    };
    int add(int parent, int row, const QString& label, const QString& key = {});
    // To how many groups all of them go down together; they agree in `from` of them.
    static qsizetype sharedDepth(const std::vector<Member>& members, qsizetype from);
    void addLevel(int parent, const std::vector<Member>& members, qsizetype depth);

    std::vector<Node> nodes_;
};

}  // namespace ui
