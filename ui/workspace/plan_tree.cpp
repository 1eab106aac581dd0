// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/workspace/plan_tree.h"

#include <algorithm>

namespace ui {
namespace {

// What is equal by `key` together, in the order in which each first comes.
template <class T, class Key>
std::vector<std::vector<T>> together(const std::vector<T>& all, Key key) {
    std::vector<std::vector<T>> out;
    std::map<decltype(key(all.front())), std::size_t> places;
    for (const auto& one : all) {
        const auto [place, fresh] = places.emplace(key(one), out.size());
        if (fresh) out.emplace_back();
        out[place->second].push_back(one);
    }
    return out;
}

}  // namespace

PlanTree::PlanTree(const ImportPlan& plan) : nodes_(1) {
    std::vector<int> rows(plan.rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int>(i);
    const auto at = [&](int row) -> const PlanRow& { return plan.rows[static_cast<std::size_t>(row)]; };
    // A list that stands in the manifest is of no file, and so none is of another's.
    const auto file = [&](int row) {
        return at(row).array.file.empty() ? std::to_string(row) : "/" + at(row).array.file.string();
    };
    for (const auto& members : together(rows, file)) {
        const PlanRow& first = at(members[0]);
        if (members.size() == 1) {
            add(0, members[0], first.name());
            continue;
        }
        std::vector<Member> arrays;
        for (const int row : members) {
            const auto& array = at(row).array;
            const QString dataset = QString::fromStdString(array.dataset);
            Member member{row, {dataset}, {}};
            // Columns of tables have any name, and no groups.
            if (!array.column) member.path = dataset.split(QLatin1Char('/'), Qt::SkipEmptyParts);
            if (member.path.isEmpty()) member.path << QString();
            if (at(row).index >= 0) member.suffix = QStringLiteral("[%1]").arg(at(row).index);
            if (member.path.join(QString()).isEmpty() && member.suffix.isEmpty()) member.path = {first.fileName()};
            arrays.push_back(std::move(member));
        }
        // A group that holds all of them is said with the file.
        const qsizetype depth = sharedDepth(arrays, 0);
        QString label = first.fileName();
        if (depth > 0) label += QStringLiteral(" › ") + arrays[0].path.mid(0, depth).join(QLatin1Char('/'));
        addLevel(add(0, -1, label, QString::fromStdString(first.array.file.string())), arrays, depth);
    }
}

int PlanTree::add(int parent, int row, const QString& label, const QString& key) {
    const int node = size();
    auto& siblings = nodes_[static_cast<std::size_t>(parent)].children;
    const int place = static_cast<int>(siblings.size());
    siblings.push_back(node);
    nodes_.push_back({parent, place, row, label, key, {}});
    return node;
}

qsizetype PlanTree::sharedDepth(const std::vector<Member>& members, qsizetype from) {
    const auto& path = members[0].path;
    qsizetype depth = from;
    const auto isIn = [&](const Member& m) { return m.path.size() > depth + 1 && m.path[depth] == path[depth]; };
    while (std::all_of(members.begin(), members.end(), isIn)) ++depth;
    return depth;
}

// `members` agree in the first `depth` names of their paths.
void PlanTree::addLevel(int parent, const std::vector<Member>& members, qsizetype depth) {
    const auto isArray = [&](const Member& m) { return m.path.size() == depth + 1; };
    // Arrays alone, groups by name.
    const auto key = [&](const Member& m) {
        return isArray(m) ? QString::number(m.row) : QLatin1Char('/') + m.path[depth];
    };
    for (const auto& group : together(members, key)) {
        if (group.size() == 1) {
            const Member& m = group[0];
            const QString label = m.path.mid(depth).join(QLatin1Char('/')) + QLatin1Char(' ') + m.suffix;
            add(parent, m.row, label.trimmed());
            continue;
        }
        const qsizetype deep = sharedDepth(group, depth);
        const QString label = group[0].path.mid(depth, deep - depth).join(QLatin1Char('/'));
        addLevel(add(parent, -1, label, at(parent).key + QLatin1Char('\n') + label), group, deep);
    }
}

int PlanTree::nodeOf(int row) const {
    if (row < 0) return -1;
    const auto found = std::find_if(nodes_.begin(), nodes_.end(), [row](const Node& node) { return node.row == row; });
    return found == nodes_.end() ? -1 : static_cast<int>(found - nodes_.begin());
}

std::vector<int> PlanTree::rowsUnder(int node) const {
    if (at(node).row >= 0) return {at(node).row};
    std::vector<int> out;
    for (const int child : at(node).children) {
        const auto more = rowsUnder(child);
        out.insert(out.end(), more.begin(), more.end());
    }
    return out;
}

}  // namespace ui
